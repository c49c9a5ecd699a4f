"""Reads the names of workflow images from a Makefile."""

from __future__ import annotations

import re
from typing import Final

_VARIABLE: Final = re.compile(r"^([A-Z_]+)[ \t]*[?:]{0,2}=[ \t]*([^\s#$\"]+)[ \t]*(?:#.*)?$", re.MULTILINE)


def image_names(text: str) -> tuple[str, str]:
    """Return the registry and the prefix of images, such as `quay.io/team` and `serverless-workflow-`.

    They are read from the variables REGISTRY, REGISTRY_REPO and IMAGE_PREFIX; "" if these are not literals.
    """
    variables = dict(_VARIABLE.findall(text))
    registry, namespace = variables.get("REGISTRY", ""), variables.get("REGISTRY_REPO", "")
    prefix = variables.get("IMAGE_PREFIX", "")
    return (f"{registry}/{namespace}" if registry and namespace else "", f"{prefix}-" if prefix else "")
