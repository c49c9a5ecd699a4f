"""Makes the application that is in an image, from the build context and arguments that a container engine gets, too."""

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

#: The build argument with further arguments for Maven, and the one with the folder of the workflow's files.
MAVEN_ARGUMENTS: Final = "MAVEN_ARGS_APPEND"
WF_RESOURCES: Final = "WF_RESOURCES"
_JAVA: Final = "src/main/java/"
#: What lies in the folder of a Quarkus project and an image has no use for.
_NOT_BUILT: Final = ("src/test/", "src/main/docker/")
#: Where Maven keeps options of a project.
_OPTIONS: Final = ".mvn/"
#: What our Dockerfiles give Maven unless it is told otherwise: the engine reads specs of up to 35 million characters.
_ARGUMENTS: Final = "-DmaxYamlCodePoints=35000000 -Dkogito.persistence.proto.marshaller=false"
_NO_SINK: Final = "http://no-sink.invalid"
#: Events of the engine's own go out once the operator says where to (it sets these keys where there is a Data Index).
_EVENTS: Final = {
    **{f"kogito.events.{name}.enabled": "false" for name in ("processinstances", "processdefinitions", "usertasks")},
    **{
        f"mp.messaging.outgoing.kogito-{name}-events.{key}": value
        for name in ("processinstances", "processdefinitions", "usertaskinstances")
        for key, value in (("connector", "quarkus-http"), ("url", f"${{K_SINK:{_NO_SINK}}}"))
    },
}
#: Extension to what has to be known of it while the application is built.
_CONFIGURATION: Final = {
    PERSISTENCE[0]: {"kogito.persistence.type": "jdbc"},
    PERSISTENCE[1]: {"quarkus.datasource.db-kind": "postgresql"},
}


def image_application(name: str, context: Mapping[str, bytes], arguments: Mapping[str, str]) -> Application:
    """Make the application of a build context (path to bytes), as the builder images of SonataFlow make it.

    The workflow's files lie at the top or in src/main/resources, those of workflows/shared in shared/. Java sources
    are compiled with it; a pom.xml is not read, as builder images have one of their own. Without QUARKUS_EXTENSIONS,
    it keeps its state in PostgreSQL: then no instance starts without a database. An empty one leaves that out.

    Raises:
        SettingsError: a build argument that cannot be read, or sources that are not Java.
        FindingsError: application.properties cannot be read.
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
    """Path in the project to bytes: where the files of a workflow's folder go, in either layout."""
    quarkus = any(path.startswith("src/") for path in context)
    if quarkus:
        _refuse_what_is_not_built(name, context)
    for path, data in context.items():
        resource = path.removeprefix(f"{RESOURCES}/") if path.startswith(f"{RESOURCES}/") else None
        if not quarkus or path.startswith(f"{SHARED}/"):
            resource = path
        if path.startswith((_OPTIONS, _JAVA)):
            yield path, data
        elif resource is not None and (resource == PROPERTIES or resource not in LEFT_OUT):
            yield f"{RESOURCES}/{resource}", data


def _below(name: str, context: Mapping[str, bytes], folder: str) -> dict[str, bytes]:
    """The files of a build context that lie in a folder, by their path in it."""
    normal = posixpath.normpath(folder.lstrip("/") or ".")
    prefix = "" if normal == "." else f"{normal}/"
    below = {path.removeprefix(prefix): data for path, data in context.items() if path.startswith(prefix)}
    if not below:
        raise SettingsError(f"{WF_RESOURCES}: the build context of {name} has no folder {folder!r}")
    return below


def _refuse_what_is_not_built(name: str, context: Mapping[str, bytes]) -> None:
    known = (_JAVA, f"{RESOURCES}/", *_NOT_BUILT)
    strange = [path for path in sorted(context) if path.startswith("src/") and not path.startswith(known)]
    if strange:
        raise SettingsError(
            f"{name} has {strange[0]}, which is neither Java in {_JAVA} nor a resource in {RESOURCES}/; "
            "move it there, or remove it"
        )
