"""Checks of the databases of platforms and workflows: Secrets, Services, Jobs and PostgreSQL's errors in logs."""

from __future__ import annotations

import hashlib
import re
import shlex
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from generator.delivery.pods import SECURITY
from generator.health.check import Fault, Report
from generator.health.objects import (
    TIMEOUT,
    ClusterObjects,
    Log,
    Object,
    at,
    condition_of,
    entries,
    mapping,
    name_of,
    namespace_of,
    some,
)
from generator.health.platforms import (
    SERVICES,
    has_service,
    local_platform,
    platforms,
    service_name,
    workflows,
)
from generator.health.pods import failing_container, job_pods, pods_of, selected, trouble, workflow_pods
from generator.health.postgresql import Refusal, refusal
from generator.namespaces.database import PSQL_IMAGE, NamespaceDatabase
from generator.text.words import listed

#: The default keys of a secretRef (SonataFlow CRD).
_USER_KEY: Final = "POSTGRESQL_USER"
_PASSWORD_KEY: Final = "POSTGRESQL_PASSWORD"  # noqa: S105 - a key's name, no password
#: The default port of a serviceRef.
_PORT: Final = 5432
#: The names of the Jobs that create databases and users: of the platform's chart, `waybill namespace add`, RHDH's chart
#: and the operator. Other Jobs (backups) are not checked.
_JOBS: Final = re.compile(
    r"(sonataflow-(?:database|user)-.+|.+-database)-[0-9a-f]{8,10}|.*create-sonataflow-database|sonataflow-db-migrator-job"
)
_RETRY_HELP: Final = (
    "when its cause is fixed, delete it: helm upgrade, waybill namespace add --apply or the operator creates it again"
)
#: What to do about each kind of refusal.
_HELP: Final = {
    "database": "the user who creates it needs the right CREATEDB, as postgres has in the chart's PostgreSQL",
    "login": "the Secret must have an existing user of the server and its password",
    "rights": "grant the user the right, or use another one: waybill namespace add creates one with a schema",
    "schema": "create the schema, or the user and its schema with waybill namespace add",
    "tables": "create the tables: kie.flyway.enabled of a workflow, dbMigrationStrategy of the platform's services",
    "connections": "raise max_connections of PostgreSQL, or lower the pools: quarkus.datasource.jdbc.max-size",
}


@dataclass(frozen=True, kw_only=True)
class DatabaseReference:
    """How workflows or services of a namespace connect to PostgreSQL; `users` are the names of their resources."""

    namespace: str
    secret: str
    keys: tuple[str, str]
    service: tuple[str, str] | None = None
    port: int = _PORT
    users: tuple[str, ...] = ()


def database_references(cluster: ClusterObjects) -> list[DatabaseReference]:
    """Return the databases of platforms and workflows without duplicates."""
    found: dict[DatabaseReference, list[str]] = {}
    for item, specs in _persistence_specs(cluster):
        for spec in specs:
            reference = _reference(namespace_of(item), spec)
            if reference is not None:
                found.setdefault(reference, []).append(name_of(item))
    return [replace(reference, users=tuple(dict.fromkeys(users))) for reference, users in found.items()]


def _persistence_specs(cluster: ClusterObjects) -> Iterator[tuple[Object, list[Mapping[str, Any]]]]:
    for item in platforms(cluster):
        inner = [mapping(item, "spec", "services", field, "persistence", "postgresql") for field in SERVICES]
        running = [spec for field, spec in zip(SERVICES, inner, strict=True) if has_service(item, field)]
        yield item, [mapping(item, "spec", "persistence", "postgresql"), *running]
    for item in workflows(cluster):
        yield item, [workflow_database(cluster, item)]


def workflow_database(cluster: ClusterObjects, workflow: Object) -> Mapping[str, Any]:
    """Return the `persistence.postgresql` of a workflow or of its platform; empty if its state is only in memory."""
    own = at(workflow, "spec", "persistence")
    if isinstance(own, dict):
        return mapping(own, "postgresql")
    return mapping(local_platform(cluster, namespace_of(workflow)), "spec", "persistence", "postgresql")


def _reference(namespace: str, spec: Mapping[str, Any]) -> DatabaseReference | None:
    secret = mapping(spec, "secretRef")
    if not secret.get("name"):
        return None
    service = mapping(spec, "serviceRef")
    return DatabaseReference(
        namespace=namespace,
        secret=str(secret["name"]),
        keys=(str(secret.get("userKey") or _USER_KEY), str(secret.get("passwordKey") or _PASSWORD_KEY)),
        service=(str(service.get("namespace") or namespace), str(service["name"])) if service.get("name") else None,
        port=int(service.get("port") or _PORT),
    )


def database_pods(cluster: ClusterObjects) -> list[Object]:
    """Return the pods behind the Services of databases."""
    places = dict.fromkeys(each.service for each in database_references(cluster) if each.service)
    found = (
        selected(cluster, namespace, mapping(cluster.one("Service", name, namespace), "spec", "selector"))
        for namespace, name in places
    )
    return [pod for pods in found for pod in pods]


def database(cluster: ClusterObjects) -> Report:
    """Check the databases' Secrets, Services, pods and Jobs, and the logs for PostgreSQL's refusals."""
    references = database_references(cluster)
    faults = [fault for each in references for fault in _secret_faults(cluster, each)]
    seen: set[tuple[str, str]] = set()
    for each in references:
        if each.service and each.service not in seen:
            seen.add(each.service)
            faults += list(_service_faults(cluster, each, each.service))
    refusals = _refusals(cluster)
    faults += list(_job_faults(cluster, refusals))
    faults += list(_refusal_faults(cluster, refusals))
    names = some(sorted({f"{name} in {namespace}" for namespace, name in seen}))
    skipped = "" if references else "no platform and no workflow has a database"
    return Report(faults=faults, fine=names or "behind a JDBC URL", skipped=skipped)


def _secret_faults(cluster: ClusterObjects, reference: DatabaseReference) -> Iterator[Fault]:
    name, namespace = reference.secret, reference.namespace
    if (namespace, name) not in cluster.secret_keys:
        return
    stored_keys = cluster.secret_keys[namespace, name]
    for_whom = f" for {some(reference.users)}" if reference.users else ""
    user, password = reference.keys
    if stored_keys is None:
        # Files, so that no password is in a command or a history.
        create_command = cluster.command(
            "create", "secret", "generic", name, "-n", namespace, f"--from-file={user}", f"--from-file={password}"
        )
        message = f"{namespace} has no database Secret {name}{for_whom}"
        help_ = f"write the user and the password into the files {user} and {password}, without a final line break"
        yield Fault(message=message, commands=(create_command,), help=help_, namespace=namespace, state="missing")
    elif missing := [key for key in dict.fromkeys(reference.keys) if key not in stored_keys]:
        has = some(sorted(stored_keys)) or "no key"
        message = f"the Secret {name} in {namespace} has no {listed(missing)}{for_whom}; it has {has}"
        show_command = cluster.command("describe", f"secret/{name}", "-n", namespace)
        yield Fault(message=message, commands=(show_command,), namespace=namespace)


def _service_faults(cluster: ClusterObjects, reference: DatabaseReference, place: tuple[str, str]) -> Iterator[Fault]:
    """Yield faults of a database's Service: it does not exist, has another port, or has no ready pod."""
    namespace, name = place
    depends = (reference.namespace,)
    if not cluster.may_see("services", namespace):
        return
    service_ = cluster.one("Service", name, namespace)
    if service_ is None:
        show_command = cluster.command("get", "services", "-n", namespace)
        message = f"{namespace} has no database Service {name}"
        yield Fault(message=message, commands=(show_command,), namespace=namespace, depends=depends, state="missing")
        return
    ports = [each.get("port") for each in entries(service_, "spec", "ports")]
    if ports and reference.port not in ports:
        message = (
            f"the Service {name} in {namespace} has no port {reference.port}; it has {some(sorted(map(str, ports)))}"
        )
        show_command = cluster.command("describe", f"service/{name}", "-n", namespace)
        yield Fault(message=message, commands=(show_command,), namespace=namespace, depends=depends)
    selector = mapping(service_, "spec", "selector")
    pods = selected(cluster, namespace, selector)
    if (
        selector
        and cluster.may_see("pods", namespace)
        and not any(condition_of(each, "Ready").is_true for each in pods)
    ):
        chosen = ",".join(f"{key}={value}" for key, value in sorted(selector.items()))
        commands = (
            cluster.command("describe", "pods", "-n", namespace, "-l", chosen),
            cluster.command("wait", "--for=condition=Ready", "pod", "-n", namespace, "-l", chosen, TIMEOUT),
        )
        message = f"no pod behind the database's Service {name} in {namespace} is ready{trouble(pods)}"
        yield Fault(message=message, commands=commands, namespace=namespace, depends=depends)


def database_jobs(cluster: ClusterObjects) -> Iterator[Object]:
    """Yield the Jobs that create databases, users and tables, but not those that a later one has superseded."""
    done: dict[tuple[str, str], str] = {}
    ours = [each for each in cluster.all("Job") if _JOBS.fullmatch(name_of(each))]
    for item in ours:
        if condition_of(item, "Complete").is_true:
            purpose = _purpose(item)
            done[purpose] = max(done.get(purpose, ""), _created(item))
    yield from (each for each in ours if _created(each) >= done.get(_purpose(each), ""))


def _purpose(job: Object) -> tuple[str, str]:
    """Return the namespace and the name of a Job without the hash of its spec: Jobs for the same purpose share them."""
    return namespace_of(job), re.sub(r"-[0-9a-f]{8,10}$", "", name_of(job))


def _created(item: Object) -> str:
    return str(at(item, "metadata", "creationTimestamp") or "")


def _job_faults(cluster: ClusterObjects, refusals: Sequence[Refused]) -> Iterator[Fault]:
    """Yield faults of failed Jobs, unless PostgreSQL's own error explains them."""
    explained = {(each.log.namespace, each.log.pod) for each in refusals}
    for item in database_jobs(cluster):
        name, namespace, pods = name_of(item), namespace_of(item), job_pods(cluster, item)
        failed = condition_of(item, "Failed")
        if failed.is_true and not any((namespace, name_of(each)) in explained for each in pods):
            commands = (cluster.command("logs", f"job/{name}", "-n", namespace, "--tail=50"), _delete(cluster, item))
            message = f"the Job {name} in {namespace} failed{failed.why}{trouble(pods)}"
            yield Fault(message=message, commands=commands, help=_RETRY_HELP, namespace=namespace)


def _delete(cluster: ClusterObjects, job: Object) -> str:
    return cluster.command("delete", f"job/{name_of(job)}", "-n", namespace_of(job))


@dataclass(frozen=True, kw_only=True)
class Caller:
    """A client of a database: its name for messages, its namespace, its pods, and its `persistence.postgresql`.

    `restarts` is the command that makes it try again; "" if its pods do so by themselves.
    """

    name: str
    namespace: str
    pods: Sequence[Object]
    postgresql: Mapping[str, Any]
    restarts: str = ""


def _callers(cluster: ClusterObjects) -> Iterator[Caller]:
    for item in platforms(cluster):
        namespace = namespace_of(item)
        for field in SERVICES:
            name = service_name(item, field)
            found = cluster.one("Deployment", name, namespace)
            own = at(item, "spec", "services", field, "persistence", "postgresql")
            spec = own if isinstance(own, dict) else mapping(item, "spec", "persistence", "postgresql")
            if found is not None and has_service(item, field):
                pods = pods_of(cluster, found)
                restarts = _restart(cluster, found)
                yield Caller(name=name, namespace=namespace, pods=pods, postgresql=spec, restarts=restarts)
    for item in workflows(cluster):
        name, namespace = name_of(item), namespace_of(item)
        found = cluster.one("Deployment", name, namespace)
        yield Caller(
            name=name,
            namespace=namespace,
            pods=workflow_pods(cluster, item),
            postgresql=workflow_database(cluster, item),
            restarts=_restart(cluster, found) if found else "",
        )
    for item in database_jobs(cluster):
        if condition_of(item, "Failed").is_true:
            yield Caller(
                name=f"the Job {name_of(item)}",
                namespace=namespace_of(item),
                pods=job_pods(cluster, item),
                postgresql={},
                restarts=_delete(cluster, item),
            )


def _restart(cluster: ClusterObjects, deployment: Object) -> str:
    return cluster.command("rollout", "restart", f"deployment/{name_of(deployment)}", "-n", namespace_of(deployment))


def failing_logs(cluster: ClusterObjects) -> dict[Log, Caller]:
    """Return the logs of failing clients of databases, of the first failing pod each."""
    found = {}
    for caller in _callers(cluster):
        for pod in caller.pods:
            failing = failing_container(pod)
            if failing:
                container, before = failing
                log = Log(namespace=caller.namespace, pod=name_of(pod), container=container, previous=before)
                found[log] = caller
                break
    return found


@dataclass(frozen=True, kw_only=True)
class Refused:
    """A client of a database, PostgreSQL's refusal, and the log that has it."""

    caller: Caller
    refusal: Refusal
    log: Log


def _refusals(cluster: ClusterObjects) -> list[Refused]:
    """Return PostgreSQL's refusals in the logs that were read."""
    found = ((log, caller, refusal(cluster.logs.get(log, ""))) for log, caller in failing_logs(cluster).items())
    return [Refused(caller=caller, refusal=said, log=log) for log, caller, said in found if said]


def _refusal_faults(cluster: ClusterObjects, refusals: Sequence[Refused]) -> Iterator[Fault]:
    """Yield one fault for all clients of a namespace with the same refusal."""
    alike: dict[tuple[str, Refusal], list[Refused]] = {}
    for each in refusals:
        alike.setdefault((each.caller.namespace, each.refusal), []).append(each)
    for (namespace, found), refused in alike.items():
        callers = [each.caller for each in refused]
        remedy = [command for caller in callers for command in _remedy(cluster, caller, found)]
        again = [caller.restarts for caller in callers if caller.restarts]
        yield Fault(
            message=f"PostgreSQL refuses {some([each.name for each in callers])} in {namespace}: {found.said}",
            commands=tuple(dict.fromkeys((_show_log(cluster, refused[0].log), *remedy, *again))),
            help=_HELP[found.kind],
            namespace=namespace,
        )


def _show_log(cluster: ClusterObjects, log: Log) -> str:
    before = ["--previous"] if log.previous else []
    return cluster.command("logs", log.pod, "-n", log.namespace, "-c", log.container, "--tail=50", *before)


def _remedy(cluster: ClusterObjects, caller: Caller, found: Refusal) -> Iterator[str]:
    """Yield the commands that fix a refusal, if there are any."""
    reference = _reference(caller.namespace, caller.postgresql)
    if found.kind == "database" and reference and reference.service:
        name = found.name or str(at(caller.postgresql, "serviceRef", "databaseName") or "")
        if name:
            job = _creating_job(reference, reference.service, name)
            yield cluster.apply(job)
            yield cluster.wait("Complete", f"job/{name_of(job)}", reference.namespace)
    elif found.kind in ("login", "schema") and found.name == _namespace_user(caller.namespace):
        context = ["--context", cluster.context] if cluster.context else []
        yield shlex.join(["waybill", "namespace", "add", caller.namespace, *context, "--apply"])
    elif found.kind == "login" and reference:
        yield cluster.command("describe", f"secret/{reference.secret}", "-n", reference.namespace)


def _namespace_user(namespace: str) -> str:
    """Return the name of the user and the schema that `waybill namespace add` creates for a namespace."""
    return NamespaceDatabase(namespace=namespace, services="").user


def _creating_job(reference: DatabaseReference, place: tuple[str, str], name: str) -> Object:
    """Return a Job that creates a database as the user who needs it."""
    user, password = reference.keys
    host = f"{place[1]}.{place[0]}"
    secret = {"PGUSER": user, "PGPASSWORD": password}
    env = [
        {"name": "PGHOST", "value": host},
        {"name": "PGPORT", "value": str(reference.port)},
        *(
            {"name": variable, "valueFrom": {"secretKeyRef": {"name": reference.secret, "key": key}}}
            for variable, key in secret.items()
        ),
    ]
    container = {
        "name": "createdb",
        "image": PSQL_IMAGE,
        "command": ["createdb", name],
        "env": env,
        "securityContext": SECURITY,
    }
    digest = hashlib.sha256(f"{host} {reference.port} {reference.secret} {name}".encode()).hexdigest()
    pod = {"restartPolicy": "Never", "automountServiceAccountToken": False, "containers": [container]}
    return {
        "apiVersion": "batch/v1",
        "kind": "Job",
        "metadata": {"name": f"createdb-{digest[:8]}", "namespace": reference.namespace},
        # The Job replaces a command, so it is deleted when done.
        "spec": {"backoffLimit": 1, "ttlSecondsAfterFinished": 3600, "template": {"spec": pod}},
    }
