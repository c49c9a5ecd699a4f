"""Registers all rules, by subject and by name."""

from __future__ import annotations

from collections.abc import Mapping
from types import ModuleType
from typing import Final

from generator.lint import suppressions
from generator.lint.rule import Rule
from generator.lint.rules import (
    calls,
    compatibility,
    configuration,
    diagrams,
    dsl,
    durations,
    engine,
    expressions,
    files,
    form_widgets,
    forms,
    graph,
    kubernetes,
    orchestrator,
    packages,
    references,
    runs,
    scalars,
    schemas,
    secrets,
    services,
    states,
    subflows,
    unused,
    workflow_data,
)

#: The modules with rules, in the order of the documentation.
_MODULES: Final[tuple[ModuleType, ...]] = (
    files,
    dsl,
    scalars,
    durations,
    states,
    graph,
    references,
    subflows,
    unused,
    calls,
    services,
    expressions,
    workflow_data,
    configuration,
    secrets,
    schemas,
    forms,
    form_widgets,
    orchestrator,
    kubernetes,
    engine,
    suppressions,
    compatibility,
    packages,
    diagrams,
    runs,
)
#: The titles of subjects that differ from the module's name.
_TITLES: Final = {
    "dsl": "DSL",
    "workflow_data": "Workflow data",
    "form_widgets": "Form widgets",
    "packages": "Packages and indexes",
}


def _title(module: ModuleType) -> str:
    name = module.__name__.rpartition(".")[2]
    return _TITLES.get(name, name.capitalize())


#: The rules by subject, in the order of the documentation.
SUBJECTS: Final[Mapping[str, tuple[Rule, ...]]] = {
    _title(module): tuple(r for r in vars(module).values() if isinstance(r, Rule)) for module in _MODULES
}
#: All rules by name.
RULES: Final[Mapping[str, Rule]] = {rule.name: rule for rules in SUBJECTS.values() for rule in rules}
