"""Rules about diagrams of workflows, which `waybill diagram` reports instead of lint."""

from __future__ import annotations

from typing import Final

from generator.lint.rule import Example, Rule

_STATES: Final = """\
for n in $(seq {number}); do
  echo "  - {{name: S$n, type: inject, data: {{a: 1}}, end: true}}"
done >>example.sw.yaml"""

diagram_size = Rule(
    name="diagram-size",
    summary="A workflow with more than 400 states and ends, which a picture cannot show.",
    reason="Nobody can read such a picture, and its layout takes minutes. Subflows have pictures of their own.",
    consequence="The engine runs the workflow; the limit applies to pictures alone.",
    bad=Example(commands=(_STATES.format(number=400),)),
    good=Example(commands=(_STATES.format(number=40),)),
    reported_by=("waybill diagram example",),
)
