"""Rules about what the API server, Helm and the operator reject: names, sizes, and fields not in the CRD."""

from __future__ import annotations

import re
from codecs import BOM_UTF8
from collections.abc import Iterator
from typing import Final

from generator.findings.edits import appended, replaced
from generator.findings.finding import Severity
from generator.findings.position import Position
from generator.jq.names import paths
from generator.kubernetes.consequences import instead
from generator.kubernetes.objects import MAX_LABEL, flow, resource_map_names
from generator.kubernetes.operator_reader import CONSEQUENCE, unreadable
from generator.lint.rule import Example, Found, Repository, rule, rule_together
from generator.lint.rules.expressions import place, valid_expressions
from generator.workflow.flow import actions_of, subflow_of
from generator.workflow.properties import environment_name, expressions, secret_references, variable_for
from generator.workflow.workflow import SECRETS, Workflow

#: The API server's limit for the data of a ConfigMap (kubernetes.io/docs/concepts/configuration/configmap).
MAX_CONFIG_MAP_BYTES: Final = 1024 * 1024
#: The limit for object names (RFC 1123; apimachinery, IsDNS1123Subdomain).
MAX_NAME: Final = 253
_OBJECT_NAME: Final = re.compile(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*")
_SERVICE_NAME: Final = re.compile(r"[a-z]([-a-z0-9]*[a-z0-9])?")
_DIGIT_FIRST: Final = re.compile(r"\$\{\s*[0-9]")
_DATA_KEY: Final = re.compile(r"[-._a-zA-Z0-9]+")
#: Names of variables with credentials: the last word is TOKEN, PASSWORD or SECRET, or the end API_KEY or PRIVATE_KEY.
_CREDENTIAL_VARIABLE: Final = re.compile(
    r"(?i:(^|_)(token|password|secret)|api_key|private_key)$|[a-z0-9](Token|Password|Secret|ApiKey|PrivateKey)$"
)


@rule(
    "invalid-name",
    reason="The id, the folders and the files become the names of Kubernetes objects and of keys in them.",
    consequence="The API server refuses the object; with a space in the id, the application does not start: "
    "`Illegal character in path`.",
    bad=Example(definition="id: An example"),
    good=Example(definition="id: an-example"),
)
def invalid_name(workflow: Workflow) -> Iterator[Found]:
    """An id, a folder, a file or a key that produces a name which Kubernetes refuses."""
    yield from _id(workflow)
    yield from _resources(workflow)
    yield from _secret_keys(workflow)


def _id(workflow: Workflow) -> Iterator[Found]:
    name = workflow.object_name
    at = workflow.definition.position_of("id")
    if name and not _OBJECT_NAME.fullmatch(name):
        yield _not_a_name(workflow)
    elif len(name) > MAX_LABEL:
        message = f"the id is {len(name)} characters long; Kubernetes allows at most {MAX_LABEL} in a label"
        yield Found(at=at, message=message, blocking=True)


def _not_a_name(workflow: Workflow) -> Found:
    definition = workflow.definition
    at = definition.position_of("id")
    message = f"the id '{definition.id[:100]}' is not a Kubernetes name"
    calls = [
        each.position_of(*where, "subFlowRef", "workflowId")
        for each in workflow.definitions()
        for where, action in actions_of(each.flow)
        if subflow_of(action) == definition.id
    ]
    # The engine cannot compile a call of a subflow whose id has a dash.
    joined = (lambda match: match[1].upper()) if calls else (lambda match: f"-{match[1]}")
    right = re.sub("_+(.?)", joined, definition.id.strip("_")).strip("-.")
    if "_" not in definition.id or right[:1].isdigit() or not _OBJECT_NAME.fullmatch(right.lower()):
        return Found(at=at, message=f"{message}; use letters, digits, '-' and '.'", blocking=True)
    callers = f"callers then use the path /{right} instead of /{definition.id}"
    return Found(
        at=at,
        message=f"{message}; write '{right}' ({callers}, and the Orchestrator lists it as a new workflow)",
        blocking=True,
        edit=replaced(at, definition.id, right),
        also=tuple(edit for call in calls if (edit := replaced(call, definition.id, right))),
    )


def _resources(workflow: Workflow) -> Iterator[Found]:
    for folder, map_name in resource_map_names(workflow).items():
        path = workflow.source.shown(folder)
        if not _OBJECT_NAME.fullmatch(map_name.replace(workflow.object_name, "x", 1)):
            message = (
                f"makes the ConfigMap name '{map_name}', which Kubernetes refuses; use lower-case letters, digits, '-'"
            )
            yield Found(at=Position(path=path), message=message, blocking=True)
        elif len(map_name) > MAX_NAME:
            message = f"makes a ConfigMap name of {len(map_name)} characters; Kubernetes allows at most {MAX_NAME}"
            yield Found(at=Position(path=path), message=message, blocking=True)
        for file in workflow.source.resource_folders()[folder]:
            if not _DATA_KEY.fullmatch(file) or len(file) > MAX_NAME:
                message = "not a ConfigMap key; use letters, digits, '-', '_' and '.', at most 253 characters"
                yield Found(at=Position(path=f"{path}/{file}"), message=message, blocking=True)


def _secret_keys(workflow: Workflow) -> Iterator[Found]:
    for key, at in _secrets(workflow):
        if not _DATA_KEY.fullmatch(key):
            message = f"'{key}' is not a Secret key; use letters, digits, '-', '_' and '.'"
            yield Found(at=at, message=message, blocking=True)


def _secrets(workflow: Workflow) -> Iterator[tuple[str, Position]]:
    if workflow.secrets is not None:
        for key, entry in workflow.secrets.winning().items():
            yield key, Position(path=workflow.secrets.path, line=entry.line, column=1)


@rule(
    "invalid-service-name",
    severity=Severity.WARNING,
    reason="The operator names a Service after the workflow, and a Service name has no dots and no leading digit.",
    consequence=(
        "The custom resource is stored; the operator cannot create the Service, and nothing reaches the workflow."
    ),
    bad=Example(definition="id: 1st.example"),
    good=Example(definition="id: first-example"),
)
def invalid_service_name(workflow: Workflow) -> Iterator[Found]:
    """An id that is not a valid name for the operator's Service."""
    name = workflow.object_name
    if _OBJECT_NAME.fullmatch(name) and len(name) <= MAX_LABEL and not _SERVICE_NAME.fullmatch(name):
        message = f"the operator names a Service '{name}', which Kubernetes refuses; use letters, digits and '-'"
        yield Found(at=workflow.definition.position_of("id"), message=message)


@rule(
    "name-clash",
    reason="Two things with the same name overwrite each other.",
    consequence="One of the two is silently lost.",
    bad=Example(files={"secret.properties": "my.token=\nMY_TOKEN=\n"}),
    good=Example(files={"secret.properties": "my.token=\nother.token=\n"}),
)
def name_clash(workflow: Workflow) -> Iterator[Found]:
    """Two folders that map to one ConfigMap name, or two secret keys that map to one variable."""
    seen: dict[str, str] = {}
    for key, at in _secrets(workflow):
        if _DATA_KEY.fullmatch(key) and (other := seen.setdefault(environment_name(key), key)) != key:
            message = f"'{key}' and '{other}' both become the variable {environment_name(key)}; rename one"
            yield Found(at=at, message=message)


@rule(
    "config-map-size",
    reason=f"The files of a folder go into one ConfigMap, which holds at most {MAX_CONFIG_MAP_BYTES:,} bytes.",
    consequence="The engine runs the workflow; the API server refuses the ConfigMap.",
    bad=Example(commands=("mkdir -p specs && head -c 1100000 /dev/zero | tr '\\0' a >specs/large.yaml",)),
    good=Example(files={"specs/small.yaml": "{}"}),
)
def config_map_size(workflow: Workflow) -> Iterator[Found]:
    """A ConfigMap that is too large for the API server."""
    yield from _properties_size(workflow)
    for folder, files in workflow.source.resource_folders().items():
        size = sum(len(file) + len(workflow.mounted[f"{folder}/{file}"]) for file in files)
        if size > MAX_CONFIG_MAP_BYTES:
            message = (
                f"{size:,} bytes; a ConfigMap holds at most {MAX_CONFIG_MAP_BYTES:,}; "
                "cut the specs down with --minify-specs, or split the folder"
            )
            yield Found(at=Position(path=workflow.source.shown(folder)), message=message, blocking=True)


def _properties_size(workflow: Workflow) -> Iterator[Found]:
    properties = workflow.properties
    size = len(properties.text.encode()) + len("application.properties") if properties else 0
    if properties and size > MAX_CONFIG_MAP_BYTES:
        message = f"{size:,} bytes; a ConfigMap holds at most {MAX_CONFIG_MAP_BYTES:,}; remove what is not read"
        yield Found(at=Position(path=properties.path), message=message, blocking=True)


@rule(
    "variable-name",
    severity=Severity.WARNING,
    reason="A property's name becomes that of an environment variable, which starts with a letter or '_'.",
    consequence="Clusters before Kubernetes 1.34 refuse the Deployment that the operator creates.",
    bad=Example(files={"secret.properties": "2nd.token=\n"}),
    good=Example(files={"secret.properties": "second.token=\n"}),
)
def variable_name(workflow: Workflow) -> Iterator[Found]:
    """A variable or a secret key whose environment variable would start with a digit."""
    for key, at in _secrets(workflow):
        if environment_name(key)[:1].isdigit():
            yield Found(at=at, message=f"'{key}' becomes the variable {environment_name(key)}; start it with a letter")
    properties = workflow.properties
    if properties is None or not _DIGIT_FIRST.search(properties.text):
        return
    wrong = [variable.name for variable in workflow.variables() if variable.name[:1].isdigit()]
    for entry in properties.winning().values():
        for name in wrong:
            if f"${{{name}" in entry.value.upper():
                at = Position(path=properties.path, line=entry.line, column=1)
                yield Found(at=at, message=f"the variable {name} starts with a digit; start it with a letter")


@rule(
    "plain-secret",
    severity=Severity.WARNING,
    reason="A variable becomes a value of the chart under `env`, which is plain text in the custom resource.",
    consequence="The workflow runs, but its credential is in no Secret.",
    bad=Example(files={"application.properties": "tickets.password=${TICKETS_PASSWORD}\n"}),
    good=Example(
        files={
            "application.properties": "tickets.password=${TICKETS_PASSWORD}\n",
            "secret.properties": "TICKETS_PASSWORD=\n",
        }
    ),
)
def plain_secret(workflow: Workflow) -> Iterator[Found]:
    """A variable that holds a credential by its name, and that is not in secret.properties."""
    for variable in workflow.variables():
        name = variable.name
        if _CREDENTIAL_VARIABLE.search(name):
            path = workflow.source.shown(SECRETS)
            text = workflow.secrets.text if workflow.secrets else ""
            comment = f"# {variable.comment}\n" if variable.comment else ""
            what = f"the variable {name} becomes the plain value 'env.{name}' of the chart"
            message = f"{what}; put {name}= into {SECRETS} (installs then give 'secret.data.{name}' instead)"
            edit = appended(path, text, f"{comment}{name}=")
            yield Found(at=_where_read(workflow, name), message=message, edit=edit)


def _where_read(workflow: Workflow, name: str) -> Position:
    """Return the first position at which a variable is read, in application.properties or else in a definition."""
    properties = workflow.properties
    for entry in properties.winning().values() if properties else ():
        for found in expressions(entry.value):
            if properties and variable_for(found.name) == name:
                return properties.at_value(entry, found.start)
    for _, expression, look in valid_expressions(workflow):
        for use in paths(look.tree, "SECRET"):
            if variable_for(use.name) == name:
                return place(workflow, expression, use.at + look.shift)
    for definition in workflow.definitions():
        for index, auth in enumerate(definition.flow.get("auth", ())):
            for key, value in auth.get("properties", {}).items():
                if name in map(variable_for, secret_references(str(value))):
                    return definition.position_of("auth", index, "properties", key)
    return Position(path=workflow.definition.path)


@rule(
    "constants",
    severity=Severity.WARNING,
    reason="The engine supports them, but every SonataFlow CRD refuses them, in the form of the specification and in "
    "any other.",
    consequence="The workflow runs only outside of a cluster; `manifests`, `chart` and `build` stop, as the API server "
    "would refuse the custom resource.",
    bad=Example(definition="constants: {greeting: Hello}"),
    good=Example(files={"application.properties": "greeting=Hello\n"}),
)
def constants(workflow: Workflow) -> Iterator[Found]:
    """Constants, which no custom resource can hold."""
    if workflow.definition.flow.get("constants"):
        message = (
            f"no custom resource can hold 'constants', which the engine reads: {instead(('spec', 'flow', 'constants'))}"
        )
        yield Found(at=workflow.definition.position_of("constants"), message=message, blocking=True)


_CALL: Final = """
functions:
  - {name: greet, type: custom, operation: "rest:post:/greet"}
states:
  - name: Begin
    type: operation
    actions: [{functionRef: {refName: greet, arguments: %s}}]
    end: true
"""


@rule(
    "unreadable-value",
    reason="Before anything runs, the operator decodes all SonataFlows of the cluster, in types of its own.",
    consequence="The engine runs the workflow, and the API server stores the resource; the operator's cache may not "
    "fill, and then it starts and updates no workflow of the cluster at all.",
    bad=Example(definition=_CALL % ".person"),
    good=Example(definition=_CALL % "{name: .person.name}"),
)
def unreadable_value(workflow: Workflow) -> Iterator[Found]:
    """A value that the operator cannot decode, such as `arguments` that are one expression, or a list."""
    for each in unreadable(flow(workflow)):
        # Unknown types of states are reported by another rule.
        if each.path[:1] != ("states",) or each.path[2:] != ("type",):
            message = f"the operator cannot read {each.what}: {CONSEQUENCE}; {each.instead}"
            yield Found(at=workflow.definition.position_of(*each.path), message=message, blocking=True)


_RETRY: Final = """
functions:
  - {name: greet, type: custom, operation: "rest:post:/greet"}
retries:
  - {name: thrice, maxAttempts: 3, delay: PT1S%s}
states:
  - name: Begin
    type: operation
    actions: [{functionRef: greet, retryRef: thrice}]
    end: true
"""
_LEFT_OUT: Final = "The CRDs expect an object there, which the specification does not define and no engine reads."


@rule(
    "retry-jitter",
    severity=Severity.WARNING,
    reason=_LEFT_OUT,
    consequence="The engine reads it from the image; the custom resource is stored without it.",
    bad=Example(definition=_RETRY % ", jitter: 0.5"),
    good=Example(definition=_RETRY % ""),
)
def retry_jitter(workflow: Workflow) -> Iterator[Found]:
    """A retry's jitter, which no CRD accepts in the form of the specification."""
    yield from _left_out(workflow, "jitter", (0, 0.0))


@rule(
    "retry-multiplier",
    severity=Severity.WARNING,
    reason=_LEFT_OUT,
    consequence="The engine reads it from the image; the custom resource is stored without it.",
    bad=Example(definition=_RETRY % ", multiplier: 2"),
    good=Example(definition=_RETRY % ", multiplier: 1"),
)
def retry_multiplier(workflow: Workflow) -> Iterator[Found]:
    """A retry's multiplier, which no CRD accepts in the form of the specification."""
    yield from _left_out(workflow, "multiplier", (1, 1.0))


def _left_out(workflow: Workflow, field: str, means_nothing: tuple[float, ...]) -> Iterator[Found]:
    definition = workflow.definition
    for index, retry in enumerate(definition.flow.get("retries", ())):
        value = retry.get(field)
        if value is not None and not isinstance(value, bool) and value not in means_nothing:
            left_out = f"no SonataFlow CRD accepts '{field}: {value}': it is left out of the custom resource"
            message = f"{left_out}; {instead(('spec', 'flow', 'retries', index, field))}"
            yield Found(at=definition.position_of("retries", index, field), message=message)


@rule(
    "byte-order-mark",
    severity=Severity.WARNING,
    reason="Helm silently strips it, and a JSON parser refuses it.",
    consequence="The engine still reads the file; the API server and JSON tools do not.",
    bad=Example(files={"schemas/input.json": BOM_UTF8 + b'{"properties": {}}'}),
    good=Example(files={"schemas/input.json": '{"properties": {}}'}),
)
def byte_order_mark(workflow: Workflow) -> Iterator[Found]:
    """A file with a byte order mark."""
    for relative, data in sorted(workflow.source.resources.items()):
        if data.startswith(BOM_UTF8):
            message = "starts with a byte order mark, which is left out; save the file as UTF-8 without one"
            yield Found(at=Position(path=workflow.source.shown(relative)), message=message)


#: Another workflow with the id of an example.
ANOTHER: Final = """\
id: example
version: "1.0"
specVersion: "0.8"
name: Another example
start: Begin
states: [{name: Begin, type: inject, data: {greeting: Hello}, end: true}]
"""


@rule_together(
    "duplicate-id",
    reason="The id names every object of a workflow, so the two overwrite each other's objects.",
    consequence="In one application the build fails; in a cluster the second workflow replaces the first.",
    bad=Example(beside={"other/other.sw.yaml": ANOTHER}),
    good=Example(beside={"other/other.sw.yaml": ANOTHER.replace("id: example", "id: other")}),
)
def duplicate_id(repository: Repository) -> Iterator[Found]:
    """Two workflows of one repository with the same id."""
    seen: dict[str, Workflow] = {}
    for workflow in repository.workflows:
        other = seen.setdefault(workflow.object_name, workflow)
        if other is not workflow:
            message = f"the id '{workflow.definition.id}' is also that of {other.definition.path}; give each its own id"
            yield Found(at=workflow.definition.position_of("id"), message=message)
