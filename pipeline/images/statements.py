"""Makes SBOM and provenance of pushed images: written beside the packages, and attached to the images."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any, Literal

from generator.image.commit import SourceCommit
from generator.image.jars import DEPENDENCIES, Jar, read_jars
from generator.image.provenance import Build, Subject, provenance, sbom_statement
from generator.image.recipe import ImageRecipe
from generator.image.sbom import sbom
from pipeline.images import syft
from pipeline.images.attestations import WANTED, Signer, attest, read_attestations
from pipeline.images.image import ImageBuilder, LocalImage
from pipeline.images.image_name import read_image_name
from pipeline.images.pushed import PushedImages
from pipeline.images.statement_files import FOLDER, statements_about
from pipeline.system.files import Transaction, write_if_changed
from pipeline.system.journal import Journal


@dataclass(frozen=True, kw_only=True)
class PushedBuild:
    """An image that this run built and pushed."""

    recipe: ImageRecipe
    version: str
    """The workflow's version."""
    commit: SourceCommit
    repository: str
    digest: str
    image: LocalImage
    jars: tuple[Jar, ...] | None
    """The application's jars, or None for a function's image, which has none."""


@dataclass(frozen=True, kw_only=True)
class Statements:
    """Makes the statements about images, and attaches them if `attach` is set."""

    output: Path
    """The folder for packages."""
    engine: Literal["docker", "jib"]
    attach: bool
    signer: Signer | None
    pushed: PushedImages
    journal: Journal

    def make(self, build: PushedBuild, builder: ImageBuilder) -> None:
        """Write the statements about an image and, with `attach`, attach them in its registry.

        Raises:
            ImageError: syft or cosign fails.
            RegistryError: the registry refused, or did not respond.
            OutputError: a file cannot be written.
        """
        statements = dict(self._statements(build, builder))
        with Transaction(self.journal) as transaction:
            for name, data in statements.items():
                write_if_changed(transaction, self.output / FOLDER / f"{build.recipe.name}.{name}.json", data)
            transaction.commit()
        if self.attach:
            image = read_image_name(f"{build.repository}@{build.digest}")
            contents = [json.loads(data) for data in statements.values()]
            attest(self.pushed.registry(image.host), image, contents, self.journal, signer=self.signer)

    def complete(self, repository: str, digest: str, *, function: bool) -> bool:
        """Return whether an image has its statements, after attaching those that an earlier build wrote here.

        Raises:
            ImageError: cosign fails.
            RegistryError: the registry refused, or did not respond.
        """
        image = read_image_name(f"{repository}@{digest}")
        registry = self.pushed.registry(image.host)
        if kept := statements_about(self.output, digest):
            attest(registry, image, kept, self.journal, signer=self.signer)
            return True
        present = read_attestations(registry, image.repository, digest)
        kinds = {each.statement.kind for each in present if not each.problem}
        return kinds.issuperset(WANTED[1:] if function else WANTED)

    def _statements(self, build: PushedBuild, builder: ImageBuilder) -> Iterator[tuple[str, bytes]]:
        subject = Subject(repository=build.repository, digest=build.digest)
        base = self._base(build, builder)
        if build.jars is not None or base:
            document = sbom(
                build.repository, build.version, build.commit, build.jars or (), waybill=version("waybill"), base=base
            )
            yield "sbom", sbom_statement(subject, document)
        about = Build(
            recipe=build.recipe,
            commit=build.commit,
            engine=self.engine,
            platform=build.recipe.platform,
            versions={"waybill": version("waybill")},
        )
        yield "provenance", provenance(subject, about)

    def _base(self, build: PushedBuild, builder: ImageBuilder) -> tuple[Any, ...]:
        """Return the base image's packages if statements are attached and syft is available, or else ()."""
        if not (self.attach and syft.is_available()):
            return ()
        with tempfile.TemporaryDirectory(prefix="waybill-image-") as folder:
            archive = Path(folder, "image.tar")
            builder.save(build.image, archive)
            return syft.base_components(archive)


def jars_of(application: Path) -> tuple[Jar, ...]:
    """Return the jars of an application, which is the content of /deployments in an image."""
    listed = application / DEPENDENCIES
    dependencies = listed.read_text(encoding="utf-8", errors="replace") if listed.is_file() else ""
    files = ((path.relative_to(application).as_posix(), path.read_bytes()) for path in application.rglob("*.jar"))
    return read_jars(files, dependencies)
