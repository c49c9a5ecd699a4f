"""Writes the SBOM of an image: a CycloneDX document with the jars of the application and the packages of its base."""

from __future__ import annotations

import hashlib
import json
import uuid
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

from generator.image.commit import SourceCommit
from generator.image.jars import Jar

if TYPE_CHECKING:
    from cyclonedx.model.component import Component
    from packageurl import PackageURL

#: The folder of the application in an image.
_DEPLOYMENTS: Final = "/deployments"
#: The UUID namespace for serial numbers, which are derived from the content.
_NAMESPACE: Final = uuid.UUID("0c9cf8b1-7a55-5b5c-8c0e-5f9a8d0c3b57")


def sbom(
    repository: str,
    version: str,
    commit: SourceCommit,
    jars: Iterable[Jar],
    *,
    waybill: str,
    base: Sequence[Mapping[str, Any]] = (),
) -> bytes:
    """Return the SBOM of an image in CycloneDX 1.6 (JSON), with a component, purl and SHA-256 for each jar.

    `version` is that of the image, `waybill` that of waybill. `base` are components of the base image in CycloneDX
    JSON. The result is deterministic: the time is the commit's, the serial number is derived from the content.
    """
    from cyclonedx.model.bom import Bom, BomMetaData  # noqa: PLC0415 - 90 ms, needed only for attestations
    from cyclonedx.model.component import Component, ComponentType  # noqa: PLC0415 - as above
    from cyclonedx.model.tool import ToolRepository  # noqa: PLC0415 - as above
    from cyclonedx.output.json import JsonV1Dot6  # noqa: PLC0415 - as above

    subject = Component(name=repository, version=version, type=ComponentType.CONTAINER, bom_ref="image")
    tool = Component(name="waybill", version=waybill, type=ComponentType.APPLICATION, bom_ref="waybill")
    bom = Bom(
        components=[_component(jar) for jar in jars],
        metadata=BomMetaData(component=subject, timestamp=commit.time, tools=ToolRepository(components=[tool])),
        serial_number=_NAMESPACE,
    )
    bom.register_dependency(subject, bom.components)
    document = json.loads(JsonV1Dot6(bom).output_as_string())
    # The base's components come from another program and have more fields than the library's model.
    document["components"] = [*document.get("components", []), *sorted(base, key=_order)]
    digest = hashlib.sha256(_bytes(document)).hexdigest()
    return _bytes({**document, "serialNumber": uuid.uuid5(_NAMESPACE, digest).urn})


def _order(component: Mapping[str, Any]) -> str:
    return json.dumps(component, sort_keys=True)


def _bytes(document: Mapping[str, Any]) -> bytes:
    return json.dumps(document, indent=2, sort_keys=True, ensure_ascii=False).encode() + b"\n"


def _component(jar: Jar) -> Component:
    from cyclonedx.model import HashAlgorithm, HashType  # noqa: PLC0415 - as above
    from cyclonedx.model.component import Component, ComponentType  # noqa: PLC0415 - as above
    from cyclonedx.model.component_evidence import ComponentEvidence, Occurrence  # noqa: PLC0415 - as above

    location = f"{_DEPLOYMENTS}/{jar.path}"
    return Component(
        type=ComponentType.LIBRARY if jar.group else ComponentType.FILE,
        group=jar.group or None,
        name=jar.artifact,
        version=jar.version or None,
        purl=_purl(jar),
        bom_ref=location,
        hashes=[HashType(alg=HashAlgorithm.SHA_256, content=jar.sha256)],
        evidence=ComponentEvidence(occurrences=[Occurrence(location=location)]),
    )


def _purl(jar: Jar) -> PackageURL:
    """Return the package URL of a jar, which is `pkg:generic` with a checksum if no repository has it (purl-spec)."""
    from packageurl import PackageURL  # noqa: PLC0415 - as above

    if jar.group:
        qualifiers = {"classifier": jar.classifier} if jar.classifier else {}
        return PackageURL("maven", jar.group, jar.artifact, jar.version, qualifiers)
    return PackageURL("generic", None, jar.artifact, jar.version or None, {"checksum": f"sha256:{jar.sha256}"})
