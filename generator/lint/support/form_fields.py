"""Finds the `ui:` settings of input schemas, and checks the names in their templates."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from generator.findings.edits import Edit, replaced
from generator.findings.position import Position
from generator.findings.suggestions import did_you_mean, one_of, only_near
from generator.forms.templates import OPENING
from generator.forms.widgets import RESPONSE, FormFacts, Widget, form_facts
from generator.lint.rules.schemas import Schema, described, schemas_of
from generator.text.yaml_reader import Node
from generator.workflow.workflow import Workflow

_UPDATER: Final = "SchemaUpdater"
#: Keywords with which a schema can have properties that are declared elsewhere.
_ELSEWHERE: Final = frozenset(
    {"$ref", "allOf", "anyOf", "oneOf", "if", "dependencies", "dependentSchemas", "patternProperties"}
)
#: A name in a path (lodash's `get`).
_PATH_NAME: Final = re.compile(r"[^.\[\]]+")


@dataclass(frozen=True, kw_only=True)
class Field:
    """A schema with `ui:` settings in an input schema.

    `widget` is a widget of the Orchestrator, or None. `props` is the map `ui:props`, or None.
    """

    schema: Schema
    node: Node
    widget: Widget | None
    props: Node | None

    def given(self) -> Iterator[tuple[str, Node]]:
        """Yield the keys and values of `ui:props`."""
        yield from self.props.value.items() if self.props else ()

    def beside(self, name: str) -> Position:
        """Return the position of a key next to `ui:props`."""
        return self.schema.key(self.node, name)

    def within(self, name: str) -> Position:
        """Return the position of a key in `ui:props`."""
        return self.schema.key(self.props or self.node, name)


def fields_of(workflow: Workflow) -> Iterator[Field]:
    """Yield the schemas with `ui:` settings in the workflow's input schema."""
    for schema in schemas_of(workflow):
        if schema.root and schema.entered:
            for _, node, _ in schema.parts:
                if isinstance(node.value, dict) and any(key.startswith("ui:") for key in node.value):
                    yield field_at(schema, node)


def field_at(schema: Schema, node: Node) -> Field:
    """Return the `ui:` settings of a schema, which must be a map."""
    widget = form_facts().widgets.get(widget_of(node))
    return Field(schema=schema, node=node, widget=widget, props=_map(node, "ui:props"))


def widget_of(node: Node) -> str:
    """Return the `ui:widget` of a schema, or "" if it has none."""
    widget = node.value.get("ui:widget") if isinstance(node.value, dict) else None
    return widget.value if widget and isinstance(widget.value, str) else ""


def _map(node: Node, key: str) -> Node | None:
    child = node.value.get(key)
    return child if child and isinstance(child.value, dict) else None


@dataclass(frozen=True, kw_only=True)
class Fault:
    """What is wrong with a name, and its replacement if there is only one candidate."""

    message: str
    wrong: str = ""
    right: str | None = None

    def edit(self, at: Position, text: str) -> Edit | None:
        """Return the edit that replaces the wrong name in the text, or None if the name or its place is ambiguous."""
        once = self.right is not None and text.count(self.wrong) == 1
        return replaced(at, text, text.replace(self.wrong, self.right or "") if once else None)


class FormNames:
    """The names that templates in a workflow's form can use."""

    def __init__(self, workflow: Workflow) -> None:
        self._facts: FormFacts = form_facts()
        schemas = [schema for schema in schemas_of(workflow) if schema.root and schema.entered]
        self._root = next((schema for schema in schemas if not schema.referred), None)
        #: Whether the form can get fields that no schema declares.
        self._has_dynamic_fields = any(widget_of(node) == _UPDATER for schema in schemas for _, node, _ in schema.parts)

    def fault(self, field: Field, name: str) -> Fault | None:
        """Return what is wrong with a name in a field's template or retrigger, or None."""
        if name != name.strip() or not name:
            stripped = name.strip()
            message = f"blanks belong to the name; write '{OPENING}{stripped or 'current.name'}}}}}'"
            return Fault(message=message, wrong=name, right=stripped or None)
        if name.startswith(RESPONSE):
            return self._response_fault(field, name)
        family, dot, key = name.partition(".")
        families = self._facts.templates
        if family in families and not dot:
            return Fault(message=f"'{family}' alone stands for nothing; write a dot and a name after it")
        if family not in families:
            near = did_you_mean(family, families) or f"; write one of {', '.join(families)}, a dot and a name"
            right = only_near(family, families)
            message = f"the form knows no '{family}'{near}"
            return Fault(message=message, wrong=name, right=f"{right}.{key}" if right and dot else None)
        if family == "current":
            return self._path_fault(key)
        return self._key_fault(family, key)

    def _response_fault(self, field: Field, name: str) -> Fault | None:
        declared = [key for key, _ in field.given() if key.startswith(RESPONSE)]
        if name in declared:
            return None
        help_ = did_you_mean(name, declared, near=0.9) or "; add it"
        return Fault(
            message=f"'{name}' is not in 'ui:props'{help_}", wrong=name, right=only_near(name, declared, near=0.95)
        )

    def _key_fault(self, family: str, key: str) -> Fault | None:
        known = self._facts.templates[family]
        # The id of a provider's API can contain dots.
        last = key.rpartition(".")[2] if family == "customAuthApi" else key
        if not known or last in known:
            return None
        right = only_near(last, known)
        message = f"'{family}' has no '{last}'{one_of(last, known)}"
        return Fault(
            message=message,
            wrong=f"{family}.{key}",
            right=f"{family}.{key.removesuffix(last)}{right}" if right else None,
        )

    def _path_fault(self, path: str) -> Fault | None:
        """Return what is wrong with the path of a form field, or None."""
        if self._root is None or self._root.root is None:
            return None
        declared, node = self._top(), self._root.root
        for index, name in enumerate(_PATH_NAME.findall(path)):
            if index:
                declared = self._inside(node)
            if declared is None:
                return None
            if name not in declared:
                return self._unknown(path, name, declared)
            node = declared[name]
        return None

    def _top(self) -> dict[str, Node] | None:
        """Return the top-level fields of the form, or None if not all are known."""
        part = next((part for part in described(self._root) if not part.path), None) if self._root else None
        if part is None or any({"$ref", "patternProperties"} & node.value.keys() for node in part.schemas):
            return None
        return dict(part.declared()) or None

    def _inside(self, node: Node) -> dict[str, Node] | None:
        """Return the fields in a field, or None if not all are known."""
        if self._has_dynamic_fields or not isinstance(node.value, dict) or _ELSEWHERE & node.value.keys():
            return None
        properties = _map(node, "properties")
        return properties.value if properties else None

    def _unknown(self, path: str, name: str, declared: Iterable[str]) -> Fault:
        known = [*declared]
        elsewhere = self._paths_to(name) if path.split(".", maxsplit=1)[0] == name else []
        if len(elsewhere) == 1:
            right = path.replace(name, elsewhere[0], 1)
            message = f"the form has no '{name}' at its top; did you mean 'current.{right}'?"
            return Fault(message=message, wrong=f"current.{path}", right=f"current.{right}")
        near = only_near(name, known)
        help_ = did_you_mean(name, known) or "; name a field, as in 'current." + known[0] + "'"
        right_path = f"current.{path.replace(name, near, 1)}" if near else None
        return Fault(message=f"the form has no field '{name[:100]}'{help_}", wrong=f"current.{path}", right=right_path)

    def _paths_to(self, name: str) -> list[str]:
        """Return the paths of the fields with this name in the form's steps."""
        steps = (self._top() or {}).items()
        return [f"{step}.{name}" for step, node in steps if name in (self._inside(node) or {})]
