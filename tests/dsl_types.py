"""The types of a definition's long form, made anew from the DSL table: `python -m tests.dsl_types`.

It writes generator/workflow/long_form.pyi, a TypedDict for each object of the table. A field that the table gives a
default is always there, and so is a state's type; a definition with errors may be without any of the others.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from generator.workflow import dsl
from generator.workflow.dsl import Field, Kind, Shape
from tests.conftest import ROOT

TYPES: Final = ROOT / "generator" / "workflow" / "long_form.pyi"
_HEAD: Final = """\
# The long form of a definition, as generator/workflow/definition.py makes it: `nox -s dsl-types` writes this file from
# the table in generator/workflow/dsl.py. These are types alone: import them under TYPE_CHECKING.
from collections.abc import Mapping, Sequence
from typing import Any, Literal, Required, TypeAlias

from typing_extensions import ReadOnly, TypedDict
"""
_KINDS: Final = {
    Kind.STRING: "str",
    Kind.BOOLEAN: "bool",
    Kind.INTEGER: "int",
    Kind.INTEGER_OR_STRING: "int | str",
    Kind.MAP: "Mapping[str, Any]",
    Kind.ANY: "Any",
}
#: The object at the top is not the whole workflow: the custom resource carries its identity elsewhere.
_TOP: Final = "Flow"
#: The type of a state whose type is unknown: the long form has nothing of it.
_UNKNOWN: Final = "UnknownState"
_ARTICLES: Final = ("a", "an")


def types() -> bytes:
    """What generator/workflow/long_form.pyi holds."""
    found = {name_of(shape): shape for top in (*dsl.STATES.values(), dsl.WORKFLOW) for shape in _below(top)}
    states = "\n    | ".join(map(name_of, dsl.STATES.values()))
    union = f"State: TypeAlias = (\n    {states}\n)\n"
    unknown = f"class {_UNKNOWN}(TypedDict, closed=True): ...\n"
    return "\n".join((_HEAD, *(_class(name, shape) for name, shape in found.items()), unknown, union)).encode()


def name_of(shape: Shape) -> str:
    """The name of an object's type: `FunctionReference` for "a function reference"."""
    words = [word for word in shape.name.split() if word not in _ARTICLES]
    return _TOP if shape is dsl.WORKFLOW else "".join(word.capitalize() for word in words)


def _below(shape: Shape) -> Iterator[Shape]:
    """A shape after all that its fields hold; a state of any type has none."""
    for field in shape.fields.values():
        if isinstance(field.kind, Shape) and field.kind.fields:
            yield from _below(field.kind)
    yield shape


def _class(name: str, shape: Shape) -> str:
    fields = "".join(f"    {key}: {held}\n" for key, held in _fields(shape))
    return f"class {name}(TypedDict, total=False, closed=True):\n{fields}"


def _fields(shape: Shape) -> Iterator[tuple[str, str]]:
    """The fields of an object, each with its type."""
    state_type = next((type_ for type_, state in dsl.STATES.items() if state is shape), None)
    for key, field in shape.fields.items():
        if state_type and key == "type":
            yield key, f'Required[ReadOnly[Literal["{state_type}"]]]'
        elif field.kind is not Kind.DROPPED and not (shape is dsl.WORKFLOW and key in dsl.IDENTITY):
            held = f"ReadOnly[{_type_of(field)}]"
            yield key, f"Required[{held}]" if field.default is not None else held


def _type_of(field: Field) -> str:
    if isinstance(field.kind, Shape):
        one = name_of(field.kind) if field.kind.fields else f"State | {_UNKNOWN}"
    else:
        one = _KINDS[field.kind]
    return f"Sequence[{one}]" if field.many else one


if __name__ == "__main__":
    TYPES.write_bytes(types())
