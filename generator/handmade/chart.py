"""Splits a hand-made chart: objects that a build generates are dropped, the others go into the workflow's chart/."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from generator.chart.names import FOLDER_ANNOTATION
from generator.findings.errors import FindingsError
from generator.handmade.differences import Made, differences, resources_of
from generator.handmade.layout import CHART_FILE
from generator.handmade.names import OwnNames, defined_in, moved_values, moved_values_schema, read_by, values_taken
from generator.handmade.objects import made_anyway
from generator.handmade.template import Part, can_part, joined, parts_of, twice
from generator.text.words import listed
from generator.text.yaml_reader import decode, parse
from generator.workflow.workflow import Workflow

_NOTES: Final = "templates/NOTES.txt"
_VALUES: Final = "values.yaml"
_SCHEMA: Final = "values.schema.json"
_README: Final = "README.md"
_TEMPLATES: Final = "templates/"
_HEADING: Final = re.compile(r"#{1,5} ")
_FENCE: Final = re.compile(r" {0,3}(`{3,}|~{3,})")
_DEPENDENCIES: Final = ("Chart.lock", "requirements.yaml", "requirements.lock")
#: The fields of Chart.yaml that a generated chart does not have.
_UNSUPPORTED_FIELDS: Final = ("maintainers", "home", "sources", "annotations")


@dataclass(frozen=True, kw_only=True)
class Moved:
    """A file that is moved into the workflow's chart/: its paths in the hand-made chart and in chart/."""

    path: str
    to: str


@dataclass(frozen=True, kw_only=True)
class Remark:
    """A message about a file of the chart, or a part of it."""

    path: str
    why: str


@dataclass(kw_only=True)
class Adopted:
    """The conversion of a hand-made chart; `overlay` are the files of the workflow's chart/ by path."""

    name: str
    version: str
    app_version: str
    overlay: dict[str, bytes] = field(default_factory=dict)
    moved: list[Moved] = field(default_factory=list)
    gone: list[Remark] = field(default_factory=list)
    """Files and objects that a build generates or does not need."""
    left: list[Remark] = field(default_factory=list)
    """Files that an install does not need, which stay where they are."""
    by_hand: list[Remark] = field(default_factory=list)
    """Files that users have to convert themselves."""
    resources: list[Mapping[str, Any]] = field(default_factory=list)
    """The chart's SonataFlow custom resources."""
    notes: list[Remark] = field(default_factory=list)
    """Differences between the hand-made chart and the generated one."""


def adopt(files: Mapping[str, bytes], workflow: Workflow, generated: Mapping[str, bytes], *, shown: str) -> Adopted:
    """Split a hand-made chart; `files` are its files by path, `generated` those of the chart that a build generates.

    `shown` is the chart's folder in messages. Templates are not rendered; their objects are recognized by their text.

    Raises:
        FindingsError: its Chart.yaml is invalid.
    """
    metadata = _metadata(files, shown)
    adopted = Adopted(
        name=str(metadata.get("name") or posixpath.basename(shown)),
        version=str(metadata.get("version") or ""),
        app_version=str(metadata.get("appVersion") or ""),
    )
    annotations = metadata.get("annotations")
    if isinstance(annotations, dict) and FOLDER_ANNOTATION in annotations:
        adopted.gone.append(Remark(path=CHART_FILE, why="waybill made the chart"))
        return adopted
    _report_metadata(adopted, metadata)
    texts = _texts(files, adopted)
    made: Made = {}
    kept = _kept_templates(texts, workflow, adopted, made)
    adopted.notes += [Remark(path=path, why=why) for path, why in differences(made, workflow)]
    adopted.resources = resources_of(made)
    values = _own_values(texts.get(_VALUES, ""), adopted)
    names = OwnNames(
        chart=adopted.name,
        defined=defined_in(kept.values()),
        taken=defined_in(text.decode() for path, text in generated.items() if path.startswith(_TEMPLATES)),
        prefix=_metadata(generated, shown).get("name", adopted.name),
        values=values_taken(values, generated, kept.values()),
        read=read_by(kept.values()),
        templates=frozenset(kept),
    )
    for path, text in kept.items():
        _move_template(path, text, names, generated, adopted)
    _move_values(texts, values, names, adopted)
    _move_schema(texts.get(_SCHEMA, ""), names, adopted)
    _move_others(files, texts, names, adopted)
    return adopted


def _metadata(files: Mapping[str, bytes], shown: str) -> dict[str, Any]:
    content = parse(files.get(CHART_FILE, b""), f"{shown}/{CHART_FILE}").root.plain()
    return content if isinstance(content, dict) else {}


def _report_metadata(adopted: Adopted, metadata: Mapping[str, Any]) -> None:
    adopted.gone.append(Remark(path=CHART_FILE, why="made from the definition"))
    if unsupported := [key for key in _UNSUPPORTED_FIELDS if metadata.get(key)]:
        adopted.left.append(Remark(path=CHART_FILE, why=f"{listed(unsupported)}: a generated chart does not say that"))
    dependencies = metadata.get("dependencies")
    for dependency in dependencies if isinstance(dependencies, list) else ():
        name = dependency.get("name") if isinstance(dependency, dict) else dependency
        why = f"depends on the chart {name}; install that as a release of its own"
        adopted.by_hand.append(Remark(path=CHART_FILE, why=why))


def _texts(files: Mapping[str, bytes], adopted: Adopted) -> dict[str, str]:
    """Return the templates, values and README as text; files that are not text are added to `by_hand`."""
    texts = {}
    for path, data in files.items():
        if path.startswith(_TEMPLATES) or path in (_VALUES, _SCHEMA, _README):
            try:
                texts[path] = decode(data, path)
            except FindingsError as error:
                adopted.by_hand.append(Remark(path=path, why=error.findings[0].message))
    return texts


def _kept_templates(texts: Mapping[str, str], workflow: Workflow, adopted: Adopted, made: Made) -> dict[str, str]:
    """Return the templates without the objects that a build generates, and without templates that become empty."""
    kept: dict[str, str] = {}
    written: list[Part] = []
    for path in sorted(path for path in texts if path.startswith(_TEMPLATES)):
        text, name = texts[path], posixpath.basename(path)
        if not text.strip():
            adopted.gone.append(Remark(path=path, why="empty"))
        elif name.startswith("_") or name.endswith((".tpl", ".txt")):
            kept[path] = text
        else:
            remaining = _without_made(path, parts_of(text), workflow, adopted, made)
            if remaining:
                kept[path] = text if len(remaining) == len(parts_of(text)) else joined(remaining)
                written += remaining
    adopted.notes += [Remark(path=_TEMPLATES, why=f"{each} is written twice") for each in twice(written)]
    return kept


def _without_made(path: str, parts: Sequence[Part], workflow: Workflow, adopted: Adopted, contents: Made) -> list[Part]:
    """Return the documents of a template that a build does not generate, or none if it is added to `by_hand`."""
    gone: list[Remark] = []
    kept: list[Part] = []
    for part in parts:
        verdict = made_anyway(part, workflow)
        adopted.notes += [Remark(path=path, why=why) for why in verdict.notes]
        if verdict.strange:
            adopted.by_hand.append(Remark(path=path, why=verdict.strange))
            return []
        if verdict.made:
            gone.append(Remark(path=path, why=verdict.made))
        else:
            kept.append(part)
    generated = [part for part in parts if part not in kept]
    if all(part.empty for part in kept):
        kept = []
    if generated and kept and not can_part(generated, kept):
        adopted.by_hand.append(
            Remark(
                path=path, why=f"holds {gone[0].why} in one block with other objects; move those to a file of their own"
            )
        )
        return []
    contents |= {
        (part.kind or "", part.name or ""): (path, part.roughly) for part in generated if part.roughly is not None
    }
    adopted.gone += gone
    if not gone and not kept:
        adopted.gone.append(Remark(path=path, why="writes nothing"))
    return kept


def _own_values(text: str, adopted: Adopted) -> dict[str, Any]:
    if not text.strip():
        return {}
    try:
        content = parse(text.encode(), _VALUES).root.plain()
    except FindingsError as error:
        adopted.by_hand.append(Remark(path=_VALUES, why=error.findings[0].message))
        return {}
    if content is None or isinstance(content, dict):
        return content or {}
    adopted.by_hand.append(Remark(path=_VALUES, why="is not a map"))
    return {}


def _move_template(path: str, text: str, names: OwnNames, generated: Mapping[str, bytes], adopted: Adopted) -> None:
    if strange := names.strange(text):
        adopted.by_hand.append(Remark(path=path, why=strange))
        return
    to = path if path == _NOTES else _free(path, {*generated, *names.templates - {path}})
    if ".Chart.AppVersion" in text:
        adopted.notes.append(
            Remark(path=path, why="prints .Chart.AppVersion, which is the version of the workflow now")
        )
    adopted.overlay[to] = names.renamed(text).encode()
    adopted.moved.append(Moved(path=path, to=to))


def _free(path: str, taken: Collection[str]) -> str:
    """Return the path, or a similar free one; a leading `_` is kept, as Helm reads no objects from such files."""
    while path in taken:
        folder, name = posixpath.split(path)
        path = posixpath.join(folder, f"_own-{name[1:]}" if name.startswith("_") else f"own-{name}")
    return path


def _move_values(texts: Mapping[str, str], values: Mapping[str, Any], names: OwnNames, adopted: Adopted) -> None:
    for key in sorted(names.values.unused):
        why = f"'{key}': the generated chart has a value of that name, and no remaining template uses this one"
        adopted.gone.append(Remark(path=_VALUES, why=why))
    moved = moved_values(texts.get(_VALUES, ""), values, names.values)
    if moved:
        adopted.overlay[_VALUES] = moved.encode()
        if _VALUES in texts:
            adopted.moved.append(Moved(path=_VALUES, to=_VALUES))
        for key in sorted(names.values.undeclared):
            adopted.notes.append(Remark(path=_VALUES, why=f"'{key}' is declared now: a template uses it"))
        for key in sorted(names.values.moved):
            why = f"'{key}' is '{names.values.below}.{key}' now: the chart has a value of that name"
            adopted.notes.append(Remark(path=_VALUES, why=why))
    elif _VALUES in texts and not values and not any(said.path == _VALUES for said in adopted.by_hand):
        adopted.gone.append(Remark(path=_VALUES, why="empty"))


def _move_schema(text: str, names: OwnNames, adopted: Adopted) -> None:
    if not text.strip():
        return
    try:
        schema = parse(text.encode(), _SCHEMA).root.plain()
        moved = moved_values_schema(text, schema, names.values)
    except FindingsError as error:
        adopted.by_hand.append(Remark(path=_SCHEMA, why=error.findings[0].message))
        return
    if moved:
        adopted.overlay[_SCHEMA] = moved.encode()
        adopted.moved.append(Moved(path=_SCHEMA, to=_SCHEMA))
    else:
        adopted.gone.append(Remark(path=_SCHEMA, why="describes no remaining value"))


def _move_others(files: Mapping[str, bytes], texts: Mapping[str, str], names: OwnNames, adopted: Adopted) -> None:
    for path, data in sorted(files.items()):
        name = posixpath.basename(path)
        if path == CHART_FILE or path.startswith(_TEMPLATES) or path in (_VALUES, _SCHEMA):
            continue
        if path.startswith("crds/"):
            adopted.overlay[path] = data
            adopted.moved.append(Moved(path=path, to=path))
        elif path == _README:
            if path in texts:
                adopted.overlay[_README] = _with_lower_headings(texts[path]).encode()
                adopted.moved.append(Moved(path=path, to=_README))
        elif path in _DEPENDENCIES:
            adopted.gone.append(Remark(path=path, why="a workflow's chart depends on no other"))
        elif name.startswith("."):
            adopted.gone.append(Remark(path=path, why="a package holds only what the chart needs"))
        elif path.startswith("charts/"):
            continue
        elif to := names.file(path):
            adopted.overlay[to] = data
            adopted.moved.append(Moved(path=path, to=to))
        else:
            adopted.left.append(Remark(path=path, why="no template reads it"))
    for subchart in sorted(set(_subcharts(files))):
        why = "a chart in this chart; install it as a release of its own"
        adopted.by_hand.append(Remark(path=subchart, why=why))


def _with_lower_headings(text: str) -> str:
    """Return a README for inclusion in another one: if it has a title, all headings are demoted by one level."""
    lines = text.splitlines(keepends=True)
    fenced, lowered = "", []
    for line in lines:
        if mark := _FENCE.match(line):
            fenced = "" if fenced and mark[1].startswith(fenced) else fenced or mark[1]
        lowered.append(f"#{line}" if not fenced and _HEADING.match(line) else line)
    return "".join(lowered if any(line.startswith("# ") for line in lines) else lines)


def _subcharts(files: Mapping[str, bytes]) -> Iterator[str]:
    for path in files:
        first, _, rest = path.partition("/")
        if first == "charts" and rest and not posixpath.basename(path).startswith("."):
            yield f"charts/{rest.split('/')[0]}"
