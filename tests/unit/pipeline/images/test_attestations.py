"""In-toto statements, and the files that they are read from."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from generator.findings.errors import SettingsError
from generator.image.provenance import CYCLONEDX, PROVENANCE
from pipeline.images.attestations import Statement, statement_about
from pipeline.images.image_name import read_image_name
from pipeline.images.statement_files import find_statements, read_statements

DIGEST = f"sha256:{'ab' * 32}"
NAME = read_image_name("quay.io/org/app:v1")
BOM: dict[str, Any] = {"bomFormat": "CycloneDX", "components": [{"name": "é"}, {"name": "b"}]}
MADE: dict[str, Any] = {
    "buildDefinition": {
        "resolvedDependencies": [
            {"uri": "quay.io/builder", "digest": {"sha256": "1"}},
            {"uri": "git+https://x/y", "digest": {"gitCommit": "c0ffee"}},
        ]
    },
    "runDetails": {"builder": {"id": "https://b"}},
}


def test_a_statement_names_the_repository_and_the_digest() -> None:
    content = statement_about(NAME, DIGEST, CYCLONEDX, BOM)
    assert content == {
        "_type": "https://in-toto.io/Statement/v1",
        "subject": [{"name": "quay.io/org/app", "digest": {"sha256": "ab" * 32}}],
        "predicateType": "https://cyclonedx.org/bom",
        "predicate": BOM,
    }
    assert Statement(content=content).subjects == {DIGEST}


def test_a_statement_has_the_same_bytes_whatever_the_order_of_its_keys() -> None:
    content = statement_about(NAME, DIGEST, CYCLONEDX, BOM)
    turned = dict(reversed(content.items()))
    assert Statement(content=turned).data == Statement(content=content).data
    assert json.loads(Statement(content=content).data) == content


def test_provenance_names_commit_builder_and_materials() -> None:
    statement = Statement(content=statement_about(NAME, DIGEST, PROVENANCE, MADE))
    assert (statement.kind, statement.commit, statement.builder) == ("provenance", "c0ffee", "https://b")
    assert [material["uri"] for material in statement.materials] == ["quay.io/builder", "git+https://x/y"]


@pytest.mark.parametrize(
    ("predicate_type", "kind"),
    [
        (CYCLONEDX, "SBOM"),
        ("https://cyclonedx.org/bom/v1.6", "SBOM"),
        ("https://spdx.dev/Document/v2.3", "SBOM"),
        (PROVENANCE, "provenance"),
        ("https://slsa.dev/provenance/v0.2", "provenance"),
        ("https://sigstore.dev/cosign/sign/v1", "signature"),
        ("https://example.com/review", "https://example.com/review"),
    ],
)
def test_a_statement_is_called_by_its_predicate_type(predicate_type: str, kind: str) -> None:
    assert Statement(content={"predicateType": predicate_type}).kind == kind


@pytest.mark.parametrize(
    "content",
    [
        {},
        {"subject": 3, "predicate": 3, "predicateType": 3},
        {"subject": [3, {"digest": 3}], "predicate": {"buildDefinition": 3, "runDetails": {"builder": 3}}},
        {"predicate": {"buildDefinition": {"resolvedDependencies": [3, {"digest": 3}]}, "components": 3}},
    ],
)
def test_a_statement_that_says_nothing_is_read_all_the_same(content: dict[str, Any]) -> None:
    statement = Statement(content=content)
    assert (statement.subjects, statement.commit, statement.builder, statement.components) == (frozenset(), "", "", 0)


@pytest.mark.parametrize(
    ("content", "predicate_type"),
    [(BOM, CYCLONEDX), (MADE, PROVENANCE), (statement_about(NAME, DIGEST, "x:y", {}), "x:y")],
)
def test_a_file_becomes_a_statement(tmp_path: Path, content: Any, predicate_type: str) -> None:
    file = tmp_path / "a.json"
    file.write_text(json.dumps(content))
    (found,) = read_statements([file], NAME, DIGEST)
    assert found["predicateType"] == predicate_type
    assert Statement(content=found).subjects == {DIGEST}


@pytest.mark.parametrize("text", ["", "{", "[]", "{}", '{"bomFormat": "SPDX"}', "[" * 100_000])
def test_a_file_that_is_no_statement_is_named(tmp_path: Path, text: str) -> None:
    file = tmp_path / "a.json"
    file.write_text(text)
    with pytest.raises(SettingsError, match=r"a\.json: neither an in-toto statement nor a CycloneDX SBOM nor SLSA"):
        read_statements([file], NAME, DIGEST)


def test_of_a_folder_the_statements_about_the_image_are_found(tmp_path: Path) -> None:
    folder = tmp_path / "attestations"
    folder.mkdir()
    statements = {
        "b": statement_about(NAME, DIGEST, CYCLONEDX, BOM),
        "a": statement_about(NAME, DIGEST, PROVENANCE, MADE),
        "other": statement_about(NAME, f"sha256:{'0' * 64}", CYCLONEDX, BOM),
    }
    for name, content in statements.items():
        (folder / f"{name}.json").write_text(json.dumps(content))
    assert find_statements(tmp_path, NAME, DIGEST) == [statements["a"], statements["b"]]
    with pytest.raises(
        SettingsError, match=r"no file in .*attestations is a statement about quay\.io/org/app@sha256:11"
    ):
        find_statements(tmp_path, NAME, f"sha256:{'1' * 64}")
