"""The SBOM of an image: every jar with its purl, the same bytes each time, valid by CycloneDX's own schema."""

from __future__ import annotations

import hashlib
import io
import json
import zipfile
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import pytest
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator

from generator.image.commit import SourceCommit
from generator.image.jars import read_jars
from generator.image.sbom import sbom

COMMIT = SourceCommit(sha="1" * 40, time=datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC))
DEPENDENCIES = """\
io.quarkus:quarkus-arc::jar:3.15.3
io.netty:netty-transport-native-epoll:linux-x86_64:jar:4.1.115.Final
org.kie.kogito:jbpm-deps-group-engine::pom:10.1.0
"""


def jar(**files: str) -> bytes:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        for name, text in files.items():
            archive.writestr(name, text)
    return content.getvalue()


def pom(group: str, artifact: str, version: str) -> dict[str, str]:
    text = f"groupId={group}\nartifactId={artifact}\nversion={version}\n"
    return {f"META-INF/maven/{group}/{artifact}/pom.properties": text}


PLAIN = jar(a="1")
#: Path of a jar to its bytes and its purl, without the checksum of what no repository has.
JARS: Mapping[str, tuple[bytes, str]] = {
    "lib/main/io.quarkus.quarkus-arc-3.15.3.jar": (PLAIN, "pkg:maven/io.quarkus/quarkus-arc@3.15.3"),
    "lib/boot/io.quarkus.quarkus-arc-3.15.3.jar": (PLAIN, "pkg:maven/io.quarkus/quarkus-arc@3.15.3"),
    "lib/main/io.netty.netty-transport-native-epoll-4.1.115.Final-linux-x86_64.jar": (
        PLAIN,
        "pkg:maven/io.netty/netty-transport-native-epoll@4.1.115.Final?classifier=linux-x86_64",
    ),
    "lib/main/other-1.0.jar": (jar(**pom("org.acme", "other", "1.1")), "pkg:maven/org.acme/other@1.1"),
    "lib/main/merged-2.0.jar": (
        jar(**pom("org.acme", "one", "1"), **pom("org.acme", "two", "2")),
        "pkg:generic/merged@2.0",
    ),
    "lib/main/no-zip.jar": (b"no archive", "pkg:generic/no-zip"),
    "lib/main/half-a-pom-3.jar": (
        jar(**{"META-INF/maven/a/b/pom.properties": "groupId=a\n"}),
        "pkg:generic/half-a-pom@3",
    ),
    "app/workflows-1.0.0.jar": (PLAIN, "pkg:generic/workflows@1.0.0"),
    "quarkus/generated-bytecode.jar": (PLAIN, "pkg:generic/generated-bytecode"),
    "quarkus-run.jar": (PLAIN, "pkg:generic/quarkus-run"),
}
FILES = [*((path, data) for path, (data, _) in JARS.items()), ("quarkus/quarkus-application.dat", b"x")]
#: As syft writes it.
BASE = (
    {"bom-ref": "pkg:deb/debian/libc6@2.36?package-id=1", "type": "library", "name": "libc6", "version": "2.36"},
    {"bom-ref": "os:debian@12", "type": "operating-system", "name": "debian", "version": "12"},
)


def made(files: Sequence[tuple[str, bytes]] = FILES, **given: Any) -> bytes:
    jars = read_jars(files, DEPENDENCIES)
    return sbom("quay.io/org/greeting", "src-0123456789ab", COMMIT, jars, waybill="0.1.0", **given)


def components(document: bytes) -> dict[str, Any]:
    listed = json.loads(document)["components"]
    assert len({component["bom-ref"] for component in listed}) == len(listed)
    return {component["bom-ref"]: component for component in listed}


def test_each_jar_is_a_component_with_its_purl_and_hash() -> None:
    found = components(made())
    assert len(found) == len(JARS)
    for path, (data, purl) in JARS.items():
        digest = hashlib.sha256(data).hexdigest()
        component = found[f"/deployments/{path}"]
        assert component["hashes"] == [{"alg": "SHA-256", "content": digest}]
        assert component["purl"] == (purl if "maven" in purl else f"{purl}?checksum=sha256:{digest}")


@pytest.mark.parametrize("base", [(), BASE], ids=["jars", "with a base"])
def test_it_is_valid_by_the_schema(base: Sequence[Mapping[str, Any]]) -> None:
    document = made(base=base)
    assert JsonStrictValidator(SchemaVersion.V1_6).validate_str(document.decode()) is None
    assert len(components(document)) == len(JARS) + len(base)


def test_it_says_which_image_when_and_by_what() -> None:
    metadata = json.loads(made())["metadata"]
    assert (metadata["component"]["name"], metadata["component"]["version"]) == (
        "quay.io/org/greeting",
        "src-0123456789ab",
    )
    assert metadata["timestamp"] == "2026-01-02T03:04:05+00:00"
    assert metadata["tools"]["components"][0]["name"] == "waybill"


def test_the_same_jars_give_the_same_bytes_in_any_order() -> None:
    assert made() == made(FILES[::-1])
    assert made(base=BASE) == made(base=BASE[::-1])


def test_the_serial_number_is_that_of_the_content() -> None:
    others = (made(), made(FILES[1:]), made(base=BASE))
    assert len({json.loads(one)["serialNumber"] for one in others}) == len(others)


def test_without_the_list_of_dependencies_the_jars_tell_what_they_are() -> None:
    named = {jar.path: jar for jar in read_jars(FILES, "")}
    assert len(named) == len(JARS)
    assert named["lib/main/other-1.0.jar"].group == "org.acme"
    assert named["lib/main/io.quarkus.quarkus-arc-3.15.3.jar"].group == ""
