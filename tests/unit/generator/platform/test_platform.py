"""The chart `platform` as files: by profile and SonataFlow, without Helm."""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest
import yaml

from generator.compatibility.matrix import SonataFlow, known_matrix
from generator.delivery.installed_kinds import CLUSTER_KINDS, kinds_in
from generator.findings.errors import SettingsError
from generator.health.operators import MANIFEST
from generator.platform.operators import platform_operators
from generator.platform.platform import (
    KNOWN_FILES,
    first_version,
    is_of_line,
    platform_chart,
    platform_operator,
    platform_sonataflow,
)
from generator.platform.values import PROFILES, Profile
from tests.crd_facts import FOLDERS

FLOWS = known_matrix().sonataflows
EACH = list(itertools.product(PROFILES, FLOWS))
IDS = [f"{profile}-{flow.name}" for profile, flow in EACH]


def defaults(profile: Profile, flow: SonataFlow) -> tuple[dict[str, Any], dict[str, Any]]:
    """The values and the schema of a chart."""
    files = platform_chart(profile, flow, first_version(flow))
    return yaml.safe_load(files["values.yaml"]), json.loads(files["values.schema.json"])


@pytest.mark.parametrize(("profile", "flow"), EACH, ids=IDS)
def test_the_defaults_are_values_that_the_schema_takes(profile: Profile, flow: SonataFlow) -> None:
    values, schema = defaults(profile, flow)
    assert list(jsonschema_rs.validator_for(schema).iter_errors(values)) == []


def groups(schema: dict[str, Any], path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """The paths of the maps whose keys the chart knows."""
    if schema.get("additionalProperties") is False:
        yield path
    for key, child in schema.get("properties", {}).items():
        yield from groups(child, (*path, key))


@pytest.mark.parametrize(("profile", "flow"), EACH, ids=IDS)
def test_a_misspelt_value_is_refused_wherever_it_is(profile: Profile, flow: SonataFlow) -> None:
    _, schema = defaults(profile, flow)
    places = list(groups(schema))
    assert () in places
    assert {("platform", "build"), ("database", "serviceRef"), ("gitops",)} <= set(places)
    for place in places:
        given: dict[str, Any] = {"enabeld": True}
        for key in reversed(place):
            given = {key: given}
        assert not jsonschema_rs.validator_for(schema).is_valid(given), place
    # A chart that has this one as a dependency hands it its global values.
    assert jsonschema_rs.validator_for(schema).is_valid({"global": {"imageRegistry": "quay.io"}})
    # The switch of the charts of an umbrella is none of this one's values.
    assert not jsonschema_rs.validator_for(schema).is_valid({"enabled": True})


@pytest.mark.parametrize(("profile", "flow"), EACH, ids=IDS)
def test_every_value_says_what_it_does(profile: Profile, flow: SonataFlow) -> None:
    text = platform_chart(profile, flow, "1.0.0")["values.yaml"].decode()
    lines = text.splitlines()
    undocumented = [
        line
        for before, line in itertools.pairwise(lines)
        if ": " in line and not line.lstrip().startswith("#") and not before.lstrip().startswith("#")
    ]
    assert undocumented == []


def test_the_profile_existing_has_no_template_of_anything_cluster_wide() -> None:
    for flow in FLOWS:
        files = platform_chart("existing", flow, "1.0.0")
        assert not kinds_in(files) & CLUSTER_KINDS
        assert b"kind: SonataFlowClusterPlatform" not in files["templates/sonataflowplatform.yaml"]
    there = kinds_in(platform_chart("openshift", known_matrix().newest, "1.0.0"))
    assert {str(kind) for kind in there & CLUSTER_KINDS} == {"Namespace"}


def test_the_same_profile_gives_the_same_bytes_and_another_one_others() -> None:
    newest = known_matrix().newest
    charts = [dict(platform_chart(profile, newest, "1.0.0")) for profile in PROFILES]
    assert charts == [dict(platform_chart(profile, newest, "1.0.0")) for profile in PROFILES]
    assert len({json.dumps({path: data.decode() for path, data in chart.items()}) for chart in charts}) == len(PROFILES)


def test_a_file_that_only_some_profiles_have_is_known_so_that_it_can_go() -> None:
    newest = known_matrix().newest
    charts = [platform_chart(profile, newest, "1.0.0").keys() for profile in PROFILES]
    of_some = set[str]().union(*charts) - set(charts[0]).intersection(*charts)
    assert of_some
    assert of_some <= KNOWN_FILES


def test_there_is_a_platform_for_every_known_sonataflow() -> None:
    assert list(platform_operators()) == [flow.name for flow in FLOWS]


def fields_of(schema: dict[str, Any], path: str = "") -> Iterator[str]:
    for key, child in schema.get("properties", {}).items():
        yield f"{path}{key}"
        yield from fields_of(child, f"{path}{key}.")


@pytest.mark.parametrize("name", platform_operators())
def test_the_fields_of_each_operator_are_those_of_its_definitions(name: str, shared: Path) -> None:
    folder = shared / "crds" / FOLDERS[name]
    content = yaml.load((folder / "sonataflowplatforms.yaml").read_bytes(), yaml.CSafeLoader)
    (version,) = content["spec"]["versions"]
    there = set(fields_of(version["schema"]["openAPIV3Schema"]["properties"]["spec"]))
    known = frozenset[str]().union(*(each.fields for each in platform_operators().values()))
    assert platform_operators()[name].fields == known & there
    has_cluster_platform = (folder / "sonataflowclusterplatforms.yaml").is_file()
    assert platform_operators()[name].cluster_platform is has_cluster_platform


@pytest.mark.parametrize(
    ("asked", "name"), [(None, "10"), ("10", "10"), ("10.1.0", "10"), ("1.45", "1.45"), ("1.40.1", "1.40")]
)
def test_a_sonataflow_is_named_by_its_name_or_by_a_version(asked: str | None, name: str) -> None:
    assert platform_sonataflow(asked).name == name


@pytest.mark.parametrize("asked", ["9", "1.41"])
def test_a_sonataflow_without_a_platform_is_refused_with_those_that_have_one(asked: str) -> None:
    with pytest.raises(SettingsError, match=r"there is one for 1\.40, 1\.43, 1\.44, 1\.45, 10"):
        platform_sonataflow(asked)


def test_what_is_no_version_is_refused() -> None:
    with pytest.raises(SettingsError, match="'new' is not a version"):
        platform_sonataflow("new")


@pytest.mark.parametrize(("name", "first"), [("1.40", "1.40.0"), ("1.45", "1.45.0"), ("10", "10.0.0")])
def test_the_versions_of_a_platform_are_those_of_its_sonataflow(name: str, first: str) -> None:
    flow = platform_sonataflow(name)
    assert first_version(flow) == first
    assert is_of_line(first, flow)
    assert [other.name for other in FLOWS if is_of_line(first, other)] == [name]


def test_the_doctor_names_the_manifest_that_the_platform_installs() -> None:
    newest = platform_operators()["10"]
    assert newest.manifest == MANIFEST.format(newest.tag)


def test_an_operator_says_whether_it_has_a_field_or_one_below_it() -> None:
    newest, before = platform_operator(platform_sonataflow("10")), platform_operator(platform_sonataflow("1.45"))
    assert newest.has("services.jobService")
    assert before.has("services")
    assert not before.has("services.jobService")
    assert not before.has("persistence")


@pytest.mark.parametrize(("profile", "flow"), EACH, ids=IDS)
def test_no_chart_has_a_password_or_an_image_without_a_tag(profile: Profile, flow: SonataFlow) -> None:
    values, _ = defaults(profile, flow)
    assert values["database"]["password"] == ""
    assert values["postgresql"]["image"].rpartition(":")[2].isdecimal()


def test_the_readme_of_each_profile_has_no_command_of_another() -> None:
    newest = known_matrix().newest
    readme = {profile: platform_chart(profile, newest, "1.0.0")["README.md"].decode() for profile in PROFILES}
    assert "--set stage=operators" in readme["openshift"]
    assert "oc patch installplan" in readme["openshift"]
    assert "kind create cluster" in readme["kind"]
    assert "installplan" not in readme["kind"] + readme["existing"]
    assert "stage" not in readme["existing"]
    assert "**not for production**" in readme["openshift"]
    assert "**not for production**" in readme["kind"]
