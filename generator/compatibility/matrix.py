"""Parses compatibility.yaml: the operators, their requirements, and the chart versions that run on each."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Final, NamedTuple

from semver import Version  # noqa: TC002 - annotations stay importable

from generator.compatibility.matrix_reader import Reading
from generator.findings.errors import FindingsError, VersionError
from generator.findings.finding import in_file_order
from generator.findings.position import Position
from generator.findings.suggestions import one_of
from generator.kubernetes.crd import known_crds
from generator.kubernetes.objects import DEFAULT_PROFILE
from generator.text.yaml_reader import Node, parse
from generator.versions.ranges import Range, parse_range

#: A limit of waybill for keys and values; the file of this repository has about 200.
MAX_VALUES: Final = 20_000
#: The entry for every chart in the `charts` of a row.
EVERY: Final = "*"
#: The name of an unknown SonataFlow version.
UNKNOWN: Final = "unknown"

#: The profiles of operators since 10 (apache/incubator-kie-tools, sonataflow-operator, api/metadata/annotations.go).
PROFILES: Final = (DEFAULT_PROFILE, "preview", "dev")
#: The default base image of workflows.
RUNTIME: Final = "registry.access.redhat.com/ubi9/openjdk-17:1.21-2"

#: A `crd` of this form is a name; any other is a path.
_VERSION_LIKE: Final = re.compile(r"[0-9.]+")


@dataclass(frozen=True, kw_only=True)
class SonataFlow:
    """Versions of the SonataFlow operator with the same behaviour.

    `crd` is the name of a CRD that waybill has (`1.45`), or a path relative to the file. `properties` are those that a
    workflow with persistence needs in application.properties. `builder` is the builder image, `red_hat_builder` that
    of Red Hat, which needs a login ("" if unknown), `runtime` the base image. `profiles` are the values of
    `sonataflow.org/profile`, with the one for charts first.
    """

    name: str
    versions: Range
    crd: str
    properties: Mapping[str, str]
    builder: str
    red_hat_builder: str
    runtime: str
    profiles: tuple[str, ...]
    at: Position


@dataclass(frozen=True, kw_only=True)
class Orchestrator:
    """Versions of the Orchestrator operator, and the name of the SonataFlow that they install, or None if unknown."""

    versions: Range
    sonataflow: str | None
    at: Position


@dataclass(frozen=True, kw_only=True)
class Row:
    """The claim that versions of some charts, or of every chart, run on versions of one or both operators."""

    charts: tuple[str, ...]
    versions: Range
    orchestrator: Range | None
    sonataflow: Range | None
    at: Position

    def names(self, chart: str) -> bool:
        """Return whether the row applies to a chart."""
        return chart in self.charts or EVERY in self.charts


@dataclass(frozen=True, kw_only=True)
class Matrix:
    """A parsed compatibility.yaml, in which neither operators of a kind nor rows of a chart overlap."""

    path: str
    sonataflows: tuple[SonataFlow, ...]
    orchestrators: tuple[Orchestrator, ...]
    rows: tuple[Row, ...]
    indent: int = 2
    """The number of spaces before the dash of a row."""

    @property
    def newest(self) -> SonataFlow:
        """The newest SonataFlow, whatever the order in the file."""
        return max(self.sonataflows, key=lambda flow: flow.versions.first())

    def row_of(self, chart: str, version: Version) -> Row | None:
        """Return the row for a chart's version, or None; a pre-release counts as its release."""
        release = version.finalize_version()
        return next((row for row in self.rows if row.names(chart) and row.versions.holds(release)), None)

    def sonataflow(self, version: Version) -> SonataFlow | None:
        """Return the SonataFlow operator of a version, or None; pre-releases match as in Helm."""
        return next((entry for entry in self.sonataflows if entry.versions.holds(version)), None)

    def orchestrator(self, version: Version) -> Orchestrator | None:
        """Return the Orchestrator operator of a version, or None; pre-releases match as in Helm."""
        return next((entry for entry in self.orchestrators if entry.versions.holds(version)), None)

    def underneath(self, orchestrator: Orchestrator) -> SonataFlow | None:
        """Return the SonataFlow that an Orchestrator installs, or None if unknown."""
        return next((entry for entry in self.sonataflows if entry.name == orchestrator.sonataflow), None)


@cache
def known_matrix() -> Matrix:
    """Return the operators that waybill knows, without rows, which each repository has itself."""
    data = (resources.files("generator.compatibility") / "operators.yaml").read_bytes()
    return read_matrix(data, "operators.yaml (waybill's own)")


def read_matrix(data: bytes, path: str, *, known: Matrix | None = None) -> Matrix:
    """Parse a compatibility.yaml; if it has no `operators`, they are those of `known`.

    generator/compatibility/schema.json describes the same format for editors.

    Raises:
        FindingsError: the file is not YAML, malformed or contradictory; with all findings.
    """
    document = parse(data, path, max_values=MAX_VALUES)
    reading = _MatrixReading(path)
    top = reading.fields(document.root, "the file", required=(), optional=("operators", "rows"))
    operators = _Operators((), ())
    if (node := top.get("operators")) is not None:
        operators = reading.operators(node)
    elif known is not None:
        operators = _Operators(known.sonataflows, known.orchestrators)
    rows = tuple(reading.rows(top["rows"], operators)) if "rows" in top else ()
    if findings := (*document.findings, *reading.findings):
        raise FindingsError(in_file_order(findings))
    return Matrix(
        path=path,
        sonataflows=operators.sonataflows,
        orchestrators=operators.orchestrators,
        rows=rows,
        indent=top["rows"].column - 1 if rows else Matrix.indent,
    )


class _Operators(NamedTuple):
    """The content of `operators`; not `complete` if a part could not be read."""

    sonataflows: tuple[SonataFlow, ...]
    orchestrators: tuple[Orchestrator, ...]
    complete: bool = True

    def covers(self, kind: str, versions: Range) -> bool:
        """Return whether an entry has some of the versions; always True if entries may be missing."""
        entries: Sequence[SonataFlow | Orchestrator] = (
            self.orchestrators if kind == "orchestrator" else self.sonataflows
        )
        return not self.complete or any(entry.versions.overlaps(versions) for entry in entries)


class _MatrixReading(Reading):
    """Reads the parts of a compatibility.yaml; the methods return None for a malformed part."""

    def range(self, node: Node | None, what: str) -> Range | None:
        text = self.text(node, what, number=True)
        if node is None or text is None:
            return None
        try:
            return parse_range(text, what)
        except VersionError as error:
            self.refuse(self.at(node), str(error))
            return None

    def operators(self, node: Node) -> _Operators:
        fields = self.fields(node, "operators", required=("sonataflow",), optional=("orchestrator",))
        written = self.items(fields.get("sonataflow"), "operators.sonataflow")
        names = {text for item in written if (text := _name(item)) is not None}
        sonataflows = [self.sonataflow(item) for item in written]
        nodes = self.items(fields.get("orchestrator"), "operators.orchestrator")
        orchestrators = [self.orchestrator(item, names) for item in nodes]
        read = _Operators(
            tuple(entry for entry in sonataflows if entry is not None),
            tuple(entry for entry in orchestrators if entry is not None),
            complete=not self.findings,
        )
        self.clashes("SonataFlow", read.sonataflows)
        self.clashes("Orchestrator", read.orchestrators)
        return read

    def sonataflow(self, node: Node) -> SonataFlow | None:
        required = ("name", "versions", "crd", "properties", "builder")
        fields = self.fields(
            node, "a SonataFlow operator", required=required, optional=("redHatBuilder", "runtime", "profiles")
        )
        name = self.text(fields.get("name"), "the name", number=True)
        if name == UNKNOWN:
            self.refuse(self.at(fields["name"]), f"no operator can be named {UNKNOWN}; give it another")
        versions = self.range(fields.get("versions"), "versions")
        crd = self.text(fields.get("crd"), "crd", number=True)
        if crd is not None and _VERSION_LIKE.fullmatch(crd) and crd not in known_crds():
            message = f"waybill has no CRD named '{crd}'{one_of(crd, known_crds())}"
            self.refuse(self.at(fields["crd"]), f"{message}; or write a path from this file, as in crds/{crd}.yaml")
        builder = self.text(fields.get("builder"), "builder")
        red_hat_builder = self.text(fields.get("redHatBuilder"), "redHatBuilder")
        runtime = self.text(fields.get("runtime"), "runtime")
        properties = self.properties(fields.get("properties"))
        profiles = [self.text(each, "a profile") for each in self.items(fields.get("profiles"), "profiles")]
        if name is None or versions is None or crd is None or builder is None or properties is None:
            return None
        return SonataFlow(
            name=name,
            versions=versions,
            crd=crd,
            properties=properties,
            builder=builder,
            red_hat_builder=red_hat_builder or "",
            runtime=runtime or RUNTIME,
            profiles=tuple(filter(None, profiles)) or PROFILES,
            at=self.at(node),
        )

    def properties(self, node: Node | None) -> dict[str, str] | None:
        if node is None:
            return None
        if not isinstance(node.value, dict):
            self.refuse(self.at(node), f"properties is {node.kind}; write a map of strings")
            return None
        read = {key: self.text(value, f"the property '{key}'") for key, value in node.value.items()}
        return {key: value for key, value in read.items() if value is not None}

    def orchestrator(self, node: Node, names: Collection[str]) -> Orchestrator | None:
        fields = self.fields(node, "an Orchestrator operator", required=("versions", "sonataflow"))
        versions = self.range(fields.get("versions"), "versions")
        named = fields.get("sonataflow")
        name = self.text(named, "sonataflow", number=True)
        if versions is None or named is None or name is None:
            return None
        if name != UNKNOWN and name not in names:
            message = f"no SonataFlow operator is named '{name}'{one_of(name, [*sorted(names), UNKNOWN])}"
            self.refuse(self.at(named), message)
        return Orchestrator(versions=versions, sonataflow=None if name == UNKNOWN else name, at=self.at(node))

    def clashes(self, kind: str, entries: Sequence[SonataFlow | Orchestrator]) -> None:
        """Report each entry that overlaps an earlier one or has its name, at the later one."""
        for place, entry in enumerate(entries):
            earlier = entries[:place]
            overlapping = next((other for other in earlier if other.versions.overlaps(entry.versions)), None)
            if overlapping is not None:
                where = f"{overlapping.versions} of line {overlapping.at.line}"
                self.refuse(entry.at, f"{kind} {entry.versions} overlaps {where}; a version has one entry")
            if isinstance(entry, SonataFlow) and entry.name in {o.name for o in earlier if isinstance(o, SonataFlow)}:
                self.refuse(entry.at, f"a second {kind} is named '{entry.name}'; give each its own name")

    def rows(self, node: Node, operators: _Operators) -> Iterator[Row]:
        """Yield the readable rows, and check each against the operators and the rows before it."""
        earlier: list[Row] = []
        for item in self.items(node, "rows"):
            row = self.row(item, operators)
            if row is not None:
                yield row
                self.clash(row, earlier)
                earlier.append(row)

    def row(self, node: Node, operators: _Operators) -> Row | None:
        fields = self.fields(node, "a row", required=("charts", "versions"), optional=("orchestrator", "sonataflow"))
        charts = [self.text(chart, "a chart's name") for chart in self.items(fields.get("charts"), "charts")]
        versions = self.range(fields.get("versions"), "versions")
        runs_on = {kind: self.range(fields.get(kind), kind) for kind in ("orchestrator", "sonataflow")}
        if isinstance(node.value, dict) and not fields.keys() & runs_on.keys():
            self.refuse(self.at(node), "a row names no operator; write orchestrator or sonataflow, with a range")
        for kind, named in runs_on.items():
            if named is not None and not operators.covers(kind, named):
                message = f"no entry below operators.{kind} has versions of {named}; add one, or name another version"
                self.refuse(self.at(fields[kind]), message)
        names = tuple(chart for chart in charts if chart is not None)
        if versions is None or len(names) < len(charts) or not names or not any(runs_on.values()):
            return None
        if EVERY in names and set(names) != {EVERY}:
            self.refuse(self.at(fields["charts"]), f"'{EVERY}' is every chart; remove the others")
        for name in {name for name in names if names.count(name) > 1}:
            self.refuse(self.at(fields["charts"]), f"a row names the chart '{name}' twice; name it once")
        return Row(charts=tuple(dict.fromkeys(names)), versions=versions, at=self.at(node), **runs_on)

    def clash(self, row: Row, earlier: Sequence[Row]) -> None:
        """Report the first earlier row that overlaps a row for the same chart."""
        for other in earlier:
            shared = [chart for chart in (*row.charts, *other.charts) if row.names(chart) and other.names(chart)]
            if shared and other.versions.overlaps(row.versions):
                chart = "every chart" if shared[0] == EVERY else shared[0]
                where = f"{chart} {row.versions} overlaps {other.versions} of line {other.at.line}"
                same = (str(row.orchestrator), str(row.sonataflow)) == (str(other.orchestrator), str(other.sonataflow))
                says = "says the same; keep one of them" if same else "names other operators; a version has one row"
                self.refuse(row.at, f"{where} and {says}")
                return


def _name(node: Node) -> str | None:
    """Return the name of a SonataFlow, even if its other fields are malformed."""
    name = node.value.get("name") if isinstance(node.value, dict) else None
    return name.text if name is not None else None
