"""A workflow, parsed: the input of manifests, charts and lint rules."""

from __future__ import annotations

from codecs import BOM_UTF8
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from generator.findings.errors import Collecting, FindingsError
from generator.findings.finding import Finding
from generator.text.yaml_reader import decode
from generator.workflow import properties
from generator.workflow.argfile import ARGFILE, parse_argfile
from generator.workflow.definition import Definition, read_definition
from generator.workflow.folder import RESOURCE_FOLDERS, Source
from generator.workflow.properties import Properties, Variable

#: The file whose keys become the keys of a Secret.
SECRETS: Final = "secret.properties"


@dataclass(frozen=True, kw_only=True)
class Workflow:
    """A workflow folder with its definitions and properties parsed.

    `mounted` are the files of specs/, schemas/ and subflows/ by path, in UTF-8 without byte order marks.
    """

    source: Source
    definition: Definition
    subflows: tuple[Definition, ...]
    properties: Properties | None
    secrets: Properties | None
    mounted: Mapping[str, bytes]
    build_arguments: Mapping[str, str] = field(default_factory=dict)
    """The arguments in argfile.conf."""

    @property
    def object_name(self) -> str:
        """The name of the custom resource: the definition's id in lower case."""
        return self.definition.id.lower()

    @property
    def secret_keys(self) -> tuple[str, ...]:
        """The keys of secret.properties, sorted."""
        return tuple(properties.secret_values(self.secrets)) if self.secrets else ()

    def secret_comments(self) -> dict[str, str]:
        """Return the comment above each key of secret.properties, by key."""
        winning = self.secrets.winning() if self.secrets else {}
        return {key: winning[key].comment for key in self.secret_keys}

    def definitions(self) -> tuple[Definition, ...]:
        """Return the workflow's own definition and those of its subflows."""
        return (self.definition, *self.subflows)

    def configuration(self) -> dict[str, str]:
        """Return application.properties as effective in an image; empty if there is no such file."""
        return self.properties.effective() if self.properties else {}

    def variables(self) -> tuple[Variable, ...]:
        """Return the variables that the workflow expects; see `properties.variables`."""
        names = {name for definition in self.definitions() for name in definition.secrets}
        return properties.variables(self.properties or Properties(path=""), self.secret_keys, names)


def read_workflow(source: Source) -> Workflow:
    """Parse the files of a source.

    Raises:
        FindingsError: a file cannot be parsed or decoded; with findings for every such file.
    """
    collected: list[Finding] = []
    mounted: dict[str, bytes] = {}
    for relative in sorted(source.resources):
        if relative.split("/")[0] in RESOURCE_FOLDERS or relative in source.beside:
            with Collecting(collected):
                decode(source.resources[relative], source.shown(relative))
                mounted[source.mounted_as(relative)] = source.resources[relative].removeprefix(BOM_UTF8)
    props = _properties(source, "application.properties", collected)
    secrets = _properties(source, SECRETS, collected)
    arguments: Mapping[str, str] = {}
    if source.argfile is not None:
        with Collecting(collected):
            arguments = parse_argfile(source.argfile, f"{source.path}/{ARGFILE}")
    understood: list[Definition] = []
    for relative in (source.definition, *source.subflows()):
        with Collecting(collected):
            understood.append(read_definition(source, relative))
    if collected:
        raise FindingsError(collected)
    return Workflow(
        source=source,
        definition=understood[0],
        subflows=tuple(understood[1:]),
        properties=props,
        secrets=secrets,
        mounted=mounted,
        build_arguments=arguments,
    )


def _properties(source: Source, relative: str, collected: list[Finding]) -> Properties | None:
    if relative not in source.resources:
        return None
    with Collecting(collected):
        return properties.parse_properties(source.resources[relative], source.shown(relative))
    return None
