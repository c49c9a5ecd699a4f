"""What builds images: one entry a builder, loaded where it is used."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
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

    connect: Callable[[Mapping[str, str], PushedImages, threading.Event], ImageBuilder]
    may_answer: Callable[[Mapping[str, str]], bool]


def _docker(environment: Mapping[str, str], pushed: PushedImages, stop: threading.Event) -> ImageBuilder:
    from pipeline.images import docker  # noqa: PLC0415 - what a build without images does not pay

    return docker.connect(environment, keychain=pushed.keychain, digest_of=pushed.digest_of, stop=stop)


KINDS: Final[Mapping[str, BuilderKind]] = {"docker": BuilderKind(connect=_docker, may_answer=engine_may_answer)}


def connect(
    settings: Settings, environment: Mapping[str, str], *, pushed: PushedImages, stop: threading.Event
) -> ImageBuilder:
    """Return the builder that the settings name.

    Raises:
        NoEngineError: it does not answer; with where it was looked for, and how to start one.
    """
    return KINDS[settings.engine].connect(environment, pushed, stop)


def may_answer(settings: Settings, environment: Mapping[str, str]) -> bool:
    """Whether the builder that the settings name may be at hand."""
    return KINDS[settings.engine].may_answer(environment)


def may_make_images(settings: Settings, environment: Mapping[str, str]) -> bool:
    """Whether a build may make images: they were asked for, or what builds them may be at hand."""
    return settings.images in ("build", "push") or (settings.images == "auto" and may_answer(settings, environment))
