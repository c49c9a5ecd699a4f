"""What a container image is built from, and the key that tells two images apart."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, kw_only=True)
class ImageRecipe:
    """All that an image is built from. Two recipes with one key make the same image, up to the bytes of its classes."""

    name: str
    """The last part of the image's name before the prefix of the settings: the workflow's folder, or the function's."""
    dockerfile: bytes
    context: Mapping[str, str]
    """Path in the build context to the SHA-256 of the file's bytes, in hexadecimal digits; without the Dockerfile."""
    arguments: Mapping[str, str] = field(default_factory=dict)
    """Build arguments, without BUILDER_IMAGE and RUNTIME_IMAGE."""
    builder: str = ""
    """The builder image; with its digest where images.lock has one. Empty where the Dockerfile names its own."""
    runtime: str = ""
    """The base of the image, in the same way."""
    platform: str = ""
    """OS/ARCH, as in linux/arm64; empty: that of what builds it."""
    custom: bool = False
    """Whether an option or a variable of the environment replaced what the committed settings say."""

    @property
    def key(self) -> str:
        """The image key: SHA-256 over context, Dockerfile, arguments, images and platform; 64 hexadecimal digits."""
        content = {
            "dockerfile": hashlib.sha256(self.dockerfile).hexdigest(),
            "context": dict(self.context),
            "arguments": self.all_arguments,
            **({"platform": self.platform} if self.platform else {}),
        }
        return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()

    @property
    def tag(self) -> str:
        """The tag that is derived from the content: `src-` and 12 digits of the key."""
        return f"src-{self.key[:12]}{'-custom' if self.custom else ''}"

    @property
    def all_arguments(self) -> dict[str, str]:
        """The build arguments as a container engine takes them."""
        images = {"BUILDER_IMAGE": self.builder, "RUNTIME_IMAGE": self.runtime}
        return {**self.arguments, **{name: value for name, value in images.items() if value}}
