"""Reads from a Makefile how the images of workflows were called."""

from __future__ import annotations

import re
from typing import Final

_VARIABLE: Final = re.compile(r"^([A-Z_]+)[ \t]*[?:]{0,2}=[ \t]*([^\s#$\"]+)[ \t]*(?:#.*)?$", re.MULTILINE)


def image_names(text: str) -> tuple[str, str]:
    """Return registry and prefix of the images (`quay.io/team`, `serverless-workflow-`); "" for what is not plain text.

    The variables are those of the workflows' own Makefiles: REGISTRY, REGISTRY_REPO and IMAGE_PREFIX.
    """
    variables = dict(_VARIABLE.findall(text))
    registry, namespace = variables.get("REGISTRY", ""), variables.get("REGISTRY_REPO", "")
    prefix = variables.get("IMAGE_PREFIX", "")
    return (f"{registry}/{namespace}" if registry and namespace else "", f"{prefix}-" if prefix else "")
