"""Builds images without a container engine: Maven builds the application, and jib puts it on the base image."""

from __future__ import annotations

import hashlib
import json
import os
import platform
import re
import shutil
import tempfile
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from generator.application.image_application import image_application
from generator.application.jib import (
    APPLICATION,
    CLASSES,
    DIGEST,
    JIB_VERSION,
    LOGIN,
    TAR,
    VARIABLES,
    JibImage,
    jib_map,
    jib_project,
)
from generator.image.labels import CREATED
from generator.image.recipe import ImageRecipe
from pipeline.application import maven
from pipeline.application.errors import BuildError
from pipeline.images import oci_layout
from pipeline.images.credentials import PASSWORD, USERNAME, Credential, Keychain
from pipeline.images.errors import ImageError, LoginError, RegistryError
from pipeline.images.image import ImageBuild, LocalImage, Log
from pipeline.images.image_name import ImageName, is_loopback, read_image_name
from pipeline.images.registry import Registry
from pipeline.system.cache import cache_folder
from pipeline.system.locks import in_use

#: Quarkus' variables for its own jib extension: the logins for the target and for the base.
TARGET_LOGIN: Final = ("QUARKUS_CONTAINER_IMAGE_USERNAME", "QUARKUS_CONTAINER_IMAGE_PASSWORD")
BASE_LOGIN: Final = ("QUARKUS_JIB_BASE_REGISTRY_USERNAME", "QUARKUS_JIB_BASE_REGISTRY_PASSWORD")
#: The number of last log lines in the error of a failed build.
_SHOWN: Final = 40
_DEPLOYMENTS: Final = "deployments"
_GOAL: Final = f"com.google.cloud.tools:jib-maven-plugin:{JIB_VERSION}:buildTar"
#: The variable that passes the login to the Docker credential helper that jib calls.
_VARIABLE: Final = "JIB_BASE_LOGIN"
_HELPER: Final = f"""#!/bin/sh
cat >/dev/null
printf '%s' "${_VARIABLE}"
"""
_TOKEN_USER: Final = "<token>"  # noqa: S105 - a placeholder, no token
#: jib's errors when a registry refuses (jib-core, RegistryUnauthorizedException and RegistryAuthenticationFailed…).
_REFUSED: Final = re.compile(r"unauthorized|forbidden|\b40[13]\b|authenticat", re.IGNORECASE)
#: The OCI architecture by Python's name of it.
_ARCHITECTURES: Final = {"x86_64": "amd64", "aarch64": "arm64"}


@dataclass(frozen=True, kw_only=True)
class _Base:
    """The base image: its name with the digest, and the keychain with its login."""

    name: ImageName
    keychain: Keychain

    @property
    def login(self) -> Credential | None:
        return self.keychain.find(self.name.host, self.name.repository).credential


class JibBuilder:
    """An `ImageBuilder` that uses Maven and jib; as a context manager, it removes its images at the end."""

    def __init__(
        self,
        *,
        keychain: Keychain,
        connect: Callable[[str, Keychain], Registry] = Registry,
        stop: threading.Event | None = None,
    ) -> None:
        """Make a builder; `connect` returns the client of a registry by its host. When `stop` is set, Maven ends."""
        self._keychain = keychain
        self._connect = connect
        self._stop = stop or threading.Event()
        self._folder = tempfile.TemporaryDirectory(prefix="waybill-jib-")
        self._archives: dict[str, Path] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        self._folder.cleanup()

    def missing(self, recipe: ImageRecipe) -> str:  # noqa: ARG002 - the same for every recipe
        """Return why images are only built on request: jib always asks the registry for the base."""
        return "jib builds images where they are asked for (--images build)"

    def labels(self, reference: str) -> Mapping[str, str]:  # noqa: ARG002 - the same for every image
        """Return no labels: jib keeps no local images."""
        return {}

    def build(self, order: ImageBuild, log: Log) -> LocalImage:
        """Build an image. A base that is not in jib's cache is pulled even without `order.pull`.

        Raises:
            SettingsError: the JDK or Maven is not installed, a build argument is invalid, or sources are not Java.
            ImageError: a file has changed, there is no base, or the build failed; the error has the end of its log.
            RegistryError: the base cannot be pulled.
        """
        maven.require()
        context = dict(_context(order))
        application = image_application(order.recipe.name, context, order.recipe.arguments)
        if any(path.rpartition("/")[2] == "pom.xml" for path in context):
            log("pom.xml is not read; QUARKUS_EXTENSIONS names further dependencies")
        base = self._base(order)
        with self._errors(order.reference):
            jar = maven.build(application, cache_folder("applications"), log, stop=self._stop)
        with self._errors(order.reference, base):
            archive, reported = self._containerize(order, base, jar.parent, log)
        with oci_layout.read_oci_archive(archive) as image:
            digest = image.manifest.digest
            size = sum(layer.size for layer in image.layers)
        if reported != digest:
            raise ImageError(f"{order.reference}: jib names the digest {reported}, and its archive has {digest}")
        self._archives[digest] = archive
        return LocalImage(reference=order.reference, id=digest, size=size)

    @contextmanager
    def application(self, image: LocalImage) -> Iterator[Path]:
        """Unpack `/deployments` of an image to a temporary folder, which is removed at the end.

        Raises:
            ImageError: the image cannot be read.
        """
        with tempfile.TemporaryDirectory(dir=self._folder.name) as name:
            folder = Path(name, _DEPLOYMENTS)
            folder.mkdir()
            with oci_layout.read_oci_archive(self._archive(image)) as archive:
                archive.unpack(_DEPLOYMENTS, folder)
            yield folder

    def push(self, image: LocalImage, references: tuple[str, ...], log: Log) -> str:
        """Push an image under each of `references` (REPOSITORY:TAG, one repository).

        Returns the digest that the registry serves under the first. Blobs that the registry has are not sent again.

        Raises:
            RegistryError: the registry refused, did not respond, or serves another digest; the message lists the
                references that were pushed.
        """
        names = [read_image_name(reference) for reference in references]
        first = names[0]
        registry = self._connect(first.host, _with_login(self._keychain, first, TARGET_LOGIN))
        with oci_layout.read_oci_archive(self._archive(image)) as archive:
            for blob in archive.blobs:
                self._check_stop(image.reference)
                log(f"pushing {blob.digest} ({blob.size:,} bytes)")
                registry.push_blob(first.repository, archive.blob(blob), blob.media_type)
            manifest = archive.manifest
        pushed: list[str] = []
        for name in names:
            try:
                self._check_stop(image.reference)
                registry.push_manifest(first.repository, name.reference, manifest)
            except ImageError as error:
                if not pushed:
                    raise
                raise type(error)(f"{error}; pushed before that: {', '.join(pushed)}") from error
            pushed.append(str(name))
            log(f"pushed {name}")
        digest = registry.digest(first.repository, first.reference)
        if digest != manifest.digest:
            raise RegistryError(
                f"registry {first.host}, repository {first.repository}: pushed {manifest.digest}, "
                f"and {first.reference} is served as {digest}; another push was faster, push again"
            )
        return manifest.digest

    def save(self, image: LocalImage, path: Path) -> None:
        """Write an image as an OCI archive (a tar of an OCI image layout).

        Raises:
            ImageError: the archive cannot be written.
        """
        archive = self._archive(image)
        try:
            with tempfile.TemporaryDirectory(prefix="waybill-image-", dir=path.absolute().parent) as name:
                beside = Path(name, path.name)
                oci_layout.copy_with_folders(archive, beside)
                beside.replace(path)
        except OSError as error:
            raise ImageError(f"{path}: {image.reference} cannot be written: {error.strerror}") from error

    def _archive(self, image: LocalImage) -> Path:
        if image.id not in self._archives:
            raise ImageError(f"{image.reference} ({image.id}) was not built here; build it first")
        return self._archives[image.id]

    def _base(self, order: ImageBuild) -> _Base:
        """Return the base with its digest: from the recipe, or else from its registry."""
        if not order.recipe.runtime:
            message = f"{order.reference}: jib builds from no Dockerfile, such as a function's"
            raise ImageError(f"{message}; build it with --engine docker")
        name = read_image_name(order.recipe.runtime)
        keychain = _with_login(self._keychain, name, BASE_LOGIN)
        if name.digest is None:
            digest = self._connect(name.host, keychain).digest(name.repository, name.reference)
            if digest is None:
                raise RegistryError(f"registry {name.host}, repository {name.repository}: there is no {name.reference}")
            name = replace(name, digest=digest)
        return _Base(name=name, keychain=keychain)

    def _containerize(self, order: ImageBuild, base: _Base, application: Path, log: Log) -> tuple[Path, str]:
        """Run jib on an application; return the archive with the image, and the digest that jib reports."""
        folder = Path(tempfile.mkdtemp(dir=self._folder.name))
        with in_use(application):
            _copy(application, folder / APPLICATION)
        login = base.login
        described = JibImage(
            reference=order.reference,
            base=str(base.name),
            platform=order.recipe.platform or f"linux/{_ARCHITECTURES.get(platform.machine(), platform.machine())}",
            created=order.labels.get(CREATED, ""),
            has_login=login is not None,
        )
        (folder / "pom.xml").write_bytes(jib_project(described))
        (folder / LOGIN).write_text(_HELPER)
        (folder / LOGIN).chmod(0o700)
        (folder / CLASSES).mkdir(parents=True)
        # Plain HTTP and logins over it, only for a registry on this machine: jib contacts no other in this run.
        plain = ("-DsendCredentialsOverHttp=true", "-Djib.allowInsecureRegistries=true")
        options = (
            "-Djib.disableUpdateChecks=true",
            "-Djib.console=plain",
            f"-Djib.baseImageCache={cache_folder('jib')}",
            f"-Djib.container.environment={jib_map(VARIABLES)}",
            f"-Djib.container.labels={jib_map(_labels(order, base.name))}",
            *(plain if is_loopback(base.name.host) else ()),
        )
        environment = {_VARIABLE: _helper_output(base.name.host, login)} if login else {}
        maven.run([*options, _GOAL], folder, log, environment=environment, stop=self._stop)
        shutil.rmtree(folder / APPLICATION)
        return folder / TAR, (folder / DIGEST).read_text().strip()

    @contextmanager
    def _errors(self, reference: str, base: _Base | None = None) -> Iterator[None]:
        """Convert errors of Maven and the file system to ImageError, or to LoginError if `base` was refused."""
        try:
            yield
        except OSError as error:
            raise ImageError(f"{reference} was not built: {error.strerror or error}") from error
        except BuildError as error:
            self._check_stop(reference)
            if base and _REFUSED.search(str(error)) and base.name.host in str(error):
                lookup = base.keychain.find(base.name.host, base.name.repository)
                raise LoginError(
                    f"registry {base.name.host}, repository {base.name.repository}: the base may not be pulled; "
                    f"{lookup}; log in with a user who may, or set {' and '.join(BASE_LOGIN)}",
                    log=error.log[-_SHOWN:],
                ) from error
            raise ImageError(f"{reference} was not built: {error}", log=error.log[-_SHOWN:]) from error

    def _check_stop(self, what: str) -> None:
        if self._stop.is_set():
            raise ImageError(f"{what}: stopped")


def _context(order: ImageBuild) -> Iterator[tuple[str, bytes]]:
    """Yield the files of the build context after checking them against the recipe's hashes."""
    for path, file in order.files.items():
        try:
            data = file.read_bytes() if isinstance(file, Path) else file
        except OSError as error:
            raise ImageError(f"{order.reference} was not built: {path}: {error.strerror}") from error
        if order.recipe.context.get(path) != hashlib.sha256(data).hexdigest():
            raise ImageError(f"{order.reference} was not built: {path} has changed meanwhile; build again")
        yield path, data


def _labels(order: ImageBuild, base: ImageName) -> Mapping[str, str]:
    """Return the labels of the order and of waybill's Dockerfiles, and the digest of the base."""
    arguments = order.recipe.arguments
    named = {"name": "FLOW_NAME", "summary": "FLOW_SUMMARY", "description": "FLOW_DESCRIPTION"}
    own = {label: arguments.get(argument, "") for label, argument in named.items()}
    workflow = {"waybill.workflow": arguments.get("WORKFLOW_ID", "")}
    digest = {"org.opencontainers.image.base.digest": base.digest or ""}
    return {key: value for key, value in {**own, **workflow, **digest, **order.labels}.items() if value}


def _with_login(keychain: Keychain, name: ImageName, variables: tuple[str, str]) -> Keychain:
    """Return a keychain that prefers the login in two variables, if both are set."""
    login = [keychain.environment.get(variable, "") for variable in variables]
    if not all(login):
        return keychain
    environment = {**keychain.environment, **dict(zip((USERNAME, PASSWORD), login, strict=True))}
    return Keychain(registry=name.host, environment=environment)


def _helper_output(host: str, login: Credential) -> str:
    """Return a login in the output format of credential helpers."""
    username = _TOKEN_USER if login.is_token else login.username
    return json.dumps({"ServerURL": host, "Username": username, "Secret": login.password})


def _copy(source: Path, target: Path) -> None:
    """Copy a folder, with hard links if possible, as the files of an application are never modified."""
    target.mkdir()
    for path in source.iterdir():
        if path.is_dir():
            _copy(path, target / path.name)
            continue
        try:
            os.link(path, target / path.name)
        except OSError:
            shutil.copy(path, target / path.name)
