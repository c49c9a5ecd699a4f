"""What --fix changes, and what it leaves alone."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from generator.findings.edits import Edit, apply_edits
from generator.lint.fixes import fix
from generator.lint.linter import lint
from generator.lint.suppressions import IgnoreSettings
from tests.unit.conftest import MINIMAL, workflow

HERE = "workflows/greeting/greeting.sw.yaml"
STATES = (
    "states:\n- {name: Begin, type: inject, data: {a: 1}, transition: %s}\n"
    "- {name: Finish, type: inject, data: {b: 1}, end: true}\n"
)


def fixed(text: str) -> str:
    done = fix(workflow({"greeting.sw.yaml": text}))
    return done.files.get(HERE, text.encode()).decode()


@pytest.mark.parametrize(
    ("wrong", "right"),
    [
        ("id: g\nversion: 1.10\n" + STATES % "Finish", 'id: g\nversion: "1.10"\n' + STATES % "Finish"),
        ("id: g\nversion: '1'\n" + STATES % "Finsh", "id: g\nversion: '1'\n" + STATES % "Finish"),
        ("id: g\nversion: '1'\n" + STATES % "'Finsh'", "id: g\nversion: '1'\n" + STATES % "'Finish'"),
        (
            "id: g\nversion: '1'\ndescripton: x\n" + STATES % "Finish",
            "id: g\nversion: '1'\ndescription: x\n" + STATES % "Finish",
        ),
        (
            "id: g\r\nversion: 1.10\r\n" + (STATES % "Finsh").replace("\n", "\r\n"),
            'id: g\r\nversion: "1.10"\r\n' + (STATES % "Finish").replace("\n", "\r\n"),
        ),
        (
            "id: g\nversion: '1' # größe\n" + STATES.replace("inject, data: {b", "injct, data: {b") % "Finish",
            "id: g\nversion: '1' # größe\n" + STATES % "Finish",
        ),
    ],
)
def test_what_has_one_right_answer_is_mended_and_nothing_else_is_touched(wrong: str, right: str) -> None:
    assert fixed(wrong) == right


def test_json_is_mended_too() -> None:
    text = json.dumps({**MINIMAL, "start": "Begin", "states": [{**MINIMAL["states"][0], "name": "Beginn"}]}, indent=2)
    done = fix(workflow({"greeting.sw.json": text}))
    assert [(edit.old, edit.new) for edit in done.edits] == [("Begin", "Beginn")]
    assert lint(done.workflow) == ()


@pytest.mark.parametrize("target", ["Nowhere", "Begn1sh", "F"])
def test_a_name_that_may_mean_two_things_or_none_is_left_alone(target: str) -> None:
    text = "id: g\nversion: '1'\n" + STATES % target
    assert fixed(text) == text


def test_a_misspelt_field_whose_right_name_is_there_already_is_left_alone() -> None:
    text = "id: g\nversion: '1'\ndescripton: x\ndescription: y\n" + STATES % "Finish"
    assert fixed(text) == text


def test_what_somebody_ignores_is_left_alone() -> None:
    found = workflow({"greeting.sw.yaml": "id: g\nversion: 1.10\n" + STATES % "Finsh"})
    done = fix(found, IgnoreSettings(everywhere=("wrong-type",)))
    assert [edit.new for edit in done.edits] == ["Finish"]


def test_what_somebody_ignores_stays_ignored_where_another_edit_moves_it() -> None:
    states = "[{name: A, type: inject, data: {a: 1}, end: true}]"
    comment = "# waybill: ignore[wrong-type] so it is called"
    wrong = f"{{id: g, descripton: x, version: 1.10, states: {states}}}  {comment}\n"
    assert fixed(wrong) == wrong.replace("descripton", "description")


def test_mending_twice_is_mending_once() -> None:
    once = fixed("id: g\nversion: 1.10\ndescripton: x\n" + STATES % "Finsh")
    assert fixed(once) == once


@pytest.mark.parametrize(
    ("wrong", "right"),
    [("my_flow", "my-flow"), ("My__Flow_2", "My-Flow-2"), ("_flow_", "flow"), ("'my_flow'", "'my-flow'")],
)
def test_an_id_with_underscores_gets_the_name_that_kubernetes_takes(wrong: str, right: str) -> None:
    text = f"id: {wrong}\nversion: '1'\n" + STATES % "Finish"
    assert fixed(text) == text.replace(wrong, right)
    (finding,) = [f for f in lint(workflow({"greeting.sw.yaml": text})) if f.rule == "invalid-name"]
    old, new = wrong.strip("'"), right.strip("'")
    assert f"; write '{new}' (callers then use the path /{new} instead of /{old}, " in finding.message


@pytest.mark.parametrize("wrong", ["my_flöw", "my flow_1", "a_b..c", "_", "_1st_flow"])
def test_an_id_with_more_than_underscores_is_left_alone(wrong: str) -> None:
    text = f"id: {wrong}\nversion: '1'\n" + STATES % "Finish"
    assert fixed(text) == text


@pytest.mark.parametrize("call", ["my_flow", "{workflowId: my_flow}"])
def test_an_id_that_a_subflow_calls_is_written_anew_there_too(call: str) -> None:
    action = f"states: [{{name: A, type: operation, actions: [{{subFlowRef: {call}}}], end: true}}]\n"
    subflow = f"id: again\nversion: '1'\nspecVersion: '0.8'\nname: Again\nstart: A\n{action}"
    text = "id: my_flow\nversion: '1'\n" + STATES % "Finish"
    done = fix(workflow({"greeting.sw.yaml": text, "subflows/again.sw.yaml": subflow}))
    assert {path.rpartition("greeting/")[2]: data.decode() for path, data in done.files.items()} == {
        "greeting.sw.yaml": text.replace("my_flow", "myFlow"),
        "subflows/again.sw.yaml": subflow.replace("my_flow", "myFlow"),
    }


SECRETS_FILE = "workflows/greeting/secret.properties"


@pytest.mark.parametrize(
    ("properties", "secrets", "after"),
    [
        ("a=${TICKETS_TOKEN}\n", None, "TICKETS_TOKEN=\n"),
        ("a=${TICKETS_TOKEN}\n", "", "TICKETS_TOKEN=\n"),
        ("# Of the desk.\na=${MY_API_KEY:}\n", None, "# Of the desk.\nMY_API_KEY=\n"),
        ("a=${TOKEN}\nb=${PASSWORD}\n", "A=\n", "A=\nPASSWORD=\nTOKEN=\n"),
        ("a=${TOKEN}\nb=${PASSWORD}\n", "A=", "A=\nPASSWORD=\nTOKEN="),
    ],
)
def test_a_variable_that_holds_a_credential_is_moved_to_the_secret(
    properties: str, secrets: str | None, after: str
) -> None:
    files = {"application.properties": properties, **({} if secrets is None else {"secret.properties": secrets})}
    done = fix(workflow(files))
    assert {path: data.decode() for path, data in done.files.items()} == {SECRETS_FILE: after}
    assert done.workflow.variables() == ()
    assert str(done.edits[0]).endswith(f"added '{done.edits[0].new.strip()}'".replace("\n", "\\n"))
    assert fix(done.workflow).files == {}


def edit(line: int, column: int, old: str, new: str) -> Edit:
    return Edit(path="a", line=line, column=column, old=old, new=new)


@pytest.mark.parametrize(
    ("one", "result"),
    [
        (edit(1, 1, "ab", "x"), "x\ncd"),
        (edit(2, 2, "d", ""), "ab\nc"),
        (edit(2, 1, "", "x"), "ab\nxcd"),
        (edit(2, 3, "", "x"), "ab\ncdx"),
        (edit(2, 1, "zz", "x"), "ab\ncd"),
        (edit(9, 1, "ab", "x"), "ab\ncd"),
        (edit(1, 99, "ab", "x"), "ab\ncd"),
    ],
)
def test_an_edit_is_made_where_its_text_stands_and_nowhere_else(one: Edit, result: str) -> None:
    text, applied = apply_edits("ab\ncd", [one])
    assert text == result
    assert applied == ((one,) if result != "ab\ncd" else ())


def test_of_two_edits_that_overlap_one_is_made() -> None:
    text, applied = apply_edits("abcd", [edit(1, 1, "abc", "x"), edit(1, 2, "bcd", "y")])
    assert text == "ay"
    assert len(applied) == 1


@given(
    st.text(max_size=40),
    st.lists(st.tuples(st.integers(1, 5), st.integers(1, 9), st.text(max_size=3), st.text(max_size=3)), max_size=5),
)
def test_edits_that_do_not_fit_change_nothing(text: str, raw: list[tuple[int, int, str, str]]) -> None:
    edits = [edit(*fields) for fields in raw]
    changed, applied = apply_edits(text, edits)
    assert changed == text or applied
    assert set(applied) <= set(edits)
