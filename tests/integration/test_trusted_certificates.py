"""What `trustedCertificates` makes of a chart, and what the container that it adds does with a bundle."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

import pytest

from tests.certificates import Authority
from tests.command import run
from tests.conftest import ROOT, Helm, HelmRefusal, Rendered, missing

TRUSTING = {"trustedCertificates": {"configMap": "our-authorities", "key": "root.pem"}}
INSTALLED_JAVA = shutil.which("keytool")


@pytest.fixture(scope="module")
def chart(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("greeting")
    done = run("chart", ROOT / "workflows" / "greeting", "-o", "charts", cwd=folder)
    assert done.code == 0, done.err
    return folder / "charts" / "greeting"


def pod_of(rendered: Rendered) -> dict[str, Any]:
    pod: dict[str, Any] = next(d for d in rendered if d["kind"] == "SonataFlow")["spec"]["podTemplate"]
    return pod


def test_a_chart_without_certificates_of_its_own_adds_nothing_to_the_pod(chart: Path, helm: Helm) -> None:
    pod = pod_of(helm.render(chart, {}))
    assert pod.keys() == {"container"}
    assert "volumeMounts" not in pod["container"]


def test_the_config_map_is_mounted_and_java_told_of_the_store(chart: Path, helm: Helm) -> None:
    pod = pod_of(helm.render(chart, TRUSTING))
    container, filling = pod["container"], pod["initContainers"][0]
    assert filling["image"] == container["image"]
    assert {
        "name": "trusted-certificates",
        "configMap": {"name": "our-authorities", "items": [{"key": "root.pem", "path": "bundle.pem"}]},
    } in pod["volumes"]
    bundle, store = filling["args"][-2:]
    mounted = {mount["name"]: mount["mountPath"] for mount in filling["volumeMounts"]}
    assert bundle == f"{mounted['trusted-certificates']}/bundle.pem"
    assert store.startswith(f"{mounted['trust-store']}/")
    assert container["volumeMounts"] == [{"name": "trust-store", "mountPath": mounted["trust-store"], "readOnly": True}]
    options = {each["name"]: each.get("value") for each in container["env"]}["JDK_JAVA_OPTIONS"]
    assert f"-Djavax.net.ssl.trustStore={store}" in options.split()


def test_what_a_user_puts_into_the_pod_stays_beside_it(chart: Path, helm: Helm) -> None:
    mine = {
        "nodeName": "one",
        "volumes": [{"name": "mine", "emptyDir": {}}],
        "initContainers": [{"name": "mine", "image": "mine"}],
        "container": {
            "image": "elsewhere/greeting:1",
            "env": [{"name": "MINE", "value": "1"}],
            "volumeMounts": [{"name": "mine", "mountPath": "/mine"}],
        },
    }
    pod = pod_of(helm.render(chart, {**TRUSTING, "podTemplate": mine}))
    assert pod["nodeName"] == "one"
    assert [each["name"] for each in pod["volumes"]] == ["trust-store", "trusted-certificates", "mine"]
    assert [each["name"] for each in pod["initContainers"]] == ["trusted-certificates", "mine"]
    assert pod["initContainers"][0]["image"] == "elsewhere/greeting:1"
    assert [each["name"] for each in pod["container"]["volumeMounts"]] == ["trust-store", "mine"]
    assert {"JDK_JAVA_OPTIONS", "MINE"} <= {each["name"] for each in pod["container"]["env"]}


def test_options_of_java_that_would_be_lost_are_refused(chart: Path, helm: Helm) -> None:
    options = {"container": {"env": [{"name": "JDK_JAVA_OPTIONS", "value": "-Xmx256m"}]}}
    with pytest.raises(HelmRefusal, match="name your options JAVA_TOOL_OPTIONS"):
        helm.render(chart, {**TRUSTING, "podTemplate": options})


def fill(chart: Path, helm: Helm, bundle: Path, store: Path) -> subprocess.CompletedProcess[str]:
    """Run what the container runs, on this machine."""
    if INSTALLED_JAVA is None:
        missing("a JDK 17 (keytool on PATH)")
    filling = pod_of(helm.render(chart, TRUSTING))["initContainers"][0]
    command = [*filling["command"], *filling["args"][:-2], str(bundle), str(store)]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def fingerprints(store: Path | None) -> set[str]:
    which = ["-cacerts"] if store is None else ["-keystore", str(store)]
    command = ["keytool", "-list", *which, "-storepass", "changeit"]
    listed = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    return {line.partition("): ")[2] for line in listed.splitlines() if "SHA-256" in line}


def test_each_certificate_of_the_bundle_is_added_to_those_that_java_trusts(
    chart: Path, helm4: Helm, tmp_path: Path
) -> None:
    authorities = [Authority.made(tmp_path / name) for name in ("first", "second")]
    texts = [authority.certificate.read_text() for authority in authorities]
    bundle = tmp_path / "bundle.pem"
    bundle.write_bytes(
        f"# ours\n\n{texts[0]}\n# with Windows' line ends\n".encode() + texts[1].rstrip().replace("\n", "\r\n").encode()
    )
    done = fill(chart, helm4, bundle, tmp_path / "cacerts")
    assert done.returncode == 0, done.stderr
    assert fingerprints(tmp_path / "cacerts") - fingerprints(None) == {each.fingerprint() for each in authorities}
    assert fingerprints(None) <= fingerprints(tmp_path / "cacerts")


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("no certificate at all\n", "no certificate in the ConfigMap"),
        ("-----BEGIN CERTIFICATE-----\nnonsense\n-----END CERTIFICATE-----\n", "keytool error"),
    ],
)
def test_a_bundle_that_holds_no_certificate_stops_the_pod_and_says_so(
    chart: Path, helm4: Helm, tmp_path: Path, content: str, said: str
) -> None:
    bundle = tmp_path / "bundle.pem"
    bundle.write_text(content)
    done = fill(chart, helm4, bundle, tmp_path / "cacerts")
    assert done.returncode == 1
    assert said in done.stdout + done.stderr


class Answering(BaseHTTPRequestHandler):
    """Answers every request with 200 and nothing."""

    def do_GET(self) -> None:
        self.send_response(200)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    return Authority.made(tmp_path / "authority")


@pytest.fixture
def address(authority: Authority) -> Iterator[str]:
    """A server on this machine whose certificate comes from `authority`."""
    with authority.serving(Answering) as served:
        yield f"{served}/"


#: Java's own client; the engine's REST clients take the trust store from the same properties of the JVM.
CLIENT = """\
class Client {
    public static void main(String[] address) throws Exception {
        var connection = (java.net.HttpURLConnection) new java.net.URL(address[0]).openConnection();
        System.out.println(connection.getResponseCode());
    }
}
"""


def test_java_refuses_the_authority_until_it_has_what_the_chart_sets(
    chart: Path, helm4: Helm, tmp_path: Path, authority: Authority, address: str
) -> None:
    def call(**variables: str) -> str:
        client = tmp_path / "Client.java"
        client.write_text(CLIENT)
        environment = {**os.environ, **variables}
        done = subprocess.run(
            ["java", str(client), address], capture_output=True, text=True, check=False, env=environment
        )
        return done.stdout.strip() or done.stderr

    store = tmp_path / "cacerts"
    filled = fill(chart, helm4, authority.certificate, store)
    assert filled.returncode == 0, filled.stderr
    pod = pod_of(helm4.render(chart, TRUSTING))
    options = {each["name"]: each.get("value", "") for each in pod["container"]["env"]}["JDK_JAVA_OPTIONS"]
    assert "unable to find valid certification path" in call()
    assert call(JDK_JAVA_OPTIONS=options.replace(pod["initContainers"][0]["args"][-1], str(store))) == "200"
