"""Packages and indexes, as real Helm reads them: from a file and over HTTP."""

from __future__ import annotations

import hashlib
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from tests.conftest import Helm, Waybill
from tests.file_server import serving


@pytest.fixture
def built(repository: Path, waybill: Waybill) -> Path:
    assert waybill("build", "--all").code == 0
    return repository / "dist"


def test_packages_are_byte_identical_from_run_to_run(built: Path, waybill: Waybill) -> None:
    chart = built.parent / "charts/workflows/charts/escalation"
    for out in ("one", "two"):
        assert waybill("package", chart, "-o", out).code == 0
    one, two = (built.parent / out / "escalation-0.1.0.tgz" for out in ("one", "two"))
    assert one.read_bytes() == two.read_bytes() == (built / one.name).read_bytes()


def test_helm_takes_each_package(built: Path, helm: Helm) -> None:
    for package in built.glob("*.tgz"):
        shown = yaml.safe_load(helm.run("show", "chart", str(package)))
        assert package.name == f"{shown['name']}-{shown['version']}.tgz"
        asked = {"requireEnv": False} if shown["name"] != "workflows" else {}
        rendered = helm.render(package, {**asked, "networkPolicy": {"enabled": True}})
        assert "NetworkPolicy" in [each["kind"] for each in rendered]


def test_the_index_says_what_helm_s_own_would(built: Path, helm: Helm) -> None:
    ours = yaml.safe_load((built / "index.yaml").read_text(encoding="utf-8"))["entries"]
    (built / "index.yaml").unlink()
    helm.run("repo", "index", str(built))
    theirs = yaml.safe_load((built / "index.yaml").read_text(encoding="utf-8"))["entries"]
    for entries in (*ours.values(), *theirs.values()):
        for entry in entries:
            entry.pop("created")
            for dependency in entry.get("dependencies", []):
                dependency.setdefault("repository", "")
    assert ours == theirs


@pytest.fixture
def served(built: Path) -> Iterator[str]:
    """The address of an HTTP server over dist/."""
    with serving(built) as url:
        yield url


def test_helm_repo_add_search_and_pull(
    served: str, built: Path, helm: Helm, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HELM_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.setenv("HELM_CACHE_HOME", str(tmp_path / "cache"))
    helm.run("repo", "add", "ours", served)
    found = yaml.safe_load(helm.run("search", "repo", "ours/", "-o", "yaml"))
    assert {(entry["name"], entry["version"], entry["app_version"]) for entry in found} >= {
        ("ours/greeting", "0.1.0", "1.0.0")
    }
    helm.run("pull", "ours/escalation", "-d", str(tmp_path))
    pulled = (tmp_path / "escalation-0.1.0.tgz").read_bytes()
    assert pulled == (built / "escalation-0.1.0.tgz").read_bytes()
    assert helm.run("template", "demo", "ours/greeting")


def test_an_index_over_packages_is_stable_and_dated_by_the_environment(built: Path, waybill: Waybill) -> None:
    (built / "index.yaml").unlink()
    words = ["index", "dist", "--url", "https://example.org/charts/"]
    assert waybill(*words, env={"SOURCE_DATE_EPOCH": "1700000000"}).code == 0
    first = (built / "index.yaml").read_bytes()
    entry = yaml.safe_load(first)["entries"]["greeting"][0]
    assert entry["urls"] == ["https://example.org/charts/greeting-0.1.0.tgz"]
    assert str(entry["created"]).startswith("2023-11-14")
    assert entry["digest"] == hashlib.sha256((built / "greeting-0.1.0.tgz").read_bytes()).hexdigest()
    assert waybill(*words, env={"SOURCE_DATE_EPOCH": "1800000000"}).code == 0
    assert (built / "index.yaml").read_bytes() == first


def entries_as_written(index: Path) -> dict[str, list[dict[str, object]]]:
    """The entries, with each scalar as its text."""
    content = yaml.load(index.read_text(encoding="utf-8"), yaml.CBaseLoader)  # noqa: S506 - it makes strings alone
    entries: dict[str, list[dict[str, object]]] = content["entries"]
    return entries


def test_a_real_index_is_merged_and_none_of_it_changes(shared: Path, built: Path, waybill: Waybill) -> None:
    published = shared / "corpus" / "index" / "index.yaml"
    before = entries_as_written(published)
    shutil.rmtree(built)
    shutil.rmtree(built.parent / "charts")
    assert waybill("build", "--all", "--initial-version", "9.0.0").code == 0
    (built / "index.yaml").unlink()
    assert waybill("index", "dist", "--merge", published).code == 0
    after = entries_as_written(built / "index.yaml")
    assert sum(map(len, before.values())) == 365
    for name, entries in before.items():
        kept = [entry for entry in after[name] if entry["version"] != "9.0.0"]
        assert sorted(map(repr, kept)) == sorted(map(repr, entries))
    assert {"escalation", "greeting", "workflows"} <= after.keys()
    shutil.copy(built / "index.yaml", built.parent / "once.yaml")
    assert waybill("index", "dist", "--merge", published).code == 0
    assert (built / "index.yaml").read_bytes() == (built.parent / "once.yaml").read_bytes()


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04", b"\x1f\x8b\x08\x00broken"])
def test_a_broken_package_is_named_and_the_index_stays(content: bytes, built: Path, waybill: Waybill) -> None:
    before = (built / "index.yaml").read_bytes()
    (built / "broken-1.0.0.tgz").write_bytes(content)
    done = waybill("index", "dist")
    assert done.code == 1
    assert "dist/broken-1.0.0.tgz: error: not a chart package" in done.err
    assert (built / "index.yaml").read_bytes() == before


@pytest.mark.parametrize("content", ["[]", "entries: 1", "entries: {a: b}", "{", "a: *b"])
def test_a_broken_index_is_named_and_stays(content: str, built: Path, waybill: Waybill) -> None:
    (built / "index.yaml").write_text(content, encoding="utf-8")
    for words in (["index", "dist"], ["build", "greeting"]):
        done = waybill(*words)
        assert done.code == 1
        assert "dist/index.yaml" in done.err
    assert (built / "index.yaml").read_text(encoding="utf-8") == content


@pytest.mark.parametrize("percent", [0, 1, 30, 45, 75, 85, 95, 99])
def test_an_index_that_is_cut_off_is_refused_and_stays(percent: int, built: Path, waybill: Waybill) -> None:
    whole = (built / "index.yaml").read_bytes()
    cut = whole[: len(whole) * percent // 100]
    (built / "index.yaml").write_bytes(cut)
    (built.parent / "published.yaml").write_bytes(whole)
    for words in (["index", "dist"], ["index", "dist", "--merge", "published.yaml"], ["build", "greeting"]):
        done = waybill(*words)
        assert done.code == 1
        assert "dist/index.yaml" in done.err
    assert (built / "index.yaml").read_bytes() == cut


def test_an_index_whose_end_proves_nothing_is_read_with_its_digest(built: Path, waybill: Waybill) -> None:
    text = (built / "index.yaml").read_text(encoding="utf-8")
    text = "".join(line for line in text.splitlines(keepends=True) if not line.startswith(("generated:", "#")))
    (built / "index.yaml").write_text(text, encoding="utf-8")
    for words in (["index", "dist"], ["build", "greeting"], ["check", "--index", "dist", "--sonataflow", "10"]):
        done = waybill(*words)
        assert done.code == 1
        digest = done.err.partition("--accept-index ")[2].split()[0]
        assert digest == hashlib.sha256((built / "index.yaml").read_bytes()).hexdigest()
        assert "accept" not in waybill(*words, "--accept-index", digest).err
        assert waybill(*words).code == 0 or words[0] == "check"
        (built / "index.yaml").write_text(text, encoding="utf-8")


def test_a_named_pipe_in_place_of_an_index_or_a_package_makes_nobody_wait(built: Path, waybill: Waybill) -> None:
    os.mkfifo(built / "pipe-1.0.0.tgz")
    assert "dist/pipe-1.0.0.tgz: cannot be read: it is a named pipe" in waybill("index", "dist").err
    (built / "index.yaml").unlink()
    os.mkfifo(built / "index.yaml")
    for words in (["index", "dist"], ["build", "greeting"], ["check", "--index", "dist", "--sonataflow", "10"]):
        done = waybill(*words)
        assert (done.code, "dist/index.yaml: cannot be read: it is a named pipe" in done.err) == (1, True)


def test_package_refuses_what_is_no_chart(repository: Path, waybill: Waybill) -> None:
    done = waybill("package", "workflows/greeting", "-o", "dist")
    assert done.code == 1
    assert "contains no Chart.yaml" in done.err
    assert not (repository / "dist").exists()
