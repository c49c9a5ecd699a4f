"""Appends missing plugins to the text of a dynamic-plugins.yaml, which is otherwise unchanged."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from generator.findings.errors import FindingsError
from generator.text.yaml_reader import parse
from generator.text.yaml_writer import dump

#: What follows the name in a package reference: a version, a tag, a digest, the folder in an image.
_PACKAGE_SUFFIX: Final = re.compile(r"(?:-[0-9]+\.[0-9][^/]*\.tgz|[@:!].*)$")
#: A prefix and a suffix of the name that some releases and registries have and others do not.
_VENDOR: Final = "red-hat-developer-hub-"
_DYNAMIC: Final = "-dynamic"


@dataclass(frozen=True, kw_only=True)
class Merged:
    """The text to append, the names of the plugins in it, and those of the plugins that were `there` already."""

    addition: str
    added: tuple[str, ...]
    there: tuple[str, ...]


def plugin_name(package: str) -> str:
    """Return the name of a plugin from its package: of npm, an archive, in RHDH's image, or in an OCI registry."""
    last = package.rpartition("/")[2]
    if package.startswith("oci://"):
        last = package.partition("!")[0].partition("@")[0].rpartition("/")[2]
    return _PACKAGE_SUFFIX.sub("", last).removeprefix(_VENDOR).removesuffix(_DYNAMIC)


def with_plugins(text: str, part: Mapping[str, Any], path: str) -> Merged | None:
    """Return what to append to a dynamic-plugins.yaml for the missing plugins of a part.

    Return None if nothing can be appended: the list of plugins is not the last key, or not in block style.

    Raises:
        FindingsError: the text is not YAML.
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
    is_right = whole == {**before, "plugins": [*plugins, *missing]}
    return Merged(addition=addition, added=_names(missing), there=there) if is_right else None


def _names(plugins: list[Any]) -> tuple[str, ...]:
    packages = (each.get("package") for each in plugins if isinstance(each, dict))
    return tuple(plugin_name(package) for package in packages if isinstance(package, str))
