"""Finds the name and version of a cluster's SonataFlow operator in the objects that install it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from semver import Version

from generator.findings.printable import in_one_line
from generator.text.json_pointer import at_pointer

#: The resource that a ClusterServiceVersion of the operator owns.
_OWNED: Final = "sonataflows.sonataflow.org"
#: The names of the operator's image: in Apache's releases, in those before, and in OpenShift Serverless Logic.
_IMAGES: Final = ("sonataflow-operator", "kogito-serverless-operator", "logic-operator")


@dataclass(frozen=True, kw_only=True)
class Installed:
    """An operator's name in the cluster, and its version, or None if it is unknown."""

    name: str
    version: str | None

    def __str__(self) -> str:
        return in_one_line(f"{self.name} {self.version}" if self.version else self.name)


def installed_by_olm(listed: object) -> Installed | None:
    """Return the newest owner of SonataFlow in a list of ClusterServiceVersions (operators.coreos.com/v1alpha1)."""
    owners = (item for item in _items_at(listed, "items") if owns_sonataflow(item))
    return max((_from_version(item) for item in owners), key=_version, default=None)


def runs_operator(deployment: object) -> bool:
    """Whether a Deployment runs the operator."""
    return installed_by_deployment({"items": [deployment]}) is not None


def installed_by_deployment(listed: object) -> Installed | None:
    """Return the newest operator in a list of Deployments (apps/v1), by the name and tag of its image."""
    pods = (at_pointer(item, ("spec", "template", "spec")) for item in _items_at(listed, "items"))
    images = (at_pointer(each, ("image",)) for pod in pods for each in _items_at(pod, "containers"))
    return max(filter(None, map(_from_image, images)), key=_version, default=None)


def _items_at(holder: object, key: str) -> Iterator[object]:
    """Yield the items of the list at a key, if there is one."""
    items = at_pointer(holder, (key,))
    yield from items if isinstance(items, list) else ()


def owns_sonataflow(item: object) -> bool:
    """Whether a ClusterServiceVersion is the operator's."""
    definitions = at_pointer(item, ("spec", "customresourcedefinitions"))
    return any(at_pointer(each, ("name",)) == _OWNED for each in _items_at(definitions, "owned"))


def _from_version(item: object) -> Installed:
    name = at_pointer(item, ("spec", "displayName")) or at_pointer(item, ("metadata", "name"))
    version = at_pointer(item, ("spec", "version"))
    return Installed(name=str(name), version=str(version) if version else None)


def _from_image(image: object) -> Installed | None:
    """Return the operator of an image reference: HOST:PORT/PATH/NAME:TAG@DIGEST (distribution/reference)."""
    name, _, tag = str(image).rpartition("/")[2].partition("@")[0].partition(":")
    if not any(each in name for each in _IMAGES):
        return None
    return Installed(name=name, version=tag if tag[:1].isdigit() else None)


def _version(operator: Installed) -> Version:
    try:
        return Version.parse(operator.version or "0.0.0")
    except ValueError:
        return Version(0)
