"""Pins the images of a chart: their digests in the values, and in Chart.yaml what each was built from.

A chart in the charts folder names its images by the tags of their content alone; a package has the digests besides. So
`unpinned(pinned(files, pins)) == files` where `files` had no digest.
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

#: Says in Chart.yaml, and so in the entry of an index, which images a package names, and their image keys.
ANNOTATION: Final = "waybill/images"
_CHART: Final = "Chart.yaml"
_VALUES: Final = "values.yaml"
#: A chart's README has the digest in its table of values.
_README: Final = "README.md"
_DIGEST: Final = re.compile(rb"sha256:[0-9a-f]{64}")
_ROW: Final = "| `image.digest` | `{}` |"


@dataclass(frozen=True, kw_only=True)
class Pin:
    """One image of a chart as a registry has it; `key` is its image key."""

    repository: str
    tag: str
    digest: str
    key: str

    @property
    def reference(self) -> ImageReference:
        """The image by its digest."""
        return ImageReference(repository=self.repository, tag=self.tag, digest=self.digest)


def pinned(files: ChartFiles, pins: Sequence[Pin]) -> ChartFiles:
    """Return the files of a chart with the digests of its images; without pins, the files as they are."""
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
    """Return the files of a chart, and of those in its charts/, without the digests of their images."""
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
    """Return the pins that the annotations of a Chart.yaml or of an index entry have; none where they are misshapen."""
    text = annotations.get(ANNOTATION) if isinstance(annotations, dict) else None
    try:
        return tuple(Pin(**each) for each in json.loads(text)) if isinstance(text, str) else ()
    except (ValueError, TypeError, RecursionError):
        return ()


def version_and_tags(files: Mapping[str, bytes]) -> tuple[str, dict[str, str]]:
    """Return the version of a chart, and image repository to tag as its values have them."""
    version = _value(_root(files, _CHART), "version")
    tags = {
        str(node.value["repository"].value): node.value["tag"].text
        for node in _images(_root(files, _VALUES))
        if "tag" in node.value
    }
    return version.text if version else "", tags


def tagged_images(files: Mapping[str, bytes]) -> tuple[str, ...]:
    """Return the repositories of the images that a chart could name by a digest, and names by a tag."""
    return tuple(
        str(node.value["repository"].value)
        for node in _images(_root(files, _VALUES))
        if "digest" in node.value and not node.value["digest"].value
    )


def tagged(text: str, images: Mapping[str, ImageReference]) -> str:
    """Return the text of a chart/values.yaml whose images, by the last part of their repository, are `images`."""
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
    """The maps below a node that say where an image is."""
    for node in root.walk() if root else ():
        if isinstance(node.value, dict) and "repository" in node.value:
            yield node


def _edit(node: Node, new: str) -> Edit:
    return Edit(path=_VALUES, line=node.line, column=node.column, old=node.text, new=new)


def _with_annotation(text: str, pins: Iterable[Pin]) -> str:
    ordered = sorted(pins, key=lambda pin: pin.repository)
    listed = json.dumps([_as_json(pin) for pin in ordered], separators=(",", ":"))
    line = f"  {ANNOTATION}: '{listed}'"  # no name of an image has a quote
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
    """The content of a file that is a map; None where there is none, or no file that can be read."""
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
