"""`waybill rhdh plugins`: parts of dynamic-plugins.yaml and app-config.yaml, to merge into RHDH's own."""

from __future__ import annotations

import shlex
import stat
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

import click

from generator.delivery.names import check_name
from generator.findings.errors import OutputError, SettingsError
from generator.forms.releases import Release
from generator.kubernetes.steps import Step
from generator.rhdh.merging import with_plugins
from generator.rhdh.plugins import (
    NPMRC,
    Email,
    PluginOptions,
    app_config,
    check_data_index,
    dynamic_plugins,
    packages_of,
)
from generator.rhdh.secret import BACKEND_SECRET, EMAIL_KEYS
from generator.text.words import listed
from generator.text.yaml_reader import decode
from generator.text.yaml_writer import dump
from pipeline.build.generated_files import outdated, read_if_there, write
from pipeline.commands.command import print_json, refuse_together
from pipeline.system.files import Transaction
from pipeline.system.journal import Journal
from pipeline.terminal import console

_HEADER: Final = "# Written by waybill rhdh plugins: merge it into the file of that name.\n"


def plugins(release: Release | None, options: Mapping[str, Any], journal: Journal, *, as_json: bool) -> None:
    """Print or write the parts of dynamic-plugins.yaml and app-config.yaml."""
    out: Path | None = options["out"]
    wanted = PluginOptions(
        release=release,
        services=check_name(options["services_namespace"], "a namespace"),
        data_index=check_data_index(options["data_index"]) if options["data_index"] else "",
        email=_email(options),
    )
    if options["file"] is not None:
        refuse_together("--file", "out")
        _merge(options["file"], dynamic_plugins(wanted), journal, as_json=as_json)
        return
    parts = {"dynamic-plugins.yaml": dynamic_plugins(wanted), "app-config.yaml": app_config()}
    files = {name: (_HEADER + dump(part)).encode() for name, part in parts.items()}
    commands = list(_plugin_steps(wanted, options["namespace"], options["rhdh"]))
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
        reply_to=options["email_reply_to"] or "",
        port=options["email_port"],
        secure=options["email_tls"],
    )


def _merge(path: Path, part: Mapping[str, Any], journal: Journal, *, as_json: bool) -> None:
    """Add the missing plugins to a dynamic-plugins.yaml.

    Raises:
        OutputError: there is no such file, or no plugin can be appended to it; it was left as it is.
        FindingsError: the file is not YAML.
    """
    data = read_if_there(path)
    if data is None:
        raise OutputError(f"{path}: is not a file; without --file, waybill rhdh plugins prints the part")
    found = with_plugins(decode(data, path.as_posix()), part, path.as_posix())
    if found is None:
        raise OutputError(
            f"{path}: does not end with a list of plugins, and was left as it is; merge what waybill rhdh plugins "
            "prints without --file"
        )
    if found.added:
        with Transaction(journal) as transaction:
            # Write through a symbolic link, and keep the file's mode.
            mode = stat.S_IMODE(path.stat().st_mode)
            transaction.replace_file(path.resolve(), data + found.addition.encode(), mode=mode)
            transaction.commit()
    if as_json:
        print_json({"ok": True, "added": list(found.added), "there": list(found.there)})
        return
    for name in found.added:
        console.say(f"{path.as_posix()}: added {name}")
    for name in found.there:
        console.say(f"{path.as_posix()}: has {name} already, and keeps it as it is")


def _write_parts(out: Path, files: Mapping[str, bytes], journal: Journal) -> None:
    """Write the parts, but never over a file of the user.

    Raises:
        OutputError: there is a file of that name that waybill did not write.
    """
    for name in outdated(out, files):
        present = read_if_there(out / name)
        if present is not None and not present.startswith(_HEADER.encode()):
            raise OutputError(f"{out / name}: is not from waybill, and was left as it is; choose another folder")
    write(out, files, (), journal)


def _plugin_steps(wanted: PluginOptions, namespace: str, release: str | None) -> Iterator[Step]:
    """Yield the commands that the packages need; `release` is the value of --rhdh, which decides the Secret's name."""
    if packages_of(wanted.release).npm:
        words = ["kubectl", "create", "secret", "generic", "dynamic-plugins-npmrc", "-n", namespace]
        yield Step(
            what="the registry of the packages, once; for a Helm release, it is named RELEASE-dynamic-plugins-npmrc",
            command=shlex.join([*words, f"--from-literal=.npmrc={NPMRC}"]),
        )
    keys = (BACKEND_SECRET, *(EMAIL_KEYS if wanted.email else ()))
    words = ["waybill", "rhdh", "secret", "--namespace", namespace, *(["--rhdh", release] if release else [])]
    yield Step(
        what=f"{listed(keys)}{', from variables of these names' if wanted.email else ''}",
        command=shlex.join([*words, *(["--from-env"] if wanted.email else []), "--apply"]),
    )
