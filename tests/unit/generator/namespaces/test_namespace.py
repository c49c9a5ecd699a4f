"""The objects of a namespace, the commands that add it, and the Roles that these need."""

from __future__ import annotations

import os
import stat
import subprocess
from pathlib import Path
from typing import Any

import pytest

from generator.namespaces.database import NamespaceDatabase
from generator.namespaces.namespace import ExternalSecret, WorkflowNamespace, files_of, roles, steps
from generator.namespaces.policies import Neighbours

DATABASE = NamespaceDatabase(namespace="demo", services="infra")
NAMESPACE = WorkflowNamespace(
    name="demo", neighbours=Neighbours(rhdh="hub", services="infra"), argocd="argo", database=DATABASE
)


def test_the_files_have_the_order_in_which_they_are_applied() -> None:
    assert list(files_of(NAMESPACE)) == [
        "01-namespace_demo.yaml",
        "02-networkpolicy_allow-to-workflows.yaml",
        "03-networkpolicy_allow-to-sonataflow-services.yaml",
        "04-networkpolicy_allow-to-rhdh.yaml",
        f"05-job_{DATABASE.job()['metadata']['name']}.yaml",
    ]


@pytest.mark.parametrize(
    ("namespace", "kinds"),
    [
        (WorkflowNamespace(name="demo"), {"Namespace", "NetworkPolicy"}),
        (WorkflowNamespace(name="demo", database=DATABASE, share_admin=True), {"Namespace", "NetworkPolicy"}),
        (WorkflowNamespace(name="demo", database=DATABASE), {"Namespace", "NetworkPolicy", "Job"}),
        (
            WorkflowNamespace(name="demo", database=DATABASE, external=ExternalSecret(store="vault", key="demo")),
            {"Namespace", "NetworkPolicy", "Job", "ExternalSecret"},
        ),
    ],
)
def test_what_is_created_depends_on_the_database(namespace: WorkflowNamespace, kinds: set[str]) -> None:
    assert {each["kind"] for each in namespace.objects()} == kinds


def test_without_argo_cd_nobody_is_named_as_the_manager() -> None:
    (first, *_) = WorkflowNamespace(name="demo").objects()
    assert first["metadata"]["labels"] == {"rhdh.redhat.com/workflow-namespace": ""}


def run(commands: list[str], folder: Path) -> list[str]:
    """Run commands with a kubectl that only writes down its words; return those of each call."""
    program = folder / "bin" / "kubectl"
    program.parent.mkdir(exist_ok=True)
    program.write_text(f'#!/bin/sh\necho "$*" >>{folder}/calls\n', encoding="utf-8")
    program.chmod(0o755)
    env = {**os.environ, "PATH": f"{program.parent}:{os.environ['PATH']}"}
    for command in commands:
        subprocess.run(["sh", "-c", command], cwd=folder, env=env, check=True)
    return (folder / "calls").read_text(encoding="utf-8").splitlines()


def test_the_password_is_in_a_private_folder_and_in_no_command(tmp_path: Path) -> None:
    commands = [each.command for each in steps(NAMESPACE, "kubectl apply -f out")][:4]
    calls = run(commands, tmp_path)
    folder = tmp_path / "demo-database"
    password = (folder / "postgres-password").read_text(encoding="utf-8")
    assert len(password) == 48
    assert (folder / "postgres-username").read_text(encoding="utf-8") == "ns_demo"
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert {stat.S_IMODE(each.stat().st_mode) for each in folder.iterdir()} == {0o600}
    assert not [each for each in [*calls, *commands] if password in each]
    files = "--from-file=demo-database/postgres-username --from-file=demo-database/postgres-password"
    assert calls[1:] == [
        f"create secret generic demo-database -n infra {files}",
        f"create secret generic sonataflow-psql-postgresql -n demo {files}",
    ]


def test_what_somebody_has_in_a_folder_of_that_name_is_in_no_secret_and_stays(tmp_path: Path) -> None:
    mine = tmp_path / "demo-database" / "notes"
    mine.parent.mkdir()
    mine.write_text("mine", encoding="utf-8")
    *commands, remove = [each.command for each in steps(NAMESPACE, "kubectl apply -f out")][:5]
    calls = run(commands, tmp_path)
    assert not [each for each in calls if each.endswith("--from-file=demo-database") or "notes" in each]
    subprocess.run(["sh", "-c", remove], cwd=tmp_path, check=False, capture_output=True)
    assert list(mine.parent.iterdir()) == [mine]


def test_the_same_command_again_keeps_the_password(tmp_path: Path) -> None:
    command = list(steps(NAMESPACE, ""))[1].command
    run([command, "kubectl"], tmp_path)
    before = (tmp_path / "demo-database" / "postgres-password").read_bytes()
    run([command], tmp_path)
    assert (tmp_path / "demo-database" / "postgres-password").read_bytes() == before


def test_the_roles_have_no_right_beyond_what_is_named() -> None:
    found = roles(NAMESPACE, "ann")
    rules: list[dict[str, Any]] = [rule for each in found for rule in each.get("rules", [])]
    assert not [rule for rule in rules if "*" in [*rule["verbs"], *rule["resources"], *rule["apiGroups"]]]
    assert not [rule for rule in rules if "delete" in rule["verbs"]]
    assert not [rule for rule in rules if rule["resources"] == ["secrets"] and "patch" in rule["verbs"]]
    unnamed = [rule for rule in rules if "resourceNames" not in rule]
    assert {tuple(rule["verbs"]) for rule in unnamed} == {("create",)}
    subjects = [subject for each in found for subject in each.get("subjects", [])]
    assert {(each["kind"], each["name"]) for each in subjects} == {("User", "ann")}
    assert {each["metadata"].get("namespace") for each in found if each["kind"] == "Role"} == {"demo", "infra", "hub"}


def test_where_the_administrator_is_shared_the_role_may_read_that_secret_alone() -> None:
    shared = WorkflowNamespace(name="demo", neighbours=NAMESPACE.neighbours, database=DATABASE, share_admin=True)
    in_infra = [each for each in roles(shared, "ann") if each["metadata"].get("namespace") == "infra"]
    rules = [rule for each in in_infra for rule in each.get("rules", []) if rule["resources"] == ["secrets"]]
    assert [(rule["resourceNames"], rule["verbs"]) for rule in rules] == [(["sonataflow-psql-postgresql"], ["get"])]
    *_, install = (each.command for each in steps(shared, ""))
    assert "databaseSchema" not in install
    assert "persistence.serviceRef.namespace=infra" in install
