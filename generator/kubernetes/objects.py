"""Turns an understood workflow into Kubernetes objects: plain data, in the order they are to be applied."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from generator.text.yaml_writer import dump
from generator.workflow import properties
from generator.workflow.folder import slug
from generator.workflow.properties import Properties
from generator.workflow.workflow import Workflow

API_VERSION: Final = "sonataflow.org/v1alpha08"
#: Only the operators that know all fields of a chart serve it (generator/kubernetes/crds: 10).
NEWEST_KIND: Final = f"{API_VERSION}/SonataFlowClusterPlatform"
#: The CustomResourceDefinition of SonataFlow.
DEFINITION_NAME: Final = "sonataflows.sonataflow.org"
#: Creates the engine's tables at start; what 10.x needs for persistence (kie-addons-quarkus-persistence-jdbc).
FLYWAY: Final = "kie.flyway.enabled"
DEFAULT_PROFILE: Final = "gitops"

Manifest = dict[str, Any]


@dataclass(frozen=True, kw_only=True)
class ImageReference:
    """Where a workflow's container image is pulled from. A digest wins over a tag: what was tested is deployed."""

    repository: str
    tag: str | None = None
    digest: str | None = None

    def __str__(self) -> str:
        return f"{self.repository}@{self.digest}" if self.digest else f"{self.repository}:{self.tag or 'latest'}"


@dataclass(frozen=True, kw_only=True)
class Database:
    """The PostgreSQL service that keeps the state of waiting instances; names are those that RHDH's operator uses."""

    schema: str
    secret: str = "sonataflow-psql-postgresql"  # noqa: S105 - a Secret's name, no secret
    user_key: str = "postgres-username"
    password_key: str = "postgres-password"  # noqa: S105 - a key's name, no password
    service: str = "sonataflow-psql-postgresql"
    port: int = 5432
    name: str = "sonataflow"
    namespace: str = ""

    def as_persistence(self) -> Manifest:
        """`spec.persistence` of the custom resource."""
        return {
            "postgresql": {
                "secretRef": {"name": self.secret, "userKey": self.user_key, "passwordKey": self.password_key},
                "serviceRef": {
                    "name": self.service,
                    "port": self.port,
                    "databaseName": self.name,
                    "databaseSchema": self.schema,
                    **({"namespace": self.namespace} if self.namespace else {}),
                },
            }
        }


@dataclass(frozen=True, kw_only=True)
class ManifestOptions:
    """What a person may choose about the objects."""

    image: str = ""
    namespace: str = ""
    profile: str = DEFAULT_PROFILE
    database: Database | None = None
    secret_values: bool = False


def resource_map_names(workflow: Workflow) -> dict[str, str]:
    """Folder to the name of the ConfigMap that holds it: `01-greeting-resources-schemas`."""
    folders = workflow.source.resource_folders()
    return {
        folder: f"{number:02d}-{workflow.object_name}-resources-{slug(folder)}"
        for number, folder in enumerate(folders, start=1)
    }


def labels_of(name: str, namespace: str = "") -> dict[str, str]:
    """What the operator finds a workflow's objects by."""
    return {
        "app": name,
        "app.kubernetes.io/component": "serverless-workflow",
        "app.kubernetes.io/managed-by": "sonataflow-operator",
        "app.kubernetes.io/name": name,
        "sonataflow.org/workflow-app": name,
        "sonataflow.org/workflow-namespace": namespace,
    }


def annotations_of(workflow: Workflow, profile: str = DEFAULT_PROFILE) -> dict[str, str]:
    """What the custom resource says about the definition."""
    definition = workflow.definition
    return {
        "sonataflow.org/description": definition.description,
        "sonataflow.org/expressionLang": definition.expression_lang,
        "sonataflow.org/profile": profile,
        "sonataflow.org/version": definition.version,
    }


def flow(workflow: Workflow) -> Manifest:
    """`spec.flow`: the definition without what no SonataFlow CRD takes.

    A number as a retry's jitter or multiplier is refused by every CRD (they want an object there that no engine
    reads), so it is left out; lint says so.
    """
    content = dict(workflow.definition.flow)
    if "retries" in content:
        left_out = ("jitter", "multiplier")
        content["retries"] = [{k: v for k, v in retry.items() if k not in left_out} for retry in content["retries"]]
    return dict(sorted(content.items()))


def lacks_flyway(props: Properties | None) -> bool:
    """Whether persistence has to add its property: what a workflow says itself stays."""
    return props is None or FLYWAY not in props.effective()


def properties_text(props: Properties | None, *, persistence: bool) -> str | None:
    """application.properties as it is mounted; None where there is nothing to mount."""
    text = props.text if props else None
    if persistence and lacks_flyway(props):
        return properties.with_property(text or "", f"{FLYWAY}=true")
    return text


def manifests(workflow: Workflow, options: ManifestOptions) -> list[Manifest]:
    """Return the objects of a workflow: properties, secret, resources, custom resource."""
    objects = [
        _properties_map(workflow, options),
        _secret(workflow, options) if options.secret_values else None,
        *_resource_maps(workflow, options),
        _sonataflow(workflow, options),
    ]
    return [manifest for manifest in objects if manifest]


def manifest_files(objects: list[Manifest]) -> dict[str, bytes]:
    """File name (`01-configmap_greeting-props.yaml`) to YAML."""
    return {
        f"{number:02d}-{manifest['kind'].lower()}_{manifest['metadata']['name']}.yaml": dump(manifest).encode()
        for number, manifest in enumerate(objects, start=1)
    }


def _metadata(name: str, namespace: str, **more: Any) -> Manifest:
    return {"name": name, **({"namespace": namespace} if namespace else {}), **more}


def _properties_map(workflow: Workflow, options: ManifestOptions) -> Manifest | None:
    text = properties_text(workflow.properties, persistence=options.database is not None)
    if text is None:
        return None
    name = workflow.object_name
    common = labels_of(name, options.namespace)
    return {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": _metadata(f"{name}-props", options.namespace, labels=common),
        "data": {"application.properties": text},
    }


def _secret(workflow: Workflow, options: ManifestOptions) -> Manifest | None:
    if not workflow.secrets:
        return None
    name = workflow.object_name
    return {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": _metadata(workflow.secret_name, options.namespace, labels=labels_of(name, options.namespace)),
        "stringData": dict(properties.secret_values(workflow.secrets)),
    }


def _resource_maps(workflow: Workflow, options: ManifestOptions) -> list[Manifest]:
    folders = workflow.source.resource_folders()
    return [
        {
            "apiVersion": "v1",
            "kind": "ConfigMap",
            "metadata": _metadata(name, options.namespace),
            "data": {file: workflow.mounted[f"{folder}/{file}"].decode() for file in folders[folder]},
        }
        for folder, name in resource_map_names(workflow).items()
    ]


def _sonataflow(workflow: Workflow, options: ManifestOptions) -> Manifest:
    name = workflow.object_name
    environment = [_from_secret(key, workflow.secret_name) for key in workflow.secret_keys]
    container: Manifest = {**({"image": options.image} if options.image else {}), "resources": {}}
    if environment:
        container["env"] = environment
    mounted = [
        {"configMap": {"name": map_name}, "workflowPath": folder}
        for folder, map_name in resource_map_names(workflow).items()
    ]
    return {
        "apiVersion": API_VERSION,
        "kind": "SonataFlow",
        "metadata": _metadata(
            name,
            options.namespace,
            labels=labels_of(name, options.namespace),
            annotations=annotations_of(workflow, options.profile),
        ),
        "spec": {
            "flow": flow(workflow),
            **({"persistence": options.database.as_persistence()} if options.database else {}),
            "podTemplate": {"container": container},
            "resources": {"configMaps": mounted} if mounted else {},
        },
    }


def _from_secret(key: str, secret: str) -> Mapping[str, Any]:
    return {"name": properties.environment_name(key), "valueFrom": {"secretKeyRef": {"name": secret, "key": key}}}
