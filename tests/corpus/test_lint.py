"""What lint finds in other people's folders: nothing that is false, and each true mistake with its reason."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.conftest import SHARED, Waybill

#: One name where there is no data, so that the fixture says what is left out.
WORKFLOWS = sorted(p.name for p in (SHARED / "corpus" / "workflows").glob("*") if p.name != "shared") or ["no data"]

#: Folder of corpus/spec to the rules it breaks: they are excerpts and refer to files that nobody kept
#: (myapis/greetingapis.json, banking.yaml, http.myorg.io/…), use field names of 0.6 (parameters, dataOutputPath,
#: dataResultsPath), hold constants, which no CRD takes, or an id with a space.
TRUE_MISTAKES = {
    "applicationrequest-issue103-json": {"unknown-field"},
    "applicationrequest-issue69-json": {"unknown-field"},
    "applicationrequest.multiauth-json": {"unknown-field"},
    "conditionbasedstate-yaml": {"missing-file", "unknown-field"},
    "customerbankingtransactions-json": {"constants", "missing-file"},
    "dataInputSchemaNotExists-yaml": {"missing-file"},
    "dataInputSchemaValidation-yaml": {"invalid-name"},
    "eventbasedgreeting-json": {"missing-file"},
    "eventbasedgreetingexclusive-json": {"missing-file"},
    "greetings-constants-file-yaml": {"constants", "missing-file", "unknown-field"},
    "greetings-secret-file-yaml": {"missing-file", "unknown-field"},
    "greetings-v08-spec-yaml": {"missing-file", "unknown-event", "unknown-field", "invalid-service-name"},
    "greetings_sleep-json": {"missing-file", "unknown-field"},
    "roomreadings.timeouts-json": {"missing-file"},
}


def test_there_are_real_workflows(shared: Path) -> None:
    assert len([p for p in (shared / "corpus" / "workflows").iterdir() if p.name != "shared"]) == 21


@pytest.mark.parametrize("name", WORKFLOWS)
def test_a_real_workflow_has_no_false_finding(name: str, shared: Path, waybill: Waybill) -> None:
    done = waybill("lint", shared / "corpus" / "workflows" / name)
    assert (done.code, done.out) == (0, "")


def test_the_specification_s_examples_break_the_rules_they_break(shared: Path, waybill: Waybill) -> None:
    folders = sorted((shared / "corpus" / "spec").iterdir())
    found = {}
    for folder in folders:
        findings = waybill("lint", folder, "--json").json["findings"]
        if rules := {finding["rule"] for finding in findings}:
            found[folder.name] = rules
    assert len(folders) == 26
    assert found == TRUE_MISTAKES
