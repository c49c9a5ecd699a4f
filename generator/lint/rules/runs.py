"""Rules about the input of a local run, which `waybill run` reports instead of lint."""

from __future__ import annotations

from generator.lint.rule import Example, Rule


def _input(text: str) -> Example:
    return Example(
        definition="dataInputSchema: schemas/input.json",
        files={
            "schemas/input.json": """\
{
  "type": "object",
  "properties": {"name": {"type": "string"}},
  "required": ["name"]
}
"""
        },
        repository={"input.yaml": text},
    )


input_ = Rule(
    name="input",
    summary="An input that does not match the workflow's schema; a warning if the definition accepts it.",
    reason="The schema defines what the workflow reads; without it, a wrong value shows late, in an expression or a "
    "call.",
    consequence="The start is refused with status 400: `There are JsonSchema validation errors`.",
    bad=_input("name: 5\n"),
    good=_input("name: Ada\n"),
    reported_by=("waybill run example --mock --input input.yaml",),
)
