"""Starts an instance over HTTP, and explains the engine's errors."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import Any, Final

from generator.findings.errors import OutputError
from generator.workflow.definition import Definition
from pipeline.system.http import send
from pipeline.system.http_request import Request

#: The beginning of the engine's message about input or output that does not match its schema.
_SCHEMA_ERRORS: Final = "JsonSchema validation errors"
OUTPUT_MISFIT: Final = "the output does not match"
#: Advice by a part of the engine's message (shared/tools/engine documents how each was observed).
_ADVICE: Final = (
    ("Could not find work item handler", "a function names an operation that its spec does not have"),
    ("Unable to evaluate content", "an expression does not compile, or meets a value of another type"),
    ("net.thisptr.jackson.jq", "an expression does not compile, or meets a value of another type"),
    ("Unable to determine the proper baseUr", "the variable of a service's address has no value"),
    ("annotated with", "a call has no value for an argument that its operation needs"),
    (OUTPUT_MISFIT, "change the data that the workflow ends with, or the schema"),
    (_SCHEMA_ERRORS, "the input does not match the workflow's schema; set another with --input"),
    ("no start node that matches", "events start this workflow, not a call; explain names them"),
    ("Connection refused", "a service does not respond at its address; check it, or try with --mock"),
    ("UnknownHost", "a service's address does not exist; check it, or try with --mock"),
    ("still in", "allow more time with --timeout, or send the event that it waits for"),
)
#: The most bytes of an instance's final data.
_MAX_REPLY: Final = 100 * 1024 * 1024
_ERROR_LINE: Final = re.compile(r"^.*(?:ERROR|Exception|Caused by:).*$", re.MULTILINE)


@dataclass(frozen=True, kw_only=True)
class Reply:
    """The engine's response to the start; `instance` and `data` are only set if it was accepted."""

    status: int
    instance: str = ""
    data: Any = None
    message: str = ""


def post(address: str, value: Any) -> Reply:
    """Start an instance; the engine responds when it has ended, or waits."""
    headers = {"Content-Type": "application/json", "Accept": "application/json"}
    body = json.dumps(value).encode()
    request = Request(
        method="POST", url=address, headers=headers, body=body, limit=_MAX_REPLY, silence=None, patience=None
    )
    try:
        answer = send(request)
    except OutputError as error:
        return Reply(status=599, message=f"the engine does not respond: {error}")
    status, text = answer.status, answer.body.decode(errors="replace")
    try:
        content = json.loads(text)
    except ValueError:
        content = None
    if not isinstance(content, dict):
        return Reply(status=status, message=f"the engine responded with {status}: {text[:500]}")
    return Reply(
        status=status,
        instance=str(content.get("id", "")),
        data=content.get("workflowdata"),
        message=str(content.get("message") or f"the engine responded with {status}"),
    )


def advice(reason: str) -> str:
    """Return what to do about an error of the engine, or ""."""
    return next((what for text, what in _ADVICE if text in reason), "")


def blaming_the_output(reason: str, definition: Definition) -> str:
    """Return the reason for a failure after the first state, naming the output schema if that is what did not match.

    The engine validates input before the first state and output after the last one, with the same message.
    """
    schema = definition.output_schema
    _, found, said = reason.partition(_SCHEMA_ERRORS)
    if schema is None or not found:
        return reason
    misfits = "; ".join(line.strip() for line in said.lstrip(":").splitlines() if line.strip())
    return f"{OUTPUT_MISFIT} {schema or 'the output schema'}: {misfits}"


def reason_in(log: str) -> str:
    """Return the last line with an error in a log, or ""."""
    lines = _ERROR_LINE.findall(log)
    return lines[-1].strip() if lines else ""
