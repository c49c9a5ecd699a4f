"""The documentation as its readers run it: tests/docs runs the commands, and what is left out has a reason."""

from __future__ import annotations

import re
import shlex
from functools import cache
from itertools import pairwise

import click
import pytest
from markdown_it import MarkdownIt

from pipeline.cli import SHORT_HELPS, waybill
from pipeline.commands.command import Command
from tests.conftest import ROOT
from tests.docs.page import LeftOut, PageError, pages, read_page, replace_printed
from tests.docs.shell import normalised

PAGES = {name: read_page(path.read_text(encoding="utf-8"), name) for name, path in pages(ROOT).items()}
LEFT_OUT = [block for page in PAGES.values() for block in page.left_out]
PAGE = """\
# Page

<!-- run: fresh clone -->
<!-- run first: mkdir out -->

```console
$ echo 'a
b'
a
b
$ cat > file <<'EOF'
text
EOF
```

<!-- not run: there is no such program -->

```shell
nothing
```

- In a list:

  ```console
  $ echo c
  d
  ```

<!-- run: empty folder; needs cluster, charts; NAME=greeting -->

```shell
# A comment.
helm install NAME \\
  NAME.tgz
helm list
```
"""


def test_every_block_that_is_not_run_has_a_reason() -> None:
    assert [f"{block.page}:{block.line}: {block.first}" for block in LEFT_OUT if not block.reason] == []


def test_the_blocks_that_are_not_run_are_these() -> None:
    """A new one is a decision: it is added here, with its reason in the page."""
    by_page: dict[str, list[str]] = {}
    for block in LEFT_OUT:
        by_page.setdefault(block.page, []).append(" ".join(block.first.split()[:3]))
    for page in [page for page in by_page if page.startswith("docs/workflows/")]:
        assert all(first.startswith(("waybill run", "curl -X POST")) for first in by_page.pop(page))
    assert {first.split()[1] for first in by_page.pop("docs/reference/commands.md")} == {
        *("attest", "build", "check", "diff", "image", "import", "new", "propose", "publish", "run", "verify"),
        *("completion", "doctor", "namespace", "rhdh"),
    }
    assert by_page == {
        "README.md": ["pip install nox"],
        "docs/install/existing.md": ["git clone REPOSITORY"],
        "docs/install/gitops.md": ["git clone https://github.com/my-org/config.git", "docker login quay.io"],
        "docs/install/kind.md": [
            *("git clone REPOSITORY", "kind create cluster", "waybill build greeting", "kind load docker-image"),
            "$ kubectl port-forward",
        ],
        "docs/install/namespaces.md": ["kubectl port-forward -n"],
        "docs/install/openshift.md": ["git clone REPOSITORY", "docker login quay.io", "$ oc port-forward"],
        "docs/install/remove.md": [
            *("oc delete -f", "oc exec -n", "oc patch applications.argoproj.io", "helm uninstall platform"),
            "kubectl delete -k",
        ],
        "docs/how-to.md": [
            "$ waybill doctor",
            "$ waybill doctor",
            "waybill doctor --cluster",
            "tkn pipeline start",
            "docker login quay.io",
            "waybill image --pin",
        ],
        "docs/tutorial.md": ["helm repo add"],
        "docs/troubleshooting.md": ["kubectl wait --for=condition=Ready", "kubectl exec -n"],
    }


@cache
def _read(name: str) -> tuple[list[str], set[str]]:
    """The links of a page, and the anchors of its headings, as GitHub makes them of their words."""
    tokens = MarkdownIt("gfm-like", {"linkify": False}).parse((ROOT / name).read_text(encoding="utf-8"))
    links = [
        str(child.attrGet("href")) for token in tokens for child in token.children or () if child.type == "link_open"
    ]
    headings = [
        "".join(child.content for child in inline.children or ())
        for opening, inline in pairwise(tokens)
        if opening.type == "heading_open"
    ]
    return links, {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("name", PAGES)
def test_each_link_within_the_documentation_goes_to_a_heading_that_is_there(name: str) -> None:
    links, own = _read(name)
    broken = []
    for link in links:
        path, _, anchor = link.partition("#")
        if ":" in path:
            continue
        target = (ROOT / name).parent / path if path else ROOT / name
        there = (
            _read(target.resolve().relative_to(ROOT).as_posix())[1] if path.endswith(".md") and target.exists() else own
        )
        if not target.exists() or (anchor and anchor not in there):
            broken.append(link)
    assert broken == []


def test_ci_calls_the_test_command_of_the_readme() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    (command,) = re.findall(r"^    (pip install nox && nox -s tests)$", readme, re.MULTILINE)
    assert f"({command})" in (ROOT / ".ci" / "run").read_text(encoding="utf-8")


@pytest.mark.parametrize("name", SHORT_HELPS)
def test_each_example_of_a_command_has_options_that_it_knows(name: str) -> None:
    command = waybill.get_command(click.Context(waybill), name)
    assert isinstance(command, Command)
    for line in command.example.splitlines():
        # In `eval "$(waybill …)"`, a shell reads what is printed.
        words = shlex.split(line.removeprefix('eval "$(').removesuffix(')"').partition(" > ")[0])
        words = words[words.index("waybill") + 1 :]
        assert words[0] == name
        command.make_context(name, words[1:])


def test_a_page_is_read_as_runs_of_commands() -> None:
    first, second = read_page(PAGE, "page.md").runs
    assert [(command.text, command.printed) for command in first.commands] == [
        ("mkdir out", None),
        ("echo 'a\nb'", ("a", "b")),
        ("cat > file <<'EOF'\ntext\nEOF", ()),
        ("echo c", ("d",)),
    ]
    assert (second.begins, second.needs, second.words) == ("empty folder", {"cluster", "charts"}, {"NAME": "greeting"})
    assert [command.text for command in second.commands] == [
        "# A comment.",
        "helm install NAME \\\n  NAME.tgz",
        "helm list",
    ]


def test_a_block_without_a_reason_is_told_with_its_line() -> None:
    block = "```shell\nnothing\n```\n"
    assert read_page(block, "page.md").left_out == (LeftOut(page="page.md", line=1, first="nothing", reason=""),)
    assert read_page(PAGE, "page.md").left_out[0].reason == "there is no such program"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("<!-- run: somewhere -->", "page.md:1: a run cannot begin in «somewhere»"),
        ("<!-- run: fresh clone; cluster -->", "page.md:1: «cluster» is neither"),
        ("<!-- not run: why -->", "no block follows the last «not run»"),
        ("<!-- run: fresh clone -->\n\n```console\nout\n$ a\n```", "page.md:3: the block begins with output"),
    ],
)
def test_a_page_that_no_runner_can_follow_is_refused(text: str, message: str) -> None:
    with pytest.raises(PageError, match=re.escape(message)):
        read_page(text + "\n", "page.md")


def test_new_output_replaces_the_old_and_nothing_else() -> None:
    commands = {command.text: command.line for run in read_page(PAGE, "page").runs for command in run.commands}
    new = replace_printed(PAGE, {commands["echo 'a\nb'"]: ["a", "b", "c"], commands["echo c"]: []})
    assert new == PAGE.replace("b'\na\nb\n", "b'\na\nb\nc\n").replace("  d\n", "")


@pytest.mark.parametrize(
    ("page", "run"),
    [
        ("commit f975a63", "commit 072b93cf"),
        ("created: '2026-11-24T15:40:38Z'", "created: '2027-01-02T03:04:05Z'"),
        ("LAST DEPLOYED: Mon Nov 23 23:29:52 2026", "LAST DEPLOYED: Tue Dec  1 01:02:03 2026"),
        ("   0.57 s  Start  operation    123 ms", "  10.57 s  Start  operation  1,123 ms"),
        ("a.tgz     9.7 KiB", "a.tgz   180.3 KiB"),
        ("http://127.0.0.1:37167/x", "http://127.0.0.1:1234/x"),
        ("   build  with Maven", "   build  with Maven\n          the build has taken 10 s so far: quarkus:build"),
        ("  engine  starts", "  engine  starts\n          the engine's start took 3 s"),
    ],
)
def test_what_differs_from_run_to_run_is_left_out_of_the_comparison(page: str, run: str) -> None:
    assert normalised(page.splitlines()) == normalised(run.splitlines())


@pytest.mark.parametrize(
    ("page", "run"),
    [("greeting 2.0.0", "greeting 2.0.1"), ("2 packages", "3 packages"), ("  a", "a"), ("unchanged", "changed")],
)
def test_all_else_is_compared(page: str, run: str) -> None:
    assert normalised([page]) != normalised([run])
