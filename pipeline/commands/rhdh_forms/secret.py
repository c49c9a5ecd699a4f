"""`waybill rhdh secret`: RHDH's Secret, in a file or in the cluster."""

from __future__ import annotations

import json
import os
import re
import secrets
import shlex
import stat
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import click

from generator.delivery.names import check_name
from generator.findings.errors import OutputError, SettingsError
from generator.forms.releases import Release
from generator.kubernetes.steps import Step, apply_command
from generator.rhdh.access import ACCOUNT, PLUGINS, TOKEN_SECRET, ClusterAccess, roles
from generator.rhdh.secret import (
    BACKEND_SECRET,
    KEYS,
    OWN_CLUSTER,
    TOKEN,
    URL,
    Completed,
    check_key,
    check_values,
    completed,
    manifest,
    secret_name,
)
from generator.text.yaml_reader import parse
from generator.text.yaml_writer import dump
from pipeline.build.generated_files import read_if_there
from pipeline.cluster.adding import Change, Verb, carry_out, plan, send
from pipeline.cluster.kubectl import Kubectl
from pipeline.cluster.rhdh_secret import change_of, find_namespace, token_of, values_of
from pipeline.cluster.stored_secret import read_secret
from pipeline.commands.command import (
    print_json,
    print_objects,
    refuse_together,
    refuse_without_apply,
    same_command,
    show_steps,
)
from pipeline.system.files import Transaction
from pipeline.system.journal import Journal
from pipeline.terminal import console

#: The maximum size of a file with a value, in bytes.
_MAX_VALUE: Final = 64 * 1024
_PRIVATE: Final = 0o600
#: A duration as kubectl parses it (Go, time.ParseDuration).
_DURATION: Final = re.compile(r"(?:[0-9]+(?:h|m|s))+")
#: How many random bytes a BACKEND_SECRET has (Backstage, "Service to Service Auth").
_BYTES: Final = 24


def secret(release: Release | None, options: Mapping[str, Any], journal: Journal, *, as_json: bool) -> None:
    """Write the Secret to a file, add it to the cluster, or show which of its keys have a value."""
    helm = options["helm_release"] or ""
    if helm:
        check_name(helm, "a Helm release")
    name = secret_name(release, helm)
    given = check_values(_read_values(options))
    access = _wanted_access(options)
    if options["applies"]:
        refuse_together("--apply", "out", "user")
        _apply(name, given, access, options, journal, as_json=as_json)
        return
    refuse_without_apply(options)
    if options["user"]:
        refuse_together("--role", "out")
        print_objects(roles(name, options["namespace"], access, options["user"]), as_json=as_json)
        return
    if access and URL not in given:
        given = check_values({**given, URL: OWN_CLUSTER})
    if options["out"] is None:
        _show(name, given, access, options, as_json=as_json)
    else:
        _write(name, given, options, journal, as_json=as_json)


def _read_values(options: Mapping[str, Any]) -> dict[str, str]:
    """Return the values of variables and files; a file wins.

    Raises:
        SettingsError: an option is not KEY=FILE, or its key is unknown or given twice.
        OutputError: a file cannot be read.
    """
    values = {key: os.environ.get(key, "") for key in KEYS} if options["from_env"] else {}
    seen: set[str] = set()
    for option in options["files"]:
        key, equals, path = option.partition("=")
        if not equals or not path:
            raise SettingsError(f"--from-file takes KEY=FILE, as in {TOKEN}=token")
        if check_key(key) in seen:
            raise SettingsError(f"--from-file gives {key} twice")
        seen.add(key)
        values[key] = _read_value(Path(path), key)
    return values


def _read_value(path: Path, key: str) -> str:
    """Return the text of a file without a byte order mark and the final line break."""
    try:
        with path.open("rb") as file:
            data = file.read(_MAX_VALUE + 1)
        text = data.decode("utf-8-sig")
    except OSError as error:
        raise OutputError(f"{path}: cannot be read: {error.strerror}") from error
    except ValueError as error:
        raise OutputError(f"{path}: the value of {key} is not UTF-8") from error
    if len(data) > _MAX_VALUE:
        raise OutputError(f"{path}: the value of {key} is longer than {_MAX_VALUE:,} bytes")
    return text.removesuffix("\n").removesuffix("\r")


def _wanted_access(options: Mapping[str, Any]) -> ClusterAccess | None:
    """Return the access of RHDH's plugins to the cluster that the options ask for, or None."""
    if not options["cluster_access"]:
        if options["plugins"] or options["within"] or options["token_duration"]:
            raise SettingsError("--plugin, --in and --token-duration go with --cluster-access")
        return None
    duration = options["token_duration"] or ""
    if duration and not _DURATION.fullmatch(duration):
        raise SettingsError(f"--token-duration '{duration}': write hours, minutes or seconds, as in 720h")
    return ClusterAccess(
        namespace=options["namespace"],
        plugins=tuple(options["plugins"]) or tuple(PLUGINS),
        within=tuple(check_name(each, "a namespace") for each in dict.fromkeys(options["within"])),
        permanent=not duration,
    )


def _show(
    name: str, given: Mapping[str, str], access: ClusterAccess | None, options: Mapping[str, Any], *, as_json: bool
) -> None:
    """Show which keys have a value and what to do next; print the objects of the plugins' access."""
    objects = access.objects() if access else []
    commands = list(_steps(access, options)) if access else []
    keys = {key: "set" if key in given else "random" if key == BACKEND_SECRET else "left out" for key in KEYS}
    if as_json:
        found: dict[str, Any] = {"name": name, "namespace": options["namespace"], "keys": keys, "objects": objects}
        print_json({"ok": True, **found, "commands": [each.as_json() for each in commands]})
        return
    if objects:
        print_objects(objects, as_json=False)
    console.show_table((f"key of {name}", "value", "what for"), ((key, keys[key], KEYS[key]) for key in KEYS))
    if commands:
        show_steps(commands)
    else:
        console.show_next([*same_command(""), "-o", "rhdh-secret.yaml"], "writes it; --apply creates it in the cluster")


def _steps(access: ClusterAccess, options: Mapping[str, Any]) -> Iterator[Step]:
    """Yield the commands that create the account, get its token and complete the Secret; none contains the token."""
    words = [word for word in same_command("") if word != "--json"]
    yield Step(what="the account of RHDH's plugins", command=f"{shlex.join(words)} | {apply_command('-')}")
    where = options["namespace"]
    if access.permanent:
        template = "{{.data.token | base64decode}}"
        take = f"kubectl get secret {TOKEN_SECRET} -n {where} -o go-template='{template}'"
    else:
        take = f"kubectl create token {ACCOUNT} -n {where} --duration={options['token_duration']}"
    yield Step(what="its token, in a file that only you can read", command=f"(umask 077 && {take} > {TOKEN})")
    written = [*words, "--from-file", f"{TOKEN}={TOKEN}", "-o", "rhdh-secret.yaml"]
    yield Step(what="the Secret, in a file that only you can read", command=shlex.join(written))
    yield Step(
        what="creates it; to complete an existing Secret, use --apply", command="kubectl create -f rhdh-secret.yaml"
    )
    yield Step(what="removes both from this machine", command=f"rm {TOKEN} rhdh-secret.yaml")


def _write(name: str, given: Mapping[str, str], options: Mapping[str, Any], journal: Journal, *, as_json: bool) -> None:
    """Write the Secret to a file that only the user can read; values that it has already stay."""
    out: Path = options["out"]
    printed = out == Path("-")
    if printed and as_json:
        raise SettingsError("-o - prints the Secret, --json a document without values; give one")
    stored = {} if printed else _stored_in(out, name, options["namespace"])
    found = _completed(stored, given, options)
    text = dump(manifest(name, options["namespace"], found.values))
    if printed:
        click.echo(text, nl=False)
        return
    if found.added or _is_open(out):
        with Transaction(journal) as transaction:
            transaction.replace_file(out.resolve(), text.encode(), mode=_PRIVATE)
            transaction.commit()
    _report(name, found, options, as_json=as_json)
    if not as_json:
        console.show_next(["kubectl", "create", "-f", out.as_posix()], "creates it; do not commit the file")


def _is_open(path: Path) -> bool:
    """Whether the file's mode gives rights to others than its owner."""
    return path.exists() and bool(stat.S_IMODE(path.stat().st_mode) & ~_PRIVATE)


def _stored_in(path: Path, name: str, namespace: str) -> dict[str, str]:
    """Return the values of the Secret in a file, or nothing if there is no file.

    Raises:
        OutputError: the file has something else than this Secret.
        FindingsError: the file is not YAML.
    """
    data = read_if_there(path)
    if data is None:
        if path.exists():
            raise OutputError(f"{path}: is not a file; choose another name")
        return {}
    match parse(data, path.as_posix()).root.plain():
        case {"kind": "Secret", "metadata": {"name": stored, "namespace": where}, "stringData": dict(values)} if (
            stored,
            where,
        ) == (name, namespace) and all(isinstance(each, str) for each in values.values()):
            return values
    raise OutputError(f"{path}: has no Secret {name} of the namespace {namespace}, and was left as it is")


def _apply(
    name: str,
    given: Mapping[str, str],
    access: ClusterAccess | None,
    options: Mapping[str, Any],
    journal: Journal,
    *,
    as_json: bool,
) -> None:
    """Create the plugins' account in the cluster, if asked for, and then create or complete the Secret."""
    kubectl = Kubectl(options["context"])
    namespace, dry_run = options["namespace"], options["dry_run"]
    find_namespace(namespace, kubectl)
    stored = read_secret(name, namespace, kubectl)
    stored_values = values_of(stored)
    changes = plan(access.objects(), kubectl) if access else []
    if not dry_run:
        carry_out(changes, kubectl, journal)
    values = dict(given)
    if access and not stored_values.get(URL):
        values.setdefault(URL, OWN_CLUSTER)
    missing: list[str] = []
    if access and not values.get(TOKEN) and not stored_values.get(TOKEN):
        token = "unknown" if dry_run else token_of(access, options["token_duration"], kubectl)
        values[TOKEN] = token
        missing = [] if token else [TOKEN]
    found = _completed(stored_values, check_values(values), options)
    if found.added and not dry_run:
        send(change_of(stored, name, namespace, found), kubectl, journal)
    _report(name, found, options, changes=changes, missing=missing, as_json=as_json)
    if not as_json and missing:
        console.say(f"{TOKEN} is not there yet: the cluster has not filled the Secret {TOKEN_SECRET}")
        console.show_next(same_command(""), "adds it")
    elif not as_json and dry_run:
        console.show_next(same_command("dry_run"), "does this")


def _completed(stored: Mapping[str, str], given: Mapping[str, str], options: Mapping[str, Any]) -> Completed:
    return completed(stored, given, backend=secrets.token_urlsafe(_BYTES), helm=bool(options["helm_release"]))


def _report(
    name: str,
    found: Completed,
    options: Mapping[str, Any],
    *,
    changes: Sequence[Change] = (),
    missing: Sequence[str] = (),
    as_json: bool,
) -> None:
    """Report what happened to the objects and to each key, without any value."""
    namespace = options["namespace"]
    if as_json:
        document = {"ok": True, "name": name, "namespace": namespace}
        keys = {"added": found.added, "kept": found.kept, "missing": missing, "keys": sorted(found.values)}
        print_json({**document, **keys, "changes": [each.as_json() for each in changes]})
        return
    would_be = "would be " if options["dry_run"] else ""
    for each in changes:
        if each.verb is not Verb.KEEP:
            console.say(f"{each.title}: {would_be}{each.said}")
    where = f"Secret {name} in {namespace}"
    console.say(f"{where}: {', '.join(found.added)} {would_be}added" if found.added else f"{where}: unchanged")
    for key in found.kept:
        console.say(f"{key}: keeps its present value; to replace it, first {_how_to_remove(key, name, options)}")


def _how_to_remove(key: str, name: str, options: Mapping[str, Any]) -> str:
    """Return the instruction for removing a key."""
    if not options["applies"]:
        return f"remove it from {options['out']}"
    patch = json.dumps([{"op": "remove", "path": f"/data/{key}"}])
    words = ["kubectl", "patch", "secret", name, "-n", options["namespace"], "--type=json", "-p", patch]
    return f"run: {shlex.join(words)}"
