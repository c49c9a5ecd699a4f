"""Reads a cluster's SonataFlow with the user's own kubectl, so that every kind of login works."""

from __future__ import annotations

import json
import re
import shlex
import shutil
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from generator.findings.errors import OutputError, SettingsError, WaybillError
from generator.findings.printable import in_one_line
from generator.findings.suggestions import one_of
from generator.kubernetes.crd import API_VERSION, Crd, crd_served
from generator.kubernetes.installed import Installed, installed_by_deployment, installed_by_olm
from generator.kubernetes.schema_match import SchemaMatch, schema_match

#: OpenShift's oc takes the same words.
_PROGRAMS: Final = ("kubectl", "oc")
#: Seconds; a login by a plugin may ask a server of its own.
PATIENCE: Final = 120
#: What the server publishes of the operator's kinds; everybody who is logged in may read it (role system:discovery).
KIND: Final = "sonataflows.sonataflow.org"
SCHEMA: Final = f"/openapi/v3/apis/{API_VERSION}"
#: OLM copies a ClusterServiceVersion into each namespace; the copies have this label.
_ORIGINALS: Final = "!olm.copiedFrom"
#: The label of the operator's Deployment, of 10.x and before.
_MANAGERS: Final = "control-plane in (sonataflow-operator, controller-manager)"
_VERSIONS: Final = "clusterserviceversions.operators.coreos.com"
#: How kubectl and oc begin to say why they fail (kubectl, pkg/cmd/util/helpers.go), and what to do then.
_REASONS: Final = {
    r"\(NotFound\)": f"it has no {API_VERSION}; install the SonataFlow operator, or name another with --context",
    r"\(Unauthorized\)|must be logged in": "authentication failed; log in",
    r"\(Forbidden\)": "access to its schema is denied; log in as a user with the role system:discovery",
    r"getting credentials": "the kubeconfig's credential plugin fails; log in by hand",
    r"x509": "the kubeconfig does not trust its certificate; log in again",
    r"was refused|Unable to connect": "it cannot be reached; log in, or name another with --context",
}


@dataclass(frozen=True, kw_only=True)
class Cluster:
    """A cluster's own schema of SonataFlow, the operator where the user may see it, and the known schemas nearest."""

    crd: Crd
    installed: Installed | None
    schema_match: SchemaMatch

    @property
    def operator(self) -> str:
        """The operator as a table shows it: `SonataFlow Operator 10.1.0 (schema like 10)`."""
        return f"{self.installed or f'SonataFlow {self.crd.name}'} ({self.schema_match})"

    def as_json(self) -> dict[str, object]:
        """The cluster as a JSON object."""
        return {
            "operator": self.installed.name if self.installed else None,
            "version": self.installed.version if self.installed else None,
            "schemaLike": list(self.schema_match.names),
            "differingFields": self.schema_match.differing,
        }


def read_cluster(context: str | None, *, patience: float = PATIENCE) -> Cluster:
    """Read the operator of a cluster, in the named context of the user's kubeconfig or the current one.

    `patience` is how many seconds each question to it may take.

    Raises:
        SettingsError: a context that is not there.
        OutputError: no kubectl, no login, no operator.
        FindingsError: what the cluster says of SonataFlow cannot be understood.
    """
    asking = _Asking(context, patience)
    shown = f"of the context {context}" if context else "of the cluster"
    crd = crd_served(asking.must("get", "--raw", SCHEMA), name=shown, shown=shown.removeprefix("of "))
    return Cluster(crd=crd, installed=_installed(asking), schema_match=schema_match(crd))


def may_install(context: str | None, *, patience: float = PATIENCE) -> bool:
    """Return whether the user may create SonataFlows in the namespace of a context.

    Raises:
        OutputError: there is no kubectl, or the cluster does not answer.
    """
    return _Asking(context, patience).may("create", KIND)


def _installed(asking: _Asking) -> Installed | None:
    """The operator by what OLM says of all namespaces or of the user's own, else by its Deployment."""
    everywhere = asking.listed(_VERSIONS, "--all-namespaces", "--selector", _ORIGINALS)
    return (
        installed_by_olm(everywhere)
        or installed_by_olm(asking.listed(_VERSIONS))
        or installed_by_deployment(asking.listed("deployments.apps", "--all-namespaces", "--selector", _MANAGERS))
    )


class _Asking:
    """kubectl or oc, and the context that it uses."""

    def __init__(self, context: str | None, patience: float) -> None:
        found = next(filter(None, map(shutil.which, _PROGRAMS)), None)
        if found is None:
            raise OutputError(f"neither {' nor '.join(_PROGRAMS)} is on PATH; install one, and log in to the cluster")
        self._program = found
        self._context = context
        self._patience = patience

    def must(self, *words: str) -> bytes:
        """The output of the program.

        Raises:
            SettingsError: there is no such context.
            OutputError: it fails.
        """
        done = self._run(words)
        if done.returncode:
            raise self._failure(words, done.stderr)
        return done.stdout

    def listed(self, *words: str) -> object:
        """The objects of a kind as a List; None where the cluster has no such kind, or the user no right to it."""
        try:
            return json.loads(self.must("get", *words, "--output=json"))
        except (WaybillError, ValueError, RecursionError):
            return None

    def may(self, verb: str, kind: str) -> bool:
        """Whether the user may do something to objects of a kind."""
        return self._run(("auth", "can-i", verb, kind)).stdout.strip() == b"yes"

    def _run(self, words: Sequence[str]) -> subprocess.CompletedProcess[bytes]:
        try:
            # Without standard input nothing can wait for an answer to a question that nobody sees.
            return subprocess.run(  # noqa: S603 - the user's own kubectl, without a shell
                self._command(words), stdin=subprocess.DEVNULL, capture_output=True, check=False, timeout=self._patience
            )
        except subprocess.TimeoutExpired as error:
            message = f"{self._said(words)} did not respond in {self._patience:g} seconds; log in first"
            raise OutputError(message) from error
        except OSError as error:
            raise OutputError(f"{self._program}: cannot be run: {error.strerror}") from error

    def _command(self, words: Sequence[str]) -> list[str]:
        context = [f"--context={self._context}"] if self._context else []
        return [self._program, *context, *words]

    def _said(self, words: Sequence[str]) -> str:
        """The command as a person would type it."""
        return in_one_line(shlex.join([Path(self._program).name, *self._command(words)[1:]]))

    def _failure(self, words: Sequence[str], stderr: bytes) -> WaybillError:
        """Why the program failed. Plugins that log in write there what they like, so its own words are not repeated."""
        said = stderr.decode(errors="replace")
        if self._context and "does not exist" in said:
            contexts = self._run(("config", "get-contexts", "--output=name")).stdout.decode(errors="replace").split()
            message = f"the kubeconfig has no context '{self._context}'{one_of(self._context, contexts)}"
            return SettingsError(in_one_line(message))
        reason = next((reason for sign, reason in _REASONS.items() if re.search(sign, said)), None)
        if reason is None:
            return OutputError(f"the cluster's schema cannot be read; to see why, run: {self._said(words)}")
        return OutputError(f"the cluster's schema cannot be read: {reason}")
