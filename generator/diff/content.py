"""Compares plain data: pairs items, detects renames, and finds the paths with differences."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from generator.text.words import told_apart
from generator.text.yaml_reader import FieldPath

#: The similarity (0 to 1) from which two items with different names count as a rename, if no other is as similar.
ALIKE: Final = 0.7
#: Lists whose order has no meaning.
_WITHOUT_ORDER: Final = {
    "annotations",
    "secrets",
    "onEvents",
    "onErrors",
    "eventRefs",
    "errorRefs",
    "correlation",
    "branches",
    "retryableErrors",
    "nonRetryableErrors",
    "scopes",
    "audiences",
}
#: The keys that can name an item of a list, by priority.
_NAMES: Final = ("name", "id", "refName", "eventRef", "errorRef", "contextAttributeName", "key")
_LONGEST: Final = 200
#: The number of comparisons above which no renames are detected.
_MOST_COMPARED: Final = 40_000


@dataclass(frozen=True, kw_only=True)
class Pairing:
    """The pairing of names in two snapshots: `same` are in both, `renamed` are new names by old ones."""

    same: tuple[str, ...]
    renamed: Mapping[str, str]
    removed: tuple[str, ...]
    added: tuple[str, ...]

    def pairs(self) -> Iterator[tuple[str, str]]:
        """Yield the old and the new name of everything that is in both snapshots."""
        yield from ((name, name) for name in self.same)
        yield from self.renamed.items()


@dataclass(frozen=True, kw_only=True)
class Place:
    """A place where two values differ: its path in each, and the old and new value there, or None if absent."""

    old: FieldPath
    new: FieldPath
    before: Any = None
    after: Any = None
    moved: bool = False
    """Whether a list has the same items in another order."""


def canonical(value: Any) -> str:
    """Return a value as JSON with sorted keys, which is the same for equivalent values."""
    return json.dumps(value, sort_keys=True, ensure_ascii=False)


def shown(value: Any) -> str | None:
    """Return a value in one line, shortened if it is long, or None for None."""
    return None if value is None else _cut(_line(value))


def shown_apart(before: Any, after: Any) -> tuple[str | None, str | None]:
    """Return two different values, each in one line, with long ones shortened so that they still differ."""
    if before is None or after is None:
        return shown(before), shown(after)
    one, other = told_apart([_line(before), _line(after)], _LONGEST)
    return _cut(one), _cut(other)


def _line(value: Any) -> str:
    return " ".join(value.split()) if isinstance(value, str) else canonical(value)


def _cut(text: str) -> str:
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…"


def paired(old: Mapping[str, Any], new: Mapping[str, Any], content: Callable[[Any], Any]) -> Pairing:
    """Pair items with the same name, then, among the rest, those with the most similar `content` as renames."""
    gone = {name: _leaves(content(value)) for name, value in old.items() if name not in new}
    come = {name: _leaves(content(value)) for name, value in new.items() if name not in old}
    renamed: dict[str, str] = {}
    if len(gone) * len(come) <= _MOST_COMPARED:
        nearest = {name: _nearest(leaves, come) for name, leaves in gone.items()}
        back = {name: _nearest(leaves, gone) for name, leaves in come.items()}
        renamed = {name: other for name, other in nearest.items() if other is not None and back[other] == name}
    return Pairing(
        same=tuple(name for name in old if name in new),
        renamed=renamed,
        removed=tuple(name for name in gone if name not in renamed),
        added=tuple(name for name in come if name not in renamed.values()),
    )


def _nearest(leaves: Counter[str], others: Mapping[str, Counter[str]]) -> str | None:
    ranked = sorted(((_similarity(leaves, other), name) for name, other in others.items()), reverse=True)[:2]
    if not ranked or ranked[0][0] < ALIKE or (len(ranked) > 1 and ranked[1][0] == ranked[0][0]):
        return None
    return ranked[0][1]


def _similarity(one: Counter[str], other: Counter[str]) -> float:
    """Return the Dice coefficient of two multisets."""
    total = one.total() + other.total()
    return 2 * (one & other).total() / total if total else 0.0


def _leaves(value: Any, path: str = "") -> Counter[str]:
    """Return every scalar with the keys that lead to it, without list indices."""
    match value:
        case dict():
            found: Counter[str] = Counter()
            for key, child in value.items():
                found += _leaves(child, f"{path}/{key}")
            return found or Counter([path])
        case list():
            found = Counter()
            for child in value:
                found += _leaves(child, f"{path}/")
            return found or Counter([path])
        case _:
            return Counter([f"{path}={json.dumps(value, ensure_ascii=False)}"])


def places(before: Any, after: Any, old: FieldPath = (), new: FieldPath = ()) -> Iterator[Place]:
    """Yield the places where two values differ; for absent values, the outermost place."""
    if isinstance(before, dict) and isinstance(after, dict):
        for key in [*before, *(key for key in after if key not in before)]:
            yield from places(before.get(key), after.get(key), (*old, key), (*new, key))
    elif isinstance(before, list) and isinstance(after, list):
        yield from _list_places(before, after, old, new)
    elif canonical(before) != canonical(after):
        yield Place(old=old, new=new, before=before, after=after)


def _list_places(before: list[Any], after: list[Any], old: FieldPath, new: FieldPath) -> Iterator[Place]:
    matches = aligned(before, after)
    for i, j in matches:
        yield from places(before[i], after[j], (*old, i), (*new, j))
    left = {i for i, _ in matches}
    right = {j for _, j in matches}
    yield from (Place(old=(*old, i), new=new, before=item) for i, item in enumerate(before) if i not in left)
    yield from (Place(old=old, new=(*new, j), after=item) for j, item in enumerate(after) if j not in right)
    order = [j for _, j in sorted(matches)]
    if order != sorted(order) and not (old and old[-1] in _WITHOUT_ORDER):
        yield Place(old=old, new=new, before=before, after=after, moved=True)


def aligned(before: Sequence[Any], after: Sequence[Any]) -> list[tuple[int, int]]:
    """Return the indices of paired items: equal ones, then those with the same name, then other maps in order."""
    matches: list[tuple[int, int]] = []
    lonely_old, lonely_new = list(range(len(before))), list(range(len(after)))
    for key in (canonical, name_of, _unnamed_map):
        waiting: dict[str, list[int]] = {}
        for j in lonely_new:
            if (text := key(after[j])) is not None:
                waiting.setdefault(text, []).append(j)
        for i in list(lonely_old):
            text = key(before[i])
            if text is not None and waiting.get(text):
                j = waiting[text].pop(0)
                matches.append((i, j))
                lonely_old.remove(i)
                lonely_new.remove(j)
    return sorted(matches)


def name_of(item: Any) -> str | None:
    """Return the name of an item of a list, or of the function or event that it refers to, or None."""
    if not isinstance(item, dict):
        return None
    found = next((item[key] for key in _NAMES if isinstance(item.get(key), str)), None)
    if found is not None:
        return str(found)
    references = (item.get(key) for key in ("functionRef", "eventRef", "subFlowRef"))
    inner = next((reference for reference in references if isinstance(reference, dict)), {})
    called = inner.get("refName") or inner.get("triggerEventRef") or inner.get("workflowId")
    events = item.get("eventRefs")
    return str(called) if called else ", ".join(map(str, events)) if isinstance(events, list) else None


def _unnamed_map(item: Any) -> str | None:
    """Return the key by which to pair unnamed items: maps are paired, scalars that differ are not."""
    return "map" if isinstance(item, dict) and name_of(item) is None else None
