"""Compares the objects of a hand-made chart with those that a build generates from the workflow's folder."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

from generator.findings.errors import FindingsError
from generator.handmade.template import ACTION
from generator.kubernetes import objects
from generator.kubernetes.objects import FLYWAY, Database, ManifestOptions
from generator.text.words import listed, plural
from generator.text.yaml_reader import FieldPath, field_path, parse
from generator.workflow.folder import slug
from generator.workflow.properties import parse_properties
from generator.workflow.workflow import Workflow

#: The file and the content of each object, by kind and name; if an object is defined twice, the last.
Made = dict[tuple[str, str], tuple[str, Mapping[str, Any]]]

_PROPERTIES: Final = "application.properties"
_SONATAFLOW: Final = "SonataFlow"
#: The fields of the container that a build always sets: the image, and variables from the workflow's Secret.
_CONTAINER: Final = ("image", "env", "envFrom")


def differences(made: Made, workflow: Workflow) -> Iterator[tuple[str, str]]:
    """Yield the file of each object that differs from the workflow's folder, and a description of the difference.

    The build uses the folder's content. Values are not shown, because they could be secrets.
    """
    for (kind, _), (path, content) in sorted(made.items()):
        match kind:
            case _ if kind == _SONATAFLOW:
                yield from ((path, why) for why in _sonataflow_differences(content, workflow))
            case "ConfigMap":
                data = content.get("data")
                for why in _config_map_differences(
                    str(_name(content)), data if isinstance(data, dict) else {}, workflow
                ):
                    yield path, why


def _name(content: Mapping[str, Any]) -> object:
    metadata = content.get("metadata")
    return metadata.get("name") if isinstance(metadata, dict) else None


def _config_map_differences(name: str, data: Mapping[str, Any], workflow: Workflow) -> Iterator[str]:
    if _PROPERTIES in data and name == objects.properties_name(workflow):
        handmade = parse_properties(str(data[_PROPERTIES]).encode(), _PROPERTIES).effective()
        generated = {FLYWAY: "true", **workflow.configuration()}
        if more := sorted(key for key, value in handmade.items() if generated.get(key) != value):
            yield f"its {_PROPERTIES} differs from the folder's in {listed(more)}; give that as the value properties"
        return
    ending = name.partition("-")[2]
    for folder in workflow.source.resource_folders():
        if ending == f"{workflow.object_name}-resources-{slug(folder)}":
            yield from _folder_differences(folder, data, workflow)


def _folder_differences(folder: str, data: Mapping[str, Any], workflow: Workflow) -> Iterator[str]:
    other = []
    for file, text in sorted(data.items()):
        path = f"{folder}/{file}"
        generated = workflow.mounted.get(path)
        if generated is None:
            yield f"contains {path}, which the workflow's folder does not"
        elif generated.decode() != text and _plain(generated, path) != _plain(str(text).encode(), path):
            other.append(path)
    if other:
        yield f"its {listed(other)} {'differs' if len(other) == 1 else 'differ'} from the workflow's folder"


def _plain(data: bytes, path: str) -> Any:
    try:
        return parse(data, path).root.plain()
    except FindingsError:
        return data


def _sonataflow_differences(content: Mapping[str, Any], workflow: Workflow) -> Iterator[str]:
    options = ManifestOptions(database=Database(schema=workflow.source.name))
    generated = next(each for each in objects.manifests(workflow, options) if each["kind"] == _SONATAFLOW)
    given = content.get("spec")
    spec = given if isinstance(given, dict) else {}
    handmade, wanted = (_without_empty(_without_container(each)) for each in (spec, generated["spec"]))
    different = list(_paths(handmade, wanted, ()))
    if flow := [path for path in different if path[0] == "flow"]:
        yield f"its flow differs from the definition in {plural(len(flow), 'place')}, first at {field_path(flow[0])}"
    for path in different:
        if path[0] not in ("flow", "resources"):
            yield f"its spec.{field_path(path)} differs from what a chart sets; set it in the values"
    yield from _container_differences(spec, workflow)


def _container_differences(spec: Mapping[str, Any], workflow: Workflow) -> Iterator[str]:
    """Yield a message about environment variables that the hand-made chart adds to the container."""
    pod = spec.get("podTemplate")
    container = pod.get("container") if isinstance(pod, dict) else None
    env = container.get("env") if isinstance(container, dict) else None
    names = [str(each.get("name")) for each in env if isinstance(each, dict)] if isinstance(env, list) else []
    own = sorted(set(names) - {*workflow.secret_keys})
    if own:
        yield f"its container sets {listed(own)}; set them as env"


def resources_of(made: Made) -> list[Mapping[str, Any]]:
    """Return the hand-made chart's SonataFlow resources, which a build replaces."""
    return [content for (kind, _), (_, content) in made.items() if kind == _SONATAFLOW]


def images_of(resources: Iterable[Mapping[str, Any]]) -> list[str]:
    """Return the images of the workflow's container in SonataFlow resources."""
    found = []
    for content in resources:
        value: Any = content
        for key in ("spec", "podTemplate", "container", "image"):
            value = value.get(key) if isinstance(value, dict) else None
        found += [value] if isinstance(value, str) else []
    return found


def _without_container(spec: Mapping[str, Any]) -> dict[str, Any]:
    """Return a spec without the fields of the container that a build always sets."""
    pod = spec.get("podTemplate")
    container = pod.get("container") if isinstance(pod, dict) else None
    if not isinstance(pod, dict) or not isinstance(container, dict):
        return dict(spec)
    left = {key: value for key, value in container.items() if key not in _CONTAINER}
    return {**spec, "podTemplate": {**pod, "container": left}}


def _without_empty(value: Any) -> Any:
    """Return the value without nulls, empty maps and empty lists."""
    match value:
        case dict():
            inner = {key: _without_empty(each) for key, each in value.items()}
            return {key: each for key, each in inner.items() if each not in (None, {}, [])}
        case list():
            return [_without_empty(each) for each in value]
    return value


def _paths(one: Any, other: Any, path: FieldPath) -> Iterator[FieldPath]:
    """Yield the paths at which two values differ, except top-level keys of `other` only, which a build may add."""
    if isinstance(one, dict) and isinstance(other, dict):
        for key in sorted({*one, *(other if path else ())}, key=str):
            if key not in one or key not in other:
                yield (*path, key)
            else:
                yield from _paths(one[key], other[key], (*path, key))
    elif isinstance(one, list) and isinstance(other, list) and len(one) == len(other):
        for index, (first, second) in enumerate(zip(one, other, strict=True)):
            yield from _paths(first, second, (*path, index))
    elif one != other and not (isinstance(one, str) and ACTION in one):
        yield path
