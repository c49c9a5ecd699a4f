"""Generates an image's application from the same build context and arguments that a container engine gets."""

from __future__ import annotations

import posixpath
import shlex
from collections.abc import Iterator, Mapping
from typing import Final

import javaproperties

from generator.application.extensions import EXTENSIONS, PERSISTENCE, parse_extensions
from generator.application.projects import LEFT_OUT, PROPERTIES, RESOURCES, Application, pom
from generator.findings.errors import SettingsError
from generator.workflow.folder import SHARED
from generator.workflow.properties import parse_properties

#: The build arguments with additional arguments for Maven, and with the folder of the workflow's files.
MAVEN_ARGUMENTS: Final = "MAVEN_ARGS_APPEND"
WF_RESOURCES: Final = "WF_RESOURCES"
_JAVA: Final = "src/main/java/"
#: Folders of a Quarkus project that an image does not need.
_NOT_BUILT: Final = ("src/test/", "src/main/docker/")
#: The folder of a project's Maven options.
_OPTIONS: Final = ".mvn/"
#: The default of MAVEN_ARGS_APPEND in waybill's Dockerfiles: the engine reads specs of up to 35 million characters.
_ARGUMENTS: Final = "-DmaxYamlCodePoints=35000000 -Dkogito.persistence.proto.marshaller=false"
_NO_SINK: Final = "http://no-sink.invalid"
#: Disables the engine's own events, unless the operator sets these keys because there is a Data Index.
_EVENTS: Final = {
    **{f"kogito.events.{name}.enabled": "false" for name in ("processinstances", "processdefinitions", "usertasks")},
    **{
        f"mp.messaging.outgoing.kogito-{name}-events.{key}": value
        for name in ("processinstances", "processdefinitions", "usertaskinstances")
        for key, value in (("connector", "quarkus-http"), ("url", f"${{K_SINK:{_NO_SINK}}}"))
    },
}
#: Build-time properties by extension.
_CONFIGURATION: Final = {
    PERSISTENCE[0]: {"kogito.persistence.type": "jdbc"},
    PERSISTENCE[1]: {"quarkus.datasource.db-kind": "postgresql"},
}


def image_application(name: str, context: Mapping[str, bytes], arguments: Mapping[str, str]) -> Application:
    """Return the application of a build context (bytes by path), as SonataFlow's builder images build it.

    The workflow's files are at the top or in src/main/resources, those of workflows/shared in shared/. Java sources
    are compiled. A pom.xml is ignored, because builder images have their own. Without QUARKUS_EXTENSIONS, the state is
    kept in PostgreSQL, and no instance starts without a database; an empty value disables that.

    Raises:
        SettingsError: a build argument is malformed, or sources are not Java.
        FindingsError: application.properties cannot be parsed.
    """
    extensions = parse_extensions(arguments.get(EXTENSIONS, ",".join(PERSISTENCE)))
    files = dict(_files(name, _below(name, context, arguments.get(WF_RESOURCES, ""))))
    given = files.pop(f"{RESOURCES}/{PROPERTIES}", b"")
    configuration = {
        **_EVENTS,
        **{key: value for one in extensions for key, value in _CONFIGURATION.get(str(one), {}).items()},
        **parse_properties(given, f"{name}/{PROPERTIES}").effective(),
    }
    files[f"{RESOURCES}/{PROPERTIES}"] = javaproperties.dumps(configuration, timestamp=False).encode()
    files["pom.xml"] = pom(extensions=extensions)
    return Application(
        workflows=(name,),
        persistent=any(str(one) == PERSISTENCE[0] for one in extensions),
        jobs=False,
        files={path: files[path] for path in sorted(files)},
        arguments=_maven_arguments(arguments.get(MAVEN_ARGUMENTS, _ARGUMENTS)),
    )


def _maven_arguments(text: str) -> tuple[str, ...]:
    try:
        return tuple(shlex.split(text))
    except ValueError as error:
        raise SettingsError(f"{MAVEN_ARGUMENTS}: {error}; close the quotation in {text!r}") from error


def _files(name: str, context: Mapping[str, bytes]) -> Iterator[tuple[str, bytes]]:
    """Yield the path in the project and the bytes of each file of a workflow's folder, in either layout."""
    quarkus = any(path.startswith("src/") for path in context)
    if quarkus:
        _refuse_other_sources(name, context)
    for path, data in context.items():
        resource = path.removeprefix(f"{RESOURCES}/") if path.startswith(f"{RESOURCES}/") else None
        if not quarkus or path.startswith(f"{SHARED}/"):
            resource = path
        if path.startswith((_OPTIONS, _JAVA)):
            yield path, data
        elif resource is not None and (resource == PROPERTIES or resource not in LEFT_OUT):
            yield f"{RESOURCES}/{resource}", data


def _below(name: str, context: Mapping[str, bytes], folder: str) -> dict[str, bytes]:
    """Return the files in a folder of a build context, by their path in it."""
    normal = posixpath.normpath(folder.lstrip("/") or ".")
    prefix = "" if normal == "." else f"{normal}/"
    below = {path.removeprefix(prefix): data for path, data in context.items() if path.startswith(prefix)}
    if not below:
        raise SettingsError(f"{WF_RESOURCES}: the build context of {name} has no folder {folder!r}")
    return below


def _refuse_other_sources(name: str, context: Mapping[str, bytes]) -> None:
    known = (_JAVA, f"{RESOURCES}/", *_NOT_BUILT)
    unknown = [path for path in sorted(context) if path.startswith("src/") and not path.startswith(known)]
    if unknown:
        raise SettingsError(
            f"{name} has {unknown[0]}, which is neither Java in {_JAVA} nor a resource in {RESOURCES}/; "
            "move it there, or remove it"
        )
