"""Rules about files, most of which are reported while a folder is read, and about their names."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from typing import Final

from generator.findings.finding import Severity
from generator.findings.position import Position
from generator.lint.rule import Example, Found, Rule, rule
from generator.workflow.workflow import Workflow

#: Device names, reserved by Windows with any extension (learn.microsoft.com, "Naming Files, Paths, and Namespaces").
_DEVICE_NAME: Final = re.compile(r"(con|prn|aux|nul|com[0-9¹²³]|lpt[0-9¹²³]) *(\..*)?", re.IGNORECASE)
_INVALID_CHARACTER: Final = re.compile(r'[<>:"\\|?*\x00-\x1f]')
_NOTHING_TO_RUN: Final = "There is nothing to run."
_STATES: Final = "states:\n  - {name: Begin, type: inject, data: {greeting: Hello}, end: true}"

syntax = Rule(
    name="syntax",
    summary="Malformed YAML, JSON or properties, or YAML that waybill does not accept (tags, a second document).",
    reason="Nothing in the file can be relied on.",
    consequence="The build fails with a parser exception.",
    bad=Example(definition="states:\n  - {name: Begin, type: inject, data: {greeting: Hello], end: true}"),
    good=Example(definition=_STATES),
)
empty_file = Rule(
    name="empty-file",
    summary="A file that needs content but is empty, or holds only comments.",
    reason="The file was never saved, or only half written.",
    consequence="The build fails with a parser exception.",
    bad=Example(commands=("true >example.sw.yaml",)),
    good=Example(definition=_STATES),
)
encoding = Rule(
    name="encoding",
    summary="A file or a file name that is not UTF-8, or a file with NUL bytes.",
    reason="Helm silently replaces invalid UTF-8, so the text in the cluster would differ from the one in the folder.",
    consequence="The engine replaces the characters, too.",
    bad=Example(files={"application.properties": b"greeting=Gr\xfc\xdfe\n"}),
    good=Example(files={"application.properties": "greeting=Grüße\n"}),
)
depth = Rule(
    name="depth",
    summary="Values nested deeper than 100 levels.",
    reason="Nobody writes that by hand, and it exhausts the stack of programs that read it.",
    consequence="The build fails beyond 1,000 levels: `maximum allowed (1000, from StreamReadConstraints`.",
    bad=Example(definition=f"metadata: {'{a: ' * 120}1{'}' * 120}"),
    good=Example(definition="metadata: {a: {b: {c: 1}}}"),
)
size = Rule(
    name="size",
    summary="A file, a folder, a file's contents or the total of YAML aliases above its limit.",
    reason="The engine's YAML reader stops at 3 MiB, Helm at 5 MiB, aliases that multiply are a bomb, and nobody "
    "writes a definition of 30,000 keys and values, or 10,000 lines of properties (docs/design.md lists the limits).",
    consequence="The build fails: `The incoming YAML document exceeds the limit`.",
    bad=Example(
        commands=("(printf 'metadata: {a: '; head -c 4000000 /dev/zero | tr '\\0' a; echo '}') >>example.sw.yaml",)
    ),
    good=Example(definition=_STATES),
)
yaml_alias = Rule(
    name="yaml-alias",
    severity=Severity.WARNING,
    summary="An alias of YAML (`*name`) in a definition.",
    reason="Most YAML parsers replace an alias by the value of its anchor. The engine does not, and neither does "
    "waybill, so that image and custom resource have the same meaning.",
    consequence="The engine reads the alias as text, the name of its anchor, and `<<` as a key like any other.",
    bad=Example(
        definition="states:\n  - {name: Begin, type: inject, data: {a: &shared {b: 1}, greeting: *shared}, end: true}"
    ),
    good=Example(definition="states:\n  - {name: Begin, type: inject, data: {a: {b: 1}, greeting: {b: 1}}, end: true}"),
)
duplicate_key = Rule(
    name="duplicate-key",
    summary="A key that occurs twice in one map.",
    reason="One of the two values is lost, often the wrong one.",
    consequence="The engine silently takes the last one.",
    bad=Example(definition="states:\n  - {name: Start, name: Begin, type: inject, data: {a: 1}, end: true}"),
    good=Example(definition=_STATES),
)
definitions = Rule(
    name="definitions",
    summary="Several definitions at the top level of a folder, of which none runs all others as subflows.",
    reason="A folder is one workflow: one image, one custom resource, one chart.",
    consequence="The engine runs both in one application.",
    bad=Example(files={"second.sw.yaml": Example(definition="id: second").whole_definition()}),
    good=Example(definition=_STATES),
)
no_definition = Rule(
    name="no-definition",
    summary="A folder without `*.sw.yaml`, `*.sw.yml` or `*.sw.json`.",
    reason="The folder is not a workflow, or the file has another extension.",
    consequence=_NOTHING_TO_RUN,
    bad=Example(commands=("mv example.sw.yaml example.yaml",)),
    good=Example(definition=_STATES),
)
no_folder = Rule(
    name="no-folder",
    summary="A folder that does not exist.",
    reason="The name is usually misspelt.",
    consequence=_NOTHING_TO_RUN,
    bad=Example(commands=("rm -r ../example",)),
    good=Example(definition=_STATES),
)
link_loop = Rule(
    name="link-loop",
    summary="A symbolic link to a parent folder.",
    reason="Whatever follows the link reads the same files forever.",
    consequence="The image build hangs or fails with an error.",
    bad=Example(commands=("mkdir specs && ln -s .. specs/up",)),
    good=Example(files={"specs/readme.yaml": "{}"}),
)
link_outside = Rule(
    name="link-outside",
    summary="A symbolic link that points outside the folder.",
    reason="An image is built from the folder alone, and the link may expose files that must not be published.",
    consequence="The file is missing from the image.",
    bad=Example(commands=("mkdir specs && ln -s /etc/hostname specs/host.yaml",)),
    good=Example(commands=("mkdir specs && echo '{}' >specs/a.yaml && ln -s a.yaml specs/b.yaml",)),
)
special_file = Rule(
    name="special-file",
    summary="A pipe, a socket, a device or a broken link.",
    reason="None of them can be copied into an image or a chart.",
    consequence="The image build hangs or fails with an error.",
    bad=Example(commands=("mkdir specs && mkfifo specs/pipe",)),
    good=Example(files={"specs/plain.yaml": "{}"}),
)
unreadable = Rule(
    name="unreadable",
    summary="A file that waybill has no permission to read.",
    reason="A chart without it would be a different chart.",
    consequence="The image build fails with an error.",
    bad=Example(files={"specs/plain.yaml": "{}"}, commands=("chmod 000 specs/plain.yaml",)),
    good=Example(files={"specs/plain.yaml": "{}"}),
)


@rule(
    "portable-name",
    severity=Severity.WARNING,
    reason="A clone on Windows or macOS does not have the file, or has one of the two for both, so that the same "
    "workflow has another image and another chart there.",
    consequence="The engine reads the file on Linux.",
    bad=Example(files={"schemas/aux.json": "{}"}),
    good=Example(files={"schemas/auxiliary.json": "{}"}),
)
def portable_name(workflow: Workflow) -> Iterator[Found]:
    """A file or folder whose name Windows refuses, or that differs from another in upper and lower case only."""
    source = workflow.source
    paths = [*source.inputs, *(f"chart/{path}" for path in source.overlay)]
    if why := _rejection(source.name):
        yield Found(at=Position(path=source.path), message=f"{why}; rename the folder")
    for path, why in unportable(paths):
        yield Found(at=Position(path=f"{source.path}/{path}"), message=f"{why}; rename it")


def unportable(paths: Collection[str]) -> Iterator[tuple[str, str]]:
    """Yield each file or folder in relative paths that not all file systems support, with the reason."""
    parts = (path.split("/") for path in paths)
    all_paths = {"/".join(each[:number]) for each in parts for number in range(1, len(each) + 1)}
    first: dict[str, str] = {}
    for path in sorted(all_paths):
        folder, _, name = path.rpartition("/")
        other = first.setdefault(path.casefold(), path)
        # Only the outermost folder that differs in case is reported.
        if other != path and first.get(folder.casefold(), folder) == folder:
            yield path, f"macOS and Windows take it for '{other}', which differs in upper and lower case only"
        elif why := _rejection(name):
            yield path, why


def _rejection(name: str) -> str:
    """Return why Windows rejects a name, or "" if it is valid."""
    if _DEVICE_NAME.fullmatch(name):
        return f"Windows keeps the name '{name.partition('.')[0].rstrip()}' for a device"
    if name.endswith((".", " ")):
        return "Windows has no names that end with a dot or a space"
    if found := _INVALID_CHARACTER.search(name):
        return f"Windows has no names with {found[0]!a}"
    return ""


missing_field = Rule(
    name="missing-field",
    summary="A missing field that the DSL requires.",
    reason="Without the field, the object is meaningless.",
    consequence="The build fails with a NullPointerException. What only the specification requires is a warning: the "
    "engine runs states and branches without `actions`, callbacks without an `action`, branches without a `name`.",
    bad=Example(definition="states:\n  - {name: Begin, type: inject, end: true}"),
    good=Example(definition=_STATES),
)
empty_value = Rule(
    name="empty-value",
    summary="An empty string or `null` where the engine needs a value: a filter, a timeout, an operation, `onErrors`.",
    reason="An empty string is no expression, no duration and no name; a field that is left out has a default.",
    consequence="The build fails, for a filter with `Expression  for language jq is not a valid one`.",
    bad=Example(
        definition="states:\n  - {name: Begin, type: inject, data: {a: 1}, stateDataFilter: {output: ''}, end: true}"
    ),
    good=Example(
        definition="states:\n  - {name: Begin, type: inject, data: {a: 1}, stateDataFilter: {output: .a}, end: true}"
    ),
)
unknown_field = Rule(
    name="unknown-field",
    summary="A field that the DSL does not define; the message suggests the nearest one.",
    reason="The field has no effect: a state with a misspelt `transition` or `end` has neither.",
    consequence="The build fails with an UnrecognizedPropertyException. In a function or subflow reference, a "
    "transition, an end, a start, an authentication and a state timeout the engine ignores the field: a warning.",
    bad=Example(definition="descripton: Greets.\n" + _STATES),
    good=Example(definition="description: Greets.\n" + _STATES),
)
unknown_value = Rule(
    name="unknown-value",
    summary="A value that the DSL does not allow.",
    reason="Only the values of the specification have a meaning.",
    consequence="The build fails with a parser exception.",
    bad=Example(definition="states:\n  - {name: Begin, type: injct, data: {greeting: Hello}, end: true}"),
    good=Example(definition=_STATES),
)
wrong_type = Rule(
    name="wrong-type",
    summary="A value of the wrong type, such as a list for a map; a warning where the engine converts it.",
    reason="`version: 1.10` is the number 1.1: what is read is not what was written.",
    consequence='The engine converts what it can (`keepActive: "true"`); the build fails where it cannot (`"yes"`).',
    bad=Example(definition="version: 1.10"),
    good=Example(definition='version: "1.10"'),
)
build_argument = Rule(
    name="build-argument",
    summary="A line of argfile.conf that is not a build argument, or one that the Dockerfiles do not declare.",
    reason="An image's tag identifies all that it is built from, so arguments and their values must be in the file.",
    consequence="Podman would take the value from the environment, and warn of arguments that nothing uses.",
    bad=Example(files={"argfile.conf": "FLOW_NAMES=Greeting\n"}),
    good=Example(files={"argfile.conf": "# What the image says of itself.\nFLOW_NAME=Greeting\n"}),
)
chart_files = Rule(
    name="chart-files",
    summary="A file in the workflow's `chart/` that clashes with a generated one, or does not belong in a chart.",
    reason="One of two files with the same path would be lost.",
    consequence="The engine does not read charts.",
    bad=Example(files={"chart/templates/sonataflow.yaml": "a: 1\n"}),
    good=Example(files={"chart/templates/route.yaml": "a: 1\n"}),
)
chart_name = Rule(
    name="chart-name",
    summary="A folder whose chart Helm could not enable, or two folders that produce one chart.",
    reason="Helm reads a condition as a path of keys, and an umbrella chart has one value per chart.",
    consequence="The engine does not read charts.",
    bad=Example(commands=("cd .. && mv example global",)),
    good=Example(definition=_STATES),
)
release_size = Rule(
    name="release-size",
    summary="A chart whose release is too large for Helm to store.",
    reason="Helm stores a release in one Secret, which holds at most 1 MiB.",
    consequence="The engine does not read charts.",
    bad=Example(
        commands=(
            "mkdir -p specs schemas",
            "head -c 700000 /dev/urandom | base64 -w0 >specs/large.yaml",
            "head -c 700000 /dev/urandom | base64 -w0 >schemas/large.json",
        )
    ),
    good=Example(definition=_STATES),
)
