"""The recipe of a container image, and the image key derived from it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, kw_only=True)
class ImageRecipe:
    """The inputs of an image's build. Recipes with the same key build equivalent images."""

    name: str
    """The name of the workflow's or function's folder, which is the last part of the image's name."""
    dockerfile: bytes
    context: Mapping[str, str]
    """The SHA-256 in hexadecimal of each file except the Dockerfile, by path in the build context."""
    arguments: Mapping[str, str] = field(default_factory=dict)
    """Build arguments, without BUILDER_IMAGE and RUNTIME_IMAGE."""
    builder: str = ""
    """The builder image, with its digest if images.lock has one; empty if the Dockerfile names its own."""
    runtime: str = ""
    """The base image, likewise."""
    platform: str = ""
    """OS/ARCH, as in linux/arm64; empty for that of the build machine."""
    custom: bool = False
    """Whether an option or an environment variable overrode the committed settings."""

    @property
    def key(self) -> str:
        """The image key: the SHA-256 of context, Dockerfile, arguments, images and platform, in hexadecimal."""
        content = {
            "dockerfile": hashlib.sha256(self.dockerfile).hexdigest(),
            "context": dict(self.context),
            "arguments": self.all_arguments,
            **({"platform": self.platform} if self.platform else {}),
        }
        return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()

    @property
    def tag(self) -> str:
        """The tag derived from the content: `src-` and 12 digits of the key."""
        return f"src-{self.key[:12]}{'-custom' if self.custom else ''}"

    @property
    def all_arguments(self) -> dict[str, str]:
        """All build arguments for a container engine."""
        images = {"BUILDER_IMAGE": self.builder, "RUNTIME_IMAGE": self.runtime}
        return {**self.arguments, **{name: value for name, value in images.items() if value}}
