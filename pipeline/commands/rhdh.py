"""`waybill rhdh`: what Red Hat Developer Hub needs for the Orchestrator."""

from __future__ import annotations

from typing import Any, Final, Literal

import click
from click.core import ParameterSource

from generator.delivery.names import check_name
from generator.findings.errors import SettingsError
from generator.forms.releases import parse_release
from generator.namespaces.policies import Neighbours
from generator.rhdh.access import PLUGINS
from pipeline.commands.command import FILE, command, filled, pass_journal, settings_of
from pipeline.commands.rhdh_forms.plugins import plugins
from pipeline.commands.rhdh_forms.secret import secret
from pipeline.system.journal import Journal

Form = Literal["secret", "plugins"]
_FORMS: Final = {"secret": secret, "plugins": plugins}
#: The form that each option is for, unless it is for all.
_ONLY: Final[dict[str, Form]] = {
    **dict.fromkeys(("helm_release", "from_env", "files", "applies", "dry_run", "context", "user"), "secret"),
    **dict.fromkeys(("cluster_access", "plugins", "within", "token_duration"), "secret"),
    **dict.fromkeys(("file", "services_namespace", "data_index"), "plugins"),
    **dict.fromkeys(("email_sender", "email_reply_to", "email_port", "email_tls"), "plugins"),
}


@command(
    "rhdh",
    short_help="Configure Red Hat Developer Hub.",
    example=(
        "waybill rhdh secret --from-env --from-file ARGOCD_PASSWORD=argocd-password -o rhdh-secret.yaml\n"
        "waybill rhdh secret --cluster-access --apply\n"
        "waybill rhdh plugins --rhdh 1.8 --email-sender hub@example.com -o rhdh"
    ),
)
@click.argument("form", type=click.Choice([*_FORMS]), metavar="|".join(_FORMS))
@click.option(
    "-o",
    "--out",
    type=FILE,
    metavar="PATH",
    help="secret: a file that only you can read, or - for standard output; plugins: a folder.  [plugins: stdout]",
)
@click.option("--namespace", default=Neighbours.rhdh, metavar="N", help=f"The namespace of RHDH.  [{Neighbours.rhdh}]")
@click.option(
    "--release", "helm_release", type=filled, metavar="NAME", help="secret: the release of RHDH's Helm chart."
)
@click.option("--from-env", is_flag=True, help="secret: take values from environment variables named like the keys.")
@click.option(
    "--from-file",
    "files",
    multiple=True,
    metavar="KEY=FILE",
    help="secret: take a value from a file; it wins over a variable. Repeatable.",
)
@click.option(
    "--apply", "applies", is_flag=True, help="secret: create it in the cluster that kubectl or oc is logged in to."
)
@click.option("--dry-run", is_flag=True, help="With --apply: show what would change there.")
@click.option("--context", metavar="NAME", help="With --apply: the kubeconfig context.  [the current one]")
@click.option(
    "--role",
    "user",
    type=filled,
    metavar="USER",
    help="secret: print the Roles that an administrator applies so that this user can --apply it, and nothing else.",
)
@click.option(
    "--cluster-access",
    is_flag=True,
    help="secret: let RHDH's plugins read the cluster, with a ServiceAccount that has only these rights.",
)
@click.option(
    "--plugin",
    "plugins",
    multiple=True,
    type=click.Choice([*PLUGINS]),
    help="With --cluster-access: a plugin that may read. Repeatable.  [all]",
)
@click.option(
    "--in", "within", multiple=True, metavar="N", help="With --cluster-access: read only this namespace. Repeatable."
)
@click.option(
    "--token-duration", type=filled, metavar="D", help="With --cluster-access: a token that expires, as in 720h."
)
@click.option(
    "-f", "--file", type=FILE, metavar="FILE", help="plugins: add what is missing to this dynamic-plugins.yaml."
)
@click.option(
    "--services-namespace",
    default=Neighbours.services,
    metavar="N",
    help=f"plugins: where Data Index runs.  [{Neighbours.services}]",
)
@click.option(
    "--data-index", type=filled, metavar="URL", help="plugins: Data Index.  [its Service in --services-namespace]"
)
@click.option(
    "--email-sender", type=filled, metavar="ADDRESS", help="plugins: send notifications by email, from this address."
)
@click.option("--email-reply-to", type=filled, metavar="ADDRESS", help="With --email-sender: the address for replies.")
@click.option(
    "--email-port",
    type=click.IntRange(1, 65535),
    default=587,
    help="With --email-sender: the SMTP server's port.  [587]",
)
@click.option("--email-tls", is_flag=True, help="With --email-sender: implicit TLS, as on port 465.")
@pass_journal
def rhdh(journal: Journal, /, form: Form, *, as_json: bool, **options: Any) -> None:
    """Write what Red Hat Developer Hub (RHDH) needs for the Orchestrator: its Secret, and parts of its configuration.

    secret: the Secret with tokens and logins, in a file that only you can read or in the cluster (--apply). Keys
    without a value are left out; BACKEND_SECRET is random unless you set it. A key that exists already keeps its value.
    Without -o and --apply, it shows which keys have a value, and with --cluster-access prints the objects.

    plugins: the parts of dynamic-plugins.yaml and app-config.yaml, to merge into yours, with the packages for the
    release of RHDH (--rhdh, or the setting) and their integrity if it is published.
    """
    context = click.get_current_context()
    for name, only in _ONLY.items():
        if form != only and context.get_parameter_source(name) is not ParameterSource.DEFAULT:
            option = next(each for each in context.command.params if each.name == name)
            raise SettingsError(f"{option.opts[-1]} is only for waybill rhdh {only}")
    settings = settings_of({"rhdh": options["rhdh"]})
    check_name(options["namespace"], "a namespace")
    release = parse_release(settings.rhdh, "rhdh") if settings.rhdh else None
    _FORMS[form](release, options, journal, as_json=as_json)
