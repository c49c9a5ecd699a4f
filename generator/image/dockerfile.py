"""Finds the base images of a Dockerfile."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Final

_CONTINUED: Final = re.compile(r"\\[ \t]*\r?\n(?:[ \t]*#[^\n]*\n)*")
_INSTRUCTION: Final = re.compile(r"^[ \t]*(ARG|FROM|COPY|ADD)[ \t]+(.*?)[ \t\r]*$", re.IGNORECASE | re.MULTILINE)
_VARIABLE: Final = re.compile(r"\$(?:\{(\w+)(?:(:?[-+])([^}]*))?\}|(\w+))")
_FROM: Final = re.compile(r"(?:--\S+[ \t]+)*(\S+)(?:[ \t]+AS[ \t]+(\S+))?", re.IGNORECASE)
_COPIED_FROM: Final = re.compile(r"--from=(\S+)")
#: The empty image, which container engines do not pull.
_SCRATCH: Final = "scratch"


def base_images(dockerfile: bytes, arguments: Mapping[str, str]) -> tuple[str, ...]:
    """Return the images that a build needs: those of each FROM, and of each `COPY --from` that is not a stage.

    `arguments` are the build arguments. FROM uses those declared by an ARG before the first FROM, or their defaults
    (https://docs.docker.com/reference/dockerfile/, Understand how ARG and FROM interact).
    """
    return tuple(dict.fromkeys(_images(dockerfile.decode(errors="replace"), arguments)))


def _images(text: str, arguments: Mapping[str, str]) -> Iterator[str]:
    declared: dict[str, str] = {}
    stages: list[str] = []
    count = 0
    for name, rest in _INSTRUCTION.findall(_CONTINUED.sub(" ", text)):
        match name.upper():
            case "ARG" if not count:
                key, _, default = rest.partition("=")
                declared[key] = arguments.get(key, _expanded(default.strip("\"'"), declared))
            case "FROM":
                count += 1
                found = _FROM.match(_expanded(rest.replace('"', ""), declared))
                if found is None:
                    continue
                image, stage = found.groups()
                if image.lower() not in (_SCRATCH, *stages):
                    yield image
                stages.append((stage or "").lower())
            case "COPY" | "ADD":
                for image in _COPIED_FROM.findall(rest):
                    if image.lower() not in stages and not image.isdigit():
                        yield image


def _expanded(text: str, values: Mapping[str, str]) -> str:
    """Return a text with its variables expanded: `$NAME`, `${NAME}`, `${NAME:-default}` or `${NAME:+instead}`."""

    def value(found: re.Match[str]) -> str:
        name = found[1] or found[4]
        known = values.get(name)
        is_set = known is not None and (known != "" or not (found[2] or "").startswith(":"))
        match (found[2] or "").removeprefix(":"):
            case "-":
                return (known or "") if is_set else found[3]
            case "+":
                return found[3] if is_set else ""
            case _:
                return known or ""

    return _VARIABLE.sub(value, text)
