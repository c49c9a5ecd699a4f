"""The registry of image builders, which are loaded on use."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from pipeline.images.endpoints import may_answer as engine_may_answer
from pipeline.workspace.settings import Settings

if TYPE_CHECKING:
    from pipeline.images.image import ImageBuilder
    from pipeline.images.pushed import PushedImages


@dataclass(frozen=True, kw_only=True)
class BuilderKind:
    """A kind of builder: how to connect to it, and a cheap check whether that may succeed."""

    connect: Callable[[Mapping[str, str], PushedImages, threading.Event], AbstractContextManager[ImageBuilder]]
    may_answer: Callable[[Mapping[str, str]], bool]


def _docker(
    environment: Mapping[str, str], pushed: PushedImages, stop: threading.Event
) -> AbstractContextManager[ImageBuilder]:
    from pipeline.images import docker  # noqa: PLC0415 - not loaded by a build without images

    engine = docker.connect(environment, keychain=pushed.keychain, digest_of=pushed.digest_of, stop=stop)
    return nullcontext(engine)


def _jib(_: Mapping[str, str], pushed: PushedImages, stop: threading.Event) -> AbstractContextManager[ImageBuilder]:
    from pipeline.images.jib import JibBuilder  # noqa: PLC0415 - as above

    return JibBuilder(keychain=pushed.keychain, connect=pushed.registry, stop=stop)


KINDS: Final[Mapping[str, BuilderKind]] = {
    "docker": BuilderKind(connect=_docker, may_answer=engine_may_answer),
    "jib": BuilderKind(connect=_jib, may_answer=lambda _: True),
}


def connect(
    settings: Settings, environment: Mapping[str, str], *, pushed: PushedImages, stop: threading.Event
) -> AbstractContextManager[ImageBuilder]:
    """Return the builder in the settings, as a context manager that releases its resources.

    Raises:
        NoEngineError: it does not respond; the message says where waybill looked, and how to start one.
    """
    return KINDS[settings.engine].connect(environment, pushed, stop)


def may_answer(settings: Settings, environment: Mapping[str, str]) -> bool:
    """Return whether the builder in the settings may be available."""
    return KINDS[settings.engine].may_answer(environment)


def may_make_images(settings: Settings, environment: Mapping[str, str]) -> bool:
    """Return whether a build may make images: by its settings, or as a builder may be available."""
    return settings.images in ("build", "push") or (settings.images == "auto" and may_answer(settings, environment))
