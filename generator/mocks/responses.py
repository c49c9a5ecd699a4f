"""Generates a service's response from its OpenAPI file: the example of a success, or a value that fits its schema."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from generator.contracts.json_schema import JsonSchema, OpenApiSchemas
from generator.contracts.openapi import Operation, Spec
from generator.contracts.samples import example

#: The codes of a success without a specific status, by priority; `default` is last, because it is often an error.
_FALLBACK_CODES: Final = ("2XX", "2xx", "default")


@dataclass(frozen=True, kw_only=True)
class Success:
    """The success response of an operation with the lowest status; `media_type` is "" if it has no body.

    `value` is the body, `schema` its schema in the spec. `given` says that the value is an example from the spec.
    """

    status: int
    media_type: str = ""
    value: Any = None
    schema: JsonSchema | None = None
    given: bool = False


def success(spec: Spec, operation: Operation) -> Success:
    """Return the success response of an operation, or status 200 without a body if the spec has none."""
    item = spec.resolved(spec.content["paths"][operation.path])
    responses = item[operation.method.lower()].get("responses")
    by_code = {str(code): one for code, one in responses.items()} if isinstance(responses, dict) else {}
    codes = sorted(code for code in by_code if re.fullmatch("2[0-9][0-9]", code))
    code = next((code for code in (*codes, *_FALLBACK_CODES) if code in by_code), None)
    if code is None:
        return Success(status=200)
    status = int(code) if code.isdigit() else 200
    return _success(spec, status, spec.resolved(by_code[code]), item[operation.method.lower()])


def _success(spec: Spec, status: int, response: Mapping[str, Any], operation: Mapping[str, Any]) -> Success:
    media = response.get("content")
    if "schema" in response or "examples" in response:
        media = _swagger_media(spec, response, operation)
    if not isinstance(media, dict) or not media:
        return Success(status=status)
    media_type = next((one for one in media if is_json(one)), next(iter(media)))
    body = media[media_type] if isinstance(media[media_type], dict) else {}
    schema = OpenApiSchemas(content=spec.content).schema(body["schema"]) if "schema" in body else None
    given = [*_examples(spec, body)]
    if given:
        return Success(status=status, media_type=media_type, value=given[0], schema=schema, given=True)
    value = example(schema) if schema else {}
    return Success(status=status, media_type=media_type, value=value, schema=schema)


def _swagger_media(spec: Spec, response: Mapping[str, Any], operation: Mapping[str, Any]) -> dict[str, Any]:
    """Return a response of OpenAPI 2.0 as the media types of OpenAPI 3, each with the schema and its example."""
    examples = response.get("examples")
    examples = examples if isinstance(examples, dict) else {}
    produces = operation.get("produces", spec.content.get("produces"))
    names = [str(one) for one in produces] if isinstance(produces, list) else []
    body = {"schema": response["schema"]} if "schema" in response else {}
    return {
        name: {**body, **({"example": examples[name]} if name in examples else {})}
        for name in dict.fromkeys([*examples, *names]) or ["application/json"]
    }


def _examples(spec: Spec, body: Mapping[str, Any]) -> Iterator[Any]:
    if "example" in body:
        yield body["example"]
    named = body.get("examples")
    for one in named.values() if isinstance(named, dict) else ():
        resolved = spec.resolved(one)
        if "value" in resolved:
            yield resolved["value"]


def is_json(media_type: str) -> bool:
    """Return whether a body of this type is JSON (RFC 6839: `+json`)."""
    essence = media_type.partition(";")[0].strip().lower()
    return essence in ("application/json", "*/*", "application/*") or essence.endswith("+json")
