"""The chart `platform` for tests: what an install has to be given, and values with everything switched on."""

from __future__ import annotations

from typing import Any

from generator.platform.operators import platform_operators
from generator.platform.values import PROFILES, Profile

#: Every profile with every SonataFlow.
CELLS: list[tuple[Profile, str]] = [(profile, name) for profile in PROFILES for name in platform_operators()]
IDS = [f"{profile}-{name}" for profile, name in CELLS]


def required(profile: Profile, name: str) -> dict[str, Any]:
    """The values that an install of a chart must be given."""
    given: dict[str, Any] = {"database": {"existingSecret": "mine"}}
    if profile == "openshift" and not platform_operators()[name].starting_csv:
        given["operators"] = {"serverlessLogic": {"startingCSV": "logic-operator-rhel8.v1.33.0"}}
    return given


def everything(profile: Profile, name: str) -> dict[str, Any]:
    """Values that switch everything on which goes together."""
    operator = platform_operators()[name]
    namespace: dict[str, Any] = {"name": "demo", "database": {"secret": "demo-database"}}
    given: dict[str, Any] = {
        "broker": {"enabled": True, "name": "default", "namespace": "events"},
        "database": {"password": "p", "create": True},
        "postgresql": {"enabled": True, "storageClass": "fast"},
        "networkPolicies": {"inRhdhNamespace": True},
        "namespaces": [namespace, {"name": "plain"}],
        "gitops": {"enabled": True, "sourceRepos": ["https://git.example/config.git"]},
        "imagePullSecrets": [{"name": "pull"}],
        "commonLabels": {"team": "a", "number": 20241201},
        "commonAnnotations": {"note": "b"},
        "platform": _platform(name) | ({} if profile == "existing" else {"quota": True}),
    }
    if profile != "existing":
        namespace["create"] = True
    if profile == "openshift":
        csv = {"startingCSV": operator.starting_csv or "logic-operator-rhel8.v1.33.0"}
        given["operators"] = {"serverlessLogic": csv, "rhdh": {"enabled": True}, "orchestrator": {"enabled": True}}
        given["rhdh"] = {"enabled": True, "secrets": ["s"], "appConfigs": ["a"], "dynamicPlugins": "d"}
    return given


def _platform(name: str) -> dict[str, Any]:
    operator = platform_operators()[name]
    given: dict[str, Any] = {"build": {"resources": {"limits": {"cpu": "1"}}, "timeout": "5m", "arguments": ["-q"]}}
    if operator.has("build.template"):
        given["build"] = {"config": {"registry": {"address": "quay.io"}}, "template": {"timeout": "5m"}}
    if operator.has("services"):
        service = {"databaseSchema": "s", "podTemplate": {"replicas": 2, "container": {"image": "quay.io/a/b:1"}}}
        names = [each for each in ("dataIndex", "jobService") if operator.has(f"services.{each}")]
        given["services"] = dict.fromkeys(names, service)
    if operator.has("properties"):
        given["properties"] = {"flow": [{"name": "quarkus.log.level", "value": "INFO"}]}
        given["monitoring"] = {"enabled": True}
    return given
