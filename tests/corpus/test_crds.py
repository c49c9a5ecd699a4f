"""The facts of the operators' CRDs, and what the real workflows lose or fail by them."""

from __future__ import annotations

from pathlib import Path

import pytest

from generator.compatibility.admission import Admission, admit
from generator.compatibility.crd import known_crd, known_crds
from generator.document import field_path
from generator.manifests import Database, ManifestOptions, manifests
from pipeline.reading import read_folder
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
