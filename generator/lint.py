"""The checks of a workflow: each rule is one function that yields findings."""

from __future__ import annotations

import posixpath
import re
from codecs import BOM_UTF8
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, Final

from generator.chart import workflow_chart
from generator.definition import Definition, Position
from generator.dsl import Target
from generator.errors import FindingsError
from generator.findings import Finding, Severity, did_you_mean, in_file_order
from generator.manifests import ImageReference, resource_map_names
from generator.properties import environment_name
from generator.workflow import Workflow

#: The API server's limit for the data of a ConfigMap (kubernetes.io/docs/concepts/configuration/configmap).
MAX_CONFIG_MAP_BYTES: Final = 1024 * 1024
#: RFC 1123, as Kubernetes checks names of objects (apimachinery, IsDNS1123Subdomain).
MAX_NAME: Final = 253
#: Label values (apimachinery, IsValidLabelValue); the id is the value of four labels.
MAX_LABEL: Final = 63
_OBJECT_NAME: Final = re.compile(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*")
_SERVICE_NAME: Final = re.compile(r"[a-z]([-a-z0-9]*[a-z0-9])?")
_DATA_KEY: Final = re.compile(r"[-._a-zA-Z0-9]+")

#: Function types whose operation is `FILE#NAME`; the others hold an expression, a call or the name of a service.
_WITH_FILE: Final = ("rest", "asyncapi", "rpc", "graphql")

_PLURAL: Final[dict[Target, str]] = {
    "state": "states",
    "function": "functions",
    "event": "events",
    "error": "errors",
    "retry": "retries",
    "auth": "authentications",
}

Rule = Callable[[Workflow], Iterator[Finding]]


def lint(workflow: Workflow) -> tuple[Finding, ...]:
    """Return all that is wrong with a workflow, in file order."""
    findings = [*workflow.source.findings]
    for definition in workflow.definitions():
        findings += definition.findings
    for rule in RULES:
        findings += rule(workflow)
    return in_file_order(findings)


def lint_together(workflows: Sequence[Workflow]) -> tuple[Finding, ...]:
    """Return what is wrong between workflows of one repository: two with one id fall on the same objects."""
    seen: dict[str, Workflow] = {}
    findings = []
    for workflow in workflows:
        other = seen.setdefault(workflow.object_name, workflow)
        if other is not workflow:
            message = f"the id '{workflow.definition.id}' is also that of {other.definition.path}; give each its own"
            findings.append(_at(workflow.definition.position_of("id"), "duplicate-id", message))
    return in_file_order(findings)


def unknown_references(workflow: Workflow) -> Iterator[Finding]:
    """A transition, a call, an event, a retry, an error handler or an authentication that names nothing."""
    for definition in workflow.definitions():
        for reference in definition.references:
            known = definition.declared(reference.target)
            no_states = reference.target == "state" and not known
            if reference.name not in known and not no_states:
                what = f"{reference.phrase} the unknown {reference.target} '{reference.name}'"
                help_ = did_you_mean(reference.name, known) or f"; declare it under '{_section(reference.target)}'"
                yield _at(reference.at, f"unknown-{reference.target}", what + help_)


def duplicate_names(workflow: Workflow) -> Iterator[Finding]:
    """Two states, functions, events, errors, retries or authentications of one name."""
    for definition in workflow.definitions():
        first: dict[tuple[Target, str], Position] = {}
        for declaration in definition.declarations:
            at = first.setdefault((declaration.target, declaration.name), declaration.at)
            if at is not declaration.at:
                message = (
                    f"two {_PLURAL[declaration.target]} are called '{declaration.name}' (the first on line {at.line})"
                )
                yield _at(declaration.at, f"duplicate-{declaration.target}", f"{message}; rename one")


def missing_files(workflow: Workflow) -> Iterator[Finding]:
    """A spec or a schema that is not in the folder."""
    for definition in workflow.definitions():
        for at, reference in _file_references(definition):
            resolved = workflow.source.resolve(reference, definition.base)
            if resolved.outside:
                message = f"'{reference}' lies outside the folder; copy it in, or into workflows/shared"
                yield _at(at, "file-outside", message)
            elif resolved.missing:
                near = did_you_mean(reference, _nearby(workflow, definition))
                yield _at(at, "missing-file", f"there is no file '{reference}'{near or '; add it to the folder'}")


def _file_references(definition: Definition) -> Iterator[tuple[Position, str]]:
    aliases = definition.uri_definitions()
    for index, function in enumerate(definition.flow.get("functions", [])):
        operation = function.get("operation")
        if function.get("type") in _WITH_FILE and isinstance(operation, str) and "#" in operation:
            name = operation.partition("#")[0]
            if name not in aliases:
                yield definition.position_of("functions", index, "operation"), name
    schema = definition.flow.get("dataInputSchema", {}).get("schema")
    if isinstance(schema, str):
        yield definition.position_of("dataInputSchema", "schema"), schema.partition("#")[0]
    for output, at in definition.output_schemas():
        yield at, output


def _nearby(workflow: Workflow, definition: Definition) -> Iterable[str]:
    below = [p for p in workflow.mounted if p.startswith(definition.base)]
    return [posixpath.relpath(p, definition.base or ".") for p in below]


def id_names(workflow: Workflow) -> Iterator[Finding]:
    """An id that cannot be the name of a Kubernetes object, of a label's value or of a Service."""
    definition = workflow.definition
    name = workflow.object_name
    at = definition.position_of("id")
    if name and not _OBJECT_NAME.fullmatch(name):
        message = f"the id '{definition.id[:100]}' is no Kubernetes name: use letters, digits, '-' and '.'"
        yield _at(at, "invalid-name", message, blocking=True)
    elif len(name) > MAX_LABEL:
        message = f"the id is {len(name)} characters long; Kubernetes takes at most {MAX_LABEL} in a label"
        yield _at(at, "invalid-name", message, blocking=True)
    elif name and not _SERVICE_NAME.fullmatch(name):
        message = f"the operator calls a Service '{name}', which Kubernetes refuses: use letters, digits and '-'"
        yield _at(at, "invalid-service-name", message, severity=Severity.WARNING)


def resource_names(workflow: Workflow) -> Iterator[Finding]:
    """A folder that makes no name for a ConfigMap, or a file that makes no key in one."""
    for folder, map_name in resource_map_names(workflow).items():
        path = workflow.source.shown(folder)
        if not _OBJECT_NAME.fullmatch(map_name.replace(workflow.object_name, "x", 1)):
            message = (
                f"makes the ConfigMap name '{map_name}', which Kubernetes refuses: use lower-case letters, digits, '-'"
            )
            yield _in_file(path, "invalid-name", message)
        elif len(map_name) > MAX_NAME:
            message = f"makes a ConfigMap name of {len(map_name)} characters; Kubernetes takes at most {MAX_NAME}"
            yield _in_file(path, "invalid-name", message)
        for file in workflow.source.resource_folders()[folder]:
            if not _DATA_KEY.fullmatch(file) or len(file) > MAX_NAME:
                message = "no key for a ConfigMap: use letters, digits, '-', '_' and '.', at most 253 characters"
                yield _in_file(f"{path}/{file}", "invalid-name", message)


def secret_names(workflow: Workflow) -> Iterator[Finding]:
    """A property that makes no key in a Secret, or two that become one variable."""
    seen: dict[str, str] = {}
    if workflow.secrets is None:
        return
    for key, entry in workflow.secrets.winning().items():
        at = Position(path=workflow.secrets.path, line=entry.line, column=1)
        if not _DATA_KEY.fullmatch(key):
            message = f"'{key}' is no key for a Secret: use letters, digits, '-', '_' and '.'"
            yield _at(at, "invalid-name", message, blocking=True)
        elif (other := seen.setdefault(environment_name(key), key)) != key:
            message = f"'{key}' and '{other}' both become the variable {environment_name(key)}; rename one"
            yield _at(at, "name-clash", message)


def sizes(workflow: Workflow) -> Iterator[Finding]:
    """A ConfigMap that the API server refuses for its size."""
    for folder, files in workflow.source.resource_folders().items():
        size = sum(len(file) + len(workflow.mounted[f"{folder}/{file}"]) for file in files)
        if size > MAX_CONFIG_MAP_BYTES:
            message = (
                f"{size:,} bytes; a ConfigMap holds at most {MAX_CONFIG_MAP_BYTES:,}: "
                "cut the specs down with --minify-specs, or split the folder"
            )
            yield _in_file(workflow.source.shown(folder), "config-map-size", message)


def constants(workflow: Workflow) -> Iterator[Finding]:
    """Constants, which no custom resource can carry."""
    if workflow.definition.flow.get("constants"):
        message = (
            "no SonataFlow CRD takes 'constants': put the values into application.properties and read them as "
            "$SECRET.name, or set them in an inject state"
        )
        yield _at(workflow.definition.position_of("constants"), "constants", message, blocking=True)


def retry_numbers(workflow: Workflow) -> Iterator[Finding]:
    """A retry's jitter or multiplier, which no CRD takes as the specification writes it."""
    definition = workflow.definition
    for index, retry in enumerate(definition.flow.get("retries", [])):
        for field, means_nothing in (("jitter", (0, 0.0)), ("multiplier", (1, 1.0))):
            value = retry.get(field)
            if value is not None and not isinstance(value, bool) and value not in means_nothing:
                message = f"no SonataFlow CRD takes '{field}: {value}': it is left out of the custom resource"
                at = definition.position_of("retries", index, field)
                yield _at(at, f"retry-{field}", message, severity=Severity.WARNING)


def byte_order_marks(workflow: Workflow) -> Iterator[Finding]:
    """A byte order mark, which Helm strips and a JSON parser refuses."""
    for relative, data in sorted(workflow.source.resources.items()):
        if data.startswith(BOM_UTF8):
            message = "starts with a byte order mark, which is left out; save the file as UTF-8 without one"
            yield _in_file(
                workflow.source.shown(relative), "byte-order-mark", message, severity=Severity.WARNING, blocking=False
            )


def chart_files(workflow: Workflow) -> Iterator[Finding]:
    """A file of chart/ that cannot become part of the workflow's chart."""
    if workflow.source.overlay:
        try:
            workflow_chart(workflow, version="0.0.0", image=ImageReference(repository="any"))
        except FindingsError as error:
            yield from (f for f in error.findings if f.path.startswith(f"{workflow.source.path}/chart/"))


#: Every rule, in the order of the documentation.
RULES: Final[tuple[Rule, ...]] = (
    unknown_references,
    duplicate_names,
    missing_files,
    id_names,
    resource_names,
    secret_names,
    sizes,
    constants,
    retry_numbers,
    byte_order_marks,
    chart_files,
)


def _section(target: Target) -> str:
    return "auth" if target == "auth" else _PLURAL[target]


def _at(at: Position, rule: str, message: str, **options: Any) -> Finding:
    return Finding(path=at.path, line=at.line, column=at.column, rule=rule, message=message, **options)


def _in_file(path: str, rule: str, message: str, *, blocking: bool = True, **options: Any) -> Finding:
    return Finding(path=path, rule=rule, message=message, blocking=blocking, **options)
