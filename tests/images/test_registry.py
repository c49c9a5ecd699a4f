"""waybill's client of registries, against Debian's docker-registry: logins, tokens, failures at every request."""

from __future__ import annotations

import hashlib
import json
import secrets
import subprocess
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler
from pathlib import Path

import pytest

from pipeline.images.credentials import Keychain
from pipeline.images.errors import LoginError, RegistryError
from pipeline.images.registry import Registry as Client
from pipeline.system.http_request import Backoff
from tests.images import registries
from tests.images.loopback import Answers, Loopback, Serve, serve
from tests.images.registries import Fault, Login, Proxy, Registry, TokenService
from tests.images.small_image import push_image, push_index

__all__ = ["serve"]  # a fixture

#: Requests of a push of a small image: of each of two blobs HEAD, POST, PUT, the first HEAD again with the login.
PUSH = 8
BUSY = Backoff(attempts=8, first=0.05, longest=0.3)


@pytest.fixture(scope="module")
def registry(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Registry]:
    with registries.docker_registry(tmp_path_factory.mktemp("registry")) as running:
        yield running


@pytest.fixture
def proxy(registry: Registry) -> Iterator[Proxy]:
    with registries.proxy(registry.host) as running:
        yield running


@pytest.fixture
def repository() -> str:
    """A name of its own for each test: the registry is shared."""
    return f"tests/image-{secrets.token_hex(6)}"


def client(registry: Registry, folder: Path, host: str = "", login: Login | None = None) -> Client:
    """A client that finds its login in a config.json."""
    host = host or registry.host
    auths = {host: {"auth": (login or registry.login).basic}}
    folder.joinpath("config.json").write_text(json.dumps({"auths": auths}))
    return Client(host, keychain(folder), backoff=BUSY)


def keychain(folder: Path) -> Keychain:
    return Keychain(registry="quay.io/orchestrator", environment={"HOME": str(folder), "DOCKER_CONFIG": str(folder)})


def skopeo(registry: Registry, folder: Path, *words: str) -> str:
    auth = folder / "auth.json"
    auth.write_text(json.dumps({"auths": {registry.host: {"auth": registry.login.basic}}}))
    command = ["skopeo", *words[:1], "--authfile", str(auth), "--tls-verify=false", *words[1:]]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


def test_an_image_is_read_back_as_skopeo_reads_it(registry: Registry, repository: str, tmp_path: Path) -> None:
    registry_client = client(registry, tmp_path)
    pushed = push_image(registry_client, repository, "v1", "latest", labels={"a": "b"})
    assert registry_client.manifest(repository, "v1") == pushed
    assert registry_client.manifest(repository, pushed.digest) == pushed
    assert registry_client.digest(repository, "latest") == pushed.digest
    assert sorted(registry_client.tags(repository)) == ["latest", "v1"]
    seen = json.loads(skopeo(registry, tmp_path, "inspect", f"docker://{registry.host}/{repository}:v1"))
    assert seen["Digest"] == pushed.digest
    config = registry_client.image_config(repository, pushed)
    assert config is not None
    assert config.labels == seen["Labels"] == {"a": "b"}
    assert config.platform == "linux/amd64"
    assert config.history == ("a test",)


def test_an_image_in_the_form_of_docker_is_read_with_its_own_digest(
    registry: Registry, repository: str, tmp_path: Path
) -> None:
    registry_client = client(registry, tmp_path)
    push_image(registry_client, repository, "oci", labels={"a": "b"})
    auth = tmp_path / "auth.json"
    auth.write_text(json.dumps({"auths": {registry.host: {"auth": registry.login.basic}}}))
    place = f"docker://{registry.host}/{repository}"
    plain = ["--src-tls-verify=false", "--dest-tls-verify=false", "--authfile", str(auth)]
    command = ["skopeo", "copy", *plain, "--format", "v2s2", f"{place}:oci", f"{place}:docker"]
    subprocess.run(command, check=True, capture_output=True)
    manifest = registry_client.manifest(repository, "docker")
    assert manifest is not None
    assert manifest.media_type == "application/vnd.docker.distribution.manifest.v2+json"
    assert manifest.digest == f"sha256:{hashlib.sha256(manifest.body).hexdigest()}"
    config = registry_client.image_config(repository, manifest)
    assert config is not None
    assert config.labels == {"a": "b"}


def test_of_an_index_the_image_of_a_platform_is_read(registry: Registry, repository: str, tmp_path: Path) -> None:
    registry_client = client(registry, tmp_path)
    amd64 = push_image(registry_client, repository, content=b"amd64")
    arm64 = push_image(registry_client, repository, content=b"arm64")
    of_buildkit = push_image(registry_client, repository, content=b"attestation")
    platforms = {"unknown/unknown": of_buildkit, "linux/amd64": amd64, "linux/arm64": arm64}
    index = push_index(registry_client, repository, "all", platforms)
    served = registry_client.manifest(repository, "all")
    assert served == index
    assert served.is_index
    assert registry_client.platform_manifest(repository, served) == amd64
    assert registry_client.platform_manifest(repository, served, "linux/arm64") == arm64
    assert registry_client.platform_manifest(repository, served, "linux/s390x") is None


def test_what_is_not_there_is_none(registry: Registry, repository: str, tmp_path: Path) -> None:
    registry_client = client(registry, tmp_path)
    assert registry_client.manifest(repository, "v1") is None
    assert registry_client.digest(repository, "v1") is None
    assert registry_client.tags(repository) == []


def test_a_repository_is_new_until_something_is_pushed(registry: Registry, repository: str, tmp_path: Path) -> None:
    registry_client = client(registry, tmp_path)
    assert registry_client.is_new(repository)
    push_image(registry_client, repository, "v1")
    assert not registry_client.is_new(repository)


def test_a_further_tag_is_put_on_the_same_digest(registry: Registry, repository: str, tmp_path: Path) -> None:
    registry_client = client(registry, tmp_path)
    pushed = push_image(registry_client, repository, "src-1")
    registry_client.tag(repository, pushed.digest, "0123abcd", "latest")
    assert {registry_client.digest(repository, tag) for tag in ("src-1", "0123abcd", "latest")} == {pushed.digest}
    with pytest.raises(RegistryError, match="there is no manifest sha256:0000"):
        registry_client.tag(repository, f"sha256:{'0' * 64}", "latest")


def test_a_wrong_password_fails_at_once_and_names_registry_repository_and_source(
    registry: Registry, proxy: Proxy, repository: str, tmp_path: Path
) -> None:
    wrong = Login()
    with pytest.raises(LoginError) as caught:
        push_image(client(registry, tmp_path, proxy.host, wrong), repository, "v1")
    source = f"{tmp_path / 'config.json'} ({proxy.host})"
    assert str(caught.value) == (
        f"registry {proxy.host}, repository {repository}: the login was refused (401); "
        f"used the login from {source}; log in again"
    )
    assert len(proxy.seen) == 2


def test_without_a_login_the_message_says_where_it_was_looked_for(
    registry: Registry, repository: str, tmp_path: Path
) -> None:
    with pytest.raises(LoginError) as caught:
        Client(registry.host, keychain(tmp_path)).manifest(repository, "v1")
    message = str(caught.value)
    assert f"registry {registry.host}, repository {repository}: it requires a login (401" in message
    assert "WAYBILL_REGISTRY_USERNAME and WAYBILL_REGISTRY_PASSWORD (not set)" in message
    assert f"{tmp_path / 'config.json'} (no such file)" in message
    assert f"run: docker login {registry.host}" in message


def test_an_access_that_is_denied_fails_at_once(
    registry: Registry, proxy: Proxy, repository: str, tmp_path: Path
) -> None:
    proxy.fail({4: Fault(403)})
    with pytest.raises(
        LoginError, match=r"access was refused \(403\); used the login from .*; check that this login may push"
    ):
        push_image(client(registry, tmp_path, proxy.host), repository, "v1")
    assert len(proxy.seen) == 4


def test_a_push_takes_few_requests(registry: Registry, proxy: Proxy, repository: str, tmp_path: Path) -> None:
    push_image(client(registry, tmp_path, proxy.host), repository, "v1")
    assert len(proxy.seen) == PUSH


@pytest.mark.parametrize("reaches", [False, True], ids=["before", "after"])
@pytest.mark.parametrize("number", range(1, PUSH + 1))
def test_a_registry_that_is_killed_at_a_request_and_started_again_gets_the_whole_image(
    registry: Registry, proxy: Proxy, repository: str, tmp_path: Path, number: int, *, reaches: bool
) -> None:
    started = threading.Event()

    def killed() -> None:
        registry.kill()

        def start() -> None:
            time.sleep(0.1)
            registry.start()
            started.set()

        threading.Thread(target=start).start()

    proxy.fail({number: Fault(reaches=reaches, meanwhile=killed)})
    try:
        pushed = push_image(client(registry, tmp_path, proxy.host), repository, "v1")
    finally:
        assert started.wait(30)
    assert client(registry, tmp_path).manifest(repository, "v1") == pushed
    skopeo(registry, tmp_path, "inspect", "--config", f"docker://{registry.host}/{repository}:v1")
    assert len(proxy.seen) > PUSH


@pytest.mark.parametrize("status", [429, 500, 502, 503])
def test_a_busy_registry_is_waited_for_at_every_request(
    registry: Registry, proxy: Proxy, repository: str, tmp_path: Path, status: int
) -> None:
    for number in range(1, PUSH + 1):
        proxy.fail({number: Fault(status)})
        pushed = push_image(client(registry, tmp_path, proxy.host), f"{repository}-{number}", "v1")
        assert len(proxy.seen) > PUSH
        assert client(registry, tmp_path).digest(f"{repository}-{number}", "v1") == pushed.digest


def test_retry_after_is_honoured(
    registry: Registry, proxy: Proxy, repository: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    waited: list[float] = []
    monkeypatch.setattr("time.sleep", waited.append)
    proxy.fail({number: Fault(429, {"Retry-After": "7"}) for number in (1, PUSH, PUSH + 1)})
    push_image(client(registry, tmp_path, proxy.host), repository, "v1")
    assert [7 <= seconds < 8 for seconds in waited if seconds >= 1] == [True] * 3


def test_a_registry_that_stays_busy_is_named_with_its_answer(
    registry: Registry, proxy: Proxy, repository: str, tmp_path: Path
) -> None:
    proxy.fail({number: Fault(503) for number in range(1, 100)})
    with pytest.raises(RegistryError) as caught:
        client(registry, tmp_path, proxy.host).manifest(repository, "v1")
    assert str(caught.value) == (
        f"registry {proxy.host}, repository {repository}: manifest v1: "
        "the registry responded with 503 Service Unavailable"
    )
    assert len(proxy.seen) == BUSY.attempts


def test_a_registry_that_does_not_answer_is_named(repository: str, tmp_path: Path) -> None:
    with pytest.raises(RegistryError, match=f"registry 127.0.0.1:1, repository {repository}: .*Connection refused"):
        Client("127.0.0.1:1", keychain(tmp_path), backoff=Backoff(attempts=2, first=0)).manifest(repository, "v1")


@pytest.fixture(scope="module")
def with_tokens(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Registry, TokenService]]:
    with registries.token_registry(tmp_path_factory.mktemp("tokens")) as running:
        yield running


def test_a_token_is_fetched_for_each_scope_and_kept(
    with_tokens: tuple[Registry, TokenService], repository: str, tmp_path: Path
) -> None:
    registry, service = with_tokens
    service.scopes.clear()
    registry_client = client(registry, tmp_path)
    pushed = push_image(registry_client, repository, "v1")
    assert registry_client.manifest(repository, "v1") == pushed
    assert registry_client.digest(repository, "v1") == pushed.digest
    assert service.scopes == [f"repository:{repository}:pull,push", f"repository:{repository}:pull"]


def test_a_token_that_is_no_longer_accepted_is_fetched_again(
    with_tokens: tuple[Registry, TokenService], repository: str, tmp_path: Path
) -> None:
    registry, service = with_tokens
    wanted = {"WWW-Authenticate": f'Bearer realm="{service.realm}",service="tests",error="invalid_token"'}
    service.scopes.clear()
    with registries.proxy(registry.host) as proxy:
        proxy.fail({5: Fault(401, wanted)})
        push_image(client(registry, tmp_path, proxy.host), repository, "v1")
    assert service.scopes == [f"repository:{repository}:pull,push"] * 2


def test_a_token_service_that_refuses_the_login_is_named(
    with_tokens: tuple[Registry, TokenService], repository: str, tmp_path: Path
) -> None:
    registry, service = with_tokens
    with pytest.raises(LoginError) as caught:
        client(registry, tmp_path, login=Login()).manifest(repository, "v1")
    message = f"the login was refused (401 from 127.0.0.1:{service.server_port}); used the login from "
    assert f"registry {registry.host}, repository {repository}: {message}" in str(caught.value)


def test_an_identity_token_is_exchanged(
    with_tokens: tuple[Registry, TokenService], repository: str, tmp_path: Path
) -> None:
    registry, service = with_tokens
    auths = {registry.host: {"identitytoken": service.identity_token}}
    tmp_path.joinpath("config.json").write_text(json.dumps({"auths": auths}))
    registry_client = Client(registry.host, keychain(tmp_path))
    assert registry_client.manifest(repository, "v1") is None


def misbehaving(server: Loopback, folder: Path) -> Client:
    folder.joinpath("config.json").write_text(
        json.dumps({"auths": {server.host: {"auth": Login("u", "s3cret").basic}}})
    )
    return Client(server.host, keychain(folder), backoff=Backoff(attempts=2, first=0))


def test_other_bytes_than_those_of_the_digest_are_refused(serve: Serve, tmp_path: Path) -> None:
    digest = f"sha256:{hashlib.sha256(b'{}').hexdigest()}"
    server = serve(lambda _: (200, {}, b"{} "))
    registry_client = misbehaving(server, tmp_path)
    with pytest.raises(RegistryError, match=f"served with other bytes than those of the digest {digest}"):
        registry_client.manifest("a", digest)
    with pytest.raises(RegistryError, match=f"the blob {digest} is served with other bytes"):
        registry_client.blob("a", digest)


def test_a_digest_that_is_announced_and_is_not_that_of_the_bytes_is_refused(serve: Serve, tmp_path: Path) -> None:
    digest = f"sha256:{'0' * 64}"
    server = serve(lambda _: (200, {"Docker-Content-Digest": digest}, b"{}"))
    with pytest.raises(RegistryError, match=f"other bytes than those of the digest {digest}"):
        misbehaving(server, tmp_path).manifest("a", "v1")


def basic_then(answer: Answers) -> Answers:
    """Want a login first."""

    def answering(asked: BaseHTTPRequestHandler) -> tuple[int, dict[str, str], bytes]:
        if asked.headers.get("Authorization") is None:
            return 401, {"WWW-Authenticate": 'Basic realm="x"'}, b""
        return answer(asked)

    return answering


def test_a_redirect_to_another_host_takes_no_login_along(serve: Serve, tmp_path: Path) -> None:
    """As of blobs that a registry keeps in a store of objects."""
    store = serve(lambda _: (200, {}, b"blob"))
    server = serve(basic_then(lambda _: (307, {"Location": f"http://{store.host}/blob?signature=x"}, b"")))
    digest = f"sha256:{hashlib.sha256(b'blob').hexdigest()}"
    assert misbehaving(server, tmp_path).blob("a", digest) == b"blob"
    assert store.seen == [("GET", "/blob?signature=x", None)]


def test_an_upload_to_another_host_takes_no_login_along(serve: Serve, tmp_path: Path) -> None:
    store = serve(lambda _: (201, {}, b""))

    def answer(asked: BaseHTTPRequestHandler) -> tuple[int, dict[str, str], bytes]:
        return (404, {}, b"") if asked.command == "HEAD" else (202, {"Location": f"http://{store.host}/up?x=1"}, b"")

    misbehaving(serve(basic_then(answer)), tmp_path).push_blob("a", b"blob", "text/plain")
    digest = hashlib.sha256(b"blob").hexdigest()
    assert store.seen == [("PUT", f"/up?x=1&digest=sha256%3A{digest}", None)]


def test_a_login_is_never_sent_to_a_token_service_over_plain_http(serve: Serve, tmp_path: Path) -> None:
    wanted = {"WWW-Authenticate": 'Bearer realm="http://tokens.example/token",service="x"'}
    with pytest.raises(
        LoginError, match=r"its token service is http://tokens\.example; waybill sends logins over https"
    ):
        misbehaving(serve(lambda _: (401, wanted, b"")), tmp_path).manifest("a", "v1")


def test_a_repository_that_may_not_be_looked_at_counts_as_new(serve: Serve, tmp_path: Path) -> None:
    """quay.io gives a token without the right to pull, whether a repository is another's or does not exist."""
    server = serve(basic_then(lambda _: (401, {"WWW-Authenticate": 'Basic realm="x"'}, b"")))
    assert misbehaving(server, tmp_path).is_new("a")
    assert [authorization is None for *_, authorization in server.seen] == [True, False]


@pytest.mark.parametrize(("insecure", "scheme"), [(False, "https"), (True, "http")])
def test_plain_http_is_for_this_machine_or_where_it_is_asked_for(tmp_path: Path, insecure: bool, scheme: str) -> None:  # noqa: FBT001 - a column of the table
    backoff = Backoff(attempts=1)
    registry_client = Client("registry.invalid", keychain(tmp_path), insecure=insecure, backoff=backoff)
    with pytest.raises(
        RegistryError, match=f"registry registry.invalid, repository a: {scheme}://registry.invalid/v2/a/"
    ):
        registry_client.manifest("a", "v1")


def test_a_login_that_a_registry_repeats_is_not_in_the_message(serve: Serve, tmp_path: Path) -> None:
    login = Login("u", "s3cret")
    said = json.dumps({"errors": [{"code": "DENIED", "message": f"no\n{login.basic} and s3cret"}]}).encode()
    with pytest.raises(LoginError) as caught:
        misbehaving(serve(basic_then(lambda _: (403, {}, said))), tmp_path).manifest("a", "v1")
    assert "(403: DENIED no\\n… and …)" in str(caught.value)


@pytest.mark.parametrize("location", ["", "ftp://127.0.0.1/x", "http://[", "file:///etc/passwd"])
def test_a_registry_that_names_no_place_for_a_blob_is_refused(serve: Serve, tmp_path: Path, location: str) -> None:
    def answer(asked: BaseHTTPRequestHandler) -> tuple[int, dict[str, str], bytes]:
        return (404, {}, b"") if asked.command == "HEAD" else (202, {"Location": location}, b"")

    with pytest.raises(RegistryError, match="the registry names no URL to upload to"):
        misbehaving(serve(answer), tmp_path).push_blob("a", b"blob", "text/plain")


def test_a_list_of_several_pages_is_read_whole(serve: Serve, tmp_path: Path) -> None:
    def answer(asked: BaseHTTPRequestHandler) -> tuple[int, dict[str, str], bytes]:
        if "last=b" in asked.path:
            return 200, {}, b'{"tags": ["c"]}'
        return 200, {"Link": '</v2/a/x/tags/list?n=2&last=b>; rel="next"'}, b'{"tags": ["a", "b"]}'

    assert misbehaving(serve(answer), tmp_path).tags("a/x") == ["a", "b", "c"]


@pytest.mark.parametrize("body", [b"", b"[]", b'{"config": 3}', b'{"config": {"digest": 1}}', b"\xff"])
def test_a_manifest_that_is_none_has_no_config(serve: Serve, tmp_path: Path, body: bytes) -> None:
    registry_client = misbehaving(serve(lambda _: (200, {}, body)), tmp_path)
    manifest = registry_client.manifest("a", "v1")
    assert manifest is not None
    assert registry_client.image_config("a", manifest) is None
