"""Versions that move, run as people run it: what real Helm says of the charts afterwards."""

from __future__ import annotations

from pathlib import Path

import yaml

from tests.conftest import Helm, Waybill

UMBRELLA = Path("charts/workflows")


def test_the_umbrella_is_whole_after_a_bump(repository: Path, waybill: Waybill, helm: Helm) -> None:
    assert waybill("build", "--all").code == 0
    done = waybill("bump", "greeting", "rc")
    assert done.code == 0, done.err
    umbrella = yaml.safe_load((repository / UMBRELLA / "Chart.yaml").read_bytes())
    assert {chart["name"]: chart["version"] for chart in umbrella["dependencies"]}["greeting"] == "0.1.1-rc.1"
    assert helm.lint(repository / UMBRELLA, {}) == []
    rendered = helm.render(repository / UMBRELLA, {"greeting": {"enabled": True}})
    assert "greeting" in [each["metadata"]["name"] for each in rendered if each["kind"] == "SonataFlow"]
    assert waybill("build", "greeting").code == 0
    assert waybill("build", "--all", "--check").code == 0
