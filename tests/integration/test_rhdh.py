"""`waybill rhdh`: secrets stay out of sight, what is there stays, and bad input is told without its values."""

from __future__ import annotations

import json
import os
import shlex
import stat
import subprocess
from pathlib import Path

import pytest
import yaml

from tests.command import PROGRAM, run_process
from tests.conftest import Waybill

TOKEN = "do-not-tell"  # noqa: S105 - no secret at all
NAMESPACE = json.dumps({"kind": "Namespace", "metadata": {"name": "rhdh-operator"}})


def stored(path: Path) -> dict[str, str]:
    values: dict[str, str] = yaml.safe_load(path.read_bytes())["stringData"]
    return values


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_the_file_is_for_the_user_alone_and_nothing_shows_a_value(waybill: Waybill, tmp_path: Path) -> None:
    tmp_path.joinpath("password").write_text(f"{TOKEN}-too\n", encoding="utf-8")
    words = ["rhdh", "secret", "--from-env", "--from-file", "ARGOCD_PASSWORD=password", "-o", "secret.yaml"]
    before = os.umask(0)
    try:
        done = waybill(*words, "-v", env={"GITHUB_TOKEN": TOKEN, "GITLAB_TOKEN": ""})
    finally:
        os.umask(before)
    assert done.code == 0, done.err
    assert TOKEN not in done.out + done.err
    file = tmp_path / "secret.yaml"
    assert mode(file) == 0o600
    values = stored(file)
    assert len(values.pop("BACKEND_SECRET")) == 32
    assert values == {"GITHUB_TOKEN": TOKEN, "ARGOCD_USERNAME": "admin", "ARGOCD_PASSWORD": f"{TOKEN}-too"}


@pytest.mark.parametrize("data", [b"%s", b"%s\n", b"%s\r\n", b"\xef\xbb\xbf%s\r\n"])
def test_a_value_is_the_text_of_its_file_whoever_wrote_it(data: bytes, waybill: Waybill, tmp_path: Path) -> None:
    tmp_path.joinpath("token").write_bytes(data % TOKEN.encode())
    done = waybill("rhdh", "secret", "--from-file", "GITHUB_TOKEN=token", "-o", "-")
    assert yaml.safe_load(done.out)["stringData"]["GITHUB_TOKEN"] == TOKEN


@pytest.mark.parametrize("data", ["", "\n", "\r\n"])
def test_a_key_of_an_empty_file_is_left_out(data: str, waybill: Waybill, tmp_path: Path) -> None:
    tmp_path.joinpath("token").write_text(data, encoding="utf-8")
    done = waybill("rhdh", "secret", "--from-file", "GITHUB_TOKEN=token", "-o", "-")
    assert yaml.safe_load(done.out)["stringData"].keys() == {"BACKEND_SECRET"}


def test_what_is_in_the_file_stays_and_what_is_missing_is_added(waybill: Waybill, tmp_path: Path) -> None:
    file = tmp_path / "secret.yaml"
    assert waybill("rhdh", "secret", "--from-env", "-o", file, env={"GITHUB_TOKEN": "first"}).code == 0
    before = stored(file)
    file.chmod(0o644)
    words = ["rhdh", "secret", "--from-env", "-o", file]
    done = waybill(*words, env={"GITHUB_TOKEN": TOKEN, "GITLAB_TOKEN": TOKEN})
    assert stored(file) == {**before, "GITLAB_TOKEN": TOKEN}
    assert mode(file) == 0o600
    assert "GITHUB_TOKEN: keeps its present value" in done.err
    assert TOKEN not in done.err
    same = file.read_bytes()
    file.chmod(0o640)
    done = waybill(*words, "--json", env={"GITHUB_TOKEN": "first"})
    assert (done.json["added"], done.json["kept"]) == ([], [])
    assert file.read_bytes() == same
    assert mode(file) == 0o600


@pytest.mark.parametrize(
    "text",
    [
        "notes of mine\n",
        "",
        "kind: ConfigMap\n",
        "kind: Secret\nmetadata: {name: another, namespace: rhdh}\nstringData: {}\n",
        "kind: Secret\nmetadata: {name: orchestrator-auth-secret, namespace: rhdh}\nstringData: {a: [b]}\n",
        "kind: [",
        "\x00",
    ],
)
def test_a_file_of_somebody_else_is_left_alone(text: str, waybill: Waybill, tmp_path: Path) -> None:
    file = tmp_path / "secret.yaml"
    file.write_text(text, encoding="utf-8")
    done = waybill("rhdh", "secret", "-o", file)
    assert done.code == 1
    assert file.read_text(encoding="utf-8") == text


def test_a_value_goes_to_a_terminal_only_where_that_is_asked_for(waybill: Waybill) -> None:
    done = waybill("rhdh", "secret", "--from-env", env={"GITHUB_TOKEN": TOKEN})
    assert done.code == 0
    assert TOKEN not in done.out + done.err
    assert "GITHUB_TOKEN" in done.err
    done = waybill("rhdh", "secret", "--from-env", "--json", env={"GITHUB_TOKEN": TOKEN})
    assert TOKEN not in done.out
    assert {key for key, value in done.json["keys"].items() if value == "set"} == {"GITHUB_TOKEN"}
    done = waybill("rhdh", "secret", "--from-env", "-o", "-", env={"GITHUB_TOKEN": TOKEN})
    assert yaml.safe_load(done.out)["stringData"]["GITHUB_TOKEN"] == TOKEN


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (["--from-file", "GITHUB_TOKNE=token"], 2, "no key 'GITHUB_TOKNE'; did you mean 'GITHUB_TOKEN'?"),
        (["--from-file", "GITHUB_TOKEN"], 2, "--from-file takes KEY=FILE"),
        (["--from-file", "GITHUB_TOKEN=token", "--from-file", "GITHUB_TOKEN=token"], 2, "gives GITHUB_TOKEN twice"),
        (["--from-file", "GITHUB_TOKEN=none"], 1, "none: cannot be read"),
        (["--from-file", "GITHUB_TOKEN=bytes"], 1, "the value of GITHUB_TOKEN is not UTF-8"),
        (["--from-file", "GITHUB_TOKEN=long"], 1, "is longer than 65,536 bytes"),
        (["--from-file", "GITHUB_TOKEN=lines"], 2, "GITHUB_TOKEN: the value has a line break"),
        (["--from-file", "GITHUB_TOKEN=blank"], 2, "GITHUB_TOKEN: the value begins or ends with a space"),
        (["--from-file", "GITHUB_TOKEN=."], 1, "cannot be read"),
        (["--namespace", "My_Hub"], 2, "did you mean 'my-hub'?"),
        (["--release", "-"], 2, "not a name for a Helm release"),
        (["--apply", "-o", "secret.yaml"], 2, "contradict each other"),
        (["--context", "mine"], 2, "--dry-run and --context go with --apply"),
        (["--plugin", "tekton"], 2, "go with --cluster-access"),
        (["--cluster-access", "--token-duration", "1 day"], 2, "as in 720h"),
        (["--rhdh", "one"], 2, "write a release of Red Hat Developer Hub"),
        (["-o", "-", "--json"], 2, "give one"),
        (["--email-tls"], 2, "--email-tls is only for waybill rhdh plugins"),
        (["--role", "ann", "--apply"], 2, "--apply and --role contradict each other"),
        (["--role", "ann", "-o", "secret.yaml"], 2, "--role and --out contradict each other"),
        (["--dry-run"], 2, "--dry-run and --context go with --apply"),
        # What a variable that nobody has set gives.
        (["--role", ""], 2, "Invalid value for '--role': it is empty"),
        (["--release", ""], 2, "Invalid value for '--release': it is empty"),
        (["--context", ""], 2, "--dry-run and --context go with --apply"),
        (["--apply", "--context", ""], 2, "--context is empty"),
    ],
)
def test_bad_input_is_told_without_a_value(
    words: list[str], code: int, said: str, waybill: Waybill, tmp_path: Path
) -> None:
    for name, data in {
        "token": TOKEN.encode(),
        "bytes": b"\xff" + TOKEN.encode(),
        "long": TOKEN.encode() * 10_000,
        "lines": f"{TOKEN}\n{TOKEN}\n".encode(),
        "blank": f"{TOKEN} \n".encode(),
    }.items():
        (tmp_path / name).write_bytes(data)
    done = waybill("rhdh", "secret", *words)
    assert (done.code, said in done.err) == (code, True), done.err
    assert TOKEN not in done.err + done.out


def kubectl(folder: Path, script: str) -> dict[str, str]:
    """The environment in which a script stands for kubectl; it writes down its words, and what it reads."""
    program = folder / "bin" / "kubectl"
    program.parent.mkdir(exist_ok=True)
    log = f'echo "$*" >>{folder}/words; case "$*" in *--filename=-*) cat >>{folder}/read;; esac'
    program.write_text(f"#!/bin/sh\n{log}\n{script}\n", encoding="utf-8")
    program.chmod(0o755)
    return {"PATH": f"{program.parent}:{os.environ['PATH']}"}


def test_a_value_goes_to_kubectl_by_standard_input_alone(tmp_path: Path) -> None:
    env = kubectl(tmp_path, f"case \"$*\" in 'get namespaces'*) echo '{NAMESPACE}';; esac")
    words = ["rhdh", "secret", "--from-env", "--apply", "-v"]
    done = run_process(*words, env={**env, "GITHUB_TOKEN": TOKEN}, cwd=tmp_path)
    assert done.code == 0, done.err
    called = (tmp_path / "words").read_text(encoding="utf-8")
    assert "create --filename=-" in called
    encoded = "ZG8tbm90LXRlbGw="
    assert encoded in (tmp_path / "read").read_text(encoding="utf-8")
    for shown in (called, done.out, done.err):
        assert TOKEN not in shown
        assert encoded not in shown


@pytest.mark.parametrize("debug", [[], ["--debug"]])
def test_what_kubectl_says_of_a_secret_is_not_repeated(debug: list[str], tmp_path: Path) -> None:
    script = (
        f"case \"$*\" in 'get namespaces'*) echo '{NAMESPACE}';; *create*) echo 'invalid: {TOKEN}' >&2; exit 1;; esac"
    )
    env = {**kubectl(tmp_path, script), "GITHUB_TOKEN": TOKEN}
    words = ["rhdh", "secret", "--from-env", "--apply", *debug]
    done = subprocess.run(
        [*PROGRAM, *words], capture_output=True, text=True, cwd=tmp_path, env={**os.environ, **env}, check=False
    )
    assert ("Traceback" in done.stderr) == bool(debug)
    shown = done.stderr + done.stdout
    assert (
        "Secret orchestrator-auth-secret in rhdh-operator cannot be created; to see why, run: kubectl create" in shown
    )
    assert TOKEN not in shown


def test_the_parts_are_written_and_a_file_of_somebody_else_stays(waybill: Waybill, tmp_path: Path) -> None:
    words = ["rhdh", "plugins", "--rhdh", "1.9", "-o", "out"]
    assert waybill(*words).code == 0
    part = yaml.safe_load((tmp_path / "out" / "dynamic-plugins.yaml").read_bytes())
    assert part["plugins"][0]["package"].endswith("plugin-orchestrator:{{inherit}}")
    assert waybill(*words, "--email-sender", "hub@example.com").code == 0
    mine = tmp_path / "out" / "app-config.yaml"
    mine.write_text("backend: {}\n", encoding="utf-8")
    done = waybill(*words)
    assert done.code == 1
    assert "app-config.yaml: is not from waybill, and was left as it is" in done.err
    assert mine.read_text(encoding="utf-8") == "backend: {}\n"


def test_standard_output_has_both_parts(waybill: Waybill) -> None:
    done = waybill("rhdh", "plugins", "--rhdh", "1.6")
    plugins, config = yaml.safe_load_all(done.out)
    assert plugins["plugins"][0]["integrity"].startswith("sha512-")
    assert config["backend"]["auth"]["externalAccess"][0]["options"]["token"] == "${BACKEND_SECRET}"  # noqa: S105
    assert "--from-literal=.npmrc=@redhat:registry=https://npm.registry.redhat.com" in done.err


@pytest.mark.parametrize("release", ["1.6", "1.9"])
def test_the_command_for_the_secret_makes_the_one_of_the_release(release: str, waybill: Waybill) -> None:
    done = waybill("rhdh", "plugins", "--rhdh", release, "--email-sender", "hub@example.com", "--json")
    command = done.json["commands"][-1]["command"]
    _, *words = shlex.split(command.removesuffix(" --apply"))
    values = {"NOTIFICATIONS_EMAIL_HOSTNAME": "smtp", "NOTIFICATIONS_EMAIL_USERNAME": "hub"}
    shown = waybill(*words, "--json", env=values).json
    assert shown["name"] == waybill("rhdh", "secret", "--rhdh", release, "--json").json["name"]
    given = {key for key, value in shown["keys"].items() if value != "left out"}
    assert given == {"BACKEND_SECRET", *values}


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--rhdh", "1.4"], "waybill knows no Orchestrator plugins for RHDH 1.4"),
        (["--data-index", "data-index"], "--data-index: not an HTTP URL; write it as in http://sonataflow-platform"),
        (["--data-index", "http://data-index/graphql"], "--data-index: the plugin adds /graphql itself"),
        (["--data-index", ""], "Invalid value for '--data-index': it is empty"),
        (["--email-sender", ""], "Invalid value for '--email-sender': it is empty"),
        (["--dry-run"], "--dry-run is only for waybill rhdh secret"),
        (["--email-tls"], "go with --email-sender"),
        (["--apply"], "--apply is only for waybill rhdh secret"),
        (["--services-namespace", "Mine"], "did you mean 'mine'?"),
    ],
)
def test_options_that_cannot_be_right_are_told(words: list[str], said: str, waybill: Waybill) -> None:
    done = waybill("rhdh", "plugins", *words)
    assert (done.code, said in done.err) == (2, True), done.err


def test_a_file_gets_the_plugins_that_it_does_not_have(waybill: Waybill, tmp_path: Path) -> None:
    file = tmp_path / "dynamic-plugins.yaml"
    mine = "# Mine.\nplugins:\n  - package: ./dynamic-plugins/dist/backstage-plugin-signals\n    disabled: true\n"
    file.write_text(mine, encoding="utf-8")
    file.chmod(0o640)
    words = ["rhdh", "plugins", "--rhdh", "1.9", "-f", file]
    done = waybill(*words)
    assert done.code == 0, done.err
    assert "has backstage-plugin-signals already, and keeps it as it is" in done.err
    text = file.read_text(encoding="utf-8")
    assert text.startswith(mine)
    assert mode(file) == 0o640
    assert waybill(*words, "--json").json["added"] == []
    assert file.read_text(encoding="utf-8") == text


def test_the_bytes_of_the_file_stay_and_so_does_a_link_to_it(waybill: Waybill, tmp_path: Path) -> None:
    file, link = tmp_path / "mine.yaml", tmp_path / "dynamic-plugins.yaml"
    mine = b"\xef\xbb\xbf# Mine.\r\nplugins:\r\n  - package: ./mine"
    file.write_bytes(mine)
    link.symlink_to(file)
    assert waybill("rhdh", "plugins", "-f", link).code == 0
    assert link.is_symlink()
    assert file.read_bytes().startswith(mine + b"\r\n  - package: ")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (None, "is not a file"),
        ("plugins: []\n", "does not end with a list of plugins, and was left as it is"),
        ("plugins: [\n", "[syntax]"),
        ("\xff", "does not end with a list"),
    ],
)
def test_a_file_that_takes_no_plugins_is_left_alone(
    text: str | None, said: str, waybill: Waybill, tmp_path: Path
) -> None:
    file = tmp_path / "dynamic-plugins.yaml"
    if text is not None:
        file.write_text(text, encoding="utf-8")
    done = waybill("rhdh", "plugins", "-f", "dynamic-plugins.yaml")
    assert (done.code, said in done.err) == (1, True), done.err
    assert (file.read_text(encoding="utf-8") if file.exists() else None) == text
    assert waybill("rhdh", "plugins", "-f", "a", "-o", "b").code == 2
