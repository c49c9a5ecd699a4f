"""Collects the kinds of objects that charts install, for the allow list of an AppProject."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from generator.findings.errors import SettingsError
from generator.kubernetes.crd import API_VERSION
from generator.kubernetes.objects import OBJECTS

_DOCUMENT: Final = re.compile(r"^---.*$", re.MULTILINE)
#: The top-level fields of an object in a template; an indented field belongs to a reference.
_API_VERSION: Final = re.compile(r"^apiVersion:\s*[\"']?([\w./-]+)[\"']?\s*$", re.MULTILINE)
_KIND: Final = re.compile(r"^kind:\s*[\"']?(\w+)[\"']?\s*$", re.MULTILINE)
_KIND_NAME: Final = re.compile(r"(?:([a-z0-9]+(?:[.-][a-z0-9]+)*)/)?([A-Z][A-Za-z0-9]*)")
#: The API versions of the kinds in `OBJECTS`; `v1` has no group.
_API_VERSIONS: Final = {
    "ConfigMap": "v1",
    "Secret": "v1",
    "NetworkPolicy": "networking.k8s.io/v1",
    "SonataFlow": API_VERSION,
}


@dataclass(frozen=True, order=True)
class Kind:
    """A kind and its API group, "" for the core group."""

    group: str
    kind: str

    def __str__(self) -> str:
        return f"{self.group}/{self.kind}".removeprefix("/")


#: Cluster-scoped kinds of Kubernetes that a chart may install.
CLUSTER_KINDS: Final = frozenset(
    {
        Kind("", "Namespace"),
        Kind("", "PersistentVolume"),
        Kind("admissionregistration.k8s.io", "MutatingWebhookConfiguration"),
        Kind("admissionregistration.k8s.io", "ValidatingWebhookConfiguration"),
        Kind("apiextensions.k8s.io", "CustomResourceDefinition"),
        Kind("rbac.authorization.k8s.io", "ClusterRole"),
        Kind("rbac.authorization.k8s.io", "ClusterRoleBinding"),
        Kind("scheduling.k8s.io", "PriorityClass"),
        Kind("storage.k8s.io", "StorageClass"),
    }
)


def workflow_kinds() -> frozenset[Kind]:
    """Return the kinds that every workflow's chart can install, from the table `OBJECTS`."""
    return frozenset(_kind(_API_VERSIONS[row.kind], row.kind) for row in OBJECTS)


def kinds_in(files: Mapping[str, bytes]) -> frozenset[Kind]:
    """Return the kinds in the templates and CRDs of a chart; a kind written by a template action is not found.

    Templates are not rendered, so that objects which depend on values are found, too.
    """
    found = set()
    for path, data in files.items():
        if path.startswith(("templates/", "crds/")) and path.endswith((".yaml", ".yml")):
            for document in _DOCUMENT.split(data.decode(errors="replace")):
                version, kind = _API_VERSION.search(document), _KIND.search(document)
                if version and kind:
                    found.add(_kind(version[1], kind[1]))
    return frozenset(found)


def parse_kinds(texts: Iterable[str]) -> frozenset[Kind]:
    """Parse kinds such as `apps/Deployment` and `Service`.

    Raises:
        SettingsError: a text is not a kind.
    """
    found = set()
    for text in texts:
        match = _KIND_NAME.fullmatch(text)
        if match is None:
            raise SettingsError(f"'{text}' is not a kind; write GROUP/KIND, as in apps/Deployment, or Service")
        found.add(Kind(match[1] or "", match[2]))
    return frozenset(found)


def _kind(api_version: str, kind: str) -> Kind:
    group, separator, _ = api_version.rpartition("/")
    return Kind(group if separator else "", kind)
