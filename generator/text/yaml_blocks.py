"""The text of a YAML map in blocks: each top-level key with its value and the comments right above it."""

from __future__ import annotations

from dataclasses import dataclass

from generator.text.yaml_reader import parse


@dataclass(frozen=True, kw_only=True)
class Block:
    """A top-level key and the lines that are its own, each with its end."""

    key: str
    lines: tuple[str, ...]


def blocks_of(text: str, path: str) -> tuple[tuple[str, ...], tuple[Block, ...]]:
    """Return the lines above the first key, and the blocks in their order; `path` is what errors call the text.

    Raises:
        FindingsError: the text is not YAML.
    """
    keys = parse(text.encode(), path).root.keys or {}
    lines = text.splitlines(keepends=True)
    found = sorted((_with_comment(lines, line - 1), key) for key, (line, _) in keys.items())
    ends = [*(start for start, _ in found), len(lines)]
    blocks = (Block(key=key, lines=tuple(lines[start:end])) for (start, key), end in zip(found, ends[1:], strict=True))
    return tuple(lines[: ends[0]]), tuple(blocks)


def _with_comment(lines: list[str], start: int) -> int:
    """Return the index of the first line of the comment right above a key."""
    while start and lines[start - 1].startswith("#"):
        start -= 1
    return start
