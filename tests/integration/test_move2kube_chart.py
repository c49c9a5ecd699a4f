"""What the workflow move2kube adds to its chart, as real Helm renders it: broker, function, triggers, Move2Kube."""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import kubernetes_validate
import pytest
import yaml
from jsonschema import Draft202012Validator

from generator.chart.defaults import OWN_DEFAULTS, without_keys
from tests.command import run
from tests.conftest import ROOT, Helm, HelmRefusal, Rendered

GIVEN: Mapping[str, Any] = {
    "env": {"MOVE2KUBE_URL": "https://move2kube.example.com", "BACKSTAGE_NOTIFICATIONS_URL": "https://hub.example.com"},
    "secret": {"data": {"NOTIFICATIONS_BEARER_TOKEN": "t"}},
}
#: Every switch, and the objects that it makes.
SWITCHES = {
    "broker": {("Broker", "default")},
    "function": {("Service", "m2k-save-transformation-func")},
    "triggers": {
        ("Trigger", "m2k-save-transformation-event"),
        ("Trigger", "transformation-saved-trigger-m2k"),
        ("Trigger", "error-trigger-m2k"),
    },
    "sinkBinding": {("SinkBinding", "m2k-sink")},
    "move2kube": {("Deployment", "move2kube"), ("Service", "move2kube")},
}
EXPOSED = {"route": ("Route", "move2kube"), "ingress": ("Ingress", "move2kube")}
EVERYTHING: Mapping[str, Any] = {
    "broker": {"name": "events", "url": "http://kafka.example.com/events"},
    "function": {
        "image": {"repository": "registry.example.com/f", "digest": f"sha256:{'a' * 64}"},
        "privateKey": "id_ed25519",
        "resources": {"limits": {"memory": "256Mi"}},
    },
    "sshSecretName": "mine",
    "imagePullSecrets": [{"name": "pull"}],
    "commonLabels": {"team": "a"},
    "commonAnnotations": {"note": "b"},
    "networkPolicy": {"enabled": True, "extraNamespaces": ["knative-eventing"]},
    "move2kube": {
        "existingClaim": "projects",
        "resources": {"limits": {"memory": "1Gi"}},
        "podSecurityContext": {"runAsUser": 1001},
        "route": {"enabled": True, "host": "m2k.example.com"},
        "ingress": {"enabled": True, "host": "m2k.example.com", "className": "nginx", "tlsSecretName": "tls"},
    },
}
CRDS = {
    "Broker": "knative/eventing-broker.yaml",
    "Trigger": "knative/eventing-trigger.yaml",
    "serving.knative.dev/v1": "knative/serving-service.yaml",
    "Route": "openshift/route.yaml",
}


@pytest.fixture(scope="module")
def chart(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("move2kube")
    done = run("chart", ROOT / "workflows/move2kube", "-o", "charts", cwd=folder)
    assert done.code == 0, done.err
    return folder / "charts/move2kube"


def objects(rendered: Rendered) -> dict[tuple[str, str], dict[str, Any]]:
    """What does not belong to the workflow itself, by kind and name."""
    own = {"SonataFlow", "ConfigMap", "Secret", "NetworkPolicy"}
    found = [document for document in rendered if document["kind"] not in own]
    by_name = {(document["kind"], document["metadata"]["name"]): document for document in found}
    assert len(by_name) == len(found)
    return by_name


def test_by_default_everything_is_there_but_no_way_in_from_outside(chart: Path, helm: Helm) -> None:
    assert set(objects(helm.render(chart, GIVEN))) == set().union(*SWITCHES.values())


def test_everything_can_be_switched_off(chart: Path, helm: Helm) -> None:
    off = {name: {"enabled": False} for name in SWITCHES}
    assert objects(helm.render(chart, {**GIVEN, **off})) == {}


@pytest.mark.parametrize("switch", SWITCHES)
def test_each_switch_takes_away_its_own(switch: str, chart: Path, helm: Helm) -> None:
    left = set().union(*(made for name, made in SWITCHES.items() if name != switch))
    assert set(objects(helm.render(chart, {**GIVEN, switch: {"enabled": False}}))) == left


@pytest.mark.parametrize("way", EXPOSED)
def test_move2kube_is_reached_by_a_route_or_an_ingress(way: str, chart: Path, helm: Helm) -> None:
    values = {**GIVEN, "move2kube": {way: {"enabled": True, "host": "m2k.example.com"}}}
    found = objects(helm.render(chart, values))
    assert set(found) == set().union({EXPOSED[way]}, *SWITCHES.values())


def variables(container: Mapping[str, Any]) -> dict[str, Any]:
    return {each["name"]: each.get("value", each.get("valueFrom")) for each in container["env"]}


def test_the_function_knows_move2kube_the_key_and_the_broker(chart: Path, helm: Helm) -> None:
    function = objects(helm.render(chart, GIVEN))["Service", "m2k-save-transformation-func"]
    assert function["metadata"]["labels"]["networking.knative.dev/visibility"] == "cluster-local"
    spec = function["spec"]["template"]["spec"]
    assert variables(spec["containers"][0]) == {
        "MOVE2KUBE_API": "http://move2kube:8080",
        "SSH_PRIV_KEY_PATH": "/var/run/secrets/ssh/id_rsa",
        "BROKER_URL": "http://broker-ingress.knative-eventing.svc.cluster.local/default/default",
        "LOG_LEVEL": "INFO",
    }
    assert spec["volumes"] == [{"name": "ssh", "secret": {"secretName": "m2k-ssh"}}]


@pytest.mark.parametrize(
    "address", ["https://move2kube.example.com", {"configMapKeyRef": {"name": "addresses", "key": "move2kube"}}]
)
def test_without_an_instance_the_function_asks_the_workflow_s(
    address: str | dict[str, Any], chart: Path, helm: Helm
) -> None:
    env = {**GIVEN["env"], "MOVE2KUBE_URL": address}
    found = objects(helm.render(chart, {**GIVEN, "env": env, "move2kube": {"enabled": False}}))
    container = found["Service", "m2k-save-transformation-func"]["spec"]["template"]["spec"]["containers"][0]
    assert variables(container)["MOVE2KUBE_API"] == address


def test_the_triggers_lead_to_the_function_and_back_to_the_workflow_s_own_paths(chart: Path, helm: Helm) -> None:
    found = objects(helm.render(chart, GIVEN))
    seen = {
        name: (
            document["spec"]["broker"],
            document["spec"]["filter"]["attributes"],
            document["spec"]["subscriber"]["ref"]["apiVersion"],
            document["spec"]["subscriber"]["ref"]["name"],
            document["spec"]["subscriber"].get("uri"),
        )
        for (kind, name), document in found.items()
        if kind == "Trigger"
    }
    source = "m2k-save-transformation-func"
    assert seen == {
        "m2k-save-transformation-event": (
            "default",
            {"type": "save-transformation"},
            "serving.knative.dev/v1",
            source,
            None,
        ),
        "transformation-saved-trigger-m2k": (
            "default",
            {"type": "transformation_saved", "source": source},
            "v1",
            "m2k",
            "/m2k/transformation-saved",
        ),
        "error-trigger-m2k": ("default", {"type": "error", "source": source}, "v1", "m2k", "/m2k/error"),
    }
    properties = (ROOT / "workflows/move2kube/application.properties").read_text(encoding="utf-8")
    for _, _, _, name, path in seen.values():
        assert name != "m2k" or f".path={path}\n" in properties


def test_everything_on_names_what_was_given(chart: Path, helm: Helm) -> None:
    found = objects(helm.render(chart, {**GIVEN, **EVERYTHING}))
    assert ("Broker", "events") in found
    assert found["SinkBinding", "m2k-sink"]["spec"]["sink"] == {"uri": "http://kafka.example.com/events"}
    function = found["Service", "m2k-save-transformation-func"]["spec"]["template"]["spec"]
    assert function["containers"][0]["image"] == f"registry.example.com/f@sha256:{'a' * 64}"
    assert variables(function["containers"][0])["BROKER_URL"] == "http://kafka.example.com/events"
    assert variables(function["containers"][0])["SSH_PRIV_KEY_PATH"] == "/var/run/secrets/ssh/id_ed25519"
    pod = found["Deployment", "move2kube"]["spec"]["template"]["spec"]
    assert {volume["name"]: volume.get("persistentVolumeClaim") for volume in pod["volumes"]}["data"] == {
        "claimName": "projects"
    }
    for document in found.values():
        assert document["metadata"]["labels"]["team"] == "a"
        assert document["metadata"]["annotations"] == {"note": "b"}


def test_the_instance_never_holds_the_private_key(chart: Path, helm: Helm) -> None:
    pod = objects(helm.render(chart, GIVEN))["Deployment", "move2kube"]["spec"]["template"]["spec"]
    sources = {volume["name"]: volume.get("secret") for volume in pod["volumes"]}
    move2kube, agent = pod["containers"]
    mounted = [sources[mount["name"]] for mount in move2kube["volumeMounts"] if sources[mount["name"]]]
    assert mounted == [{"secretName": "m2k-ssh", "items": [{"key": "known_hosts", "path": "known_hosts"}]}]
    assert "ssh" in {mount["name"] for mount in agent["volumeMounts"]}
    alone = objects(helm.render(chart, {**GIVEN, "move2kube": {"sshAgent": False}}))["Deployment", "move2kube"]
    assert [container["name"] for container in alone["spec"]["template"]["spec"]["containers"]] == ["move2kube"]


def test_the_workflow_s_own_labels_are_on_none_of_these(chart: Path, helm: Helm) -> None:
    rendered = helm.render(chart, GIVEN)
    [workflow] = [document for document in rendered if document["kind"] == "SonataFlow"]
    of_workflow = set(workflow["metadata"]["labels"].items())
    for document in objects(rendered).values():
        pod = document.get("spec", {}).get("template", {}).get("metadata", {}).get("labels", {})
        assert not of_workflow & ({*document["metadata"]["labels"].items()} | {*pod.items()})


@pytest.mark.parametrize("values", [{}, EVERYTHING], ids=["defaults", "everything"])
def test_kubernetes_own_objects_satisfy_its_schemas(values: Mapping[str, Any], chart: Path, helm: Helm) -> None:
    found = objects(helm.render(chart, {**GIVEN, **values})).values()
    built_in = [document for document in found if document["apiVersion"] in ("v1", "apps/v1", "networking.k8s.io/v1")]
    assert {document["kind"] for document in built_in} >= {"Deployment", "Service"}
    for document in built_in:
        kubernetes_validate.validate(document, "1.30", strict=True)


@pytest.mark.parametrize("values", [{}, EVERYTHING], ids=["defaults", "everything"])
def test_the_objects_of_knative_and_openshift_satisfy_their_definitions(
    values: Mapping[str, Any], chart: Path, helm: Helm, shared: Path
) -> None:
    checked = set()
    for (kind, _), document in objects(helm.render(chart, {**GIVEN, **values})).items():
        if path := CRDS.get(kind, CRDS.get(document["apiVersion"])):
            schema = schema_of(shared / "crds-others" / path, document["apiVersion"])
            assert list(Draft202012Validator(schema).iter_errors(document)) == []
            checked.add(kind)
    assert checked == {"Broker", "Trigger", "Service", *(["Route"] if values else [])}


def schema_of(definition: Path, api_version: str) -> dict[str, Any]:
    """The schema of a CustomResourceDefinition, in which unknown fields are errors (an API server drops them)."""
    crd = yaml.safe_load(definition.read_text(encoding="utf-8"))
    [version] = [v for v in crd["spec"]["versions"] if v["name"] == api_version.split("/")[1]]
    schema: dict[str, Any] = closed(version["schema"]["openAPIV3Schema"])
    schema["properties"] |= {"apiVersion": {}, "kind": {}, "metadata": {"type": "object"}}
    return schema


def closed(schema: Any) -> Any:
    match schema:
        case dict():
            inner = {key: closed(value) for key, value in schema.items() if value is not None}
            open_ended = {"additionalProperties", "x-kubernetes-preserve-unknown-fields"} & schema.keys()
            if isinstance(schema.get("properties"), dict) and not open_ended:
                inner["additionalProperties"] = False
            if schema.get("x-kubernetes-int-or-string"):
                inner.pop("type", None)
            return inner
        case list():
            return [closed(value) for value in schema]
    return schema


@pytest.mark.parametrize(
    "values",
    [
        {"broker": {"enable": True}},
        {"function": {"image": {"tags": "x"}}},
        {"function": {"logLevel": "loud"}},
        {"move2kube": {"ingress": {"enabled": True}}},
        {"move2kube": {"route": {"hosts": ["a"]}}},
        {"sshSecretName": ""},
        {"broker": {"url": "broker"}},
    ],
)
def test_a_wrong_value_is_refused(values: dict[str, Any], chart: Path, helm: Helm) -> None:
    with pytest.raises(HelmRefusal):
        helm.render(chart, {**GIVEN, **values})


def test_every_value_is_explained_where_it_stands_and_has_a_schema() -> None:
    text = (ROOT / "workflows/move2kube/chart/values.yaml").read_text(encoding="utf-8")
    text = without_keys(text, OWN_DEFAULTS)
    schema = yaml.safe_load((ROOT / "workflows/move2kube/chart/values.schema.json").read_text(encoding="utf-8"))
    assert leaves(yaml.safe_load(text)) == schema_leaves(schema)
    lines = text.splitlines()
    plain = {"repository", "tag", "image", "route", "ingress", "enabled"}
    for above, line in itertools.pairwise(lines):
        key = line.strip().split(":")[0]
        assert line.lstrip().startswith("#") or key in plain or above.lstrip().startswith("#"), line


def leaves(values: Any, path: str = "") -> set[str]:
    if not isinstance(values, dict) or not values:
        return {path}
    return set().union(*(leaves(value, f"{path}.{key}") for key, value in values.items()))


def schema_leaves(schema: Mapping[str, Any], path: str = "") -> set[str]:
    if "properties" not in schema:
        return {path}
    return set().union(*(schema_leaves(inner, f"{path}.{key}") for key, inner in schema["properties"].items()))
