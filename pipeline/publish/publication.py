"""Publishes the same charts in several places, so that a rerun completes an interrupted publication."""

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

#: The attempts to write an index; of a hundred parallel publishers on one branch, each succeeds in turn.
_ATTEMPTS: Final = 100
#: The upper limits in seconds of the first pause and of all pauses.
_FIRST, _LONGEST = 0.1, 5.0

T = TypeVar("T")
P = TypeVar("P", bound=Publisher)


def publish(
    publishers: Sequence[Publisher], publication: Publication, journal: Journal, *, dry_run: bool = False
) -> list[Published]:
    """Publish charts in each place, in order; with `dry_run`, only return what would change.

    All places are read first, and nothing is written if one refuses a chart.

    Raises:
        VersionError: a version is published with different bytes.
        FindingsError: an index is not valid.
        PublishError: a place cannot be read or written; no published entry is lost, and a rerun continues from there.
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
        SettingsError: a place has no index, or not the chart or version to edit.
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
    """Return the packages, with the umbrella at the version that follows the published ones."""
    umbrella = publication.umbrella
    if umbrella is None:
        return list(publication.packages)
    published = [publisher.versions(umbrella.name) for publisher in publishers]
    return [*publication.packages, umbrella_to_publish(umbrella, published)]


def _unless_moved(publisher: P, work: Callable[[P], T]) -> T:
    """Run `work`, and repeat it after reading the place again if others changed it at the same time.

    Raises:
        PublishError: others were faster each time.
    """
    for attempt in range(_ATTEMPTS):
        try:
            return work(publisher)
        except IndexMovedError:
            time.sleep(random.uniform(0, min(_LONGEST, _FIRST * 2**attempt)))  # noqa: S311 - no secret
            publisher.refresh()
    raise PublishError(f"{publisher.place}: others changed the index {_ATTEMPTS} times in the meantime; run it again")
