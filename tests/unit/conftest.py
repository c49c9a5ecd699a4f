"""What the unit tests share: a workflow from a few files, in memory or on disk."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

from generator.findings.errors import FindingsError
from generator.findings.finding import Finding
from generator.lint.linter import lint, lint_together
from generator.lint.registry import SUBJECTS
from generator.lint.rule import Repository
from generator.workflow.definition import Definition
from generator.workflow.folder import NOT_IN_IMAGE, SharedFiles, Source, read_shared, read_source
from generator.workflow.workflow import Workflow, read_workflow

Files = Mapping[str, str | bytes]

#: The smallest definition without a finding.
MINIMAL: dict[str, Any] = {
    "id": "greeting",
    "version": "1.0.0",
    "specVersion": "0.8",
    "name": "Greeting",
    "start": "A",
    "states": [{"name": "A", "type": "inject", "data": {"language": "English"}, "end": True}],
}


def as_bytes(files: Files) -> dict[str, bytes]:
    return {path: data.encode() if isinstance(data, str) else data for path, data in files.items()}


def source(
    files: Files, *, name: str = "greeting", shared: Files | None = None, overlay: Files | None = None
) -> Source:
    """A source as if these files lay in workflows/NAME; without a definition it gets the smallest one."""
    resources = as_bytes(files)
    tops = [path for path in resources if "/" not in path and ".sw." in path]
    if not tops:
        resources["greeting.sw.json"] = json.dumps(MINIMAL).encode()
    return Source(
        name=name,
        path=f"workflows/{name}",
        definition=tops[0] if tops else "greeting.sw.json",
        resources=resources,
        inputs={path: data.hex() for path, data in resources.items() if path not in NOT_IN_IMAGE},
        overlay=as_bytes(overlay or {}),
        shared=SharedFiles(files=as_bytes(shared or {})),
    )


def workflow(
    files: Files, *, name: str = "greeting", shared: Files | None = None, overlay: Files | None = None
) -> Workflow:
    return read_workflow(source(files, name=name, shared=shared, overlay=overlay))


def defined(fields: Mapping[str, Any], files: Files | None = None, shared: Files | None = None) -> Workflow:
    """The smallest workflow with some fields in place of its own, or beside them."""
    content = json.dumps({**MINIMAL, **fields}, indent=2)
    return workflow({"greeting.sw.json": content, **(files or {})}, shared=shared)


def definition(fields: Mapping[str, Any], files: Files | None = None, shared: Files | None = None) -> Definition:
    return defined(fields, files, shared).definition


def state(fields: Mapping[str, Any]) -> dict[str, Any]:
    """The long form of a state A that has these fields; operation, unless they say otherwise."""
    base = {} if fields.get("type", "operation") != "operation" else {"actions": [{"name": "x"}]}
    found = definition({"states": [{"name": "A", "type": "operation", **base, **fields}]})
    read: dict[str, Any] = found.flow["states"][0]
    return read


def action(fields: Mapping[str, Any]) -> dict[str, Any]:
    """The long form of an action."""
    read: dict[str, Any] = state({"actions": [fields]})["actions"][0]
    return read


def write(folder: Path, files: Files) -> Path:
    """Write files below a folder, and return the folder."""
    for relative, data in as_bytes(files).items():
        path = folder / relative
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    return folder


def write_workflow(workflows: Path, name: str, files: Files | None = None, **fields: Any) -> Path:
    """Write the folder of the smallest workflow, its id that of the folder, with further files and fields."""
    content = json.dumps({**MINIMAL, "id": name, **fields}, indent=2)
    return write(workflows / name, {f"{name}.sw.json": content, **(files or {})})


def read(folder: Path) -> Source:
    """Read a folder from disk, with the shared/ beside it."""
    return read_source(folder, shown=f"workflows/{folder.name}", shared=read_shared(folder.parent / "shared"))


def refused(folder: Path) -> tuple[Finding, ...]:
    """The findings that reading a folder stops with."""
    try:
        read_workflow(read(folder))
    except FindingsError as error:
        return error.findings
    raise AssertionError(f"{folder} was read")


def findings_of(read_something: Callable[[], object]) -> tuple[Finding, ...]:
    """The findings that a call stops with; none where it does not stop, and no other error is right."""
    try:
        read_something()
    except FindingsError as error:
        assert error.findings  # noqa: PT017 - a call that does not stop is right too
        return error.findings
    return ()


def rules(findings: Iterable[Finding]) -> list[str]:
    return [finding.rule for finding in findings]


def shown(findings: Iterable[Finding]) -> list[str]:
    return [str(finding) for finding in findings]


#: What tables of single fields are about: what readers find, references, names and sizes. They leave out what other
#: rules ask for (a type of workflow, a use of each function), whose tests name their rule.
MEANT = re.compile(
    "unknown-(state|function|event|error|retry|auth|field|value)|duplicate-|missing-|wrong-type|file-outside|"
    "invalid-(name|service-name)|name-clash|config-map-size|constants|retry-|byte-order-mark"
)


def found_in(read: Workflow) -> tuple[Finding, ...]:
    """What lint says of a workflow by the rules that tables are about."""
    return tuple(finding for finding in lint(read) if MEANT.match(finding.rule))


def linted(
    fields: Mapping[str, Any], files: Files | None = None, shared: Files | None = None, *, about: str = ""
) -> list[str]:
    """What lint says of the smallest workflow with these fields, as a person sees it; `about` begins its rules."""
    read = defined(fields, files, shared)
    found = (*lint(read), *lint_together(Repository(workflows=[read]))) if about else found_in(read)
    return shown(f for f in found if f.rule.startswith(about))


def linted_by(
    subjects: Iterable[str], fields: Mapping[str, Any], files: Files | None = None, shared: Files | None = None
) -> tuple[Finding, ...]:
    """What the rules of these subjects say of the smallest workflow with these fields."""
    names = {rule.name for subject in subjects for rule in SUBJECTS[subject]}
    return tuple(finding for finding in lint(defined(fields, files, shared)) if finding.rule in names)
