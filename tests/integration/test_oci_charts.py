"""Charts in a real registry with a login (Debian's docker-registry): as Helm stores and reads them, and never moved."""

from __future__ import annotations

import hashlib
import json
import os
import secrets
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from generator.findings.errors import SettingsError, VersionError
from pipeline.charts.archive import Package, package
from pipeline.images.manifest import Manifest, digest_of
from pipeline.images.registry import Registry as Client
from pipeline.publish.errors import AuthenticationError, PublishError
from pipeline.publish.oci import OciRegistry
from pipeline.system.http_request import Backoff
from pipeline.system.journal import Journal
from pipeline.workspace.places import OciPrefix
from tests.conftest import ROOT, Helm, Waybill
from tests.images.conftest import keychain_of
from tests.images.registries import Fault, Login, Proxy, Registry, docker_registry, proxy
from tests.images.small_image import push_image

CHART = """apiVersion: v2
name: {name}
version: {version}
description: A chart of the tests, with “quotes” & <signs>
home: https://example.org/{name}
type: application
appVersion: "1.10"
sources: [https://example.org/source, https://example.org/mirror]
keywords: [one, two]
maintainers:
  - name: Ada
    email: ada@example.org
  - name: Grace
annotations:
  org.opencontainers.image.title: not this one
  org.opencontainers.image.licenses: Apache-2.0
"""
CONFIG_MAP = """apiVersion: v1
kind: ConfigMap
metadata:
  name: {{ .Release.Name }}
data:
  chart: {{ .Chart.Name }}
"""
#: A registry that is away is given up soon.
BACKOFF = Backoff(attempts=2, first=0.01)


def chart(name: str = "greeting", version: str = "1.2.3", values: str = "{}") -> Package:
    files = {"Chart.yaml": CHART.format(name=name, version=version), "values.yaml": values}
    files["templates/map.yaml"] = CONFIG_MAP
    return package({path: text.encode() for path, text in files.items()}, name)


@dataclass(frozen=True)
class Place:
    """A path of a registry that no other test uses, behind a proxy that counts."""

    registry: Registry
    proxy: Proxy
    folder: Path
    prefix: str

    @property
    def environment(self) -> dict[str, str]:
        """Where the login is found: for waybill, and for Helm."""
        hosts = (self.registry.host, self.proxy.host)
        docker = str(self.registry.docker_config(self.folder / "docker", *hosts))
        helm = {"HELM_REGISTRY_CONFIG": f"{docker}/config.json"}
        return {"DOCKER_CONFIG": docker, "HOME": docker, "XDG_RUNTIME_DIR": docker, **helm}

    def charts(self, login: Login | None = None) -> OciRegistry:
        """The charts as waybill sees them, through the proxy."""
        environment = self.environment
        if login:
            auths = {self.proxy.host: {"auth": login.basic}}
            Path(environment["DOCKER_CONFIG"], "config.json").write_text(json.dumps({"auths": auths}))
        prefix = OciPrefix(host=self.proxy.host, prefix=self.prefix)
        return OciRegistry(prefix, keychain_of(Path(environment["DOCKER_CONFIG"])), backoff=BACKOFF)

    def manifest(self, name: str, tag: str) -> Manifest:
        """What the registry has, without the proxy."""
        client = Client(self.registry.host, keychain_of(Path(self.environment["DOCKER_CONFIG"])))
        manifest = client.manifest(f"{self.prefix}/{name}", tag)
        assert manifest is not None
        return manifest

    def config(self, name: str, tag: str) -> Any:
        client = Client(self.registry.host, keychain_of(Path(self.environment["DOCKER_CONFIG"])))
        config = self.manifest(name, tag).config
        assert config is not None
        return json.loads(client.blob(f"{self.prefix}/{name}", config.digest))

    def helm(self, helm: Helm, *words: str) -> str:
        """Helm's output, with its login in the registry; without it Helm is refused."""
        done = subprocess.run(
            [helm.program, *words, "--plain-http"],
            env={**os.environ, **self.environment},
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout


@pytest.fixture(scope="module")
def registry(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Registry]:
    with docker_registry(tmp_path_factory.mktemp("registry")) as running:
        yield running


@pytest.fixture
def place(registry: Registry, tmp_path: Path) -> Iterator[Place]:
    with proxy(registry.host) as counting:
        prefix = f"tests/charts-{secrets.token_hex(6)}"
        yield Place(registry=registry, proxy=counting, folder=tmp_path, prefix=prefix)


def changes(place: Place) -> list[str]:
    """The requests that change something in the registry."""
    return [f"{seen.method} {seen.path}" for seen in place.proxy.seen if seen.method not in {"GET", "HEAD"}]


def test_helm_pulls_and_renders_the_same_bytes(place: Place, helm: Helm) -> None:
    published = chart()
    journal = Journal()
    digest = place.charts().publish(published, journal)
    assert [effect.done for effect in journal.effects] == [
        f"pushed oci://{place.proxy.host}/{place.prefix}/greeting:1.2.3 ({digest})"
    ]
    address = f"oci://{place.registry.host}/{place.prefix}/greeting"
    place.helm(helm, "pull", address, "--version", "1.2.3", "-d", str(place.folder))
    assert (place.folder / "greeting-1.2.3.tgz").read_bytes() == published.data
    assert "chart: greeting" in place.helm(helm, "template", "demo", address)


def test_the_manifest_says_what_helm_s_own_says_but_for_the_time(place: Place, helm: Helm) -> None:
    published = chart()
    (place.folder / published.file_name).write_bytes(published.data)
    theirs = f"oci://{place.registry.host}/{place.prefix}/theirs"
    place.helm(helm, "push", str(place.folder / published.file_name), theirs)
    place.charts().publish(published, Journal())
    ours, helms = place.manifest("greeting", "1.2.3"), place.manifest("theirs/greeting", "1.2.3")
    assert ours.layers == helms.layers
    created = "org.opencontainers.image.created"
    assert {**ours.annotations, created: ""} == {**helms.annotations, created: ""}
    assert ours.annotations[created] == "1970-01-01T00:00:00Z"
    assert place.config("greeting", "1.2.3") == place.config("theirs/greeting", "1.2.3")


def test_the_same_package_has_the_same_manifest_in_every_registry(place: Place) -> None:
    here = place.charts().publish(chart(), Journal())
    elsewhere = OciPrefix(host=place.proxy.host, prefix=f"{place.prefix}/elsewhere")
    there = OciRegistry(elsewhere, keychain_of(place.folder / "docker")).publish(chart(), Journal())
    assert here == there == place.manifest("greeting", "1.2.3").digest


def test_a_rerun_pushes_nothing(place: Place) -> None:
    first = place.charts().publish(chart(), Journal())
    assert changes(place)
    place.proxy.fail({})
    journal = Journal()
    assert place.charts().publish(chart(), journal) == first
    assert (changes(place), len(place.proxy.seen), journal.effects) == ([], 2, ())


def test_a_chart_that_helm_pushed_is_unchanged(place: Place, helm: Helm) -> None:
    published = chart()
    (place.folder / published.file_name).write_bytes(published.data)
    place.helm(helm, "push", str(place.folder / published.file_name), f"oci://{place.registry.host}/{place.prefix}")
    before = place.manifest("greeting", "1.2.3")
    assert place.charts().publish(published, Journal()) == before.digest
    assert changes(place) == []
    assert place.manifest("greeting", "1.2.3") == before


def test_another_content_of_a_version_is_refused_with_both_digests(place: Place) -> None:
    published, other = chart(), chart(values="{a: b}")
    place.charts().publish(published, Journal())
    place.proxy.fail({})
    journal = Journal()
    with pytest.raises(VersionError) as refused:
        place.charts().publish(other, journal)
    assert f"published with sha256:{published.digest}, not sha256:{other.digest}" in str(refused.value)
    assert "--bump auto" in str(refused.value)
    assert (changes(place), journal.effects) == ([], ())
    assert place.charts().digest("greeting", "1.2.3") == published.digest


def test_a_version_that_appears_during_the_upload_stays(place: Place) -> None:
    mine, theirs = chart(), chart(values="{a: b}")

    def meanwhile() -> None:
        prefix = OciPrefix(host=place.registry.host, prefix=place.prefix)
        OciRegistry(prefix, keychain_of(place.folder / "docker")).publish(theirs, Journal())

    # The registry keeps the request for the manifest by its digest, and somebody is faster with the tag.
    charts = place.charts()
    put = next(number for number, seen in enumerate(recorded(place, chart("other")), 1) if is_manifest(seen))
    place.proxy.fail({put: Fault(status=201, reaches=True, meanwhile=meanwhile)})
    with pytest.raises(VersionError, match=f"published with sha256:{theirs.digest}"):
        charts.publish(mine, Journal())
    assert place.charts().digest("greeting", "1.2.3") == theirs.digest


def recorded(place: Place, other: Package) -> list[str]:
    """The requests of a push."""
    place.proxy.fail({})
    place.charts().publish(other, Journal())
    return [f"{seen.method} {seen.path}" for seen in place.proxy.seen]


def is_manifest(request: str) -> bool:
    return request.startswith("PUT ") and "/manifests/sha256:" in request


def test_blobs_and_manifest_come_before_the_tag(place: Place) -> None:
    requests = [request for request in recorded(place, chart()) if request.startswith("PUT")]
    kinds = ["/blobs/uploads/", "/blobs/uploads/", "/manifests/sha256:", "/manifests/1.2.3"]
    assert [kind in request for kind, request in zip(kinds, requests, strict=True)] == [True] * 4


@pytest.mark.parametrize("reaches", [False, True], ids=["before", "after"])
def test_a_push_that_is_killed_at_any_request_is_finished_by_the_next(place: Place, *, reaches: bool) -> None:
    published = [chart(), chart(version="1.3.0+build.5")]
    files = [place.folder / each.file_name for each in published]
    for file, each in zip(files, published, strict=True):
        file.write_bytes(each.data)
    old = chart(version="0.9.0")
    place.charts().publish(old, Journal())
    killed = 0
    for number in range(1, 100):
        prefix = f"{place.prefix}/{number}"
        code = killed_at(place, number, prefix, files, reaches=reaches)
        place.proxy.fail({})
        charts = OciRegistry(OciPrefix(host=place.proxy.host, prefix=prefix), keychain_of(place.folder / "docker"))
        # What a killed push has tagged is whole.
        assert all(
            charts.fetch("greeting", version) in {p.data for p in published} for version in charts.versions("greeting")
        )
        digests = [charts.publish(each, Journal()) for each in published]
        assert [charts.fetch(each.name, each.version) for each in published] == [each.data for each in published]
        assert sorted(charts.versions("greeting")) == ["1.2.3", "1.3.0+build.5"]
        if code == 0:
            break
        assert code == -signal.SIGKILL
        killed += 1
    assert killed == 2 * REQUESTS - 1
    assert len(set(digests)) == 2
    assert place.charts().fetch("greeting", "0.9.0") == old.data


#: Of the first push of a chart: GET, twice for the login; HEAD, POST, PUT of two blobs; PUT, GET, PUT of the manifest.
REQUESTS = 11


def killed_at(place: Place, number: int, prefix: str, files: list[Path], *, reaches: bool) -> int:
    """The code of a push in a process of its own that is killed before or after a request."""
    started: list[subprocess.Popen[bytes]] = []

    def kill() -> None:
        started[0].kill()

    place.proxy.fail({number: Fault(reaches=reaches, meanwhile=kill)})
    command = [sys.executable, "-m", "tests.oci_push", f"{place.proxy.host}/{prefix}", *map(str, files)]
    started.append(subprocess.Popen(command, env={**os.environ, **place.environment}, cwd=ROOT))
    return started[0].wait()


def test_a_version_with_build_metadata_is_read_back_by_its_version(place: Place, helm: Helm) -> None:
    published = chart(version="1.2.3+build.5")
    charts = place.charts()
    charts.publish(published, Journal())
    assert charts.versions("greeting") == ["1.2.3+build.5"]
    assert charts.digest("greeting", "1.2.3+build.5") == published.digest
    address = f"oci://{place.registry.host}/{place.prefix}/greeting"
    place.helm(helm, "pull", address, "--version", "1.2.3+build.5", "-d", str(place.folder))
    assert [file.read_bytes() for file in place.folder.glob("*.tgz")] == [published.data]


def test_what_is_not_there_is_not_there(place: Place) -> None:
    charts = place.charts()
    assert (charts.versions("greeting"), charts.digest("greeting", "1.2.3")) == ([], None)
    with pytest.raises(PublishError, match=r"greeting:1\.2\.3: there is no such version"):
        charts.fetch("greeting", "1.2.3")


def test_the_charts_below_a_path_are_listed(place: Place) -> None:
    for name in ("one", "two", "deeper/three"):
        client = Client(place.registry.host, keychain_of(Path(place.environment["DOCKER_CONFIG"])))
        push_image(client, f"{place.prefix}/{name}", "1.0.0")
    charts = place.charts()
    assert charts.names() == ["one", "two"]
    assert charts.url(chart("one")) == f"oci://{place.proxy.host}/{place.prefix}/one"


def test_a_registry_without_a_list_is_none(place: Place) -> None:
    for status in (401, 404, 501):
        place.proxy.fail(dict.fromkeys(range(1, 9), Fault(status=status)))
        charts = place.charts()
        assert charts.names() is None


def test_an_image_under_the_tag_is_not_overwritten(place: Place) -> None:
    client = Client(place.registry.host, keychain_of(Path(place.environment["DOCKER_CONFIG"])))
    image = push_image(client, f"{place.prefix}/greeting", "1.2.3")
    with pytest.raises(PublishError, match=r"is not a Helm chart, but application/vnd\.oci\.image\.config"):
        place.charts().publish(chart(), Journal())
    assert place.manifest("greeting", "1.2.3") == image


def test_a_name_that_no_repository_may_have_is_refused(place: Place) -> None:
    with pytest.raises(SettingsError, match=r"Greeting 1\.2\.3 cannot be stored in a registry: .* capital letters"):
        place.charts().publish(chart("Greeting"), Journal())
    assert place.proxy.seen == []


def test_a_wrong_password_is_an_error_without_it(place: Place) -> None:
    login = Login()
    with pytest.raises(AuthenticationError, match="the login was refused") as refused:
        place.charts(login).publish(chart(), Journal())
    assert login.password not in str(refused.value)
    assert login.basic not in str(refused.value)


def test_a_registry_that_is_away_is_an_error_of_publishing(place: Place) -> None:
    place.proxy.fail(dict.fromkeys(range(1, 9), Fault()))
    with pytest.raises(PublishError, match="the connection was closed"):
        place.charts().publish(chart(), Journal())


def test_the_digest_is_that_of_the_package(place: Place) -> None:
    published = chart()
    place.charts().publish(published, Journal())
    stored: Mapping[str, Any] = place.manifest("greeting", "1.2.3").content
    assert [layer["digest"] for layer in stored["layers"]] == [digest_of(published.data)]
    assert place.charts().digest("greeting", "1.2.3") == hashlib.sha256(published.data).hexdigest()


def test_what_flux_is_given_is_what_helm_pulls(place: Place, helm4: Helm, waybill: Waybill) -> None:
    package_ = chart(version="1.2.3+build.4")
    place.charts().publish(package_, Journal())
    words = ("gitops", "flux", f"greeting@{package_.version}", "--chart-repo", place.charts().place)
    source, release = waybill(*words, "--namespace", "demo", "--json").json["objects"]
    spec = source["spec"]
    assert release["spec"]["chartRef"] == {"kind": source["kind"], "name": source["metadata"]["name"]}
    manifest = place.manifest("greeting", spec["ref"]["tag"])
    assert [layer.media_type for layer in manifest.layers] == [spec["layerSelector"]["mediaType"]]
    place.helm(helm4, "pull", spec["url"], "--version", package_.version, "-d", str(place.folder))
    assert (place.folder / package_.file_name).read_bytes() == package_.data
