"""A snapshot of a workflow for comparison, read from its folder or from its chart."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, Final

from generator.chart.chart import FLOW_FILE, ID_ANNOTATION, required_values, workflow_chart
from generator.chart.files import PAYLOAD, ChartFiles
from generator.compatibility.capabilities import OperatorCapabilities
from generator.findings.errors import FindingsError
from generator.findings.finding import Finding
from generator.kubernetes.objects import ImageReference, installed_objects
from generator.text.yaml_reader import parse
from generator.workflow.definition import Definition
from generator.workflow.file_references import Referenced
from generator.workflow.folder import MAX_FILE_BYTES, SharedFiles, Source
from generator.workflow.properties import Properties, Property
from generator.workflow.workflow import Workflow, read_workflow

#: In a chart, which has no extensions, only its name identifies the output schema.
_OUTPUT_SCHEMA: Final = re.compile(r"schemas/[^/]*output[^/]*\.json", re.IGNORECASE)


@dataclass(frozen=True, kw_only=True)
class Snapshot:
    """The comparable parts of a workflow.

    `title` is the name that the user gave. `values` and `schema` are those of its chart. `whole` says that it is a
    folder: a chart has neither the definition's extensions nor the image's other files.
    """

    title: str
    workflow: Workflow
    description: str
    version: str
    chart_version: str | None
    image: ImageReference
    values: Mapping[str, Any]
    schema: Mapping[str, Any]
    whole: bool

    @property
    def name(self) -> str:
        """The name of the folder or chart."""
        return self.workflow.source.name

    @property
    def object_name(self) -> str:
        """The name of the custom resource."""
        return self.workflow.object_name

    @cached_property
    def required(self) -> frozenset[str]:
        """The paths of the values that an install must set."""
        return frozenset(required_values(self.workflow))

    @cached_property
    def objects(self) -> frozenset[str]:
        """The Kubernetes objects, as KIND NAME."""
        rows = installed_objects(self.workflow)
        return frozenset(f"{row.kind} {name}" for row in rows for name in row.names(self.workflow).values())

    @property
    def definition(self) -> Definition:
        """The workflow's definition."""
        return self.workflow.definition

    def subflows(self) -> dict[str, Definition]:
        """Return the subflows by id."""
        return {definition.id or definition.path: definition for definition in self.workflow.subflows}

    def output_schemas(self) -> tuple[str, ...] | None:
        """Return the paths of the output schemas, or None if a chart does not identify them."""
        if self.whole:
            return tuple(file for file, _ in self.definition.output_schemas())
        found = tuple(path for path in self.workflow.mounted if _OUTPUT_SCHEMA.fullmatch(path))
        return found if len(found) == 1 else None

    @cached_property
    def files(self) -> Referenced:
        """The files to which the workflow's files refer."""
        return Referenced(self.workflow.source)


def snapshot_of_workflow(
    workflow: Workflow, *, title: str, image: ImageReference, capabilities: OperatorCapabilities | None = None
) -> Snapshot:
    """Return the snapshot of a workflow folder; `image` and `capabilities` are those for its chart.

    Raises:
        FindingsError: no chart can be generated.
    """
    files = workflow_chart(workflow, version="0.0.0", image=image, capabilities=capabilities).files
    return Snapshot(
        title=title,
        workflow=workflow,
        description=workflow.definition.description,
        version=workflow.definition.version,
        chart_version=None,
        image=image,
        values=_map(files["values.yaml"], "values.yaml"),
        schema=_map(files["values.schema.json"], "values.schema.json"),
        whole=True,
    )


def snapshot_of_chart(files: ChartFiles, *, title: str, shown: str) -> Snapshot:
    """Return the snapshot of a chart that waybill made; `shown` is its path in messages.

    Raises:
        FindingsError: a file cannot be read, or the chart has no workflow.
    """
    if "Chart.yaml" not in files or FLOW_FILE not in files.payload:
        message = f"contains no {PAYLOAD}{FLOW_FILE}, so waybill did not make it from a workflow; name another chart"
        raise FindingsError([Finding(path=shown, rule="chart", message=message)])
    about = _map(files["Chart.yaml"], f"{shown}/Chart.yaml")
    values = _map(files.get("values.yaml", b"{}"), f"{shown}/values.yaml")
    schema = _map(files.get("values.schema.json", b"{}"), f"{shown}/values.schema.json")
    workflow = _workflow(files, about, values, shown)
    image = values.get("image")
    image = image if isinstance(image, dict) else {}
    return Snapshot(
        title=title,
        workflow=workflow,
        description=str(about.get("description") or ""),
        version=str(about.get("appVersion") or ""),
        chart_version=str(about.get("version") or "") or None,
        image=ImageReference(
            repository=str(image.get("repository") or ""),
            tag=str(image.get("tag") or "") or None,
            digest=str(image.get("digest") or "") or None,
        ),
        values=values,
        schema=schema,
        whole=False,
    )


def _workflow(files: ChartFiles, about: Mapping[str, Any], values: Mapping[str, Any], shown: str) -> Workflow:
    """Return the workflow of a chart, with the parts of it that a chart has."""
    name = str(about.get("name", ""))
    annotations = about.get("annotations")
    id_ = annotations.get(ID_ANNOTATION) if isinstance(annotations, dict) else None
    source = Source(
        name=name,
        path=f"{shown}/{PAYLOAD.rstrip('/')}",
        definition=FLOW_FILE,
        resources=files.payload,
        inputs={},
        overlay={},
        shared=SharedFiles(files={}),
    )
    secrets = tuple(Property(key, "", 1) for key in _secret_keys(values))
    workflow = read_workflow(source)
    return replace(
        workflow,
        definition=replace(workflow.definition, id=str(id_ or name)),
        secrets=Properties(path="", entries=secrets) if secrets else None,
    )


def _secret_keys(values: Mapping[str, Any]) -> Iterator[str]:
    secret = values.get("secret")
    data = secret.get("data") if isinstance(secret, dict) else None
    yield from data if isinstance(data, dict) else ()


def _map(data: bytes, path: str) -> dict[str, Any]:
    root = parse(data, path, max_bytes=MAX_FILE_BYTES).root
    content = root.plain()
    if isinstance(content, dict):
        return content
    message = f"expected a map, found {root.kind}"
    raise FindingsError([Finding(path=path, line=root.line, column=root.column, rule="chart", message=message)])
