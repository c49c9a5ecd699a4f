"""A real Kubernetes API server on loopback: etcd and kube-apiserver, no kubelet, no controllers."""

from __future__ import annotations

import json
import re
import secrets
import shutil
import socket
import ssl
import subprocess
import tempfile
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from functools import partial
from http import HTTPStatus
from pathlib import Path
from typing import Any, Final

from tests.waiting import eventually

_DEFINITIONS: Final = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"
#: The dropped field in a warning (kube-apiserver, field validation).
_UNKNOWN_FIELD: Final = re.compile(r'unknown field \\?"([^"\\]*)')


@dataclass(frozen=True)
class Answer:
    """The server's response to a request."""

    code: int
    content: Any
    warnings: tuple[str, ...]


@dataclass(frozen=True)
class Stored:
    """The refused and dropped fields of a resource, as Kubernetes writes their paths."""

    refused: frozenset[str]
    dropped: frozenset[str]


@dataclass(frozen=True)
class ApiServer:
    """A running server; the token may do anything. `programs` is the folder with kube-apiserver and kubectl."""

    address: str
    certificate: Path
    token: str = field(repr=False)
    folder: Path
    programs: Path

    @property
    def kubeconfig(self) -> Path:
        """The kubeconfig with the contexts `test`, who may do anything, and `nobody`, who has no rights."""
        return self.folder / "kubeconfig"

    def ask(self, method: str, path: str, content: object = None) -> Answer:
        """Send a request."""
        return self._send(method, path, content, "application/json")

    def apply(self, path: str, content: object) -> Answer:
        """Send a server-side apply; `path` has the field manager."""
        return self._send("PATCH", path, content, "application/apply-patch+yaml")

    def _send(self, method: str, path: str, content: object, media_type: str) -> Answer:
        headers = {"Authorization": f"Bearer {self.token}", "Content-Type": media_type}
        data = None if content is None else json.dumps(content).encode()
        request = urllib.request.Request(self.address + path, data=data, headers=headers, method=method)  # noqa: S310 - our own server
        context = ssl.create_default_context(cafile=str(self.certificate))
        try:
            with urllib.request.urlopen(request, context=context, timeout=60) as answer:  # noqa: S310 - as above
                return _answer(answer)
        except urllib.error.HTTPError as error:
            return _answer(error)

    def must(self, method: str, path: str, content: object = None) -> Any:
        """Send a request that must succeed, and return the content of the response."""
        answer = self.ask(method, path, content)
        assert answer.code < HTTPStatus.BAD_REQUEST, answer.content
        return answer.content

    def namespace(self) -> str:
        """Create a namespace and return its name, which is new: without controllers, none is ever deleted."""
        name = f"test-{secrets.token_hex(4)}"
        self.must("POST", "/api/v1/namespaces", {"metadata": {"name": name}})
        return name

    def define(self, definitions: Sequence[Mapping[str, Any]]) -> None:
        """Create or replace CustomResourceDefinitions, and wait until the server serves them."""
        for definition in definitions:
            name = definition["metadata"]["name"]
            there = self.ask("GET", f"{_DEFINITIONS}/{name}")
            if there.code == HTTPStatus.NOT_FOUND:
                self.must("POST", _DEFINITIONS, definition)
            else:
                version = {"resourceVersion": there.content["metadata"]["resourceVersion"]}
                changed = {**definition, "metadata": {**definition["metadata"], **version}}
                self.must("PUT", f"{_DEFINITIONS}/{name}", changed)
        # The server establishes them in parallel.
        for definition in definitions:
            name = definition["metadata"]["name"]
            eventually(partial(self._serves, definition["spec"]), f"{name} is in force")

    def undefine(self, name: str) -> None:
        """Delete a CustomResourceDefinition, and wait until discovery no longer has it."""
        self.ask("DELETE", f"{_DEFINITIONS}/{name}")
        plural, _, group = name.partition(".")
        discovery = f"/apis/{group}/v1alpha08"
        eventually(lambda: plural not in str(self.must("GET", discovery)), f"{name} is gone")

    def find(self, rendered: Mapping[str, Any], namespace: str) -> Any:
        """Return the stored object of a manifest, or None if it does not exist or is being deleted."""
        group = rendered["apiVersion"]
        served = f"/apis/{group}" if "/" in group else f"/api/{group}"
        kinds = self.must("GET", served)["resources"]
        kind = next(each for each in kinds if each["kind"] == rendered["kind"] and "/" not in each["name"])
        place = rendered["metadata"].get("namespace", namespace)
        within = f"/namespaces/{place}" if kind["namespaced"] else ""
        answer = self.ask("GET", f"{served}{within}/{kind['name']}/{rendered['metadata']['name']}")
        there = answer.code == HTTPStatus.OK and "deletionTimestamp" not in answer.content["metadata"]
        return answer.content if there else None

    def _serves(self, spec: Mapping[str, Any]) -> bool:
        """Whether the server stores a definition's resources, and publishes exactly its fields."""
        for version in (each for each in spec["versions"] if each["served"]):
            listed = self.ask("GET", f"/apis/{spec['group']}/{version['name']}/{spec['names']['plural']}")
            if listed.code != HTTPStatus.OK:
                return False
            answer = self.ask("GET", f"/openapi/v3/apis/{spec['group']}/{version['name']}")
            if answer.code != HTTPStatus.OK:
                return False
            kinds = answer.content["components"]["schemas"].values()
            schema: Any = next((each for each in kinds if _is_of(each, spec["names"]["kind"])), {})
            wanted = version["schema"]["openAPIV3Schema"].get("properties", {}).get("spec")
            if _names(schema.get("properties", {}).get("spec")) != _names(wanted):
                return False
        return True

    def stored(self, resource: Mapping[str, Any], plural: str, namespace: str) -> Stored:
        """Create a custom resource, read it back, delete it, and return what the server refused or dropped."""
        path = f"/apis/{resource['apiVersion']}/namespaces/{namespace}/{plural}"
        answer = self.ask("POST", f"{path}?fieldValidation=Warn", resource)
        warned = frozenset(name for text in answer.warnings for name in _UNKNOWN_FIELD.findall(text))
        if answer.code >= HTTPStatus.BAD_REQUEST:
            causes = answer.content["details"]["causes"]
            return Stored(refused=frozenset(cause["field"] for cause in causes) - {"<nil>"}, dropped=warned)
        name = answer.content["metadata"]["name"]
        read_back = self.must("GET", f"{path}/{name}")
        self.must("DELETE", f"{path}/{name}")
        gone = dict(_lost_fields(resource["spec"], read_back["spec"], "spec"))
        # A null in a field that is not nullable is dropped without a warning.
        assert warned == {path for path, value in gone.items() if value is not None or path in warned}
        return Stored(refused=frozenset(), dropped=warned)


def _answer(answer: Any) -> Answer:
    warnings = tuple(answer.headers.get_all("Warning") or ())
    text = answer.read()
    # The response for an API that is not served yet is plain text.
    content = json.loads(text) if answer.headers.get_content_type() == "application/json" else text.decode()
    return Answer(code=answer.status, content=content, warnings=warnings)


def _is_of(schema: Mapping[str, Any], kind: str) -> bool:
    return any(each["kind"] == kind for each in schema.get("x-kubernetes-group-version-kind", ()))


def _names(schema: Any) -> Any:
    """Return the names of all fields of a schema, nested."""
    if not isinstance(schema, dict):
        return None
    fields = {name: _names(field) for name, field in schema.get("properties", {}).items()}
    return fields, _names(schema.get("items")), _names(schema.get("additionalProperties"))


def _lost_fields(sent: Any, stored: Any, path: str) -> Iterator[tuple[str, Any]]:
    """Yield the fields that were sent but not stored, each with its value."""
    match sent:
        case dict():
            for key, child in sent.items():
                if key in stored:
                    yield from _lost_fields(child, stored[key], f"{path}.{key}")
                else:
                    yield f"{path}.{key}", child
        case list():
            for number, child in enumerate(sent):
                yield from _lost_fields(child, stored[number], f"{path}[{number}]")


@contextmanager
def running(programs: Path) -> Iterator[ApiServer]:
    """Run etcd and kube-apiserver from a folder for the block."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="cluster-")))
        clients, peers, port = _free_ports(3)
        etcd: list[str | Path] = [
            programs / "etcd",
            "--data-dir",
            folder / "etcd",
            "--unsafe-no-fsync",
            "--log-level",
            "warn",
        ]
        etcd += ["--name", "default", "--initial-cluster", f"default=http://127.0.0.1:{peers}"]
        for kind, number in (("client", clients), ("peer", peers)):
            etcd += [f"--listen-{kind}-urls", f"http://127.0.0.1:{number}"]
        etcd += ["--advertise-client-urls", f"http://127.0.0.1:{clients}"]
        etcd += ["--initial-advertise-peer-urls", f"http://127.0.0.1:{peers}"]
        stack.enter_context(_process(etcd, folder / "etcd.log"))
        server = ApiServer(
            address=f"https://127.0.0.1:{port}",
            certificate=folder / "pki" / "apiserver.crt",
            token=secrets.token_hex(16),
            folder=folder,
            programs=programs,
        )
        nobody = secrets.token_hex(16)
        stack.enter_context(_process(_apiserver(server, nobody, clients, port), folder / "apiserver.log"))
        eventually(partial(_is_ready, server), "kube-apiserver is ready")
        _write_kubeconfig(server, {"test": server.token, "nobody": nobody})
        yield server


def _apiserver(server: ApiServer, nobody: str, etcd: int, port: int) -> list[str | Path]:
    keys = server.certificate.parent
    keys.mkdir(mode=0o700)
    subprocess.run(["openssl", "genrsa", "-out", keys / "accounts.key", "2048"], check=True, capture_output=True)
    tokens = keys / "tokens.csv"
    tokens.touch(mode=0o600)
    tokens.write_text(f"{server.token},admin,admin,system:masters\n{nobody},nobody,nobody\n", encoding="utf-8")
    return [
        server.programs / "kube-apiserver",
        f"--etcd-servers=http://127.0.0.1:{etcd}",
        *("--bind-address=127.0.0.1", "--advertise-address=127.0.0.1", f"--secure-port={port}", f"--cert-dir={keys}"),
        *("--service-cluster-ip-range=10.0.0.0/24", "--endpoint-reconciler-type=none"),
        *("--service-account-issuer=https://kubernetes.default.svc", f"--token-auth-file={tokens}"),
        *(f"--service-account-key-file={keys}/accounts.key", f"--service-account-signing-key-file={keys}/accounts.key"),
        *("--authorization-mode=RBAC", "--anonymous-auth=false", "--disable-admission-plugins=ServiceAccount"),
    ]


@contextmanager
def _process(command: Sequence[str | Path], log: Path) -> Iterator[None]:
    """Run a process for the block, with its output in a log whose last lines are added to an error of the block."""
    with log.open("wb") as output, subprocess.Popen(command, stdout=output, stderr=output) as process:
        try:
            yield
        except BaseException as error:
            lines = log.read_text(encoding="utf-8", errors="replace").splitlines()
            error.add_note("\n".join([f"{log.name} ends with:", *lines[-20:]]))
            raise
        finally:
            process.terminate()
            try:
                process.wait(30)
            except subprocess.TimeoutExpired:
                process.kill()


def _is_ready(server: ApiServer) -> bool:
    try:
        request = urllib.request.Request(f"{server.address}/readyz")  # noqa: S310 - our own server
        request.add_header("Authorization", f"Bearer {server.token}")
        context = ssl.create_default_context(cafile=str(server.certificate))
        with urllib.request.urlopen(request, context=context, timeout=2) as answer:  # noqa: S310 - as above
            return bool(answer.status == HTTPStatus.OK)
    except (OSError, ssl.SSLError):
        return False


def _write_kubeconfig(server: ApiServer, tokens: Mapping[str, str]) -> None:
    """Write the kubeconfig, with a context for each user; the first one is the current context."""
    users = [{"name": name, "user": {"token": token}} for name, token in tokens.items()]
    cluster = {"server": server.address, "certificate-authority": str(server.certificate)}
    contexts = [{"name": name, "context": {"cluster": "test", "user": name}} for name in tokens]
    clusters = [{"name": "test", "cluster": cluster}]
    content = {"apiVersion": "v1", "kind": "Config", "clusters": clusters, "users": users, "contexts": contexts}
    server.kubeconfig.touch(mode=0o600)
    server.kubeconfig.write_text(json.dumps({**content, "current-context": next(iter(tokens))}), encoding="utf-8")


def _free_ports(number: int) -> list[int]:
    with ExitStack() as stack:
        sockets = [stack.enter_context(socket.socket()) for _ in range(number)]
        for each in sockets:
            each.bind(("127.0.0.1", 0))
        return [each.getsockname()[1] for each in sockets]


def programs_in(folder: str) -> Path | None:
    """Return the folder with kube-apiserver, etcd and kubectl, or None if one of them is missing."""
    there = all(shutil.which(name, path=folder) for name in ("kube-apiserver", "etcd", "kubectl"))
    return Path(folder) if folder and there else None
