"""Combines workflows in Quarkus applications, so that one build of the engine runs many of them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final

import javaproperties

from generator.application.extensions import PERSISTENCE, Extension, parse_extensions
from generator.contracts.calls import calls, package_of
from generator.kubernetes.objects import FLYWAY
from generator.text import templates
from generator.workflow.workflow import Workflow

#: The versions of the engine with which waybill is tested.
QUARKUS_VERSION: Final = "3.15.3"
KOGITO_VERSION: Final = "10.1.0"
_ENGINE: Final = """
org.apache.kie.sonataflow:sonataflow-quarkus
io.quarkus:quarkus-resteasy-jackson
io.quarkus:quarkus-arc
io.quarkus:quarkus-smallrye-health
org.kie:kie-addons-quarkus-source-files
org.kie:kie-addons-quarkus-process-management
org.kie:kie-addons-quarkus-events-process
"""
#: The environment variable with the address for the engine's own events.
EVENTS_VARIABLE: Final = "WAYBILL_EVENTS_URL"
_EVENTS: Final = {
    **{
        f"mp.messaging.outgoing.kogito-{name}-events.{key}": value
        for name in ("processinstances", "processdefinitions", "usertaskinstances")
        for key, value in (("connector", "quarkus-http"), ("url", f"${{{EVENTS_VARIABLE}}}"))
    },
    "kogito.events.grouping": "true",
}
_PERSISTENCE: Final = {
    "kogito.persistence.type": "jdbc",
    FLYWAY: "true",
    "quarkus.datasource.db-kind": "postgresql",
}
#: The jobs service is embedded in the application, but both communicate over HTTP.
_JOBS: Final = {
    "kogito.service.url": "http://127.0.0.1:${quarkus.http.port}",
    "kogito.jobs-service.url": "${kogito.service.url}",
}
#: The resources folder of a Maven project, and its configuration file there.
RESOURCES: Final = "src/main/resources"
PROPERTIES: Final = "application.properties"
#: Files of a workflow's folder that are not copied to the application's resources.
LEFT_OUT: Final = (PROPERTIES, "secret.properties", "README.md", "argfile.conf")


@dataclass(frozen=True, kw_only=True)
class Application:
    """A Maven project that runs some workflows.

    `workflows` are their ids, `files` the bytes by path, `arguments` those for Maven. If `persistent`, instances are
    kept in PostgreSQL, whose address is set at run time (`QUARKUS_DATASOURCE_JDBC_URL`, `…_USERNAME`, `…_PASSWORD`).
    If `jobs` as well, timers are also kept there (`…_REACTIVE_URL`) by an embedded jobs service, with which no timer is
    shorter than a second.
    """

    workflows: tuple[str, ...]
    persistent: bool
    jobs: bool
    files: Mapping[str, bytes]
    arguments: tuple[str, ...] = ()


def applications(workflows: Iterable[Workflow], *, persistent: bool, jobs: bool = False) -> tuple[Application, ...]:
    """Return applications for workflows, each in the first application with which it does not clash.

    Two workflows clash if a path has two contents, a key of application.properties two values, or an id two
    definitions, or if the engine would confuse two specs, because it names clients by the letters of a spec's name.
    """
    groups: list[_Group] = []
    for workflow in workflows:
        claims = dict(_claims(workflow))
        group = next((one for one in groups if one.takes(claims)), None)
        if group is None:
            groups.append(group := _Group())
        group.claims |= claims
        group.workflows.append(workflow)
    return tuple(_application(group.workflows, persistent=persistent, jobs=jobs) for group in groups)


class _Group:
    def __init__(self) -> None:
        self.workflows: list[Workflow] = []
        self.claims: dict[tuple[str, str], object] = {}

    def takes(self, claims: Mapping[tuple[str, str], object]) -> bool:
        return all(self.claims.get(what, value) == value for what, value in claims.items())


def _claims(workflow: Workflow) -> Iterator[tuple[tuple[str, str], object]]:
    """Yield what must be unique in an application, with the workflow's value for it."""
    for path, data in _files(workflow).items():
        yield ("file", path), data
    for key, value in workflow.configuration().items():
        yield ("property", key), value
    for definition in workflow.definitions():
        yield ("id", definition.id), (workflow.source.name, definition.path)
    for call in calls(workflow):
        yield ("spec", package_of(call, workflow.configuration())), call.data


def _files(workflow: Workflow) -> dict[str, bytes]:
    own = {path: data for path, data in workflow.source.resources.items() if path not in LEFT_OUT}
    return own | {f"shared/{path}": data for path, data in workflow.source.shared.files.items()}


def pom(*, extensions: tuple[Extension, ...] = (), jobs: bool = False) -> bytes:
    """Return the pom.xml of an application with additional extensions and, if `jobs`, an embedded jobs service."""
    named = {str(one): one for one in (*parse_extensions(_ENGINE), *extensions)}
    return templates.render(
        "application/pom.xml", quarkus=QUARKUS_VERSION, kogito=KOGITO_VERSION, extensions=named.values(), jobs=jobs
    ).encode()


def _application(workflows: list[Workflow], *, persistent: bool, jobs: bool) -> Application:
    resources: dict[str, bytes] = {}
    configuration: dict[str, str] = {}
    for workflow in workflows:
        resources |= _files(workflow)
        configuration |= workflow.configuration()
    files = {f"{RESOURCES}/{path}": data for path, data in resources.items()}
    configuration |= {**_EVENTS, **(_PERSISTENCE if persistent else {}), **(_JOBS if jobs else {})}
    files[f"{RESOURCES}/{PROPERTIES}"] = javaproperties.dumps(configuration, timestamp=False).encode()
    files["pom.xml"] = pom(extensions=parse_extensions(",".join(PERSISTENCE)) if persistent else (), jobs=jobs)
    return Application(
        workflows=tuple(workflow.definition.id for workflow in workflows),
        persistent=persistent,
        jobs=jobs,
        files={path: files[path] for path in sorted(files)},
    )
