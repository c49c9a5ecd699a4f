"""What is asked of kubectl or oc, and what becomes of their answers."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from generator.findings.errors import OutputError, SettingsError
from pipeline.cluster.kubectl import Kubectl, _objects

SECRET = "do-not-tell"  # noqa: S105 - no secret at all


def program(folder: Path, script: str, monkeypatch: pytest.MonkeyPatch, name: str = "kubectl") -> Kubectl:
    """A script in place of kubectl; there is no other."""
    file = folder / name
    file.write_text(f"#!/bin/sh\n{script}\n", encoding="utf-8")
    file.chmod(0o755)
    monkeypatch.setenv("PATH", str(folder))
    return Kubectl("mine")


@pytest.mark.parametrize(
    ("printed", "names"),
    [
        ("", []),
        ({"kind": "A", "metadata": {"name": "a"}}, ["a"]),
        ({"kind": "List", "items": [{"kind": "A", "metadata": {"name": "a"}}, {"kind": "A"}, 1]}, ["a"]),
        ({"kind": "List", "items": None}, []),
        ([], []),
    ],
)
def test_what_is_there_is_read(
    printed: object, names: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = printed if isinstance(printed, str) else json.dumps(printed)
    kubectl = program(tmp_path, f"echo '{text}'", monkeypatch)
    assert [each["metadata"]["name"] for each in kubectl.found("a", failing="a cannot be read")] == names


@pytest.mark.parametrize(
    ("said", "message"),
    [
        ("Error from server (Forbidden): no", r"it fails: access is denied; see: kubectl auth can-i get secrets x"),
        (
            "Error from server (Forbidden): x is forbidden: user is attempting to grant RBAC permissions",
            "it fails: it grants rights that you do not have",
        ),
        ("Error from server (Forbidden): x is forbidden: namespace a is being terminated", "its namespace is being"),
        ("Error from server (Forbidden): x is forbidden: exceeded quota: q", "it fails: a quota of its namespace"),
        ("Error from server (Conflict): no", "it fails: it was changed a moment ago"),
        ("error: the server doesn't have a resource type", "it fails: the cluster does not know its kind"),
        (f"error: {SECRET}", r"it fails; to see why, run: kubectl --context=mine get secrets x"),
        ("x509: unknown authority", "it fails: the kubeconfig does not trust its certificate"),
    ],
)
def test_a_failure_is_told_with_what_to_do_and_not_with_kubectl_s_words(
    said: str, message: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    kubectl = program(tmp_path, f'echo "{said}" >&2; exit 1', monkeypatch)
    with pytest.raises(OutputError, match=message) as caught:
        kubectl.found("secrets", "x", failing="it fails")
    assert SECRET not in str(caught.value)


def test_an_answer_that_is_no_json_is_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(OutputError, match="it fails: kubectl did not write JSON"):
        program(tmp_path, "echo {", monkeypatch).found("a", failing="it fails")


def test_a_context_that_is_not_there_is_told_with_the_nearest(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    script = 'case "$*" in *get-contexts*) echo main;; *) echo "context mine does not exist" >&2; exit 1;; esac'
    with pytest.raises(SettingsError, match="no context 'mine'"):
        program(tmp_path, script, monkeypatch).found("a", failing="it fails")


def test_oc_is_taken_where_there_is_no_kubectl(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    kubectl = program(tmp_path, 'echo "$0"', monkeypatch, name="oc")
    assert kubectl.must("version", failing="it fails").decode().strip().endswith("/oc")


def test_standard_input_reaches_the_program(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    kubectl = program(tmp_path, 'read -r line; echo "$line"', monkeypatch)
    assert kubectl.must("create", failing="it fails", stdin=b"text\n") == b"text\n"


values = st.recursive(
    st.none() | st.integers() | st.text(max_size=3),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["items", "kind", "metadata", "name"]), inner)
    ),
    max_leaves=8,
)


@given(values)
def test_whatever_is_printed_gives_objects_with_a_name(document: object) -> None:
    assert all(isinstance(each["metadata"]["name"], str) for each in _objects(document))
