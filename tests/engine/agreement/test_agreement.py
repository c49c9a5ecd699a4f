"""Lint, the engine and the API server judge other people's folders, and variants of them, alike."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.conftest import missing
from tests.engine.agreement.agreement import Judged, judged
from tests.engine.agreement.folders import read_folders
from tests.engine.agreement.known import FOLDERS, reason_of
from tests.engine.agreement.variants import bases, variants
from tests.engine.java import lacks
from tests.operator_reader import VERSIONS, program

#: Variants that are judged here; `nox -s agreement` draws thousands.
_COUNT = 120
_SEED = 14


@pytest.fixture(scope="module")
def log_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("agreement") / "engine.log"


@pytest.fixture(scope="module")
def folders(shared: Path, log_file: Path) -> list[Judged]:
    if lacking := lacks():
        missing(lacking)
    for version in VERSIONS:
        program(version)
    return judged([folder for folder in read_folders(shared) if not folder.needs_elsewhere()], log_file)


def test_lint_and_its_judges_agree_on_every_folder(folders: list[Judged]) -> None:
    assert len(folders) > 160
    assert [str(one) for one in folders if not one.agreed and not reason_of(one)] == []


def test_nothing_is_a_known_disagreement_that_is_none(folders: list[Judged]) -> None:
    names = {one.folder.name: one for one in folders}
    assert [name for name in FOLDERS if names[name].agreed] == []


def test_lint_and_its_judges_agree_on_variants(folders: list[Judged], log_file: Path) -> None:
    drawn = judged(variants(bases(folders), _COUNT, _SEED), log_file)
    assert len(drawn) == _COUNT
    assert [str(one) for one in drawn if not one.agreed and not reason_of(one)] == []
