"""What the tests of Move2Kube's workflow have in common: a git server, the function, and what is said in the end."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.engine.engine import Engine, Run
from tests.engine.services.broker import Broker
from tests.engine.services.move2kube import Move2Kube
from tests.m2k_function import Function, GitServer, function, git_over_ssh

TRANSFORMATION = "project-1-transformation-1"
FUNCTION = "m2k-save-transformation-func"


@pytest.fixture(name="git_server", scope="module")
def git_server_of_tests(tmp_path_factory: pytest.TempPathFactory) -> Iterator[GitServer]:
    with git_over_ssh(tmp_path_factory.mktemp("ssh")) as server:
        yield server


@pytest.fixture(name="saving", scope="module")
def saving_of_tests(
    all_services: dict[str, Any], git_server: GitServer, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Function]:
    """The function, started once."""
    broker = f"{all_services['broker'].url}/default"
    folder, key = tmp_path_factory.mktemp("function"), git_server.folder / "id_rsa"
    with function(folder, move2kube=all_services["move2kube"].url, broker=broker, key=key) as one:
        yield one


@pytest.fixture(autouse=True)
def subscribers(engine: Engine, broker: Broker, saving: Function) -> None:
    """Let the Triggers find the workflow and its function."""
    broker.subscribers = {"m2k": engine.url("m2k"), FUNCTION: saving.url}


@pytest.fixture(name="start")
def start_of_tests(engine: Engine, git_server: GitServer) -> Callable[..., Run]:
    """Start a run for a target branch."""

    def started(target: str = "new", **more: Any) -> Run:
        given = {"repositoryURL": git_server.address, "sourceBranch": "main", "targetBranch": target}
        return engine.start("m2k", {**given, "workspaceId": "workspace-1", "projectId": "project-1", **more})

    return started


def answer(move2kube: Move2Kube, run: Run, status: str = "done") -> None:
    """Answer the questions of a run, and let its transformation end."""
    run.wait("WaitForAnswers")
    move2kube.answered(status)


def link(move2kube: Move2Kube) -> str:
    return f"{move2kube.url}/workspaces/workspace-1/projects/project-1/outputs/{TRANSFORMATION}"


def success(move2kube: Move2Kube, git_server: GitServer, target: str) -> dict[str, Any]:
    """The result of a run whose outcome is in the target branch."""
    return {
        "completedWith": "success",
        "message": f"The outcome is in the branch {target} of {git_server.address}.",
        "outputs": [
            {"key": "Branch", "value": target, "format": "text"},
            {"key": "Commit", "value": git_server.commit(target), "format": "text"},
            {"key": "Transformation", "value": link(move2kube), "format": "link"},
        ],
    }


def failure(sentence: str, transformation: str = "", target: str = "new") -> dict[str, Any]:
    """The result of a run whose outcome is not in the target branch."""
    outputs = [{"key": "Transformation", "value": transformation, "format": "link"}] if transformation else []
    message = f"The outcome is not in the branch {target}. {sentence}"
    return {"completedWith": "error", "message": message, "outputs": outputs}
