"""Draws variants of definitions: one field removed, misspelt, of another type, somewhere else, …

The DSL table says which fields there are, so a field that is added there is mutated, too. One seed always draws the
same variants.
"""

from __future__ import annotations

import copy
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from random import Random
from typing import Any, Final

from generator.text.yaml_reader import FieldPath, field_path
from generator.workflow import dsl
from generator.workflow.dsl import DECLARATIONS, STATES, Field, Holds, Kind, Shape

#: A change in place of the object that has a field: None where there is nothing to change.
Change = Callable[[Random, "Place", dict[str, Any]], bool]
_EXPRESSIONS: Final = frozenset(Holds) - {Holds.METADATA, Holds.DURATION}


@dataclass(frozen=True, kw_only=True)
class Place:
    """A field of a definition that is there: the object's path, the field's name, and what the DSL says of both."""

    path: FieldPath
    key: str
    shape: Shape
    field: Field


@dataclass(frozen=True, kw_only=True)
class Mutation:
    """A definition with one change: `kind` and `where` name it, `base` is whose definition it was."""

    base: str
    kind: str
    place: Place
    definition: Mapping[str, Any]

    @property
    def name(self) -> str:
        """What tells it apart for a person."""
        return f"{self.base}, {self.kind}: {field_path((*self.place.path, self.place.key))}"


def draw(definitions: Mapping[str, Mapping[str, Any]], count: int, seed: int) -> list[Mutation]:
    """Draw so many variants, as evenly as can be from all pairs of a change and a field of the DSL."""
    random = Random(seed)  # noqa: S311 - nothing secret is drawn
    groups: dict[tuple[str, str, str], list[tuple[str, Place]]] = defaultdict(list)
    for base, definition in sorted(definitions.items()):
        for place in places(definition, dsl.WORKFLOW):
            for kind in CHANGES:
                groups[kind, place.shape.name, place.key].append((base, place))
    drawn: dict[str, Mutation] = {}
    order = sorted(groups)
    random.shuffle(order)
    while order and len(drawn) < count:
        left = []
        for group in order:
            if len(drawn) == count:
                break
            if mutation := _mutated(random, group[0], groups[group], definitions):
                drawn.setdefault(f"{mutation.base} {mutation.definition}", mutation)
            if groups[group]:
                left.append(group)
        order = left
    return list(drawn.values())


def _mutated(
    random: Random, kind: str, left: list[tuple[str, Place]], definitions: Mapping[str, Mapping[str, Any]]
) -> Mutation | None:
    """A variant of one kind at one of the places that are left; None where nothing can be changed at it."""
    base, place = left.pop(random.randrange(len(left)))
    changed = copy.deepcopy(dict(definitions[base]))
    if not CHANGES[kind](random, place, changed):
        return None
    return Mutation(base=base, kind=kind, place=place, definition=changed)


def places(value: Any, shape: Shape, path: FieldPath = ()) -> Iterator[Place]:
    """Return the fields of the DSL that are there, in the order of the definition."""
    for key, content in value.items() if isinstance(value, Mapping) else ():
        if key not in shape.fields:
            continue
        field = shape.fields[key]
        yield Place(path=path, key=key, shape=shape, field=field)
        for index, item in enumerate(content) if field.many and isinstance(content, list) else ((None, content),):
            below = (*path, key) if index is None else (*path, key, index)
            if inner := _shape_of(field, item, below):
                yield from places(item, inner, below)


def _shape_of(field: Field, value: Any, path: FieldPath) -> Shape | None:
    if path[:1] == ("states",) and len(path) == len(("states", 0)):
        return STATES.get(value.get("type")) if isinstance(value, Mapping) else None
    return field.kind if isinstance(field.kind, Shape) else None


def at(value: Any, path: Sequence[str | int]) -> Any:
    """The value at a path."""
    for part in path:
        value = value[part]
    return value


def _removed(random: Random, place: Place, definition: dict[str, Any]) -> bool:
    owner = at(definition, place.path)
    value = owner[place.key]
    if isinstance(value, list) and len(value) > 1:
        del value[random.randrange(len(value))]
    else:
        del owner[place.key]
    return True


def _misspelt(random: Random, place: Place, definition: dict[str, Any]) -> bool:
    owner = at(definition, place.path)
    letter = random.randrange(1, len(place.key)) if len(place.key) > 1 else 0
    key = place.key[:letter] + place.key[letter + 1 :]
    renamed = {key if name == place.key else name: value for name, value in owner.items()}
    owner.clear()
    owner.update(renamed)
    return True


def _retyped(random: Random, place: Place, definition: dict[str, Any]) -> bool:
    owner = at(definition, place.path)
    value = owner[place.key]
    match value:
        case str():
            others = [5, True, [value], {"value": value}, None]
        case bool():
            others = [str(value).lower(), "yes", int(value), {"value": value}, [value], None]
        case int() | float():
            others = [str(value), value + 0.5, True, [value], None]
        case list():
            others = [value[0] if value else "x", {"value": value}, "x", None]
        case _:
            others = [[value], "x", 5, True, None]
    owner[place.key] = random.choice(others)
    return True


def _moved(random: Random, place: Place, definition: dict[str, Any]) -> bool:
    owner = at(definition, place.path)
    others = [
        target
        for length in range(len(place.path))
        if isinstance(target := at(definition, place.path[:length]), dict) and place.key not in target
    ]
    others += [child for child in owner.values() if isinstance(child, dict) and child is not owner[place.key]]
    if not others:
        return False
    random.choice(others)[place.key] = owner.pop(place.key)
    return True


def _renamed(random: Random, place: Place, definition: dict[str, Any]) -> bool:
    owner = at(definition, place.path)
    value = owner[place.key]
    declares = place.key == "name" and place.path[:1] and place.path[0] in DECLARATIONS
    if not (isinstance(value, str) and (place.field.refers or declares or place.key in {"id", "workflowId"})):
        return False
    names = [
        item["name"]
        for item in definition.get(str(place.path[0]) if declares else "states", ())
        if isinstance(item, dict) and isinstance(item.get("name"), str)
    ]
    owner[place.key] = random.choice([f"{value}x", value.swapcase(), f"{value} ", *names[:3]])
    return bool(owner[place.key] != value)


def _cut(random: Random, place: Place, definition: dict[str, Any]) -> bool:
    if place.field.holds not in _EXPRESSIONS:
        return False
    texts = list(_texts(at(definition, place.path), place.key))
    if not texts:
        return False
    owner, key = random.choice(texts)
    text = owner[key]
    start = random.randrange(len(text))
    owner[key] = text[:start] + text[start + random.randint(1, 3) :]
    return True


def _texts(owner: Any, key: str | int) -> Iterator[tuple[Any, str | int]]:
    """Every string at and below a field, by what holds it."""
    value = owner[key]
    match value:
        case str() if len(value) > 1:
            yield owner, key
        case dict():
            for name in value:
                yield from _texts(value, name)
        case list():
            for index in range(len(value)):
                yield from _texts(value, index)


def _of_another_type(random: Random, place: Place, definition: dict[str, Any]) -> bool:
    if place.key != "type" or place.path[:1] != ("states",):
        return False
    owner = at(definition, place.path)
    owner["type"] = random.choice([kind for kind in STATES if kind != owner["type"]])
    return True


def _of_another_choice(random: Random, place: Place, definition: dict[str, Any]) -> bool:
    owner = at(definition, place.path)
    if place.field.kind is Kind.BOOLEAN and isinstance(owner[place.key], bool):
        owner[place.key] = not owner[place.key]
        return True
    others = [choice for choice in place.field.choices if choice != owner[place.key]]
    if not others:
        return False
    owner[place.key] = random.choice(others)
    return True


def _repeated(random: Random, place: Place, definition: dict[str, Any]) -> bool:
    items = at(definition, place.path)[place.key]
    if not (isinstance(items, list) and items):
        return False
    items.append(copy.deepcopy(random.choice(items)))
    return True


def _emptied(_: Random, place: Place, definition: dict[str, Any]) -> bool:
    owner = at(definition, place.path)
    value = owner[place.key]
    if not isinstance(value, (str, list, dict)) or not value:
        return False
    owner[place.key] = type(value)()
    return True


#: What is changed, by its name.
CHANGES: Final[Mapping[str, Change]] = {
    "removed": _removed,
    "misspelt": _misspelt,
    "retyped": _retyped,
    "moved": _moved,
    "renamed": _renamed,
    "cut": _cut,
    "of another type": _of_another_type,
    "of another choice": _of_another_choice,
    "repeated": _repeated,
    "emptied": _emptied,
}
