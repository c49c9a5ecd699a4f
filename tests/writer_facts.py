"""What the operator's SDK does not keep where it writes a definition, made anew: `nox -s reader-facts`.

It writes generator/kubernetes/facts/operator-writer.json: for each field of each object of the DSL the kinds of values
that a version of the SDK drops, changes or cannot write, and the objects and names that it writes empty where they are
left out.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from generator.kubernetes.operator_reader import unreadable
from generator.kubernetes.operator_writer import Kept
from generator.text.yaml_reader import FieldPath
from tests.conftest import ROOT
from tests.operator_reader import write
from tests.reader_facts import Flow, Place, read_places

FACTS: Final = ROOT / "generator" / "kubernetes" / "facts" / "operator-writer.json"
SAMPLES: Final[Mapping[Kept, Sequence[Any]]] = {
    Kept.FALSE: [False],
    Kept.LARGE_INTEGER: [2**31, -(10**12)],
    Kept.LONG_FRACTION: [0.1234567, 1e-7],
}
_MARK: Final = "the value"
_NOTHING: Final = object()


def facts() -> bytes:
    """What operator-writer.json holds."""
    found: dict[str, dict[str, set[str]]] = {}
    for place, kind, flow, answers in _answered():
        path = _path_of(_MARK, place.flow_with(_MARK)) or ()
        if not all(_is_kept(flow, path, kind, answer) for answer in answers):
            found.setdefault(place.name, {}).setdefault(place.key, set()).add(kind)
    lines = ",\n".join(f' "{name}": {{\n{_rows(fields)}\n }}' for name, fields in sorted(found.items()))
    return f"{{\n{lines}\n}}\n".encode()


def _answered() -> Iterator[tuple[Place, str, Flow, list[Mapping[str, Any]]]]:
    """What each version of the SDK writes of each try, without the places where something else is in its way."""
    blocked = set()
    tries = [each for place in read_places() for each in _tries(place)]
    for (place, kind, flow), said in zip(tries, write(flow for *_, flow in tries), strict=True):
        answers = list(said.values())
        if kind == Kept.MISSING and any(answer["error"] for answer in answers):
            blocked.add((place.name, place.key))
        if (place.name, place.key) not in blocked:
            yield place, kind, flow, answers


def _tries(place: Place) -> Iterator[tuple[Place, str, Flow]]:
    """A place with values of each kind that a definition can have there, and without one.

    False is of interest where true is the default.
    """
    if place.flow_without is not None and place.default is None:
        yield place, Kept.MISSING, place.flow_without
    samples = dict(SAMPLES) if place.least is None else {}
    if place.default is not True:
        samples.pop(Kept.FALSE, None)
    for kind, values in {**samples, **{choice: [choice] for choice in place.choices}}.items():
        for flow in map(place.flow_with, values):
            if not any(unreadable(flow)):
                yield place, kind, flow


def _path_of(value: Any, content: Any) -> FieldPath | None:
    items = content.items() if isinstance(content, dict) else enumerate(content if isinstance(content, list) else ())
    if content == value:
        return ()
    inner = ((key, _path_of(value, child)) for key, child in items)
    return next(((key, *path) for key, path in inner if path is not None), None)


def _is_kept(flow: Flow, path: FieldPath, kind: str, answer: Mapping[str, Any]) -> bool:
    """Whether a value is written as it is; so is one in a field that the SDK does not know at all."""
    if answer["error"] or kind not in set(Kept):
        return not answer["error"]
    before, after = _at(flow, path), _at(answer["written"], path)
    if kind == Kept.MISSING:
        return after != {} and not (path[-1] == "name" and after == "")
    if kind == Kept.FALSE:
        return after is False
    return after is _NOTHING or (before == after and type(before) is type(after))


def _at(content: Any, path: FieldPath) -> Any:
    for key in path:
        try:
            content = content[key]
        except (KeyError, IndexError, TypeError):
            return _NOTHING
    return content


def _rows(fields: Mapping[str, set[str]]) -> str:
    return ",\n".join(f"  {json.dumps(key)}: {json.dumps(sorted(kinds))}" for key, kinds in sorted(fields.items()))


if __name__ == "__main__":
    FACTS.write_bytes(facts())
