"""Cuts jq into tokens."""

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
#: What stands in a string up to its end or up to an interpolation.
_IN_STRING: Final = re.compile(r'(?:[^"\\]|\\[^(])*')


class JqSyntaxError(ValueError):
    """Text that this reader does not take for jq."""


@dataclass(frozen=True, slots=True)
class Token:
    """A token and where it stands; `kind` is a group of the pattern, "" at the end of the text."""

    kind: str
    text: str
    at: int
    end: int


def read_token(text: str, at: int) -> Token:
    """The token at `at`, or after the blanks and comments there.

    Raises:
        JqSyntaxError: no token starts there.
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
    """Where the text in a string that goes on at `at` ends, or an interpolation in it begins."""
    match = _IN_STRING.match(text, at)
    return match.end() if match else at
