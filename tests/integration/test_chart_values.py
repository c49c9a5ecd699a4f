"""What each value of a workflow's chart does, as real Helm renders it."""

from __future__ import annotations

import itertools
import shutil
from pathlib import Path
from typing import Any

import kubernetes_validate
import pytest
import yaml

from tests.command import run
from tests.conftest import Helm, HelmRefusal, Rendered

DEFINITION = """\
id: Demo
version: "1.10"
specVersion: "0.8"
name: Demo
description: 'Text with {{ .Values.image }}, "quotes" and a \\ backslash'
start: Wait
functions:
  - name: call
    operation: specs/api.yaml#get
states:
  - name: Wait
    type: operation
    actions:
      - functionRef:
          refName: call
          arguments:
            token: $SECRET.FROM_DEFINITION
            text: '{{ fail "a workflow is no template" }}'
            huge: 12345678901234567890
            on: "on"
    end: true
"""
PROPERTIES = """\
# Where the service is.
service.url=${SERVICE_URL}
service.user=${SERVICE_USER:nobody}
# old.key=${COMMENTED}
service.copy=${service.url}
service.token=${SERVICE_TOKEN}
%dev.service.url=${ONLY_IN_DEV}
%prod.service.path=${SERVICE_PATH:/}"""
SPEC = "  openapi: 3.0.0 # starts with spaces\npaths:\n  /{{ toYaml . }}:\n    get: {operationId: get}\r\n"


@pytest.fixture(scope="module")
def chart(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The chart of a workflow that has all that charts know of."""
    place = tmp_path_factory.mktemp("demo")
    folder = place / "workflows" / "demo-v1.x"
    (folder / "specs").mkdir(parents=True)
    (folder / "demo.sw.yaml").write_text(DEFINITION, encoding="utf-8")
    (folder / "application.properties").write_text(PROPERTIES, encoding="utf-8")
    (folder / "secret.properties").write_text("# For the service.\nSERVICE_TOKEN=never-in-a-chart\n", encoding="utf-8")
    (folder / "specs" / "api.yaml").write_bytes(SPEC.encode())
    done = run("chart", folder, "-o", "charts", cwd=place)
    assert done.code == 0, done.err
    return place / "charts" / "demo-v1"


ALL_GIVEN = {"env": {"SERVICE_URL": "http://a", "FROM_DEFINITION": "b"}, "secret": {"data": {"SERVICE_TOKEN": "c"}}}


def one(rendered: Rendered, kind: str, name: str = "") -> dict[str, Any]:
    found = [d for d in rendered if d["kind"] == kind and name in d["metadata"]["name"]]
    assert len(found) == 1, [(d["kind"], d["metadata"]["name"]) for d in rendered]
    return found[0]


def workflow_of(rendered: Rendered) -> dict[str, Any]:
    spec: dict[str, Any] = one(rendered, "SonataFlow")["spec"]
    return spec


def container_of(rendered: Rendered) -> dict[str, Any]:
    container: dict[str, Any] = workflow_of(rendered)["podTemplate"]["container"]
    return container


def variables_of(rendered: Rendered) -> dict[str, Any]:
    return {e["name"]: e.get("value", e.get("valueFrom")) for e in container_of(rendered).get("env", [])}


def with_(values: dict[str, Any]) -> dict[str, Any]:
    return {**ALL_GIVEN, **values}


def test_text_of_a_workflow_is_never_a_template(chart: Path, helm: Helm) -> None:
    rendered = helm.render(chart, ALL_GIVEN)
    flow = workflow_of(rendered)["flow"]
    arguments = flow["states"][0]["actions"][0]["functionRef"]["arguments"]
    assert arguments["text"] == '{{ fail "a workflow is no template" }}'
    assert arguments["huge"] == 12345678901234567890
    assert arguments["on"] == "on"
    annotations = one(rendered, "SonataFlow")["metadata"]["annotations"]
    assert annotations["sonataflow.org/description"] == 'Text with {{ .Values.image }}, "quotes" and a \\ backslash'
    assert one(rendered, "ConfigMap", "-specs")["data"] == {"api.yaml": SPEC}


def test_one_message_lists_each_variable_that_has_no_value(chart: Path, helm: Helm) -> None:
    with pytest.raises(HelmRefusal) as refusal:
        helm.render(chart, {})
    asked = [line.strip() for line in str(refusal.value).splitlines() if line.strip().startswith("--set")]
    assert asked == [
        "--set env.FROM_DEFINITION=...",
        "--set env.SERVICE_URL=...",
        "--set secret.data.SERVICE_TOKEN=...",
    ]


@pytest.mark.parametrize(
    "values",
    [
        ALL_GIVEN,
        {"requireEnv": False},
        {"envFrom": [{"secretRef": {"name": "mine"}}]},
        {**ALL_GIVEN, "secret": {"existingSecret": "mine"}},
        {"secret": ALL_GIVEN["secret"], "global": {"env": {"SERVICE_URL": "g", "FROM_DEFINITION": "g"}}},
        with_({"env": {"SERVICE_URL": {"configMapKeyRef": {"name": "m", "key": "k"}}, "FROM_DEFINITION": 0}}),
        {
            "env": ALL_GIVEN["env"],
            "podTemplate": {"container": {"env": [{"name": "SERVICE_TOKEN", "value": "x"}]}},
        },
    ],
)
def test_nothing_is_asked_for_where_each_variable_has_a_value(values: dict[str, Any], chart: Path, helm: Helm) -> None:
    assert workflow_of(helm.render(chart, values))


def test_variables_are_set_on_the_container_when_not_empty(chart: Path, helm: Helm) -> None:
    reference = {"configMapKeyRef": {"name": "m", "key": "k"}}
    values = with_({"env": {"SERVICE_URL": reference, "FROM_DEFINITION": 10000000, "SERVICE_PATH": False}})
    set_ = variables_of(helm.render(chart, values))
    assert set_.pop("WAYBILL_RESOURCES_CHECKSUM")
    assert set_ == {
        "SERVICE_URL": reference,
        "FROM_DEFINITION": "10000000",
        "SERVICE_PATH": "false",
        "SERVICE_TOKEN": {"secretKeyRef": {"name": "demo-secrets", "key": "SERVICE_TOKEN"}},
    }


def test_a_chart_s_own_variable_wins_over_the_global_one(chart: Path, helm: Helm) -> None:
    values = with_({"global": {"env": {"SERVICE_URL": "global", "SERVICE_USER": "global"}}})
    set_ = variables_of(helm.render(chart, values))
    assert (set_["SERVICE_URL"], set_["SERVICE_USER"]) == ("http://a", "global")


def test_secret_values_never_enter_a_chart(chart: Path) -> None:
    text = b"".join(path.read_bytes() for path in chart.rglob("*") if path.is_file())
    assert b"never-in-a-chart" not in text


def test_a_secret_that_is_not_there_does_not_stop_a_pod_that_has_env_from(chart: Path, helm: Helm) -> None:
    values = {"envFrom": [{"secretRef": {"name": "mine"}}]}
    reference = variables_of(helm.render(chart, values))["SERVICE_TOKEN"]["secretKeyRef"]
    assert reference == {"name": "demo-secrets", "key": "SERVICE_TOKEN", "optional": True}


def test_a_secret_holds_only_keys_with_a_value_and_is_kept(chart: Path, helm: Helm) -> None:
    secret = one(helm.render(chart, ALL_GIVEN), "Secret")
    assert secret["stringData"] == {"SERVICE_TOKEN": "c"}
    assert secret["metadata"]["name"] == "demo-secrets"
    assert secret["metadata"]["annotations"]["helm.sh/resource-policy"] == "keep"


@pytest.mark.parametrize(
    "values",
    [{"requireEnv": False}, with_({"secret": {"existingSecret": "mine", "data": {"SERVICE_TOKEN": "c"}}})],
)
def test_there_is_no_secret_without_keys_or_beside_the_user_s(values: dict[str, Any], chart: Path, helm: Helm) -> None:
    rendered = helm.render(chart, values)
    assert [d for d in rendered if d["kind"] == "Secret"] == []
    name = values.get("secret", {}).get("existingSecret", "demo-secrets")
    assert variables_of(rendered)["SERVICE_TOKEN"] == {"secretKeyRef": {"name": name, "key": "SERVICE_TOKEN"}}


def properties_of(rendered: Rendered) -> str:
    text: str = one(rendered, "ConfigMap", "-props")["data"]["application.properties"]
    return text


def test_properties_gain_what_persistence_needs_and_what_the_user_appends(chart: Path, helm: Helm) -> None:
    assert properties_of(helm.render(chart, ALL_GIVEN)) == PROPERTIES + "\nkie.flyway.enabled=true\n"
    off = {"persistence": {"enabled": False}}
    assert properties_of(helm.render(chart, with_(off))) == PROPERTIES
    more = with_({**off, "properties": "a=b\nc=d\n"})
    assert properties_of(helm.render(chart, more)) == PROPERTIES + "\na=b\nc=d\n"


def test_persistence_names_the_database(chart: Path, helm: Helm) -> None:
    assert workflow_of(helm.render(chart, ALL_GIVEN))["persistence"] == {
        "postgresql": {
            "secretRef": {
                "name": "sonataflow-psql-postgresql",
                "userKey": "postgres-username",
                "passwordKey": "postgres-password",
            },
            "serviceRef": {
                "name": "sonataflow-psql-postgresql",
                "port": 5432,
                "databaseName": "sonataflow",
                "databaseSchema": "demo-v1.x",
            },
        }
    }
    changed = {"jdbcUrl": "jdbc:postgresql://db/x", "migrateDBOnStartUp": False, "secretRef": {"name": "s"}}
    persistence = workflow_of(helm.render(chart, with_({"persistence": changed})))["persistence"]
    assert persistence["migrateDBOnStartUp"] is False
    assert persistence["postgresql"]["jdbcUrl"] == "jdbc:postgresql://db/x"
    assert "serviceRef" not in persistence["postgresql"]
    assert persistence["postgresql"]["secretRef"]["name"] == "s"
    namespace = {"persistence": {"serviceRef": {"namespace": "infra"}}}
    service = workflow_of(helm.render(chart, with_(namespace)))["persistence"]["postgresql"]["serviceRef"]
    assert service["namespace"] == "infra"
    assert "persistence" not in workflow_of(helm.render(chart, with_({"persistence": {"enabled": False}})))


@pytest.mark.parametrize(
    ("values", "image"),
    [
        ({"image": {"tag": "1.2"}}, "quay.io/orchestrator/serverless-workflow-demo-v1.x:1.2"),
        ({"image": {"repository": "r/x", "tag": "t", "digest": f"sha256:{'a' * 64}"}}, f"r/x@sha256:{'a' * 64}"),
        (
            {"image": {"tag": "t"}, "global": {"imageRegistry": "my.host:5000/mirror"}},
            "my.host:5000/mirror/orchestrator/serverless-workflow-demo-v1.x:t",
        ),
        ({"image": {"repository": "plain/x", "tag": "t"}, "global": {"imageRegistry": "h"}}, "h/plain/x:t"),
        ({"image": {"repository": "localhost/x", "tag": "t"}, "global": {"imageRegistry": "h/"}}, "h/x:t"),
    ],
)
def test_the_image(values: dict[str, Any], image: str, chart: Path, helm: Helm) -> None:
    assert container_of(helm.render(chart, with_(values)))["image"] == image


def test_the_default_image_names_the_content(chart: Path, helm: Helm) -> None:
    image = container_of(helm.render(chart, ALL_GIVEN))["image"]
    repository, _, tag = image.rpartition(":")
    assert repository == "quay.io/orchestrator/serverless-workflow-demo-v1.x"
    assert len(tag.removeprefix("src-")) == 12


def test_the_pod_template_is_merged_over_what_the_chart_sets(chart: Path, helm: Helm) -> None:
    pod = {
        "affinity": {"nodeAffinity": {}},
        "serviceAccountName": "runner",
        "container": {
            "resources": {"limits": {"cpu": "1"}},
            "env": [{"name": "EXTRA", "value": "1"}, {"name": "SERVICE_URL", "value": "mine"}],
            "envFrom": [{"configMapRef": {"name": "two"}}],
        },
    }
    values = with_(
        {
            "podTemplate": pod,
            "replicas": 0,
            "imagePullSecrets": [{"name": "pull"}],
            "envFrom": [{"secretRef": {"name": "one"}}],
        }
    )
    rendered = helm.render(chart, values)
    template = workflow_of(rendered)["podTemplate"]
    assert template["affinity"] == {"nodeAffinity": {}}
    assert template["serviceAccountName"] == "runner"
    assert template["replicas"] == 0
    assert template["imagePullSecrets"] == [{"name": "pull"}]
    container = template["container"]
    assert container["resources"] == {"limits": {"cpu": "1"}}
    assert container["envFrom"] == [{"secretRef": {"name": "one"}}, {"configMapRef": {"name": "two"}}]
    assert [e["value"] for e in container["env"] if e["name"] == "SERVICE_URL"] == ["mine"]
    assert variables_of(rendered)["EXTRA"] == "1"


def test_sink_sources_profile_labels_and_annotations(chart: Path, helm: Helm) -> None:
    sink = {"ref": {"apiVersion": "eventing.knative.dev/v1", "kind": "Broker", "name": "default"}}
    values = with_(
        {
            "sink": sink,
            "sources": [{"eventType": "a", **sink}],
            "profile": "dev",
            "commonLabels": {"team": "a"},
            "commonAnnotations": {"owner": "b"},
            "networkPolicy": {"enabled": True},
        }
    )
    rendered = helm.render(chart, values)
    assert workflow_of(rendered)["sink"] == sink
    assert workflow_of(rendered)["sources"] == [{"eventType": "a", **sink}]
    workflow = one(rendered, "SonataFlow")
    assert workflow["metadata"]["annotations"]["sonataflow.org/profile"] == "dev"
    for document in rendered:
        assert document["metadata"]["labels"]["team"] == "a", document["kind"]
        assert document["metadata"]["annotations"]["owner"] == "b", document["kind"]
    plain = helm.render(chart, ALL_GIVEN)
    assert "labels" not in one(plain, "ConfigMap", "-specs")["metadata"]


def test_the_version_is_a_label_of_the_custom_resource_where_a_value_asks_for_it(chart: Path, helm: Helm) -> None:
    version = {"sonataflow.org/version": "1.10"}
    given = {"networkPolicy": {"enabled": True}, "commonLabels": {"team": "a"}}
    plain = helm.render(chart, with_(given))
    labelled = helm.render(chart, with_({**given, "versionLabel": True}))
    for before, after in zip(plain, labelled, strict=True):
        more = version if after["kind"] == "SonataFlow" else {}
        assert after["metadata"]["labels"] == {**before["metadata"]["labels"], **more}, after["kind"]
    own = {"commonLabels": {"sonataflow.org/version": "mine"}, "versionLabel": True}
    for document in helm.render(chart, with_(own)):
        assert document["metadata"]["labels"]["sonataflow.org/version"] == "mine", document["kind"]


def test_a_changed_resource_changes_the_container(chart: Path, helm: Helm, tmp_path: Path) -> None:
    before = variables_of(helm.render(chart, ALL_GIVEN))["WAYBILL_RESOURCES_CHECKSUM"]
    chart = shutil.copytree(chart, tmp_path / "changed")
    (chart / "files/specs/api.yaml").write_text("other", encoding="utf-8")
    assert variables_of(helm.render(chart, ALL_GIVEN))["WAYBILL_RESOURCES_CHECKSUM"] != before
    off = variables_of(helm.render(chart, with_({"rollOnChange": False})))
    assert "WAYBILL_RESOURCES_CHECKSUM" not in off


def test_the_network_policy_lets_in_the_platform_and_its_own_namespace(chart: Path, helm: Helm) -> None:
    assert [d for d in helm.render(chart, ALL_GIVEN) if d["kind"] == "NetworkPolicy"] == []
    values = with_({"networkPolicy": {"enabled": True, "rhdhNamespace": "hub", "extraNamespaces": ["x", "hub"]}})
    policy = one(helm.render(chart, values), "NetworkPolicy")
    kubernetes_validate.validate(policy, "1.30", strict=True)
    assert policy["metadata"]["name"] == "demo"
    assert policy["spec"]["podSelector"] == {"matchLabels": {"sonataflow.org/workflow-app": "demo"}}
    allowed = policy["spec"]["ingress"][0]["from"]
    assert allowed[0] == {"podSelector": {}}
    names = [peer["namespaceSelector"]["matchLabels"]["kubernetes.io/metadata.name"] for peer in allowed[1:]]
    assert names == ["hub", "sonataflow-infra", "x"]


def test_built_in_objects_satisfy_kubernetes_own_schemas(chart: Path, helm: Helm) -> None:
    rendered = helm.render(chart, with_({"networkPolicy": {"enabled": True}}))
    built_in = [d for d in rendered if d["kind"] != "SonataFlow"]
    assert {d["kind"] for d in built_in} == {"ConfigMap", "Secret", "NetworkPolicy"}
    for document in built_in:
        kubernetes_validate.validate(document, "1.30", strict=True)


@pytest.mark.parametrize(
    "values",
    [
        {"requireEnvs": False},
        {"env": {"SERVICE_URI": "x"}},
        {"secret": {"data": {"SERVICE_TOKENS": "x"}}},
        {"image": {"tags": "x"}},
        {"persistence": {"serviceRef": {"database": "x"}}},
        {"networkPolicy": {"enable": True}},
        {"image": {"digest": "sha256:short"}},
    ],
)
def test_a_misspelt_value_is_rejected(values: dict[str, Any], chart: Path, helm: Helm) -> None:
    with pytest.raises(HelmRefusal):
        helm.render(chart, with_(values))


def test_what_an_umbrella_adds_is_allowed(chart: Path, helm: Helm) -> None:
    assert helm.render(chart, with_({"enabled": True, "global": {"anything": 1}}))


def test_every_value_is_documented_where_it_stands(chart: Path) -> None:
    lines = (chart / "values.yaml").read_text(encoding="utf-8").splitlines()
    undocumented = [
        line
        for before, line in itertools.pairwise(lines)
        if line.strip() and not line.strip().startswith("#") and not before.strip().startswith("#") and '":' not in line
    ]
    assert [line for line in undocumented if not line.endswith(":")] == []
    assert '  # Where the service is.\n  # Required.\n  SERVICE_URL: ""' in "\n".join(lines)
    assert '  # Default: nobody.\n  SERVICE_USER: ""' in "\n".join(lines)
    assert list(yaml.safe_load("\n".join(lines))["env"]) == [
        "FROM_DEFINITION",
        "SERVICE_PATH",
        "SERVICE_URL",
        "SERVICE_USER",
    ]


def test_a_cluster_without_the_operator_is_refused_with_one_line(chart: Path, helm: Helm) -> None:
    on_a_server = ("--api-versions", "v1/Pod")
    with pytest.raises(HelmRefusal) as refusal:
        helm.render(chart, ALL_GIVEN, *on_a_server)
    assert "this cluster has no sonataflow.org/v1alpha08: install the SonataFlow operator" in str(refusal.value)


def test_a_cluster_with_an_operator_that_would_drop_fields_is_refused(chart: Path, helm: Helm) -> None:
    on_a_server = ("--api-versions", "v1/Pod", "--api-versions", "sonataflow.org/v1alpha08")
    with pytest.raises(HelmRefusal, match=r"SonataFlow operator is older than 10: it would drop spec\.persistence"):
        helm.render(chart, ALL_GIVEN, *on_a_server)
    assert helm.render(chart, {**ALL_GIVEN, "operatorCheck": "none"}, *on_a_server)
    newest = "sonataflow.org/v1alpha08/SonataFlowClusterPlatform"
    assert helm.render(chart, ALL_GIVEN, *on_a_server, "--api-versions", newest)


def test_where_no_cluster_can_be_read_strict_asks_what_discovery_does(chart: Path, helm: Helm) -> None:
    strict = {**ALL_GIVEN, "operatorCheck": "strict"}
    assert helm.render(chart, strict) == helm.render(chart, ALL_GIVEN)
    with pytest.raises(HelmRefusal, match="SonataFlow operator is older than 10"):
        helm.render(chart, strict, "--api-versions", "v1/Pod", "--api-versions", "sonataflow.org/v1alpha08")


def test_a_provider_s_version_suffix_passes(chart: Path, helm: Helm) -> None:
    assert helm.render(chart, ALL_GIVEN, "--kube-version", "v1.31.2-eks-1")
    with pytest.raises(HelmRefusal):
        helm.render(chart, ALL_GIVEN, "--kube-version", "v1.19.0")


def test_notes_say_what_to_do_next(chart: Path, helm4: Helm) -> None:
    # Helm 3 wants a cluster even for a dry run on the client.
    words = ("install", "demo", str(chart), "--namespace", "mine", "--dry-run=client", "--set", "requireEnv=false")
    _, notes = helm4.run(*words).split("NOTES:\n")
    for expected in (
        'kubectl label namespace mine rhdh.redhat.com/workflow-namespace=""',
        "argocd.argoproj.io/managed-by=",
        "kubectl get secret sonataflow-psql-postgresql -n sonataflow-infra",
        "kubectl get sonataflow demo -n mine -w",
        "  env.SERVICE_URL",
    ):
        assert expected in notes


def test_the_chart_says_what_it_is(chart: Path) -> None:
    metadata = yaml.safe_load((chart / "Chart.yaml").read_text(encoding="utf-8"))
    assert metadata["name"] == "demo-v1"
    assert metadata["version"] == "0.1.0"
    assert metadata["appVersion"] == "1.10"
    assert metadata["icon"].startswith("data:image/svg+xml;base64,")
    readme = (chart / "README.md").read_text(encoding="utf-8")
    for heading in (
        "## Install",
        "## Variables",
        "## Values",
        "## Upgrade from a hand-made chart",
        "## Troubleshooting",
    ):
        assert heading in readme
    assert "| SERVICE_URL | `env.SERVICE_URL` | yes | Where the service is. |" in readme
