"""Runs the user's own kubectl or oc, which supports every kind of login."""

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

#: OpenShift's oc takes the same arguments.
PROGRAMS: Final = ("kubectl", "oc")
#: Seconds; a credential plugin may call a server of its own.
PATIENCE: Final = 120
#: Patterns of the errors of kubectl and oc (kubectl, pkg/cmd/util/helpers.go), and what each means for the user.
_REASONS: Final = {
    r"\(Unauthorized\)|must be logged in": "authentication failed; log in",
    r"getting credentials": "the kubeconfig's credential plugin fails; log in by hand",
    r"x509": "the kubeconfig does not trust its certificate; log in again",
    r"was refused|Unable to connect": "it cannot be reached; log in, or name another with --context",
    r"have a resource type|no matches for kind": "the cluster does not know its kind; install what brings it",
    r"\(Conflict\)": "it was changed a moment ago; run the same command again",
    r"\(AlreadyExists\)": "it was created a moment ago; run the same command again",
}
#: Errors that the API server calls forbidden although the user has the right to the kind.
_REFUSED: Final = {
    r"attempting to grant RBAC": "it grants rights that you do not have; a cluster administrator can apply it",
    r"being terminated": "its namespace is being deleted; wait until it is gone",
    r"exceeded quota": "a quota of its namespace is used up; see: kubectl describe quota --namespace NAMESPACE",
}
#: The API server's message about a missing right (apiserver, authorization/responsewriters).
_DENIED: Final = re.compile(r'cannot \w+ resource "([^"]+)" in API group "([^"]*)"')


class Kubectl:
    """kubectl or oc with a context of the kubeconfig, or with the current context if it is None.

    `patience` is how many seconds each call may take.

    Raises:
        SettingsError: the context has an empty name.
        OutputError: neither is on PATH.
    """

    def __init__(self, context: str | None, patience: float = PATIENCE) -> None:
        if context == "":
            # kubectl would take the current context, which may be of another cluster.
            raise SettingsError("--context is empty; name a context, or leave the option out")
        found = next(filter(None, map(shutil.which, PROGRAMS)), None)
        if found is None:
            raise OutputError(f"neither {' nor '.join(PROGRAMS)} is on PATH; install one, and log in to the cluster")
        self._program = found
        self._context = context
        self._patience = patience

    @property
    def name(self) -> str:
        """The name of the program: kubectl or oc."""
        return Path(self._program).name

    def must(
        self, *words: str, failing: str, reasons: Mapping[str, str] | None = None, stdin: bytes | None = None
    ) -> bytes:
        """Run the program and return its output.

        `failing` begins the error message, as in `the schema cannot be read`. `reasons` maps patterns of the program's
        error to what they mean, and precedes the patterns of every command.

        Raises:
            SettingsError: the kubeconfig does not have the context.
            OutputError: the program fails.
        """
        done = self._run(words, stdin)
        if done.returncode:
            raise self._failure(words, done.stderr, failing, {**_REFUSED, **(reasons or {}), **_REASONS})
        return done.stdout

    def listed(self, *words: str) -> object:
        """Return the objects of a kind as a List, or None if the cluster or the user cannot list the kind."""
        try:
            return json.loads(self.must("get", *words, "--output=json", failing="not listed"))
        except (WaybillError, ValueError, RecursionError):
            return None

    def resources(self) -> frozenset[str]:
        """Return the resources of the cluster that can be listed (`deployments.apps`).

        Raises:
            SettingsError: the kubeconfig does not have the context.
            OutputError: the program fails.
        """
        words = ("api-resources", "--verbs=list", "--output=name")
        done = self._run(words, None)
        # kubectl fails if the server of one API is down, but still writes the resources of the others.
        if done.returncode and not done.stdout.strip():
            raise self._failure(words, done.stderr, "the cluster cannot be read", _REASONS)
        return frozenset(done.stdout.decode(errors="replace").split())

    def read(self, *words: str, output: str = "json") -> tuple[bytes, frozenset[str]]:
        """Return the output of `kubectl get`, and the resources (`pods`) that the user may not read.

        Raises:
            SettingsError: the kubeconfig does not have the context.
            OutputError: the program fails for another reason.
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
        """Return the log that a query of the API names (b"" if there is none), and whether access is denied.

        `kubectl logs` would also need the right to read the pod, so the log is read by its API path.
        """
        done = self._run(("get", "--raw", f"/api/v1/namespaces/{namespace}/pods/{pod}/log?{query}"), None)
        if done.returncode == 0:
            return done.stdout, False
        return b"", b"(Forbidden)" in done.stderr

    def found(self, *words: str, failing: str, stdin: bytes | None = None) -> list[dict[str, Any]]:
        """Return the objects that `kubectl get` finds.

        Raises:
            OutputError: they cannot be read, or the output is not JSON.
        """
        command = ("get", *words, "--ignore-not-found", "--output=json")
        denied = may_not("get", *words) if stdin is None else may_not("--list")
        return self.parse_objects(self.must(*command, failing=failing, reasons=denied, stdin=stdin), failing=failing)

    def parse_objects(self, data: bytes, *, failing: str) -> list[dict[str, Any]]:
        """Return the objects in the JSON output of `kubectl get`, which is empty if there are none.

        Raises:
            OutputError: the output is not JSON; `failing` begins the message.
        """
        if not data.strip():
            return []
        try:
            document = json.loads(data)
        except (ValueError, RecursionError) as error:
            raise OutputError(f"{failing}: {self.name} did not write JSON") from error
        return list(_objects(document))

    def missing_namespace(self, name: str, option: str) -> SettingsError:
        """Return the error for a missing namespace, which suggests the closest one if the user may list them."""
        names = [each["metadata"]["name"] for each in _objects(self.listed("namespaces"))]
        nearest = one_of(name, names) if names else ""
        return SettingsError(f"the cluster has no namespace '{name}'{nearest}; set {option}")

    def may(self, verb: str, kind: str) -> bool:
        """Whether the user may apply a verb (`create`) to objects of a kind."""
        return self._run(("auth", "can-i", verb, kind), None).stdout.strip() == b"yes"

    def _run(self, words: Sequence[str], stdin: bytes | None) -> subprocess.CompletedProcess[bytes]:
        # Without standard input, no plugin can wait for the answer to a prompt that nobody sees.
        stdin_argument: dict[str, Any] = {"stdin": subprocess.DEVNULL} if stdin is None else {"input": stdin}
        try:
            return subprocess.run(  # noqa: S603 - the user's own kubectl, without a shell
                self._command(words), **stdin_argument, capture_output=True, check=False, timeout=self._patience
            )
        except subprocess.TimeoutExpired as error:
            message = f"{self._shown_command(words)} did not respond in {self._patience:g} seconds; log in first"
            raise OutputError(message) from error
        except OSError as error:
            raise OutputError(f"{self._program}: cannot be run: {error.strerror}") from error

    def _command(self, words: Sequence[str]) -> list[str]:
        context = [f"--context={self._context}"] if self._context else []
        return [self._program, *context, *words]

    def _shown_command(self, words: Sequence[str]) -> str:
        """Return the command as the user would type it."""
        return in_one_line(shlex.join([self.name, *self._command(words)[1:]]))

    def _failure(self, words: Sequence[str], stderr: bytes, failing: str, reasons: Mapping[str, str]) -> WaybillError:
        """Return the error of a failed command, without `stderr`: credential plugins may write secrets to it."""
        error_text = stderr.decode(errors="replace")
        if self._context and "does not exist" in error_text:
            contexts = self._run(("config", "get-contexts", "--output=name"), None).stdout.decode(errors="replace")
            message = f"the kubeconfig has no context '{self._context}'{one_of(self._context, contexts.split())}"
            return SettingsError(in_one_line(message))
        reason = next((reason for sign, reason in reasons.items() if re.search(sign, error_text)), None)
        if reason is None:
            return OutputError(f"{failing}; to see why, run: {self._shown_command(words)}")
        return OutputError(f"{failing}: {reason}")


def _objects(document: object) -> Iterator[dict[str, Any]]:
    """Yield the objects of a List, or the single object, that have a kind and a name."""
    listed = document.get("items", [document]) if isinstance(document, dict) else []
    for each in listed if isinstance(listed, list) else []:
        match each:
            case {"kind": str(), "metadata": {"name": str()}}:
                yield each


def may_not(verb: str, *what: str) -> dict[str, str]:
    """Return the `reasons` of `Kubectl.must` for a denied right."""
    return {r"\(Forbidden\)": f"access is denied; see: kubectl auth can-i {verb} {in_one_line(shlex.join(what))}"}
