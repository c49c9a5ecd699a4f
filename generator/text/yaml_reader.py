"""Reads YAML and JSON with positions, and with limits on size, depth and aliases.

Scalars are resolved by the rules of the program that reads the file (`Dialect`): to the engine, `yes` is true and
`010` is 8. The parser's events are consumed one by one, so the limits apply before anything is built.
"""

from __future__ import annotations

import json
import math
import re
from codecs import BOM_UTF8
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any, Final, NamedTuple, NoReturn

import yaml

from generator.findings.errors import FindingsError
from generator.findings.finding import Finding, Severity
from generator.text.yaml_scalars import MAX_DIGITS, Dialect, NotPortableError, Scalar, is_ambiguous, resolved

#: The limit of SnakeYAML, with which the engine reads definitions (LoaderOptions.codePointLimit).
MAX_BYTES: Final = 3 * 1024 * 1024
MAX_DEPTH: Final = 100
#: Keys and values of one file; a typical OpenAPI file of 3 MiB has about 150,000.
MAX_VALUES: Final = 200_000
#: Nodes that all aliases of a file may repeat; more indicate a YAML bomb.
MAX_ALIASED_NODES: Final = 100_000

_TYPE_NAMES: Final = {
    dict: "a map",
    list: "a list",
    str: "a string",
    bool: "a boolean",
    int: "a number",
    float: "a number",
}

_CORE_TAGS = {f"tag:yaml.org,2002:{name}" for name in ("str", "int", "float", "bool", "null", "seq", "map")}
_SURROGATE = re.compile(r"\\u[dD][89a-fA-F][0-9a-fA-F]{2}")

#: The keys and indices that lead to a value.
FieldPath = tuple[str | int, ...]


def field_path(path: FieldPath) -> str:
    """Return a path in the notation of Kubernetes, as in `spec.flow.states[0].name`, or "" for the root."""
    return "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in path).removeprefix(".")


_Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class Node(NamedTuple):
    """A value with its position. Maps and lists hold nodes; `keys` has the line and column of each key of a map.

    `text` is a scalar as written, so that `version: 1.10` can be read as the intended string. `style` is the first
    character of its quotes or its block, or "" for a plain scalar.
    """

    value: Any
    line: int = 1
    column: int = 1
    text: str = ""
    keys: dict[str, tuple[int, int]] | None = None
    style: str = ""

    @property
    def kind(self) -> str:
        """The value's type as in messages: "a map", "a string"."""
        return "nothing" if self.value is None else _TYPE_NAMES[type(self.value)]

    def plain(self) -> Any:
        """Return the value without positions: dicts, lists and scalars."""
        match self.value:
            case dict():
                return {key: node.plain() for key, node in self.value.items()}
            case list():
                return [node.plain() for node in self.value]
            case _:
                return self.value

    def walk(self) -> Iterator[Node]:
        """Yield this node and all nodes below it, in the file's order."""
        yield self
        children = self.value.values() if isinstance(self.value, dict) else self.value
        if isinstance(self.value, (dict, list)):
            for child in children:
                yield from child.walk()


@dataclass(frozen=True, kw_only=True)
class Document:
    """A parsed file: its root node, and findings that did not prevent parsing it (such as duplicate keys).

    `ambiguous` are the plain scalars that the engine resolves differently from YAML 1.2.
    """

    path: str
    root: Node
    findings: tuple[Finding, ...] = ()
    ambiguous: tuple[Node, ...] = ()


def decode(data: bytes, path: str) -> str:
    """Return UTF-8 text without a byte order mark.

    Raises:
        FindingsError: the bytes are not UTF-8, which Helm would silently replace with U+FFFD, or contain NUL.
    """
    data = data.removeprefix(BOM_UTF8)
    try:
        text = data.decode()
    except UnicodeDecodeError as error:
        _refuse(path, "encoding", "not UTF-8 text; save the file as UTF-8", *_position(data, error.start))
    if "\0" in text:
        _refuse(path, "encoding", "contains NUL bytes, so it is binary; remove it", *_position(data, data.index(b"\0")))
    return text


def parse(
    data: bytes,
    path: str,
    *,
    max_bytes: int = MAX_BYTES,
    max_values: int = MAX_VALUES,
    dialect: Dialect = Dialect.CORE,
) -> Document:
    """Parse YAML in the given dialect, or JSON if `path` ends in `.json`.

    Raises:
        FindingsError: the file is empty, too large, not text, not well-formed, nested too deeply, or has tags that are
            not in the core schema; with a single finding.
    """
    if len(data) > max_bytes:
        _refuse(path, "size", f"{len(data):,} bytes; at most {max_bytes:,} are read; split the file")
    text = decode(data, path)
    if not text.strip():
        _refuse(path, "empty-file", "the file is empty; write its content, or remove it")
    return (
        _parse_json(text, path, max_values) if path.endswith(".json") else _parse_yaml(text, path, max_values, dialect)
    )


def _parse_yaml(text: str, path: str, max_values: int, dialect: Dialect = Dialect.CORE) -> Document:
    composer = _Composer(text, path, max_values, dialect)
    root = composer.compose()
    return Document(path=path, root=root, findings=tuple(composer.findings), ambiguous=tuple(composer.ambiguous))


def _parse_json(text: str, path: str, max_values: int) -> Document:
    """Take values from the JSON parser and positions from the YAML parser, which differ only in surrogate escapes."""
    try:
        value = json.loads(text, parse_constant=_reject_constant, parse_float=_finite)
    except json.JSONDecodeError as error:
        _refuse(path, "syntax", f"not well-formed JSON: {error.msg}", error.lineno, error.colno)
    except RecursionError:
        _refuse(path, "depth", f"nested deeper than {MAX_DEPTH} levels")
    except _NotANumberError as error:
        _refuse(path, "syntax", f"{error}")
    except ValueError:
        _refuse(path, "syntax", f"contains a number of more than {MAX_DIGITS:,} digits; write it as a string")
    depth, count = _extent(value)
    if depth > MAX_DEPTH:
        _refuse(path, "depth", f"nested deeper than {MAX_DEPTH} levels")
    if count > max_values:
        _refuse(path, "size", _too_many(max_values))
    try:
        json.dumps(value, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        _refuse(path, "encoding", "contains half of a surrogate pair (\\ud800 to \\udfff); write both halves")
    try:
        positions = _parse_yaml(_SURROGATE.sub(r"\\u003f", text), path, max_values)
    except FindingsError as error:
        if any(finding.rule != "syntax" for finding in error.findings):
            raise
        positions = Document(path=path, root=Node(None))
    return Document(path=path, root=_located(value, positions.root), findings=positions.findings)


def _extent(value: Any) -> tuple[int, int]:
    """Return the number of levels of maps and lists, and the number of values, without recursion."""
    levels, count = 0, 1
    here: list[Any] = [value]
    while here := [child for outer in here for child in _children(outer)]:
        levels += 1
        count += len(here)
    return levels, count


def _children(value: Any) -> Iterable[Any]:
    match value:
        case dict():
            return value.values()
        case list():
            return value
        case _:
            return ()


def _located(value: Any, at: Node) -> Node:
    match value:
        case dict():
            known = at.value if isinstance(at.value, dict) else {}
            children = {key: _located(child, known.get(key, at)) for key, child in value.items()}
            return Node(children, at.line, at.column, keys=at.keys or {})
        case list():
            items = at.value if isinstance(at.value, list) and len(at.value) == len(value) else [at] * len(value)
            return Node([_located(child, node) for child, node in zip(value, items, strict=True)], at.line, at.column)
        case _:
            text = value if isinstance(value, str) else at.text or str(value)
            return Node(value, at.line, at.column, text, style=at.style)


def _reject_constant(name: str) -> NoReturn:
    raise _NotANumberError(f"{name} is not a number in JSON")


def _finite(text: str) -> float:
    if math.isinf(number := float(text)):
        raise _NotANumberError(f"{text} is larger than a JSON number can be")
    return number


class _NotANumberError(ValueError):
    """A number that Python's JSON parser accepts although JSON does not."""


@dataclass(kw_only=True)
class _Open:
    """A map or list that is being parsed: its content so far, its keys' positions, and the key without a value yet."""

    event: Any
    content: Any
    nodes_before: int
    height: int = 0
    key_is_plain: bool = False
    keys: dict[str, tuple[int, int]] = field(default_factory=dict)
    key: Node | None = None


class _Composer:
    """Builds nodes from libyaml's events, iteratively."""

    def __init__(self, text: str, path: str, max_values: int, dialect: Dialect) -> None:
        self._text = text
        self._path = path
        self._max_values = max_values
        self._dialect = dialect
        self._anchors: dict[str, tuple[Node, int, int]] = {}
        self._open_anchors: set[str] = set()
        self._aliased = 0
        self._count = 0
        self.findings: list[Finding] = []
        self.ambiguous: list[Node] = []

    def compose(self) -> Node:
        try:
            loader = _Loader(self._text)
            try:
                return self._compose(loader)
            finally:
                loader.dispose()
        except yaml.MarkedYAMLError as error:
            mark = error.problem_mark or error.context_mark
            what = error.problem or error.context or "unreadable"
            if "nesting depth" in what:  # libyaml since 0.2.6 has its own limit of 1,000
                self._stop("depth", f"nested deeper than {MAX_DEPTH} levels", mark)
            self._stop("syntax", f"not well-formed YAML: {what}", mark)
        except yaml.YAMLError as error:
            reason = getattr(error, "reason", None) or str(error).splitlines()[0]
            position = getattr(error, "position", 0)
            _refuse(self._path, "syntax", f"not well-formed YAML: {reason}", *_position(self._text.encode(), position))

    def _compose(self, loader: Any) -> Node:
        root: Node | None = None
        open_collections: list[_Open] = []
        while loader.check_event():
            event = loader.get_event()
            if self._count > self._max_values:
                self._stop("size", _too_many(self._max_values), event.start_mark)
            if isinstance(event, yaml.CollectionStartEvent):
                self._open(event, open_collections)
            elif (node := self._finished(event, open_collections)) is not None:
                if open_collections:
                    self._add(open_collections[-1], node, event)
                else:
                    root = node
            elif root is not None and isinstance(event, yaml.DocumentStartEvent):
                self._stop("syntax", "a second document starts here; keep one definition per file", event.start_mark)
        if root is None:
            _refuse(self._path, "empty-file", "the file contains only comments; write its content, or remove it")
        return root

    def _open(self, event: Any, open_collections: list[_Open]) -> None:
        if len(open_collections) >= MAX_DEPTH:
            self._stop("depth", f"nested deeper than {MAX_DEPTH} levels", event.start_mark)
        self._check_tag(event)
        if event.anchor:
            self._open_anchors.add(event.anchor)
        content: Any = {} if isinstance(event, yaml.MappingStartEvent) else []
        open_collections.append(_Open(event=event, content=content, nodes_before=self._count))
        self._count += 1

    def _finished(self, event: Any, open_collections: list[_Open]) -> Node | None:
        """Return the node that an event completes, or None."""
        match event:
            case yaml.ScalarEvent():  # first, since most events are
                self._count += 1
                node = self._scalar(event)
                self._remember(event.anchor, node, 1, 0)
                return node
            case yaml.CollectionEndEvent():
                done = open_collections.pop()
                node = self._node(done.event, done.content, keys=done.keys)
                self._remember(done.event.anchor, node, self._count - done.nodes_before, done.height + 1)
                if open_collections:
                    open_collections[-1].height = max(open_collections[-1].height, done.height + 1)
                return node
            case yaml.AliasEvent():
                return self._alias(event, open_collections)
        return None

    def _add(self, parent: _Open, node: Node, event: Any) -> None:
        if isinstance(parent.content, list):
            parent.content.append(node)
        elif parent.key is None:
            if isinstance(node.value, (dict, list)):
                self._stop("syntax", f"{node.kind} cannot be a key; use a string", event.start_mark)
            parent.key, parent.key_is_plain = node, not event.style
            if self.ambiguous and self.ambiguous[-1] is node:
                self.ambiguous.pop()  # the engine reads any key as text, and waybill writes it quoted
        else:
            key, parent.key = parent.key, None
            self._add_pair(parent, key, node)

    def _add_pair(self, parent: _Open, key: Node, node: Node) -> None:
        name = key.value if isinstance(key.value, str) else key.text
        merges = name == "<<" and parent.key_is_plain and self._dialect is not Dialect.ENGINE
        if merges and isinstance(node.value, dict):
            parent.content.update(
                {merged: value for merged, value in node.value.items() if merged not in parent.content}
            )
            return
        if name in parent.keys:
            first = parent.keys[name][0]
            message = f"the key '{name}' is repeated here (first on line {first}); keep one"
            self._note("duplicate-key", message, key)
        parent.content[name] = node
        parent.keys[name] = (key.line, key.column)

    def _alias(self, event: Any, open_collections: list[_Open]) -> Node:
        if event.anchor in self._open_anchors:
            self._stop("syntax", f"*{event.anchor} refers to itself; remove the cycle", event.start_mark)
        if event.anchor not in self._anchors:
            self._stop("syntax", f"*{event.anchor} has no anchor above it", event.start_mark)
        node, size, height = self._anchors[event.anchor]
        if len(open_collections) + height > MAX_DEPTH:
            self._stop("depth", f"nested deeper than {MAX_DEPTH} levels", event.start_mark)
        if open_collections:
            open_collections[-1].height = max(open_collections[-1].height, height)
        self._aliased += size
        self._count += size
        most = min(MAX_ALIASED_NODES, self._max_values)
        if self._aliased > most:
            self._stop("size", f"aliases repeat more than {most:,} values; use fewer", event.start_mark)
        return self._alias_as_text(event) if self._dialect is Dialect.ENGINE else node

    def _alias_as_text(self, event: Any) -> Node:
        """Return an alias as the engine reads it: as the text of its name."""
        name = event.anchor[:100]
        node = Node(event.anchor, event.start_mark.line + 1, event.start_mark.column + 1, event.anchor)
        message = f"the engine reads *{name} as the text '{name}'; write out what &{name} holds"
        self._note("yaml-alias", message, node, Severity.WARNING)
        return node

    def _remember(self, anchor: str | None, node: Node, size: int, height: int) -> None:
        if anchor:
            self._open_anchors.discard(anchor)
            self._anchors[anchor] = (node, size, height)

    def _scalar(self, event: Any) -> Node:
        self._check_tag(event)
        text: str = event.value
        if event.tag == "tag:yaml.org,2002:str" or (event.tag is None and not event.implicit[0]):
            return self._node(event, text, text=text, style=event.style or "")
        node = self._node(event, self._resolved(text, event), text=text)
        if self._dialect is not Dialect.CORE and event.tag is None and is_ambiguous(text, node.value):
            self.ambiguous.append(node)
        return node

    def _resolved(self, text: str, event: Any) -> Scalar:
        try:
            return resolved(text, self._dialect)
        except NotPortableError as error:
            self._stop("syntax", f"{error}", event.start_mark)

    def _check_tag(self, event: Any) -> None:
        if event.tag and event.tag not in _CORE_TAGS and event.tag != "!":
            self._stop("syntax", f"the tag {event.tag} is not allowed; write plain YAML", event.start_mark)

    def _node(
        self, event: Any, value: Any, *, text: str = "", style: str = "", keys: dict[str, tuple[int, int]] | None = None
    ) -> Node:
        mark = event.start_mark
        return Node(value, mark.line + 1, mark.column + 1, text, keys if isinstance(value, dict) else None, style)

    def _note(self, rule: str, message: str, at: Node, severity: Severity = Severity.ERROR) -> None:
        finding = Finding(
            path=self._path, rule=rule, message=message, line=at.line, column=at.column, severity=severity
        )
        self.findings.append(finding)

    def _stop(self, rule: str, message: str, mark: Any) -> NoReturn:
        line, column = (mark.line + 1, mark.column + 1) if mark else (1, 1)
        _refuse(self._path, rule, message, line, column)


def _too_many(values: int) -> str:
    return f"more than {values:,} keys and values; remove some, or split the file"


def _position(data: bytes, offset: int) -> tuple[int, int]:
    """Return the line and column, in characters, of a byte offset."""
    before = data[:offset].decode(errors="replace")
    return before.count("\n") + 1, len(before) - before.rfind("\n")


def _refuse(path: str, rule: str, message: str, line: int = 1, column: int = 1) -> NoReturn:
    raise FindingsError([Finding(path=path, line=line, column=column, rule=rule, message=message, blocking=True)])
