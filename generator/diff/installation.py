"""Compares what an install sees of a workflow: variables, secrets, values, properties and the image."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from functools import partial
from typing import Any, Final

from generator.diff.change import Change, Impact, Kind, Topic
from generator.diff.content import canonical, shown
from generator.diff.schema import Role, compare_schemas, inside
from generator.diff.snapshot import Snapshot
from generator.findings.position import Position
from generator.workflow.properties import HIDDEN, Variable, environment_name, masked_entries

#: A tag derived from the image's content, which is compared anyway.
_CONTENT_TAG: Final = re.compile(r"src-[0-9a-f]{12}")
_GIVEN_VALUES: Final = ("env.", "secret.data.", "image.")


def installation(old: Snapshot, new: Snapshot) -> Iterator[Change]:
    """Yield the changes of everything that an install sees."""
    yield from _variables(old, new)
    yield from _secrets(old, new)
    yield from _values(old, new)
    yield from _properties(old, new)
    yield from _image(old, new)


def content_tags(old: Snapshot, new: Snapshot) -> tuple[str, str] | None:
    """Return the old and the new tag if both images are tagged by their content and the tags differ, or None."""
    one, other = old.image.tag or "", new.image.tag or ""
    return (one, other) if one != other and _has_content_tag(old) and _has_content_tag(new) else None


def _variables(old: Snapshot, new: Snapshot) -> Iterator[Change]:
    before = {variable.name: variable for variable in old.workflow.variables()}
    after = {variable.name: variable for variable in new.workflow.variables()}
    secrets = {environment_name(key): key for key in new.workflow.secret_keys}
    for name in sorted({*before, *after}):
        if before.get(name) != after.get(name):
            yield from _variable(name, before.get(name), after.get(name), secrets.get(environment_name(name)))


def _variable(name: str, before: Variable | None, after: Variable | None, secret: str | None) -> Iterator[Change]:
    """Yield the change of a variable; `secret` is the key of the secret that replaces it, or None."""
    change = partial(Change, topic=Topic.VARIABLE, subject=name)
    if before is None and after is not None:
        required = after.default is None
        yield change(
            kind=Kind.ADDED,
            after=_default(after),
            impact=Impact.BREAKING if required else Impact.COMPATIBLE,
            reason=f"an upgrade must give 'env.{name}'" if required else "",
        )
    elif after is None and before is not None:
        instead = f"; give 'secret.data.{secret}' instead" if secret else ""
        reason = f"values that set 'env.{name}' are refused{instead}"
        yield change(kind=Kind.REMOVED, before=_default(before), impact=Impact.BREAKING, reason=reason)
    elif before is not None and after is not None and before.default != after.default:
        required = after.default is None
        yield change(
            kind=Kind.CHANGED,
            what="default",
            before=_default(before),
            after=_default(after),
            impact=Impact.BREAKING if required else Impact.COMPATIBLE,
            reason=f"an upgrade must give 'env.{name}'" if required else "",
        )


def _default(variable: Variable) -> str:
    shown = variable.shown_default
    return "required" if shown is None else "hidden default" if shown == HIDDEN else f"default {shown!r}"


def _secrets(old: Snapshot, new: Snapshot) -> Iterator[Change]:
    before, after = set(old.workflow.secret_keys), set(new.workflow.secret_keys)
    for key in sorted(after - before):
        reason = f"an upgrade must give 'secret.data.{key}'"
        yield Change(topic=Topic.SECRET, kind=Kind.ADDED, subject=key, impact=Impact.BREAKING, reason=reason)
    for key in sorted(before - after):
        reason = f"values that set 'secret.data.{key}' are refused"
        yield Change(topic=Topic.SECRET, kind=Kind.REMOVED, subject=key, impact=Impact.BREAKING, reason=reason)


def _values(old: Snapshot, new: Snapshot) -> Iterator[Change]:
    """Yield the changes of the chart's values except variables, secrets and the image."""
    before, after = dict(_leaves(old.values)), dict(_leaves(new.values))
    for path in dict.fromkeys((*before, *after)):
        if path.startswith(_GIVEN_VALUES) or (path in before and canonical(before[path]) == canonical(after.get(path))):
            continue
        texts: dict[str, Any] = {"before": shown(before.get(path)), "after": shown(after.get(path))}
        change = partial(Change, topic=Topic.VALUE, subject=path, **texts)
        if path not in after:
            reason = "values that set it have no effect, or are refused"
            yield change(kind=Kind.REMOVED, impact=Impact.BREAKING, reason=reason)
        elif path not in before:
            yield change(kind=Kind.ADDED, impact=Impact.COMPATIBLE)
        else:
            yield change(kind=Kind.CHANGED, what="default", impact=Impact.COMPATIBLE)
    yield from _value_types(old, new)


def _value_types(old: Snapshot, new: Snapshot) -> Iterator[Change]:
    """Yield the changes of the charts' values.schema.json."""
    for change in compare_schemas(old.schema, new.schema, Role.INPUT, inside(old.schema), inside(new.schema)):
        if change.what not in ("", "title", "description") and not change.path.startswith(_GIVEN_VALUES):
            yield Change(
                topic=Topic.VALUE,
                kind=Kind.CHANGED,
                subject=change.path or "values",
                what=change.what,
                before=change.before,
                after=change.after,
                impact=change.impact,
                reason=change.reason,
            )


def _leaves(value: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    for key, child in value.items():
        path = f"{prefix}{key}"
        if isinstance(child, dict) and child:
            yield from _leaves(child, f"{path}.")
        elif not (child == {} and f"{path}." in _GIVEN_VALUES):
            yield path, child


def _properties(old: Snapshot, new: Snapshot) -> Iterator[Change]:
    """Yield the changes of application.properties."""
    before, after = old.workflow.properties, new.workflow.properties
    shown_before, shown_after = (masked_entries(each) if each else {} for each in (before, after))
    one = {entry.key: entry for entry in before.entries} if before else {}
    other = {entry.key: entry for entry in after.entries} if after else {}
    for key in dict.fromkeys((*one, *other)):
        was, now = one.get(key), other.get(key)
        if (was and was.value) == (now and now.value) and (was is None) == (now is None):
            continue
        yield Change(
            topic=Topic.PROPERTY,
            kind=Kind.ADDED if was is None else Kind.REMOVED if now is None else Kind.CHANGED,
            subject=key,
            before=shown(shown_before[was.line]) if was else None,
            after=shown(shown_after[now.line]) if now else None,
            impact=Impact.INTERNAL,
            old=Position(path=before.path, line=was.line, column=1) if was and before else None,
            new=Position(path=after.path, line=now.line, column=1) if now and after else None,
        )


def _image(old: Snapshot, new: Snapshot) -> Iterator[Change]:
    before, after = old.image, new.image
    if _has_content_tag(old) and _has_content_tag(new):
        before, after = replace(before, tag=None), replace(after, tag=None)
    if before != after:
        yield Change(
            topic=Topic.IMAGE,
            kind=Kind.CHANGED,
            subject="image",
            before=str(old.image),
            after=str(new.image),
            impact=Impact.COMPATIBLE,
        )


def _has_content_tag(snapshot: Snapshot) -> bool:
    return not snapshot.image.digest and bool(_CONTENT_TAG.fullmatch(snapshot.image.tag or ""))
