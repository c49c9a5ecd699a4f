"""Rules of what readers find while they read a folder: they have no check of their own."""

from __future__ import annotations

from typing import Final

from generator.lint.rule import Example, Rule

_NOTHING_TO_RUN: Final = "There is nothing that it could run."
_STATES: Final = "states:\n  - {name: Begin, type: inject, data: {greeting: Hello}, end: true}"

syntax = Rule(
    name="syntax",
    summary="Not well-formed YAML, JSON or properties, or YAML that waybill does not take (tags, a second document).",
    reason="Nothing in the file can be relied on.",
    engine="The build ends with the parser's exception.",
    bad=Example(definition="states:\n  - {name: Begin, type: inject, data: {greeting: Hello], end: true}"),
    good=Example(definition=_STATES),
)
empty_file = Rule(
    name="empty-file",
    summary="A file that has to say something and is empty, or holds comments alone.",
    reason="A file that was never saved, or only half written.",
    engine="The build ends with the parser's exception.",
    bad=Example(commands=("true >example.sw.yaml",)),
    good=Example(definition=_STATES),
)
encoding = Rule(
    name="encoding",
    summary="A file or a file's name that is not UTF-8, or a file that holds NUL bytes.",
    reason="Helm replaces what is not UTF-8 in silence, so the cluster would get another text than the folder has.",
    engine="It replaces the characters too.",
    bad=Example(files={"application.properties": b"greeting=Gr\xfc\xdfe\n"}),
    good=Example(files={"application.properties": "greeting=Grüße\n"}),
)
depth = Rule(
    name="depth",
    summary="Values nested deeper than 100 levels.",
    reason="Nobody writes that by hand; it exhausts the stack of programs that read it.",
    engine="The build ends beyond 1,000 levels: `maximum allowed (1000, from StreamReadConstraints`.",
    bad=Example(definition=f"metadata: {'{a: ' * 120}1{'}' * 120}"),
    good=Example(definition="metadata: {a: {b: {c: 1}}}"),
)
size = Rule(
    name="size",
    summary="A file, a folder, what a file holds or the sum of YAML aliases over its limit.",
    reason="The engine's YAML reader stops at 3 MiB, Helm at 5 MiB, aliases that multiply are a bomb, and nobody "
    "writes a definition of 30,000 keys and values, or 10,000 lines of properties (docs/design.md lists the limits).",
    engine="The build ends: `The incoming YAML document exceeds the limit`.",
    bad=Example(
        commands=("(printf 'metadata: {a: '; head -c 4000000 /dev/zero | tr '\\0' a; echo '}') >>example.sw.yaml",)
    ),
    good=Example(definition=_STATES),
)
duplicate_key = Rule(
    name="duplicate-key",
    summary="A key that stands twice in one map.",
    reason="One of the two values is lost, and it is seldom the one that was meant.",
    engine="It takes the last one, in silence.",
    bad=Example(definition="states:\n  - {name: Start, name: Begin, type: inject, data: {a: 1}, end: true}"),
    good=Example(definition=_STATES),
)
definitions = Rule(
    name="definitions",
    summary="More than one definition at the top of a folder.",
    reason="A folder is one workflow: one image, one custom resource, one chart.",
    engine="It runs both in one application.",
    bad=Example(files={"second.sw.yaml": Example(definition="id: second").whole_definition()}),
    good=Example(definition=_STATES),
)
no_definition = Rule(
    name="no-definition",
    summary="A folder without `*.sw.yaml`, `*.sw.yml` or `*.sw.json`.",
    reason="The folder is no workflow, or the file has another ending.",
    engine=_NOTHING_TO_RUN,
    bad=Example(commands=("mv example.sw.yaml example.yaml",)),
    good=Example(definition=_STATES),
)
no_folder = Rule(
    name="no-folder",
    summary="A folder that is not there.",
    reason="The name is most often misspelt.",
    engine=_NOTHING_TO_RUN,
    bad=Example(commands=("rm -r ../example",)),
    good=Example(definition=_STATES),
)
link_loop = Rule(
    name="link-loop",
    summary="A symbolic link to a folder above it.",
    reason="Whoever follows it reads the same files for ever.",
    engine="The image's build does not end, or ends with an error.",
    bad=Example(commands=("mkdir specs && ln -s .. specs/up",)),
    good=Example(files={"specs/readme.yaml": "{}"}),
)
link_outside = Rule(
    name="link-outside",
    summary="A symbolic link that leaves the folder.",
    reason="An image is built from the folder alone, and a link may lead to what must not be published.",
    engine="The file is missing in the image.",
    bad=Example(commands=("mkdir specs && ln -s /etc/hostname specs/host.yaml",)),
    good=Example(commands=("mkdir specs && echo '{}' >specs/a.yaml && ln -s a.yaml specs/b.yaml",)),
)
special_file = Rule(
    name="special-file",
    summary="A pipe, a socket, a device or a broken link.",
    reason="None of them can be copied into an image or a chart.",
    engine="The image's build waits for ever or ends with an error.",
    bad=Example(commands=("mkdir specs && mkfifo specs/pipe",)),
    good=Example(files={"specs/plain.yaml": "{}"}),
)
unreadable = Rule(
    name="unreadable",
    summary="A file that the system does not let waybill read.",
    reason="A chart without it would be another one.",
    engine="The image's build ends with an error.",
    bad=Example(files={"specs/plain.yaml": "{}"}, commands=("chmod 000 specs/plain.yaml",)),
    good=Example(files={"specs/plain.yaml": "{}"}),
)
missing_field = Rule(
    name="missing-field",
    summary="A field that the DSL needs is not there.",
    reason="Without it the object means nothing.",
    engine="The build ends with a NullPointerException.",
    bad=Example(definition="states:\n  - {name: Begin, type: inject, end: true}"),
    good=Example(definition=_STATES),
)
unknown_field = Rule(
    name="unknown-field",
    summary="A field that the DSL does not have, with the nearest one that it has.",
    reason="What it was meant to say is not said: a misspelt `transition` ends no state, a misspelt `end` neither.",
    engine="The build ends with an UnrecognizedPropertyException, in some places it is dropped in silence.",
    bad=Example(definition="descripton: Greets.\n" + _STATES),
    good=Example(definition="description: Greets.\n" + _STATES),
)
unknown_value = Rule(
    name="unknown-value",
    summary="A value that is none of those the DSL allows.",
    reason="Only the values of the specification mean something.",
    engine="The build ends with an exception of the parser.",
    bad=Example(definition="states:\n  - {name: Begin, type: injct, data: {greeting: Hello}, end: true}"),
    good=Example(definition=_STATES),
)
wrong_type = Rule(
    name="wrong-type",
    summary="A list where a map belongs, and so on; a warning where a number stands for the text of a string.",
    reason="`version: 1.10` is the number 1.1: what was written is not what is read.",
    engine="It converts what it can, and its build ends where it cannot.",
    bad=Example(definition="version: 1.10"),
    good=Example(definition='version: "1.10"'),
)
chart_files = Rule(
    name="chart-files",
    summary="A file of the workflow's `chart/` that clashes with a generated one, or has no place in a chart.",
    reason="One of the two files of one path would be lost.",
    engine="It knows nothing of charts.",
    bad=Example(files={"chart/templates/sonataflow.yaml": "a: 1\n"}),
    good=Example(files={"chart/templates/route.yaml": "a: 1\n"}),
)
chart_name = Rule(
    name="chart-name",
    summary="A folder whose chart Helm could not switch on, or two folders that make one chart.",
    reason="Helm reads a condition as a path of keys, and an umbrella has one value a chart.",
    engine="It knows nothing of charts.",
    bad=Example(commands=("cd .. && mv example global",)),
    good=Example(definition=_STATES),
)
release_size = Rule(
    name="release-size",
    summary="A chart whose release Helm could not store.",
    reason="Helm keeps a release in one Secret, which holds at most 1 MiB.",
    engine="It knows nothing of charts.",
    bad=Example(
        commands=(
            "mkdir -p specs schemas",
            "head -c 700000 /dev/urandom | base64 -w0 >specs/large.yaml",
            "head -c 700000 /dev/urandom | base64 -w0 >schemas/large.json",
        )
    ),
    good=Example(definition=_STATES),
)
