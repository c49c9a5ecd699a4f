"""Rules about the widgets of forms; `generator/forms` has the facts about the Orchestrator's widgets."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from typing import Final

from generator.findings.edits import replaced, respelt
from generator.findings.finding import Severity
from generator.findings.position import Position
from generator.findings.suggestions import did_you_mean, one_of, only_near
from generator.forms.auth import WIDGET as AUTH
from generator.forms.releases import Release
from generator.forms.templates import OPENING, units, with_one_dollar
from generator.forms.widgets import RESPONSE, Property, form_facts
from generator.lint.rule import Example, Found, Repository, rule, rule_together
from generator.lint.rules.schemas import Described, Schema, entered_objects
from generator.lint.support.form_fields import Field, FormNames, field_at, fields_of, widget_of
from generator.text.words import listed
from generator.text.yaml_reader import Node
from generator.workflow.workflow import Workflow

_MIN_SIMILARITY: Final = 0.75
_DESCRIPTORS: Final = "authTokenDescriptors"
_PREFIXES: Final = ("fetch", "validate")


def _form(properties: str, *, repository: dict[str, str] | None = None) -> Example:
    head = '"type": "object", "title": "Greeting", "description": "Whom to greet."'
    field = f'"name": {{"type": "string", "title": "Name", "description": "Of a person.", {properties}}}'
    schema = f'{{{head}, "properties": {{{field}}}}}'
    files = {"schemas/input.json": schema}
    return Example(definition="dataInputSchema: schemas/input.json", files=files, repository=repository or {})


_ASKED: Final = '"ui:widget": "ActiveTextInput", "ui:props": {"fetch:url": "/api/proxy/people", %s}'
_CHOSEN: Final = '"ui:widget": "ActiveDropdown", "ui:props": {"fetch:url": "/api/proxy/people", %s}'


def _items(node: Node | None) -> list[Node]:
    return node.value if node and isinstance(node.value, list) else []


def _text(node: Node | None) -> str:
    return node.value if node and isinstance(node.value, str) else ""


def _descriptors(field: Field) -> Iterator[Node]:
    """Yield the descriptors of the tokens that a field requests."""
    if field.widget and field.widget.name == AUTH and field.props:
        listed_ = _items(field.props.value.get(_DESCRIPTORS))
        yield from (item for item in listed_ if isinstance(item.value, dict))


@rule(
    "ui-property",
    severity=Severity.WARNING,
    reason="A misspelt name goes unnoticed: the form is rendered without it.",
    consequence="The engine ignores them; the form shows a plain field, or calls no service.",
    bad=_form('"ui:wigdet": "textarea"'),
    good=_form('"ui:widget": "textarea"'),
)
def ui_property(workflow: Workflow) -> Iterator[Found]:
    """A misspelt `ui:` property, widget or property of `ui:props`."""
    facts = form_facts()
    prefixed = frozenset(name for name in facts.props if name.startswith("ui:"))
    for field in fields_of(workflow):
        for key, child in field.node.value.items():
            if key.startswith("ui:"):
                yield from _misspelt(field.beside(key), key, facts.ui_names | prefixed)
            if key == "ui:widget" and isinstance(child.value, str):
                yield from _misspelt(field.schema.at(child), child.value, facts.widget_names)
        for name, _ in field.given():
            if name.startswith(RESPONSE):
                yield from _misspelt_selector(field, name)
            elif name not in facts.ui_names:
                yield from _misspelt(field.within(name), name, facts.props)
        for descriptor in _descriptors(field):
            for name in descriptor.value:
                yield from _misspelt(field.schema.key(descriptor, name), name, frozenset(facts.descriptor.fields))


@lru_cache(maxsize=1024)
def _suggestion(name: str, known: frozenset[str]) -> str:
    return did_you_mean(name, known, near=_MIN_SIMILARITY)


def _misspelt(at: Position, name: str, known: frozenset[str]) -> Iterator[Found]:
    if name not in known and (help_ := _suggestion(name, known)):
        yield Found(at=at, message=f"the form does not support '{name}'{help_}", edit=respelt(at, name, known))


def _misspelt_selector(field: Field, name: str) -> Iterator[Found]:
    """Yield a finding if a widget does not support a part of the response, but a similarly named one."""
    widget = field.widget
    if widget is None or widget.selects or name in widget.properties:
        return
    known = {known.removeprefix(RESPONSE) for known in widget.properties if known.startswith(RESPONSE)}
    at, end = field.within(name), name.removeprefix(RESPONSE)
    if did_you_mean(end, known, near=_MIN_SIMILARITY):
        help_ = did_you_mean(end, known, near=_MIN_SIMILARITY).replace("'", f"'{RESPONSE}", 1)
        right = only_near(end, known)
        edit = replaced(at, name, RESPONSE + right if right else None)
        yield Found(at=at, message=f"'{widget.name}' does not support '{name}'{help_}", edit=edit)


@rule(
    "ui-place",
    severity=Severity.WARNING,
    reason="A property in the wrong place goes unnoticed: the form is rendered without it.",
    consequence="The engine ignores them; the form calls no service, or shows an error in place of the field.",
    bad=_form('"ui:widget": "ActiveText", "ui:text": "Hello", "ui:props": {"ui:text": "Hello"}'),
    good=_form('"ui:widget": "ActiveText", "ui:props": {"ui:text": "Hello"}'),
)
def ui_place(workflow: Workflow) -> Iterator[Found]:
    """A property of a widget next to `ui:props`, or a property of the form inside it."""
    facts = form_facts()
    for field in fields_of(workflow):
        if field.widget is None:
            continue
        for key in field.node.value:
            if key in facts.props or key.startswith(("fetch:", "validate:")):
                message = f"the form reads '{key}' only in 'ui:props'; move it there"
                yield Found(at=field.beside(key), message=message)
        for key, _ in field.given():
            if key in facts.ui_names and key not in facts.props:
                message = f"the form reads '{key}' only beside 'ui:props'; move it out"
                yield Found(at=field.within(key), message=message)


@rule(
    "ui-required",
    severity=Severity.WARNING,
    reason="The form shows an error in place of the field, and nobody can fill it in.",
    consequence="The engine ignores the form; people see, for example, `Missing fetch:response:autocomplete selector`.",
    bad=_form(_CHOSEN % '"fetch:response:value": "people.id"'),
    good=_form(_CHOSEN % '"fetch:response:value": "people.id", "fetch:response:label": "people.name"'),
)
def ui_required(workflow: Workflow) -> Iterator[Found]:
    """A widget without a property of `ui:props` that it requires."""
    for schema, part in entered_objects(workflow):
        for fields in _field_declarations(schema, part):
            yield from _missing_properties(fields)


def _field_declarations(schema: Schema, part: Described) -> Iterator[list[Field]]:
    """Yield the `ui:` settings in all declarations of each property of an object."""
    fields: dict[str, list[Field]] = {}
    for name, node in part.declared():
        if isinstance(node.value, dict):
            fields.setdefault(name, []).append(field_at(schema, node))
    yield from fields.values()


def _missing_properties(fields: list[Field]) -> Iterator[Found]:
    first = next((field for field in fields if field.widget), None)
    # RJSF also reads these from ui:options, and a $ref can add properties.
    if (
        first is None
        or first.widget is None
        or any({"ui:options", "$ref"} & field.node.value.keys() for field in fields)
    ):
        return
    given = {name for field in fields for name, node in field.given() if node.value not in (None, "", False)}
    # Misspelt and misplaced names are reported by other rules.
    present = given.union(*(field.node.value for field in fields))
    for requirement in first.widget.needs:
        misspelt = any(only_near(name, requirement.one_of, near=0.9) for name in present)
        if misspelt or (requirement.when and requirement.when not in given):
            continue
        condition = f" with '{requirement.when}'" if requirement.when else ""
        names = listed([f"'{name}'" for name in requirement.one_of], "or")
        message = f"'{first.widget.name}' needs {names}{condition}; add it to 'ui:props'"
        yield Found(at=first.schema.at(first.node.value["ui:widget"]), message=message)


@rule(
    "ui-value",
    severity=Severity.WARNING,
    reason="The form cannot do anything with the value: it shows an error, or nobody can log in.",
    consequence="The engine ignores it; people see, for example, `Unsupported HTTP method, use one of GET, POST`.",
    bad=_form(_ASKED % '"fetch:method": "PUT", "fetch:response:value": "name"'),
    good=_form(_ASKED % '"fetch:method": "POST", "fetch:response:value": "name"'),
)
def ui_value(workflow: Workflow) -> Iterator[Found]:
    """A value in `ui:props` that the widget rejects."""
    for field in fields_of(workflow):
        if field.widget:
            for prefix in _PREFIXES:
                yield from _invalid_request(field, prefix)
            yield from _invalid_logins(field)
    for schema, part in entered_objects(workflow):
        yield from _unfillable_logins(schema, part)


def _invalid_request(field: Field, prefix: str) -> Iterator[Found]:
    """Yield findings about the request that a widget sends."""
    given = dict(field.given())
    method, body = given.get(f"{prefix}:method"), given.get(f"{prefix}:body")
    known = form_facts().methods
    sent = _text(method)
    if method and sent.upper() not in known and OPENING not in sent:
        message = f"the form sends no '{method.value}'; write {listed(known, 'or')}"
        yield Found(at=field.schema.at(method), message=message)
    elif body and body.value and sent.upper() != "POST" and OPENING not in sent:
        message = f"'{prefix}:body' is sent only with POST; add '{prefix}:method': 'POST'"
        yield Found(at=field.within(f"{prefix}:body"), message=message)
    for name in ("body", "headers"):
        node = given.get(f"{prefix}:{name}")
        if node and node.value and not isinstance(node.value, (dict, list)):
            yield Found(at=field.schema.at(node), message=f"'{prefix}:{name}' is {node.kind}; write a map")
    retrigger = given.get(f"{prefix}:retrigger")
    if retrigger and retrigger.value is not None and not isinstance(retrigger.value, list):
        message = f"'{prefix}:retrigger' is {retrigger.kind}; write a list of names, as in [\"current.name\"]"
        yield Found(at=field.schema.at(retrigger), message=message)


def _invalid_logins(field: Field) -> Iterator[Found]:
    """Yield findings about the tokens that a field requests."""
    known = form_facts().descriptor
    for item in _descriptors(field):
        provider, kind = item.value.get("provider"), item.value.get("tokenType")
        name = _text(provider)
        custom = "customProviderApiId" in item.value
        if provider is None:
            if not any(only_near(key, ("provider",)) for key in item.value):
                yield Found(at=field.schema.at(item), message="the token has no 'provider'; add it, as in 'github'")
        elif name and name.lower() not in known.providers and not custom:
            at = field.schema.at(provider)
            help_ = did_you_mean(name, known.providers) or "; add its 'customProviderApiId'"
            message = f"the provider '{name}' is not one of {listed(known.providers)}{help_}"
            yield Found(at=at, message=message, edit=respelt(at, name, known.providers))
        if kind and (text := _text(kind)) not in known.token_types:
            at = field.schema.at(kind)
            message = f"there is no token type '{text or kind.value}'{one_of(text, known.token_types)}"
            yield Found(at=at, message=message, edit=respelt(at, text, known.token_types))
        elif _text(kind) == "openId" and name.lower() in known.without_open_id and not custom:
            message = f"'{name}' gives no ID tokens; write the token type 'oauth'"
            yield Found(at=field.schema.at(kind or item), message=message)


def _unfillable_logins(schema: Schema, part: Described) -> Iterator[Found]:
    """Yield required fields that ask for a login, which are never part of the input."""
    asked = {name for name, node in part.declared() if widget_of(node) == AUTH}
    for node in part.schemas:
        for item in _items(node.value.get("required")):
            if isinstance(item.value, str) and item.value in asked:
                message = f"'{item.value}' asks for a login and is not part of the input; remove it from 'required'"
                yield Found(at=schema.at(item), message=message)


@rule(
    "ui-template",
    severity=Severity.WARNING,
    reason="The form shows an error, or sends `___undefined___` in place of the value.",
    consequence="The engine ignores templates of forms; people see, for example, `Unknown template unit`.",
    bad=_form(_ASKED % '"fetch:headers": {"Authorization": "$${{identityApi.tokn}}"}, "fetch:response:value": "name"'),
    good=_form(
        _ASKED % '"fetch:headers": {"Authorization": "$${{identityApi.token}}"}, "fetch:response:value": "name"'
    ),
)
def ui_template(workflow: Workflow) -> Iterator[Found]:
    """A template in `ui:props`, or a name in a retrigger, that has no value."""
    names = FormNames(workflow)
    for field in fields_of(workflow):
        if field.widget is None:
            continue
        for key, child in field.given():
            if key in ("fetch:retrigger", "validate:retrigger"):
                for item in _items(child):
                    yield from _invalid_retrigger_item(field, item, names)
            elif key.startswith(RESPONSE) or (key in field.widget.properties and key != _DESCRIPTORS):
                for node in child.walk():
                    if isinstance(node.value, str):
                        yield from _invalid_templates(field, node, names, selector=key.startswith(RESPONSE))


def _invalid_retrigger_item(field: Field, item: Node, names: FormNames) -> Iterator[Found]:
    """Yield findings about an item of a retrigger, the name of a value whose change repeats the request."""
    text, at = item.value, field.schema.at(item)
    if not isinstance(text, str):
        return
    if "{{" in text:
        inner = [unit.text for unit in units(text)] or [*with_one_dollar(text)]
        right = inner[0].strip() if len(inner) == 1 and text.endswith("}}") and text.startswith("$") else None
        message = f"a retrigger is a name without braces; write '{right or 'current.name'}'"
        yield Found(at=at, message=message, edit=replaced(at, text, right))
    elif fault := names.fault(field, text):
        yield Found(at=at, message=fault.message, edit=fault.edit(at, text))


def _invalid_templates(field: Field, node: Node, names: FormNames, *, selector: bool) -> Iterator[Found]:
    """Yield findings about the templates in a text; a `selector` is JSONata, which has its own `$` and braces."""
    text, at = node.value, field.schema.at(node)
    for unit in units(text):
        if not unit.closed:
            yield Found(at=at, message=f"'{OPENING}{unit.text[:40]}' is not closed; add '}}}}'")
        elif fault := names.fault(field, unit.text):
            yield Found(at=at, message=fault.message, edit=fault.edit(at, text))
    for inner in () if selector else with_one_dollar(text):
        if inner.strip().partition(".")[0] in form_facts().templates or inner.strip().startswith(RESPONSE):
            right = text.replace(f"${{{{{inner}}}}}", f"{OPENING}{inner}}}}}", 1)
            message = f"the form replaces only '{OPENING}…}}}}', with two dollars; write '{OPENING}{inner}}}}}'"
            yield Found(at=at, message=message, edit=replaced(at, text, right))
            break


@rule_together(
    "ui-release",
    severity=Severity.WARNING,
    reason="The release of Red Hat Developer Hub in the settings (`rhdh`) has no such widget, or does not read this.",
    consequence="The engine ignores it; the form shows a plain field or an error, or does without the property.",
    bad=_form(_ASKED % '"fetch:response:default": "Ada"', repository={"waybill.toml": 'rhdh = "1.7"\n'}),
    good=_form(_ASKED % '"fetch:response:value": "name"', repository={"waybill.toml": 'rhdh = "1.7"\n'}),
)
def ui_release(repository: Repository) -> Iterator[Found]:
    """A widget, or a property of one, that the release of Red Hat Developer Hub in use does not have."""
    if repository.rhdh:
        for workflow in repository.workflows:
            for field in fields_of(workflow):
                yield from _not_in_release(field, repository.rhdh)


def _not_in_release(field: Field, release: Release) -> Iterator[Found]:
    if field.widget and release < field.widget.since:
        at = field.schema.at(field.node.value["ui:widget"])
        message = f"RHDH {release} has no widget '{field.widget.name}', which came with {field.widget.since}"
        yield Found(at=at, message=message)
        return
    for name, known in form_facts().beside.items():
        if name in field.node.value and not known.read_by(release):
            yield Found(at=field.beside(name), message=_release_message(known, release))
    read = field.widget.properties if field.widget else {}
    for name, _ in field.given():
        if name in read and not read[name].read_by(release):
            yield Found(at=field.within(name), message=_release_message(read[name], release))


def _release_message(known: Property, release: Release) -> str:
    if known.until and known.until <= release:
        return f"RHDH {release} no longer reads '{known.name}', which went with {known.until}"
    return f"RHDH {release} does not read '{known.name}', which came with {known.since}"
