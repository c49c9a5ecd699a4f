"""Every command of the documentation, run as its page prints it; what it prints is what the page shows."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from tests.conftest import ROOT
from tests.docs.conftest import World, enter
from tests.docs.page import Run, pages, read_page, replace_printed
from tests.docs.shell import Done, complaint, run_in_shell, worth_showing

RUNS = [run for name, path in pages(ROOT).items() for run in read_page(path.read_text(encoding="utf-8"), name).runs]


# The longest first: no worker begins one when the others are done.
@pytest.mark.parametrize("run", sorted(RUNS, key=lambda run: "engine" not in run.needs), ids=str)
def test_commands_do_what_their_page_says(run: Run, world: World, request: pytest.FixtureRequest) -> None:
    words = enter(world, run)
    done = run_in_shell(run, world.begin(run.begins), world.environment, words)
    if request.config.getoption("--update"):
        update(run, done)
        done = [each for each in done if each.command.printed is None]
    if said := complaint(run, done):
        pytest.fail(said, pytrace=False)


def update(run: Run, done: Sequence[Done]) -> None:
    """Write what commands print into their page, whose lines may have moved since it was read."""
    path = ROOT / run.page
    text = path.read_text(encoding="utf-8")
    number = [each for each in RUNS if each.page == run.page].index(run)
    now = read_page(text, run.page).runs[number].commands
    new = {
        command.line: worth_showing(each.printed)
        for command, each in zip(now, done, strict=False)
        if command.printed is not None and not each.expected
    }
    path.write_text(replace_printed(text, new), encoding="utf-8")
