"""Rules about input schemas, from which the Orchestrator generates forms."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from generator.findings.edits import respelt
from generator.findings.finding import Severity
from generator.findings.position import Position
from generator.findings.suggestions import did_you_mean
from generator.forms.widgets import form_facts
from generator.lint.rule import Example, Found, rule
from generator.lint.rules.references import HELPED
from generator.lint.rules.schemas import Described, Schema, described, entered_objects, plain_type, schemas_of
from generator.text.yaml_reader import Node
from generator.workflow.workflow import Workflow

#: Keywords that can add undeclared properties.
_ADDING_KEYWORDS: Final = frozenset({"$ref", "patternProperties"})


def _form(properties: str, more: str = "") -> Example:
    head = '"type": "object", "title": "Greeting", "description": "Whom to greet."'
    schema = f'{{{head}, "properties": {{"name": {properties}}}{more}}}'
    return Example(definition="dataInputSchema: schemas/input.json", files={"schemas/input.json": schema})


_GOOD: Final = _form('{"type": "string", "title": "Name", "description": "Of a person."}')


def _objects(workflow: Workflow, *, entered: bool) -> Iterator[tuple[Schema, Node]]:
    for schema in schemas_of(workflow):
        if schema.root and (schema.entered or not entered):
            yield from ((schema, node) for _, node, _ in schema.parts if isinstance(node.value, dict))


def _text(node: Node, key: str) -> str:
    value = node.value.get(key)
    return value.value if value and isinstance(value.value, str) else ""


@rule(
    "input-title",
    severity=Severity.WARNING,
    reason="The Orchestrator generates a form from the schema: without a title it shows the property's bare name.",
    consequence="The engine ignores titles; the form shows `name` instead of `Name of the person`.",
    bad=_form('{"type": "string", "description": "Of a person."}'),
    good=_GOOD,
)
def input_title(workflow: Workflow) -> Iterator[Found]:
    """An input schema, or one of its properties, without a title."""
    for schema in schemas_of(workflow):
        if schema.root and schema.entered and not schema.referred:
            if not _text(schema.root, "title"):
                yield Found(
                    at=schema.at(schema.root), message="the input schema has no 'title'; add what the form asks for"
                )
            for name, at in _without_keyword(schema, "title"):
                yield Found(at=at, message=f"the property '{name}' has no 'title'; add what the form shows next to it")


@rule(
    "input-description",
    severity=Severity.NOTE,
    reason="A description below a field saves its reader a question.",
    consequence="The engine ignores descriptions; the form shows the field alone.",
    bad=_form('{"type": "string", "title": "Name"}'),
    good=_GOOD,
)
def input_description(workflow: Workflow) -> Iterator[Found]:
    """Input schema properties without a description; reported once per schema."""
    for schema in schemas_of(workflow):
        if not (schema.root and schema.entered) or schema.referred:
            continue
        if missing := [*_without_keyword(schema, "description")]:
            names = ", ".join(f"'{name}'" for name, _ in missing[:5]) + (", …" if missing[5:] else "")
            yield Found(
                at=missing[0][1],
                message=f"the input schema has no 'description' for {names}; add what is to be entered",
            )


def _without_keyword(schema: Schema, missing: str) -> Iterator[tuple[str, Position]]:
    """Yield the name and position of each property in the form that no declaration gives the keyword."""
    for part in described(schema):
        declared: dict[str, list[Node]] = {}
        for name, node in part.declared():
            declared.setdefault(name, []).append(node)
        for name, nodes in declared.items():
            if not any(_has_keyword(node, missing) for node in nodes):
                yield name, schema.at(nodes[0])


def _has_keyword(node: Node, keyword: str) -> bool:
    """Return whether a property has the keyword, or the form does not need it."""
    if not isinstance(node.value, dict) or "$ref" in node.value or "const" in node.value:
        return True
    return bool(_text(node, keyword)) or _has_no_label(_text(node, "ui:widget"))


def _has_no_label(widget: str) -> bool:
    """Return whether a widget does not show a label."""
    known = form_facts().widgets.get(widget)
    return widget == "hidden" or (known is not None and known.unseen)


@rule(
    "required-property",
    severity=Severity.WARNING,
    reason="The form has no field for it, so nobody can enter it.",
    consequence="Every call that it is required in is rejected with 400: `is missing but it is required`.",
    bad=_form('{"type": "string", "title": "Name"}', ', "required": ["nmae"]'),
    good=_form('{"type": "string", "title": "Name"}', ', "required": ["name"]'),
)
def required_property(workflow: Workflow) -> Iterator[Found]:
    """A name in `required`, in `dependencies` or in a condition that is not a property."""
    for schema in schemas_of(workflow):
        if schema.root is None:
            continue
        for part in described(schema):
            known = {name: None for name, _ in part.declared()}
            if not known or any(map(_allows_undeclared, part.schemas)):
                continue
            named = (reference for node in (*part.schemas, *part.tested) for reference in _referred_names(schema, node))
            tested = (reference for node in part.tested for reference in _keys(schema, node, "properties"))
            unknown = [(name, at) for name, at in (*named, *tested) if name not in known]
            for index, (name, at) in enumerate(unknown):
                near = known if index < HELPED else ()
                help_ = did_you_mean(name, near) or "; add it to 'properties'"
                yield Found(
                    at=at, message=f"'{name[:100]}' is not a property{help_}", edit=respelt(at, name, near, known)
                )


def _allows_undeclared(node: Node) -> bool:
    """Return whether a schema allows undeclared properties."""
    return not node.value or bool(node.value.keys() & _ADDING_KEYWORDS)


def _referred_names(schema: Schema, node: Node) -> Iterator[tuple[str, Position]]:
    """Yield the properties to which a schema refers outside of `properties`, with their positions."""
    required = node.value.get("required")
    yield from _texts(schema, required)
    for keyword in ("dependencies", "dependentRequired", "dependentSchemas"):
        yield from _keys(schema, node, keyword)
        depending = node.value.get(keyword)
        for names in depending.value.values() if depending and isinstance(depending.value, dict) else ():
            yield from _texts(schema, names)


def _keys(schema: Schema, node: Node, keyword: str) -> Iterator[tuple[str, Position]]:
    child = node.value.get(keyword)
    if child and isinstance(child.value, dict):
        yield from ((name, schema.key(child, name)) for name in child.value)


def _texts(schema: Schema, node: Node | None) -> Iterator[tuple[str, Position]]:
    if node and isinstance(node.value, list):
        yield from ((item.value, schema.at(item)) for item in node.value if isinstance(item.value, str))


@rule(
    "default-value",
    severity=Severity.WARNING,
    reason="A form that is submitted unchanged is rejected.",
    consequence="Every call with the default is rejected with 400: `There are JsonSchema validation errors`.",
    bad=_form('{"type": "string", "title": "Name", "enum": ["Ada", "Grace"], "default": "Adda"}'),
    good=_form('{"type": "string", "title": "Name", "enum": ["Ada", "Grace"], "default": "Ada"}'),
)
def default_value(workflow: Workflow) -> Iterator[Found]:
    """A default of the wrong type, or that is not one of the allowed values."""
    for schema, node in _objects(workflow, entered=True):
        if default := node.value.get("default"):
            yield from _invalid_default(schema, default, node)
    for schema, part in entered_objects(workflow):
        for default, property_ in _conditional_defaults(part):
            yield from _invalid_default(schema, default, property_)


def _conditional_defaults(part: Described) -> Iterator[tuple[Node, Node]]:
    """Yield the defaults in `then`, dependencies and the like, each with the property's own schema."""
    always = dict(_properties(part.schemas[0])) if part.schemas else {}
    for schema in part.schemas[1:]:
        for name, node in _properties(schema):
            default = node.value.get("default")
            if default and name in always:
                yield default, always[name]


def _properties(schema: Node) -> Iterator[tuple[str, Node]]:
    properties = schema.value.get("properties")
    if properties and isinstance(properties.value, dict):
        yield from ((name, node) for name, node in properties.value.items() if isinstance(node.value, dict))


def _invalid_default(schema: Schema, default: Node, schema_node: Node) -> Iterator[Found]:
    """Yield findings about a default and its parts."""
    kind, values = (schema_node.value.get(key) for key in ("type", "enum"))
    found = plain_type(default.plain())
    wanted = kind.value if kind and isinstance(kind.value, str) else found
    if found != wanted and (found, wanted) != ("integer", "number"):
        yield Found(at=schema.at(default), message=f"the default is of type {found}, not {wanted}; write one that is")
    elif values and isinstance(values.value, list) and default.plain() not in values.plain():
        help_ = did_you_mean(str(default.value), map(str, values.plain())) or "; write one of 'enum'"
        yield Found(at=schema.at(default), message=f"'{str(default.value)[:100]}' is not one of its values{help_}")
    else:
        for part, of in _parts_with_schemas(default, schema_node):
            yield from _invalid_default(schema, part, of)


def _parts_with_schemas(default: Node, schema_node: Node) -> Iterator[tuple[Node, Node]]:
    """Yield the values in a default, each with its schema."""
    items, properties = (schema_node.value.get(key) for key in ("items", "properties"))
    if isinstance(default.value, list) and items and isinstance(items.value, dict):
        yield from ((item, items) for item in default.value)
    if isinstance(default.value, dict) and properties and isinstance(properties.value, dict):
        for name, node in default.value.items():
            if name in properties.value and isinstance(properties.value[name].value, dict):
                yield node, properties.value[name]


@rule(
    "duplicate-value",
    severity=Severity.WARNING,
    reason="People see the same choice twice and wonder which to pick.",
    consequence="The engine accepts the list as it is.",
    bad=_form('{"type": "string", "title": "Name", "enum": ["Ada", "Grace", "Ada"]}'),
    good=_form('{"type": "string", "title": "Name", "enum": ["Ada", "Grace"]}'),
)
def duplicate_value(workflow: Workflow) -> Iterator[Found]:
    """A value that occurs twice in an `enum`."""
    for schema, node in _objects(workflow, entered=False):
        values = node.value.get("enum")
        seen: set[tuple[str, str]] = set()
        for value in values.value if values and isinstance(values.value, list) else ():
            if isinstance(value.value, (dict, list)):
                continue
            key = (plain_type(value.value), str(value.value))
            if key in seen:
                yield Found(at=schema.at(value), message=f"'{str(value.value)[:100]}' is repeated here; keep one")
            seen.add(key)
