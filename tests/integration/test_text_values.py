"""Values that end in text, such as image.tag, under real Helm: they print as written, or the schema refuses them."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.conftest import ROOT, Helm, HelmRefusal

UMBRELLA = ROOT / "charts" / "workflows"
CHART = UMBRELLA / "charts" / "create-ocp-project"
VARIABLE = "OCP_API_SERVER_URL"
KEY = "OCP_API_SERVER_TOKEN"
WHOLE = ("20241201", "0", "9007199254740991", "-5")
NOT_AS_WRITTEN = ("1.10", "1.5e-3", "12345678901234567890")
#: Places of text, to where each stands in what is rendered.
PLACES = {
    "image: {tag: %s}": r"image: .*:(\S+)$",
    f"env: {{{VARIABLE}: %s}}": rf"- name: {VARIABLE}\n *value: (.*)$",
    f"global: {{env: {{{VARIABLE}: %s}}}}": rf"- name: {VARIABLE}\n *value: (.*)$",
    f"secret: {{data: {{{KEY}: %s}}}}": rf"^  {KEY}: (.*)$",
    "commonLabels: {release: %s}": r"^    release: (.*)$",
    "commonAnnotations: {release: %s}": r"^    release: (.*)$",
}


def rendered(helm: Helm, chart: Path, values: str, tmp_path: Path, *options: str) -> str:
    file = tmp_path / "values.yaml"
    file.write_text(values)
    options = ("--set", "requireEnv=false", *options) if chart == CHART else options
    return helm.run("template", "demo", str(chart), "-f", str(file), *options)


def found(pattern: str, text: str) -> set[Any]:
    """What stands in these places: as YAML reads it, so that a number that is none in quotes is found."""
    return {yaml.safe_load(each) for each in re.findall(pattern, text, re.MULTILINE)}


def tag(text: str) -> str:
    match = re.search(r"image: .*:(\S+)$", text, re.MULTILINE)
    assert match
    return match[1].strip('"')


@pytest.mark.parametrize("place", [place for place in PLACES if "image" not in place])
@pytest.mark.parametrize("number", WHOLE)
def test_a_whole_number_is_the_text_that_was_written(place: str, number: str, helm: Helm, tmp_path: Path) -> None:
    assert found(PLACES[place], rendered(helm, CHART, place % number, tmp_path)) == {number}


@pytest.mark.parametrize("number", WHOLE)
def test_a_whole_number_is_the_tag_that_was_written(number: str, helm: Helm, tmp_path: Path) -> None:
    assert tag(rendered(helm, CHART, f"image: {{tag: {number}}}", tmp_path)) == number


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("number", NOT_AS_WRITTEN)
def test_a_number_that_would_print_otherwise_is_refused(place: str, number: str, helm: Helm, tmp_path: Path) -> None:
    with pytest.raises(HelmRefusal, match=r'text in quotes, such as "1\.10"'):
        rendered(helm, CHART, place % number, tmp_path)


@pytest.mark.parametrize("text", ["1.10", "20241201", "1e3", "007"])
def test_text_in_quotes_is_taken_as_it_is(text: str, helm: Helm, tmp_path: Path) -> None:
    for place in (place for place in PLACES if "image" not in place):
        assert found(PLACES[place], rendered(helm, CHART, place % f'"{text}"', tmp_path)) == {text}
    assert tag(rendered(helm, CHART, f'image: {{tag: "{text}"}}', tmp_path)) == text


@pytest.mark.parametrize(
    ("option", "given"),
    [("--set", "20241201"), ("--set", "1.10"), ("--set-string", "20241201"), ("--set-json", "20241201")],
)
def test_the_command_line_gives_the_tag_that_was_written(option: str, given: str, helm: Helm, tmp_path: Path) -> None:
    assert tag(rendered(helm, CHART, "", tmp_path, option, f"image.tag={given}")) == given


def test_no_tag_is_still_the_latest(helm: Helm, tmp_path: Path) -> None:
    assert tag(rendered(helm, CHART, "image: {tag: ''}", tmp_path)) == "latest"


def test_a_parent_gives_whole_numbers_too(helm: Helm, tmp_path: Path) -> None:
    own = "create-ocp-project: {enabled: true, requireEnv: false, image: {tag: 20241201}}"
    text = rendered(helm, UMBRELLA, f"{own}\nglobal: {{env: {{{VARIABLE}: 20241201}}}}", tmp_path)
    assert tag(text) == "20241201"
    assert found(PLACES[f"env: {{{VARIABLE}: %s}}"], text) == {"20241201"}


@pytest.mark.parametrize(
    "values", ["create-ocp-project: {enabled: true, image: {tag: 1.10}}", "global: {env: {X: 1.10}}"]
)
def test_a_parent_cannot_give_other_numbers(values: str, helm: Helm, tmp_path: Path) -> None:
    with pytest.raises(HelmRefusal, match=r'text in quotes, such as "1\.10"'):
        rendered(helm, UMBRELLA, values, tmp_path)
