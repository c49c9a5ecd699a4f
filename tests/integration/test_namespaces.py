"""`waybill namespace add` without a cluster: what it writes, and what it says of bad input."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.command import run
from tests.conftest import Helm, Waybill
from tests.platform_values import required

NAME = re.compile("(?!kube-|openshift-)[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?")


@settings(max_examples=50)
@given(st.text(st.characters(exclude_categories=["Cs"]), max_size=70) | st.from_regex(r"[a-zA-Z0-9-]{1,70}"))
def test_any_name_is_taken_or_refused_with_what_a_name_is(name: str) -> None:
    done = run("namespace", "add", "--json", "--", name)
    if NAME.fullmatch(name) and name not in (
        "rhdh-operator",
        "sonataflow-infra",
        "knative-eventing",
        "knative-serving",
    ):
        assert done.code == 0, done.err
        objects = {each["kind"]: each for each in done.json["objects"]}
        assert objects["Namespace"]["metadata"]["name"] == name
        assert len(objects["Job"]["metadata"]["name"]) <= 63
    else:
        assert done.code == 2, done.out
        assert re.search("is not a name for a namespace|is (the|a) namespace of", done.err)
        assert all(character.isprintable() or character == "\n" for character in done.err)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["rhdh-operator"], "'rhdh-operator' is the namespace of RHDH; choose another for the workflows"),
        (["sonataflow-infra"], "is the namespace of the services"),
        (["knative-serving"], "is the namespace of Knative"),
        (["demo", "--rhdh-namespace", "My_Hub"], "did you mean 'my-hub'?"),
        (["demo", "--allow", ""], "'' is not a name for a namespace"),
        (["demo", "--secret", "A B"], "not a name for a Secret"),
        (["demo", "--no-database", "--share-admin-secret"], "--no-database and --share-admin-secret contradict"),
        (["demo", "--external-secret", "a", "--share-admin-secret"], "contradict each other"),
        (["demo", "--database-host", "a b"], "write a host's name, as in db.example.com"),
        (["demo", "--database-host", "a", "--share-admin-secret"], "contradict each other"),
        (["demo", "--external-key", "a"], "--external-key goes with --external-secret"),
        (["demo", "--apply", "-o", "out"], "--apply and --out contradict each other"),
        (["demo", "--role", "ann", "--apply"], "--role and --apply contradict each other"),
        (["demo", "--dry-run"], "--dry-run and --context go with --apply"),
        (["demo", "--role", "ann", "--context", "mine"], "--dry-run and --context go with --apply"),
        (["kube-system"], "'kube-system' is a namespace of the cluster itself"),
        (["openshift-dns"], "'openshift-dns' is a namespace of the cluster itself"),
        (["demo", "--external-secret", "a b"], "'a b' is not a name for a ClusterSecretStore"),
        # What a variable that nobody has set gives.
        (["demo", "--role", ""], "Invalid value for '--role': it is empty"),
        (["demo", "--role", "a\nb"], "Invalid value for '--role': it has a line break"),
        (["demo", "--external-secret", ""], "Invalid value for '--external-secret': it is empty"),
        (["demo", "--external-secret", "a", "--external-key", " "], "Invalid value for '--external-key': it is empty"),
        (["demo", "--psql-image", ""], "Invalid value for '--psql-image': it is empty"),
        (["demo", "--database-host", ""], "Invalid value for '--database-host': it is empty"),
        (["demo", "--apply", "--context", ""], "--context is empty; name a context, or leave the option out"),
    ],
)
def test_what_contradicts_itself_is_told(words: list[str], said: str, waybill: Waybill) -> None:
    done = waybill("namespace", "add", *words)
    assert (done.code, said in done.err) == (2, True), done.err


def test_the_files_are_what_is_printed_and_the_same_each_time(waybill: Waybill, tmp_path: Path) -> None:
    printed = list(yaml.safe_load_all(waybill("namespace", "add", "demo").out))
    first = waybill("namespace", "add", "demo", "-o", "out", "--json").json["files"]
    written = {path: (tmp_path / path).read_bytes() for path in first}
    assert [yaml.safe_load(data) for data in written.values()] == printed
    done = waybill("namespace", "add", "demo", "-o", "out")
    assert "unchanged" in done.err
    assert {path: (tmp_path / path).read_bytes() for path in first} == written


def test_a_folder_with_other_objects_is_refused(waybill: Waybill, tmp_path: Path) -> None:
    assert waybill("namespace", "add", "demo", "-o", "out").code == 0
    done = waybill("namespace", "add", "demo", "-o", "out", "--no-database")
    assert done.code == 2
    assert "which kubectl would apply too; choose an empty folder" in done.err
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "policy.yaml").write_text("kind: X\n", encoding="utf-8")
    assert waybill("namespace", "add", "demo", "-o", "mine").code == 2
    assert [path.name for path in (tmp_path / "mine").iterdir()] == ["policy.yaml"]


def test_the_chart_gives_a_namespace_the_labels_and_the_user_that_the_command_gives(
    waybill: Waybill, helm4: Helm, tmp_path: Path
) -> None:
    assert waybill("platform", "--profile", "openshift", "-o", "out").code == 0
    values = {
        **required("openshift", "10"),
        "namespaces": [{"name": "demo", "create": True, "database": {"secret": "demo-database"}}],
        "gitops": {"enabled": True, "sourceRepos": ["https://git.example/config.git"]},
    }
    rendered = helm4.render(tmp_path / "out" / "platform", values)
    charted = next(each for each in rendered if each["kind"] == "Namespace" and each["metadata"]["name"] == "demo")
    wanted = {each["kind"]: each for each in waybill("namespace", "add", "demo", "--json").json["objects"]}
    labels = charted["metadata"]["labels"]
    assert labels.items() >= wanted["Namespace"]["metadata"]["labels"].items()
    # The same program runs, with the Secret beside the database.
    (job,) = (each for each in rendered if each["metadata"]["name"].startswith("sonataflow-user-demo-"))
    assert program(job) == program(wanted["Job"])


def program(job: dict[str, Any]) -> tuple[str, str, object, object]:
    """The script of a Job, its SQL, and the Secrets with the new user and password."""
    (container,) = job["spec"]["template"]["spec"]["containers"]
    script = [*container["command"], *container.get("args", ())][-1]
    env = {each["name"]: each.get("value") or each["valueFrom"] for each in container["env"]}
    return script.strip(), env["SQL"].strip(), env["WORKFLOW_USER"], env["WORKFLOW_PASSWORD"]


def test_without_kubectl_apply_says_what_to_install(waybill: Waybill, tmp_path: Path) -> None:
    done = waybill("namespace", "add", "demo", "--apply", env={"PATH": str(tmp_path)})
    assert done.code == 1
    assert "neither kubectl nor oc is on PATH" in done.err
