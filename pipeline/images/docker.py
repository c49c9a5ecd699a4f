"""Builds images with a container engine that serves the Docker API, through the Docker SDK for Python."""

from __future__ import annotations

import random
import re
import tarfile
import tempfile
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, Final, cast

from generator.image.dockerfile import base_images
from generator.image.recipe import ImageRecipe
from pipeline.images import oci_archive
from pipeline.images.context import DOCKERFILE, BuildContext
from pipeline.images.credentials import Keychain
from pipeline.images.errors import ImageError, LoginError, RegistryError
from pipeline.images.image import ImageBuild, LocalImage, Log
from pipeline.images.image_name import read_image_name
from pipeline.images.progress import Progress, readable

if TYPE_CHECKING:
    from pipeline.images.docker_client import Client, Message

#: The number of last log lines in the error of a failed build.
_SHOWN: Final = 40
#: The command of a failed step in the engine's error, and the number of its characters to show.
_SCRIPT: Final = re.compile(r"The command '(.*)' returned", re.DOTALL)
_SHOWN_COMMAND: Final = 80
#: The attempts at a push or pull, and the first and longest pause between them in seconds.
_ATTEMPTS: Final = 6
_FIRST_PAUSE: Final = 1.0
_LONGEST_PAUSE: Final = 20.0
#: The folder of the application in workflow images.
_APPLICATION: Final = "deployments"

# The engine returns a registry's error as text: docker/distribution, registry/client/errors.go and errcode.
_REFUSED: Final = re.compile(
    r"unauthorized|denied|authentication required|no basic auth credentials|insufficient.scope|\b40[13]\b",
    re.IGNORECASE,
)
_PASSING: Final = re.compile(
    r"\b5\d\d\b|\b429\b|too ?many ?requests|connection (?:reset|refused)|broken pipe|\bEOF\b|i/o timeout"
    r"|TLS handshake timeout|Client\.Timeout|deadline exceeded|server closed|upload (?:unknown|invalid)",
    re.IGNORECASE,
)


def connect(
    environment: Mapping[str, str],
    *,
    keychain: Keychain,
    digest_of: Callable[[str], str],
    stop: threading.Event | None = None,
) -> DockerEngine:
    """Connect to the container engine of DOCKER_HOST, a Docker context, or a known socket.

    `digest_of` asks a registry for the digest of REPOSITORY:TAG. When `stop` is set, the engine's current work ends.

    Raises:
        NoEngineError: no engine responds; the message says where waybill looked, and how to start one.
    """
    from pipeline.images.docker_client import connected  # noqa: PLC0415 - 200 ms, only for an engine

    return DockerEngine(connected(environment), keychain=keychain, digest_of=digest_of, stop=stop)


class DockerEngine:
    """An `ImageBuilder` that uses a container engine."""

    def __init__(
        self,
        client: Client,
        *,
        keychain: Keychain,
        digest_of: Callable[[str], str],
        stop: threading.Event | None = None,
        pause: Callable[[float], None] | None = None,
    ) -> None:
        self._client = client
        self._keychain = keychain
        self._digest_of = digest_of
        self._stop = stop or threading.Event()
        self._pause = pause or self._wait

    def missing(self, recipe: ImageRecipe) -> str:
        """Return which images a build without pulling would miss and how to get them, or "" if none.

        Raises:
            ImageError: the engine does not respond.
        """
        images = base_images(recipe.dockerfile, recipe.all_arguments)
        return _missing([image for image in images if not self.has(image)])

    def build(self, order: ImageBuild, log: Log) -> LocalImage:
        """Build an image and tag it with the order's reference.

        Raises:
            ImageError: a file has changed, a base image is missing, or the build failed.
            RegistryError: a base image cannot be pulled.
        """
        recipe = order.recipe
        for reference in base_images(recipe.dockerfile, recipe.all_arguments):
            self._ensure_base_image(reference, order, log)
        context = BuildContext(dockerfile=recipe.dockerfile, files=order.files, digests=recipe.context)
        log(f"build context: {len(order.files)} files, {readable(context.size)}")
        with self._errors(f"{order.reference} was not built"):
            messages = self._client.build(
                # requests sends an iterator of bytes in chunks.
                fileobj=cast("IO[bytes]", self._until_stopped(context.chunks())),
                custom_context=True,
                dockerfile=DOCKERFILE,
                tag=order.reference,
                buildargs=dict(recipe.all_arguments),
                labels=dict(order.labels),
                platform=order.recipe.platform or None,
                rm=True,
                forcerm=True,
                decode=True,
            )
            with self._client.stoppable(self._stop):
                built = _built(order.reference, messages, log)
            self._check_stop(order.reference)
            about = self._client.about(built or order.reference)
        return LocalImage(reference=order.reference, id=about["Id"], size=about["Size"])

    def has(self, reference: str) -> bool:
        """Return whether the engine has an image.

        Raises:
            ImageError: the engine does not respond.
        """
        return self._about(reference) is not None

    def labels(self, reference: str) -> Mapping[str, str]:
        """Return the labels of an image, or none if the engine does not have it.

        Raises:
            ImageError: the engine does not respond.
        """
        about = self._about(reference) or {}
        return (about.get("Config") or {}).get("Labels") or {}

    def pull(self, reference: str, log: Log, *, platform: str | None = None) -> None:
        """Pull an image.

        Raises:
            RegistryError: the registry refused, or did not respond.
        """

        def ask(login: Mapping[str, str]) -> Iterable[Message]:
            messages: Iterable[Message] = self._client.pull(
                _pullable(reference), stream=True, decode=True, auth_config=dict(login), platform=platform
            )
            return messages

        log(f"pulling {reference}")
        self._transfer("pull", reference, ask, log)

    def push(self, image: LocalImage, references: tuple[str, ...], log: Log) -> str:
        """Push an image under each of `references` (REPOSITORY:TAG, one repository).

        Returns the digest that the registry serves under the first, as an engine may push another manifest than its
        own.

        Raises:
            RegistryError: the registry refused, or did not respond; the message lists the references that were pushed.
        """
        pushed: list[str] = []
        for reference in references:
            try:
                self._push(image, reference, log)
            except RegistryError as error:
                if not pushed:
                    raise
                raise type(error)(f"{error}; pushed before that: {', '.join(pushed)}") from error
            pushed.append(reference)
        return self._digest_of(references[0])

    @contextmanager
    def application(self, image: LocalImage) -> Iterator[Path]:
        """Copy `/deployments` of an image to a temporary folder, which is removed at the end.

        Raises:
            ImageError: the image cannot be read.
        """
        with tempfile.TemporaryDirectory(prefix="waybill-image-") as name:
            with self._errors(f"/{_APPLICATION} of {image.reference} cannot be read"):
                # It never starts, but the API requires a command if the image has none.
                container = self._client.create_container(image.id, command=["none"])["Id"]
                try:
                    content, _ = self._client.get_archive(container, f"/{_APPLICATION}")
                    with self._client.stoppable(self._stop):
                        _extract(content, Path(name))
                finally:
                    self._client.remove_container(container, force=True, v=True)
            yield Path(name) / _APPLICATION

    def save(self, image: LocalImage, path: Path) -> None:
        """Write an image as an OCI archive (a tar of an OCI image layout).

        Raises:
            ImageError: the archive cannot be written, or the engine exports another format and skopeo is not on PATH.
        """
        with (
            self._errors(f"{image.reference} was not saved as {path}"),
            tempfile.TemporaryDirectory(prefix="waybill-image-", dir=path.absolute().parent) as name,
        ):
            exported = Path(name) / "image.tar"
            parts = self._client.get_image(image.reference)
            with self._client.stoppable(self._stop), exported.open("wb") as file:
                for part in parts:
                    file.write(part)
            self._check_stop(image.reference)
            oci_archive.from_engine(exported, image.reference).replace(path)

    def _about(self, reference: str) -> Mapping[str, Any] | None:
        from docker.errors import ImageNotFound  # noqa: PLC0415 - loaded already: there is a client

        with self._errors(f"{reference} cannot be looked up"):
            try:
                return self._client.about(_pullable(reference))
            except ImageNotFound:
                return None

    def _ensure_base_image(self, reference: str, order: ImageBuild, log: Log) -> None:
        """Make sure that the engine has a base image: in a build, it would pull without a login."""
        if self.has(reference):
            return
        if not order.pull:
            raise ImageError(f"{order.reference} was not built: {_missing([reference])}")
        self.pull(reference, log, platform=order.recipe.platform or None)

    def _push(self, image: LocalImage, reference: str, log: Log) -> None:
        repository, _, tag = reference.rpartition(":")

        def ask(login: Mapping[str, str]) -> Iterable[Message]:
            messages: Iterable[Message] = self._client.push(
                repository, tag=tag, stream=True, decode=True, auth_config=dict(login)
            )
            return messages

        for attempt in range(1, _ATTEMPTS + 1):
            with self._errors(f"{reference} was not tagged"):
                self._client.tag(image.id, repository, tag)
            log(f"pushing {reference}")
            self._transfer("push", reference, ask, log)
            if (self._about(reference) or {}).get("Id") == image.id:
                log(f"pushed {reference}")
                return
            # The engine pushes whatever has the tag, and a parallel waybill may move it by building the same workflow.
            # Without a pause, the two could take turns forever.
            self._pause_after(attempt, f"another build has taken the tag {reference}", log)
        raise RegistryError(f"{reference}: other builds keep taking the tag; push again when they are done")

    def _transfer(
        self, what: str, reference: str, ask: Callable[[Mapping[str, str]], Iterable[Message]], log: Log
    ) -> None:
        """Pull or push, with retries after temporary errors."""
        name = read_image_name(reference)
        lookup = self._keychain.find(name.host, name.repository)
        login = lookup.credential.auth_config if lookup.credential else {}
        for attempt in range(1, _ATTEMPTS + 1):
            failed = self._attempt(reference, ask, login, log)
            if failed is None:
                return
            failed = _without_secrets(failed, login)
            place = f"{name.host}: {what} of {name.repository}"
            if _REFUSED.search(failed):
                advice = f"run docker login {name.host} with a user who may do this"
                raise LoginError(f"{place} refused: {failed}; {lookup}; {advice}")
            if attempt == _ATTEMPTS or not _PASSING.search(failed):
                times = f" {attempt} times" if attempt > 1 else ""
                raise RegistryError(f"{place} failed{times}: {failed}")
            self._pause_after(attempt, failed, log)

    def _pause_after(self, attempt: int, failed: str, log: Log) -> None:
        """Wait before the next attempt, longer each time, with jitter."""
        seconds = min(_LONGEST_PAUSE, _FIRST_PAUSE * 2 ** (attempt - 1)) * random.uniform(0.5, 1)  # noqa: S311 - no secret
        log(f"{failed}; again in {seconds:.1f} seconds")
        self._pause(seconds)
        self._check_stop(failed)

    def _attempt(
        self, reference: str, ask: Callable[[Mapping[str, str]], Iterable[Message]], login: Mapping[str, str], log: Log
    ) -> str | None:
        """Make one attempt; return the error of the registry or the engine, or None."""
        from docker.errors import APIError  # noqa: PLC0415 - loaded already: there is a client

        progress = Progress()
        with self._errors(reference):
            try:
                messages = ask(login)
            except APIError as error:
                return str(error.explanation or error)
            with self._client.stoppable(self._stop):
                for message in messages:
                    if failed := _failure(message):
                        return failed
                    for line in progress.lines(message):
                        log(line)
            self._check_stop(reference)
        return None

    def _until_stopped(self, chunks: Iterator[bytes]) -> Iterator[bytes]:
        for chunk in chunks:
            self._check_stop("the build")
            yield chunk

    def _check_stop(self, what: str) -> None:
        if self._stop.is_set():
            raise ImageError(f"{what}: stopped")

    def _wait(self, seconds: float) -> None:
        self._stop.wait(seconds)

    @contextmanager
    def _errors(self, doing: str) -> Iterator[None]:
        """Convert errors as `engine_errors` does, but report a request that `stop` ended as stopped."""
        from pipeline.images.docker_client import engine_errors  # noqa: PLC0415 - loaded already: there is a client

        try:
            with engine_errors(doing):
                yield
        except ImageError:
            self._check_stop(doing)
            raise


def _built(reference: str, messages: Iterable[Message], log: Log) -> str | None:
    """Pass a build's messages to `log`; return the image's id if the engine reports it, else None.

    Raises:
        ImageError: the build failed; the error has the end of its log.
    """
    progress = Progress()
    last: deque[str] = deque(maxlen=_SHOWN)
    built = None

    def show(lines: Iterator[str]) -> None:
        for line in lines:
            last.append(line)
            log(line)

    for message in messages:
        show(progress.lines(message))
        if failed := _failure(message):
            show(progress.rest())
            raise ImageError(f"{reference} was not built: {failed}", log=tuple(last))
        aux = message.get("aux")
        built = aux.get("ID", built) if isinstance(aux, dict) else built
    show(progress.rest())
    return built


def _missing(images: Sequence[str]) -> str:
    """Return a message about images that the engine does not have and how to get them, or "" for none."""
    if not images:
        return ""
    commands = " and ".join(f"docker pull {image}" for image in images)
    return f"the container engine does not have {' and '.join(images)}; run {commands}, or build with --images build"


def _failure(message: Message) -> str | None:
    """Return the error in a message of the engine, or None."""
    detail = message.get("errorDetail")
    text = (detail.get("message") if isinstance(detail, dict) else None) or message.get("error")
    return _SCRIPT.sub(_shortened, " ".join(str(text).split())) if text else None


def _shortened(command: re.Match[str]) -> str:
    """Return a failed step's command, which may be a whole script, shortened for a message."""
    text = command[1]
    return f"The command '{text if len(text) <= _SHOWN_COMMAND else f'{text[:_SHOWN_COMMAND]}…'}' returned"


def _without_secrets(text: str, login: Mapping[str, str]) -> str:
    """Return a text without a login's secrets, which a registry may repeat."""
    for key, value in login.items():
        if value and key != "username":
            text = text.replace(value, "***")
    return text


def _pullable(reference: str) -> str:
    """Return a reference that every engine accepts: old engines refuse a tag with a digest, so the tag is dropped."""
    named, at, digest = reference.partition("@")
    repository, colon, tag = named.rpartition(":")
    return f"{repository}@{digest}" if at and colon and "/" not in tag else reference


def _extract(content: Iterable[bytes], folder: Path) -> None:
    """Unpack a tar from the engine; nothing is written outside `folder`."""
    with tempfile.TemporaryFile() as file:
        for part in content:
            file.write(part)
        file.seek(0)
        try:
            with tarfile.open(fileobj=file) as archive:
                archive.extractall(folder, filter="data")
        except tarfile.TarError as error:
            raise ImageError(f"/{_APPLICATION} of the image cannot be unpacked: {error}") from error
