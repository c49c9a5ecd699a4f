"""docs/troubleshooting.md names values of the charts, links to its entries, and applies what the CRDs have."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from generator.chart import values
from generator.compatibility.capabilities import newest_capabilities
from generator.kubernetes.objects import Database, ImageReference
from tests.conftest import ROOT

TEXT = (ROOT / "docs" / "troubleshooting.md").read_text(encoding="utf-8")
VALUES = values.workflow_values(
    capabilities=newest_capabilities(),
    image=ImageReference(repository="x"),
    database=Database(schema="x"),
    variables=[],
    secret_comments={},
)
#: Names that stand for those of any workflow.
EXAMPLES = {"secret.data.JIRA_API_TOKEN"}
GROUPS = "trustedCertificates|networkPolicy|persistence|secret|podTemplate"
OURS = re.compile(rf"(?:--set(?:-string)? '?|`)((?:{GROUPS})\.[\w.]*|properties(?==))")


def test_each_value_that_the_page_names_is_one_of_the_charts() -> None:
    named = set(OURS.findall(TEXT)) - EXAMPLES
    known = {row.path for row in values.rows(VALUES)}
    assert named > {"trustedCertificates.configMap", "persistence.serviceRef.namespace", "networkPolicy.enabled"}
    assert named - known == set()


def test_each_entry_is_in_the_list_at_the_top() -> None:
    headings = re.findall(r"^## (.+)$", TEXT, re.MULTILINE)
    assert re.findall(r"^- \[(.+)\]\(#(.+)\)$", TEXT, re.MULTILINE) == [
        (heading, re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-")) for heading in headings
    ]


def fits(content: Any, schema: dict[str, Any]) -> None:
    if isinstance(content, dict) and "properties" in schema:
        assert content.keys() <= schema["properties"].keys()
        for key, value in content.items():
            fits(value, schema["properties"][key])


@pytest.mark.parametrize(
    ("pattern", "crd"),
    [
        (r"```yaml\n(apiVersion: .*?kind: SonataFlowClusterPlatform.*?)```", "sonataflowclusterplatforms"),
        (r"-p '\n(spec:.*?)'\n```", "sonataflowplatforms"),
    ],
)
def test_what_is_to_be_applied_has_only_fields_of_the_crd(pattern: str, crd: str, shared: Path) -> None:
    match = re.search(pattern, TEXT, re.DOTALL)
    assert match
    content = yaml.safe_load(match[1])
    defined = yaml.safe_load((shared / "crds" / "main" / f"{crd}.yaml").read_text(encoding="utf-8"))
    fits(content, defined["spec"]["versions"][0]["schema"]["openAPIV3Schema"])
