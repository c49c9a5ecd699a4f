"""Splits jq into tokens."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

_TOKEN: Final = re.compile(
    r"""
    (?P<blank>(?:[ \t\r\n]+|\#[^\n]*)+)
    |(?P<number>(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][-+]?[0-9]+)?)
    |(?P<format>@[a-zA-Z0-9_]+)
    |(?P<field>\.[a-zA-Z_][a-zA-Z0-9_]*)
    |(?P<variable>\$(?:[a-zA-Z_][a-zA-Z0-9_]*::)*[a-zA-Z_][a-zA-Z0-9_]*)
    |(?P<name>(?:[a-zA-Z_][a-zA-Z0-9_]*::)*[a-zA-Z_][a-zA-Z0-9_]*)
    |(?P<mark>//=|\|=|\+=|-=|\*=|/=|%=|==|!=|<=|>=|//|\.\.|["\[\](){}|,.;:=<>+\-*/%?])
    """,
    re.VERBOSE,
)
#: The text of a string up to its end or an interpolation.
_IN_STRING: Final = re.compile(r'(?:[^"\\]|\\[^(])*')


class JqSyntaxError(ValueError):
    """Text that is not jq."""


@dataclass(frozen=True, slots=True)
class Token:
    """A token with its offsets; `kind` is the name of a group in `_TOKEN`, or "" at the end of the text."""

    kind: str
    text: str
    at: int
    end: int


def read_token(text: str, at: int) -> Token:
    """Return the first token from `at` on, after blanks and comments.

    Raises:
        JqSyntaxError: there is no token.
    """
    while at < len(text):
        match = _TOKEN.match(text, at)
        if match is None:
            raise JqSyntaxError
        if match.lastgroup != "blank":
            return Token(match.lastgroup or "", match[0], at, match.end())
        at = match.end()
    return Token("", "", at, at)


def end_of_text(text: str, at: int) -> int:
    """Return where a string's text from `at` on ends: at its closing quote or an interpolation."""
    match = _IN_STRING.match(text, at)
    return match.end() if match else at
