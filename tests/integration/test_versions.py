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


def test_a_build_moves_what_changed_as_far_as_it_asks_for_and_a_second_one_nothing(
    repository: Path, waybill: Waybill, helm: Helm
) -> None:
    words = ("build", "--all", "--bump", "auto", "--initial-version", "2.0.0")
    first = waybill(*words, "--json").json
    assert {chart["version"] for chart in (*first["charts"], first["umbrella"])} == {"2.0.0"}
    properties = repository / "workflows/greeting/application.properties"
    properties.write_text(f"{properties.read_text()}greeting.mood=${{MOOD}}\n")
    done = waybill(*words)
    assert done.code == 0, done.err
    assert "greeting 2.0.0 -> 3.0.0: needs the new value env.MOOD" in done.err
    before = {path: path.read_bytes() for place in ("charts", "dist") for path in (repository / place).rglob("*.*")}
    second = waybill(*words, "--json").json
    assert {chart["chart"]: chart["version"] for chart in (*second["charts"], second["umbrella"])} == {
        "escalation": "2.0.0",
        "greeting": "3.0.0",
        "workflows": "3.0.0",
    }
    assert {path: path.read_bytes() for path in before} == before
    assert helm.lint(repository / UMBRELLA, {}) == []
