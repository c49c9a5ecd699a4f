"""Adds plugins to the text of a dynamic-plugins.yaml; what stands in it stays as it is written."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from generator.findings.errors import FindingsError
from generator.text.yaml_reader import parse
from generator.text.yaml_writer import dump

#: What a package has behind its name: a version, a tag, a digest, the folder in an image.
_BEHIND: Final = re.compile(r"(?:-[0-9]+\.[0-9][^/]*\.tgz|[@:!].*)$")
#: What one plugin's packages have before and behind its name, by release and registry.
_VENDOR: Final = "red-hat-developer-hub-"
_DYNAMIC: Final = "-dynamic"


@dataclass(frozen=True, kw_only=True)
class Merged:
    """What goes behind a text for the plugins that were missing; the names of these, and of those that it has."""

    addition: str
    added: tuple[str, ...]
    there: tuple[str, ...]


def plugin_name(package: str) -> str:
    """The name of a plugin, however its package is written: for npm, as an archive, in the image, in a registry."""
    last = package.rpartition("/")[2]
    if package.startswith("oci://"):
        last = package.partition("!")[0].partition("@")[0].rpartition("/")[2]
    return _BEHIND.sub("", last).removeprefix(_VENDOR).removesuffix(_DYNAMIC)


def with_plugins(text: str, part: Mapping[str, Any], path: str) -> Merged | None:
    """Return what to append to a dynamic-plugins.yaml for the plugins of a part that it does not have.

    None where it is written in a way that takes none there: the list of plugins is not its last key, or not a block.

    Raises:
        FindingsError: it cannot be read.
    """
    if not text.strip():
        return Merged(addition=dump(part), added=_names(part["plugins"]), there=())
    root = parse(text.encode(), path).root
    before = root.plain()
    plugins = before.get("plugins") if isinstance(before, dict) else None
    if not isinstance(plugins, list) or not plugins:
        return None
    known = set(_names(plugins))
    missing = [each for each in part["plugins"] if plugin_name(each["package"]) not in known]
    there = tuple(name for name in _names(part["plugins"]) if name in known)
    if not missing:
        return Merged(addition="", added=(), there=there)
    items = root.value["plugins"].value
    indent = " " * (items[-1].column - 3)
    newline = "\r\n" if "\r\n" in text else "\n"
    lines = "".join(f"{indent}{line}{newline}" for line in dump(missing).splitlines())
    addition = lines if text.endswith("\n") else newline + lines
    try:
        whole = parse((text + addition).encode(), path).root.plain()
    except FindingsError:
        return None
    right = whole == {**before, "plugins": [*plugins, *missing]}
    return Merged(addition=addition, added=_names(missing), there=there) if right else None


def _names(plugins: list[Any]) -> tuple[str, ...]:
    packages = (each.get("package") for each in plugins if isinstance(each, dict))
    return tuple(plugin_name(package) for package in packages if isinstance(package, str))
