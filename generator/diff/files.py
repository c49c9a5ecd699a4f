"""Compares the mounted files of two snapshots, and the files from which their images are built."""

from __future__ import annotations

import hashlib
import posixpath
from collections.abc import Iterator

from generator.diff.change import Change, Impact, Kind, Topic
from generator.diff.content import canonical, places
from generator.diff.snapshot import Snapshot
from generator.findings.errors import FindingsError
from generator.findings.position import Position
from generator.text.yaml_reader import parse
from generator.text.yaml_scalars import Dialect
from generator.workflow.folder import DEFINITION_SUFFIXES, MAX_FILE_BYTES


def resources(old: Snapshot, new: Snapshot) -> Iterator[Change]:
    """Yield the changes of mounted files, except subflows and schemas, which are compared elsewhere."""
    compared = {*_compared_schemas(old), *_compared_schemas(new)}
    before, after = (
        {path: data for path, data in snapshot.workflow.mounted.items() if not path.endswith(DEFINITION_SUFFIXES)}
        for snapshot in (old, new)
    )
    for path in sorted({*before, *after}):
        one, other = before.get(path), after.get(path)
        if (path in compared and one is not None and other is not None) or one == other:
            continue
        if one is not None and other is not None and _comparable(one, path) == _comparable(other, path):
            continue
        kind = Kind.ADDED if one is None else Kind.REMOVED if other is None else Kind.CHANGED
        yield Change(
            topic=Topic.RESOURCE,
            kind=kind,
            subject=path,
            after=_number_of_changes(one, other, path) if one is not None and other is not None else None,
            impact=Impact.INTERNAL,
            old=Position(path=old.workflow.source.shown(path)) if one is not None else None,
            new=Position(path=new.workflow.source.shown(path)) if other is not None else None,
        )


def _compared_schemas(snapshot: Snapshot) -> Iterator[str]:
    for definition in snapshot.workflow.definitions():
        schema = definition.input_schema
        if isinstance(schema, str) and (found := snapshot.files.document(schema, definition.base)):
            yield found[0]
    for path in snapshot.output_schemas() or ():
        yield posixpath.normpath(path)


def _comparable(data: bytes, path: str) -> str:
    """Return a key for comparing files: the content of YAML and JSON, or the hash of other files."""
    if path.endswith((".json", ".yaml", ".yml")):
        try:
            return canonical(parse(data, path, max_bytes=MAX_FILE_BYTES, dialect=Dialect.SPEC).root.plain())
        except FindingsError:
            pass
    return hashlib.sha256(data).hexdigest()


def _number_of_changes(one: bytes, other: bytes, path: str) -> str | None:
    """Return the number of different values in a YAML or JSON file, in words, or None for other files."""
    try:
        before, after = (
            parse(data, path, max_bytes=MAX_FILE_BYTES, dialect=Dialect.SPEC).root.plain() for data in (one, other)
        )
    except FindingsError:
        return None
    if not path.endswith((".json", ".yaml", ".yml")):
        return None
    number = sum(1 for _ in places(before, after))
    return f"{number} value{'' if number == 1 else 's'}"


def image_files(old: Snapshot, new: Snapshot) -> Iterator[Change]:
    """Yield the changes of an image's other files (code, workflows/shared and so on), which a chart does not have."""
    if not (old.whole and new.whole):
        return
    before, after = _built_from(old), _built_from(new)
    for path in sorted({*before, *after}):
        if before.get(path) != after.get(path):
            kind = Kind.ADDED if path not in before else Kind.REMOVED if path not in after else Kind.CHANGED
            yield Change(topic=Topic.IMAGE, kind=kind, subject=path, impact=Impact.INTERNAL)


def _built_from(snapshot: Snapshot) -> dict[str, str]:
    source = snapshot.workflow.source
    read = {source.shown(path).removeprefix(f"{source.path}/"): data for path, data in source.resources.items()}
    looked_at = {*snapshot.workflow.mounted, source.definition, "application.properties"}
    known = {source.shown(path).removeprefix(f"{source.path}/") for path in looked_at}
    own = {
        path: _comparable(read[path], path) if path in read else digest
        for path, digest in source.inputs.items()
        if path not in known
    }
    return own | {f"shared/{path}": _comparable(data, path) for path, data in source.shared.files.items()}
