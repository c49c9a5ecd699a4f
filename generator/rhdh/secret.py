"""Red Hat Developer Hub's Secret: its keys, its name by release, and how it is completed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

from generator.findings.errors import SettingsError
from generator.findings.suggestions import one_of
from generator.forms.releases import Release
from generator.kubernetes.objects import Manifest

BACKEND_SECRET: Final = "BACKEND_SECRET"  # noqa: S105 - a key's name, as the rest of them
#: The Helm chart's key for the value of BACKEND_SECRET (rhdh-chart, `rhdh.backend-secret-name`).
HELM_KEY: Final = "backend-secret"
TOKEN: Final = "K8S_CLUSTER_TOKEN"  # noqa: S105 - as above
URL: Final = "K8S_CLUSTER_URL"
#: The API server as a pod of the same cluster reaches it.
OWN_CLUSTER: Final = "https://kubernetes.default.svc"
#: The keys, and what each is for; only BACKEND_SECRET is mandatory.
KEYS: Final[Mapping[str, str]] = {
    BACKEND_SECRET: "the token by which workflows call RHDH",
    URL: "the API server that the Kubernetes plugins read",
    TOKEN: "the token for that",
    "GITHUB_TOKEN": "GitHub: repositories",
    "GITHUB_CLIENT_ID": "GitHub: login",
    "GITHUB_CLIENT_SECRET": "GitHub: login",
    "GITLAB_HOST": "GitLab: repositories",
    "GITLAB_TOKEN": "GitLab: repositories",
    "ARGOCD_URL": "Argo CD",
    "ARGOCD_USERNAME": "Argo CD; admin by default",
    "ARGOCD_PASSWORD": "Argo CD",
    "NOTIFICATIONS_EMAIL_HOSTNAME": "the SMTP server for notifications",
    "NOTIFICATIONS_EMAIL_USERNAME": "the SMTP server's user",
    "NOTIFICATIONS_EMAIL_PASSWORD": "that user's password",
}
#: The keys of the email processor, whose settings have the last word of these names in lower case.
EMAIL_KEYS: Final = tuple(key for key in KEYS if key.startswith("NOTIFICATIONS_EMAIL_"))
_URLS: Final = (URL, "ARGOCD_URL")
#: The last release whose operator reads the Secret by its old name.
_LAST_WITH_OLD_NAME: Final = Release(1, 6)


@dataclass(frozen=True, kw_only=True)
class Completed:
    """The values of a completed Secret, the keys that were added, and those that kept a different value."""

    values: Mapping[str, str]
    added: tuple[str, ...]
    kept: tuple[str, ...] = ()


def secret_name(release: Release | None, helm_release: str) -> str:
    """Return the Secret's name: for a Helm release (unless ""), or else for a release of RHDH (None for the newest)."""
    if helm_release:
        return f"{helm_release}-auth"
    return "backstage-backend-auth-secret" if release and release <= _LAST_WITH_OLD_NAME else "orchestrator-auth-secret"


def check_key(key: str) -> str:
    """Return a key of the Secret if it is known.

    Raises:
        SettingsError: there is no such key; the message suggests the closest one.
    """
    if key in KEYS:
        return key
    raise SettingsError(f"RHDH's Secret has no key '{key}'{one_of(key, tuple(KEYS))}")


def check_values(values: Mapping[str, str]) -> dict[str, str]:
    """Return the values that are not empty, in the order of the keys; Argo CD's user is admin by default.

    Raises:
        SettingsError: a value cannot be right; the message has its key, but not the value.
    """
    given = {key: values[key] for key in KEYS if values.get(key)}
    for key, value in given.items():
        if not value.isprintable():
            raise SettingsError(f"{key}: the value has a line break or another control character")
        if value != value.strip():
            raise SettingsError(f"{key}: the value begins or ends with a space")
        if key in _URLS and not is_url(value):
            raise SettingsError(f"{key}: not an HTTP URL; write it as in https://api.example.com:6443")
    if "ARGOCD_PASSWORD" in given:
        given.setdefault("ARGOCD_USERNAME", "admin")
    return given


def is_url(text: str) -> bool:
    """Whether a text is an HTTP URL with a host."""
    try:
        parts = urlsplit(text)
    except ValueError:
        return False
    return parts.scheme in ("http", "https") and bool(parts.hostname)


def completed(stored: Mapping[str, str], given: Mapping[str, str], *, backend: str, helm: bool) -> Completed:
    """Add the given values to the stored ones, without replacing any of these.

    `backend` is the BACKEND_SECRET to use if there is none yet. A Secret for RHDH's Helm chart (`helm`) has that value
    under the chart's own key, too; whichever of the two is stored gives the other.
    """
    wanted = dict(given)
    if helm and HELM_KEY in stored:
        wanted[BACKEND_SECRET] = stored[HELM_KEY]
    wanted.setdefault(BACKEND_SECRET, backend)
    if helm:
        wanted[HELM_KEY] = stored.get(BACKEND_SECRET, wanted[BACKEND_SECRET])
    added = {key: wanted[key] for key in (*KEYS, HELM_KEY) if key in wanted and not stored.get(key)}
    kept = tuple(key for key, value in given.items() if stored.get(key) and stored[key] != value)
    return Completed(values={**stored, **added}, added=tuple(added), kept=kept)


def manifest(name: str, namespace: str, values: Mapping[str, str]) -> Manifest:
    """Return the Secret with its values in plain text (`stringData`), which the API server encodes."""
    return {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {"name": name, "namespace": namespace},
        "type": "Opaque",
        "stringData": dict(values),
    }
