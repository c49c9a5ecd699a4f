"""The files of the chart `platform`."""

from __future__ import annotations

import json
from dataclasses import dataclass
from importlib import resources
from typing import Final

from semver import Version

from generator.chart.chart import ICON
from generator.chart.files import PAYLOAD, ChartFiles
from generator.chart.values import json_schema, rows
from generator.compatibility.matrix import SonataFlow, known_matrix
from generator.compatibility.supported import SONATAFLOW_ANNOTATION
from generator.delivery.argocd import IN_CLUSTER
from generator.delivery.installed_kinds import workflow_kinds
from generator.findings.errors import SettingsError
from generator.namespaces.database import user_script, user_statements
from generator.namespaces.policies import TO_RHDH, TO_SERVICES, TO_WORKFLOWS, WORKFLOW_NAMESPACE
from generator.platform.operators import PlatformOperator, platform_operators
from generator.platform.values import DATABASE, NODE_PORT, OPERATOR_OF_KIND, STAGES, Profile, platform_values
from generator.text import templates
from generator.versions.ranges import parse_loose

#: The chart, and the folder that it lies in.
PLATFORM: Final = "platform"
#: Says in Chart.yaml which profile a chart was written for; a chart without it is none of ours.
PROFILE_ANNOTATION: Final = "waybill/platform-profile"
#: The manifest of the Knative operator that a kind cluster gets.
_KNATIVE: Final = "https://github.com/knative/operator/releases/download/knative-v1.18.1/operator.yaml"
#: The templates that only some profiles have.
_OF_SOME: Final[dict[str, tuple[Profile, ...]]] = {
    "operators.yaml": ("openshift",),
    "rhdh.yaml": ("openshift",),
    "namespaces.yaml": ("openshift", "kind"),
    "knative.yaml": ("openshift", "kind"),
}
_OF_ALL: Final = (
    "NOTES.txt",
    "_helpers.tpl",
    "broker.yaml",
    "database-jobs.yaml",
    "gitops.yaml",
    "guard.yaml",
    "networkpolicies.yaml",
    "postgresql.yaml",
    "sonataflowplatform.yaml",
)
_KIND: Final = ("kind/cluster.yaml", "kind/operators/kustomization.yaml")
#: All files that any profile has: those that another profile had go.
KNOWN_FILES: Final = frozenset({f"templates/{name}" for name in (*_OF_SOME, *_OF_ALL)} | {*_KIND})


@dataclass(frozen=True, kw_only=True)
class _Named:
    """What the template of values.yaml reads of a chart."""

    name: str


def platform_chart(profile: Profile, sonataflow: SonataFlow, version: str) -> ChartFiles:
    """Return the files of the chart for a profile and a SonataFlow.

    Raises:
        SettingsError: there is no platform for this SonataFlow.
    """
    operator = platform_operator(sonataflow)
    chart_values = platform_values(profile, operator)
    context = {
        "profile": profile,
        "operator": operator,
        "sonataflow": sonataflow.name,
        "version": version,
        "stages": STAGES.get(profile, ()),
        "database": DATABASE,
        "node_port": NODE_PORT,
        "operator_namespace": OPERATOR_OF_KIND,
        "knative": _KNATIVE,
        "kinds": sorted(workflow_kinds()),
        "in_cluster": IN_CLUSTER,
        "policies": {"services": TO_SERVICES, "workflows": TO_WORKFLOWS, "rhdh": TO_RHDH},
        "workflow_namespace": WORKFLOW_NAMESPACE,
        "icon": ICON,
        "annotations": {PROFILE_ANNOTATION: profile, SONATAFLOW_ANNOTATION: str(sonataflow.versions)},
        "rows": tuple(rows(chart_values)),
    }
    names = [*_OF_ALL, *(name for name, profiles in _OF_SOME.items() if profile in profiles)]
    paths = ["Chart.yaml", "README.md", *(f"templates/{name}" for name in names), *(_KIND if profile == "kind" else ())]
    texts = {path: templates.render(f"platform/{path}", **context) for path in paths}
    texts["values.yaml"] = templates.render(
        "chart/workflow/values.yaml", chart=_Named(name=PLATFORM), values=chart_values
    )
    schema = json_schema(PLATFORM, chart_values, switchable=False)
    # Helm hands it to every chart that is a dependency of another one.
    schema["properties"]["global"] = {"type": "object"}
    texts["values.schema.json"] = json.dumps(schema, indent=2, ensure_ascii=False) + "\n"
    return ChartFiles({path: text.encode() for path, text in {**texts, **_scripts()}.items()})


def _scripts() -> dict[str, str]:
    """The scripts of the Jobs; a namespace gets its user by that of waybill namespace add."""
    # No template: here-documents look like what delimits those.
    script = resources.files("generator.platform") / "scripts" / "create-database.sh"
    found = {
        "create-database.sh": script.read_text(encoding="utf-8"),
        "create-user.sh": user_script(),
        "database.sql": user_statements(),
    }
    return {f"{PAYLOAD}{name}": text for name, text in found.items()}


def platform_sonataflow(version: str | None) -> SonataFlow:
    """The SonataFlow that a person names by its name or by a version (`1.45`, `10.1.0`); the newest one for None.

    Raises:
        SettingsError: it is no version, or nothing is known of it.
    """
    matrix = known_matrix()
    if version is None:
        return matrix.newest
    named = next((flow for flow in matrix.sonataflows if flow.name == version), None)
    found = named or matrix.sonataflow(parse_loose(version, "--sonataflow", error=SettingsError))
    if found is None or found.name not in platform_operators():
        raise _unknown(version)
    return found


def platform_operator(sonataflow: SonataFlow) -> PlatformOperator:
    """What is known of a SonataFlow.

    Raises:
        SettingsError: nothing is.
    """
    operator = platform_operators().get(sonataflow.name)
    if operator is None:
        raise _unknown(sonataflow.name)
    return operator


def first_version(sonataflow: SonataFlow) -> str:
    """The version that a platform for a SonataFlow begins with: its own number, so that each has a line (`1.45.0`)."""
    return str(sonataflow.versions.first())


def is_of_line(version: str, sonataflow: SonataFlow) -> bool:
    """Whether a version of the chart is one for a SonataFlow."""
    return sonataflow.versions.holds(Version.parse(version).finalize_version())


def _unknown(version: str) -> SettingsError:
    return SettingsError(
        f"there is no platform for SonataFlow '{version}'; there is one for {', '.join(platform_operators())}"
    )
