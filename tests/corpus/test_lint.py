"""What lint finds in other people's folders: nothing that is false, and each true mistake with its reason."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from tests.conftest import SHARED, UNREADABLE, Waybill

#: One name where there is no data, so that the fixture says what is left out.
WORKFLOWS = sorted(p.name for p in (SHARED / "corpus" / "workflows").glob("*") if p.name != "shared") or ["no data"]

#: Rule to the real folders that break it, each looked at by hand: file and line, or how many where it is one thing all
#: over the folder. The engine builds all of them, so the only errors are of what the operator cannot read.
WARNINGS: dict[str, dict[str, list[str] | int]] = {
    # a schema without a title at its top, or properties that the form shows by their bare names
    "input-title": {
        "azure": 1,
        "backstage-token": 3,
        "escalation": 1,
        "fail-switch": 1,
        "greeting": 1,
        "list-users": 1,
        "move2kube": 5,
        "mta-v7.x": 5,
        "mtv-migration": 12,
        "rpj": 1,
        "sample-retry-test": 1,
        "select-user": 1,
    },
    # declared, and named nowhere else in the definition
    "unused-function": {
        "bulk-import-git-repos": ["create-pr-universal.sw.yaml:64"],
        "create-ocp-project": ["create-ocp-project.sw.yaml:28"],
        "mta-v7.x": [f"mta.sw.yaml:{line}" for line in (20, 25, 47, 49, 53, 57)],
        "user-onboarding": ["user-onboarding.sw.yaml:18"],
    },
    # arguments that are one expression
    "unreadable-value": {"python": ["python.sw.yaml:49"]},
    # schemas that neither a definition nor another schema names
    "unused-file": {"escalation": ["ticket-escalation_sub_schema.json", "ticketing-service_sub_schema.json"]},
    # specVersion 1.0, with the DSL of 0.8
    "spec-version": {"fail-switch": ["fail-switch.sw.yaml:3"], "greeting": ["greeting.sw.yaml:3"]},
    # `${ … }` with something behind it: the text goes out as it stands
    "unclosed-expression": {"move2kube": ["m2k.sw.yml:244"], "mta-v7.x": ["mta.sw.yaml:539"]},
    # an argument that was meant as an expression and does not compile
    "doubtful-text": {"patch-k8s-resource": ["patch-k8s-resource.sw.yaml:67"]},
    # the body's schema has no such field (`spec` of a project request, `update` of an issue): the engine leaves it out
    "unknown-argument": {
        "create-ocp-project": ["create-ocp-project.sw.yaml:155"],
        "escalation": ["jiraSwf.sw.yaml:51"],
    },
    # the spec wants a bearer token, and no property gives one
    "missing-credentials": {"move2kube": ["m2k.sw.yml:33"], "mta-v7.x": ["mta.sw.yaml:24"]},
    # mandatory incidents and an export may both be asked for; the first leads to a state with several ways in
    "condition-order": {"mta-v7.x": ["mta.sw.yaml:291"]},
    # a database's password
    "credential": {"bulk-import-git-repos": ["application.properties:12"]},
    # the token of a service, given as a plain value
    "plain-secret": {
        "create-ocp-project": ["application.properties:9", "application.properties:13"],
        "escalation": ["application.properties:14", "application.properties:21"],
        "modify-vm-resources": ["application.properties:11", "application.properties:16"],
        "mtv-migration": ["application.properties:4"],
        "patch-k8s-resource": ["application.properties:2"],
        "request-vm-cnv": ["application.properties:11", "application.properties:16"],
    },
    # annotated for the Orchestrator and with an output schema, but its one state writes `message` alone
    "no-result": {"sample-retry-test": ["sample-retry-test.sw.yaml:18"]},
}

#: Folder of corpus/spec to the errors in it: they are excerpts and refer to files and subflows that nobody kept
#: (myapis/greetingapis.json, banking.yaml, http.myorg.io/…), use field names of 0.6 (parameters, dataOutputPath,
#: dataResultsPath), an id with a space, or what the engine's own parser refuses
#: (tried on each): no start, text for a default condition, errors without a code, states that only a timeout leads to.
TRUE_MISTAKES = {
    "applicationrequest-issue103-json": {"unknown-subflow"},
    "applicationrequest-issue69-json": {"unknown-subflow"},
    "applicationrequest.multiauth-json": {"unknown-subflow"},
    "conditionbasedstate-yaml": {"missing-file", "unknown-field"},
    "customerbankingtransactions-json": {"missing-file", "no-start"},
    "dataInputSchemaNotExists-yaml": {"missing-file", "short-form"},
    "dataInputSchemaValidation-yaml": {"invalid-name", "unmounted-schema"},
    "eventbasedgreeting-json": {"missing-file"},
    "eventbasedgreetingexclusive-json": {"invalid-expression", "missing-file"},
    "eventbasedswitch-json": {"unknown-subflow"},
    "fillglassofwater-json": {"back-to-start"},
    "greetings-constants-file-yaml": {"missing-file", "unknown-field"},
    "greetings-secret-file-yaml": {"missing-file", "unknown-field"},
    "greetings-v08-spec-yaml": {
        "callback-event-data",
        "delay-state",
        "invalid-expression",
        "missing-file",
        "no-start",
        "num-completed",  # 13 of two branches
        "short-form",
        "switch-way",
        "unknown-event",
        "unknown-field",
        "unknown-jq-function",
        "unknown-subflow",
        "unreachable-state",  # it lists states of each kind without ways between them
    },
    "greetings_sleep-json": {"missing-file", "unreachable-state"},
    "onboardcustomer-json": {"unknown-subflow"},
    "provisionorders-json": {"error-code", "unknown-subflow"},
    "roomreadings.timeouts-json": {"missing-file", "unreachable-state"},
}


def test_there_are_real_workflows(shared: Path) -> None:
    assert len([p for p in (shared / "corpus" / "workflows").iterdir() if p.name != "shared"]) == 21


@pytest.mark.parametrize("name", WORKFLOWS)
def test_a_real_workflow_has_no_false_finding(name: str, shared: Path, waybill: Waybill) -> None:
    done = waybill("lint", shared / "corpus" / "workflows" / name, "--json")
    found: dict[str, list[str]] = {}
    for finding in done.json["findings"]:
        if finding["severity"] != "note":
            line = f":{finding['line']}" if finding["line"] else ""
            found.setdefault(finding["rule"], []).append(f"{Path(finding['path']).name}{line}")
    expected = {rule: folders[name] for rule, folders in WARNINGS.items() if name in folders}
    counted = {rule: len(places) if isinstance(expected.get(rule), int) else places for rule, places in found.items()}
    assert counted == expected
    assert done.code == (name == UNREADABLE)


@pytest.mark.parametrize(
    ("release", "unread"),
    # the three fields of one form: two of them try again, with four properties each
    [
        (
            "1.5",
            {"azure": 1, "custom-auth-create-branch": 1, "list-users": 1, "sample-retry-test": 3, "select-user": 1},
        ),
        ("1.8", {"sample-retry-test": 8}),
        ("1.9", {}),
    ],
)
def test_real_forms_use_what_a_release_has_or_it_is_named(
    release: str, unread: dict[str, int], shared: Path, waybill: Waybill
) -> None:
    done = waybill("lint", "--workflows", shared / "corpus" / "workflows", "--rhdh", release, "--json")
    folders = [Path(finding["path"]) for finding in done.json["findings"] if finding["rule"] == "ui-release"]
    assert Counter(path.parents[1].name for path in folders) == unread


def test_the_specification_s_examples_break_the_rules_they_break(shared: Path, waybill: Waybill) -> None:
    folders = sorted((shared / "corpus" / "spec").iterdir())
    found = {}
    for folder in folders:
        findings = waybill("lint", folder, "--json").json["findings"]
        if rules := {finding["rule"] for finding in findings if finding["severity"] == "error"}:
            found[folder.name] = rules
    assert len(folders) == 26
    assert found == TRUE_MISTAKES
