"""Stores charts in a registry as `helm push` does: a repository per chart, a tag per version, no index."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Final

from generator.findings.errors import SettingsError, VersionError
from pipeline.charts.archive import MAX_PACKAGE_BYTES, Package
from pipeline.images.credentials import Keychain
from pipeline.images.errors import LoginError, RegistryError
from pipeline.images.image_name import ImageName, read_image_name
from pipeline.images.manifest import OCI_MANIFEST, Descriptor, Manifest
from pipeline.images.registry import Registry, first_push_note
from pipeline.publish.errors import AuthenticationError, PublishError
from pipeline.publish.publisher import published_otherwise
from pipeline.system.http_request import Backoff
from pipeline.system.journal import Effect, Journal
from pipeline.workspace.places import OciPrefix

# https://helm.sh/docs/topics/registries/ and helm.sh/helm/v4/pkg/registry/constants.go
_CONFIG: Final = "application/vnd.cncf.helm.config.v1+json"
_CHART: Final = "application/vnd.cncf.helm.chart.content.v1.tar+gzip"
#: The media type of Helm 3.6 and older.
_OLD_CHART: Final = "application/tar+gzip"
_ANNOTATION: Final = "org.opencontainers.image"
#: A fixed time instead of the push's, which Helm writes, so that a package always has the same manifest.
_CREATED: Final = "1970-01-01T00:00:00Z"


class OciRegistry:
    """The charts below a path in a registry.

    Every method raises AuthenticationError if the registry refuses access, or else PublishError if it fails.
    """

    def __init__(
        self, prefix: OciPrefix, keychain: Keychain, *, insecure: bool = False, backoff: Backoff | None = None
    ) -> None:
        """Make a client; `insecure` allows plain HTTP, which is the default only for this machine."""
        self.place = str(prefix)
        self._prefix = prefix
        self._registry = Registry(prefix.host, keychain, insecure=insecure, backoff=backoff)

    def url(self, package: Package) -> str:
        """Return the chart's address for `helm install --version V`: `oci://REGISTRY/PREFIX/NAME`."""
        return f"{self.place}/{package.name}"

    def names(self) -> list[str] | None:
        """Return the charts below the path, sorted, or None if the registry does not list its repositories."""
        with self._errors():
            repositories = self._registry.repositories()
        if repositories is None:
            return None
        start = f"{self._prefix.prefix}/" if self._prefix.prefix else ""
        below = (name.removeprefix(start) for name in repositories if name.startswith(start))
        return sorted(name for name in below if "/" not in name)

    def versions(self, name: str) -> list[str]:
        """Return the versions of a chart in the registry's order, or an empty list if there is no such chart."""
        with self._errors():
            return [tag.replace("_", "+") for tag in self._registry.tags(self._repository(name))]

    def digest(self, name: str, version: str) -> str | None:
        """Return the SHA-256 of a version's package in hexadecimal, or None if there is no such version."""
        stored = self._stored(self._image(name, version))
        return stored[1].digest.removeprefix("sha256:") if stored else None

    def fetch(self, name: str, version: str) -> bytes:
        """Return a package.

        Raises:
            PublishError: there is no such version.
        """
        image = self._image(name, version)
        stored = self._stored(image)
        if stored is None:
            raise PublishError(f"oci://{image}: there is no such version; publish the package again")
        with self._errors():
            return self._registry.blob(image.repository, stored[1].digest, limit=MAX_PACKAGE_BYTES)

    def publish(self, package: Package, journal: Journal) -> str:
        """Push a package unless it is there already; return the digest of its manifest.

        The tag is pushed last, so that it always names a complete chart, and never moves.

        Raises:
            VersionError: the version is published with different bytes.
        """
        image = self._image(package.name, package.version)
        if found := self._published(image, package):
            return found
        with self._errors():
            repository = image.repository
            first = bool(first_push_note(image.host, repository)) and self._registry.is_new(repository)
            chart = self._registry.push_blob(repository, package.data, _CHART)
            config = self._registry.push_blob(repository, _config(package.metadata), _CONFIG)
            manifest = _manifest(package, config, chart)
            self._registry.push_manifest(repository, manifest.digest, manifest)
            # The specification cannot keep a tag from moving, so check again after the long upload.
            if found := self._published(image, package):
                return found
            note = f"; {first_push_note(image.host, repository)}" if first else ""
            with journal.attempting(f"pushed oci://{image}"):
                self._registry.push_manifest(repository, image.reference, manifest)
                journal.record(Effect(done=f"pushed oci://{image} ({manifest.digest}){note}"))
        return manifest.digest

    def _published(self, image: ImageName, package: Package) -> str | None:
        """Return the digest of a package's manifest in the registry, or None if it is not there.

        Raises:
            VersionError: the version is published with different bytes.
        """
        stored = self._stored(image)
        if stored is None:
            return None
        manifest, chart = stored
        if chart.digest != f"sha256:{package.digest}":
            raise VersionError(published_otherwise(self.place, package, chart.digest.removeprefix("sha256:")))
        return manifest.digest

    def _stored(self, image: ImageName) -> tuple[Manifest, Descriptor] | None:
        """Return a tag's manifest and the chart in it, or None if there is no such tag.

        Raises:
            PublishError: the tag is not a chart's.
        """
        with self._errors():
            manifest = self._registry.manifest(image.repository, image.reference)
        if manifest is None:
            return None
        chart = next((layer for layer in manifest.layers if layer.media_type in {_CHART, _OLD_CHART}), None)
        if chart is None:
            what = manifest.artifact_type or manifest.media_type
            raise PublishError(f"oci://{image}: is not a Helm chart, but {what}; publish to another path")
        return manifest, chart

    def _image(self, name: str, version: str) -> ImageName:
        """Return the name of a chart's version in the registry, with '_' instead of '+', as in Helm."""
        try:
            return read_image_name(f"{self._prefix.host}/{self._repository(name)}:{version.replace('+', '_')}")
        except SettingsError as error:
            raise SettingsError(f"{name} {version} cannot be stored in a registry: {error}") from None

    def _repository(self, name: str) -> str:
        return f"{self._prefix.prefix}/{name}".lstrip("/")

    @contextmanager
    def _errors(self) -> Iterator[None]:
        """Convert errors of the registry's client to those of publishing."""
        try:
            yield
        except LoginError as error:
            raise AuthenticationError(str(error)) from error
        except RegistryError as error:
            raise PublishError(str(error)) from error


def _config(metadata: Mapping[str, Any]) -> bytes:
    """Return a chart's metadata as JSON, as Helm stores it."""
    return json.dumps(metadata, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()


def _manifest(package: Package, config: Descriptor, chart: Descriptor) -> Manifest:
    """Return the manifest of a package, which is reproducible."""
    return Manifest.of(
        {
            "schemaVersion": 2,
            "mediaType": OCI_MANIFEST,
            "config": config.as_json(),
            "layers": [chart.as_json()],
            "annotations": _annotations(package.metadata),
        }
    )


def _annotations(metadata: Mapping[str, Any]) -> dict[str, str]:
    """Return a chart's annotations as in Helm (helm.sh/helm/v4/pkg/registry/chart.go): standard ones and its own."""
    people = ", ".join(_person(each) for each in metadata.get("maintainers") or ())
    described = {
        "title": metadata["name"],
        "version": metadata["version"],
        "description": metadata.get("description"),
        "url": metadata.get("home"),
        "source": next(iter(metadata.get("sources") or ()), None),
        "authors": people,
        "created": _CREATED,
    }
    ours = {f"{_ANNOTATION}.{name}": str(value) for name, value in described.items() if str(value or "").strip()}
    kept = {f"{_ANNOTATION}.title", f"{_ANNOTATION}.version"}
    own = {name: str(value) for name, value in (metadata.get("annotations") or {}).items() if name not in kept}
    return {**ours, **own}


def _person(maintainer: Mapping[str, Any]) -> str:
    email = maintainer.get("email")
    return f"{maintainer.get('name') or ''}{f' ({email})' if email else ''}"
