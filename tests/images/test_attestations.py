"""SBOM and provenance beside an image: attached, signed, read back, with the referrers API and without it."""

from __future__ import annotations

import base64
import json
import os
import subprocess
import threading
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from generator.image.provenance import CYCLONEDX, PROVENANCE
from pipeline.images.attestations import (
    BUNDLE,
    IN_TOTO,
    Signer,
    Statement,
    Verifier,
    attest,
    provenance_of,
    read_attestations,
    statement_about,
)
from pipeline.images.cosign import Cosign, find_cosign
from pipeline.images.credentials import Keychain
from pipeline.images.errors import ImageError
from pipeline.images.image_name import ImageName
from pipeline.images.manifest import Manifest
from pipeline.images.referrers import attach, fallback_tag, referrers
from pipeline.images.registry import Registry as Client
from pipeline.system.http_request import Backoff
from pipeline.system.journal import Journal
from tests.command import PROGRAM, Outcome, run, run_process
from tests.conftest import missing
from tests.images import registries
from tests.images.loopback import Serve, serve
from tests.images.registries import Fault, Proxy, Registry
from tests.images.small_image import push_image

__all__ = ["serve"]  # a fixture

COMMIT = "0123456789abcdef0123456789abcdef01234567"
BOM: dict[str, Any] = {
    "bomFormat": "CycloneDX",
    "specVersion": "1.6",
    "components": [{"type": "library", "name": "quarkus-core", "purl": "pkg:maven/io.quarkus/quarkus-core@3.15.3"}],
}
MATERIAL = {"uri": "git+https://example.com/workflows", "digest": {"gitCommit": COMMIT}}
MADE: dict[str, Any] = {
    "buildDefinition": {
        "buildType": "https://example.com/build",
        "externalParameters": {},
        "resolvedDependencies": [MATERIAL],
    },
    "runDetails": {"builder": {"id": "https://example.com/builder"}},
}


@pytest.fixture(scope="module")
def docker_registry(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Registry]:
    with registries.docker_registry(tmp_path_factory.mktemp("docker-registry")) as running:
        yield running


@pytest.fixture(scope="module")
def referrers_registry(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Registry]:
    with registries.referrers_registry(tmp_path_factory.mktemp("referrers-registry")) as running:
        yield running


@pytest.fixture(params=["docker_registry", "referrers_registry"])
def registry(request: pytest.FixtureRequest) -> Registry:
    """A registry without the referrers API, and one with it."""
    found: Registry = request.getfixturevalue(request.param)
    return found


@dataclass(frozen=True)
class Keys:
    """A pair of keys of cosign."""

    folder: Path
    cosign: Cosign

    @property
    def private(self) -> str:
        return str(self.folder / "cosign.key")

    @property
    def public(self) -> str:
        return str(self.folder / "cosign.pub")

    @property
    def signer(self) -> Signer:
        return Signer(cosign=self.cosign, key=self.private)

    @property
    def verifier(self) -> Verifier:
        return Verifier(cosign=self.cosign, public_key=self.public)


KEY_PASSWORD = "kp-3c1f6e0b5a"  # noqa: S105 - of keys that the tests make


def cosign_program() -> str:
    program = os.environ.get("WAYBILL_COSIGN", "none")
    if not Path(program).is_file():
        missing("cosign (run: nox -s e2e-image, where Go is)")
    return program


def make_keys(folder: Path) -> Keys:
    environment = {**os.environ, "COSIGN_PASSWORD": KEY_PASSWORD}
    cosign = find_cosign({**environment, "WAYBILL_COSIGN": cosign_program()})
    subprocess.run([cosign.program, "generate-key-pair"], cwd=folder, env=environment, check=True, capture_output=True)
    return Keys(folder, cosign)


@pytest.fixture(scope="module")
def keys(tmp_path_factory: pytest.TempPathFactory) -> Keys:
    return make_keys(tmp_path_factory.mktemp("keys"))


@pytest.fixture(scope="module")
def other_keys(tmp_path_factory: pytest.TempPathFactory) -> Keys:
    """Of somebody else."""
    return make_keys(tmp_path_factory.mktemp("other-keys"))


@dataclass(frozen=True)
class Pushed:
    """An image in a registry, and what a user has beside it."""

    registry: Registry
    client: Client
    name: ImageName
    manifest: Manifest
    folder: Path

    @property
    def digest(self) -> str:
        return self.manifest.digest

    @property
    def environment(self) -> dict[str, str]:
        return {"DOCKER_CONFIG": str(self.folder / "docker"), "HOME": str(self.folder)}

    def statements(self) -> list[dict[str, Any]]:
        return [
            statement_about(self.name, self.digest, CYCLONEDX, BOM),
            statement_about(self.name, self.digest, PROVENANCE, MADE),
        ]

    def written(self) -> list[str | Path]:
        """The options that name an SBOM and provenance as files."""
        (self.folder / "sbom.json").write_text(json.dumps(BOM))
        (self.folder / "provenance.json").write_text(json.dumps(MADE))
        return ["--statement", self.folder / "sbom.json", "--statement", self.folder / "provenance.json"]

    def entries(self) -> list[str]:
        return sorted(entry.digest for entry in referrers(self.client, self.name.repository, self.digest))


def push(registry: Registry, folder: Path, host: str = "", *, repository: str = "") -> Pushed:
    """Push an image of its own; the client speaks to `host`, a proxy for one."""
    host = host or registry.host
    config = registry.docker_config(folder / "docker", host, registry.host)
    keychain = Keychain(registry="quay.io/x", environment={"DOCKER_CONFIG": str(config), "HOME": str(folder)})
    client = Client(host, keychain, backoff=Backoff(attempts=8, first=0.05, longest=0.3))
    repository = repository or f"tests/{folder.name.lower().strip('_')}"
    manifest = push_image(client, repository, "v1", content=str(folder).encode())
    name = ImageName(host=host, repository=repository, digest=manifest.digest)
    return Pushed(registry, client, name, manifest, folder)


@pytest.fixture
def image(registry: Registry, tmp_path: Path) -> Pushed:
    return push(registry, tmp_path)


def test_sbom_and_provenance_are_attached_and_read_back(image: Pushed) -> None:
    done = run("attest", str(image.name), *image.written(), env=image.environment)
    assert done.code == 0, done.err
    assert "attached" in done.err
    read = run("verify", str(image.name), "--json", env=image.environment)
    assert read.code == 0, read.err
    assert read.json["digest"] == image.digest
    by_kind = {each["kind"]: each for each in read.json["attestations"]}
    assert by_kind["SBOM"]["components"] == 1
    assert by_kind["provenance"]["commit"] == COMMIT
    assert by_kind["provenance"]["builder"] == "https://example.com/builder"
    assert by_kind["provenance"]["materials"] == [MATERIAL]
    assert {each["signature"] for each in by_kind.values()} == {"none"}


def test_what_is_attached_is_an_artifact_of_oci_1_1(image: Pushed) -> None:
    attest(image.client, image.name, image.statements(), Journal())
    for digest in image.entries():
        manifest = image.client.manifest(image.name.repository, digest)
        assert manifest is not None
        assert manifest.content["artifactType"] == IN_TOTO
        assert manifest.content["config"]["mediaType"] == "application/vnd.oci.empty.v1+json"
        assert manifest.content["subject"] == image.manifest.descriptor.as_json()
        (layer,) = manifest.layers
        statement = json.loads(image.client.blob(image.name.repository, layer.digest))
        assert statement["_type"] == "https://in-toto.io/Statement/v1"


def test_a_table_shows_commit_materials_and_subject(image: Pushed) -> None:
    attest(image.client, image.name, image.statements(), Journal())
    shown = run("verify", f"{image.name.host}/{image.name.repository}:v1", env=image.environment)
    assert shown.code == 0, shown.err
    for text in (
        image.digest,
        "SBOM",
        "provenance",
        f"commit {COMMIT}",
        f"material  {MATERIAL['uri']}",
        "1 component",
        "builder   https://example.com/builder",
    ):
        assert text in shown.err


def test_an_image_without_statements_is_not_verified(image: Pushed) -> None:
    shown = run("verify", str(image.name), env=image.environment)
    assert shown.code == 1
    assert "waybill: error: no SBOM is attached\nwaybill: error: no provenance is attached" in shown.err


def test_an_image_with_half_of_it_is_not_verified(image: Pushed) -> None:
    attest(image.client, image.name, image.statements()[:1], Journal())
    shown = run("verify", str(image.name), "--json", env=image.environment)
    assert shown.code == 1
    assert shown.json["problems"] == ["no provenance is attached"]


def test_a_second_attest_adds_nothing(image: Pushed, keys: Keys) -> None:
    journal = Journal()
    for signer in (None, keys.signer):
        first = attest(image.client, image.name, image.statements(), journal, signer=signer)
        entries = image.entries()
        again = attest(image.client, image.name, image.statements(), Journal(), signer=signer)
        assert [each.new for each in (*first, *again)] == [True, True, False, False]
        assert [each.digest for each in first] == [each.digest for each in again]
        assert image.entries() == entries
    assert len(image.entries()) == 4
    done = [effect.done for effect in journal.effects]
    place = f"{image.name.host}/{image.name.repository}@{image.digest}"
    assert done == [f"attached SBOM to {place}", f"attached provenance to {place}"] * 2


def test_cosign_verifies_what_waybill_signed(image: Pushed, keys: Keys, tmp_path: Path) -> None:
    attest(image.client, image.name, image.statements(), Journal(), signer=keys.signer)
    environment = {**os.environ, **image.environment}
    options = ["--key", keys.public, "--insecure-ignore-tlog", "--allow-http-registry"]
    for kind in ("cyclonedx", "slsaprovenance1"):
        command = [keys.cosign.program, "verify-attestation", *options, "--type", kind, str(image.name)]
        done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        assert "The signatures were verified against the specified public key" in done.stderr
    algorithm, _, hexadecimal = image.digest.partition(":")
    for attestation in read_attestations(image.client, image.name.repository, image.digest):
        assert attestation.bundle is not None
        bundle = tmp_path / "bundle.json"
        bundle.write_bytes(attestation.bundle)
        words = ["--bundle", str(bundle), "--key", keys.public, "--insecure-ignore-tlog"]
        about = ["--digest", hexadecimal, "--digestAlg", algorithm, "--type", attestation.statement.predicate_type]
        command = [keys.cosign.program, "verify-blob-attestation", *words, *about]
        done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr


def with_key(keys: Keys, image: Pushed) -> Mapping[str, str]:
    return {**image.environment, "COSIGN_PASSWORD": KEY_PASSWORD, "WAYBILL_COSIGN": keys.cosign.program}


def test_what_waybill_signed_is_verified_by_the_public_key(image: Pushed, keys: Keys) -> None:
    environment = with_key(keys, image)
    done = run("attest", str(image.name), *image.written(), "--signing-key", keys.private, env=environment)
    assert done.code == 0, done.err
    shown = run("verify", str(image.name), "--public-key", keys.public, env=environment)
    assert shown.code == 0, shown.err
    assert f"SBOM and provenance of this image are attached, signed by {keys.public}" in shown.err
    shown = run("verify", str(image.name), env=environment)
    assert "no signature was checked; give the signer's --public-key" in shown.err


def test_what_cosign_attached_is_verified_too(image: Pushed, keys: Keys, tmp_path: Path) -> None:
    environment = {**os.environ, **image.environment, "COSIGN_PASSWORD": KEY_PASSWORD}
    (tmp_path / "predicate.json").write_text(json.dumps(MADE))
    words = ["--key", keys.private, "--predicate", str(tmp_path / "predicate.json"), "--type", "slsaprovenance1"]
    command = [keys.cosign.program, "attest", *words, "--allow-http-registry", "--use-signing-config=false"]
    done = subprocess.run(
        [*command, "--tlog-upload=false", "--yes", str(image.name)],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    found = provenance_of(image.client, image.name.repository, image.digest, keys.verifier)
    assert found is not None
    assert found.statement.commit == COMMIT


def test_a_signature_by_another_key_does_not_count(image: Pushed, keys: Keys, other_keys: Keys) -> None:
    attest(image.client, image.name, image.statements(), Journal(), signer=other_keys.signer)
    shown = run("verify", str(image.name), "--public-key", keys.public, "--json", env=with_key(keys, image))
    assert shown.code == 1
    assert {each["signature"] for each in shown.json["attestations"]} == {"by another key"}
    assert shown.json["problems"] == [
        f"no {kind} signed by {keys.public} is attached" for kind in ("SBOM", "provenance")
    ]
    attest(image.client, image.name, image.statements(), Journal(), signer=keys.signer)
    shown = run("verify", str(image.name), "--public-key", keys.public, "--json", env=with_key(keys, image))
    assert shown.code == 0
    assert [each["signature"] for each in shown.json["attestations"]].count("valid") == 2


def test_a_signature_that_does_not_verify_is_reported(image: Pushed, keys: Keys) -> None:
    attest(image.client, image.name, image.statements(), Journal(), signer=keys.signer)
    plant(image, changed_bundle(signed(keys, image.statements()[1])), BUNDLE)
    shown = run("verify", str(image.name), "--public-key", keys.public, "--json", env=with_key(keys, image))
    assert shown.code == 1
    (problem,) = shown.json["problems"]
    assert problem.startswith("provenance sha256:")
    assert "verify signature" in problem


def test_without_a_signature_a_statement_does_not_count_where_a_key_is_given(image: Pushed, keys: Keys) -> None:
    attest(image.client, image.name, image.statements(), Journal())
    shown = run("verify", str(image.name), "--public-key", keys.public, "--json", env=with_key(keys, image))
    assert shown.code == 1
    assert shown.json["problems"] == [
        f"no {kind} signed by {keys.public} is attached" for kind in ("SBOM", "provenance")
    ]


def plant(image: Pushed, data: bytes, media_type: str, predicate_type: str = PROVENANCE) -> None:
    """Attach what waybill would not: as anybody may who can push."""
    annotations = {"dev.sigstore.bundle.predicateType": predicate_type}
    subject = image.manifest.descriptor
    attach(image.client, image.name.repository, subject, data, media_type=media_type, annotations=annotations)


def signed(keys: Keys, content: Mapping[str, Any]) -> bytes:
    return keys.signer.sign(Statement(content=content))


def changed_bundle(bundle: bytes) -> bytes:
    """The bundle with another commit in its statement."""
    content = json.loads(bundle)
    payload = base64.b64decode(content["dsseEnvelope"]["payload"]).replace(COMMIT.encode(), b"f" * 40)
    content["dsseEnvelope"]["payload"] = base64.b64encode(payload).decode()
    return json.dumps(content).encode()


def test_no_planted_provenance_names_an_image(image: Pushed, keys: Keys, other_keys: Keys, tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    other = push(image.registry, tmp_path / "other", repository=image.name.repository)
    of_other = signed(keys, other.statements()[1])
    own = signed(keys, image.statements()[1])
    plant(image, of_other, BUNDLE)
    plant(image, changed_bundle(own), BUNDLE)
    plant(image, signed(other_keys, image.statements()[1]), BUNDLE)
    plant(image, signed(keys, image.statements()[0]), BUNDLE)
    plant(image, json.dumps(image.statements()[1]).encode(), IN_TOTO)
    forged = json.loads(signed(other_keys, image.statements()[1]))
    forged["verificationMaterial"] = json.loads(own)["verificationMaterial"]
    plant(image, json.dumps(forged).encode(), BUNDLE)
    plant(image, b"nonsense", BUNDLE)
    assert len(image.entries()) == 7
    assert provenance_of(image.client, image.name.repository, image.digest, keys.verifier) is None
    plant(image, own, BUNDLE)
    found = provenance_of(image.client, image.name.repository, image.digest, keys.verifier)
    assert found is not None
    assert found.statement.commit == COMMIT


def test_a_statement_about_another_image_is_reported(image: Pushed, tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    other = push(image.registry, tmp_path / "other", repository=image.name.repository)
    attest(image.client, image.name, image.statements(), Journal())
    plant(image, json.dumps(other.statements()[1]).encode(), IN_TOTO)
    shown = run("verify", str(image.name), "--json", env=image.environment)
    assert shown.code == 1
    (problem,) = shown.json["problems"]
    assert problem.startswith("provenance sha256:")
    assert problem.endswith(f"its subject is {other.digest}, not {image.digest}")


def test_a_statement_about_another_image_is_not_attached(image: Pushed, tmp_path: Path) -> None:
    wrong = statement_about(image.name, f"sha256:{'0' * 64}", PROVENANCE, MADE)
    (tmp_path / "wrong.json").write_text(json.dumps(wrong))
    done = run("attest", str(image.name), "--statement", tmp_path / "wrong.json", env=image.environment)
    assert done.code == 1
    assert f"its subject is sha256:{'0' * 64}, not {image.digest}" in done.err
    assert image.entries() == []


def test_the_statements_of_the_last_build_are_found_by_their_subject(image: Pushed, tmp_path: Path) -> None:
    folder = tmp_path / "dist" / "attestations"
    folder.mkdir(parents=True)
    for number, statement in enumerate(image.statements()):
        (folder / f"greeting-{number}.json").write_text(json.dumps(statement))
    other = statement_about(image.name, f"sha256:{'0' * 64}", PROVENANCE, MADE)
    (folder / "other.json").write_text(json.dumps(other))
    (folder / "broken.json").write_text("{")
    done = run("attest", str(image.name), "--json", env=image.environment, cwd=tmp_path)
    assert done.code == 0, done.err
    assert [each["kind"] for each in done.json["attached"]] == ["SBOM", "provenance"]


def test_without_a_statement_there_is_nothing_to_attach(image: Pushed, tmp_path: Path) -> None:
    done = run("attest", str(image.name), env=image.environment, cwd=tmp_path)
    assert done.code == 2
    about = f"{image.name.host}/{image.name.repository}@{image.digest}"
    assert f"no file in dist/attestations is a statement about {about}; name files by --statement" in done.err


@pytest.mark.parametrize("command", ["attest", "verify"])
def test_an_image_that_is_not_there_is_named(image: Pushed, command: str) -> None:
    name = f"{image.name.host}/{image.name.repository}:v2"
    done = run(command, name, env=image.environment)
    assert done.code == 1
    assert f"waybill: error: {name}: the registry has no such image" in done.err


def test_a_key_with_another_password_is_named(image: Pushed, keys: Keys) -> None:
    words = ["attest", str(image.name), *image.written(), "--signing-key", keys.private]
    done = run(*words, env={**with_key(keys, image), "COSIGN_PASSWORD": "wrong"})
    assert done.code == 1
    assert f"cosign cannot sign with the key '{keys.private}': " in done.err
    assert "decryption failed" in done.err
    done = run(*words, env={**with_key(keys, image), "COSIGN_PASSWORD": ""})
    assert "; set COSIGN_PASSWORD if the key has a password" in done.err
    assert image.entries() == []


def fallback_write(seen: list[registries.Seen], digest: str) -> int:
    """The number of the first request that writes the index under the fallback tag."""
    path = f"/manifests/{fallback_tag(digest)}"
    return next(n for n, each in enumerate(seen, 1) if each.method == "PUT" and each.path.endswith(path))


@pytest.fixture
def proxy(docker_registry: Registry) -> Iterator[Proxy]:
    with registries.proxy(docker_registry.host) as running:
        yield running


def test_of_two_writers_at_once_neither_loses_its_entry(
    docker_registry: Registry, proxy: Proxy, tmp_path: Path
) -> None:
    """One has read the index, and writes it only after the other has written, read back and gone."""
    rehearsed = push(docker_registry, tmp_path, proxy.host, repository="tests/rehearsed")
    proxy.fail({})
    attest(rehearsed.client, rehearsed.name, rehearsed.statements()[:1], Journal())
    number = fallback_write(proxy.seen, rehearsed.digest)

    image = push(docker_registry, tmp_path, proxy.host, repository="tests/two-writers")
    (tmp_path / "other").mkdir()
    config = docker_registry.docker_config(tmp_path / "other")
    keychain = Keychain(registry="quay.io/x", environment={"DOCKER_CONFIG": str(config), "HOME": str(tmp_path)})
    other = Client(docker_registry.host, keychain)

    def other_writes() -> None:
        attest(other, image.name, image.statements()[1:], Journal())

    # The connection of the first writer's request ends without an answer, and it sends it again as it was.
    proxy.fail({number: Fault(meanwhile=other_writes)})
    attest(image.client, image.name, image.statements()[:1], Journal())
    found = read_attestations(image.client, image.name.repository, image.digest)
    assert [each.statement.kind for each in found] == ["SBOM", "provenance"]
    assert len(image.entries()) == 2


def test_of_eight_parallel_attests_all_survive(docker_registry: Registry, tmp_path: Path) -> None:
    """Processes, on Debian's docker-registry: of eight of cosign three survive there."""
    image = push(docker_registry, tmp_path)
    gate = threading.Barrier(8)

    def attests(number: int) -> Outcome:
        file = tmp_path / f"statement-{number}.json"
        predicate = {**MADE, "runDetails": {"builder": {"id": f"https://example.com/{number}"}}}
        file.write_text(json.dumps(statement_about(image.name, image.digest, PROVENANCE, predicate)))
        gate.wait()
        return run_process("attest", str(image.name), "--statement", file, env=image.environment, cwd=tmp_path)

    with ThreadPoolExecutor(8) as pool:
        outcomes = list(pool.map(attests, range(8)))
    assert [outcome.code for outcome in outcomes] == [0] * 8, outcomes
    found = read_attestations(image.client, image.name.repository, image.digest)
    assert {each.statement.builder for each in found} == {f"https://example.com/{number}" for number in range(8)}
    assert len(image.entries()) == 8


def test_an_index_that_another_tool_wrote_keeps_its_entries(
    docker_registry: Registry, tmp_path: Path, keys: Keys
) -> None:
    image = push(docker_registry, tmp_path)
    test_what_cosign_attached_is_verified_too(image, keys, tmp_path)
    before = image.entries()
    attest(image.client, image.name, image.statements(), Journal())
    assert set(before) < set(image.entries())
    assert len(image.entries()) == 3


def test_a_registry_that_is_killed_at_a_request_of_attest_and_started_again_has_each_statement_once(
    docker_registry: Registry, proxy: Proxy, tmp_path: Path
) -> None:
    rehearsed = push(docker_registry, tmp_path, proxy.host, repository="tests/kill")
    proxy.fail({})
    attest(rehearsed.client, rehearsed.name, rehearsed.statements(), Journal())
    requests = len(proxy.seen)
    assert requests > 20
    for number in range(1, requests + 1):
        (folder := tmp_path / str(number)).mkdir()
        image = push(docker_registry, folder, proxy.host, repository=f"tests/kill-{number}")
        # Every other time the registry has done what it was asked for, and its answer is lost.
        proxy.fail({number: Fault(reaches=number % 2 == 0, meanwhile=docker_registry.restart)})
        attest(image.client, image.name, image.statements(), Journal())
        assert len(proxy.seen) >= requests
        found = read_attestations(image.client, image.name.repository, image.digest)
        assert [each.statement.kind for each in found] == ["SBOM", "provenance"], number


def test_no_secret_is_in_output_files_or_arguments(
    docker_registry: Registry, keys: Keys, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    image = push(docker_registry, tmp_path)
    (tmp_path / "docker" / "config.json").unlink()
    recorder = tmp_path / "cosign"
    recorder.write_text(f'#!/bin/sh\necho "$@" >> {tmp_path}/arguments\nexec {keys.cosign.program} "$@"\n')
    recorder.chmod(0o755)
    (tmp_path / "tmp").mkdir()
    login = docker_registry.login
    monkeypatch.setenv("TMPDIR", str(tmp_path / "tmp"))
    environment = {
        **image.environment,
        "WAYBILL_CACHE": str(tmp_path / "cache"),
        "WAYBILL_REGISTRY": f"{docker_registry.host}/x",
        "WAYBILL_REGISTRY_USERNAME": login.username,
        "WAYBILL_REGISTRY_PASSWORD": login.password,
        "WAYBILL_COSIGN": str(recorder),
        "COSIGN_PASSWORD": KEY_PASSWORD,
    }
    words = ["attest", str(image.name), *image.written(), "--signing-key", keys.private]
    outcomes = [
        run_process(*words, env=environment, cwd=tmp_path),
        run_process(*words, "--json", env=environment, cwd=tmp_path),
        run_process("verify", str(image.name), "--public-key", keys.public, env=environment, cwd=tmp_path),
        run_process("verify", str(image.name), "--json", env=environment, cwd=tmp_path),
    ]
    assert [outcome.code for outcome in outcomes] == [0] * 4, outcomes
    wrong = {**environment, "WAYBILL_REGISTRY_USERNAME": "nobody"}
    refused = run_process("verify", str(image.name), env=wrong, cwd=tmp_path)
    assert refused.code == 1
    assert "used the login from WAYBILL_REGISTRY_USERNAME and WAYBILL_REGISTRY_PASSWORD" in refused.err
    traced = subprocess.run(
        [*PROGRAM, "verify", str(image.name), "--debug"],
        env={**os.environ, **wrong},
        capture_output=True,
        text=True,
        check=False,
        cwd=tmp_path,
    )
    assert "LoginError" in traced.stderr
    written = [path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()]
    shown = "".join(outcome.out + outcome.err for outcome in (*outcomes, refused)) + traced.stdout + traced.stderr
    assert "attest-blob" in (tmp_path / "arguments").read_text()
    for secret in (login.password, login.basic, KEY_PASSWORD):
        assert not any(secret.encode() in data for data in (*written, shown.encode()))


def test_the_login_of_the_settings_registry_is_sent_to_no_other_host(serve: Serve, docker_registry: Registry) -> None:
    other = serve(lambda _: (401, {"WWW-Authenticate": 'Basic realm="x"'}, b""))
    environment = {
        "DOCKER_CONFIG": "/nonexistent",
        "HOME": "/nonexistent",
        "WAYBILL_REGISTRY": f"{docker_registry.host}/x",
        "WAYBILL_REGISTRY_USERNAME": docker_registry.login.username,
        "WAYBILL_REGISTRY_PASSWORD": docker_registry.login.password,
    }
    done = run("verify", f"{other.host}/a:v1", env=environment)
    assert done.code == 1
    assert f"(for {docker_registry.host}, the registry of the settings)" in done.err
    assert [authorization for *_, authorization in other.seen] == [None]


def test_a_signature_without_cosign_says_how_to_get_it(tmp_path: Path) -> None:
    with pytest.raises(ImageError, match=r"signatures need cosign, which is not on PATH; install it \(go install "):
        find_cosign({"PATH": str(tmp_path)})
