"""Switches with conditions that all hold, to see which of them the engine takes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from generator.lint.rule import Example

_A: Final = "  - {name: A, type: inject, data: {at: A}, end: true}\n"
_B: Final = "  - {name: B, type: inject, data: {at: B}, end: true}\n"
_C: Final = "  - {name: C, type: inject, data: {at: C}, end: true}\n"
_ERRORS: Final = (
    'errors: [{name: gone, code: "410"}]\n'
    'functions: [{name: greet, type: custom, operation: "rest:post:/greet"}]\n'
)  # fmt: skip


def _switch(*ways: str, name: str = "Begin", default: str = "end: true", on: str = "") -> str:
    """A switch on `.a`, `.b`, … with these ways out, or all of them `on` one condition."""
    listed = "".join(
        f"      - {{condition: {on or f'.{letter}'}, {way}}}\n" for letter, way in zip("abc", ways, strict=False)
    )
    return f"  - name: {name}\n    type: switch\n    dataConditions:\n{listed}    defaultCondition: {{{default}}}\n"


def _other(*ways: str, default: str = "end: true") -> str:
    """A state that no run comes to, as its way in needs `.never`; what it leads to has one way in more."""
    return _switch(*ways, name="Other", default=default, on=".never")


_TO_A: Final = "transition: A"
_TO_B: Final = "transition: B"
_TO_C: Final = "transition: C"
_END: Final = "end: true"
_LAST: Final = "transition: Other"

#: What a switch shows to its states; the input is GIVEN.
SWITCHES: Final[Mapping[str, str]] = {
    "states in the order of the conditions": _switch(_TO_A, _TO_B) + _A + _B,
    "states in another order": _switch(_TO_A, _TO_B) + _B + _A,
    "three states": _switch(_TO_A, _TO_B, _TO_C) + _C + _A + _B,
    "an end before a state": _switch(_END, _TO_B, default=_TO_C) + _B + _C,
    "a state before an end": _switch(_TO_A, _END, default=_TO_C) + _A + _C,
    "a state with several ways in": _switch(_TO_A, _TO_B, default=_LAST) + _A + _B + _other(_TO_A),
    "a state with several ways in and an end": _switch(_TO_A, _END, default=_LAST) + _A + _other(_TO_A),
    "two states with several ways in": _switch(_TO_A, _TO_B, default=_LAST) + _B + _A + _other(_TO_A, _TO_B),
    "two that another switch names before": (
        _switch("transition: Between", default=_LAST)
        + _other(_TO_B, _TO_A)
        + _switch(_TO_A, _TO_B, name="Between")
        + _A
        + _B
    ),
    "two that the default of another switch names before": (
        _switch("transition: Between", default=_LAST)
        + _other(_TO_A, default=_TO_B)
        + _switch(_TO_A, _TO_B, name="Between")
        + _A
        + _B
    ),
    "a state twice": _switch(_TO_A, _TO_B, _TO_A) + _A + _B,
    "the default's state": _switch(_TO_A, _TO_B, default=_TO_A) + _A + _B,
    "the default's end": _switch(_END, _TO_B) + _B,
    "a state that an error leads to": (
        _switch(_TO_A, _TO_B, default="transition: Call")
        + _A
        + _B
        + "  - {name: Call, type: operation, actions: [{functionRef: greet}], "
        "onErrors: [{errorRef: gone, transition: A}], end: true}\n"
    ),
    "a state with a filter": _switch(_TO_A, _TO_B)
    + _A.replace("end: true", "stateDataFilter: {input: .}, end: true")
    + _B,
}
GIVEN: Final = {"a": True, "b": True, "c": True}


def example(shows: str) -> Example:
    """A switch as a workflow."""
    return Example(definition=_ERRORS * ("error" in shows) + "states:\n" + SWITCHES[shows])
