"""docs/ci.md: the steps of its pipeline, run as they are there, but with a container engine in place of jib."""

from __future__ import annotations

import re

import pytest

from tests.conftest import ROOT
from tests.docs.conftest import World
from tests.docs.test_shell import done_by

#: A repository with one workflow, whose chart is committed, and its remote.
PAGE = """\
<!-- run: empty folder; needs images, github; quay.io={registry}; CLONE={repository}; --engine jib=--engine docker -->
<!-- run first:
git init --quiet --bare origin.git && git clone --quiet origin.git mine 2>clone.log && cd mine && mkdir workflows
cp -r CLONE/workflows/greeting CLONE/workflows/shared workflows && echo dist >.gitignore
waybill build --all --images skip >../build.log 2>&1 && rm -r dist
git add . && git commit --quiet -m Greet && git push --quiet origin HEAD
-->

```shell
%s
```
"""


def test_the_pipeline_builds_proposes_publishes_and_marks_what_has_changed(world: World) -> None:
    text = (ROOT / "docs" / "ci.md").read_text(encoding="utf-8")
    steps = [command for _, command in re.findall(r"""sh (['"])(.+)\1""", text)]
    done, said = done_by(PAGE % "\n".join([*steps, "waybill changed"]), world)
    if said:
        pytest.fail(said, pytrace=False)
    *_, proposed, published, marked, changed = ("\n".join(each.printed) for each in done)
    assert "github:my-org/config: 1 opened" in proposed
    assert "oci://quay.io/my-org/charts: 2 changes" in published
    assert marked.startswith("greeting: processed at ")
    assert changed.startswith("0 of 1 workflow to process")
