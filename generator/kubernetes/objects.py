"""The table of the objects that a workflow's chart installs, and the same objects as data for `waybill manifests`."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from generator.kubernetes.crd import API_VERSION, Crd
from generator.kubernetes.metadata import without_refused_metadata
from generator.text.yaml_writer import dump
from generator.workflow import properties
from generator.workflow.folder import slug
from generator.workflow.properties import Properties
from generator.workflow.workflow import Workflow

#: The property that creates the engine's tables at start, for SonataFlow 10.x (kie-addons-quarkus-persistence-jdbc).
FLYWAY: Final = "kie.flyway.enabled"
DEFAULT_PROFILE: Final = "gitops"
#: Fields of the custom resource that only later operators have.
POD_TEMPLATE: Final = ("spec", "podTemplate")
PERSISTENCE: Final = ("spec", "persistence")

#: The annotation of a custom resource with the workflow's version, and the label, if it has one.
VERSION: Final = "sonataflow.org/version"
#: The longest value of a label (apimachinery, IsValidLabelValue).
MAX_LABEL: Final = 63
_INVALID_IN_LABEL: Final = re.compile(r"[^-A-Za-z0-9_.]")

Manifest = dict[str, Any]


@dataclass(frozen=True, kw_only=True)
class ImageReference:
    """A container image. A digest wins over a tag, so that the tested image is the one that is deployed."""

    repository: str
    tag: str | None = None
    digest: str | None = None

    def __str__(self) -> str:
        return f"{self.repository}@{self.digest}" if self.digest else f"{self.repository}:{self.tag or 'latest'}"


#: The namespaces of Red Hat Developer Hub and its operator, and of the services of workflows.
RHDH_NAMESPACE: Final = "rhdh-operator"
SERVICES_NAMESPACE: Final = "sonataflow-infra"
#: The SonataFlowPlatform that RHDH's operator and the chart `platform` create.
PLATFORM: Final = "sonataflow-platform"
#: The suffix of the Deployment and the Service of each of its services, by the service's field.
_SERVICE_SUFFIXES: Final = {"dataIndex": "data-index-service", "jobService": "jobs-service"}


def platform_service(platform: str, field: str) -> str:
    """Return the name of the Deployment and the Service of a platform's service (`dataIndex`, `jobService`)."""
    return f"{platform}-{_SERVICE_SUFFIXES[field]}"


@dataclass(frozen=True, kw_only=True)
class Database:
    """The PostgreSQL database with the state of waiting instances; the default names are those of RHDH's operator."""

    schema: str
    secret: str = "sonataflow-psql-postgresql"  # noqa: S105 - a Secret's name, no secret
    user_key: str = "postgres-username"
    password_key: str = "postgres-password"  # noqa: S105 - a key's name, no password
    service: str = "sonataflow-psql-postgresql"
    port: int = 5432
    name: str = "sonataflow"
    namespace: str = ""

    def as_persistence(self) -> Manifest:
        """Return `spec.persistence` of the custom resource."""
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

    def as_variables(self) -> list[Manifest]:
        """Return the container's variables that connect a workflow if its operator has no `spec.persistence`."""
        host = f"{self.service}.{self.namespace}" if self.namespace else self.service
        values = {
            "KOGITO_PERSISTENCE_TYPE": "jdbc",
            "QUARKUS_DATASOURCE_DB_KIND": "postgresql",
            "QUARKUS_DATASOURCE_JDBC_URL": (
                f"jdbc:postgresql://{host}:{self.port}/{self.name}?currentSchema={self.schema}"
            ),
        }
        keys = {"QUARKUS_DATASOURCE_PASSWORD": self.password_key, "QUARKUS_DATASOURCE_USERNAME": self.user_key}
        return [
            *({"name": name, "value": value} for name, value in values.items()),
            *(_from_secret(name, key, self.secret) for name, key in keys.items()),
        ]


@dataclass(frozen=True, kw_only=True)
class ManifestOptions:
    """The options for the objects of a workflow.

    `crd` is that of the operator; None stands for an operator that has all fields. `properties` are those that a
    database needs (compatibility.yaml has them for each SonataFlow). With `version_label`, the custom resource has the
    workflow's version as a label, too.
    """

    image: str = ""
    namespace: str = ""
    profile: str = DEFAULT_PROFILE
    database: Database | None = None
    secret_values: bool = False
    version_label: bool = False
    crd: Crd | None = None
    properties: Mapping[str, str] = field(default_factory=lambda: {FLYWAY: "true"})

    def takes(self, *path: str) -> bool:
        """Whether the operator has a field of the custom resource."""
        return self.crd is None or self.crd.knows(*path)

    @property
    def keeps_state(self) -> bool:
        """Whether the workflow is connected with its database."""
        return self.database is not None and (self.takes(*PERSISTENCE) or self.takes(*POD_TEMPLATE))


@dataclass(frozen=True, kw_only=True)
class InstalledObject:
    """One kind of object that a workflow's chart installs: a row of the table `OBJECTS`.

    `name` is a format: `workflow` is the name of the custom resource; with `folder` in it, each folder of resources has
    an object of its own, and `number` counts them. `template` is the file of the chart that renders the object. `holds`
    and `condition` describe in a README what is in it and when it exists, and `applies` says whether a workflow can
    have it at all. `needs` are the fields of the custom resource without which the operator cannot use it. `manifest`
    returns the object for `waybill manifests` from the workflow, the folder ("" if there is none), the object's name
    and the options.
    """

    kind: str
    name: str
    template: str
    holds: str
    condition: str = "always"
    applies: Callable[[Workflow], bool] = lambda _: True
    needs: tuple[tuple[str, ...], ...] = ()
    manifest: Callable[[Workflow, str, str, ManifestOptions], Manifest | None] | None = None

    def names(self, workflow: Workflow) -> dict[str, str]:
        """Map folders to the names of such objects that the workflow can have; the folder is "" if there is none."""
        if not self.applies(workflow):
            return {}
        folders = list(workflow.source.resource_folders()) if "{folder}" in self.name else [""]
        return {
            folder: self.name.format(workflow=workflow.object_name, number=f"{number:02d}", folder=slug(folder))
            for number, folder in enumerate(folders, start=1)
        }

    def name_pattern(self, workflow: str) -> str:
        """Return a regular expression for all names that such an object can have in any version of a workflow."""
        return self.name.format(workflow=re.escape(workflow), number=r"\d\d+", folder=".*")


def installed_objects(workflow: Workflow, crd: Crd | None = None) -> tuple[InstalledObject, ...]:
    """Return the rows of the table for a workflow's chart; without `crd`, for an operator that has all fields."""
    return tuple(
        row for row in OBJECTS if row.names(workflow) and (crd is None or all(crd.knows(*path) for path in row.needs))
    )


def resource_map_names(workflow: Workflow) -> dict[str, str]:
    """Map each folder of resources to the name of its ConfigMap: `01-greeting-resources-schemas`."""
    return RESOURCES.names(workflow)


def secret_name(workflow: Workflow) -> str:
    """Return the name of the Secret with the keys of secret.properties."""
    return SECRET.name.format(workflow=workflow.object_name)


def properties_name(workflow: Workflow) -> str:
    """Return the name of the ConfigMap with application.properties."""
    return PROPERTIES.name.format(workflow=workflow.object_name)


def labels_of(name: str, namespace: str = "") -> dict[str, str]:
    """Return the labels by which the operator finds a workflow's objects."""
    return {
        "app": name,
        "app.kubernetes.io/component": "serverless-workflow",
        "app.kubernetes.io/managed-by": "sonataflow-operator",
        "app.kubernetes.io/name": name,
        "sonataflow.org/workflow-app": name,
        "sonataflow.org/workflow-namespace": namespace,
    }


def version_label(version: str) -> str:
    """Return a workflow's version as the value of a label: `1.0.0+5` becomes `1.0.0_5`."""
    return _INVALID_IN_LABEL.sub("_", version)[:MAX_LABEL].strip("-_.")


def annotations_of(workflow: Workflow, profile: str = DEFAULT_PROFILE) -> dict[str, str]:
    """Return the custom resource's annotations, which describe the definition."""
    definition = workflow.definition
    return {
        "sonataflow.org/description": definition.description,
        "sonataflow.org/expressionLang": definition.expression_lang,
        "sonataflow.org/profile": profile,
        VERSION: definition.version,
    }


def flow(workflow: Workflow) -> Manifest:
    """Return `spec.flow`: the definition without the fields that every SonataFlow CRD refuses.

    These are a retry's jitter and multiplier: CRDs accept only an object, which no engine reads. Lint reports them.
    """
    content: Manifest = dict(workflow.definition.flow)
    if retries := workflow.definition.flow.get("retries"):
        left_out = ("jitter", "multiplier")
        content["retries"] = [{k: v for k, v in retry.items() if k not in left_out} for retry in retries]
    return dict(sorted(content.items()))


def missing_properties(props: Properties | None, wanted: Mapping[str, str]) -> dict[str, str]:
    """Return the wanted properties that a workflow does not set itself; its own value wins."""
    own = props.effective() if props else {}
    return {key: value for key, value in wanted.items() if key not in own}


def properties_text(props: Properties | None, wanted: Mapping[str, str]) -> str | None:
    """Return the mounted application.properties with the missing `wanted` ones, or None if it would be empty."""
    text = props.text if props else None
    for key, value in missing_properties(props, wanted).items():
        text = properties.with_property(text or "", f"{key}={value}")
    return text


def manifests(workflow: Workflow, options: ManifestOptions) -> list[Manifest]:
    """Return the objects of a workflow as plain data, in the order in which to apply them."""
    objects = (
        row.manifest(workflow, folder, name, options)
        for row in installed_objects(workflow, options.crd)
        if row.manifest
        for folder, name in row.names(workflow).items()
    )
    return [manifest for manifest in objects if manifest]


def manifest_files(objects: list[Manifest]) -> dict[str, bytes]:
    """Map file names (`01-configmap_greeting-props.yaml`) to YAML."""
    return {
        f"{number:02d}-{manifest['kind'].lower()}_{manifest['metadata']['name']}.yaml": dump(manifest).encode()
        for number, manifest in enumerate(objects, start=1)
    }


def _metadata(name: str, namespace: str, **more: Any) -> Manifest:
    return {"name": name, **({"namespace": namespace} if namespace else {}), **more}


def _properties_map(workflow: Workflow, _folder: str, name: str, options: ManifestOptions) -> Manifest | None:
    text = properties_text(workflow.properties, options.properties if options.keeps_state else {})
    if text is None:
        return None
    labels = labels_of(workflow.object_name, options.namespace)
    return {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": _metadata(name, options.namespace, labels=labels),
        "data": {"application.properties": text},
    }


def _secret(workflow: Workflow, _folder: str, name: str, options: ManifestOptions) -> Manifest | None:
    if not (options.secret_values and workflow.secrets):
        return None
    labels = labels_of(workflow.object_name, options.namespace)
    return {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": _metadata(name, options.namespace, labels=labels),
        "stringData": dict(properties.secret_values(workflow.secrets)),
    }


def _resource_map(workflow: Workflow, folder: str, name: str, options: ManifestOptions) -> Manifest:
    files = workflow.source.resource_folders()[folder]
    return {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": _metadata(name, options.namespace),
        "data": {file: workflow.mounted[f"{folder}/{file}"].decode() for file in files},
    }


def _sonataflow(workflow: Workflow, _folder: str, name: str, options: ManifestOptions) -> Manifest:
    mounted = [
        {"configMap": {"name": map_name}, "workflowPath": folder}
        for folder, map_name in resource_map_names(workflow).items()
    ]
    persistence = options.database.as_persistence() if options.database and options.takes(*PERSISTENCE) else None
    definition = flow(workflow)
    version = {VERSION: version_label(workflow.definition.version)} if options.version_label else {}
    return {
        "apiVersion": API_VERSION,
        "kind": "SonataFlow",
        "metadata": _metadata(
            name,
            options.namespace,
            labels={**labels_of(name, options.namespace), **version},
            annotations=annotations_of(workflow, options.profile),
        ),
        "spec": {
            "flow": without_refused_metadata(definition, options.crd) if options.crd else definition,
            **({"persistence": persistence} if persistence else {}),
            **({"podTemplate": {"container": _container(workflow, options)}} if options.takes(*POD_TEMPLATE) else {}),
            "resources": {"configMaps": mounted} if mounted else {},
        },
    }


def _container(workflow: Workflow, options: ManifestOptions) -> Manifest:
    secret = secret_name(workflow)
    environment = [_from_secret(properties.environment_name(key), key, secret) for key in workflow.secret_keys]
    if options.database and not options.takes(*PERSISTENCE):
        environment += options.database.as_variables()
    image = {"image": options.image} if options.image else {}
    return {**image, "resources": {}, **({"env": environment} if environment else {})}


def _from_secret(name: str, key: str, secret: str) -> Manifest:
    return {"name": name, "valueFrom": {"secretKeyRef": {"name": secret, "key": key}}}


PROPERTIES: Final = InstalledObject(
    kind="ConfigMap",
    name="{workflow}-props",
    template="properties.yaml",
    holds="application.properties, and what `properties` adds",
    condition="where there is any",
    manifest=_properties_map,
)
SECRET: Final = InstalledObject(
    kind="Secret",
    name="{workflow}-secrets",
    template="secret.yaml",
    holds="what secret.properties names",
    condition="where `secret.data` has a value and `secret.existingSecret` has none",
    applies=lambda workflow: bool(workflow.secret_keys),
    needs=(POD_TEMPLATE,),
    manifest=_secret,
)
RESOURCES: Final = InstalledObject(
    kind="ConfigMap",
    name="{number}-{workflow}-resources-{folder}",
    template="resources.yaml",
    holds="the files of one folder",
    manifest=_resource_map,
)
#: The objects of a workflow's chart, in the order in which they are applied. A new object is a row and a template.
OBJECTS: Final = (
    PROPERTIES,
    SECRET,
    RESOURCES,
    InstalledObject(
        kind="NetworkPolicy",
        name="{workflow}",
        template="networkpolicy.yaml",
        holds="who may call the workflow",
        condition="with `networkPolicy.enabled`",
    ),
    InstalledObject(
        kind="SonataFlow",
        name="{workflow}",
        template="sonataflow.yaml",
        holds="the workflow itself",
        manifest=_sonataflow,
    ),
)
