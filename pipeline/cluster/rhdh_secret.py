"""Reads and completes RHDH's Secret in a cluster, and gets the token with which RHDH's plugins read the cluster."""

from __future__ import annotations

import base64
import binascii
import time
from collections.abc import Mapping
from typing import Any, Final

from generator.findings.errors import OutputError
from generator.kubernetes.objects import Manifest
from generator.kubernetes.stored import title
from generator.rhdh.access import ACCOUNT, TOKEN_SECRET, ClusterAccess
from generator.rhdh.secret import HELM_KEY, KEYS, Completed
from generator.text.words import listed
from pipeline.cluster.adding import Change, Verb
from pipeline.cluster.kubectl import Kubectl, may_not
from pipeline.cluster.stored_secret import encoded, read_secret, secret_manifest

#: How many times to look for the token that a controller creates, and the seconds in between.
LOOKS: Final = 10
PAUSE: Final = 0.5


def find_namespace(name: str, kubectl: Kubectl) -> None:
    """Check that RHDH's namespace exists.

    Raises:
        SettingsError: it does not exist; the message suggests the closest name.
    """
    if not kubectl.found("namespaces", name, failing="the namespace of RHDH cannot be read"):
        raise kubectl.missing_namespace(name, "--namespace")


def values_of(secret: Mapping[str, Any] | None) -> dict[str, str]:
    """Return the values of a stored Secret as plain text. Binary values of keys that are not RHDH's are left out.

    Raises:
        OutputError: the value of one of RHDH's keys is not text; the message names only the key.
    """
    if secret is None:
        return {}
    values = {}
    for key, value in secret["data"].items():
        try:
            values[key] = base64.b64decode(value, validate=True).decode()
        except (binascii.Error, UnicodeDecodeError) as error:
            if key not in (*KEYS, HELM_KEY):
                continue
            raise OutputError(f"{title(secret)}: the value of {key} is not text; nothing was changed") from error
    return values


def change_of(stored: Manifest | None, name: str, namespace: str, completed: Completed) -> Change:
    """Return the change of the Secret: create it, add the missing keys, or keep it.

    Raises:
        OutputError: keys are missing, but the Secret is immutable.
    """
    if stored and stored.get("immutable") and completed.added:
        raise OutputError(f"{title(stored)} is immutable and has no {listed(completed.added)}; replace it by hand")
    added = {key: encoded(completed.values[key]) for key in completed.added}
    if stored is None:
        return Change(verb=Verb.CREATE, manifest=secret_manifest(name, namespace, added))
    whole = {**stored, "data": {**stored["data"], **added}}
    return Change(verb=Verb.COMPLETE if added else Verb.KEEP, manifest=whole)


def token_of(access: ClusterAccess, duration: str, kubectl: Kubectl) -> str:
    """Return the token of the plugins' account: one that expires after `duration`, or the permanent one.

    The permanent token is "" if no controller has created it yet.

    Raises:
        OutputError: the cluster refuses to create a token.
    """
    if not access.permanent:
        words = ["create", "token", ACCOUNT, "--namespace", access.namespace, f"--duration={duration}"]
        right = may_not("create", "serviceaccounts/token", "--namespace", access.namespace)
        return kubectl.must(*words, failing="the token cannot be created", reasons=right).decode().strip()
    for look in range(LOOKS):
        if look:
            time.sleep(PAUSE)
        if token := values_of(read_secret(TOKEN_SECRET, access.namespace, kubectl)).get("token"):
            return token
    return ""
