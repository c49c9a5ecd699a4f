"""How a cluster is read: what a script in place of kubectl writes, and what becomes of it."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from generator.findings.errors import OutputError
from generator.health.objects import Denied, Log
from pipeline.doctor.cluster import read_objects
from tests.command import Waybill

KINDS = "api-resources --verbs=list --output=name"
NOT_ALLOWED = (
    'Error from server (Forbidden): {0} is forbidden: User "dev" cannot list resource "{0}" in API group "{1}" '
    "at the cluster scope"
)


@pytest.fixture
def kubectl(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of the script; what it is asked is in `asked`, a line a command."""
    monkeypatch.setenv("PATH", os.pathsep.join([str(tmp_path), "/usr/bin", "/bin"]))
    return tmp_path


def answering(folder: Path, *cases: str, otherwise: str = "exit 0") -> None:
    """Write a script that answers commands by patterns of the shell."""
    lines = ["#!/bin/sh", f'echo "$*" >>"{folder}/asked"', 'case "$*" in', *cases, f"*) {otherwise} ;;", "esac"]
    file = folder / "kubectl"
    file.write_text("\n".join([*lines, ""]), encoding="utf-8")
    file.chmod(0o755)


def case(pattern: str, output: str, *errors: str, code: int = 0) -> str:
    """A branch of the script: what it writes on both of its outputs."""
    said = "".join(f"echo '{error}' >&2; " for error in errors)
    return f"'{pattern}'*) echo '{output}'; {said}exit {code} ;;"


def test_what_may_be_read_is_kept_and_what_may_not_is_named(kubectl: Path) -> None:
    flow = {"kind": "SonataFlow", "metadata": {"name": "greeting", "namespace": "demo"}}
    refused = NOT_ALLOWED.format("networkpolicies", "networking.k8s.io")
    everywhere = "get networkpolicies.networking.k8s.io,sonataflows.sonataflow.org"
    answering(
        kubectl,
        case(KINDS, "sonataflows.sonataflow.org\nnetworkpolicies.networking.k8s.io\npods"),
        case(everywhere, json.dumps({"kind": "List", "items": [flow]}), refused, code=1),
        "'config view'*) echo team ;;",
        case("get networkpolicies.networking.k8s.io --namespace team", '{"kind": "List", "items": []}'),
    )
    found = read_objects(None, (), patience=20)
    assert found.all("SonataFlow") == [flow]
    assert found.denied == (Denied(resource="networkpolicies.networking.k8s.io"),)
    assert found.may_see("networkpolicies.networking.k8s.io", "team")
    assert not found.may_see("networkpolicies.networking.k8s.io", "demo")


def test_secrets_are_asked_for_the_names_of_their_keys_alone(kubectl: Path) -> None:
    database = {"secretRef": {"name": "db", "userKey": "user", "passwordKey": "password"}}
    flow = {
        "kind": "SonataFlow",
        "metadata": {"name": "greeting", "namespace": "demo"},
        "spec": {"persistence": {"postgresql": database}},
    }
    answering(
        kubectl,
        case(KINDS, "sonataflows.sonataflow.org"),
        case("get sonataflows.sonataflow.org", json.dumps(flow)),
        "'get secrets'*) printf 'db\\ndb\\tuser\\n' ;;",
    )
    assert read_objects(None, (), patience=20).secret_keys == {("demo", "db"): frozenset({"user"})}
    _, _, asked = (kubectl / "asked").read_text(encoding="utf-8").partition("get secrets db --namespace demo")
    assert "--output=go-template=" in asked
    assert "$key" in asked
    assert "$value" not in asked


FLOW = {
    "kind": "SonataFlow",
    "metadata": {"name": "greeting", "namespace": "demo"},
    "status": {"conditions": [{"type": "Running", "status": "False"}]},
}
CRASH = {
    "kind": "Pod",
    "metadata": {"name": "p", "namespace": "demo", "labels": {"sonataflow.org/workflow-app": "greeting"}},
    "status": {"containerStatuses": [{"name": "c", "ready": False, "state": {"terminated": {"exitCode": 1}}}]},
}
LOG = Log(namespace="demo", pod="p", container="c")
REFUSED = (
    'Error from server (Forbidden): pods "p" is forbidden: User "dev" cannot get resource "pods/log" in API group ""'
)
GONE = "Error from server: Get https://10.0.0.1:10250/containerLogs/demo/p/c: dial tcp 10.0.0.1:10250: i/o timeout"


@pytest.mark.parametrize(
    ("output", "errors", "code", "logs", "denied"),
    [
        ("a line", (), 0, {LOG: "a line\n"}, ()),
        ("", (REFUSED,), 1, {}, (Denied(resource="pods/log", namespace="demo", verb="get"),)),
        ("", (GONE,), 1, {}, ()),
    ],
    ids=["read", "denied", "the node is gone"],
)
def test_the_log_of_a_crash_is_read_where_that_can_be(
    output: str,
    errors: tuple[str, ...],
    code: int,
    logs: dict[Log, str],
    denied: tuple[Denied, ...],
    kubectl: Path,
) -> None:
    path = "get --raw /api/v1/namespaces/demo/pods/p/log?container=c&previous=false&tailLines="
    answering(
        kubectl,
        case(KINDS, "sonataflows.sonataflow.org\npods"),
        case("get sonataflows.sonataflow.org", json.dumps(FLOW)),
        case("get pods", json.dumps(CRASH)),
        case(path, output, *errors, code=code),
    )
    found = read_objects(None, (), patience=20)
    assert (dict(found.logs), found.denied) == (logs, denied)
    assert (kubectl / "asked").read_text(encoding="utf-8").count("get --raw /api/v1/") == 1


def test_an_api_whose_server_is_down_does_not_hide_the_others(kubectl: Path) -> None:
    answering(kubectl, case(KINDS, "pods", "error: unable to retrieve the complete list of server APIs", code=1))
    assert read_objects(None, (), patience=20).served == {"pods"}


@pytest.mark.parametrize(
    ("error", "said"),
    [
        ("error: You must be logged in to the server (Unauthorized)", "authentication failed; log in"),
        ("The connection to the server 127.0.0.1 was refused", "it cannot be reached; log in"),
        ("do-not-tell", "to see why, run: kubectl api-resources --verbs=list --output=name"),
    ],
)
def test_a_cluster_that_cannot_be_read_is_told_without_repeating_what_was_said(
    error: str, said: str, kubectl: Path, waybill: Waybill
) -> None:
    answering(kubectl, f"'{KINDS}') echo '{error}' >&2; exit 1 ;;")
    done = waybill("doctor", "--cluster", env={"PATH": os.environ["PATH"]})
    assert done.code == 1
    assert said in done.err
    assert "do-not-tell" not in done.err


def test_another_failure_than_a_missing_right_ends_it(kubectl: Path) -> None:
    denied = NOT_ALLOWED.format("namespaces", "")
    answering(
        kubectl,
        case(KINDS, "namespaces"),
        case("get namespaces", "", denied, "Error from server (Timeout): the server was slow", code=1),
    )
    with pytest.raises(OutputError, match="the cluster cannot be read"):
        read_objects(None, (), patience=20)


def test_a_command_that_never_answers_is_given_up(kubectl: Path) -> None:
    answering(kubectl, otherwise="exec sleep 600")
    with pytest.raises(OutputError, match=r"kubectl api-resources \S+ \S+ did not respond in 0\.2 seconds"):
        read_objects(None, (), patience=0.2)


def test_what_is_no_json_is_refused(kubectl: Path) -> None:
    answering(kubectl, case(KINDS, "namespaces"), case("get namespaces", "no JSON"))
    with pytest.raises(OutputError, match="kubectl did not write JSON"):
        read_objects(None, (), patience=20)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["-n", "demo"], "--namespace, --context and --role go with --cluster"),
        (["--context", "mine"], "--namespace, --context and --role go with --cluster"),
        (["--role", "ann"], "--namespace, --context and --role go with --cluster"),
        (["--cluster", "--role", "ann", "labels"], "--role is for all checks; leave out their names"),
        (["--cluster", "-n", "No Name"], "No Name"),
        (["--cluster", "polices"], "--cluster has no check 'polices'; did you mean 'policies'?"),
    ],
)
def test_what_cannot_be_meant_is_a_matter_of_usage(words: list[str], said: str, waybill: Waybill) -> None:
    done = waybill("doctor", *words)
    assert done.code == 2
    assert said in done.err
