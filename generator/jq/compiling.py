"""Checks with libjq whether expressions compile: many at once, each text once in a process."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from generator.jq.names import Use, uses
from generator.jq.syntax import binding_values, parse, too_deep

#: The longest text that is judged; the longest of 445 real expressions has 2,000 characters.
MAX_CHARACTERS: Final = 10_000
#: How many texts are compiled together: libjq's time grows with the square of a program's length.
_TOGETHER: Final = 100
#: Limits of libjq that the engine does not share.
_TOO_LARGE: Final = re.compile(r"jq: error: (memory exhausted|function compiled to \d+ bytes)")
#: libjq multiplies constants while it compiles, so `"a" * 1e9` would take a gigabyte; a zero takes nothing.
_NUMBER: Final = re.compile(r"(?<![A-Za-z0-9_$@\\])(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][-+]?[0-9]+)?")
_DIGIT: Final = re.compile(r"\d")
#: One mark to libjq, where the engine reads `?` and `//`.
_OPTIONAL_ALTERNATIVE: Final = re.compile(r"\?//(?!=)")
#: `now()` is `now` to the engine; libjq refuses it.
_NO_ARGUMENTS: Final = re.compile(r"(?<=[A-Za-z0-9_])\([ \t]*\)")
_AT: Final = re.compile(r" at <top-level>, line (\d+), column (\d+):")
_ESCAPE: Final = re.compile(r"jq: error: (Invalid[^(\n]*?) at line \d+")
_LABEL: Final = re.compile(r"\$\*label-(\w+) is not defined")
_WORD: Final = re.compile(r"[A-Za-z_$@.][\w.]*|\d+|(\W)\1*")
_INSTEAD: Final[Mapping[str, str]] = {
    "&&": "write 'and'",
    "||": "write 'or'",
    "!": "write '| not' after what is to be negated",
    "=": "compare with '=='",
    "'": 'put strings into double quotes: "…"',
    "`": 'put strings into double quotes: "…"',
    "?": "the engine does not support '?//'",
}
#: libjq takes no `a == b == c`; the engine does, from the left.
_IN_A_ROW: Final = re.compile(r"syntax error, unexpected '?(==|!=|<=?|>=?|=|\|=|\+=|-=|\*=|/=|%=|//=)'? at ")
_LOADING: Final = re.compile(r"(?:\s|#[^\n]*\n)*(import|include|module)\b")


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why an expression does not compile; `at` is the offset in its text."""

    why: str
    at: int


_known: dict[str, Refusal | None] = {}


def refusals(texts: Sequence[str]) -> Mapping[str, Refusal | None]:
    r"""Return why each text does not compile, or None if it does.

    Functions and variables that libjq does not know are no reason: what the engine knows is another question. What
    compiles between double quotes alone, with `\(…)` in it, is a string to the engine (JqExpression). What is too
    long or too deep is not judged: libjq's time grows with the square of both. Where HOME is set, libjq reads ~/.jq
    first; who calls this takes care that it is not.
    """
    unknown = [text for text in dict.fromkeys(texts) if text not in _known]
    for text in unknown:
        if len(text) > MAX_CHARACTERS or too_deep(text):
            _known[text] = None
        elif loading := _LOADING.match(text):
            _known[text] = Refusal(f"'{loading[1]}' finds nothing in the engine; remove it", loading.start(1))
    together = [text for text in unknown if text not in _known and parse(text) is not None]
    for start in range(0, len(together), _TOGETHER):
        _compile(together[start : start + _TOGETHER])
    for text in unknown:
        if text not in _known:
            _known[text] = _refusal(text)
            if _known[text] and interpolated(text) and _refusal(f'"{text}"') is None:
                _known[text] = None
    return {text: _known[text] for text in texts}


def interpolated(text: str) -> bool:
    r"""Whether a text is a string with `\(…)` in it that is complete but for its quotes."""
    if text.startswith('"') or "\\(" not in text or parse(text) is not None:
        return False
    tree = parse(f'"{text}"')
    return tree is not None and bool(tree.children)


def _compile(texts: Sequence[str]) -> None:
    """Compile texts together; halve them where that fails, down to the ones that do not compile."""
    if not texts:
        return
    if _compiles(texts):
        _known.update(dict.fromkeys(texts))
    elif len(texts) == 1:
        _known[texts[0]] = _refusal(texts[0])
    else:
        middle = len(texts) // 2
        _compile(texts[:middle])
        _compile(texts[middle:])


def _compiles(texts: Sequence[str]) -> bool:
    """Whether texts, each with its brackets in pairs, compile; a comment at the end of one hides no bracket."""
    listed = ",\n".join(f"({_harmless(text)}\n)" for text in texts)
    return _error(f"{_stubs(texts)}\n[{listed}]", texts) is None


def _refusal(text: str) -> Refusal | None:
    error = _error(f"{_stubs([text])}\n{_harmless(text)}", [text])
    if error is None or _TOO_LARGE.match(error) or (_IN_A_ROW.search(error) and parse(text) is not None):
        return None
    return _in_our_words(error, text)


def _error(program: str, texts: Sequence[str]) -> str | None:
    import jq  # type: ignore[import-not-found]  # noqa: PLC0415 - a C module without types; 9 ms, loaded where needed

    variables = {use.name: None for use in _uses(texts, functions=False) if not use.name.startswith("__")}
    try:
        jq.compile(program, args=variables)
    except ValueError as error:
        return str(error)
    return None


def _stubs(texts: Sequence[str]) -> str:
    """Definitions, on one line, of the functions that libjq would call undefined."""
    wanted = {use.name for use in _uses(texts, functions=True) if not use.name.startswith("@")}
    missing = sorted(name for name in wanted - _libjq_functions() if "::" not in name)
    return "".join(_stub(*name.split("/")) for name in missing)


def _stub(name: str, arity: str) -> str:
    parameters = ";".join(f"p{index}" for index in range(int(arity)))
    return f"def {name}({parameters}): .;" if parameters else f"def {name}: .;"


def _uses(texts: Sequence[str], *, functions: bool) -> Iterator[Use]:
    for text in texts:
        if tree := parse(text):
            found = uses(tree)
            yield from found.functions if functions else found.variables


def _libjq_functions() -> frozenset[str]:
    if not _libjq:
        import jq  # noqa: PLC0415 - as above

        _libjq.extend(jq.compile("builtins").input_value(None).first())
    return frozenset(_libjq)


_libjq: list[str] = []


def _harmless(text: str) -> str:
    """The text with zeros for digits, without `?//` and `f()`, and with brackets around values that bind a name.

    Those brackets and a blank before each `//` make a line longer.
    """
    return _with_zeros(_bracketed(text))


def _bracketed(text: str) -> str:
    for at, bracket in reversed(_brackets(text)):
        text = text[:at] + bracket + text[at:]
    return text


def _brackets(text: str) -> list[tuple[int, str]]:
    """What to put where: libjq takes no `{a: .b as $c | $c}`, as the engine does, without brackets around the value."""
    values = binding_values(text)
    ends = [(end, ")") for _, end in values if end is not None]
    return sorted([*((start, "(") for start, _ in values), *ends], key=lambda place: place[0])


def _with_zeros(text: str) -> str:
    text = _NUMBER.sub(lambda number: _DIGIT.sub("0", number[0]), text)
    text = _NO_ARGUMENTS.sub(lambda brackets: " " * len(brackets[0]), text)
    return _OPTIONAL_ALTERNATIVE.sub("? //", text)


def _in_our_words(error: str, text: str) -> Refusal:
    at = _offset(error, text)
    what = error.removeprefix("jq: error: ").partition(" at <top-level>")[0].partition("\n")[0]
    if what.startswith("Top-level program not given"):
        return Refusal("it is empty", 0)
    if "unexpected end of file" in what or at >= len(text):
        return Refusal("a string is not closed" if "QQSTRING_TEXT" in what else "it ends too early", at)
    if escape := _ESCAPE.search(error):
        return Refusal(f"{escape[1].strip().lower()} in a string", at)
    if what.startswith("syntax error"):
        return _unexpected(text, at - 1 if text[at - 1 : at + 1] == "||" else at)
    return Refusal(_LABEL.sub(r"there is no 'label $\1' around it", what), at)


def _unexpected(text: str, at: int) -> Refusal:
    word = match[0] if (match := _WORD.match(text, at)) else text[at]
    instead = _INSTEAD.get(word, "")
    if not instead and text[:at].rstrip().endswith("?"):
        instead = "write 'if … then … else … end'"
    return Refusal(f"'{word[:100]}' is not expected here{instead and f'; {instead}'}", at)


def _offset(error: str, text: str) -> int:
    """Where in the text libjq stopped: its columns count bytes, from 1; its first line holds our definitions."""
    match = _AT.search(error)
    if match is None:
        return 0
    lines = _bracketed(text).split("\n")
    line = min(max(int(match[1]) - 2, 0), len(lines) - 1)
    shown = _with_zeros(lines[line]).encode()[: int(match[2]) - 1].decode(errors="ignore")
    at = sum(len(earlier) + 1 for earlier in lines[:line]) + len(shown) - shown.count("? //")
    return at - sum(place + index < at for index, (place, _) in enumerate(_brackets(text)))
