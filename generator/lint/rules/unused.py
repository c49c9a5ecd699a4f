"""Rules of what is unused: it misleads readers, and often a reference to it is misspelt."""

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


def _unused(target: Target, engine: str, declared: str, used: str, files: Mapping[str, str] | None = None) -> Rule:
    """The rule that everything of a kind is used somewhere in its definition."""

    def check(workflow: Workflow) -> Iterator[Found]:
        for definition in workflow.definitions():
            known = frozenset(definition.declared(target))
            named = {reference.name for reference in definition.references if reference.target == target}
            if not named <= known:
                continue  # one of the unknown names is most likely a misspelt one of these
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
        find=check,
    )


_FUNCTION: Final = 'functions:\n  - {name: greet, type: custom, operation: "rest:post:/greet"%s}\n'

unused_function = _unused(
    "function",
    "The engine calls nothing, but still generates a client from the function's spec.",
    '{name: greet, type: custom, operation: "rest:post:/greet"}',
    _BEGIN % "operation, actions: [{functionRef: greet}]",
)
unused_event = _unused(
    "event",
    "Nothing listens for it, and nothing sends it.",
    "{name: approved, source: desk, type: com.example.approved}",
    _BEGIN % "event, onEvents: [{eventRefs: [approved], actions: []}]",
)
unused_error = _unused(
    "error",
    "Nothing handles the error: it ends the run.",
    '{name: notFound, code: "404"}',
    _FUNCTION % "" + _BEGIN % "operation, actions: [{functionRef: greet}], onErrors: [{errorRef: notFound, end: true}]",
)
unused_retry = _unused(
    "retry",
    "Nothing is retried.",
    "{name: thrice, delay: PT1S, maxAttempts: 3}",
    _FUNCTION % "" + _BEGIN % "operation, actions: [{functionRef: greet, retryRef: thrice}]",
)
unused_auth = _unused(
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


#: What a spec or a schema says near its beginning.
_SAYS_WHAT_IT_IS: Final = re.compile(rb"openapi|swagger|asyncapi|\$schema|\"type\"|\btype:")
_BEGINNING: Final = 1000


def _is_spec_or_schema(workflow: Workflow, path: str) -> bool:
    inner = path.removeprefix("subflows/")
    return (
        inner.startswith(("specs/", "schemas/"))
        and inner.endswith((".json", ".yaml", ".yml"))
        and _SAYS_WHAT_IT_IS.search(workflow.mounted[path][:_BEGINNING]) is not None
    )


def _misses_a_file(workflow: Workflow) -> bool:
    """Whether a definition names a file that is not there: most likely a misspelt one of those that are."""
    return any(
        workflow.source.resolve(reference, definition.base).missing
        for definition in workflow.definitions()
        for _, reference in file_references(definition)
    )


_ENDING: Final = re.compile(rb"\.(?:json|ya?ml)")
#: What ends a file's name to the left.
_BEFORE: Final = re.compile(rb"[^-\w.+@ ]")
_MAX_NAME: Final = 255


def _named_files(workflow: Workflow) -> dict[str, set[str]]:
    """Base names of files that are named anywhere, to the files that name them."""
    named: dict[str, set[str]] = {}
    for path, data in workflow.source.resources.items():
        for ending in _ENDING.finditer(data):
            name = _BEFORE.split(data[max(0, ending.start() - _MAX_NAME) : ending.end()])[-1]
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
        if any(not any(_covers(name, one) for name in listed) for one in definition.secrets):
            continue  # unlisted-secret: the name is most likely misspelt
        for index, name in enumerate(listed):
            at = definition.position_of("secrets", index)
            if name and not any(one and _covers(name, one) for one in read) and at.path == definition.path:
                yield Found(at=at, message=f"nothing reads the secret '{name}' as '$SECRET.{name}'; remove it")


def _covers(listed: str, read: str) -> bool:
    """Whether a listed secret is the property that an expression reads, or a name that it begins with."""
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
            if not any(_covers(one, name) for one in listed):
                message = f"the secret '{name}', which an expression reads, is not listed; add it"
                yield Found(at=definition.position_of("secrets"), message=message)
        for index, auth in enumerate(definition.flow.get("auth", ())):
            secret = auth.get("properties", {}).get("secret")
            if secret and secret not in listed:
                at = definition.position_of("auth", index, "properties", "secret")
                yield Found(at=at, message=f"'secrets' does not list '{secret}'; add it there")
