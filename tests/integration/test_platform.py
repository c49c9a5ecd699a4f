"""The chart `platform` as real Helm renders it, and the command that writes it."""

from __future__ import annotations

import copy
import itertools
import json
import re
import shlex
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import kubernetes_validate
import pytest
import yaml

from generator.namespaces.policies import Neighbours, policies
from generator.platform.platform import platform_chart, platform_sonataflow
from generator.platform.values import PROFILES, Profile
from tests.conftest import ROOT, Helm, HelmRefusal, Rendered, Waybill
from tests.crd_facts import FOLDERS
from tests.integration.custom_resources import refusals
from tests.platform_values import CELLS, IDS, everything, required

#: The groups of Kubernetes itself.
OF_KUBERNETES = {"v1", "apps/v1", "batch/v1", "networking.k8s.io/v1"}
#: What discovery of a cluster has that has all operators.
SERVED = (
    "v1/Pod",
    "operators.coreos.com/v1alpha1/Subscription",
    "operator.knative.dev/v1beta1/KnativeServing",
    "operator.knative.dev/v1beta1/KnativeEventing",
    "eventing.knative.dev/v1/Broker",
    "sonataflow.org/v1alpha08/SonataFlowPlatform",
    "sonataflow.org/v1alpha08/SonataFlowClusterPlatform",
    "rhdh.redhat.com/v1alpha5/Backstage",
    "rhdh.redhat.com/v1alpha3/Orchestrator",
    "argoproj.io/v1alpha1/AppProject",
)


@pytest.fixture(scope="module")
def charts(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a chart for each profile and SonataFlow: PROFILE-SONATAFLOW/platform."""
    place = tmp_path_factory.mktemp("platforms")
    for profile, name in CELLS:
        for path, data in platform_chart(profile, platform_sonataflow(name), "1.0.0").items():
            target = place / f"{profile}-{name}" / "platform" / path
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(data)
    return place


def chart(charts: Path, profile: Profile, name: str = "10") -> Path:
    return charts / f"{profile}-{name}" / "platform"


def wrong(document: Mapping[str, Any], name: str, shared: Path) -> list[str]:
    """What an API server with all operators says against an object."""
    if document["apiVersion"] in OF_KUBERNETES:
        kubernetes_validate.validate(dict(document), "1.30", strict=True)
        return []
    of_sonataflow = document["apiVersion"].startswith("sonataflow.org/")
    said = refusals(document, shared / "crds" / FOLDERS[name] if of_sonataflow else shared / "crds-others")
    # The Broker's definition leaves out what all objects have.
    return [text for text in said if "('apiVersion', 'kind', 'metadata' were unexpected)" not in text]


def names_of(rendered: Rendered) -> set[str]:
    return {f"{each['kind']}/{each['metadata']['name']}" for each in rendered}


def kinds_of(rendered: Rendered) -> set[str]:
    return {each["kind"] for each in rendered}


def one(rendered: Rendered, kind: str) -> dict[str, Any]:
    (found,) = (each for each in rendered if each["kind"] == kind)
    return found


def said_of(helm: Helm, place: Path, values: Mapping[str, Any], *options: str) -> str:
    with pytest.raises(HelmRefusal) as refused:
        helm.render(place, values, *options)
    return str(refused.value)


@pytest.mark.parametrize(("profile", "name"), CELLS, ids=IDS)
def test_every_object_of_every_profile_is_one_that_its_cluster_takes(
    profile: Profile, name: str, charts: Path, helm: Helm, shared: Path
) -> None:
    place = chart(charts, profile, name)
    values = json.dumps(required(profile, name))
    said = helm.run("lint", "--strict", str(place), "-f", "-", stdin=values, both=True).split("\n")
    assert [line for line in said if line] == [f"==> Linting {place}", "1 chart(s) linted, 0 chart(s) failed"]
    for values in (required(profile, name), everything(profile, name)):
        rendered = helm.render(place, values)
        found = {f"{each['kind']}: {text}" for each in rendered for text in wrong(each, name, shared)}
        assert found == set()
        assert len(names_of(rendered)) >= len(rendered) - len(values.get("namespaces", []))


def test_an_orchestrator_takes_the_place_of_the_platform(charts: Path, helm: Helm, shared: Path) -> None:
    values: dict[str, Any] = {**required("openshift", "10"), "orchestrator": {"enabled": True}}
    assert "installs a SonataFlowPlatform itself" in said_of(helm, chart(charts, "openshift"), values)
    spec = {"argocd": {"enabled": True, "namespace": "argo"}, "rhdh": {"name": "mine"}}
    values |= {"platform": {"enabled": False}, "orchestrator": {"enabled": True, "spec": spec}}
    rendered = helm.render(chart(charts, "openshift"), values, "--namespace", "infra")
    orchestrator = one(rendered, "Orchestrator")
    assert wrong(orchestrator, "10", shared) == []
    assert orchestrator["spec"]["postgres"]["authSecret"]["name"] == "mine"
    assert orchestrator["spec"]["rhdh"] == {"name": "mine", "namespace": "rhdh-operator", "installOperator": False}
    assert orchestrator["spec"]["argocd"] == spec["argocd"]
    assert not {"SonataFlowPlatform", "SonataFlowClusterPlatform"} & kinds_of(rendered)


def test_developer_hub_has_a_namespace_of_its_own(charts: Path, helm4: Helm) -> None:
    values = {**required("openshift", "10"), "rhdh": {"enabled": True, "namespace": "infra"}}
    said = said_of(helm4, chart(charts, "openshift"), values, "--namespace", "infra")
    assert "a SonataFlowPlatform of its own in rhdh.namespace, infra" in said
    backstage = one(helm4.render(chart(charts, "openshift"), values), "Backstage")
    assert backstage["metadata"]["namespace"] == "infra"
    assert backstage["spec"]["flavours"] == [{"name": "orchestrator", "enabled": True}]


def test_a_subscription_is_as_the_catalog_has_it(charts: Path, helm4: Helm) -> None:
    rendered = helm4.render(chart(charts, "openshift"), required("openshift", "10"))
    found = {each["metadata"]["name"]: each for each in rendered if each["kind"] == "Subscription"}
    assert found["logic-operator"]["metadata"]["namespace"] == "openshift-serverless-logic"
    assert found["logic-operator"]["spec"] == {
        "name": "logic-operator",
        "channel": "stable",
        "startingCSV": "logic-operator.v1.37.2",
        "installPlanApproval": "Manual",
        "source": "redhat-operators",
        "sourceNamespace": "openshift-marketplace",
    }
    assert found["serverless-operator"]["spec"]["channel"] == "stable"
    assert "startingCSV" not in found["serverless-operator"]["spec"]
    groups = {each["metadata"]["namespace"] for each in rendered if each["kind"] == "OperatorGroup"}
    assert groups == {"openshift-serverless", "openshift-serverless-logic"}


def test_the_platform_has_the_database_the_resources_and_the_schemas(charts: Path, helm4: Helm) -> None:
    values = {**required("openshift", "10"), "platform": {"services": {"dataIndex": {"databaseSchema": "index"}}}}
    rendered = helm4.render(chart(charts, "openshift"), values, "--namespace", "infra")
    spec = one(rendered, "SonataFlowPlatform")["spec"]
    secret = {"name": "mine", "userKey": "postgres-username", "passwordKey": "postgres-password"}
    service = {
        "name": "sonataflow-psql-postgresql",
        "namespace": "infra",
        "port": 5432,
        "databaseName": "sonataflow",
    }
    assert spec["persistence"]["postgresql"] == {"secretRef": secret, "serviceRef": service}
    index, jobs = (spec["services"][each] for each in ("dataIndex", "jobService"))
    assert index["persistence"]["postgresql"]["serviceRef"] == {**service, "databaseSchema": "index"}
    assert jobs["persistence"]["postgresql"]["serviceRef"] == service
    assert index["podTemplate"]["container"]["resources"] == {
        "limits": {"cpu": "500m", "memory": "1Gi"},
        "requests": {"cpu": "250m", "memory": "64Mi"},
    }
    assert jobs["podTemplate"]["container"]["resources"] == {
        "limits": {"cpu": "200m", "memory": "1Gi"},
        "requests": {"cpu": "100m", "memory": "1Gi"},
    }
    reference = one(rendered, "SonataFlowClusterPlatform")["spec"]["platformRef"]
    assert reference == {"name": "sonataflow-platform", "namespace": "infra"}
    assert "dbMigrationStrategy" not in str(spec)
    values = {**required("openshift", "10"), "platform": {"services": {"dataIndex": {"dbMigrationStrategy": "job"}}}}
    changed = one(helm4.render(chart(charts, "openshift"), values), "SonataFlowPlatform")["spec"]["services"]
    assert changed["dataIndex"]["persistence"]["dbMigrationStrategy"] == "job"


def test_a_database_behind_a_url_takes_the_place_of_the_service(charts: Path, helm4: Helm, shared: Path) -> None:
    place = chart(charts, "existing")
    urls = {"dataIndex": {"jdbcUrl": "jdbc:postgresql://h/d?currentSchema=index"}, "jobService": {"enabled": False}}
    values: dict[str, Any] = {
        "database": {"existingSecret": "mine", "serviceRef": {"name": ""}},
        "platform": {"services": urls, "persistence": {"jdbcUrl": "jdbc:postgresql://h/d"}},
    }
    platform = one(helm4.render(place, values), "SonataFlowPlatform")
    assert wrong(platform, "10", shared) == []
    assert set(platform["spec"]["persistence"]["postgresql"]) == {"secretRef", "jdbcUrl"}
    assert set(platform["spec"]["services"]) == {"dataIndex"}
    values["platform"]["persistence"] = {}
    assert "set platform.persistence.jdbcUrl, or platform.persistence.enabled=false" in said_of(helm4, place, values)
    values["database"]["create"] = True
    assert "database.create needs database.serviceRef.name" in said_of(helm4, place, values)
    values["database"]["create"] = False
    values["namespaces"] = [{"name": "demo", "database": {"secret": "s"}}]
    assert "the namespace demo needs database.serviceRef.name" in said_of(helm4, place, values)


def test_a_password_is_asked_for_and_never_made_up(charts: Path, helm: Helm) -> None:
    for profile in PROFILES:
        assert "the database needs a password, and there is no default" in said_of(helm, chart(charts, profile), {})
    both = {"database": {"password": "p", "existingSecret": "mine"}}
    assert "keep one of them" in said_of(helm, chart(charts, "kind"), both)
    mine = helm.render(chart(charts, "kind"), {"database": {"existingSecret": "mine"}})
    assert "Secret" not in kinds_of(mine)
    assert "sonataflow-psql-postgresql" in {each["metadata"]["name"] for each in mine if each["kind"] == "StatefulSet"}
    secret = one(helm.render(chart(charts, "kind"), {"database": {"password": "p: 'q'"}}), "Secret")
    assert secret["metadata"]["name"] == "sonataflow-psql-postgresql"
    assert secret["metadata"]["annotations"]["helm.sh/resource-policy"] == "keep"
    assert secret["stringData"] == {"postgres-username": "postgres", "postgres-password": "p: 'q'"}


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"broker": {"enabled": True, "name": ""}}, "broker.enabled needs broker.name"),
        ({"gitops": {"enabled": True}}, "gitops.enabled needs gitops.sourceRepos"),
        ({"database": {"password": "p", "username": "me"}}, "the user of postgresql is postgres"),
        ({"database": {"password": "p", "serviceRef": {"namespace": "x"}}}, "postgresql is in this namespace"),
        ({"namespaces": [{"name": "a"}, {"name": "b"}, {"name": "a"}]}, "namespaces has a twice"),
    ],
)
def test_values_that_do_not_go_together_are_refused_with_what_to_do(
    values: dict[str, Any], said: str, charts: Path, helm4: Helm
) -> None:
    assert said in said_of(helm4, chart(charts, "kind"), {"database": {"existingSecret": "mine"}} | values)


def test_an_older_openshift_needs_the_version_that_nobody_has_published(charts: Path, helm4: Helm) -> None:
    said = said_of(helm4, chart(charts, "openshift", "1.45"), {"database": {"existingSecret": "mine"}})
    assert "--set operators.serverlessLogic.startingCSV=logic-operator-rhel8.vX.Y.Z" in said


@pytest.mark.parametrize("place", ["", "platform", "database.serviceRef", "postgresql", "networkPolicies", "gitops"])
def test_helm_refuses_a_misspelt_value(place: str, charts: Path, helm: Helm) -> None:
    given: dict[str, Any] = {"enabeld": True}
    for key in reversed(place.split(".") if place else []):
        given = {key: given}
    assert "enabeld" in said_of(helm, chart(charts, "openshift"), given)


def test_existing_refuses_the_values_of_what_belongs_to_the_cluster(charts: Path, helm: Helm, shared: Path) -> None:
    place = chart(charts, "existing")
    for values in ({"operators": {}}, {"clusterPlatform": {"enabled": True}}, {"knative": {}}, {"stage": "platform"}):
        assert "not allowed" in said_of(helm, place, {**required("existing", "10"), **values})
    quota = {**required("existing", "10"), "platform": {"quota": True}}
    assert "quota" in said_of(helm, place, quota)
    create = {**required("existing", "10"), "namespaces": [{"name": "demo", "create": True}]}
    assert "create" in said_of(helm, place, create)
    kinds = kinds_of(helm.render(place, everything("existing", "10")))
    assert kinds == {
        "AppProject",
        "Broker",
        "Job",
        "NetworkPolicy",
        "Secret",
        "Service",
        "SonataFlowPlatform",
        "StatefulSet",
    }
    definitions = (text for text in map(Path.read_text, shared.glob("crds*/**/*.yaml")))
    cluster_wide = {text for text in definitions if re.search(r"^  scope: Cluster$", text, re.MULTILINE)}
    assert "SonataFlowClusterPlatform" in "".join(cluster_wide)
    assert not [kind for kind in kinds if f"    kind: {kind}\n" in "".join(cluster_wide)]


def switches(defaults: Mapping[str, Any], path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    for key, value in defaults.items():
        if isinstance(value, bool):
            yield (*path, key)
        elif isinstance(value, dict):
            yield from switches(value, (*path, key))


def switched(values: Mapping[str, Any], defaults: Mapping[str, Any], path: tuple[str, ...]) -> dict[str, Any]:
    """Values with one switch the other way."""
    *groups, switch = path
    changed = copy.deepcopy(dict(values))
    place = changed
    for key in groups:
        place, defaults = place.setdefault(key, {}), defaults[key]
    place[switch] = not place.get(switch, defaults[switch])
    return changed


@pytest.mark.parametrize("profile", PROFILES)
def test_every_switch_changes_what_is_installed(profile: Profile, charts: Path, helm4: Helm) -> None:
    place = chart(charts, profile)
    defaults = yaml.safe_load((place / "values.yaml").read_bytes())
    # An Orchestrator takes the place of the platform, which has a test of its own.
    paths = [path for path in switches(defaults) if path != ("orchestrator", "enabled")]
    assert {("platform", "enabled"), ("postgresql", "enabled"), ("networkPolicies", "enabled")} <= set(paths)
    values = everything(profile, "10")
    given = {".".join(path): switched(values, defaults, path) for path in paths}
    rendered = helm4.render_each(place, {"": values, **given})
    before = rendered.pop("")
    assert [switch for switch, after in rendered.items() if after == before] == []


@pytest.mark.parametrize("profile", ["openshift", "kind"])
def test_a_stage_has_what_those_before_it_have(profile: Profile, charts: Path, helm4: Helm) -> None:
    stages = ["operators", "knative", "platform"] if profile == "openshift" else ["knative", "platform"]
    values = everything(profile, "10")
    found = [helm4.render(chart(charts, profile), {**values, "stage": stage}) for stage in stages]
    names = [names_of(each) for each in found]
    for before, after in itertools.pairwise(names):
        assert before < after
    if profile == "openshift":
        assert kinds_of(found[0]) == {"Namespace", "OperatorGroup", "Subscription"}
    assert "SonataFlowPlatform" not in kinds_of(found[-2])
    assert "KnativeServing" in kinds_of(found[-2])


@pytest.mark.parametrize("gone", SERVED[1:])
def test_a_kind_that_is_missing_stops_an_install_with_one_line(gone: str, charts: Path, helm: Helm) -> None:
    place = chart(charts, "openshift")
    values = everything("openshift", "10")
    if gone.endswith("Orchestrator"):
        values |= {"platform": {"enabled": False}, "orchestrator": {"enabled": True}}
    served = [word for each in SERVED for word in ("--api-versions", each)]
    assert helm.render(place, values, *served)
    fewer = [word for each in SERVED if each != gone for word in ("--api-versions", each)]
    (line,) = [each for each in said_of(helm, place, values, *fewer).splitlines() if "this cluster has no" in each]
    assert f"this cluster has no {gone}: " in line
    assert re.search("first|write the chart for", line)
    assert helm.render(place, {**values, "operatorCheck": "none"}, *fewer)
    assert helm.render(
        place, {**values, "stage": "operators"}, "--api-versions", SERVED[0], "--api-versions", SERVED[1]
    )


def test_without_a_cluster_everything_is_rendered(charts: Path, helm4: Helm) -> None:
    # Argo CD renders so, and lookup finds nothing there.
    for profile in PROFILES:
        assert "SonataFlowPlatform" in kinds_of(helm4.render(chart(charts, profile), required(profile, "10")))


def test_argo_cd_applies_in_the_order_in_which_kinds_come(charts: Path, helm4: Helm) -> None:
    rendered = helm4.render(chart(charts, "openshift"), everything("openshift", "10"))
    wave = {each["kind"]: int(each["metadata"]["annotations"]["argocd.argoproj.io/sync-wave"]) for each in rendered}
    order = ["Namespace", "Subscription", "KnativeServing", "StatefulSet", "Job", "SonataFlowPlatform"]
    assert [wave[kind] for kind in order] == sorted({wave[kind] for kind in order})
    later = {
        "KnativeServing",
        "KnativeEventing",
        "SonataFlowPlatform",
        "SonataFlowClusterPlatform",
        "Broker",
        "Backstage",
    }
    skipping = {each["kind"] for each in rendered if "SkipDryRun" in str(each["metadata"]["annotations"])}
    assert skipping == later


def test_a_job_is_another_one_when_its_spec_changes(charts: Path, helm4: Helm) -> None:
    def jobs(**values: Any) -> dict[str, Any]:
        database = {"existingSecret": "mine", "serviceRef": {"databaseName": "My_Data base"}}
        given = {"database": database, "namespaces": [{"name": "demo", "database": {"secret": "s"}}], **values}
        rendered = helm4.render(chart(charts, "kind"), given)
        return {each["metadata"]["name"]: each for each in rendered if each["kind"] == "Job"}

    first = jobs()
    assert len(first) == 2
    for name, job in first.items():
        assert re.fullmatch(r"sonataflow-(database-my-data-base|user-demo)-[0-9a-f]{10}", name)
        assert len(name) <= 63
        assert not [key for key in job["metadata"]["annotations"] if "hook" in key]
        assert "ttlSecondsAfterFinished" not in job["spec"]
    assert jobs(commonLabels={"a": "b"}).keys() == first.keys()
    changed = jobs(postgresql={"image": "quay.io/mine/postgresql:16"})
    assert not changed.keys() & first.keys()


def test_no_password_is_an_argument_of_a_job(charts: Path, helm4: Helm) -> None:
    rendered = helm4.render(chart(charts, "kind"), everything("kind", "10") | {"database": {"password": "hidden"}})
    for each in rendered:
        if each["kind"] != "Secret":
            assert "hidden" not in json.dumps(each)


def test_policies_let_in_those_who_have_to_call(charts: Path, helm4: Helm) -> None:
    values = {**required("openshift", "10"), "namespaces": [{"name": "demo"}]}
    found = [each for each in helm4.render(chart(charts, "openshift"), values) if each["kind"] == "NetworkPolicy"]
    services, workflows = sorted(found, key=lambda each: each["metadata"].get("namespace", ""))
    assert allowed(services) == {
        "itself",
        "rhdh-operator",
        "knative-eventing",
        "knative-serving",
        "openshift-serverless-logic",
        "openshift-user-workload-monitoring",
        "demo",
        "rhdh.redhat.com/workflow-namespace",
        "policy-group.network.openshift.io/ingress",
    }
    assert workflows["metadata"]["namespace"] == "demo"
    assert {"itself", "default", "rhdh-operator", "knative-eventing", "knative-serving"} <= allowed(workflows)
    assert "rhdh.redhat.com/workflow-namespace" not in allowed(workflows)
    values["networkPolicies"] = {"inRhdhNamespace": True}
    rendered = helm4.render(chart(charts, "openshift"), values)
    (reverse,) = (each for each in rendered if each["metadata"]["name"] == "allow-to-rhdh")
    assert reverse["metadata"]["namespace"] == "rhdh-operator"
    assert {"itself", "default", "demo", "policy-group.network.openshift.io/ingress"} <= allowed(reverse)
    values["networkPolicies"] = {"enabled": False}
    assert "NetworkPolicy" not in kinds_of(helm4.render(chart(charts, "openshift"), values))


@pytest.mark.parametrize("profile", PROFILES)
def test_the_policies_are_those_of_namespace_add_or_more(profile: Profile, charts: Path, helm4: Helm) -> None:
    values = {
        **required(profile, "10"),
        "namespaces": [{"name": "demo"}],
        "networkPolicies": {"inRhdhNamespace": True},
    }
    rendered = helm4.render(chart(charts, profile), values, "--namespace", "infra")
    found = {each["metadata"]["name"]: each for each in rendered if each["kind"] == "NetworkPolicy"}
    for wanted in policies("demo", Neighbours(rhdh="rhdh-operator", services="infra")):
        there = found.pop(wanted["metadata"]["name"])
        assert there["metadata"].get("namespace", "infra") == wanted["metadata"]["namespace"]
        peers = there["spec"]["ingress"][0]["from"]
        assert [peer for peer in wanted["spec"]["ingress"][0]["from"] if peer not in peers] == []
    assert found == {}


def test_server_side_apply_of_what_namespace_add_prints_meets_no_conflict(charts: Path, helm4: Helm) -> None:
    rendered = helm4.render(chart(charts, "openshift"), required("openshift", "10"), "--namespace", "sonataflow-infra")
    (there,) = (each for each in rendered if each["kind"] == "NetworkPolicy")
    specs = {each["metadata"]["name"]: each["spec"] for each in policies("demo", Neighbours())}
    assert there["spec"] == specs["allow-to-sonataflow-services"]


def allowed(policy: Mapping[str, Any]) -> set[str]:
    """Who may call in: the names of namespaces, and labels of namespaces."""
    assert policy["spec"]["policyTypes"] == ["Ingress"]
    assert policy["spec"]["podSelector"] == {}
    (rule,) = policy["spec"]["ingress"]
    found = set()
    for peer in rule["from"]:
        selector = peer.get("namespaceSelector", {})
        found |= {value or key for key, value in selector.get("matchLabels", {}).items()}
        found |= {"itself"} if peer == {"podSelector": {}} else set()
    return found


def test_a_namespace_of_workflows_is_labelled_and_kept(charts: Path, helm4: Helm) -> None:
    rendered = helm4.render(chart(charts, "openshift"), everything("openshift", "10"))
    namespaces = {each["metadata"]["name"]: each["metadata"] for each in rendered if each["kind"] == "Namespace"}
    assert "plain" not in namespaces
    assert namespaces["demo"]["labels"]["rhdh.redhat.com/workflow-namespace"] == ""
    assert namespaces["demo"]["labels"]["argocd.argoproj.io/managed-by"] == "openshift-gitops"
    assert {each["annotations"]["helm.sh/resource-policy"] for each in namespaces.values()} == {"keep"}
    project = one(rendered, "AppProject")["spec"]
    assert [each["namespace"] for each in project["destinations"]] == ["default", "demo", "plain"]
    assert {"group": "sonataflow.org", "kind": "SonataFlow"} in project["namespaceResourceWhitelist"]


def test_a_broker_is_created_where_the_platform_names_it(charts: Path, helm4: Helm) -> None:
    rendered = helm4.render(chart(charts, "kind"), required("kind", "10"), "--namespace", "infra")
    reference = one(rendered, "SonataFlowPlatform")["spec"]["eventing"]["broker"]["ref"]
    assert reference == {
        "apiVersion": "eventing.knative.dev/v1",
        "kind": "Broker",
        "name": "default",
        "namespace": "infra",
    }
    broker = one(rendered, "Broker")["metadata"]
    assert (broker["name"], broker.get("namespace", "infra")) == ("default", "infra")


def test_kourier_listens_where_the_kind_configuration_maps_9090(charts: Path, helm4: Helm) -> None:
    serving = one(helm4.render(chart(charts, "kind"), required("kind", "10")), "KnativeServing")["spec"]
    cluster = yaml.safe_load((chart(charts, "kind") / "kind" / "cluster.yaml").read_bytes())
    (mapping,) = cluster["nodes"][0]["extraPortMappings"]
    assert mapping == {"containerPort": serving["ingress"]["kourier"]["http-port"], "hostPort": 9090}


@pytest.mark.parametrize("profile", PROFILES)
def test_the_notes_say_what_to_wait_for_and_what_is_next(profile: Profile, charts: Path, helm4: Helm) -> None:
    def notes(**values: Any) -> str:
        words = ("install", "demo", str(chart(charts, profile)), "--dry-run=client", "-n", "infra", "-f", "-")
        text = helm4.run(*words, stdin=json.dumps({**required(profile, "10"), **values}), both=True)
        return text.partition("NOTES:")[2]

    text = notes()
    assert "wait --for=condition=Succeed sonataflowplatform/sonataflow-platform -n infra" in text
    assert "helm install greeting REPOSITORY/greeting -n infra --set persistence.secretRef.name=mine\n" in text
    database = {"existingSecret": "sonataflow-psql-postgresql"}
    assert "greeting -n infra\n" in notes(database=database)
    elsewhere = {**database, "create": False, "serviceRef": {"name": "pg", "namespace": "databases"}}
    said = notes(database=elsewhere, postgresql={"enabled": False})
    assert (
        "greeting -n infra --set persistence.serviceRef.name=pg --set persistence.serviceRef.namespace=databases\n"
        in said
    )
    assert ("not for production" in text) is (profile != "existing")
    managed = {"gitops": {"enabled": True, "sourceRepos": ["r"]}, "namespaces": [{"name": "demo"}]}
    assert "label namespace demo argocd.argoproj.io/managed-by=" in notes(**managed)
    if profile == "openshift":
        first = notes(stage="operators")
        assert "oc get installplan -n openshift-serverless-logic" in first
        assert "installplan -n openshift-serverless\n" not in first
        assert "--reset-then-reuse-values --set stage=platform --set database.existingSecret=mine" in first
    restart = {
        "openshift": "oc delete pods --all -n openshift-serverless-logic",
        "kind": "kubectl rollout restart deployment -n sonataflow-operator-system",
    }
    assert [each for each in restart if restart[each] in text] == [profile] * (profile != "existing")
    if profile != "existing":
        assert "greeting" not in notes(stage="knative")


@pytest.mark.parametrize(("profile", "name"), CELLS, ids=IDS)
def test_the_commands_of_the_readme_set_values_that_there_are(
    profile: Profile, name: str, charts: Path, helm4: Helm, tmp_path: Path
) -> None:
    text = (chart(charts, profile, name) / "README.md").read_text(encoding="utf-8").replace("\\\n", " ")
    commands = [shlex.split(line) for line in text.splitlines() if line.strip().startswith("helm upgrade ")]
    (tmp_path / "demo.yaml").write_text(
        text.partition("```yaml\n# demo.yaml\n")[2].partition("```")[0], encoding="utf-8"
    )
    assert len(commands) == {"openshift": 6, "kind": 4, "existing": 2}[profile]
    given: list[str] = []
    for words in commands:
        pairs = itertools.pairwise(words)
        sets = [word for option, value in pairs if option == "--set" for word in (option, value)]
        files = ["-f", str(tmp_path / "demo.yaml")] if "demo.yaml" in words else []
        given = [*(given if "--reset-then-reuse-values" in words else []), *files, *sets]
        assert helm4.render(chart(charts, profile, name), {}, *given)


def test_the_chart_of_this_repository_is_what_the_command_writes(waybill: Waybill) -> None:
    done = waybill("platform", "--profile", "openshift", "-o", ROOT / "charts", "--check")
    assert done.code == 0, done.err


def test_a_chart_keeps_its_version_until_it_is_bumped(waybill: Waybill, tmp_path: Path) -> None:
    def version(*words: str) -> str:
        done = waybill("platform", "--profile", "kind", "-o", "out", "--json", *words)
        assert done.code == 0, done.err
        return str(done.json["version"])

    assert version() == "10.0.0"
    assert version("--bump", "minor") == "10.1.0"
    assert version() == "10.1.0"
    assert yaml.safe_load((tmp_path / "out/platform/Chart.yaml").read_bytes())["version"] == "10.1.0"
    refused = waybill("platform", "--profile", "kind", "-o", "out", "--bump", "major")
    assert "11.0.0 is not one of the versions 10.x" in refused.err
    assert version("--sonataflow", "1.45") == "1.45.0"
    assert "write it without --bump" in waybill("platform", "--profile", "kind", "-o", "new", "--bump", "patch").err


def test_another_profile_takes_the_files_of_the_one_before_away_and_no_others(waybill: Waybill, tmp_path: Path) -> None:
    assert waybill("platform", "--profile", "openshift", "-o", "out").code == 0
    folder = tmp_path / "out" / "platform"
    for path in ("my-values.yaml", "templates/mine.yaml", "CHANGELOG.md"):
        (folder / path).write_text("# mine\n", encoding="utf-8")
    checked = waybill("platform", "--profile", "existing", "-o", "out", "--check", "--json")
    assert checked.code == 1
    assert "out/platform/templates/operators.yaml" in checked.json["different"]
    done = waybill("platform", "--profile", "existing", "-o", "out")
    assert "operators.yaml: removed, since the profile existing has none" in done.err
    written = platform_chart("existing", platform_sonataflow(None), "10.0.0")
    there = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}
    assert there == written.keys() | {"my-values.yaml", "templates/mine.yaml", "CHANGELOG.md"}
    assert waybill("platform", "--profile", "existing", "-o", "out", "--check").code == 0


def test_a_folder_of_somebody_else_is_left_alone(waybill: Waybill, tmp_path: Path) -> None:
    folder = tmp_path / "out" / "platform"
    folder.mkdir(parents=True)
    (folder / "notes.txt").write_text("mine\n", encoding="utf-8")
    refused = waybill("platform", "--profile", "kind", "-o", "out")
    assert "contains files but no Chart.yaml" in refused.err
    (folder / "Chart.yaml").write_text("name: platform\nversion: 1.0.0\n", encoding="utf-8")
    refused = waybill("platform", "--profile", "kind", "-o", "out")
    assert "is a chart that waybill platform has not written" in refused.err
    assert len(list(folder.iterdir())) == 2


def test_a_platform_is_published_like_any_other_chart(waybill: Waybill, tmp_path: Path) -> None:
    assert waybill("platform", "--profile", "kind", "-o", "out").code == 0
    done = waybill("publish", "out/platform", "--to", "dir:public", "--init")
    assert done.code == 0, done.err
    assert (tmp_path / "public" / "platform-10.0.0.tgz").is_file()
    assert waybill("publish", "out/platform", "--to", "dir:public").code == 0
    assert waybill("platform", "--profile", "existing", "-o", "out").code == 0
    assert "a published version never changes" in waybill("publish", "out/platform", "--to", "dir:public").err
    assert waybill("platform", "--profile", "existing", "-o", "out", "--bump", "patch").code == 0
    assert waybill("publish", "out/platform", "--to", "dir:public").code == 0
    assert (tmp_path / "public" / "platform-10.0.1.tgz").is_file()
