"""Disagreements between lint and its judges that are understood, each with its reason."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

from tests.engine.agreement.agreement import Judged

_INPUT: Final = "it needs numbers in its input, and no schema says so"
_KAFKA: Final = "its AsyncAPI file asks for Kafka's connector, which the application here does not have"
_NO_MATCH: Final = "no condition of a switch matches the input, and there is no default: lint warns of it"
_NOT_REACHED: Final = "it fails where it is evaluated, and one start does not get there"
_DATA: Final = "the data is no longer what an expression or a schema expects: lint runs no expressions"
#: Folder to why lint is right about it, or cannot know.
FOLDERS: Final[Mapping[str, str]] = {
    "ex-serverless-workflow-compensation-quarkus": _NO_MATCH,
    "ex-serverless-workflow-order-processing-fraud-handling-yaml": _NO_MATCH,
    "ex-sonataflow-fluent-division-json": _INPUT,
    "rt-builder-exec-expression-json": _INPUT,
    "rt-it-division-json": _INPUT,
    "rt-it-asyncconsumer-json": _KAFKA,
    "rt-it-eventwitherror-json": _KAFKA,
    "rt-it-customfunction-json": "the namespace of its function needs an add-on: lint warns of it",
}
#: What a variant's disagreement says, to why lint is right, or cannot know.
VARIANTS: Final[Mapping[str, str]] = {
    r"\.(condition|data): false (invalid-expression|unknown-jq-function)": _NOT_REACHED,
    r"expressionLang: false invalid-expression": _NOT_REACHED,
    r"missed, the engine answers with an error: .*(JsonSchema validation errors|Unable to evaluate content)": _DATA,
    r"inputCollection: false invalid-expression": _NOT_REACHED,
    r"duration: false invalid-duration: 'true'": "the build takes it, and a service keeps it from a run",
    r"package \w+ does not exist": "a script's Java is compiled by the engine alone",
    r"expressionLang: (false unknown-value|missed)": "open: '' is jq to the engine, and true ends its build",
    r"operation: false empty-value": "the engine runs a custom function without an operation",
    r"annotations: false unknown-field: a data input schema": "the engine ignores it; the resource cannot hold it",
    r"rt-it-secure-json, removed: functions: missed": "a namespace needs an add-on: lint warns of it",
    r"missed, the engine answers with an error: .*XOR split could not find": _NO_MATCH,
}


def reason_of(judged: Judged) -> str:
    """Why lint and a judge disagree, where that is known; "" where it is not."""
    by_name = FOLDERS.get(judged.folder.name, "")
    return by_name or next((why for pattern, why in VARIANTS.items() if re.search(pattern, str(judged))), "")
