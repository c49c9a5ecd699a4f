"""Pins the images of a chart: digests in its values, and the key of what each was built from in Chart.yaml.

A chart in the charts folder names its images only by tags of their content, and a package also by digests. So
`unpinned(pinned(files, pins)) == files` if `files` had no digest.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from generator.chart.files import ChartFiles
from generator.findings.edits import Edit, appended, apply_edits
from generator.findings.errors import FindingsError
from generator.kubernetes.objects import ImageReference
from generator.text.yaml_reader import Node, decode, parse

#: The annotation in Chart.yaml, and so in an index entry, with a package's images and their image keys.
ANNOTATION: Final = "waybill/images"
_CHART: Final = "Chart.yaml"
_VALUES: Final = "values.yaml"
#: A chart's README has the digest in its table of values.
_README: Final = "README.md"
_DIGEST: Final = re.compile(rb"sha256:[0-9a-f]{64}")
_ROW: Final = "| `image.digest` | `{}` |"


@dataclass(frozen=True, kw_only=True)
class Pin:
    """An image of a chart in a registry; `key` is its image key."""

    repository: str
    tag: str
    digest: str
    key: str

    @property
    def reference(self) -> ImageReference:
        """The image reference with the digest."""
        return ImageReference(repository=self.repository, tag=self.tag, digest=self.digest)


def pinned(files: ChartFiles, pins: Sequence[Pin]) -> ChartFiles:
    """Return the files of a chart with the digests of its images, or unchanged if there are no pins."""
    if not pins or _CHART not in files:
        return files
    changed = {_CHART: _with_annotation(decode(files[_CHART], _CHART), pins).encode()}
    if _VALUES in files:
        edits = list(_value_edits(_root(files, _VALUES), {pin.repository: pin for pin in pins}))
        changed[_VALUES] = apply_edits(decode(files[_VALUES], _VALUES), edits)[0].encode()
        own = _value(_root({**files, **changed}, _VALUES), "image", "digest")
        if _README in files and own is not None:
            readme = decode(files[_README], _README)
            changed[_README] = readme.replace(_ROW.format('""'), _ROW.format(json.dumps(own.value))).encode()
    return ChartFiles({**files, **changed})


def unpinned(files: Mapping[str, bytes]) -> ChartFiles:
    """Return the files of a chart and its sub-charts without the digests of their images."""
    chart = ChartFiles(files)
    below = {name: unpinned(sub) for name, sub in chart.subcharts.items()}
    own = chart.own
    changed: dict[str, bytes] = {}
    digests: set[str] = set()
    root = _root(own, _CHART) if ANNOTATION.encode() in own.get(_CHART, b"") else None
    if root and (node := _value(root, "annotations", ANNOTATION)):
        digests = {pin.digest for pin in pins_in({ANNOTATION: node.value})}
        changed[_CHART] = _without_annotation(decode(own[_CHART], _CHART), root, node).encode()
    if _DIGEST.search(own.get(_VALUES, b"")):
        image = _value(_root(own, _VALUES), "image", "digest")
        digests |= {image.text} if image and _DIGEST.fullmatch(image.text.encode()) else set()
    for path in (_VALUES, _README):
        data = own.get(path, b"")
        for digest in digests:
            data = data.replace(digest.encode(), b"")
        if path in own:
            changed[path] = data
    return ChartFiles.joined({**own, **changed}, below)


def pins_in(annotations: object) -> tuple[Pin, ...]:
    """Return the pins in the annotations of a Chart.yaml or an index entry, or () if there are none or invalid ones."""
    text = annotations.get(ANNOTATION) if isinstance(annotations, dict) else None
    try:
        return tuple(Pin(**each) for each in json.loads(text)) if isinstance(text, str) else ()
    except (ValueError, TypeError, RecursionError):
        return ()


def version_and_tags(files: Mapping[str, bytes]) -> tuple[str, dict[str, str]]:
    """Return the version of a chart, and a map from the repositories of its images to their tags."""
    version = _value(_root(files, _CHART), "version")
    tags = {
        str(node.value["repository"].value): node.value["tag"].text
        for node in _images(_root(files, _VALUES))
        if "tag" in node.value
    }
    return version.text if version else "", tags


def tagged_images(files: Mapping[str, bytes]) -> tuple[str, ...]:
    """Return the repositories of a chart's images that could have a digest, but have only a tag."""
    return tuple(
        str(node.value["repository"].value)
        for node in _images(_root(files, _VALUES))
        if "digest" in node.value and not node.value["digest"].value
    )


def tagged(text: str, images: Mapping[str, ImageReference]) -> str:
    """Return the text of a chart/values.yaml with other images, given by the last part of the repositories there."""
    edits = []
    for node in _images(_root({_VALUES: text.encode()}, _VALUES)):
        image = images.get(str(node.value["repository"].value).rpartition("/")[2])
        if image is not None:
            edits += [
                _edit(node.value["repository"], image.repository),
                *([_edit(node.value["tag"], image.tag or "")] if "tag" in node.value else []),
            ]
    return apply_edits(text, edits)[0]


def _value_edits(root: Node | None, pins: Mapping[str, Pin]) -> Iterator[Edit]:
    for node in _images(root):
        pin = pins.get(str(node.value["repository"].value))
        if pin is not None and "digest" in node.value and node.value["digest"].style:
            yield _edit(node.value["digest"], pin.digest)
            if "tag" in node.value and node.value["tag"].style and node.value["tag"].text != pin.tag:
                yield _edit(node.value["tag"], pin.tag)


def _images(root: Node | None) -> Iterator[Node]:
    """Yield the maps below a node that are image references: they have a `repository`."""
    for node in root.walk() if root else ():
        if isinstance(node.value, dict) and "repository" in node.value:
            yield node


def _edit(node: Node, new: str) -> Edit:
    return Edit(path=_VALUES, line=node.line, column=node.column, old=node.text, new=new)


def _with_annotation(text: str, pins: Iterable[Pin]) -> str:
    ordered = sorted(pins, key=lambda pin: pin.repository)
    listed = json.dumps([_as_json(pin) for pin in ordered], separators=(",", ":"))
    line = f"  {ANNOTATION}: '{listed}'"  # image names have no quotes
    root = _root({_CHART: text.encode()}, _CHART)
    keys = (root.keys if root else None) or {}
    if "annotations" not in keys:
        return apply_edits(text, [appended(_CHART, text, f"annotations:\n{line}")])[0]
    after = keys["annotations"][0] + 1
    return apply_edits(text, [Edit(path=_CHART, line=after, column=1, old="", new=f"{line}\n")])[0]


def _as_json(pin: Pin) -> dict[str, str]:
    return {"repository": pin.repository, "tag": pin.tag, "digest": pin.digest, "key": pin.key}


def _without_annotation(text: str, root: Node, node: Node) -> str:
    lines = text.splitlines(keepends=True)
    only = len(root.value["annotations"].value) == 1
    first = (root.keys or {})["annotations"][0] if only else node.line
    return "".join([*lines[: first - 1], *lines[node.line :]])


def _root(files: Mapping[str, bytes], path: str) -> Node | None:
    """Return the root of a YAML file, or None if the file is missing, unreadable or not a map."""
    try:
        root = parse(files.get(path, b""), path).root
    except FindingsError:
        return None
    return root if isinstance(root.value, dict) else None


def _value(root: Node | None, *keys: str) -> Node | None:
    node = root
    for key in keys:
        if node is None or not isinstance(node.value, dict):
            return None
        node = node.value.get(key)
    return node
