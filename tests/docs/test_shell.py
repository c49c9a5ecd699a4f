"""The runner of the documentation's commands: what it takes for what the page says, and what not."""

from __future__ import annotations

import pytest

from tests.docs.conftest import World, enter
from tests.docs.page import read_page
from tests.docs.shell import Done, complaint, run_in_shell

#: From an empty folder to charts that are published behind a web server, and on a branch of a git repository.
PUBLISHED = """\
<!-- run: empty folder; needs web; CLONE={repository}; https://charts.example.com={web}/mine/public -->

```console
$ mkdir -p mine/workflows && cd mine && git init --quiet
$ cp -r CLONE/workflows/greeting CLONE/workflows/shared workflows
$ waybill build --all 2>&1 | grep '^next'
next   helm install greeting dist/greeting-0.1.0.tgz
$ waybill publish --to dir:public --init --allow-tag 2>&1 | grep changes
dir:public: 2 changes; 0 published versions kept
$ helm repo add mine https://charts.example.com
"mine" has been added to your repositories
$ helm template greeting --repo https://charts.example.com greeting | grep '^kind: Sona'
kind: SonataFlow
$ git init --quiet --bare ../charts.git
$ waybill publish --to git:../charts.git --init --allow-tag 2>&1 | grep changes
git:../charts.git: 2 changes; 0 published versions kept
$ git -C ../charts.git log --oneline gh-pages | wc -l
1
```
"""


def done_by(text: str, world: World) -> tuple[list[Done], str]:
    """What the commands of a page with one run did, and what is wrong with that."""
    (run,) = read_page(text, "page.md").runs
    words = enter(world, run)
    done = run_in_shell(run, world.begin(run.begins), world.environment, words)
    return done, complaint(run, done)


def page(*lines: str) -> str:
    return "\n".join(["<!-- run: empty folder -->", "", "```console", *lines, "```", ""])


def test_a_page_goes_from_an_empty_folder_to_published_charts(world: World) -> None:
    _, said = done_by(PUBLISHED, world)
    assert said == ""


def test_commands_share_a_shell(world: World) -> None:
    done, said = done_by(page("$ mkdir a && cd a && export B=c", "$ basename $PWD", "a", "$ echo $B", "c"), world)
    assert said == ""
    assert [each.printed for each in done] == [(), ("a",), ("c",)]


def test_other_output_is_told_with_the_line_of_the_command(world: World) -> None:
    _, said = done_by(page("$ echo a", "a", "$ echo b", "c"), world)
    assert said.splitlines()[0] == "page.md:6: echo b"
    assert {"-c", "+b"} <= set(said.splitlines())


def test_a_command_that_fails_shows_it_or_is_told(world: World) -> None:
    done, said = done_by(page("$ false", "$ cat none", "cat: none: No such file or directory", "$ echo $?", "1"), world)
    assert [each.expected for each in done] == [False, True, True]
    assert said.splitlines()[:2] == [
        "page.md:4: false",
        "  exits 1; if that is right: nox -s docs-commands -- --update",
    ]


def test_a_command_without_output_has_to_succeed(world: World) -> None:
    done, said = done_by("<!-- run: empty folder -->\n\n```shell\necho a\nfalse\n```\n", world)
    assert [each.expected for each in done] == [True, False]
    assert said == "page.md:5: false\n  exits 1:"


def test_a_shell_that_ends_early_is_told(world: World) -> None:
    done, said = done_by(page("$ exit 3", "$ echo a", "a"), world)
    assert len(done) == 1
    assert "page.md:4: exit 3" in said


@pytest.mark.parametrize("line", ["$ sleep 1000 &", "$ (sleep 1000; echo late) >late 2>&1 &"])
def test_what_runs_in_the_background_ends_with_the_page(line: str, world: World) -> None:
    _, said = done_by(page(line, "$ echo a", "a"), world)
    assert said == ""
