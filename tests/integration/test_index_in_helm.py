"""What waybill writes into an index, Helm 3 and 4 read: all of it, and as it was written."""

from __future__ import annotations

import json
import re
import tempfile
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from generator.findings.errors import FindingsError
from pipeline.charts.archive import Package, package
from pipeline.charts.index import EMPTY, Index, add, deprecate, merge, packages_at, parse_index, render
from tests.conftest import Helm, HelmRefusal

NOW = datetime(2026, 3, 4, 5, 6, 7, tzinfo=UTC)


def searched(helm: Helm, index: bytes) -> list[dict[str, str]]:
    """What `helm search repo` finds in an index that `helm repo add` has fetched; all versions.

    Raises:
        HelmRefusal: Helm takes the index for corrupt, or leaves an entry out.
    """
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "r-index.yaml").write_bytes(index)
        known = {"apiVersion": "v1", "repositories": [{"name": "r", "url": "https://charts.example"}]}
        (folder / "repositories.yaml").write_text(json.dumps(known), encoding="utf-8")
        where = ["--repository-config", str(folder / "repositories.yaml"), "--repository-cache", name]
        # Helm says so on standard error, and goes on.
        done = helm.run("search", "repo", "--versions", "--devel", "-o", "json", *where, both=True)
    found = re.search(r"^\[.*\]$", done, re.MULTILINE)
    if "corrupt or missing" in done or "error loading" in done or "skipping loading" in done or found is None:
        raise HelmRefusal(done)
    listed: list[dict[str, str]] = json.loads(found[0])
    return listed


#: What somebody writes without quotes and Helm's YAML takes for something else than a string, or might.
scalars = st.sampled_from(
    [
        *("1.16", "392065e2", "1e3", "010", "0o17", "0x1F", "0b11", "1_000", "+1", "5.", ".5", "-0", "1:30"),
        *("12345678901234567890", "true", "False", "yes", "NO", "on", "Off", "y", "N", "2026-01-01", "1.2.3", "v1"),
        *("=", "<x>"),
    ]
)
texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=10)
quoted = texts.map(lambda text: yaml.safe_dump(text, default_style='"', width=2**30).strip())
values = scalars | quoted


@st.composite
def charts(draw: st.DrawFn) -> str:
    """The fields of a Chart.yaml beside name and version, as text."""
    lines = [f"{key}: {draw(values)}" for key in ("description", "home", "icon", "kubeVersion") if draw(st.booleans())]
    lines += [f"appVersion: {draw(scalars)}"]
    if draw(st.booleans()):
        lines += ["keywords:", *(f"- {draw(values)}" for _ in range(2))]
        lines += ["annotations:", *(f"  {key}: {draw(values)}" for key in ("a", "example.org/b"))]
        lines += ["maintainers:", f"- name: {draw(values)}", f"  email: {draw(values)}"]
        lines += ["dependencies:", f"- name: x\n  version: {draw(scalars)}\n  repository: {draw(values)}"]
        lines += [f"deprecated: {draw(st.sampled_from(['true', 'false', 'yes', 'off']))}", "mine: 1"]
    return "\n".join(lines)


def packed(number: int, text: str) -> Package:
    chart = f"apiVersion: v2\nname: chart-{number}\nversion: 1.0.{number}\n{text}\n"
    return package({"Chart.yaml": chart.encode()}, f"chart-{number}")


def written(text: str) -> str:
    """The value of appVersion as the Chart.yaml has it."""
    found = re.search(r"^appVersion: (.*)$", text, re.MULTILINE)
    assert found
    return found[1]


@given(st.lists(charts(), min_size=1, max_size=20))
@settings(max_examples=30)
def test_helm_reads_every_chart_as_it_was_written(helm: Helm, texts: list[str]) -> None:
    packages = [packed(number, text) for number, text in enumerate(texts)]
    index = render(add(EMPTY, packages, created=NOW, url=packages_at("")))
    listed = {each["name"]: each["app_version"] for each in searched(helm, index)}
    assert listed == {f"r/chart-{number}": written(text) for number, text in enumerate(texts)}


@given(st.lists(charts(), min_size=1, max_size=20))
@settings(max_examples=30)
def test_helm_reads_every_entry_that_somebody_else_wrote_once_it_is_merged(helm: Helm, texts: list[str]) -> None:
    foreign = "apiVersion: v1\nentries:\n"
    for number, text in enumerate(texts):
        lines = (
            f"name: other-{number}\nversion: 1.0.{number}\ndigest: abc\nurls: [x.tgz]\n{text.replace('mine: 1', '')}"
        )
        fields = "".join(f"    {line}\n" for line in lines.splitlines() if line)
        foreign += f"  other-{number}:\n{fields.replace('    ', '  - ', 1)}"
    foreign += "generated: 2026-01-01T00:00:00Z\n"
    index = merge(
        add(EMPTY, [packed(0, "appVersion: 1.0.0")], created=NOW, url=packages_at("")),
        parse_index(foreign.encode(), "i"),
    )
    listed = {each["name"]: each["app_version"] for each in searched(helm, render(index))}
    others = {f"r/other-{number}": written(text) for number, text in enumerate(texts)}
    assert listed == {"r/chart-0": "1.0.0", **others}


ENTRY = "  - digest: abc\n    name: demo\n    urls: [demo.tgz]\n    version: 1.0.0\n"


def foreign(line: str) -> bytes:
    return f"apiVersion: v1\nentries:\n  demo:\n{ENTRY}    {line}\ngenerated: 2026-01-01T00:00:00Z\n".encode()


@pytest.mark.parametrize(
    "line", ["appVersion: 1.16", "annotations: {a: 1}", "keywords: [1e3]", "maintainers: [{name: on}]"]
)
def test_helm_refuses_a_whole_index_for_one_value_that_waybill_writes_as_a_string(helm: Helm, line: str) -> None:
    with pytest.raises(HelmRefusal, match="cannot unmarshal"):
        searched(helm, foreign(line))
    assert len(searched(helm, render(parse_index(foreign(line), "i")))) == 1


@pytest.mark.parametrize(
    "line", ["mine: x", "created: 2026-01-01", "keywords: a", "maintainers: [{name: a, mine: b}]", "annotations: [a]"]
)
def test_helm_refuses_a_whole_index_for_what_waybill_never_writes(helm: Helm, line: str) -> None:
    with pytest.raises(HelmRefusal, match="error loading"):
        searched(helm, foreign(line))
    with pytest.raises(FindingsError, match=r"demo 1\.0\.0: "):
        render(parse_index(foreign(line), "i"))


def test_helm_reads_an_index_in_json_with_fields_that_it_does_not_know(helm: Helm) -> None:
    entry: dict[str, Any] = {
        "name": "demo",
        "version": "1.0.0",
        "digest": "x",
        "urls": ["x"],
        "mine": 1,
        "appVersion": "1",
    }
    text = json.dumps({"apiVersion": "v1", "entries": {"demo": [entry]}, "generated": "2026-01-01T00:00:00Z"})
    index = add(parse_index(text.encode(), "i"), [packed(0, "appVersion: 1.16")], created=NOW, url=packages_at(""))
    assert [each["app_version"] for each in searched(helm, render(index))] == ["1.16", "1"]


def test_helm_finds_the_same_in_the_real_index_after_a_merge(shared: Path, helm: Helm) -> None:
    data = (shared / "corpus" / "index" / "index.yaml").read_bytes()
    before = searched(helm, data)
    known = parse_index(data, "index.yaml")
    index: Index = add(known, [packed(0, "appVersion: 1.16")], created=NOW, url=packages_at(""))
    after = searched(helm, render(index))
    assert [each for each in after if each["name"] != "r/chart-0"] == before
    assert len(after) == len(before) + 1 > 300
    assert len(searched(helm, render(deprecate(index, "mta-v7")))) == len(after)


def test_helm_finds_versions_with_a_v_before_them(helm: Helm) -> None:
    versions = ["v1.2.0", "1.3.0", "v1.10.0"]
    packages = [
        package({"Chart.yaml": f"apiVersion: v2\nname: demo\nversion: {version}\n".encode()}, "demo")
        for version in versions
    ]
    listed = searched(helm, render(add(EMPTY, packages, created=NOW, url=packages_at(""))))
    assert [each["version"] for each in listed] == ["v1.10.0", "1.3.0", "v1.2.0"]
