"""docs/ci.md: what its pipelines call exists, in the order in which it has to run."""

from __future__ import annotations

import re
import shlex

import click
import pytest
import yaml

from pipeline.cli import SHORT_HELPS, waybill
from tests.conftest import ROOT

PAGE = (ROOT / "docs" / "ci.md").read_text(encoding="utf-8")
BLOCKS = dict(re.findall(r"^```(\w+)\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL))
CALL = re.compile(r"waybill (\w[^'<>|]*)")
ORDER = ["lint", "image", "build", "check", "propose", "publish"]


def calls(text: str) -> list[list[str]]:
    """The words of each call of waybill, with a name where xargs adds some."""
    return [
        [*shlex.split(words), *(["greeting"] if "xargs" in line else [])]
        for line in text.splitlines()
        for words in CALL.findall(line)
    ]


@pytest.mark.parametrize("language", ["yaml", "groovy"])
def test_every_command_of_the_page_is_one_of_waybill(language: str) -> None:
    found = [words for words in calls(BLOCKS[language]) if words[0] in SHORT_HELPS]
    assert {*ORDER} <= {words[0] for words in found}
    for words in found:
        command = waybill.get_command(click.Context(waybill), words[0])
        assert command is not None
        command.make_context(words[0], words[1:])


def test_both_pipelines_run_the_same_steps_and_mark_what_is_processed_last() -> None:
    jobs = yaml.safe_load(BLOCKS["yaml"])
    of_gitlab = [words[0] for words in calls("\n".join(jobs["charts"]["script"]))]
    of_jenkins = [words[0] for words in calls(BLOCKS["groovy"].partition("stage('Charts')")[2])]
    assert of_gitlab == of_jenkins == ["changed", *ORDER, "changed"]
    assert calls(BLOCKS["groovy"])[-1][:2] == ["changed", "--processed"]


def test_no_job_that_publishes_is_cancelled() -> None:
    jobs = yaml.safe_load(BLOCKS["yaml"])
    assert (jobs["charts"]["interruptible"], jobs["charts"]["resource_group"]) == (False, "charts")
    assert "disableConcurrentBuilds()" in BLOCKS["groovy"]
