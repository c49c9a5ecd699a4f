"""Comments and settings that keep findings back, and what is wrong with them."""

from __future__ import annotations

from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from generator.lint.linter import lint
from generator.lint.registry import RULES
from generator.lint.suppressions import IgnoreSettings, apply_suppressions
from tests.unit.conftest import Files, shown, workflow

HERE = "workflows/greeting/greeting.sw.yaml"
#: Breaks wrong-type on line 2 and unknown-field on line 3.
TEXT = (
    "id: g\nversion: 1.10\nzzz: 1\nspecVersion: '0.8'\nstart: A\n"
    "states: [{name: A, type: inject, data: {a: 1}, end: true}]\n"
)
WRONG = f"{HERE}:2:10: warning: expected a string, found a number"
UNKNOWN = f"{HERE}:3:1: error: a workflow has no field 'zzz'"


def kept(
    text: str,
    files: Files | None = None,
    *,
    everywhere: tuple[str, ...] = (),
    by_path: Mapping[str, tuple[str, ...]] | None = None,
    complete: bool = True,
) -> list[str]:
    found = workflow({"greeting.sw.yaml": text, **(files or {})})
    settings = IgnoreSettings(path="pyproject.toml", everywhere=everywhere, by_path=by_path or {})
    return shown(apply_suppressions(lint(found), [found], settings, RULES, complete=complete))


def test_without_a_comment_everything_is_heard() -> None:
    first, second = kept(TEXT)
    assert first.startswith(WRONG)
    assert second.startswith(UNKNOWN)


def test_a_comment_at_the_end_of_a_line_is_about_that_line() -> None:
    (line,) = kept(TEXT.replace("1.10\n", "1.10  # waybill: ignore[wrong-type] so it is called\n"))
    assert line.startswith(UNKNOWN)


def test_a_comment_on_a_line_of_its_own_is_about_the_next_line_that_says_something() -> None:
    comment = "# waybill: ignore[wrong-type] so it is called\n# another comment\n\nversion: 1.10"
    (line,) = kept(TEXT.replace("version: 1.10", comment))
    assert "[unknown-field]" in line


def test_a_comment_above_everything_is_about_the_whole_file() -> None:
    assert kept(f"# Ours.\n# waybill: ignore[wrong-type, unknown-field] an old one\n{TEXT}") == []


def test_a_comment_in_one_file_is_not_about_another() -> None:
    lines = kept(TEXT, {"application.properties": "# waybill: ignore[wrong-type] no\n"})
    assert len(lines) == 3
    assert "application.properties:1:1: warning: 'wrong-type' is not reported here" in lines[0]


def test_a_comment_that_ignores_nothing_is_a_finding() -> None:
    lines = kept(TEXT.replace("id: g\n", "id: g  # waybill: ignore[missing-file] why\n"))
    assert lines[0] == (
        f"{HERE}:1:8: warning: 'missing-file' is not reported here, or cannot be ignored; remove it [unused-ignore]"
    )


def test_a_rule_that_there_is_not_is_a_finding_with_the_nearest() -> None:
    lines = kept(TEXT.replace("1.10\n", "1.10  # waybill: ignore[wrong-typ] why\n"))
    assert f"{HERE}:2:16: warning: there is no rule 'wrong-typ'; did you mean 'wrong-type'? [unknown-ignore]" in lines


@pytest.mark.parametrize("complete", [True, False])
def test_a_rule_that_lint_does_not_report_is_known_and_cannot_be_ignored(*, complete: bool) -> None:
    said = "warning: 'refuted-row' is reported by waybill build, where no comment or setting ignores it; remove it"
    text = TEXT.replace("id: g\n", "id: g  # waybill: ignore[refuted-row] why\n")
    lines = kept(text, everywhere=("refuted-row",), complete=complete)
    assert lines[0] == f"pyproject.toml: {said} [unused-ignore]"
    assert lines[1] == f"{HERE}:1:8: {said} [unused-ignore]"
    assert len(lines) == 4


def test_all_commands_that_report_a_rule_are_named() -> None:
    (line, *_) = kept(TEXT, everywhere=("compatibility",))
    assert "'compatibility' is reported by waybill matrix, waybill check and waybill build, where no" in line


@pytest.mark.parametrize("comment", ["# waybill: ignore why", "# waybill: ignore[] why", "#waybill:ignore[ , ]"])
def test_a_comment_without_a_rule_is_a_finding(comment: str) -> None:
    lines = kept(TEXT.replace("1.10\n", f"1.10  {comment}\n"))
    assert (
        f"{HERE}:2:16: warning: the comment names no rule; write: # waybill: ignore[RULE] reason [unknown-ignore]"
        in lines
    )


def test_a_comment_without_a_reason_works_and_is_a_finding() -> None:
    lines = kept(TEXT.replace("1.10\n", "1.10  # waybill: ignore[wrong-type]\n"))
    assert lines[0] == f"{HERE}:2:16: warning: the comment gives no reason; write it after the bracket [unknown-ignore]"
    assert len(lines) == 2


def test_what_makes_an_object_impossible_cannot_be_ignored() -> None:
    lines = kept(TEXT.replace("id: g\n", "id: a b  # waybill: ignore[invalid-name] why\n"))
    assert any("[invalid-name]" in line for line in lines)
    assert any("[unused-ignore]" in line for line in lines)


def test_a_setting_ignores_a_rule_everywhere() -> None:
    (line,) = kept(TEXT, everywhere=("wrong-type",))
    assert "[unknown-field]" in line


def test_a_setting_ignores_a_rule_where_a_pattern_fits() -> None:
    assert len(kept(TEXT, by_path={"workflows/greeting/*": ("wrong-type",)})) == 1
    lines = kept(TEXT, by_path={"workflows/other/*": ("wrong-type",)})
    assert len(lines) == 3
    assert lines[0].startswith("pyproject.toml: warning: 'wrong-type' is not reported here")


def test_a_setting_is_called_unused_only_where_everything_was_read() -> None:
    assert len(kept(TEXT, everywhere=("missing-file",), complete=False)) == 2
    assert len(kept(TEXT, everywhere=("missing-file",))) == 3


def test_a_comment_about_a_rule_between_workflows_is_called_unused_only_where_all_were_read() -> None:
    text = TEXT.replace("id: g\n", "id: g  # waybill: ignore[duplicate-id] why\n")
    assert len(kept(text, complete=False)) == 2
    assert len(kept(text)) == 3


def test_a_finding_about_the_folder_is_ignored_at_the_top_of_the_definition() -> None:
    found = workflow({"greeting.sw.yaml": f"# waybill: ignore[wrong-type, unknown-field] old\n{TEXT}"})
    assert found.source.path == "workflows/greeting"
    assert kept(f"# waybill: ignore[wrong-type, unknown-field] old\n{TEXT}") == []


@given(st.text(max_size=60))
def test_whatever_a_comment_holds_something_is_said_of_it_in_one_line(text: str) -> None:
    comment = "".join(c for c in text if c.isprintable())
    for line in kept(TEXT.replace("1.10\n", f"1.10  # waybill: ignore{comment}\n")):
        assert line.isprintable()
