"""Checks with libjq whether jq expressions compile, in batches and with a cache for the process."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from generator.jq.names import Use, uses
from generator.jq.syntax import binding_values, parse, too_deep

#: The longest text that is checked; the longest of 445 real expressions has 2,000 characters.
MAX_CHARACTERS: Final = 10_000
#: The number of texts compiled together: libjq's time grows with the square of a program's length.
_BATCH_SIZE: Final = 100
#: Errors at limits of libjq that the engine does not have.
_TOO_LARGE: Final = re.compile(r"jq: error: (memory exhausted|function compiled to \d+ bytes)")
#: libjq evaluates products of constants when it compiles, so that `"a" * 1e9` would need a gigabyte; zero is harmless.
_NUMBER: Final = re.compile(r"(?<![A-Za-z0-9_$@\\])(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][-+]?[0-9]+)?")
_DIGIT: Final = re.compile(r"\d")
#: One operator in libjq; the engine reads `?` and `//`.
_OPTIONAL_ALTERNATIVE: Final = re.compile(r"\?//(?!=)")
#: Empty parentheses as in `now()`, which the engine accepts and libjq does not.
_EMPTY_PARENTHESES: Final = re.compile(r"(?<=[A-Za-z0-9_])\([ \t]*\)")
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
#: The error on `a == b == c`, which libjq rejects and the engine evaluates from the left.
_CHAINED_OPERATORS: Final = re.compile(r"syntax error, unexpected '?(==|!=|<=?|>=?|=|\|=|\+=|-=|\*=|/=|%=|//=)'? at ")
_LOADING: Final = re.compile(r"(?:\s|#[^\n]*\n)*(import|include|module)\b")


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why an expression does not compile; `at` is the offset in its text."""

    why: str
    at: int


_known: dict[str, Refusal | None] = {}


def refusals(texts: Sequence[str]) -> Mapping[str, Refusal | None]:
    r"""Return why each text does not compile, or None if it does.

    Undefined functions and variables are not reported, since the engine defines others than libjq. A text with `\(…)`
    that compiles only in double quotes is a string to the engine (JqExpression), so it compiles. Texts that are too
    long or too deep are not checked, because libjq's time grows with the square of both. The caller must unset HOME:
    otherwise, libjq first reads ~/.jq.
    """
    unknown = [text for text in dict.fromkeys(texts) if text not in _known]
    for text in unknown:
        if len(text) > MAX_CHARACTERS or too_deep(text):
            _known[text] = None
        elif loading := _LOADING.match(text):
            _known[text] = Refusal(f"'{loading[1]}' finds nothing in the engine; remove it", loading.start(1))
    together = [text for text in unknown if text not in _known and parse(text) is not None]
    for start in range(0, len(together), _BATCH_SIZE):
        _compile(together[start : start + _BATCH_SIZE])
    for text in unknown:
        if text not in _known:
            _known[text] = _refusal(text)
            if _known[text] and interpolated(text) and _refusal(f'"{text}"') is None:
                _known[text] = None
    return {text: _known[text] for text in texts}


def interpolated(text: str) -> bool:
    r"""Return whether a text is a string with `\(…)` that only lacks its quotes."""
    if text.startswith('"') or "\\(" not in text or parse(text) is not None:
        return False
    tree = parse(f'"{text}"')
    return tree is not None and bool(tree.children)


def _compile(texts: Sequence[str]) -> None:
    """Compile texts together; if that fails, bisect them to find those that do not compile."""
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
    """Return whether texts with balanced brackets all compile; a newline ends a comment at the end of each."""
    listed = ",\n".join(f"({_compilable(text)}\n)" for text in texts)
    return _error(f"{_stubs(texts)}\n[{listed}]", texts) is None


def _refusal(text: str) -> Refusal | None:
    error = _error(f"{_stubs([text])}\n{_compilable(text)}", [text])
    if error is None or _TOO_LARGE.match(error) or (_CHAINED_OPERATORS.search(error) and parse(text) is not None):
        return None
    return _refusal_of_error(error, text)


def _error(program: str, texts: Sequence[str]) -> str | None:
    import jq  # type: ignore[import-not-found]  # noqa: PLC0415 - a C module without types; 9 ms, loaded where needed

    variables = {use.name: None for use in _uses(texts, functions=False) if not use.name.startswith("__")}
    try:
        jq.compile(program, args=variables)
    except ValueError as error:
        return str(error)
    return None


def _stubs(texts: Sequence[str]) -> str:
    """Return definitions, on one line, of the functions that are undefined in libjq."""
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


def _compilable(text: str) -> str:
    """Return the text with zeros for digits, without `?//` and `f()`, and with brackets around values that bind a name.

    The brackets and a space in each `?//` make lines longer, which `_offset` takes into account.
    """
    return _with_zeros(_bracketed(text))


def _bracketed(text: str) -> str:
    for at, bracket in reversed(_brackets(text)):
        text = text[:at] + bracket + text[at:]
    return text


def _brackets(text: str) -> list[tuple[int, str]]:
    """Return where to insert which bracket: libjq, unlike the engine, needs `{a: (.b as $c | $c)}`."""
    values = binding_values(text)
    ends = [(end, ")") for _, end in values if end is not None]
    return sorted([*((start, "(") for start, _ in values), *ends], key=lambda place: place[0])


def _with_zeros(text: str) -> str:
    text = _NUMBER.sub(lambda number: _DIGIT.sub("0", number[0]), text)
    text = _EMPTY_PARENTHESES.sub(lambda brackets: " " * len(brackets[0]), text)
    return _OPTIONAL_ALTERNATIVE.sub("? //", text)


def _refusal_of_error(error: str, text: str) -> Refusal:
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
    """Return the offset of libjq's error: its columns count bytes from 1, and its first line has the stubs."""
    match = _AT.search(error)
    if match is None:
        return 0
    lines = _bracketed(text).split("\n")
    line = min(max(int(match[1]) - 2, 0), len(lines) - 1)
    shown = _with_zeros(lines[line]).encode()[: int(match[2]) - 1].decode(errors="ignore")
    at = sum(len(earlier) + 1 for earlier in lines[:line]) + len(shown) - shown.count("? //")
    return at - sum(place + index < at for index, (place, _) in enumerate(_brackets(text)))
