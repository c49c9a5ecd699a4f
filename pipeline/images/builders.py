"""What builds images: one entry a builder, loaded where it is used."""

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
    """A kind of builder: how to connect with it, and whether that is worth trying, at no cost."""

    connect: Callable[[Mapping[str, str], PushedImages, threading.Event], AbstractContextManager[ImageBuilder]]
    may_answer: Callable[[Mapping[str, str]], bool]


def _docker(
    environment: Mapping[str, str], pushed: PushedImages, stop: threading.Event
) -> AbstractContextManager[ImageBuilder]:
    from pipeline.images import docker  # noqa: PLC0415 - what a build without images does not pay

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
    """Return the builder that the settings name, as a context: what it keeps for itself goes at its end.

    Raises:
        NoEngineError: it does not answer; with where it was looked for, and how to start one.
    """
    return KINDS[settings.engine].connect(environment, pushed, stop)


def may_answer(settings: Settings, environment: Mapping[str, str]) -> bool:
    """Return whether the builder that the settings name may be at hand."""
    return KINDS[settings.engine].may_answer(environment)


def may_make_images(settings: Settings, environment: Mapping[str, str]) -> bool:
    """Return whether a build may make images: they were asked for, or what builds them may be at hand."""
    return settings.images in ("build", "push") or (settings.images == "auto" and may_answer(settings, environment))
