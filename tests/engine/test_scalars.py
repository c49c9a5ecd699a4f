"""What waybill makes of scalars, held against the engine's own readers, and against a definition that it runs."""

from __future__ import annotations

import json
import random
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
import yaml

from generator.findings.errors import FindingsError
from generator.findings.finding import errors
from generator.text.yaml_reader import parse
from generator.text.yaml_scalars import Dialect
from generator.text.yaml_writer import dump
from tests.conftest import missing
from tests.engine.java import class_path, lacks
from tests.engine.rules.building import build
from tests.engine.rules.running import running
from tests.engine.rules.service import Service
from tests.unit.conftest import workflow
from tests.unit.generator.text.test_yaml_scalars import FORMS
from tests.unit.generator.workflow.test_definition import CONVERTED, IN_A_STATE

READERS = Path(__file__).parent / "scalars"
DRAWN = 4000
#: What libyaml and SnakeYAML do not take for a plain scalar, or not for one alone.
_NO_SCALAR = ("-", "?", ":", "---", "...")


def read(mode: str, texts: Sequence[str]) -> list[dict[str, Any]]:
    """What a reader of the engine makes of each text."""
    if lacking := lacks():
        missing(lacking)
    command = ["java", "-cp", class_path(READERS / "pom.xml"), READERS / "Readers.java", mode]
    stdin = "".join(f"{json.dumps(text)}\n" for text in texts)
    done = subprocess.run(command, input=stdin, check=True, capture_output=True, text=True, timeout=300)
    return [json.loads(line) for line in done.stdout.splitlines()]


def scalars() -> list[str]:
    """The forms that are known, and thousands that are drawn from the characters of numbers."""
    draw = random.Random(14)  # noqa: S311 - not for security
    drawn = {"".join(draw.choices("0001279_.:eE+-xbofA", k=draw.randint(1, 7))) for _ in range(DRAWN)}
    words = {word for form in FORMS for word in (form[0], form[0].upper(), form[0].capitalize())}
    found = {text for text in drawn | words if text not in _NO_SCALAR and not text.endswith(":")}
    return sorted(text for text in found if not text.startswith(("---", "...")))


def ours(text: str, dialect: Dialect) -> Any:
    """What waybill makes of a scalar, "refused" where it stops."""
    try:
        return parse(f"a: {text}".encode(), "a.yaml", dialect=dialect).root.plain()["a"]
    except FindingsError:
        return "refused"


@pytest.mark.parametrize(("mode", "dialect"), [("values", Dialect.ENGINE), ("spec", Dialect.SPEC)])
def test_each_scalar_is_what_the_readers_of_the_engine_make_of_it(mode: str, dialect: Dialect) -> None:
    texts = scalars()
    differing = []
    for text, answer in zip(texts, read(mode, [f"a: {text}" for text in texts]), strict=True):
        theirs = "refused" if "error" in answer or answer["value"]["a"] == "Infinity" else answer["value"]["a"]
        if (type(theirs), theirs) != (type(mine := ours(text, dialect)), mine):
            differing.append((text, theirs, mine))
    assert len(texts) > DRAWN // 2
    assert differing == []


def test_a_value_of_another_type_is_what_the_engine_makes_of_it() -> None:
    head = 'specVersion: "0.8"\nname: G\nstart: A\n'
    texts = [head + IN_A_STATE % text for text, *_ in CONVERTED]
    for (text, key, value, _), answer in zip(CONVERTED, read("definition", texts), strict=True):
        if value is ...:
            assert "error" in answer, text
            continue
        (state,) = answer["value"]["states"]
        given = state.get(key)
        if given is True and key == "end":
            # An end with nothing in it; to the operator, the short form stands for `terminate`.
            given = {} if "{" in text else value
        assert (given or None) == (value or None), text


def test_the_resource_means_what_the_engine_runs(tmp_path: Path) -> None:
    if lacking := lacks():
        missing(lacking)
    fields = "".join(f"      f{index}: {text}\n" for index, (text, *_) in enumerate(FORMS) if text not in _NO_SCALAR)
    fields += "      yes: 1\n      0150: 2\n      on: 3\n      1_000: 4\n"
    text = (
        'id: forms\nversion: "1"\nspecVersion: "0.8"\nname: Forms\nstart: A\nkeepActive: "false"\n'
        f"states:\n  - name: A\n    type: inject\n    data:\n{fields}    end: yes\n"
    )
    folder = tmp_path / "forms"
    folder.mkdir()
    (folder / "forms.sw.yaml").write_text(text, encoding="utf-8")
    (folder / "application.properties").touch()
    assert build([folder], tmp_path) == [None]
    service = Service()
    with running(folder.with_suffix(".app"), tmp_path / "log", service, {}) as application:
        engine = application.start("forms", {}).data
    service.close()
    definition = workflow({"forms.sw.yaml": text}).definition
    (state,) = definition.flow["states"]
    rendered = dump(definition.flow)
    assert errors(definition.findings) == ()
    assert state["data"] == engine
    assert [type(value) for value in state["data"].values()] == [type(engine[key]) for key in state["data"]]
    for content in (
        yaml.safe_load(rendered),
        *(parse(rendered.encode(), "a.yaml", dialect=d).root.plain() for d in Dialect),
    ):
        assert content["states"][0]["data"] == engine
