"""The facts of the operators' CRDs, and what the real workflows lose or fail by them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from generator.compatibility.verdict import findings, judge
from generator.kubernetes.admission import Admission, admit
from generator.kubernetes.consequences import instead
from generator.kubernetes.crd import known_crd, known_crds
from generator.kubernetes.objects import Database, ManifestOptions, manifests
from generator.text.yaml_reader import field_path
from pipeline.workspace.workflows import read_folder
from tests.crd_facts import FACTS, FOLDERS, crd_in

#: The folders whose metadata holds strings, which CRDs before 10.x refuse.
STRINGS_IN_METADATA = {
    "create-ocp-project",
    "modify-vm-resources",
    "move2kube",
    "mta-v7.x",
    "mtv-migration",
    "patch-k8s-resource",
    "request-vm-cnv",
    "rpj",
}
#: The definitions of corpus/spec with constants that no CRD takes; what else none takes `manifests` leaves out.
CONSTANTS = {"customerbankingtransactions-json", "greetings-constants-file-yaml"}
#: The one of them with strings in metadata.
MULTIAUTH = "applicationrequest.multiauth-json"
#: What no CRD takes of corpus/spec, in the reference's manifests, and what to write instead; jitter is there because
#: the reference adds it.
REFUSED_BY_ALL = {
    "applicationrequest-issue103-json": ("spec.flow.retries[0].jitter", "leave it out"),
    "applicationrequest-issue69-json": ("spec.flow.retries[0].jitter", "leave it out"),
    MULTIAUTH: ("spec.flow.retries[0].jitter", "leave it out"),
    "customerbankingtransactions-json": ("spec.flow.constants.Data", "put the values into application.properties"),
    "greetings-constants-file-yaml": ("spec.flow.constants.Data", "put the values into application.properties"),
}


@pytest.mark.parametrize(("name", "folder"), FOLDERS.items())
def test_the_facts_are_those_of_the_crds(name: str, folder: str, shared: Path) -> None:
    made = crd_in(shared / "crds" / folder, name).facts()
    assert made == FACTS.joinpath(f"{name}.json").read_bytes(), "run: nox -s crd-facts"


def admissions(folder: Path, version: str) -> dict[str, Admission]:
    options = ManifestOptions(image="registry.example/workflow:1", database=Database(schema="workflow"))
    found = {}
    for each in sorted(path for path in folder.iterdir() if path.is_dir() and path.name != "shared"):
        objects = manifests(read_folder(each), options)
        resource = next(manifest for manifest in objects if manifest["kind"] == "SonataFlow")
        found[each.name] = admit(resource, known_crd(version))
    return found


@pytest.mark.parametrize("version", known_crds())
def test_eight_of_the_real_workflows_are_refused_up_to_1_45_for_strings_in_metadata(version: str, shared: Path) -> None:
    found = admissions(shared / "corpus" / "workflows", version)
    assert len(found) == 21
    refused = {name: [field_path(r.path) for r in each.refused] for name, each in found.items() if each.refused}
    assert set(refused) == (set() if version == "10" else STRINGS_IN_METADATA)
    assert all(
        path.endswith((".metadata.errorMessage", ".metadata.configKey")) for paths in refused.values() for path in paths
    )


@pytest.mark.parametrize("version", known_crds())
def test_constants_are_refused_by_every_version(version: str, shared: Path) -> None:
    found = admissions(shared / "corpus" / "spec", version)
    expected = CONSTANTS if version == "10" else {*CONSTANTS, MULTIAUTH}
    assert {name for name, each in found.items() if each.refused} == expected


def references(folder: Path) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """The custom resources of corpus/spec as the reference makes them, by the folder's name."""
    for each in sorted(folder.glob("spec-*")):
        (file,) = each.glob("*-sonataflow_*.yaml")
        yield each.name.removeprefix("spec-"), yaml.safe_load(file.read_text())


def test_of_the_reference_s_resources_five_are_refused_by_all_and_each_is_told_what_to_write(shared: Path) -> None:
    found: dict[str, tuple[str, str | None]] = {}
    for name, resource in references(shared / "corpus" / "manifests"):
        refusals = [{each.path for each in admit(resource, known_crd(version)).refused} for version in known_crds()]
        for path in set.intersection(*refusals):
            found[name] = (field_path(path), instead(path))
    assert {name: field for name, (field, _) in found.items()} == {n: field for n, (field, _) in REFUSED_BY_ALL.items()}
    assert all(str(said).startswith(REFUSED_BY_ALL[name][1]) for name, (_, said) in found.items())


@pytest.mark.parametrize("name", sorted(CONSTANTS))
def test_constants_are_told_what_to_write_instead(name: str, shared: Path) -> None:
    verdict = judge(read_folder(shared / "corpus" / "spec" / name), known_crd("10"))
    refused = [finding.message for finding in findings([verdict]) if finding.rule == "refused-field"]
    assert refused
    assert all(REFUSED_BY_ALL[name][1] in message for message in refused)
