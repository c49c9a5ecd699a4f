"""A publication: entries are merged into what is there, in each place, however often others are quicker."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from functools import partial

import pytest
import yaml

from generator.findings.errors import SettingsError, VersionError
from pipeline.charts.archive import Package
from pipeline.publish import publication
from pipeline.publish.errors import PublishError
from pipeline.publish.index_publisher import IndexPublisher
from pipeline.publish.packages import Publication
from pipeline.publish.publisher import Published
from pipeline.publish.target import ARCHIVE, INDEX
from pipeline.publish.verification import verify_repository
from pipeline.system.journal import Journal
from tests.unit.pipeline.publish.charts import chart, umbrella
from tests.unit.pipeline.publish.memory import MemoryTarget

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)


@pytest.fixture
def target() -> MemoryTarget:
    """A chart repository with no entry."""
    made = MemoryTarget()
    publish([made], init=True)
    return made


def publisher(target: MemoryTarget, *, init: bool = False, registry: str = "") -> IndexPublisher:
    return IndexPublisher(target=target, created=NOON, init=init, registry=registry)


def publish(
    targets: Sequence[MemoryTarget],
    *packages: Package,
    over: Package | None = None,
    init: bool = False,
    dry_run: bool = False,
    journal: Journal | None = None,
) -> list[Published]:
    """Publish packages, and `over`, an umbrella, to some places."""
    charts = Publication(packages=packages, umbrella=over)
    publishers = [publisher(target, init=init) for target in targets]
    return publication.publish(publishers, charts, journal or Journal(), dry_run=dry_run)


def entries(target: MemoryTarget, name: str = INDEX) -> list[str]:
    index = yaml.safe_load(target.files[name])
    return [f"{each['name']} {each['version']}" for listed in index["entries"].values() for each in listed]


def states(published: Published) -> list[str]:
    return [f"{each.chart} {each.version} {each.state}" for each in published.charts]


def test_a_chart_is_published_with_its_package(target: MemoryTarget) -> None:
    (done,) = publish([target], chart())
    assert states(done) == ["greeting 1.0.0 new"]
    assert target.files["greeting-1.0.0.tgz"] == chart().data
    assert entries(target) == ["greeting 1.0.0"]
    assert target.writes[-1].subject == "Publish greeting 1.0.0"


def test_only_new_versions_are_stored_and_the_others_are_kept(target: MemoryTarget) -> None:
    publish([target], chart())
    (done,) = publish([target], chart(), chart(version="1.1.0"), chart("other"))
    assert states(done) == ["greeting 1.0.0 unchanged", "greeting 1.1.0 new", "other 1.0.0 new"]
    assert done.kept == 1
    assert [each.file_name for each in target.writes[-1].packages] == ["greeting-1.1.0.tgz", "other-1.0.0.tgz"]
    assert entries(target) == ["greeting 1.1.0", "greeting 1.0.0", "other 1.0.0"]


def test_publishing_nothing_new_writes_nothing(target: MemoryTarget) -> None:
    publish([target], chart())
    before = len(target.writes)
    (done,) = publish([target], chart())
    assert (len(target.writes), done.changes) == (before, ())


def test_a_dry_run_writes_nothing(target: MemoryTarget) -> None:
    before = dict(target.files)
    (done,) = publish([target], chart(), dry_run=True)
    assert states(done) == ["greeting 1.0.0 new"]
    assert target.files == before


def test_a_missing_index_is_started_only_when_asked() -> None:
    target = MemoryTarget()
    with pytest.raises(PublishError) as refused:
        publish([target], chart())
    assert "there is no index.yaml" in str(refused.value)
    assert "--init" in str(refused.value)
    publish([target], chart(), init=True)
    assert entries(target) == ["greeting 1.0.0"]
    assert publish([target], chart(), init=True)[0].changes == ()


def test_a_published_version_with_other_bytes_is_refused_with_both_digests(target: MemoryTarget) -> None:
    publish([target], chart())
    before, other = dict(target.files), chart(body="a: 2\n")
    with pytest.raises(VersionError) as refused:
        publish([target], other, chart("new"))
    assert f"sha256:{chart().digest}, not sha256:{other.digest}" in str(refused.value)
    assert target.files == before


def test_nothing_is_written_anywhere_if_one_place_refuses(target: MemoryTarget) -> None:
    other = MemoryTarget("dir:other")
    publish([other], chart(), init=True)
    before = dict(target.files)
    with pytest.raises(VersionError, match=r"^dir:other: greeting 1\.0\.0 is published with"):
        publish([target, other], chart(body="a: 2\n"))
    assert target.files == before


def test_what_others_publish_in_the_meantime_is_kept(target: MemoryTarget) -> None:
    rivals = [chart(version=f"1.0.{number}") for number in range(1, 4)]

    def rival() -> None:
        if rivals:
            target.before_write = lambda: None
            publish([target], rivals.pop())
            target.before_write = rival

    target.before_write = rival
    (done,) = publish([target], chart("mine"))
    assert states(done) == ["mine 1.0.0 new"]
    assert done.kept == 3
    assert entries(target) == ["greeting 1.0.3", "greeting 1.0.2", "greeting 1.0.1", "mine 1.0.0"]


def test_a_version_that_another_was_quicker_to_publish_is_refused(target: MemoryTarget) -> None:
    def rival() -> None:
        target.before_write = lambda: None
        publish([target], chart(body="a: 2\n"))

    target.before_write = rival
    with pytest.raises(VersionError, match="published with"):
        publish([target], chart())
    assert entries(target) == ["greeting 1.0.0"]


def test_two_umbrellas_at_once_get_two_versions(target: MemoryTarget) -> None:
    def rival() -> None:
        target.before_write = lambda: None
        publish([target], over=umbrella(body="a: theirs\n"))

    target.before_write = rival
    (done,) = publish([target], over=umbrella(body="a: mine\n"))
    assert states(done) == ["workflows 2.0.1 new"]
    assert entries(target) == ["workflows 2.0.1", "workflows 2.0.0"]
    assert publish([target], over=umbrella(body="a: mine\n"))[0].changes == ()


def test_the_umbrella_has_one_version_in_all_places(target: MemoryTarget) -> None:
    other = MemoryTarget("dir:other")
    publish([other], over=umbrella(body="a: old\n"), init=True)
    publish([target, other], over=umbrella())
    assert entries(target) == ["workflows 2.0.1"]
    assert entries(other) == ["workflows 2.0.1", "workflows 2.0.0"]


def test_a_rerun_finishes_what_broke_off_between_two_places(target: MemoryTarget) -> None:
    other, journal = MemoryTarget("dir:other"), Journal()
    publish([other], init=True)

    def fail() -> None:
        raise PublishError("no space")

    other.before_write = fail
    with pytest.raises(PublishError, match="no space"):
        publish([target, other], chart(), journal=journal)
    assert [effect.done for effect in journal.effects] == ["Publish greeting 1.0.0"]
    other.before_write = lambda: None
    done = publish([target, other], chart())
    assert [states(each) for each in done] == [["greeting 1.0.0 unchanged"], ["greeting 1.0.0 new"]]
    assert entries(target) == entries(other) == ["greeting 1.0.0"]


def edited(target: MemoryTarget, make: object, *, dry_run: bool = False) -> Published:
    (done,) = publication.edit([publisher(target)], make, Journal(), dry_run=dry_run)  # type: ignore[arg-type]  # a partial method
    return done


def test_deprecating_marks_the_entry_and_nothing_else(target: MemoryTarget) -> None:
    publish([target], chart(), chart(version="1.1.0"))
    before = yaml.safe_load(target.files[INDEX])["entries"]["greeting"]
    done = edited(target, partial(IndexPublisher.deprecating, name="greeting", version="1.0.0"))
    assert states(done) == ["greeting 1.0.0 deprecated"]
    after = yaml.safe_load(target.files[INDEX])["entries"]["greeting"]
    assert after == [before[0], {**before[1], "deprecated": True}]
    assert target.writes[-1].subject == "Deprecate greeting 1.0.0"
    assert edited(target, partial(IndexPublisher.deprecating, name="greeting", version="1.0.0")).changes == ()
    assert states(edited(target, partial(IndexPublisher.deprecating, name="greeting", version=None))) == [
        "greeting 1.1.0 deprecated",
        "greeting 1.0.0 unchanged",
    ]


def test_deprecating_an_unknown_chart_names_the_nearest(target: MemoryTarget) -> None:
    publish([target], chart())
    with pytest.raises(SettingsError, match="did you mean 'greeting'"):
        edited(target, partial(IndexPublisher.deprecating, name="greetings", version=None))


def test_old_versions_move_into_the_archive_and_stay_published(target: MemoryTarget) -> None:
    publish([target], *(chart(version=f"1.{minor}.0") for minor in range(12)), chart("other"))
    files = dict(target.files)
    listed = edited(target, partial(IndexPublisher.keeping, number=10), dry_run=True)
    assert states(listed) == ["greeting 1.1.0 archived", "greeting 1.0.0 archived"]
    assert target.files == files
    done = edited(target, partial(IndexPublisher.keeping, number=10))
    assert done.charts == listed.charts
    assert entries(target, ARCHIVE) == ["greeting 1.1.0", "greeting 1.0.0"]
    assert len(entries(target)) == 11
    assert files.keys() <= target.files.keys()
    assert edited(target, partial(IndexPublisher.keeping, number=10)).changes == ()
    assert publish([target], chart())[0].changes == ()
    with pytest.raises(VersionError):
        publish([target], chart(body="a: 2\n"))


def test_an_index_may_name_packages_that_a_registry_has(target: MemoryTarget) -> None:
    registry = publisher(target, registry="oci://quay.io/org/charts")
    publication.publish([registry], Publication(packages=(chart(version="1.0.0+1"),)), Journal())
    (entry,) = yaml.safe_load(target.files[INDEX])["entries"]["greeting"]
    assert entry["urls"] == ["oci://quay.io/org/charts/greeting:1.0.0_1"]
    assert "greeting-1.0.0+1.tgz" not in target.files


def test_what_was_published_is_read_back(target: MemoryTarget) -> None:
    publish([target], chart(), chart(version="1.1.0"), chart("other"))
    verified = verify_repository(publisher(target), lambda _, items: items)
    assert (verified.versions, verified.problems) == (3, ())
    target.files["greeting-1.0.0.tgz"] = chart(body="b: 1\n").data
    target.files["greeting-1.1.0.tgz"] = b"no package"
    del target.files["other-1.0.0.tgz"]
    verified = verify_repository(publisher(target), lambda _, items: items)
    assert [problem.partition(": ")[0] for problem in verified.problems] == [
        "greeting 1.1.0",
        "greeting 1.0.0",
        "other 1.0.0",
    ]
    assert f"and the index says sha256:{chart().digest}" in verified.problems[1]
