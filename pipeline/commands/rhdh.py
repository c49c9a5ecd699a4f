"""`waybill rhdh secret` and `waybill rhdh plugins`: what Red Hat Developer Hub needs for the Orchestrator."""

from __future__ import annotations

import os
import re
import secrets
import shlex
import stat
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

import click

from generator.delivery.names import check_name
from generator.findings.errors import OutputError, SettingsError
from generator.forms.releases import Release, parse_release
from generator.namespaces.namespace import Step, apply_command
from generator.namespaces.policies import Neighbours
from generator.rhdh.access import ACCOUNT, PLUGINS, TOKEN_SECRET, ClusterAccess
from generator.rhdh.plugins import NPMRC, Email, PluginOptions, app_config, dynamic_plugins, packages_of
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
from pipeline.build.generated_files import outdated, read_if_there, write
from pipeline.cluster.adding import carry_out, plan, send
from pipeline.cluster.kubectl import Kubectl
from pipeline.cluster.rhdh_secret import change_of, find_namespace, read_secret, token_of, values_of
from pipeline.commands.command import FILE, Group, command, pass_journal, print_json, same_command, settings_of
from pipeline.system.files import Transaction
from pipeline.system.journal import Journal
from pipeline.terminal import console
from pipeline.workspace.settings import Settings

#: The most bytes of a file with a value.
_MAX_VALUE: Final = 64 * 1024
_PRIVATE: Final = 0o600
#: As kubectl takes it (Go, time.ParseDuration).
_DURATION: Final = re.compile(r"(?:[0-9]+(?:h|m|s))+")
#: A random BACKEND_SECRET has these bytes (Backstage, "Service to Service Auth").
_BYTES: Final = 24
_HEADER: Final = "# Written by waybill rhdh plugins: merge it into the file of that name.\n"


@click.group("rhdh", cls=Group, short_help="Configure Red Hat Developer Hub.")
def rhdh() -> None:
    """Write what Red Hat Developer Hub needs for the Orchestrator."""


@command(
    "rhdh",
    short_help="Write RHDH's Secret.",
    example=(
        "waybill rhdh secret --from-env\n"
        "waybill rhdh secret --from-env --from-file ARGOCD_PASSWORD=argocd-password -o rhdh-secret.yaml\n"
        "waybill rhdh secret --cluster-access --apply"
    ),
)
@click.option("--namespace", default=Neighbours.rhdh, metavar="N", help="Where RHDH runs.  [rhdh]")
@click.option("--release", "helm_release", default="", metavar="NAME", help="The release of RHDH's Helm chart.")
@click.option("--from-env", is_flag=True, help="Take values from the variables of the keys' names.")
@click.option(
    "--from-file",
    "files",
    multiple=True,
    metavar="KEY=FILE",
    help="Take a value from a file, before that of a variable. Repeatable.",
)
@click.option("-o", "--out", type=FILE, metavar="FILE", help="Write the Secret, for you alone; - is standard output.")
@click.option("--apply", "applies", is_flag=True, help="Create it in the cluster that kubectl or oc is logged in to.")
@click.option("--context", metavar="NAME", help="With --apply: the kubeconfig context.  [the current one]")
@click.option(
    "--cluster-access", is_flag=True, help="Let RHDH's plugins read the cluster, by an account with just these rights."
)
@click.option(
    "--plugin",
    "plugins",
    multiple=True,
    type=click.Choice([*PLUGINS]),
    help="With --cluster-access: a plugin that reads.  [all]",
)
@click.option(
    "--in", "within", multiple=True, metavar="N", help="With --cluster-access: read this namespace alone. Repeatable."
)
@click.option(
    "--token-duration", default="", metavar="D", help="With --cluster-access: a token with an end, as in 720h."
)
@pass_journal
def secret(journal: Journal, /, *, as_json: bool, **options: Any) -> None:
    """Write the Secret with RHDH's tokens and logins: to a file for you alone, or into the cluster (--apply).

    Keys without a value are left out. BACKEND_SECRET is random where nobody sets it. A key that is there already, in
    the file or in the cluster, keeps its value. Without -o and --apply, nothing is written: it shows which keys have a
    value, and for --cluster-access prints the objects.
    """
    settings = settings_of({"rhdh": options["rhdh"]})
    check_name(options["namespace"], "a namespace")
    if options["helm_release"]:
        check_name(options["helm_release"], "a release of Helm")
    name = secret_name(_release(settings), options["helm_release"])
    given = check_values(_given(options))
    access = _access(options)
    if options["applies"]:
        if options["out"]:
            raise SettingsError("--apply and -o contradict each other; give one")
        _apply(name, given, access, options, journal, as_json=as_json)
        return
    if options["context"]:
        raise SettingsError("--context goes with --apply")
    if access and URL not in given:
        given = check_values({**given, URL: OWN_CLUSTER})
    if options["out"] is None:
        _show(name, given, access, options, as_json=as_json)
    else:
        _write(name, given, options, journal, as_json=as_json)


def _release(settings: Settings) -> Release | None:
    return parse_release(settings.rhdh, "rhdh") if settings.rhdh else None


def _given(options: Mapping[str, Any]) -> dict[str, str]:
    """The values of variables, then those of files.

    Raises:
        SettingsError: an option that is not KEY=FILE, an unknown key, one that is given twice.
        OutputError: a file that cannot be read.
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
        values[key] = _value(Path(path), key)
    return values


def _value(path: Path, key: str) -> str:
    """The text of a file, without the line break at its end."""
    try:
        with path.open("rb") as file:
            data = file.read(_MAX_VALUE + 1)
        text = data.decode()
    except OSError as error:
        raise OutputError(f"{path}: cannot be read: {error.strerror}") from error
    except ValueError as error:
        raise OutputError(f"{path}: the value of {key} is not UTF-8") from error
    if len(data) > _MAX_VALUE:
        raise OutputError(f"{path}: the value of {key} is longer than {_MAX_VALUE:,} bytes")
    return text.removesuffix("\n").removesuffix("\r")


def _access(options: Mapping[str, Any]) -> ClusterAccess | None:
    """What RHDH's plugins are to read."""
    if not options["cluster_access"]:
        if options["plugins"] or options["within"] or options["token_duration"]:
            raise SettingsError("--plugin, --in and --token-duration go with --cluster-access")
        return None
    duration = options["token_duration"]
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
    """Show which keys have a value and what to do next; print the objects of the access."""
    objects = access.objects() if access else []
    commands = list(_steps(access, options)) if access else []
    keys = {key: "set" if key in given else "random" if key == BACKEND_SECRET else "left out" for key in KEYS}
    if as_json:
        found: dict[str, Any] = {"name": name, "namespace": options["namespace"], "keys": keys, "objects": objects}
        print_json({"ok": True, **found, "commands": [each.as_json() for each in commands]})
        return
    if objects:
        click.echo("---\n".join(map(dump, objects)), nl=False)
    console.show_table((f"key of {name}", "value", "what for"), ((key, keys[key], KEYS[key]) for key in KEYS))
    if commands:
        for number, step in enumerate(commands, 1):
            console.say(f"{number:>2}  {step.what}\n    {step.command}")
    else:
        console.show_next([*same_command(""), "-o", "rhdh-secret.yaml"], "writes it; --apply creates it in the cluster")


def _steps(access: ClusterAccess, options: Mapping[str, Any]) -> Iterator[Step]:
    """The commands that make the account, take its token and complete the Secret; the token is in none of them."""
    words = [word for word in same_command("") if word != "--json"]
    yield Step(what="the account of RHDH's plugins", command=f"{shlex.join(words)} | {apply_command('-')}")
    where = options["namespace"]
    if access.permanent:
        template = "{{.data.token | base64decode}}"
        take = f"kubectl get secret {TOKEN_SECRET} -n {where} -o go-template='{template}'"
    else:
        take = f"kubectl create token {ACCOUNT} -n {where} --duration={options['token_duration']}"
    yield Step(what="its token, in a file for you alone", command=f"(umask 077 && {take} > {TOKEN})")
    written = [*words, "--from-file", f"{TOKEN}={TOKEN}", "-o", "rhdh-secret.yaml"]
    yield Step(what="the Secret, in a file for you alone", command=shlex.join(written))
    yield Step(what="creates it", command="kubectl create -f rhdh-secret.yaml")
    yield Step(what="removes both from this machine", command=f"rm {TOKEN} rhdh-secret.yaml")


def _write(name: str, given: Mapping[str, str], options: Mapping[str, Any], journal: Journal, *, as_json: bool) -> None:
    """Write the Secret to a file for the user alone; what is in it already stays."""
    out: Path = options["out"]
    printed = out == Path("-")
    if printed and as_json:
        raise SettingsError("-o - prints the Secret, --json a document without values; give one")
    stored = {} if printed else _stored_in(out, name, options["namespace"])
    found = completed(stored, given, backend=secrets.token_urlsafe(_BYTES), helm=bool(options["helm_release"]))
    text = dump(manifest(name, options["namespace"], found.values))
    if printed:
        click.echo(text, nl=False)
        return
    if found.added or _is_open(out):
        with Transaction(journal) as transaction:
            transaction.replace_file(out, text.encode(), mode=_PRIVATE)
            transaction.commit()
    _report(name, found, options, as_json=as_json)
    if not as_json:
        console.show_next(["kubectl", "create", "-f", out.as_posix()], "creates it; do not commit the file")


def _is_open(path: Path) -> bool:
    """Whether anybody else may read a file."""
    return path.exists() and bool(stat.S_IMODE(path.stat().st_mode) & ~_PRIVATE)


def _stored_in(path: Path, name: str, namespace: str) -> dict[str, str]:
    """The values of a file that has this Secret already.

    Raises:
        OutputError: it has something else, which stays.
        FindingsError: it is no YAML.
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
    """Create or complete the Secret in the cluster, after the account whose token it holds."""
    kubectl = Kubectl(options["context"])
    namespace = options["namespace"]
    find_namespace(namespace, kubectl)
    stored = read_secret(name, namespace, kubectl)
    there = values_of(stored)
    values = dict(given)
    waiting = False
    if access:
        carry_out(plan(access.objects(), kubectl), kubectl, journal)
        values = check_values({URL: OWN_CLUSTER, **values})
        if TOKEN not in values and TOKEN not in there:
            token = token_of(access, options["token_duration"], kubectl)
            values = check_values({**values, TOKEN: token})
            waiting = not token
    found = completed(there, values, backend=secrets.token_urlsafe(_BYTES), helm=bool(options["helm_release"]))
    if found.added:
        send(change_of(stored, name, namespace, found), kubectl, journal)
    _report(name, found, options, as_json=as_json)
    if waiting and not as_json:
        console.say(f"{TOKEN} is not there yet: the cluster has not filled the Secret {TOKEN_SECRET}")
        console.show_next(same_command(""), "adds it")


def _report(name: str, found: Completed, options: Mapping[str, Any], *, as_json: bool) -> None:
    """Say what became of each key; no value is shown."""
    if as_json:
        document = {"name": name, "namespace": options["namespace"], "added": list(found.added)}
        print_json({"ok": True, **document, "kept": list(found.kept), "keys": sorted(found.values)})
        return
    where = f"Secret {name} in {options['namespace']}"
    console.say(f"{where}: {', '.join(found.added)} added" if found.added else f"{where}: unchanged")
    for key in found.kept:
        console.say(f"{key}: another value is there and stays; to replace it, remove the key first")


@command(
    "rhdh",
    short_help="Write the configuration of RHDH's plugins.",
    example=(
        "waybill rhdh plugins -o rhdh\n"
        "waybill rhdh plugins --rhdh 1.8 --email-sender hub@example.com\n"
        "waybill rhdh plugins --data-index http://sonataflow-platform-data-index-service.rhdh"
    ),
)
@click.option("-o", "--out", type=FILE, metavar="DIR", help="The folder for the files.  [standard output]")
@click.option("--namespace", default=Neighbours.rhdh, metavar="N", help="Where RHDH runs.  [rhdh]")
@click.option(
    "--services-namespace", default=Neighbours.services, metavar="N", help="Where Data Index runs.  [sonataflow-infra]"
)
@click.option("--data-index", default="", metavar="URL", help="Data Index.  [its Service in --services-namespace]")
@click.option("--email-sender", default="", metavar="ADDRESS", help="Send notifications as mail, from this address.")
@click.option("--email-reply-to", default="", metavar="ADDRESS", help="With --email-sender: where answers go.")
@click.option(
    "--email-port", type=click.IntRange(1, 65535), default=587, help="With --email-sender: the SMTP server's.  [587]"
)
@click.option("--email-tls", is_flag=True, help="With --email-sender: TLS from the first byte, as on port 465.")
@pass_journal
def plugins(journal: Journal, /, *, out: Path | None, as_json: bool, **options: Any) -> None:
    """Write the parts of dynamic-plugins.yaml and app-config.yaml that the Orchestrator needs, to merge into yours.

    The packages are those of the release of RHDH (--rhdh, or the setting), with their integrity where that is
    published. Tokens and logins are variables, whose values `waybill rhdh secret` writes.
    """
    settings = settings_of({"rhdh": options["rhdh"]})
    check_name(options["namespace"], "a namespace")
    wanted = PluginOptions(
        release=_release(settings),
        services=check_name(options["services_namespace"], "a namespace"),
        data_index=options["data_index"],
        email=_email(options),
    )
    check_values({URL: wanted.url})
    parts = {"dynamic-plugins.yaml": dynamic_plugins(wanted), "app-config.yaml": app_config()}
    files = {name: (_HEADER + dump(part)).encode() for name, part in parts.items()}
    commands = list(_plugin_steps(wanted, options["namespace"]))
    if out is None or out == Path("-"):
        if as_json:
            print_json({"ok": True, "parts": parts, "commands": [each.as_json() for each in commands]})
            return
        click.echo("---\n".join(f"# {name}\n{dump(part)}" for name, part in parts.items()), nl=False)
    else:
        _write_parts(out, files, journal)
        if as_json:
            paths = [f"{out.as_posix()}/{name}" for name in files]
            print_json({"ok": True, "files": paths, "commands": [each.as_json() for each in commands]})
            return
        for name in files:
            console.say(f"{out.as_posix()}/{name}")
    for step in commands:
        console.say(f"    {step.what}\n    {step.command}")


def _email(options: Mapping[str, Any]) -> Email | None:
    if not options["email_sender"]:
        if options["email_reply_to"] or options["email_tls"]:
            raise SettingsError("--email-reply-to and --email-tls go with --email-sender")
        return None
    return Email(
        sender=options["email_sender"],
        reply_to=options["email_reply_to"],
        port=options["email_port"],
        secure=options["email_tls"],
    )


def _write_parts(out: Path, files: Mapping[str, bytes], journal: Journal) -> None:
    """Write the parts, but not over a file that somebody has.

    Raises:
        OutputError: there is one of that name that waybill did not write.
    """
    for name in outdated(out, files):
        there = read_if_there(out / name)
        if there is not None and not there.startswith(_HEADER.encode()):
            raise OutputError(f"{out / name}: is not from waybill, and was left as it is; choose another folder")
    write(out, files, (), journal)


def _plugin_steps(wanted: PluginOptions, namespace: str) -> Iterator[Step]:
    """What else the packages need."""
    if packages_of(wanted.release).npm:
        words = ["kubectl", "create", "secret", "generic", "dynamic-plugins-npmrc", "-n", namespace]
        yield Step(
            what="the registry of the packages, once; RELEASE-dynamic-plugins-npmrc for a release of Helm",
            command=shlex.join([*words, f"--from-literal=.npmrc={NPMRC}"]),
        )
    yield Step(what=f"the value of {BACKEND_SECRET}", command=f"waybill rhdh secret --namespace {namespace} --apply")


rhdh.add_command(secret)
rhdh.add_command(plugins)
