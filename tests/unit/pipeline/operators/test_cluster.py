"""What a cluster says of its operator: which one, which version, and which known schema its own is like."""

from __future__ import annotations

import json
import os
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from generator.findings.errors import OutputError
from generator.kubernetes.crd import known_crd
from generator.kubernetes.installed import Installed, installed_by_deployment, installed_by_olm
from generator.kubernetes.schema_match import SchemaMatch, schema_match
from pipeline.operators import cluster
from tests.conftest import ROOT, Waybill
from tests.unit.generator.kubernetes.test_served_crd import document, published


@pytest.mark.parametrize(
    ("names", "differing", "said"),
    [
        (("1.40", "1.43", "1.44"), 0, "schema like 1.40–1.44"),  # noqa: RUF001 - from one to the other
        (("1.45",), 0, "schema like 1.45"),
        (("1.40", "1.45"), 0, "schema like 1.40, 1.45"),
        (("1.45",), 1, "schema nearest to 1.45, 1 field differs"),
        (("1.44", "1.45"), 3, "schema nearest to 1.44–1.45, 3 fields differ"),  # noqa: RUF001 - as above
    ],
)
def test_likeness_in_words(names: tuple[str, ...], differing: int, said: str) -> None:
    assert str(SchemaMatch(names=names, differing=differing)) == said


@pytest.mark.parametrize("name", ["1.40", "1.43", "1.44"])
def test_versions_with_the_same_fields_are_alike(name: str) -> None:
    assert schema_match(known_crd(name)) == SchemaMatch(names=("1.40", "1.43", "1.44"), differing=0)


@pytest.mark.parametrize(
    ("changed", "differing"),
    [
        ({"mine": {"type": "string"}}, 1),
        ({"mine": {"type": "object", "properties": {"a": {"type": "string"}}}}, 2),
        ({"mine": {"type": "array", "items": {"type": "string"}}}, 2),
        ({"mine": {"type": "object", "additionalProperties": {"type": "string"}}}, 2),
        ({"sink": {"type": "string"}}, None),
    ],
)
def test_each_field_that_differs_counts(changed: dict[str, Any], differing: int | None) -> None:
    known = known_crd("10")
    spec = known.schema["properties"]["spec"]
    schema = {
        "properties": {**known.schema["properties"], "spec": {**spec, "properties": {**spec["properties"], **changed}}}
    }
    found = schema_match(replace(known, schema={**known.schema, **schema}))
    assert found.names == ("10",)
    assert found.differing == differing if differing else found.differing > 1


def service_version(version: object, owned: object = "sonataflows.sonataflow.org", **spec: object) -> dict[str, Any]:
    definitions = {"owned": [{"name": "others.example.org"}, {"name": owned}]}
    return {
        "metadata": {"name": "logic.v1"},
        "spec": {"version": version, "customresourcedefinitions": definitions, **spec},
    }


@pytest.mark.parametrize(
    ("items", "installed"),
    [
        ([], None),
        ([service_version("1.36.0", "sonataflowbuilds.sonataflow.org")], None),
        ([service_version("1.36.0", displayName="Logic")], "Logic 1.36.0"),
        ([service_version("1.36.0")], "logic.v1 1.36.0"),
        ([service_version(None)], "logic.v1"),
        ([service_version("1.9.0"), service_version("1.10.0"), service_version("1.10.0-rc.1")], "logic.v1 1.10.0"),
        ([service_version("newest"), service_version("1.9.0")], "logic.v1 1.9.0"),
        ([service_version("1.36.0", displayName="a\x1b[2J")], "a\\x1b[2J 1.36.0"),
    ],
)
def test_the_newest_cluster_service_version_that_owns_sonataflow_is_the_operator(
    items: list[object], installed: str | None
) -> None:
    found = installed_by_olm({"items": items})
    assert (str(found) if found else None) == installed


@pytest.mark.parametrize(
    ("image", "installed"),
    [
        (
            "host.example:5000/a/incubator-kie-sonataflow-operator:10.1.0",
            ("incubator-kie-sonataflow-operator", "10.1.0"),
        ),
        ("host.example/a/kogito-serverless-operator:1.43.1@sha256:00", ("kogito-serverless-operator", "1.43.1")),
        ("host.example:5000/a/logic-operator-rhel8@sha256:00", ("logic-operator-rhel8", None)),
        ("sonataflow-operator:main", ("sonataflow-operator", None)),
        ("sonataflow-operator", ("sonataflow-operator", None)),
        ("host.example/sonataflow-operator/other:1.0.0", None),
        (None, None),
    ],
)
def test_a_deployment_is_the_operator_s_by_its_image(
    image: str | None, installed: tuple[str, str | None] | None
) -> None:
    pod = {"containers": [{"image": "host.example/proxy:v1"}, {"image": image}]}
    found = installed_by_deployment({"items": [{"spec": {"template": {"spec": pod}}}]})
    assert found == (Installed(name=installed[0], version=installed[1]) if installed else None)


KEYS = ("items", "spec", "metadata", "name", "customresourcedefinitions", "owned", "template", "containers", "image")
values = st.recursive(
    st.none() | st.integers() | st.sampled_from(["sonataflows.sonataflow.org", "logic-operator:1"]) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(KEYS), inner),
)


@given(values)
def test_whatever_is_listed_is_read_or_passed_over(listed: object) -> None:
    for found in (installed_by_olm(listed), installed_by_deployment(listed)):
        assert found is None or str(found).isprintable()


def program(folder: Path, name: str, script: str) -> dict[str, str]:
    """The environment in which a script stands for kubectl or oc, and there is no other."""
    file = folder / name
    file.write_text(f"#!/bin/sh\n{script}\n", encoding="utf-8")
    file.chmod(0o755)
    return {"PATH": str(folder)}


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--context", "mine"], "--context goes with --cluster"),
        (["--cluster", "--index", "index.yaml", "--operator", "1.3.2"], "--cluster about the workflows here; give one"),
    ],
)
def test_options_that_do_not_go_together_are_a_matter_of_usage(words: list[str], said: str, waybill: Waybill) -> None:
    done = waybill("check", *words, cwd=ROOT)
    assert done.code == 2
    assert said in done.err


def test_without_kubectl_and_oc_it_says_what_to_install(tmp_path: Path, waybill: Waybill) -> None:
    done = waybill("check", "greeting", "--cluster", cwd=ROOT, env={"PATH": str(tmp_path)})
    assert done.code == 1
    assert "neither kubectl nor oc is on PATH; install one, and log in to the cluster" in done.err


def test_oc_is_asked_where_there_is_no_kubectl(tmp_path: Path, waybill: Waybill) -> None:
    answer = tmp_path / "answer.json"
    spec = {"type": "object", "x-kubernetes-preserve-unknown-fields": True}
    answer.write_text(json.dumps(document(published(spec))) + "\n", encoding="utf-8")
    asked = f"--context=mine get --raw {cluster.SCHEMA}"
    script = f'[ "$*" = "{asked}" ] && read -r line <"{answer}" && echo "$line"'
    words = ["check", "greeting", "--cluster", "--context", "mine", "--json"]
    done = waybill(*words, cwd=ROOT, env=program(tmp_path, "oc", script))
    assert done.code == 0, done.err
    assert done.json["verdicts"][0]["operator"].startswith("SonataFlow of the context mine (schema nearest to ")


def test_an_answer_that_makes_no_sense_is_a_finding(tmp_path: Path, waybill: Waybill) -> None:
    done = waybill("check", "greeting", "--cluster", cwd=ROOT, env=program(tmp_path, "kubectl", "echo no JSON"))
    assert done.code == 1
    assert "the cluster: error: its OpenAPI document cannot be read" in done.err


def test_a_cluster_that_never_answers_is_given_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program(tmp_path, "kubectl", "exec sleep 600")
    monkeypatch.setenv("PATH", os.pathsep.join([str(tmp_path), os.environ["PATH"]]))
    with pytest.raises(OutputError, match=r"kubectl get --raw \S+ did not respond in 0\.1 seconds; log in first"):
        cluster.read_cluster(None, patience=0.1)
