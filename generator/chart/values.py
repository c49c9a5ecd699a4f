"""The table of values of a workflow's chart, from which values.yaml, its schema and READMEs are generated."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from generator.compatibility.capabilities import OperatorCapabilities
from generator.kubernetes.objects import DEFAULT_PROFILE, RHDH_NAMESPACE, SERVICES_NAMESPACE, Database, ImageReference
from generator.workflow.properties import HIDDEN, Variable

Schema = Mapping[str, Any]

STRING: Final[Schema] = {"type": "string"}
FLAG: Final[Schema] = {"type": "boolean"}
MAP: Final[Schema] = {"type": "object"}
MAPS: Final[Schema] = {"type": "array", "items": {"type": "object"}}
STRINGS: Final[Schema] = {"type": "array", "items": {"type": "string"}}
#: Helm reads numbers as 64-bit floats, which are exact for integers up to this one.
_LARGEST: Final = 2**53 - 1


def _text(*others: str) -> Schema:
    """Return the schema of a text. Helm would change a fraction or a large number, so these must be quoted."""
    whole = {"type": "integer", "minimum": -_LARGEST, "maximum": _LARGEST}
    # Helm prints the alternatives that do not match, so the constant is the message: JSON Schema has no other.
    help_ = {"const": 'text in quotes, such as "1.10" (on the command line: --set-string)'}
    return {"type": ["string", "number", *others], "anyOf": [{"not": {"type": "number"}}, whole, help_]}


_TEXT: Final = _text()
_SCALAR: Final = _text("boolean", "null")
_VARIABLE: Final = _text("boolean", "object", "null")
TEXTS: Final[Schema] = {"type": "object", "additionalProperties": _SCALAR}
_SHARED_VARIABLES: Final[Schema] = {"type": "object", "additionalProperties": _VARIABLE}
#: Values that configure the workflow's pods.
_POD_VALUES: Final = frozenset(
    (
        "image",
        "imagePullSecrets",
        "envFrom",
        "secret",
        "trustedCertificates",
        "replicas",
        "podTemplate",
        "rollOnChange",
    )
)
#: Values that are event fields of the custom resource.
_EVENT_VALUES: Final = ("sink", "sources")


@dataclass(frozen=True, kw_only=True)
class Value:
    """One value: its key, its description (lines of a comment), its default and JSON Schema, or its children."""

    key: str
    comment: tuple[str, ...] = ()
    default: Any = None
    schema: Schema = field(default_factory=dict)
    children: tuple[Value, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Row:
    """A value as the row of a table."""

    path: str
    default: Any
    description: str


def workflow_values(
    *,
    image: ImageReference,
    database: Database,
    variables: Sequence[Variable],
    secret_comments: Mapping[str, str],
    capabilities: OperatorCapabilities,
) -> tuple[Value, ...]:
    """Return the values of a workflow's chart that its operator can use, in the order of values.yaml."""
    useless = {
        *(() if capabilities.pods else _POD_VALUES),
        *(key for key in _EVENT_VALUES if key not in capabilities.events),
    }
    if not capabilities.keeps_state:
        useless.add("persistence")
    every = (
        _image(image),
        leaf("imagePullSecrets", [], MAPS, "Secrets to pull the image with: [{name: my-pull-secret}]."),
        _variables(variables, capabilities),
        leaf(
            "envFrom",
            [],
            MAPS,
            "ConfigMaps and Secrets of yours whose keys become variables: [{secretRef: {name: mine}}].",
        ),
        leaf(
            "requireEnv",
            True,
            FLAG,
            "Stop an install while a variable without a default has no value, and list all such variables.",
        ),
        _secret(secret_comments),
        leaf("properties", "", STRING, "Lines appended to application.properties."),
        _persistence(database, capabilities),
        _trusted_certificates(),
        _network_policy("Ingress to this workflow's pods from its own namespace and from those named here."),
        _profile(capabilities.sonataflow.profiles),
        leaf(
            "operatorCheck",
            "discovery",
            {"enum": ["discovery", "strict", "none"]},
            "discovery stops an install where the cluster's SonataFlow would drop fields; it needs no rights.",
            "strict reads the operator's schema and names each of them; README.md says which right that needs.",
        ),
        leaf(
            "replicas",
            None,
            {"type": ["integer", "null"], "minimum": 0},
            "How many pods; empty leaves it to the operator.",
        ),
        group(
            "podTemplate",
            (
                group(
                    "container",
                    (leaf("resources", {}, MAP, "Requests and limits: {requests: {cpu: 250m, memory: 512Mi}}."),),
                    "The container that runs the workflow.",
                    more=True,
                ),
            ),
            "Merged over spec.podTemplate of the custom resource: affinity, volumes, serviceAccountName, …",
            more=True,
        ),
        leaf("sink", {}, MAP, "spec.sink of the custom resource: where produced events go."),
        leaf("sources", [], MAPS, "spec.sources of the custom resource: where consumed events come from."),
        leaf("rollOnChange", True, FLAG, "Restart the workflow when a mounted spec, schema or subflow changes."),
        leaf("commonLabels", {}, TEXTS, "Labels for every object."),
        leaf("commonAnnotations", {}, TEXTS, "Annotations for every object."),
        leaf(
            "versionLabel",
            False,
            FLAG,
            "Say the workflow's version as the label sonataflow.org/version of the custom resource, too.",
            "SonataFlow 10 selects pods by it: once it has changed, delete Deployment and Service only together.",
        ),
        group(
            "global",
            (
                leaf("imageRegistry", "", STRING, "Takes the place of the registry in image.repository."),
                leaf(
                    "env", {}, _SHARED_VARIABLES, "Variables for all charts under one umbrella; a chart's own env wins."
                ),
            ),
            "Shared with the other charts of an umbrella.",
            more=True,
        ),
    )
    return tuple(value for value in every if value.key not in useless)


def umbrella_values(charts: Sequence[str]) -> tuple[Value, ...]:
    """Return the values of the umbrella over `charts`, all of which are disabled by default."""
    return (
        *(
            group(
                chart,
                (leaf("enabled", False, FLAG, f"Install the workflow {chart}; its other values go beside this one."),),
                more=True,
            )
            for chart in charts
        ),
        _network_policy("Ingress to all pods of this namespace from itself and from the namespaces named here."),
        group(
            "global",
            (
                leaf("imageRegistry", "", STRING, "Takes the place of the registry in every image."),
                leaf("env", {}, _SHARED_VARIABLES, "Variables for all workflows; a workflow's own env wins."),
                leaf("checkedBy", "workflows", STRING, "Who asks for missing variables: this chart, for all at once."),
            ),
            "Shared with all workflows.",
            more=True,
        ),
    )


def json_schema(title: str, values: Sequence[Value], *, switchable: bool = True) -> Schema:
    """Return the JSON Schema (draft 07, which every Helm 3 and 4 reads) of `values`; misspelt keys are rejected.

    A chart that is `switchable` may be enabled or not by an umbrella.
    """
    switch = {"enabled": {"type": "boolean", "description": "Read by an umbrella chart."}} if switchable else {}
    return {
        "$schema": "http://json-schema.org/draft-07/schema#",
        "title": title,
        "type": "object",
        "additionalProperties": False,
        "properties": {
            **switch,
            **{value.key: _schema_of(value) for value in values},
        },
    }


def rows(values: Sequence[Value], prefix: str = "") -> Iterator[Row]:
    """Yield the leaves of `values` as table rows, in order."""
    for value in values:
        path = f"{prefix}{value.key}"
        if value.children:
            if value.comment and value.schema.get("additionalProperties") is not False:
                yield Row(path=path, default={}, description=" ".join(value.comment))
            yield from rows(value.children, f"{path}.")
        else:
            yield Row(path=path, default=value.default, description=" ".join(value.comment))


def _schema_of(value: Value) -> Schema:
    described = {"description": " ".join(value.comment)} if value.comment else {}
    if not value.children:
        return {**described, **value.schema}
    properties = {child.key: _schema_of(child) for child in value.children}
    return {**described, "type": "object", **value.schema, "properties": properties}


def leaf(key: str, default: Any, schema: Schema, *comment: str) -> Value:
    """Return a value without children."""
    return Value(key=key, default=default, schema=schema, comment=comment)


def group(key: str, children: tuple[Value, ...], *comment: str, more: bool = False) -> Value:
    """Return a value with children; with `more`, the schema allows further keys."""
    schema: Schema = {"type": "object"} if more else {"type": "object", "additionalProperties": False}
    return Value(key=key, default={}, schema=schema, children=children, comment=comment)


def _image(image: ImageReference) -> Value:
    digest = {"type": "string", "pattern": "^(sha256:[a-f0-9]{64})?$"}
    return group(
        "image",
        (
            leaf("repository", image.repository, {"type": "string", "minLength": 1}, "Where the image is."),
            leaf(
                "tag",
                image.tag or "",
                _TEXT,
                "src- tags name the content the image was built from.",
            ),
            leaf("digest", image.digest or "", digest, "sha256:…; wins over the tag."),
        ),
        "The workflow's image.",
    )


def _variables(variables: Sequence[Variable], capabilities: OperatorCapabilities) -> Value:
    schema, what = _SCALAR, "strings, which become lines of application.properties."
    if capabilities.pods:
        schema, what = _VARIABLE, "a string, or the map of a valueFrom ({secretKeyRef: {name: …, key: …}})."
    return group("env", tuple(_variable(each, schema) for each in variables), f"The workflow's variables: {what}")


def _variable(variable: Variable, schema: Schema) -> Value:
    shown = variable.shown_default
    what = "Required." if shown is None else f"Default: {_in_one_line(shown) or 'empty'}."
    if shown == HIDDEN:
        what = "Has a default, which is hidden."
    return leaf(variable.name, "", schema, *filter(None, (_in_one_line(variable.comment), what)))


def _in_one_line(text: str) -> str:
    return " ".join(text.split())


def _secret(comments: Mapping[str, str]) -> Value:
    return group(
        "secret",
        (
            group(
                "data",
                tuple(
                    leaf(key, "", _SCALAR, *filter(None, (_in_one_line(comment), "Required.")))
                    for key, comment in comments.items()
                ),
                "Values for the workflow's Secret; a key without a value is left as it is in the cluster.",
            ),
            leaf("existingSecret", "", STRING, "A Secret of yours with these keys, used as it is."),
        ),
        "What secret.properties names.",
    )


def _profile(profiles: Sequence[str]) -> Value:
    first = profiles[0]
    how = "the image as it is" if first == DEFAULT_PROFILE else "in production"
    return leaf("profile", first, {"enum": list(profiles)}, f"The operator's profile: {first} runs {how}.")


def _persistence(database: Database, capabilities: OperatorCapabilities) -> Value:
    migrate = leaf(
        "migrateDBOnStartUp",
        None,
        {"type": ["boolean", "null"]},
        "Create the tables at start; empty leaves it to the operator.",
    )
    return group(
        "persistence",
        (
            leaf("enabled", True, FLAG, "Keep the state of running instances in PostgreSQL."),
            group(
                "secretRef",
                (
                    leaf("name", database.secret, STRING, "The Secret with the database's user and password."),
                    leaf("userKey", database.user_key, STRING, "The key of the user in it."),
                    leaf("passwordKey", database.password_key, STRING, "The key of the password in it."),
                ),
            ),
            group(
                "serviceRef",
                (
                    leaf("name", database.service, STRING, "The database's Service."),
                    leaf("port", database.port, {"type": "integer"}, "Its port."),
                    leaf("databaseName", database.name, STRING, "The database."),
                    leaf("databaseSchema", database.schema, STRING, "The schema in it; one a workflow."),
                    leaf("namespace", database.namespace, STRING, "The Service's namespace; empty means this one."),
                ),
            ),
            leaf("jdbcUrl", "", STRING, "A JDBC URL in place of serviceRef."),
            *((migrate,) if capabilities.persistence else ()),
        ),
        "Where waiting instances are kept.",
    )


def _trusted_certificates() -> Value:
    return group(
        "trustedCertificates",
        (
            leaf("configMap", "", STRING, "A ConfigMap of yours with certificates as PEM, one or more."),
            leaf("key", "ca-bundle.crt", {"type": "string", "minLength": 1}, "The key of the certificates in it."),
        ),
        "Authorities that calls over HTTPS trust besides the public ones.",
    )


def _network_policy(what: str) -> Value:
    return group(
        "networkPolicy",
        (
            leaf("enabled", False, FLAG, what),
            leaf("rhdhNamespace", RHDH_NAMESPACE, STRING, "Where Red Hat Developer Hub runs."),
            leaf(
                "sonataflowNamespace",
                SERVICES_NAMESPACE,
                STRING,
                "Where Data Index, Jobs service and the database run.",
            ),
            leaf("extraNamespaces", [], STRINGS, "Further namespaces to let in."),
        ),
        "Who may call in.",
    )
