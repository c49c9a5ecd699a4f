"""A new workflow as what reads folders sees it, without a disk."""

from __future__ import annotations

from collections.abc import Mapping

from generator.findings.finding import Finding, Severity
from generator.lint.linter import lint
from generator.scaffold.starter import NewWorkflow, workflow_files
from generator.workflow.folder import QUARKUS_RESOURCES, SharedFiles, Source
from generator.workflow.workflow import Workflow, read_workflow


def read(wanted: NewWorkflow) -> Workflow:
    """The workflow that the files of a new one are."""
    return workflow_of(wanted.name, workflow_files(wanted))


def workflow_of(name: str, files: Mapping[str, bytes]) -> Workflow:
    quarkus = any(path.startswith("src/") for path in files)
    prefix = f"{QUARKUS_RESOURCES}/" if quarkus else ""
    resources = {path.removeprefix(prefix): data for path, data in files.items() if path.startswith(prefix)}
    left_out = ("backstage/", "tests/", "README.md", "argfile.conf")
    source = Source(
        name=name,
        path=f"workflows/{name}",
        definition=f"{name}.sw.yaml",
        resources={path: data for path, data in resources.items() if not path.startswith(left_out)},
        inputs=dict.fromkeys(files, "0"),
        overlay={},
        shared=SharedFiles(files={}),
        quarkus=quarkus,
        argfile=files["argfile.conf"],
    )
    return read_workflow(source)


def faults(wanted: NewWorkflow) -> list[Finding]:
    """What `waybill lint --strict` fails on."""
    return [finding for finding in lint(read(wanted)) if finding.severity is not Severity.NOTE]
