"""Converts values to a field's type as the engine does.

Sources: Jackson 2.17 (coercion of scalars) and the deserializers of serverlessworkflow-api 4.0.5, which the engine
10.1.0 uses. `tests/engine/test_scalars.py` compares this module with them.
"""

from __future__ import annotations

import math
import re
from typing import Any, Final

from generator.text.yaml_reader import FieldPath
from generator.text.yaml_scalars import spelled

_TRUE: Final = frozenset({"true", "True", "TRUE"})
#: Text that Jackson reads as false in a boolean, and as 0 in a number.
_EMPTY: Final = frozenset({"", "null"})
_FALSE: Final = frozenset({"false", "False", "FALSE"}) | _EMPTY
#: The characters that Java's String.trim() removes.
_SPACE: Final = "".join(map(chr, range(0x21)))
_WHOLE: Final = re.compile("[-+]?[0-9]{1,1000}")
_INT_LIMIT: Final = 2**31
#: Sections whose scalars the engine reads as written; elsewhere, it parses the value and formats it again.
_AS_WRITTEN: Final = frozenset(
    {"id", "key", "name", "description", "version", "specVersion", "expressionLang", "annotations", "timeouts"}
)


def boolean(value: Any, *, by_hand: bool) -> bool | None:
    """Return the boolean that the engine reads from a scalar, or None if its build fails.

    `by_hand` says that a deserializer of the engine reads the field; it reads every unknown value as false.
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
    """Return the 32-bit integer that the engine reads from a scalar, or None if its build fails."""
    match value:
        case bool():
            return None
        case int():
            number = value
        case float():
            number = math.trunc(value)
        case str():
            text = value.strip(_SPACE)
            if text not in _EMPTY and not _WHOLE.fullmatch(text):
                return None
            number = int(text if text not in _EMPTY else "0")
        case _:
            return None
    return number if -_INT_LIMIT <= number < _INT_LIMIT else None


def text(value: Any, written: str, where: FieldPath) -> str:
    """Return the text that the engine reads from a boolean or a number at the path `where` in the definition."""
    as_written = bool(where) and where[0] in _AS_WRITTEN and "stateExecTimeout" not in where
    return written if as_written else spelled(value)
