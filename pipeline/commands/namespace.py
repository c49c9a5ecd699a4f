"""`waybill namespace add`: a further namespace for workflows."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Final, Literal

import click

from generator.delivery.argocd import OPENSHIFT_GITOPS
from generator.delivery.names import check_name
from generator.findings.errors import SettingsError
from generator.kubernetes.objects import Database
from generator.kubernetes.steps import Step, apply_command
from generator.namespaces.database import PSQL_IMAGE, NamespaceDatabase
from generator.namespaces.namespace import (
    ExternalSecret,
    WorkflowNamespace,
    files_of,
    roles,
    steps,
    values_step,
    wait_for,
)
from generator.namespaces.policies import Neighbours
from pipeline.build.generated_files import outdated, write
from pipeline.cluster.adding import Change, Verb, carry_out
from pipeline.cluster.kubectl import Kubectl
from pipeline.cluster.workflow_namespace import plan_namespace
from pipeline.commands.command import (
    FILE,
    command,
    filled,
    pass_journal,
    print_json,
    print_objects,
    refuse_together,
    refuse_without_apply,
    same_command,
    settings_of,
    show_steps,
)
from pipeline.system.journal import Journal
from pipeline.terminal import console
from pipeline.workspace.folders import refuse_among_workflows

_NEIGHBOURS: Final = Neighbours()
#: The prefixes of the namespaces of Kubernetes and OpenShift.
_RESERVED: Final = ("kube-", "openshift-")
_HOST: Final = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9.-]{0,251}[A-Za-z0-9])?")


@command(
    short_help="Add a namespace for workflows.",
    example=(
        "waybill namespace add demo -o namespaces/demo\n"
        "waybill namespace add demo --apply\n"
        "waybill namespace add demo --rhdh-namespace rhdh --external-secret vault -o gitops/demo"
    ),
)
@click.argument("action", type=click.Choice(("add",)), metavar="add")
@click.argument("name", metavar="NAMESPACE")
@click.option("-o", "--out", type=FILE, metavar="DIR", help="The folder for the files.  [standard output]")
@click.option("--apply", "applies", is_flag=True, help="Create it in the cluster that kubectl or oc is logged in to.")
@click.option("--dry-run", is_flag=True, help="With --apply: show what would change there.")
@click.option("--context", metavar="NAME", help="With --apply: the kubeconfig context.  [the current one]")
@click.option(
    "--rhdh-namespace", default=_NEIGHBOURS.rhdh, metavar="N", help=f"The namespace of RHDH.  [{_NEIGHBOURS.rhdh}]"
)
@click.option(
    "--services-namespace",
    default=_NEIGHBOURS.services,
    metavar="N",
    help=f"The namespace of Data Index, Jobs service and the database.  [{_NEIGHBOURS.services}]",
)
@click.option(
    "--eventing-namespace",
    default=_NEIGHBOURS.knative_eventing,
    metavar="N",
    help=f"The namespace of Knative Eventing.  [{_NEIGHBOURS.knative_eventing}]",
)
@click.option(
    "--serving-namespace",
    default=_NEIGHBOURS.knative_serving,
    metavar="N",
    help=f"The namespace of Knative Serving.  [{_NEIGHBOURS.knative_serving}]",
)
@click.option(
    "--allow",
    "others",
    multiple=True,
    metavar="N",
    help="Another namespace that may reach the workflows and RHDH, such as that of an ingress. Repeatable.",
)
@click.option(
    "--argocd-namespace",
    default=OPENSHIFT_GITOPS,
    metavar="N",
    help="The Argo CD that manages it; '' for none.  [openshift-gitops]",
)
@click.option("--no-database", is_flag=True, help="For workflows that keep no state: create no user and no Secret.")
@click.option(
    "--database-host",
    type=filled,
    metavar="HOST",
    help="The host of another database.  [its Service in --services-namespace]",
)
@click.option(
    "--secret", default=Database.secret, metavar="NAME", help=f"The Secret for the workflows.  [{Database.secret}]"
)
@click.option(
    "--share-admin-secret",
    is_flag=True,
    help="Let the workflows use the database's administrator instead of a user of their own.",
)
@click.option(
    "--external-secret",
    "store",
    type=filled,
    metavar="STORE",
    help="Let the External Secrets Operator read the password from this ClusterSecretStore.",
)
@click.option(
    "--external-key", type=filled, metavar="KEY", help="The entry of the store with the password.  [NAMESPACE/database]"
)
@click.option(
    "--psql-image", type=filled, default=PSQL_IMAGE, metavar="IMAGE", help=f"The image with psql.  [{PSQL_IMAGE}]"
)
@click.option(
    "--role",
    "user",
    type=filled,
    metavar="USER",
    help="Print the Roles that an administrator applies so that this user can do it.",
)
@pass_journal
def namespace(journal: Journal, /, action: Literal["add"], name: str, *, as_json: bool, **options: Any) -> None:  # noqa: ARG001 - only one
    """Add a namespace with its labels, network policies, and its own user and schema in the database.

    Without --apply it prints the objects and the commands, in the order in which to run them, without any password.
    With --apply it creates what is missing in the cluster and leaves the rest alone: running the same command again
    changes nothing, or completes an interrupted run.
    """
    wanted = _wanted_namespace(name, options)
    refuse_without_apply(options)
    if options["user"]:
        refuse_together("--role", "applies", "out")
        print_objects(roles(wanted, options["user"]), as_json=as_json)
    elif options["applies"]:
        refuse_together("--apply", "out")
        _apply(wanted, options, journal, as_json=as_json)
    else:
        _write(wanted, options["out"], journal, as_json=as_json)


def _wanted_namespace(name: str, options: dict[str, Any]) -> WorkflowNamespace:
    """Return the namespace that the options describe.

    Raises:
        SettingsError: Kubernetes does not accept a name, or options contradict each other.
    """
    neighbours = Neighbours(
        rhdh=check_name(options["rhdh_namespace"], "a namespace"),
        services=check_name(options["services_namespace"], "a namespace"),
        knative_eventing=check_name(options["eventing_namespace"], "a namespace"),
        knative_serving=check_name(options["serving_namespace"], "a namespace"),
        others=tuple(check_name(other, "a namespace") for other in dict.fromkeys(options["others"])),
    )
    check_name(name, "a namespace")
    taken = {neighbours.rhdh: "RHDH", neighbours.services: "the services"}
    taken |= dict.fromkeys((neighbours.knative_eventing, neighbours.knative_serving), "Knative")
    if name in taken:
        raise SettingsError(f"'{name}' is the namespace of {taken[name]}; choose another for the workflows")
    if name.startswith(_RESERVED):
        # A policy there would cut off what the cluster itself needs, such as its DNS.
        raise SettingsError(f"'{name}' is a namespace of the cluster itself; choose another for the workflows")
    if options["argocd_namespace"]:
        check_name(options["argocd_namespace"], "a namespace")
    return WorkflowNamespace(
        name=name,
        neighbours=neighbours,
        argocd=options["argocd_namespace"],
        database=_database(name, neighbours, options),
        share_admin=options["share_admin_secret"],
        external=_external_secret(name, options),
    )


def _database(name: str, neighbours: Neighbours, options: dict[str, Any]) -> NamespaceDatabase | None:
    if options["no_database"]:
        refuse_together("--no-database", "share_admin_secret", "store", "database_host")
        return None
    host = options["database_host"] or ""
    if host and not _HOST.fullmatch(host):
        raise SettingsError(f"--database-host '{host}': write a host's name, as in db.example.com")
    if host:
        # Without a user of its own, each chart has another schema, which one JDBC URL cannot name.
        refuse_together("--database-host", "share_admin_secret")
    return NamespaceDatabase(
        namespace=name,
        services=neighbours.services,
        secret=check_name(options["secret"], "a Secret"),
        host=host,
        image=options["psql_image"],
    )


def _external_secret(name: str, options: dict[str, Any]) -> ExternalSecret | None:
    if not options["store"]:
        if options["external_key"]:
            raise SettingsError("--external-key goes with --external-secret")
        return None
    refuse_together("--external-secret", "share_admin_secret")
    # The name of a store may have dots.
    for part in options["store"].split("."):
        check_name(part, "a ClusterSecretStore")
    return ExternalSecret(store=options["store"], key=options["external_key"] or f"{name}/database")


def _write(wanted: WorkflowNamespace, out: Path | None, journal: Journal, *, as_json: bool) -> None:
    """Print or write the objects, and print the commands that follow."""
    if out is None or out == Path("-"):
        # The pipe needs YAML, even if this run prints JSON.
        words = [word for word in same_command("out") if word != "--json"]
        commands = list(steps(wanted, f"{shlex.join(words)} | {apply_command('-')}"))
        if as_json:
            print_json({"ok": True, "objects": wanted.objects(), "commands": [each.as_json() for each in commands]})
            return
        print_objects(wanted.objects(), as_json=False)
        show_steps(commands)
        return
    refuse_among_workflows(out, "--out", settings_of({}))
    files = files_of(wanted)
    left = tuple(path.name for path in sorted(out.glob("*.yaml")) if path.name not in files)
    if left:
        raise SettingsError(f"{out.as_posix()}: has {left[0]}, which kubectl would apply too; choose an empty folder")
    changed = outdated(out, files)
    write(out, files, (), journal)
    commands = list(steps(wanted, apply_command(out.as_posix())))
    if as_json:
        paths = [f"{out.as_posix()}/{name}" for name in files]
        print_json({"ok": True, "files": paths, "commands": [each.as_json() for each in commands]})
        return
    for name in files:
        console.say(f"{out.as_posix()}/{name}{'' if name in changed else ': unchanged'}")
    show_steps(commands)


def _apply(wanted: WorkflowNamespace, options: dict[str, Any], journal: Journal, *, as_json: bool) -> None:
    """Create what is missing in the cluster, or print what would be created."""
    kubectl = Kubectl(options["context"])
    changes = plan_namespace(wanted, kubectl)
    if not options["dry_run"]:
        carry_out(changes, kubectl, journal)
    following = list(_next_steps(wanted, changes))
    if as_json:
        commands = [each.as_json() for each in following]
        print_json({"ok": True, "changes": [each.as_json() for each in changes], "commands": commands})
        return
    console.show_table(("object", "would be" if options["dry_run"] else "is"), ((e.title, e.said) for e in changes))
    if options["dry_run"]:
        console.show_next(same_command("dry_run"), "does this")
    else:
        show_steps(following)


def _next_steps(wanted: WorkflowNamespace, changes: Sequence[Change]) -> Iterator[Step]:
    """Yield the commands after --apply: to wait for a new Job, and to install charts."""
    database = wanted.user_database
    if database and any(each.manifest["kind"] == "Job" and each.verb is Verb.CREATE for each in changes):
        yield wait_for(database)
    if wanted.database:
        yield values_step(wanted, wanted.database)
