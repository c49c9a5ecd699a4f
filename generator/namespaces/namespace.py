"""The objects that a namespace for workflows needs, and the commands that create them."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final

from generator.delivery.argocd import MANAGED_BY
from generator.kubernetes.objects import Database, Manifest
from generator.kubernetes.rbac import bound_role, user
from generator.kubernetes.steps import Step
from generator.namespaces.database import SCHEMA, NamespaceDatabase
from generator.namespaces.policies import WORKFLOW_NAMESPACE, Neighbours, policies
from generator.text.yaml_writer import dump

HEADER: Final = "# Written by waybill namespace add; change its options, not this file.\n"
#: Writes a random password with tools that every Unix has.
_RANDOM: Final = r"head -c 24 /dev/urandom | od -An -vtx1 | tr -d ' \n'"


@dataclass(frozen=True, kw_only=True)
class ExternalSecret:
    """The ClusterSecretStore and its entry where the External Secrets Operator finds the password."""

    store: str
    key: str


@dataclass(frozen=True, kw_only=True)
class WorkflowNamespace:
    """The wanted namespace for workflows.

    `argocd` is the namespace of the Argo CD that manages it, "" for none. `database` is None if the workflows keep no
    state. With `share_admin` they use the database's administrator, and no user is created for them.
    """

    name: str
    neighbours: Neighbours = field(default_factory=Neighbours)
    argocd: str = ""
    database: NamespaceDatabase | None = None
    share_admin: bool = False
    external: ExternalSecret | None = None

    @property
    def user_database(self) -> NamespaceDatabase | None:
        """The database in which these workflows have a user of their own, or None."""
        return None if self.share_admin else self.database

    def objects(self) -> list[Manifest]:
        """Return the objects in the order in which to create them; none contains a password."""
        database = self.user_database
        secrets = (
            database.external_secrets(self.external.store, self.external.key) if database and self.external else ()
        )
        return [
            self._namespace(),
            *policies(self.name, self.neighbours),
            *secrets,
            *([database.job()] if database else ()),
        ]

    def _namespace(self) -> Manifest:
        managed = {MANAGED_BY: self.argocd} if self.argocd else {}
        return {
            "apiVersion": "v1",
            "kind": "Namespace",
            "metadata": {"name": self.name, "labels": {WORKFLOW_NAMESPACE: "", **managed}},
        }


def files_of(namespace: WorkflowNamespace) -> dict[str, bytes]:
    """Map file names (`01-namespace_demo.yaml`) to YAML; kubectl applies a folder in the order of the names."""
    return {
        f"{number:02}-{each['kind'].lower()}_{each['metadata']['name']}.yaml": (HEADER + dump(each)).encode()
        for number, each in enumerate(namespace.objects(), 1)
    }


def steps(namespace: WorkflowNamespace, apply: str) -> Iterator[Step]:
    """Yield the commands that add the namespace, in their order; `apply` is the one that applies the objects.

    A password goes from one program to the next, or through a folder that only the user can read. It is in no command,
    so that neither the shell's history nor the list of processes has it.
    """
    database = namespace.user_database
    created = "the namespace, the network policies" + (" and the Job for the database" if database else "")
    yield Step(what=created, command=apply)
    if namespace.database and namespace.share_admin:
        yield from _copy_admin_secret(namespace.database)
    elif database:
        if not namespace.external:
            yield from _create_secrets(database)
        yield wait_for(database)
    if namespace.database:
        yield values_step(namespace, namespace.database)


def wait_for(database: NamespaceDatabase) -> Step:
    """Return the command that waits for the user and the schema."""
    job = database.job()["metadata"]["name"]
    words = ["kubectl", "wait", f"job/{job}", "-n", database.services, "--for=condition=complete", "--timeout=5m"]
    return Step(what="waits for the user and the schema", command=shlex.join(words))


def values_step(namespace: WorkflowNamespace, database: NamespaceDatabase) -> Step:
    """Return the command that installs a chart with the values that connect it with its part of the database.

    The administrator has no schema for a namespace, so with a shared Secret each workflow uses its chart's schema.
    """
    shared = namespace.share_admin
    values = {path: value for path, value in database.persistence.items() if not (shared and path == SCHEMA)}
    settings = ",".join(f"{path}={value}" for path, value in values.items())
    words = ["helm", "install", "greeting", "CHART", "-n", database.namespace, "--set", settings]
    return Step(what="installs a workflow there; the same values for each", command=shlex.join(words))


def _create_secrets(database: NamespaceDatabase) -> Iterator[Step]:
    """Yield the commands that create the workflows' Secret and its copy for the Job, with a new password."""
    folder, (user, password) = _password_folder(database)
    make = (
        f"mkdir -p {folder} && printf %s {database.user} > {user} && {{ [ -s {password} ] || {_RANDOM} > {password}; }}"
    )
    yield Step(what="a user and a password, in a folder that only you can read", command=f"(umask 077 && {make})")
    for name, where in ((database.copy, database.services), (database.secret, database.namespace)):
        yield _create_secret(database, name, where)
    yield _remove_password(database)


def _copy_admin_secret(database: NamespaceDatabase) -> Iterator[Step]:
    """Yield the commands that copy the administrator's Secret without showing it."""
    folder, files = _password_folder(database)
    reads = " && ".join(
        f"kubectl get secret {Database.secret} -n {database.services} "
        f"-o go-template='{{{{index .data \"{key}\" | base64decode}}}}' > {file}"
        for key, file in zip((Database.user_key, Database.password_key), files, strict=True)
    )
    yield Step(what="the administrator's user and password", command=f"(umask 077 && mkdir -p {folder} && {reads})")
    yield _create_secret(database, database.secret, database.namespace)
    yield _remove_password(database)


def _password_folder(database: NamespaceDatabase) -> tuple[str, tuple[str, str]]:
    """Return the temporary folder for a user and a password, and its two files."""
    folder = f"{database.namespace}-database"
    return folder, (f"{folder}/{Database.user_key}", f"{folder}/{Database.password_key}")


def _create_secret(database: NamespaceDatabase, name: str, where: str) -> Step:
    """Return the command that creates a Secret from the two files, and from no other file of the folder."""
    options = [f"--from-file={file}" for file in _password_folder(database)[1]]
    command = shlex.join(["kubectl", "create", "secret", "generic", name, "-n", where, *options])
    return Step(what=f"the Secret in {where}", command=command)


def _remove_password(database: NamespaceDatabase) -> Step:
    folder, files = _password_folder(database)
    return Step(what="removes the password from this machine", command=f"rm {' '.join(files)} && rmdir {folder}")


def roles(namespace: WorkflowNamespace, who: str) -> list[Manifest]:
    """Return the Roles that let a user add the namespace and do nothing else; a cluster administrator applies them.

    They include the bare namespace, since one of the Roles is in it.
    """
    wanted: dict[str, dict[tuple[str, str], list[str]]] = {}
    for each in (*namespace.objects(), *_named_secrets(namespace)):
        if "namespace" in each["metadata"]:
            kind = (each["apiVersion"].rpartition("/")[0], _PLURALS[each["kind"]])
            wanted.setdefault(each["metadata"]["namespace"], {}).setdefault(kind, []).append(each["metadata"]["name"])
    name = f"waybill-{namespace.name}"
    bare = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": namespace.name}}
    found = [bare, *bound_role(name, _namespace_rules(namespace), [user(who)])]
    for place, kinds in wanted.items():
        rules = [rule for (group, plural), names in kinds.items() for rule in _rules_by_name(group, plural, names)]
        if namespace.share_admin and namespace.database and place == namespace.database.services:
            # The administrator's Secret is only read: no Secret is created in that namespace.
            rules = [rule for rule in rules if rule["resources"] != ["secrets"] or "create" not in rule["verbs"]]
        found += bound_role(name, rules, [user(who)], namespace=place)
    return found


def _named_secrets(namespace: WorkflowNamespace) -> Iterator[Manifest]:
    """Yield the Secrets that are read and created, but never changed."""
    database = namespace.database
    if database is None or namespace.external:
        return
    beside = Database.secret if namespace.share_admin else database.copy
    for name, where in ((database.secret, namespace.name), (beside, database.services)):
        yield {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": name, "namespace": where}}


def _rules_by_name(group: str, plural: str, names: Sequence[str]) -> list[Manifest]:
    """Return the rights on named objects; `create` cannot be restricted by name (RBAC, "Referring to resources")."""
    kind = {"apiGroups": [group], "resources": [plural]}
    verbs = _VERBS.get(plural, ["get", "patch"])
    return [{**kind, "resourceNames": list(names), "verbs": verbs}, {**kind, "verbs": ["create"]}]


_PLURALS: Final = {
    "ExternalSecret": "externalsecrets",
    "Job": "jobs",
    "NetworkPolicy": "networkpolicies",
    "Secret": "secrets",
}
#: The verbs for existing objects, if they are not just those of an apply: `kubectl wait` watches a Job.
_VERBS: Final = {"jobs": ["get", "patch", "list", "watch"], "secrets": ["get"]}


def _namespace_rules(namespace: WorkflowNamespace) -> list[Manifest]:
    """Return the rights to read the involved namespaces, and to label the new one."""
    neighbours = namespace.neighbours
    kind = {"apiGroups": [""], "resources": ["namespaces"]}
    return [
        {**kind, "resourceNames": [namespace.name, neighbours.rhdh, neighbours.services], "verbs": ["get"]},
        {**kind, "resourceNames": [namespace.name], "verbs": ["patch", "update"]},
    ]
