"""Plans a namespace for workflows in a cluster: its label, network policies, Secrets and database Job."""

from __future__ import annotations

import base64
import binascii
import secrets
from collections.abc import Sequence
from typing import Any, Final

from generator.findings.errors import OutputError, SettingsError
from generator.kubernetes.objects import Database, Manifest
from generator.kubernetes.stored import title
from generator.namespaces.database import NamespaceDatabase
from generator.namespaces.namespace import WorkflowNamespace
from generator.namespaces.policies import INGRESS, TO_RHDH
from pipeline.cluster.adding import Change, ConflictError, Verb, plan
from pipeline.cluster.kubectl import Kubectl
from pipeline.cluster.stored_secret import encoded, read_secret, secret_manifest
from pipeline.terminal import console

_UNREADABLE: Final = "what the cluster has cannot be read"
_KEYS: Final = (Database.user_key, Database.password_key)


def plan_namespace(namespace: WorkflowNamespace, kubectl: Kubectl) -> list[Change]:
    """Return the changes for a namespace, in the order in which they are carried out; nothing is changed yet.

    A new password is only in the changes, and is never shown.

    Raises:
        SettingsError: the namespace of RHDH or of the services does not exist.
        ConflictError: an object of the cluster differs from the wanted one.
        OutputError: the cluster cannot be read.
    """
    _find_neighbours(namespace, kubectl)
    changes = plan(namespace.objects(), kubectl)
    _refuse_to_cut_off_users(namespace, changes, kubectl)
    secret_changes = [] if namespace.external else _plan_secrets(namespace, kubectl)
    jobs = [each for each in changes if each.manifest["kind"] == "Job"]
    secrets_are_new = secret_changes and all(each.verb is Verb.CREATE for each in secret_changes)
    if secrets_are_new and any(each.verb is Verb.KEEP for each in jobs):
        metadata = jobs[0].manifest["metadata"]
        raise ConflictError(
            f"{jobs[0].title} ran with a password that is no longer in any Secret; nothing was changed. To set a new "
            f"one, first run: kubectl delete job {metadata['name']} -n {metadata['namespace']}"
        )
    return [*(each for each in changes if each not in jobs), *secret_changes, *jobs]


def _find_neighbours(namespace: WorkflowNamespace, kubectl: Kubectl) -> None:
    """Check that the namespaces of RHDH and of the services exist.

    Raises:
        SettingsError: one of them does not exist; the message suggests the closest name.
        OutputError: the namespace itself is being deleted.
    """
    neighbours = namespace.neighbours
    wanted = {"--rhdh-namespace": neighbours.rhdh, "--services-namespace": neighbours.services}
    names = dict.fromkeys((*wanted.values(), namespace.name))
    existing = {each["metadata"]["name"]: each for each in kubectl.found("namespaces", *names, failing=_UNREADABLE)}
    for option, name in wanted.items():
        if name not in existing:
            raise kubectl.missing_namespace(name, option)
    if existing.get(namespace.name, {}).get("status", {}).get("phase") == "Terminating":
        raise OutputError(f"the namespace {namespace.name} is being deleted; wait until it is gone")


def _refuse_to_cut_off_users(namespace: WorkflowNamespace, changes: Sequence[Change], kubectl: Kubectl) -> None:
    """Check that a new policy does not cut off RHDH's users; warn if the user may not read who they are.

    Raises:
        SettingsError: no policy restricts RHDH yet, and the new one would let in no ingress controller.
    """
    neighbours = namespace.neighbours
    new = any(each.verb is Verb.CREATE and each.manifest["metadata"]["name"] == TO_RHDH for each in changes)
    if not new or neighbours.others:
        return
    existing = kubectl.listed("networkpolicies.networking.k8s.io", "--namespace", neighbours.rhdh)
    routers = kubectl.listed("namespaces", "--selector", INGRESS)
    if existing is None or routers is None:
        console.hint(
            f"waybill: warning: you may not see who reaches RHDH today, and a new policy in {neighbours.rhdh} lets in "
            "no ingress controller but OpenShift's; if users come through another one, add --allow NAMESPACE"
        )
    elif not _items(existing) and not _items(routers):
        raise SettingsError(
            f"no namespace has OpenShift's label {INGRESS}, so a policy in {neighbours.rhdh} would cut off RHDH's "
            "users; name the namespace of the ingress controller: --allow NAMESPACE"
        )


def _items(listed: object) -> list[Any]:
    return list(listed.get("items") or []) if isinstance(listed, dict) else []


def _plan_secrets(namespace: WorkflowNamespace, kubectl: Kubectl) -> list[Change]:
    database = namespace.database
    if database is None:
        return []
    return _plan_shared_secret(database, kubectl) if namespace.share_admin else _plan_own_secrets(database, kubectl)


def _plan_own_secrets(database: NamespaceDatabase, kubectl: Kubectl) -> list[Change]:
    """Plan the workflows' Secret and its copy beside the database; both have the password of whichever exists."""
    places = ((database.copy, database.services), (database.secret, database.namespace))
    stored = [read_secret(name, where, kubectl) for name, where in places]
    existing = [each for each in stored if each]
    for each in existing:
        if _decoded(each, Database.user_key) != database.user or not each["data"].get(Database.password_key):
            raise ConflictError(
                f"{title(each)} is not of the user {database.user}; nothing was changed. Delete it, choose another name"
                " with --secret, or share the administrator's Secret with --share-admin-secret"
            )
    if len({each["data"][Database.password_key] for each in existing}) > 1:
        names = " and ".join(map(title, existing))
        raise ConflictError(f"{names} have different passwords; nothing was changed. Delete the wrong one")
    if existing:
        data = {key: existing[0]["data"][key] for key in _KEYS}
    else:
        data = dict(zip(_KEYS, map(encoded, (database.user, secrets.token_hex(24))), strict=True))
    return _secret_changes(places, stored, data)


def _plan_shared_secret(database: NamespaceDatabase, kubectl: Kubectl) -> list[Change]:
    """Plan the copy of the administrator's Secret."""
    admin = read_secret(Database.secret, database.services, kubectl)
    if admin is None or not admin["data"].keys() >= set(_KEYS):
        keys = " and ".join(_KEYS)
        raise OutputError(f"there is no Secret {Database.secret} with {keys} in {database.services}")
    data = {key: admin["data"][key] for key in _KEYS}
    stored = read_secret(database.secret, database.namespace, kubectl)
    if stored and any(stored["data"].get(key) != value for key, value in data.items()):
        raise ConflictError(f"{title(stored)} has another user or password; nothing was changed. Delete it first")
    return _secret_changes([(database.secret, database.namespace)], [stored], data)


def _secret_changes(
    places: Sequence[tuple[str, str]], stored: Sequence[Manifest | None], data: dict[str, str]
) -> list[Change]:
    return [
        Change(verb=Verb.KEEP, manifest=existing)
        if existing
        else Change(verb=Verb.CREATE, manifest=secret_manifest(name, where, data))
        for (name, where), existing in zip(places, stored, strict=True)
    ]


def _decoded(secret: Manifest, key: str) -> str:
    try:
        return base64.b64decode(secret["data"].get(key, ""), validate=True).decode()
    except (binascii.Error, UnicodeDecodeError):
        return ""
