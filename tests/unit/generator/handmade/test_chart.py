"""What becomes of the objects of a hand-made chart."""

from __future__ import annotations

import pytest

from generator.chart.chart import workflow_chart
from generator.handmade.chart import Adopted, adopt
from generator.handmade.objects import made_anyway, sonataflows_in
from generator.handmade.template import Part
from generator.kubernetes.objects import ImageReference
from tests.unit.conftest import workflow

FILES = {"secret.properties": "TOKEN=\n", "schemas/a.json": "{}", "application.properties": "a=1\n"}
ABOUT = "apiVersion: v2\nname: greeting\nversion: 1.0.0\n"


def taken_apart(files: dict[str, str]) -> Adopted:
    found = workflow(FILES)
    generated = workflow_chart(found, version="0.0.0", image=ImageReference(repository="a", tag="b")).files
    chart = {"Chart.yaml": ABOUT, **files}
    return adopt({path: text.encode() for path, text in chart.items()}, found, generated, shown="charts/greeting")


def an(kind: str, name: str, rest: str = "") -> str:
    return f"apiVersion: v1\nkind: {kind}\nmetadata:\n  name: {name}\n{rest}"


@pytest.mark.parametrize(
    ("text", "made"),
    [
        (an("SonataFlow", "greeting"), True),
        (an("SonataFlow", "{{ .Values.name }}"), True),
        (an("ConfigMap", "greeting-props"), True),
        (an("ConfigMap", "{{ .Chart.Name }}-props", "data:\n  application.properties: |\n    a=1\n"), True),
        (an("ConfigMap", "{{ .Chart.Name }}-else"), False),
        (an("ConfigMap", "07-greeting-resources-schemas"), True),
        (an("ConfigMap", "02-greeting-resources-specs"), False),
        (an("ConfigMap", "greeting-more"), False),
        (an("Secret", "greeting-secrets", "stringData: {TOKEN: ''}\n"), True),
        (an("Secret", "greeting-creds", "data: {TOKEN: ''}\n"), True),
        (an("Secret", "greeting-creds", "data: {TOKEN: '', OTHER: ''}\n"), False),
        (an("Secret", "greeting-creds", "data: {{ toYaml .Values.x }}\n"), False),
        (an("Secret", "ssh-keys"), False),
        (an("NetworkPolicy", "greeting"), False),
        (an("Route", "greeting"), False),
        (an("SonataFlowPlatform", "greeting"), False),
    ],
)
def test_what_a_build_makes_is_known_by_kind_and_name(text: str, made: bool) -> None:  # noqa: FBT001 - a row of the table
    verdict = made_anyway(Part(text=text), workflow(FILES))
    assert (bool(verdict.made), verdict.strange) == (made, "")


@pytest.mark.parametrize(
    ("text", "why"),
    [
        (an("SonataFlow", "other"), "installs the SonataFlow other, and the definition's id is greeting"),
        ("kind: List\nitems:\n- {kind: SonataFlow}\n", ""),
        ("{{ range .x }}\n- kind: SonataFlow\n{{ end }}", "writes a SonataFlow among other objects"),
        (an("Secret", "greeting-secrets", "data: {OTHER: ''}\n"), "the Secret greeting-secrets has OTHER besides"),
        (an("Secret", "greeting-secrets", "data: {{ .x }}\n"), "writes the Secret greeting-secrets, as the chart does"),
    ],
)
def test_what_would_be_there_twice_is_left_to_people(text: str, why: str) -> None:
    assert made_anyway(Part(text=text), workflow(FILES)).strange.startswith(why)


def test_the_custom_resources_of_a_chart_are_known_by_name() -> None:
    texts = [f"{an('SonataFlow', 'a')}---\n{an('Route', 'b')}", an("SonataFlow", "{{ .x }}"), "no: [yaml SonataFlow\n"]
    assert sonataflows_in(texts) == {"a"}


def test_a_value_of_a_secret_is_never_shown() -> None:
    found = taken_apart({"templates/s.yaml": an("Secret", "greeting-creds", "data: {TOKEN: aHVudGVyMg==}\n")})
    assert "has a value for TOKEN; give it as secret.data" in found.notes[1].why
    assert "aHVudGVyMg" not in repr(found)


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("values.schema.json", '{"required": 5, "properties": {"env": {}}}'),
        ("values.schema.json", '{"required": [{}], "properties": {"image": []}}'),
        ("values.yaml", "[1]\n"),
        ("values.yaml", "image: [\n"),
        ("Chart.yaml", 'name: "\\u00fc"\ndependencies: [5, {}]\nannotations: []\nmaintainers: 7\n'),
        ("Chart.yaml", "[]\n"),
        ("templates/a.yaml", "kind: SonataFlow\nspec: []\n"),
        ("templates/a.yaml", "kind: SonataFlow\nspec: {podTemplate: {container: {env: [5, {}]}}}\n"),
        ("templates/a.yaml", an("ConfigMap", "greeting-props", "data: [a]\n")),
        ("templates/a.yaml", an("ConfigMap", "01-greeting-resources-schemas", "data: {a.json: 5}\n")),
        ("templates/a.yaml", an("Secret", "greeting-creds", "data: 5\n")),
        ("templates/a.yaml", "kind: SonataFlow\nkind: Route\n"),
        ("templates/a.yaml", "x: {{ .Chart.Name }}\n"),
    ],
)
def test_what_no_chart_has_is_taken_as_it_is(path: str, text: str) -> None:
    found = taken_apart({path: text})
    assert {said.path for said in (*found.gone, *found.by_hand)} | {moved.path for moved in found.moved} >= {path}


def test_a_chart_that_waybill_made_has_nothing_that_people_wrote() -> None:
    about = f"{ABOUT}annotations: {{waybill/folder: greeting}}\n"
    found = taken_apart({"Chart.yaml": about, "templates/extra.yaml": an("Route", "a")})
    assert (found.overlay, found.version) == ({}, "1.0.0")


def test_values_that_only_a_template_names_are_declared() -> None:
    found = taken_apart({"templates/r.yaml": an("Route", "a", "spec: {host: {{ .Values.host }}}\n")})
    assert found.overlay["values.yaml"] == b"# Without a default.\nhost: null\n"
    assert [said.why for said in found.notes] == ["'host' is declared now: a template uses it"]


@pytest.mark.parametrize(
    ("readme", "after"),
    [
        ("# A\n\n```sh\n# comment\n```\n## B\n", "## A\n\n```sh\n# comment\n```\n### B\n"),
        ("## B\n\nText.\n", "## B\n\nText.\n"),
    ],
)
def test_a_readme_with_a_title_becomes_a_section(readme: str, after: str) -> None:
    assert taken_apart({"README.md": readme}).overlay["README.md"].decode() == after


@pytest.mark.parametrize("path", ["templates/sonataflow.yaml", "templates/_workflow.tpl", "templates/secret.yaml"])
def test_a_template_with_the_name_of_a_generated_one_gets_another(path: str) -> None:
    (moved,) = taken_apart({path: an("Route", "a")}).moved
    assert moved.to.rpartition("/")[2] in {"own-sonataflow.yaml", "_own-workflow.tpl", "own-secret.yaml"}


@pytest.mark.parametrize("odd", ["5", "true", "text", "[1]", "[[1]]", "{a: 1}", "null"])
@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("Chart.yaml", f"{ABOUT}dependencies: %s\n"),
        ("values.schema.json", "properties: {image: {}, own: {}}\nrequired: %s\n"),
        ("templates/a.yaml", an("SonataFlow", "greeting", "spec: %s\n")),
        ("templates/a.yaml", an("SonataFlow", "greeting", "spec: {podTemplate: {container: {env: %s}}}\n")),
        ("templates/a.yaml", an("ConfigMap", "greeting-props", "data: %s\n")),
        ("templates/a.yaml", an("Secret", "greeting-secrets", "stringData: %s\n")),
    ],
)
def test_a_field_of_another_kind_than_helm_takes_stops_nothing(path: str, text: str, odd: str) -> None:
    uses = {"values.yaml": "image: 1\nown: 2\n", "templates/b.yaml": "a: {{ .Values.image }}\n"}
    assert taken_apart({**uses, path: text % odd}).overlay
