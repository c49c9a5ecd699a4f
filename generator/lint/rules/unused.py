"""Rules about unused declarations and files; often a reference to them is misspelt."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator, Mapping
from typing import Final

from generator.findings.finding import Severity
from generator.findings.position import Position
from generator.lint.rule import Example, Found, Rule, rule
from generator.lint.rules.references import SECTIONS, file_references
from generator.workflow.dsl import Target
from generator.workflow.workflow import Workflow

_REASON: Final = "It misleads readers of the definition; often another name was used in its place by mistake."
_BEGIN: Final = "states:\n  - {name: Begin, type: %s, end: true}"
_INJECT: Final = _BEGIN % "inject, data: {greeting: Hello}"


def _unused_rule(target: Target, engine: str, declared: str, used: str, files: Mapping[str, str] | None = None) -> Rule:
    """Return the rule that all declarations of a kind are used in their definition."""

    def find(workflow: Workflow) -> Iterator[Found]:
        for definition in workflow.definitions():
            known = frozenset(definition.declared(target))
            named = {reference.name for reference in definition.references if reference.target == target}
            if not named <= known:
                continue  # An unknown name is probably a misspelling of an unused one.
            for declaration in definition.declarations:
                here = declaration.at.path == definition.path
                if declaration.target == target and declaration.name not in named and here:
                    message = f"nothing uses the {target} '{declaration.name}'; use it, or remove it"
                    yield Found(at=declaration.at, message=message)

    return Rule(
        name=f"unused-{target}",
        summary=f"{'An' if target[0] in 'aeiou' else 'A'} {target} that the definition declares but does not use.",
        reason=_REASON,
        consequence=engine,
        bad=Example(definition=f"{SECTIONS[target]}:\n  - {declared}\n{_INJECT}", files=files or {}),
        good=Example(definition=f"{SECTIONS[target]}:\n  - {declared}\n{used}", files=files or {}),
        severity=Severity.WARNING,
        find=find,
    )


_FUNCTION: Final = 'functions:\n  - {name: greet, type: custom, operation: "rest:post:/greet"%s}\n'

unused_function = _unused_rule(
    "function",
    "The engine calls nothing, but still generates a client from the function's spec.",
    '{name: greet, type: custom, operation: "rest:post:/greet"}',
    _BEGIN % "operation, actions: [{functionRef: greet}]",
)
unused_event = _unused_rule(
    "event",
    "Nothing listens for it, and nothing sends it.",
    "{name: approved, source: desk, type: com.example.approved}",
    _BEGIN % "event, onEvents: [{eventRefs: [approved], actions: []}]",
)
unused_error = _unused_rule(
    "error",
    "Nothing handles the error: it ends the run.",
    '{name: notFound, code: "404"}',
    _FUNCTION % "" + _BEGIN % "operation, actions: [{functionRef: greet}], onErrors: [{errorRef: notFound, end: true}]",
)
unused_retry = _unused_rule(
    "retry",
    "Nothing is retried.",
    "{name: thrice, delay: PT1S, maxAttempts: 3}",
    _FUNCTION % "" + _BEGIN % "operation, actions: [{functionRef: greet, retryRef: thrice}]",
)
unused_auth = _unused_rule(
    "auth",
    "No call authenticates with it.",
    '{name: login, scheme: basic, properties: {username: ada, password: "${ $SECRET.password }"}}',
    _FUNCTION % ", authRef: login" + _BEGIN % "operation, actions: [{functionRef: greet}]",
    {"secret.properties": "password=\n"},
)


@rule(
    "unused-file",
    severity=Severity.WARNING,
    reason="A spec or a schema that nothing references is published for nothing, or a reference is misspelt.",
    consequence="The engine does not use it; the file is part of the image and of a ConfigMap.",
    bad=Example(files={"schemas/input.json": '{"type": "object"}'}),
    good=Example(
        definition="dataInputSchema: schemas/input.json",
        files={"schemas/input.json": '{"type": "object", "title": "Greeting", "description": "Whom to greet."}'},
    ),
)
def unused_file(workflow: Workflow) -> Iterator[Found]:
    """A file in specs/ or schemas/ that no other file of the folder references."""
    if workflow.source.quarkus or _misses_a_file(workflow):
        return
    named = _named_files(workflow)
    for path in sorted(workflow.mounted):
        name = posixpath.basename(path)
        if _is_spec_or_schema(workflow, path) and not named.get(name, set()) - {path}:
            at = Position(path=workflow.source.shown(path))
            yield Found(at=at, message="no other file references this one; reference it, or remove it")


#: Text near the beginning of specs and schemas.
_FORMAT_HINT: Final = re.compile(rb"openapi|swagger|asyncapi|\$schema|\"type\"|\btype:")
_HINT_LENGTH: Final = 1000


def _is_spec_or_schema(workflow: Workflow, path: str) -> bool:
    inner = path.removeprefix("subflows/")
    return (
        inner.startswith(("specs/", "schemas/"))
        and inner.endswith((".json", ".yaml", ".yml"))
        and _FORMAT_HINT.search(workflow.mounted[path][:_HINT_LENGTH]) is not None
    )


def _misses_a_file(workflow: Workflow) -> bool:
    """Return whether a definition refers to a missing file, which is probably a misspelling of an unused one."""
    return any(
        workflow.source.resolve(reference, definition.base).missing
        for definition in workflow.definitions()
        for _, reference in file_references(definition)
    )


_EXTENSION: Final = re.compile(rb"\.(?:json|ya?ml)")
#: A character that cannot be in a file name.
_NOT_IN_NAMES: Final = re.compile(rb"[^-\w.+@ ]")
_MAX_NAME: Final = 255


def _named_files(workflow: Workflow) -> dict[str, set[str]]:
    """Return the base names in the text of files, with the paths of the files in which they occur."""
    named: dict[str, set[str]] = {}
    for path, data in workflow.source.resources.items():
        for ending in _EXTENSION.finditer(data):
            name = _NOT_IN_NAMES.split(data[max(0, ending.start() - _MAX_NAME) : ending.end()])[-1]
            text = name.decode(errors="replace").strip()
            for tail in (text, text.rpartition(" ")[2]):
                named.setdefault(tail, set()).add(path)
    return named


_READS_A_SECRET: Final = (
    'functions:\n  - {name: login, type: expression, operation: "{password: (\\"\\" + $SECRET.password)}"}\n'
    + _BEGIN % "operation, actions: [{functionRef: login}]"
)


@rule(
    "unused-secret",
    severity=Severity.WARNING,
    reason=_REASON,
    consequence="The engine reads `$SECRET.name` from the configuration, whether the definition lists the name or not.",
    bad=Example(definition="secrets: [password]\n" + _INJECT),
    good=Example(
        definition="secrets: [password]\n" + _READS_A_SECRET,
        files={"secret.properties": "password=\n"},
    ),
)
def unused_secret(workflow: Workflow) -> Iterator[Found]:
    """A secret that the definition lists but no expression reads."""
    for definition in workflow.definitions():
        listed = definition.flow.get("secrets", ())
        read = {*definition.secrets, *(a.get("properties", {}).get("secret") for a in definition.flow.get("auth", ()))}
        if any(not any(_covers(name, secret) for name in listed) for secret in definition.secrets):
            continue  # unlisted-secret: the name is probably misspelt.
        for index, name in enumerate(listed):
            at = definition.position_of("secrets", index)
            if name and not any(secret and _covers(name, secret) for secret in read) and at.path == definition.path:
                yield Found(at=at, message=f"nothing reads the secret '{name}' as '$SECRET.{name}'; remove it")


def _covers(listed: str, read: str) -> bool:
    """Return whether a listed secret is the property that an expression reads, or a parent of it."""
    return listed == read or read.startswith(f"{listed}.")


@rule(
    "unlisted-secret",
    severity=Severity.WARNING,
    reason="Readers expect a definition that lists secrets to list all of them.",
    consequence="The engine still reads `$SECRET.name` from the configuration; without a value, the expression fails.",
    bad=Example(
        definition="secrets: [pasword]\n" + _READS_A_SECRET,
        files={"secret.properties": "password=\n"},
    ),
    good=Example(
        definition="secrets: [password]\n" + _READS_A_SECRET,
        files={"secret.properties": "password=\n"},
    ),
)
def unlisted_secret(workflow: Workflow) -> Iterator[Found]:
    """A secret that an expression reads but the definition, which lists others, does not list."""
    for definition in workflow.definitions():
        listed = definition.flow.get("secrets", ())
        for name in definition.secrets if listed else ():
            if not any(_covers(listed_name, name) for listed_name in listed):
                message = f"the secret '{name}', which an expression reads, is not listed; add it"
                yield Found(at=definition.position_of("secrets"), message=message)
        for index, auth in enumerate(definition.flow.get("auth", ())):
            secret = auth.get("properties", {}).get("secret")
            if secret and secret not in listed:
                at = definition.position_of("auth", index, "properties", "secret")
                yield Found(at=at, message=f"'secrets' does not list '{secret}'; add it there")
