"""Runs the user's own kubectl or oc, so that every kind of login works."""

from __future__ import annotations

import json
import re
import shlex
import shutil
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from generator.findings.errors import OutputError, SettingsError, WaybillError
from generator.findings.printable import in_one_line
from generator.findings.suggestions import one_of

#: OpenShift's oc takes the same words.
PROGRAMS: Final = ("kubectl", "oc")
#: Seconds; a login by a plugin may ask a server of its own.
PATIENCE: Final = 120
#: How kubectl and oc begin to say why they fail (kubectl, pkg/cmd/util/helpers.go), and what to do then.
_REASONS: Final = {
    r"\(Unauthorized\)|must be logged in": "authentication failed; log in",
    r"getting credentials": "the kubeconfig's credential plugin fails; log in by hand",
    r"x509": "the kubeconfig does not trust its certificate; log in again",
    r"was refused|Unable to connect": "it cannot be reached; log in, or name another with --context",
    r"have a resource type|no matches for kind": "the cluster does not know its kind; install what brings it",
    r"\(Conflict\)": "somebody changed it a moment ago; run the same command again",
    r"\(AlreadyExists\)": "somebody created it a moment ago; run the same command again",
}
#: What the API server also calls forbidden, although no right to the kind is missing.
_REFUSED: Final = {
    r"attempting to grant RBAC": "it grants rights that you do not have; a cluster administrator can apply it",
    r"being terminated": "its namespace is being deleted; wait until it is gone",
    r"exceeded quota": "a quota of its namespace is used up; see: kubectl describe quota --namespace NAMESPACE",
}
#: What somebody may not do, in the API server's words (apiserver, authorization/responsewriters).
_DENIED: Final = re.compile(r'cannot \w+ resource "([^"]+)" in API group "([^"]*)"')


class Kubectl:
    """kubectl or oc, and the context of the kubeconfig that it uses; None is the current one.

    `patience` is how many seconds each call may take.

    Raises:
        SettingsError: the context has an empty name.
        OutputError: neither is on PATH.
    """

    def __init__(self, context: str | None, patience: float = PATIENCE) -> None:
        if context == "":
            # kubectl would take the current one, which may be another cluster than is meant.
            raise SettingsError("--context is empty; name a context, or leave the option out")
        found = next(filter(None, map(shutil.which, PROGRAMS)), None)
        if found is None:
            raise OutputError(f"neither {' nor '.join(PROGRAMS)} is on PATH; install one, and log in to the cluster")
        self._program = found
        self._context = context
        self._patience = patience

    @property
    def name(self) -> str:
        """The program as a person calls it."""
        return Path(self._program).name

    def must(
        self, *words: str, failing: str, reasons: Mapping[str, str] | None = None, stdin: bytes | None = None
    ) -> bytes:
        """The output of the program.

        `failing` begins the message where it fails, as in `the schema cannot be read`; `reasons` are what to do, by
        patterns of what the program says, before those of every command.

        Raises:
            SettingsError: there is no such context.
            OutputError: it fails.
        """
        done = self._run(words, stdin)
        if done.returncode:
            raise self._failure(words, done.stderr, failing, {**_REFUSED, **(reasons or {}), **_REASONS})
        return done.stdout

    def listed(self, *words: str) -> object:
        """The objects of a kind as a List; None where the cluster has no such kind, or the user no right to it."""
        try:
            return json.loads(self.must("get", *words, "--output=json", failing="not listed"))
        except (WaybillError, ValueError, RecursionError):
            return None

    def resources(self) -> frozenset[str]:
        """The resources that the cluster has and that can be listed (`deployments.apps`).

        Raises:
            SettingsError: there is no such context.
            OutputError: it fails.
        """
        words = ("api-resources", "--verbs=list", "--output=name")
        done = self._run(words, None)
        # An API whose server is down makes it fail, and the others are there.
        if done.returncode and not done.stdout.strip():
            raise self._failure(words, done.stderr, "the cluster cannot be read", _REASONS)
        return frozenset(done.stdout.decode(errors="replace").split())

    def read(self, *words: str, output: str = "json") -> tuple[bytes, frozenset[str]]:
        """What `kubectl get` writes of what the user may read, and the resources that access is denied to (`pods`).

        Raises:
            SettingsError: there is no such context.
            OutputError: it fails for another reason.
        """
        command = ("get", *words, "--ignore-not-found", f"--output={output}")
        done = self._run(command, None)
        failures = [
            line for line in done.stderr.decode(errors="replace").splitlines() if line.lower().startswith("error")
        ]
        denied = list(filter(None, map(_DENIED.search, failures)))
        if done.returncode and (not denied or len(denied) < len(failures)):
            raise self._failure(command, done.stderr, "the cluster cannot be read", _REASONS)
        return done.stdout, frozenset(f"{each[1]}.{each[2]}".rstrip(".") for each in denied)

    def log(self, namespace: str, pod: str, query: str) -> tuple[bytes, bool]:
        """The log of a container, as a query of the API names it, and whether access is denied; b"" without one.

        By its address, since `kubectl logs` wants the right to read the pod, too.
        """
        done = self._run(("get", "--raw", f"/api/v1/namespaces/{namespace}/pods/{pod}/log?{query}"), None)
        if done.returncode == 0:
            return done.stdout, False
        return b"", b"(Forbidden)" in done.stderr

    def found(self, *words: str, failing: str, stdin: bytes | None = None) -> list[dict[str, Any]]:
        """The objects of `kubectl get` that are there.

        Raises:
            OutputError: they cannot be read, or the output is no JSON.
        """
        command = ("get", *words, "--ignore-not-found", "--output=json")
        denied = may_not("get", *words) if stdin is None else may_not("--list")
        data = self.must(*command, failing=failing, reasons=denied, stdin=stdin)
        if not data.strip():
            return []
        try:
            document = json.loads(data)
        except (ValueError, RecursionError) as error:
            raise OutputError(f"{failing}: {self.name} wrote no JSON") from error
        return list(_objects(document))

    def missing_namespace(self, name: str, option: str) -> SettingsError:
        """The error for a namespace that is not there; it suggests the closest one, where the user may see them."""
        names = [each["metadata"]["name"] for each in _objects(self.listed("namespaces"))]
        nearest = one_of(name, names) if names else ""
        return SettingsError(f"the cluster has no namespace '{name}'{nearest}; set {option}")

    def may(self, verb: str, kind: str) -> bool:
        """Whether the user may do something to objects of a kind."""
        return self._run(("auth", "can-i", verb, kind), None).stdout.strip() == b"yes"

    def _run(self, words: Sequence[str], stdin: bytes | None) -> subprocess.CompletedProcess[bytes]:
        # Without standard input nothing can wait for an answer to a question that nobody sees.
        given: dict[str, Any] = {"stdin": subprocess.DEVNULL} if stdin is None else {"input": stdin}
        try:
            return subprocess.run(  # noqa: S603 - the user's own kubectl, without a shell
                self._command(words), **given, capture_output=True, check=False, timeout=self._patience
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
        return in_one_line(shlex.join([self.name, *self._command(words)[1:]]))

    def _failure(self, words: Sequence[str], stderr: bytes, failing: str, reasons: Mapping[str, str]) -> WaybillError:
        """Why the program failed. Plugins that log in write there what they like, so its own words are not repeated."""
        said = stderr.decode(errors="replace")
        if self._context and "does not exist" in said:
            contexts = self._run(("config", "get-contexts", "--output=name"), None).stdout.decode(errors="replace")
            message = f"the kubeconfig has no context '{self._context}'{one_of(self._context, contexts.split())}"
            return SettingsError(in_one_line(message))
        reason = next((reason for sign, reason in reasons.items() if re.search(sign, said)), None)
        if reason is None:
            return OutputError(f"{failing}; to see why, run: {self._said(words)}")
        return OutputError(f"{failing}: {reason}")


def _objects(document: object) -> Iterator[dict[str, Any]]:
    """The objects of a List, or the only one, each with a kind and a name."""
    listed = document.get("items", [document]) if isinstance(document, dict) else []
    for each in listed if isinstance(listed, list) else []:
        match each:
            case {"kind": str(), "metadata": {"name": str()}}:
                yield each


def may_not(verb: str, *what: str) -> dict[str, str]:
    """The reason where access is denied: that right is missing."""
    return {r"\(Forbidden\)": f"access is denied; see: kubectl auth can-i {verb} {in_one_line(shlex.join(what))}"}
