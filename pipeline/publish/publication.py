"""One publication: the same charts to each of several places, so that a rerun finishes what broke off."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Sequence
from typing import Final, TypeVar

from generator.findings.errors import SettingsError
from pipeline.charts.archive import Package
from pipeline.publish.errors import PublishError
from pipeline.publish.index_publisher import Edit, IndexPublisher
from pipeline.publish.packages import Publication
from pipeline.publish.publisher import Published, Publisher
from pipeline.publish.target import IndexMovedError
from pipeline.publish.umbrella import umbrella_to_publish
from pipeline.system.journal import Journal

#: Publishers on one branch win one after the other, so each of a hundred gets its turn.
_ATTEMPTS: Final = 100
#: Seconds that the first pause lasts at most, and the longest one.
_FIRST, _LONGEST = 0.1, 5.0

T = TypeVar("T")
P = TypeVar("P", bound=Publisher)


def publish(
    publishers: Sequence[Publisher], publication: Publication, journal: Journal, *, dry_run: bool = False
) -> list[Published]:
    """Publish charts to each place, in this order; with `dry_run` only say what would change.

    All places are read first, and nothing is written if one of them refuses a chart.

    Raises:
        VersionError: a version is published with other bytes.
        FindingsError: an index is not sound.
        PublishError: a place cannot be read or written; what was there is there, and a rerun goes on from there.
    """
    for publisher in publishers:
        publisher.refresh()
    packages = _packages(publication, publishers)
    planned = [publisher.plan(packages) for publisher in publishers]
    if dry_run:
        return planned
    return [
        _unless_moved(publisher, lambda each: each.publish(_packages(publication, publishers), journal))
        for publisher in publishers
    ]


def edit(
    publishers: Sequence[Publisher],
    make: Callable[[IndexPublisher], Edit],
    journal: Journal,
    *,
    dry_run: bool = False,
) -> list[Published]:
    """Edit the index of each place; see `publish`.

    Raises:
        SettingsError: a place has no index, or not what is to be edited.
    """
    indexed = [publisher for publisher in publishers if isinstance(publisher, IndexPublisher)]
    if other := next((each for each in publishers if not isinstance(each, IndexPublisher)), None):
        raise SettingsError(f"{other.place}: a registry has no index to edit; name a place that has one")
    for publisher in indexed:
        publisher.refresh()
    edits = [make(publisher) for publisher in indexed]
    if dry_run:
        return [publisher.published(each) for publisher, each in zip(indexed, edits, strict=True)]
    return [_unless_moved(each, lambda each: each.apply(make(each), journal)) for each in indexed]


def _packages(publication: Publication, publishers: Sequence[Publisher]) -> list[Package]:
    """Return the packages, with the umbrella at the version that follows from what the places have."""
    umbrella = publication.umbrella
    if umbrella is None:
        return list(publication.packages)
    published = [publisher.versions(umbrella.name) for publisher in publishers]
    return [*publication.packages, umbrella_to_publish(umbrella, published)]


def _unless_moved(publisher: P, work: Callable[[P], T]) -> T:
    """Do some work; again on what is there now, as long as others are quicker.

    Raises:
        PublishError: others were quicker each time.
    """
    for attempt in range(_ATTEMPTS):
        try:
            return work(publisher)
        except IndexMovedError:
            time.sleep(random.uniform(0, min(_LONGEST, _FIRST * 2**attempt)))  # noqa: S311 - no secret
            publisher.refresh()
    raise PublishError(f"{publisher.place}: others changed the index {_ATTEMPTS} times in the meantime; run it again")
