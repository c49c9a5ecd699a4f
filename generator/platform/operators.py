"""Reads operators.yaml: the facts about each SonataFlow that the chart `platform` needs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any

from generator.text.yaml_reader import parse


@dataclass(frozen=True, kw_only=True)
class PlatformOperator:
    """The facts about the operator of one SonataFlow.

    `fields` are the fields of the SonataFlowPlatform's spec for which the chart has values (`services.dataIndex`).
    `package`, `channel` and `starting_csv` name the operator in OpenShift's catalog ("" if unknown), `manifest` is the
    URL of its manifest for Kubernetes, and `image` and `tag` are its own image.
    """

    fields: frozenset[str]
    cluster_platform: bool
    package: str
    channel: str
    starting_csv: str
    manifest: str
    image: str
    tag: str

    def has(self, field: str) -> bool:
        """Whether the operator has a field, or one below it."""
        return any(each == field or each.startswith(f"{field}.") for each in self.fields)


@cache
def platform_operators() -> Mapping[str, PlatformOperator]:
    """Return the SonataFlows for which there is a platform, by their names (`1.45`), oldest first."""
    data = (resources.files("generator.platform") / "operators.yaml").read_bytes()
    content = parse(data, "operators.yaml (of the platform)").root.plain()
    return {str(name): _operator(each) for name, each in content.items()}


def _operator(content: Mapping[str, Any]) -> PlatformOperator:
    return PlatformOperator(
        fields=frozenset(content["fields"]),
        cluster_platform=content["clusterPlatform"],
        package=content["package"],
        channel=content["channel"],
        starting_csv=content["startingCSV"],
        manifest=content["manifest"],
        image=content["image"],
        tag=content["tag"],
    )
