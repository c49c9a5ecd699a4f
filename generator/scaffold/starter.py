"""Generates all files in the folder of a new workflow."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from importlib import resources
from typing import Any, Final, Literal

from generator.contracts.json_schema import DEFAULT_DRAFT, JsonSchema
from generator.contracts.samples import example
from generator.scaffold.authentication import FIELD, auth_requester, extensions
from generator.scaffold.calls import Calls, State, calls_of
from generator.scaffold.configuration import configuration_of, schemes_of, url_variable
from generator.scaffold.forms import rendered
from generator.scaffold.names import check_name, title_of
from generator.scaffold.operations import Service
from generator.text.templates import render
from generator.text.words import listed
from generator.text.yaml_writer import dump
from generator.workflow.folder import QUARKUS_RESOURCES, SHARED
from generator.workflow.properties import expressions

Type = Literal["infrastructure", "assessment"]
Layout = Literal["flat", "quarkus"]
TYPES: Final[tuple[Type, ...]] = ("infrastructure", "assessment")
LAYOUTS: Final[tuple[Layout, ...]] = ("flat", "quarkus")
#: The schema of results, shared by all workflows of a repository, relative to the workflows folder.
RESULT_SCHEMA: Final = f"{SHARED}/schemas/workflow-result-schema.json"
#: The input of test runs.
INPUT: Final = "tests/input.json"
#: Files next to src/ in a Quarkus project; all others are resources.
_BESIDE: Final = ("README.md", "argfile.conf", "backstage/", "tests/")
_OWN_INPUT: Final[Mapping[str, Any]] = {
    "name": {
        "title": "Name",
        "description": "The person or thing that the workflow runs for.",
        "type": "string",
        "minLength": 1,
        "examples": ["Ada"],
    }
}
_OUTPUT_LISTED: Final = 200


@dataclass(frozen=True, kw_only=True)
class NewWorkflow:
    """The options of a new workflow.

    `service` is the service that it calls, if any. `shared_result` means that the repository has the shared schema of
    results (`RESULT_SCHEMA`).
    """

    name: str
    type: Type = "infrastructure"
    layout: Layout = "flat"
    service: Service | None = None
    backstage: bool = False
    auth: bool = False
    shared_result: bool = False


def workflow_files(wanted: NewWorkflow) -> dict[str, bytes]:
    """Return the files of a new workflow by path in its folder, sorted.

    Raises:
        SettingsError: the name is not valid for a workflow.
    """
    check_name(wanted.name)
    files = dict(_files(wanted))
    if wanted.layout == "quarkus":
        files = {
            path if path.startswith(_BESIDE) else f"{QUARKUS_RESOURCES}/{path}": data for path, data in files.items()
        }
    return {path: files[path] for path in sorted(files)}


def _files(wanted: NewWorkflow) -> Iterator[tuple[str, bytes]]:
    name, service = wanted.name, wanted.service
    calls = calls_of(service, url_variable(service)) if service else _no_calls()
    schema = _input_schema(wanted, calls)
    configuration = configuration_of(service, auth=wanted.auth)
    oauth2 = service is not None and any(each.kind == "oauth2" for each in schemes_of(service))
    about = {
        "name": name,
        "type": wanted.type,
        "title": title_of(name),
        "description": _description(wanted),
        "extensions": extensions(auth=wanted.auth, oauth2=oauth2),
        "groups": configuration.groups,
        "secrets": configuration.secrets,
    }
    yield f"{name}.sw.yaml", render("scaffold/workflow.sw.yaml", **about, **_definition(wanted, calls)).encode()
    yield f"schemas/{name}-input-schema.json", rendered(schema)
    yield from _output_schema(wanted)
    yield "application.properties", render("scaffold/application.properties", **about).encode()
    if configuration.secrets:
        yield "secret.properties", render("scaffold/secret.properties", **about).encode()
    yield "argfile.conf", render("scaffold/argfile.conf", **about).encode()
    if service is not None:
        yield f"specs/{service.file}", service.data
    trial = example(JsonSchema(content=schema, document=schema), complete=False) or {}
    yield INPUT, rendered(trial)
    yield "README.md", _readme(wanted, calls, schema, trial, about)
    if wanted.backstage:
        yield from _backstage(schema, about)


def _no_calls() -> Calls:
    return Calls(states=(), properties=_OWN_INPUT, required=("name",))


def _description(wanted: NewWorkflow) -> str:
    if wanted.service is None:
        what = "An assessment" if wanted.type == "assessment" else "A workflow"
        return f"{what} to start from; replace this by what it does."
    names = [each.name for each in wanted.service.operations]
    shown = [*names[:5], *([f"{len(names) - 5} more"] if names[5:] else [])]
    return f"Calls {listed(shown)} of {wanted.service.file}."


def _input_schema(wanted: NewWorkflow, calls: Calls) -> dict[str, Any]:
    properties = {**calls.properties, **({FIELD: auth_requester()} if wanted.auth else {})}
    schema: dict[str, Any] = {
        "$schema": f"http:{DEFAULT_DRAFT}#",
        "title": title_of(wanted.name),
        "description": "What the workflow needs to start.",
        "type": "object",
        "properties": properties,
    }
    return {**schema, **({"required": list(calls.required)} if calls.required else {})}


def _output_schema(wanted: NewWorkflow) -> Iterator[tuple[str, bytes]]:
    result = "../shared/schemas/workflow-result-schema.json"
    if not wanted.shared_result:
        result = "workflow-result-schema.json"
        yield f"schemas/{result}", result_schema()
    properties: dict[str, Any] = {"result": {"$ref": result}}
    if wanted.type == "assessment":
        properties["workflowOptions"] = _options_schema()
    yield (
        "schemas/workflow-output-schema.json",
        rendered(
            {
                "$schema": f"http:{DEFAULT_DRAFT}#",
                "title": "Workflow output",
                "description": "The data of a finished run.",
                "type": "object",
                "properties": properties,
                "required": list(properties),
            }
        ),
    )


def result_schema() -> bytes:
    """Return the JSON Schema of the result that the Orchestrator shows for a completed run (WorkflowResult)."""
    return (resources.files("generator.scaffold") / "templates" / "workflow-result-schema.json").read_bytes()


def _options_schema() -> dict[str, Any]:
    texts = {
        "id": ("ID", "The id in the workflow's definition."),
        "name": ("Name", "The name under which it is offered."),
    }
    option = {
        "title": "Option",
        "description": "A workflow that can be started next.",
        "type": "object",
        "properties": {
            key: {"title": title, "description": text, "type": "string"} for key, (title, text) in texts.items()
        },
        "required": list(texts),
    }
    return {
        "title": "Workflow options",
        "description": "Workflows that the assessment offers as the next step, by what they do.",
        "type": "object",
        "patternProperties": {
            "^(new|other|upgrade|migration|continuation)Options$": {
                "title": "Options",
                "description": "Workflows of one kind.",
                "type": "array",
                "items": option,
            }
        },
        "additionalProperties": False,
    }


def _definition(wanted: NewWorkflow, calls: Calls) -> dict[str, Any]:
    """Return the template variables that only the definition needs."""
    states = calls.states
    following = [state.name for state in states[1:]] + ["ReportSuccess"]
    outputs = [(state.title, f"(.{state.result} | tojson)") for state in states if state.result]
    message = json.dumps(f"{title_of(wanted.name)} called {listed(state.function for state in states)}.")
    if wanted.service is None:
        outputs = [("Name", ".name")]
        message = f'("{title_of(wanted.name)} ran for " + .name + ".")'
    return {
        "states": [_shown(state, after) for state, after in zip(states, following, strict=bool(states))],
        "outputs": outputs,
        "message": message,
    }


def _shown(state: State, after: str) -> dict[str, Any]:
    optional = [name for name in state.optional if name.isprintable()]
    text = listed(optional)
    return {
        **{key: getattr(state, key) for key in ("name", "function", "operation", "arguments", "result", "failed")},
        "failure": state.failure,
        "next": after,
        "optional": optional,
        "optional_text": text if len(text) <= _OUTPUT_LISTED else f"{text[:_OUTPUT_LISTED]}…",
    }


def _readme(
    wanted: NewWorkflow, calls: Calls, schema: Mapping[str, Any], trial: Any, about: Mapping[str, Any]
) -> bytes:
    variables: dict[str, tuple[str, str]] = {}
    secret_keys = {secret.key for secret in about["secrets"]}
    for line in (line for group in about["groups"] for line in group):
        for each in expressions(line.value):
            if each.name not in secret_keys:
                variables.setdefault(
                    each.name, (f"default `{each.default}`" if each.default else "mandatory", line.comment)
                )
    text = render(
        "scaffold/README.md",
        **about,
        layout=wanted.layout,
        service=wanted.service,
        backstage=wanted.backstage,
        auth=wanted.auth,
        states=calls.states,
        following=[*(state.name for state in calls.states[1:]), "ReportSuccess"],
        inputs=[
            (name, "mandatory" if name in calls.required else "", each["description"])
            for name, each in schema["properties"].items()
            if name != FIELD
        ],
        variables=variables,
        trial=json.dumps(trial, ensure_ascii=False),
    )
    return text.encode()


def _backstage(schema: Mapping[str, Any], about: Mapping[str, Any]) -> Iterator[tuple[str, bytes]]:
    """Yield the files for Developer Hub, without the login, for which its scaffolder has no form field."""
    properties = {name: each for name, each in schema["properties"].items() if name != FIELD}
    form = {**{key: schema[key] for key in ("title", "description")}, "properties": properties}
    if "required" in schema:
        form = {"title": form["title"], "description": form["description"], "required": schema["required"]} | form
    for file in ("catalog-info.yaml", "template.yaml", "rbac-policy.csv", "rbac-conditional-policies.yaml"):
        yield f"backstage/{file}", render(f"scaffold/{file}", **about, parameters=dump(form).rstrip()).encode()
