"""What the engine makes of a value whose type is not that of its field.

Sources: Jackson 2.17 (coercion of scalars) and the deserializers of serverlessworkflow-api 4.0.5, as the engine 10.1.0
uses them; `tests/engine/test_scalars.py` holds this against them.
"""

from __future__ import annotations

import math
import re
from typing import Any, Final

from generator.text.yaml_reader import FieldPath
from generator.text.yaml_scalars import spelled

_TRUE: Final = frozenset({"true", "True", "TRUE"})
#: Text that Jackson takes for false in a boolean, and for 0 in a number.
_NOTHING: Final = frozenset({"", "null"})
_FALSE: Final = frozenset({"false", "False", "FALSE"}) | _NOTHING
#: What String.trim() of Java takes away.
_SPACE: Final = "".join(map(chr, range(0x21)))
_WHOLE: Final = re.compile("[-+]?[0-9]{1,1000}")
_MOST: Final = 2**31
#: Sections whose text the engine takes as it is written; elsewhere it reads the value first, and spells that.
_AS_WRITTEN: Final = frozenset(
    {"id", "key", "name", "description", "version", "specVersion", "expressionLang", "annotations", "timeouts"}
)


def boolean(value: Any, *, by_hand: bool) -> bool | None:
    """The boolean that the engine makes of a scalar, None where its build ends.

    `by_hand` says that the engine's own code reads the field, to which all that it does not know is false.
    """
    match value:
        case bool():
            return value
        case int():
            return value != 0
        case str():
            text = value.strip(_SPACE)
            if by_hand:
                return text == "true"
            return True if text in _TRUE else False if text in _FALSE else None
    return False if by_hand or value is None else None


def whole_number(value: Any) -> int | None:
    """The 32-bit integer that the engine makes of a scalar, None where its build ends."""
    match value:
        case bool():
            return None
        case int():
            number = value
        case float():
            number = math.trunc(value)
        case str():
            text = value.strip(_SPACE)
            if text not in _NOTHING and not _WHOLE.fullmatch(text):
                return None
            number = int(text if text not in _NOTHING else "0")
        case _:
            return None
    return number if -_MOST <= number < _MOST else None


def text(value: Any, written: str, where: FieldPath) -> str:
    """The text that the engine makes of a boolean or a number, at `where` of the definition."""
    as_written = bool(where) and where[0] in _AS_WRITTEN and "stateExecTimeout" not in where
    return written if as_written else spelled(value)
