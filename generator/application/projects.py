"""Puts workflows into Quarkus applications, so that one build of the engine runs many of them."""

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

#: The engine that runs them; what is known of it was tried with these (../shared/tools/engine).
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
#: The variable with the address that the engine's own events go to.
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
#: The jobs service is a part of the application, which tells it of timers, and is called back, over HTTP all the same.
_JOBS: Final = {
    "kogito.service.url": "http://127.0.0.1:${quarkus.http.port}",
    "kogito.jobs-service.url": "${kogito.service.url}",
}
#: Where a Maven project keeps resources, and the one that configures it.
RESOURCES: Final = "src/main/resources"
PROPERTIES: Final = "application.properties"
#: What of a workflow's folder is no resource of its application as it is.
LEFT_OUT: Final = (PROPERTIES, "secret.properties", "README.md", "argfile.conf")


@dataclass(frozen=True, kw_only=True)
class Application:
    """A Maven project that runs some workflows.

    `workflows` are their ids, `files` path to bytes. With `persistent`, instances are kept in PostgreSQL, whose address
    is given at run time (`QUARKUS_DATASOURCE_JDBC_URL`, `…_USERNAME`, `…_PASSWORD`). With `jobs` besides, their
    timers are, too (`…_REACTIVE_URL`): a jobs service is built in. Under it no timer takes less than a second.
    `arguments` are for Maven.
    """

    workflows: tuple[str, ...]
    persistent: bool
    jobs: bool
    files: Mapping[str, bytes]
    arguments: tuple[str, ...] = ()


def applications(workflows: Iterable[Workflow], *, persistent: bool, jobs: bool = False) -> tuple[Application, ...]:
    """Put workflows into as few applications as their order allows: each into the first that it does not clash with.

    Two clash where one path has two contents, one key of application.properties two values, one id two definitions,
    or where the engine would take two specs for one (it names its clients by the letters of a spec's name).
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
    """What a workflow wants for itself in an application, and as what."""
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
    """The pom.xml of an application with some extensions; with `jobs`, it is a jobs service besides."""
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
