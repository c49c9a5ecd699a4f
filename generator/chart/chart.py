"""Generates the files of a workflow's Helm chart."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final

from semver import Version

from generator.chart import values
from generator.chart.defaults import OWN_DEFAULTS, NotAMapError, with_defaults, without_keys
from generator.chart.files import PAYLOAD, ChartFiles
from generator.chart.names import FOLDER_ANNOTATION, UMBRELLA
from generator.chart.pin import tagged
from generator.chart.release_size import MAX_RELEASE_BYTES, release_bytes
from generator.chart.values import Value
from generator.compatibility.capabilities import OperatorCapabilities, newest_capabilities
from generator.compatibility.supported import operator_annotations
from generator.diagram.embedding import embedded
from generator.findings.errors import Collecting, FindingsError
from generator.findings.finding import Finding, in_file_order
from generator.kubernetes import objects
from generator.kubernetes.crd import API_VERSION, DEFINITION_NAME, NEWEST_KIND
from generator.kubernetes.objects import Database, ImageReference
from generator.text import templates, yaml_writer
from generator.text.yaml_reader import decode, parse
from generator.workflow.definition import Definition
from generator.workflow.properties import environment_name
from generator.workflow.workflow import Workflow

#: The container's variable that changes with the mounted files, so that the operator restarts the workflow.
CHECKSUM_VARIABLE: Final = "WAYBILL_RESOURCES_CHECKSUM"
#: Names that no workflow chart may have: the umbrella's own, and keys of its values.
TAKEN_NAMES: Final = (UMBRELLA, "global", "networkPolicy")
_CHART_NAME: Final = re.compile(r"[a-z0-9]([-_a-z0-9]*[a-z0-9])?", re.IGNORECASE)
#: How `--set` writes a dot inside a key.
ESCAPED_DOT: Final = r"\."
#: The templates besides those of the chart's objects (kubernetes.objects).
_TEMPLATES: Final = ("NOTES.txt", "_workflow.tpl", "_operator.tpl")
#: The templates for operators that have spec.podTemplate.
_POD_TEMPLATES: Final = ("_pod.tpl", "_trust.tpl")
#: The definition's file in the payload of a chart.
FLOW_FILE: Final = "flow.yaml"
#: The annotation in Chart.yaml with the workflow's id, which no other file of a chart has as it was written.
ID_ANNOTATION: Final = "waybill/workflow-id"
_OVERLAY_FOLDERS: Final = ("templates/", "crds/", PAYLOAD)
_NOTES: Final = "templates/NOTES.txt"
_VALUES: Final = "values.yaml"
_OVERLAY_MERGED: Final = ("README.md", _VALUES, "values.schema.json")

_ICON_SVG: Final = (
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 24 24" fill="none" stroke="#06c" stroke-width="2">'
    '<path d="M8 5h7a4 4 0 0 1 0 8H9a3 3 0 0 0 0 6h7"/><circle cx="5" cy="5" r="3"/><circle cx="19" cy="19" r="3"/>'
    "</svg>"
)
ICON: Final = f"data:image/svg+xml;base64,{base64.b64encode(_ICON_SVG.encode()).decode()}"


@dataclass(frozen=True, kw_only=True)
class Chart:
    """A Helm chart as files."""

    name: str
    version: str
    folder: str
    description: str
    app_version: str
    files: ChartFiles = field(default_factory=ChartFiles)


@dataclass(frozen=True, kw_only=True)
class _MountedFile:
    """A file of a ConfigMap: its key there and its path in the chart."""

    key: str
    path: str


@dataclass(frozen=True, kw_only=True)
class _ResourceMap:
    """A ConfigMap that holds one folder of the workflow."""

    name: str
    folder: str
    files: tuple[_MountedFile, ...]


def chart_name(folder: str) -> str:
    """Return the name of a workflow folder's chart: without a trailing `.x`, and with `-` for other dots.

    Helm reads a condition such as `mta-v7.x.enabled` as a path of keys, so it cannot enable a chart with a dot.
    """
    return folder.removesuffix(".x").replace(".", "-")


def workflow_chart(
    workflow: Workflow,
    *,
    version: str,
    image: ImageReference,
    functions: Mapping[str, ImageReference] | None = None,
    capabilities: OperatorCapabilities | None = None,
) -> Chart:
    """Return the chart of a workflow for one SonataFlow, by default the newest.

    `functions` are the images of the workflow's functions by folder. They replace the images in chart/values.yaml whose
    `repository` ends in the folder's name.

    Raises:
        FindingsError: Helm refuses the name, a file of chart/ clashes with a generated one, or the release would be too
            large.
    """
    workflow = _with_functions(workflow, functions or {})
    definition = workflow.definition
    chart = Chart(
        name=chart_name(workflow.source.name),
        version=version,
        folder=workflow.source.name,
        description=description_of(definition),
        app_version=definition.version,
    )
    check_name(workflow)
    capabilities = capabilities or newest_capabilities()
    findings: list[Finding] = []
    files = _generated_files(workflow, chart, image, capabilities, findings)
    files |= _overlay_files(workflow, files, findings)
    if findings:
        raise FindingsError(in_file_order(findings))
    chart_files = ChartFiles(files)
    _check_release(workflow, chart_files)
    return replace(chart, files=chart_files)


def check_name(workflow: Workflow) -> None:
    """Check that Helm can enable the workflow's chart by its name.

    Raises:
        FindingsError: the name is taken, or Helm cannot use it as a key.
    """
    name = chart_name(workflow.source.name)
    if not _CHART_NAME.fullmatch(name) or name in TAKEN_NAMES:
        message = f"makes the chart '{name}', a name that is taken or that Helm cannot enable; rename the folder"
        raise FindingsError([Finding(path=workflow.source.path, rule="chart-name", message=message, blocking=True)])


def secret_keys(workflow: Workflow, capabilities: OperatorCapabilities) -> tuple[str, ...]:
    """Return the keys of secret.properties that a chart needs; () if its operator cannot pass Secrets to a workflow."""
    return workflow.secret_keys if capabilities.pods else ()


def required_values(workflow: Workflow, capabilities: OperatorCapabilities | None = None) -> tuple[str, ...]:
    """Return the paths of the values that an install requires, written for `--set`."""
    variables = (f"env.{variable.name}" for variable in workflow.variables() if variable.default is None)
    keys = secret_keys(workflow, capabilities or newest_capabilities())
    return (*variables, *(f"secret.data.{key.replace('.', ESCAPED_DOT)}" for key in keys))


def installation(workflow: Workflow, capabilities: OperatorCapabilities | None = None) -> dict[str, Any]:
    """Return the template context for pages about a workflow: its diagram, and the values for an install."""
    capabilities = capabilities or newest_capabilities()
    return {
        "capabilities": capabilities,
        "diagram": embedded(workflow.definition),
        "variables": workflow.variables(),
        "secret_variables": {key: environment_name(key) for key in secret_keys(workflow, capabilities)},
        "secret_comments": workflow.secret_comments(),
        "required": required_values(workflow, capabilities),
        "line": "",
    }


def description_of(definition: Definition) -> str:
    """Return a one-line description of the workflow, which `helm lint` recommends."""
    lines = (" ".join(text.split()) for text in (definition.description, definition.name, definition.id))
    return next(filter(None, lines), "")


def _generated_files(
    workflow: Workflow, chart: Chart, image: ImageReference, capabilities: OperatorCapabilities, findings: list[Finding]
) -> dict[str, bytes]:
    context = _context(workflow, chart, capabilities)
    chart_values = values.workflow_values(
        image=image,
        database=Database(schema=workflow.source.name),
        variables=workflow.variables(),
        secret_comments=workflow.secret_comments(),
        capabilities=capabilities,
    )
    with Collecting(findings):
        chart_values = _with_own_defaults(workflow, chart_values)
    annotations = {
        FOLDER_ANNOTATION: chart.folder,
        ID_ANNOTATION: workflow.definition.id,
        **operator_annotations(capabilities),
    }
    texts = {
        "Chart.yaml": templates.render("chart/workflow/Chart.yaml", chart=chart, annotations=annotations, icon=ICON)
    }
    with Collecting(findings):
        generated = templates.render("chart/workflow/values.yaml", chart=chart, values=chart_values)
        texts[_VALUES] = _with_own_values(workflow, generated)
    with Collecting(findings):
        schema = _with_own_schema(workflow, values.json_schema(chart.name, chart_values))
        texts["values.schema.json"] = json.dumps(schema, indent=2, ensure_ascii=False) + "\n"
    with Collecting(findings):
        own_text = _own_text(workflow, "README.md").strip()
        rows = tuple(values.rows(chart_values))
        texts["README.md"] = templates.render(
            "chart/workflow/README.md",
            rows=rows,
            own_secrets=workflow.secret_keys,
            own_text=own_text,
            **context,
        )
    names = [
        *(row.template for row in context["objects"]),
        *_TEMPLATES,
        *(_POD_TEMPLATES if capabilities.pods else ()),
    ]
    texts |= {f"templates/{name}": templates.render(f"chart/workflow/templates/{name}", **context) for name in names}
    with Collecting(findings):
        if own_notes := _own_text(workflow, _NOTES):
            texts[_NOTES] += f"\n{own_notes}"
    return {**{path: text.encode() for path, text in texts.items()}, **payload(workflow, capabilities)}


def payload(workflow: Workflow, capabilities: OperatorCapabilities | None = None) -> ChartFiles:
    """Return the workflow's own text as files that templates load, so that it is never parsed as a template."""
    flow = (capabilities or newest_capabilities()).flow(objects.flow(workflow))
    files = {**workflow.mounted, FLOW_FILE: yaml_writer.dump(flow).encode()}
    if workflow.properties:
        files["application.properties"] = workflow.properties.text.encode()
    return ChartFiles({f"{PAYLOAD}{path}": data for path, data in files.items()})


def _context(workflow: Workflow, chart: Chart, capabilities: OperatorCapabilities) -> dict[str, Any]:
    """Return the context of the chart's templates."""
    folders = workflow.source.resource_folders()
    maps = [
        _ResourceMap(
            name=map_name,
            folder=folder,
            files=tuple(_MountedFile(key=file, path=f"{PAYLOAD}{folder}/{file}") for file in folders[folder]),
        )
        for folder, map_name in objects.resource_map_names(workflow).items()
    ]
    return {
        "chart": chart,
        "definition": workflow.definition,
        "object_name": workflow.object_name,
        "objects": objects.installed_objects(workflow, capabilities.crd),
        "workflow": workflow,
        "properties_name": objects.properties_name(workflow),
        "secret_name": objects.secret_name(workflow),
        "api_version": API_VERSION,
        "newest_kind": NEWEST_KIND if NEWEST_KIND in capabilities.kinds else None,
        "definition_name": DEFINITION_NAME,
        "labels": objects.labels_of(workflow.object_name),
        "annotations": objects.annotations_of(workflow),
        "version_annotation": objects.VERSION,
        "version_label": objects.version_label(workflow.definition.version),
        "profile_annotation": "sonataflow.org/profile",
        **installation(workflow, capabilities),
        "line": _version_range(chart, capabilities),
        "resource_maps": maps,
        "resource_paths": [file.path for resource_map in maps for file in resource_map.files],
        "checksum_variable": CHECKSUM_VARIABLE,
        "persistence_properties": objects.missing_properties(workflow.properties, capabilities.sonataflow.properties),
    }


def _version_range(chart: Chart, capabilities: OperatorCapabilities) -> str:
    """Return the version range (`1.45.x`) that an install has to name, or "" if the newest version is right."""
    if capabilities.sonataflow == capabilities.matrix.newest:
        return ""
    version = Version.parse(chart.version)
    return f"{version.major}.{version.minor}.x"


def _overlay_files(workflow: Workflow, generated: Mapping[str, bytes], findings: list[Finding]) -> dict[str, bytes]:
    """Return the files that the workflow's chart/ adds; README, notes, values and their schema were merged already."""
    added = {
        path: data for path, data in sorted(workflow.source.overlay.items()) if path not in (*_OVERLAY_MERGED, _NOTES)
    }
    for path in added:
        if path in generated:
            findings.append(_overlay_finding(workflow, path, f"the chart generates '{path}' itself; rename the file"))
        elif not path.startswith(_OVERLAY_FOLDERS):
            places = ", ".join((*_OVERLAY_FOLDERS, *_OVERLAY_MERGED))
            message = f"'{path}' does not belong in a chart; chart/ takes {places}"
            findings.append(_overlay_finding(workflow, path, message))
        elif not path.startswith(PAYLOAD):
            with Collecting(findings):
                _own_text(workflow, path)
    return added


def _with_own_defaults(workflow: Workflow, chart_values: tuple[Value, ...]) -> tuple[Value, ...]:
    """Return the values with the defaults of chart/values.yaml."""
    own = _own_map(workflow, _VALUES)
    try:
        return with_defaults(chart_values, {key: own[key] for key in OWN_DEFAULTS if key in own})
    except NotAMapError as error:
        raise FindingsError([_overlay_finding(workflow, _VALUES, f"'{error}' must be a map")]) from error


def _added_values(workflow: Workflow) -> dict[str, Any]:
    """Return the values that chart/values.yaml adds, without the defaults of existing values."""
    return {key: value for key, value in _own_map(workflow, _VALUES).items() if key not in OWN_DEFAULTS}


def _with_own_values(workflow: Workflow, generated: str) -> str:
    """Return values.yaml with the additions of chart/values.yaml: their text, or their content if texts do not fit."""
    own = _added_values(workflow)
    if not own:
        return generated
    taken = parse(generated.encode(), _VALUES).root.plain()
    _refuse_taken(workflow, _VALUES, own, taken)
    heading = "\n# From the workflow's own chart/values.yaml.\n\n"
    text = f"{generated}{heading}{without_keys(_own_text(workflow, _VALUES), OWN_DEFAULTS)}"
    try:
        is_joined = parse(text.encode(), _VALUES).root.plain() == {**taken, **own}
    except FindingsError:
        is_joined = False
    return text if is_joined else f"{generated}{heading}{yaml_writer.dump(own)}"


def _with_own_schema(workflow: Workflow, generated: Mapping[str, Any]) -> dict[str, Any]:
    """Return the schema with that of the values that chart/ adds; a value without a schema may be anything."""
    own = _own_map(workflow, "values.schema.json")
    properties = own.get("properties", {})
    if not isinstance(properties, dict):
        message = f"'properties' must be a map, not {'a list' if isinstance(properties, list) else 'a string'}"
        raise FindingsError([_overlay_finding(workflow, "values.schema.json", message)])
    required = own.get("required", [])
    if not isinstance(required, list) or not all(isinstance(key, str) for key in required):
        raise FindingsError([_overlay_finding(workflow, "values.schema.json", "'required' must be a list of names")])
    _refuse_taken(workflow, "values.schema.json", properties, generated["properties"])
    anything: dict[str, Any] = {key: {} for key in _added_values(workflow)}
    more: dict[str, Any] = {key: own[key] for key in ("definitions", "$defs", "required") if key in own}
    return {**generated, "properties": {**generated["properties"], **anything, **properties}, **more}


def _with_functions(workflow: Workflow, images: Mapping[str, ImageReference]) -> Workflow:
    """Return the workflow with the images of its functions in its chart/values.yaml."""
    overlay = workflow.source.overlay
    if not images or _VALUES not in overlay:
        return workflow
    text = tagged(_own_text(workflow, _VALUES), images)
    return replace(workflow, source=replace(workflow.source, overlay={**overlay, _VALUES: text.encode()}))


def _refuse_taken(workflow: Workflow, path: str, own: Mapping[str, Any], taken: Mapping[str, Any]) -> None:
    if both := sorted(own.keys() & taken.keys()):
        message = f"the chart already has values named {', '.join(both)}; rename yours"
        raise FindingsError([_overlay_finding(workflow, path, message)])


def _own_text(workflow: Workflow, path: str) -> str:
    return decode(workflow.source.overlay.get(path, b""), f"{workflow.source.path}/chart/{path}")


def _own_map(workflow: Workflow, path: str) -> dict[str, Any]:
    data = workflow.source.overlay.get(path, b"")
    if not data.strip():
        return {}
    document = parse(data, f"{workflow.source.path}/chart/{path}")
    content = document.root.plain()
    if isinstance(content, dict):
        return content
    raise FindingsError([_overlay_finding(workflow, path, f"expected a map, found {document.root.kind}")])


def _overlay_finding(workflow: Workflow, path: str, message: str) -> Finding:
    return Finding(path=f"{workflow.source.path}/chart/{path}", rule="chart-files", message=message, blocking=True)


def _check_release(workflow: Workflow, files: ChartFiles) -> None:
    size = release_bytes(files)
    if size > MAX_RELEASE_BYTES:
        message = (
            f"a release of this chart takes about {size:,} bytes; Helm stores at most {MAX_RELEASE_BYTES:,}; "
            "cut the specs down with --minify-specs"
        )
        raise FindingsError([Finding(path=workflow.source.path, rule="release-size", message=message, blocking=True)])
