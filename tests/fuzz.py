"""Feeds arbitrary bytes to the readers, and to all of lint: nothing but a WaybillError may come out.

`nox -s fuzz -- --seconds 30`; what breaks a reader is left as `crash-…` in the current folder.
"""

from __future__ import annotations

import argparse
import copy
import json
import random
import sys
import tempfile
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any, Final

import atheris
import yaml

with atheris.instrument_imports(include=["generator"]):
    from generator.compatibility.matrix import known_matrix, read_matrix
    from generator.compatibility.table import markdown
    from generator.findings.errors import WaybillError
    from generator.lint.linter import lint, lint_together
    from generator.lint.rule import Repository
    from generator.text import yaml_reader
    from generator.workflow import properties
    from generator.workflow.folder import SharedFiles, Source
    from generator.workflow.workflow import read_workflow

#: A definition to begin with, and to come back to: each part of it is somebody's input.
SEED: Final = b"""\
id: example
version: "1.0"
specVersion: "0.8"
name: An example
start: Begin
dataInputSchema: schemas/input.json
timeouts: {workflowExecTimeout: PT1H, eventTimeout: PT5M}
annotations: ["workflow-type/infrastructure"]
secrets: [token]
errors: [{name: notFound, code: "404"}]
retries: [{name: thrice, delay: PT1S, maxAttempts: 3}]
events: [{name: approved, source: desk, type: com.example.approved}]
functions:
  - {name: ask, operation: specs/desk.yaml#ask}
  - {name: done, type: expression, operation: '{result: {message: ("Done " + .name), outputs: [{key: "a", value: 1}]}}'}
states:
  - name: Begin
    type: operation
    actions: [{functionRef: {refName: ask, arguments: {name: .name}}, retryRef: thrice, sleep: {before: PT1S}}]
    onErrors: [{errorRef: notFound, transition: Finish}]
    compensatedBy: Undo
    transition: Choose
  - name: Choose
    type: switch
    dataConditions: [{condition: "${ .a > 1 }", transition: Wait}]
    defaultCondition: {transition: Finish}
  - {name: Wait, type: event, onEvents: [{eventRefs: [approved], actions: []}], transition: Choose}
  - {name: Undo, type: inject, data: {a: 1}, usedForCompensation: true}
  - {name: Finish, type: operation, actions: [{functionRef: done}, {subFlowRef: child}], end: true}
"""
SCHEMA: Final = b'{"type": "object", "properties": {"name": {"$ref": "other.json", "ui:widget": "text", "default": 1}}}'
SPEC: Final = b"""\
openapi: 3.0.3
info: {title: Desk, version: "1"}
servers: [{url: "http://desk.example/v1"}]
paths:
  /ask:
    post:
      operationId: ask
      parameters: [{name: id, in: query, required: true, schema: {$ref: "#/components/schemas/Id"}}]
components: {schemas: {Id: {type: string, anyOf: [{$ref: "#/components/schemas/Id"}]}}}
"""
PROPERTIES: Final = b"quarkus.rest-client.desk_yaml.url=${DESK_URL:http://localhost:80}\n%dev.a\\u0041=${b}\n"
CHILD: Final = SEED.replace(b"id: example", b"id: child")
FILES: Final = {
    "example.sw.yaml": SEED,
    "schemas/input.json": SCHEMA,
    "schemas/other.json": b'{"$ref": "input.json"}',
    "specs/desk.yaml": SPEC,
    "application.properties": PROPERTIES,
    "secret.properties": b"token=\n",
    "subflows/child.sw.yaml": CHILD,
}


MATRIX: Final = (Path(__file__).parent.parent / "compatibility.yaml").read_bytes()


def all_of_lint(path: str, data: bytes) -> None:
    """Lint a folder in which one file holds the given bytes."""
    resources = {**FILES, path: data}
    source = Source(
        name="example",
        path="workflows/example",
        definition="example.sw.yaml",
        resources=resources,
        inputs=dict.fromkeys(resources, "0"),
        overlay={},
        shared=SharedFiles(files={}),
    )
    workflow = read_workflow(source)
    lint(workflow)
    lint_together(Repository(workflows=[workflow], complete=True))


#: What stands where something else belongs.
ODD: Final[tuple[Any, ...]] = (
    *(None, True, False, 0, -1, 10**30, 1.5, "", " ", "${", "${ .a }", ".a.b[0]", "{result: {outputs: 1}}", "Begin"),
    *(
        "../x",
        "#/a",
        "child",
        "PT1S",
        "\x1b[31m",
        "a\nb",
        "<b>|",
        [],
        {},
        [[]],
        [{}],
        {"": ""},
        ["Begin"],
        {"name": "Begin"},
    ),
)


def shuffled(read: Callable[[bytes], object], seed: bytes, data: bytes) -> None:
    """Read a file in which values have changed places, or have become something odd."""
    chance = random.Random(data)  # noqa: S311 - a repeatable choice, no secret
    tree = yaml.load(seed, yaml.CSafeLoader)
    for _ in range(chance.randint(1, 6)):
        places = list(inner_places(tree))
        owner, key = chance.choice(places)
        other, other_key = chance.choice(places)
        match chance.randrange(4):
            case 0:
                owner[key] = copy.deepcopy(chance.choice(ODD))
            case 1:
                owner[key] = copy.deepcopy(other[other_key])
            case 2 if isinstance(owner, dict):
                owner[chance.choice([str(other_key), "x", "$ref", "ui:widget", "type", "end"])] = owner.pop(key)
            case _:
                del owner[key]
        if not tree or not list(inner_places(tree)):
            return
    read(json.dumps(tree).encode())


def inner_places(tree: Any) -> Iterator[tuple[Any, Any]]:
    """Every map or list with each of its keys."""
    for key in list(tree) if isinstance(tree, dict) else range(len(tree)) if isinstance(tree, list) else ():
        yield tree, key
        yield from inner_places(tree[key])


def matrix(data: bytes) -> None:
    """Read a compatibility.yaml, and show it."""
    read = read_matrix(data, "compatibility.yaml", known=known_matrix())
    markdown(read)
    for row in read.rows:
        row.versions.first()


#: What is fed: what reads the bytes, or makes its choices by them.
TARGETS: Final[tuple[Callable[[bytes], object], ...]] = (
    lambda data: yaml_reader.parse(data, "a.yaml"),
    lambda data: yaml_reader.parse(data, "a.json"),
    lambda data: properties.parse_properties(data, "application.properties"),
    matrix,
    *(partial(all_of_lint, path) for path in FILES),
    partial(shuffled, matrix, MATRIX),
    *(
        partial(shuffled, partial(all_of_lint, path), seed)
        for path, seed in FILES.items()
        if not path.endswith(".properties")
    ),
)


def feed(data: bytes) -> None:
    """One try: the first byte chooses who reads the others."""
    try:
        TARGETS[data[0] % len(TARGETS) if data else 0](data[1:])
    except WaybillError:
        return


def main() -> None:
    """Fuzz for some seconds, beginning with the files of the example."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--seconds", type=int, default=60)
    seconds = options.parse_args().seconds
    with tempfile.TemporaryDirectory() as folder:
        seeds = [SEED, SCHEMA, PROPERTIES, MATRIX, *FILES.values()]
        for index in range(len(TARGETS)):
            (Path(folder) / str(index)).write_bytes(bytes([index]) + (seeds[index] if index < len(seeds) else b"0"))
        limits = [f"-max_total_time={seconds}", "-timeout=10", "-rss_limit_mb=1024", "-max_len=8192", "-len_control=0"]
        atheris.Setup([sys.argv[0], folder, *limits], feed)
        atheris.Fuzz()


if __name__ == "__main__":
    main()
