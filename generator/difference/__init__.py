"""What is different between two versions of a workflow, whom it concerns, and what waiting instances trip over."""

from generator.difference.change import Change, Difference, Hazard, Impact, Kind, Topic, summary
from generator.difference.compare import appeared, compare, vanished
from generator.difference.side import Side, side_of_chart, side_of_workflow

__all__ = [
    "Change",
    "Difference",
    "Hazard",
    "Impact",
    "Kind",
    "Side",
    "Topic",
    "appeared",
    "compare",
    "side_of_chart",
    "side_of_workflow",
    "summary",
    "vanished",
]
