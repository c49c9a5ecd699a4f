"""What the chart `platform` has to know of each SonataFlow: operators.yaml."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any

from generator.text.yaml_reader import parse


@dataclass(frozen=True, kw_only=True)
class PlatformOperator:
    """What a platform for one SonataFlow goes by.

    `fields` are those of the SonataFlowPlatform's spec that there are values for (`services.dataIndex`), `package`,
    `channel` and `starting_csv` what OpenShift's catalog has it as ("" where nobody says), `manifest` the address of
    what is applied on Kubernetes, and `image` and `tag` the operator's own image.
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
        """Whether the operator knows a field, or one below it."""
        return any(each == field or each.startswith(f"{field}.") for each in self.fields)


@cache
def platform_operators() -> Mapping[str, PlatformOperator]:
    """The SonataFlows that there is a platform for, by their names (`1.45`), oldest first."""
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
