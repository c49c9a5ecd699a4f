"""Resolves plain YAML scalars by the rules of different parsers, which disagree about `yes`, `0150` and `1_000`."""

from __future__ import annotations

import math
import re
from decimal import Decimal
from enum import Enum, auto
from typing import Final, NoReturn

Scalar = str | int | float | bool | None

#: Slightly below Python's own limit for converting text to an integer.
MAX_DIGITS: Final = 4000
_MOST_BITS: Final = int(MAX_DIGITS * math.log2(10))


class Dialect(Enum):
    """A parser's rules for plain scalars."""

    CORE = auto()
    """The core schema of YAML 1.2."""
    ENGINE = auto()
    """Jackson 2.17 on SnakeYAML 2.2, the engine's parser for definitions: YAML 1.1 without base 60."""
    SPEC = auto()
    """Swagger's parser 2.1 on SnakeYAML 2.2, the engine build's parser for OpenAPI: as ENGINE, with base 60."""


class NotPortableError(ValueError):
    """A number that JSON cannot represent."""


_CONSTANTS: Final[dict[str, bool | None]] = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL")),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
}
_ENGINE_CONSTANTS: Final[dict[str, bool | None]] = {
    **_CONSTANTS,
    **dict.fromkeys(("yes", "Yes", "YES", "on", "On", "ON"), True),
    **dict.fromkeys(("no", "No", "NO", "off", "Off", "OFF"), False),
}
_INTEGER: Final = re.compile(r"[-+]?[0-9]+|0o[0-7]+|0x[0-9a-fA-F]+")
_FLOAT: Final = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?")
#: SnakeYAML's Resolver.INT and Resolver.FLOAT, without base 60, which Jackson reads as text.
_ENGINE_INTEGER: Final = re.compile(
    r"([-+]?)(?:0b(_*[01][01_]*)|0x(_*[0-9a-fA-F][0-9a-fA-F_]*)|(0_*[0-7][0-7_]*)|(0|[1-9][0-9_]*))"
)
_ENGINE_FLOAT: Final = re.compile(
    r"[-+]?[0-9][0-9_]*\.[0-9_]*(?:[eE][-+]?[0-9]+)?"
    r"|[-+]?[0-9][0-9_]*[eE][-+]?[0-9]+"
    r"|[-+]?\.[0-9_]+(?:[eE][-+]?[0-9]+)?"
)
#: Base 60. If such a number has a fraction, the engine reads it as a number and then fails to parse it.
_BASE_60: Final = re.compile(r"([-+]?)([1-9][0-9_]*(?::[0-5]?[0-9])+)")
_BASE_60_FRACTION: Final = re.compile(r"([-+]?)([0-9][0-9_]*(?::[0-5]?[0-9])+\.[0-9_]*)")
#: Java writes numbers from 10^7 on, and below a thousandth, with an exponent.
_EXPONENT_FROM: Final = 1e7
_EXPONENT_BELOW: Final = 1e-3
_NOT_A_NUMBER: Final = re.compile(r"[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN)")


def resolved(text: str, dialect: Dialect) -> Scalar:
    """Return the value of a plain scalar.

    Raises:
        NotPortableError: the number is infinite, NaN, or too long.
    """
    constants = _CONSTANTS if dialect is Dialect.CORE else _ENGINE_CONSTANTS
    if text in constants:
        return constants[text]
    if not (text[0] in "+-." or text[0].isdigit()):
        return text
    if _NOT_A_NUMBER.fullmatch(text):
        _refuse(f"{text} is not a JSON number, so no Kubernetes object can hold it")
    if dialect is Dialect.CORE:
        return _of_core(text)
    return _of_base_60(text, dialect) if ":" in text else _of_the_engine(text)


def is_ambiguous(text: str, value: Scalar) -> bool:
    """Return whether YAML 1.2 resolves a plain scalar to anything other than `value`."""
    try:
        other = resolved(text, Dialect.CORE)
    except NotPortableError:
        return True
    return type(other) is not type(value) or other != value


def spelled(value: float) -> str:
    """Return a boolean or a number as Java writes it: `1.10` is `1.1`, `1e3` is `1000.0`."""
    match value:
        case bool():
            return "true" if value else "false"
        case int():
            return str(value)
    if value == 0 or _EXPONENT_BELOW <= abs(value) < _EXPONENT_FROM:
        return repr(value)
    sign, digits, exponent = Decimal(repr(value)).normalize().as_tuple()
    first, *others = map(str, digits)
    return f"{'-' * sign}{first}.{''.join(others) or 0}E{int(exponent) + len(others)}"


def _of_core(text: str) -> Scalar:
    if _INTEGER.fullmatch(text):
        return _whole(text, text, 0 if text[:2] in ("0x", "0o") else 10)
    return _finite(text, text) if _FLOAT.fullmatch(text) else text


def _of_the_engine(text: str) -> Scalar:
    if match := _ENGINE_INTEGER.fullmatch(text):
        sign, binary, hexadecimal, octal, decimal = match.groups()
        bases = ((binary, 2), (hexadecimal, 16), (octal, 8), (decimal, 10))
        digits, base = next((digits, base) for digits, base in bases if digits)
        return _whole(text, sign + digits.replace("_", ""), base)
    if _ENGINE_FLOAT.fullmatch(text):
        return _finite(text.replace("_", ""), text)
    return text


def _of_base_60(text: str, dialect: Dialect) -> Scalar:
    whole, fraction = _BASE_60.fullmatch(text), _BASE_60_FRACTION.fullmatch(text)
    if fraction and dialect is Dialect.ENGINE:
        _refuse(f"the engine takes {text[:100]} for a number and cannot read it; write it in quotes")
    if dialect is Dialect.ENGINE or not (match := whole or fraction):
        return text
    if len(text) > MAX_DIGITS:
        _refuse_digits(text)
    number: float = 0
    for digits in match[2].replace("_", "").split(":"):
        number = number * 60 + (int(digits) if whole else float(digits))
    if fraction and math.isinf(number):
        _refuse(f"{text[:100]} is larger than a JSON number can be")
    return -number if match[1] == "-" else number


def _whole(text: str, digits: str, base: int) -> int:
    if len(digits) > MAX_DIGITS or (number := int(digits, base)).bit_length() > _MOST_BITS:
        _refuse_digits(text)
    return number


def _finite(digits: str, text: str) -> float:
    try:
        number = float(digits)
    except ValueError:
        _refuse(f"the engine takes {text[:100]} for a number and cannot read it; write it in quotes")
    if math.isinf(number):
        _refuse(f"{text[:100]} is larger than a JSON number can be")
    return number


def _refuse_digits(text: str) -> NoReturn:
    _refuse(f"a number of {len(text):,} digits; write it as a string, in quotes")


def _refuse(message: str) -> NoReturn:
    raise NotPortableError(message)
