"""Ranges of versions against real Helm: `semverCompare` in a chart's template answers for each pair of the table."""

from __future__ import annotations

import itertools
from pathlib import Path
from typing import Any, Final

import pytest
from semver import Version

from generator.findings.errors import VersionError
from generator.versions.ranges import parse_range
from tests.conftest import Helm, HelmRefusal

RANGES: Final = (
    "1.3.x",
    "0.2.37",
    ">=1.2 <1.4",
    ">= 1.2,<1.4.0",
    "^1.2 || ~0.2.3",
    "~1.3",
    "~>1",
    "~0",
    "~0.0.0",
    "~0.0",
    "1.2 - 1.4",
    "0.2 - 1 || 2 - 3.x",
    "*",
    "^*",
    ">*",
    "<=*",
    "!=*",
    "!=1.3.0",
    "!=1.3.x",
    "!=1",
    "!=1.3.x >0.0.0-0",
    "!=1.3.x-rc.1",
    "!=1.x >=1.0.0-0",
    "^0.2",
    "^0.0.3",
    "^0.0",
    "^0",
    "1.x.x",
    "1.x.7",
    ">1.2",
    ">1",
    ">1.2 <2.0.0-0",
    ">  1.2.3",
    "=> 1.2 =< 1.3",
    "<=1.3",
    "<=1",
    "<=1-0",
    ">=1.3.0-rc.1",
    ">=1.3.0-rc.1 <1.3",
    "1.3.0-rc.1",
    "1.3.x-rc.1",
    "^1.3.0-rc.1 || 0.2.x",
    "=v1.3.0+build.5",
    "<0.2.37-0",
    "~1.2.3-alpha.1",
)
VERSIONS: Final = (
    *("0.0.0", "0.0.3", "0.2.37", "1.2.3", "1.3.0", "1.3.0+build.7", "1.3.9", "1.4.0", "2.0.0", "3.1.4"),
    *("0.0.0-0", "0.0.4-alpha", "1.2.3-alpha.1.0", "1.3.0-rc.1", "1.3.0-rc.10", "1.3.5-rc.1", "1.4.0-0", "2.0.0-beta"),
)
PAIRS: Final = tuple(itertools.product(RANGES, VERSIONS))

REFUSED: Final = (
    *("", " ", "||", "1.2 ||", "1,", ",1", "1 ,, 2", "x.y", "latest", "1.2.3.4", "1.2.", "==1", ">>1", "=!1", ">", "^"),
    *("1.2 -1.4", "1 - 2 - 3", "^1 - 2", "1a", "1x", "1|2", "1.2.3-", "1.2.3-01", "1.2.3+", "18446744073709551616"),
    *("\N{ARABIC-INDIC DIGIT THREE}", "1\v"),
)
TAKEN: Final = (
    *("x.1|2", "1||2 - 3", "01.2", "1\t\n,\r>0", "v1", "X", "1.2 - 1.4 1.3", "18446744073709551615", "1.2.3-0"),
    "1.x-0.a",
)

TEMPLATE: Final = """\
apiVersion: v1
kind: ConfigMap
metadata: {name: answers}
answers:
{{- range .Values.pairs }}
- {{ semverCompare (index . 0) (index . 1) }}
{{- end }}
"""


@pytest.fixture(scope="module")
def chart(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("ranges")
    (folder / "Chart.yaml").write_text("apiVersion: v2\nname: ranges\nversion: 1.0.0\n", encoding="utf-8")
    (folder / "templates").mkdir()
    (folder / "templates" / "answers.yaml").write_text(TEMPLATE, encoding="utf-8")
    return folder


def answers(helm: Helm, chart: Path, pairs: tuple[tuple[str, str], ...]) -> Any:
    [answered] = helm.render(chart, {"pairs": [list(pair) for pair in pairs]})
    return answered["answers"]


def test_each_pair_of_range_and_version_is_answered_as_helm_does(helm: Helm, chart: Path) -> None:
    assert len(PAIRS) >= 300
    expected = dict(zip(PAIRS, answers(helm, chart, PAIRS), strict=True))
    ours = {pair: parse_range(pair[0], "range").holds(Version.parse(pair[1])) for pair in PAIRS}
    assert {pair: ours[pair] for pair in PAIRS if ours[pair] != expected[pair]} == {}
    assert set(expected.values()) == {True, False}


@pytest.mark.parametrize("text", REFUSED)
def test_a_range_that_helm_refuses_is_refused(helm: Helm, chart: Path, text: str) -> None:
    with pytest.raises(HelmRefusal):
        answers(helm, chart, ((text, "1.2.3"),))
    with pytest.raises(VersionError, match="write a range as in"):
        parse_range(text, "range")


def test_an_odd_range_that_helm_takes_is_taken(helm: Helm, chart: Path) -> None:
    pairs = tuple(itertools.product(TAKEN, VERSIONS))
    ours = [parse_range(text, "range").holds(Version.parse(version)) for text, version in pairs]
    assert ours == answers(helm, chart, pairs)
