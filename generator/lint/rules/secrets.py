"""Rules about credentials in committed files."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from generator.findings.finding import Severity
from generator.lint.rule import Example, Found, rule
from generator.workflow.credentials import CREDENTIAL, LOOKED_AT, URL_CREDENTIAL
from generator.workflow.properties import Property, literals
from generator.workflow.workflow import Workflow

#: The endings of keys whose value is a credential, in all spellings: `api-key`, `API_KEY`, `apiKey`.
_CREDENTIAL_KEY: Final = re.compile(
    r"(^|[._-])(?i:password|passwd|secret|token|api[-_]?key|private[-_]?key)$"
    r"|[a-z0-9](Password|Passwd|Secret|Token|ApiKey|PrivateKey)$"
)


def _credential(entry: Property) -> int | None:
    """Return the offset of a literal credential in a value, or None if there is none."""
    found = _unmistakable(entry)
    if found is None and _CREDENTIAL_KEY.search(entry.bare_key):
        pieces = (offset for offset, piece in literals(entry.value) if piece.lower() not in ("true", "false"))
        found = next(pieces, None)
    return found


def _unmistakable(entry: Property) -> int | None:
    """Return the offset of text in a value that can only be a credential, whatever its key, or None."""
    for offset, whole in literals(entry.value):
        piece = whole[:LOOKED_AT]
        if match := CREDENTIAL.search(piece):
            return offset + match.start()
        if match := URL_CREDENTIAL.search(piece):
            return offset + match.start("secret")
    return None


@rule(
    "credential",
    severity=Severity.WARNING,
    reason="application.properties is committed, and is part of the image and of a ConfigMap, where many can read it.",
    consequence="The workflow runs, but the credential is no longer a secret.",
    bad=Example(files={"application.properties": "tickets.password=hunter2\n"}),
    good=Example(
        files={
            "application.properties": "tickets.password=${TICKETS_PASSWORD}\n",
            "secret.properties": "TICKETS_PASSWORD=\n",
        }
    ),
)
def credential(workflow: Workflow) -> Iterator[Found]:
    """A password, a token or a key in application.properties."""
    properties = workflow.properties
    production = {id(entry) for entry in properties.in_production()} if properties else set()
    for entry in properties.entries if properties else ():
        offset = _credential(entry) if id(entry) in production else _unmistakable(entry)
        if properties and offset is not None:
            name = re.sub(r"[^A-Za-z0-9]+", "_", entry.bare_key).upper()
            what = f"the value of '{entry.bare_key}' is a credential"
            message = f"{what}; write ${{{name}}}, and put {name}= into secret.properties"
            yield Found(at=properties.at_value(entry, offset), message=message)


@rule(
    "committed-secret",
    severity=Severity.WARNING,
    reason="secret.properties is committed for its keys, and git keeps forever whatever was committed.",
    consequence="The engine never sees the value: secret.properties is not in the image.",
    bad=Example(files={"secret.properties": "tickets.token=glpat-xxxxxxxxxxxxxxxxxxxx\n"}),
    good=Example(files={"secret.properties": "tickets.token=\n"}),
)
def committed_secret(workflow: Workflow) -> Iterator[Found]:
    """A value in secret.properties that looks like a credential."""
    if (secrets := workflow.secrets) is not None:
        for entry in secrets.entries:
            if (offset := _unmistakable(entry)) is not None:
                message = f"the value of '{entry.bare_key}' is a real credential; leave it empty, and have it revoked"
                yield Found(at=secrets.at_value(entry, offset), message=message)
