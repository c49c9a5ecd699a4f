"""Where references inside a document lead."""

from __future__ import annotations

from typing import Any

import pytest

from generator.text.json_pointer import inside

DOCUMENT: dict[str, Any] = {"definitions": {"a/b": {"type": "string"}, "c d": {"type": "number"}}, "enum": ["x"]}


@pytest.mark.parametrize(
    ("reference", "found"),
    [
        ("#", DOCUMENT),
        ("#/enum", ["x"]),
        ("#/definitions/a~1b", {"type": "string"}),
        ("#/definitions/c%20d", {"type": "number"}),
        ("#/definitions/none", None),
        ("#anchor", None),
        ("other.json", None),
        ("other.json#/enum", None),
    ],
)
def test_a_reference_leads_to_a_part_of_its_own_document_and_nowhere_else(reference: str, found: Any) -> None:
    assert inside(DOCUMENT, reference) == found
