"""Generates the files of the chart `platform`."""

from __future__ import annotations

import json
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

#: The name of the chart and of its folder.
PLATFORM: Final = "platform"
#: The annotation in Chart.yaml with the profile; waybill did not write a chart without it.
PROFILE_ANNOTATION: Final = "waybill/platform-profile"
#: The manifest of the Knative operator for a kind cluster.
_KNATIVE: Final = "https://github.com/knative/operator/releases/download/knative-v1.18.1/operator.yaml"
#: The templates of some profiles only.
_PROFILE_TEMPLATES: Final[dict[str, tuple[Profile, ...]]] = {
    "operators.yaml": ("openshift",),
    "rhdh.yaml": ("openshift",),
    "namespaces.yaml": ("openshift", "kind"),
    "knative.yaml": ("openshift", "kind"),
}
_COMMON_TEMPLATES: Final = (
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
_KIND_FILES: Final = ("kind/cluster.yaml", "kind/operators/kustomization.yaml")
#: The files of all profiles: those that the chart's profile does not have are deleted.
KNOWN_FILES: Final = frozenset(
    {f"templates/{name}" for name in (*_PROFILE_TEMPLATES, *_COMMON_TEMPLATES)} | {*_KIND_FILES}
)


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
    names = [*_COMMON_TEMPLATES, *(name for name, profiles in _PROFILE_TEMPLATES.items() if profile in profiles)]
    paths = [
        "Chart.yaml",
        "README.md",
        *(f"templates/{name}" for name in names),
        *(_KIND_FILES if profile == "kind" else ()),
    ]
    texts = {path: templates.render(f"platform/{path}", **context) for path in paths}
    texts["values.yaml"] = templates.render("chart/workflow/values.yaml", chart={"name": PLATFORM}, values=chart_values)
    schema = json_schema(PLATFORM, chart_values, switchable=False)
    # Helm hands it to every chart that is a dependency of another one.
    schema["properties"]["global"] = {"type": "object"}
    texts["values.schema.json"] = json.dumps(schema, indent=2, ensure_ascii=False) + "\n"
    return ChartFiles({path: text.encode() for path, text in {**texts, **_scripts()}.items()})


def _scripts() -> dict[str, str]:
    """Return the scripts of the Jobs; create-user.sh is that of `waybill namespace add`."""
    # Not a Jinja template: here-documents look like its delimiters.
    script = resources.files("generator.platform") / "scripts" / "create-database.sh"
    found = {
        "create-database.sh": script.read_text(encoding="utf-8"),
        "create-user.sh": user_script(),
        "database.sql": user_statements(),
    }
    return {f"{PAYLOAD}{name}": text for name, text in found.items()}


def platform_sonataflow(version: str | None) -> SonataFlow:
    """Return the SonataFlow with a name or a version (`1.45`, `10.1.0`), or the newest one for None.

    Raises:
        SettingsError: the text is not a version, or there is no platform for it.
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
    """Return the facts about a SonataFlow's operator.

    Raises:
        SettingsError: there is no platform for this SonataFlow.
    """
    operator = platform_operators().get(sonataflow.name)
    if operator is None:
        raise _unknown(sonataflow.name)
    return operator


def first_version(sonataflow: SonataFlow) -> str:
    """Return the first chart version for a SonataFlow (`1.45.0`); each SonataFlow has its own line of versions."""
    return str(sonataflow.versions.first())


def is_of_line(version: str, sonataflow: SonataFlow) -> bool:
    """Whether a version of the chart is for a SonataFlow."""
    return sonataflow.versions.holds(Version.parse(version).finalize_version())


def _unknown(version: str) -> SettingsError:
    return SettingsError(
        f"there is no platform for SonataFlow '{version}'; there is one for {', '.join(platform_operators())}"
    )
