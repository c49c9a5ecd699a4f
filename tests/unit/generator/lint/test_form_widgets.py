"""Rules of widgets, case by case, as the Orchestrator's plugins treat each (the sources are in generator/forms)."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from generator.forms.releases import parse_release
from generator.forms.widgets import form_facts
from generator.lint.fixes import fix
from generator.lint.linter import lint, lint_together
from generator.lint.rule import Repository
from tests.unit.conftest import defined, linted

NAMED = {"dataInputSchema": "schemas/input.json"}
TEXT = {"type": "string", "title": "T"}
VALUE = {"fetch:url": "/x", "fetch:response:value": "v"}
#: What each widget shows without a mistake.
ENOUGH: dict[str, dict[str, Any]] = {
    "SchemaUpdater": {"fetch:url": "/x"},
    "ActiveTextInput": {},
    "ActiveDropdown": {**VALUE, "fetch:response:label": "l"},
    "ActiveMultiSelect": {"fetch:response:autocomplete": "a"},
    "ActiveText": {"ui:text": "Hello"},
    "ActiveBoolean": {},
    "AuthRequester": {"authTokenDescriptors": [{"provider": "github"}]},
}


def form(*, more: dict[str, Any] | None = None, **fields: Any) -> dict[str, Any]:
    return {"type": "object", "title": "T", "properties": {name: {**TEXT, **of} for name, of in fields.items()}} | (
        more or {}
    )


def shown_as(widget: str, **props: Any) -> dict[str, Any]:
    return {"ui:widget": widget, "ui:props": {**ENOUGH[widget], **props}}


def found(schema: Any, rule: str = "ui-") -> list[str]:
    lines = linted(NAMED, {"schemas/input.json": json.dumps(schema)}, about=rule)
    return [line.split(": ", 2)[2].rpartition(" [")[0] for line in lines]


#: A form with everything that widgets can do, in two steps.
WHOLE = form(
    who={
        "type": "object",
        "ui:order": ["name", "*"],
        "properties": {
            "name": {**TEXT, "ui:autofocus": True},
            "team": {
                **TEXT,
                **shown_as(
                    "ActiveTextInput",
                    **VALUE,
                    **{
                        "a comment": "kept for people",
                        "fetch:method": "post",
                        "fetch:headers": {
                            "Authorization": "Bearer $${{identityApi.token}}",
                            "X-A": "$${{rjsfConfig.a.b}}",
                        },
                        "fetch:body": {"of": ["Mr.", "$${{current.who.name}} $${{customAuthApi.my.auth.two.token}}"]},
                        "fetch:retrigger": ["current.who.name", "identityApi.displayName"],
                        "fetch:response:autocomplete": "$map($, function($v){ $v.a & ':' & $v.b })",
                        "validate:url": "$${{backend.baseUrl}}/v?of=$${{current.who.team}}",
                        "validate:method": "POST",
                        "validate:body": {"value": "jsonata:$.who.name"},
                    },
                ),
            },
        },
    },
    what={
        "type": "object",
        "properties": {
            "course": {**TEXT, **shown_as("ActiveDropdown", **{"fetch:retrigger": ["current.who.team"]})},
            "tags": {
                "type": "array",
                "title": "Tags",
                "items": {"type": "string"},
                **shown_as("ActiveMultiSelect", **{"ui:allowNewItems": True, "fetch:response:mandatory": "m[[0..1]]"}),
            },
            "note": {
                **TEXT,
                "ui:hidden": {"when": "who.name", "isEmpty": True},
                **shown_as(
                    "ActiveText",
                    **{
                        "ui:text": "# $${{fetch:response:hint}}\n\n$${{current.what.tags[0]}} costs ${{price}}",
                        "fetch:response:hint": "h",
                        "fetch:url": "/x",
                    },
                ),
            },
            "own": {**TEXT, "ui:widget": "MyOwnWidget", "ui:props": {"fetch:method": "PUT", "a": "$${{mine.x}}"}},
            "sure": {"type": "boolean", "title": "Sure", **shown_as("ActiveBoolean", **VALUE)},
            "login": {
                **TEXT,
                **shown_as(
                    "AuthRequester",
                    authTokenDescriptors=[
                        {"provider": "GitHub", "tokenType": "oauth", "scope": ["repo"]},
                        {"provider": "github-two", "customProviderApiId": "my.auth.two", "tokenType": "openId"},
                    ],
                ),
            },
        },
    },
)


def test_a_form_with_all_that_widgets_can_do_has_no_finding() -> None:
    assert found(WHOLE) == []


@pytest.mark.parametrize("widget", ENOUGH)
def test_a_widget_with_what_it_needs_has_no_finding(widget: str) -> None:
    assert found(form(a=shown_as(widget))) == []


def test_every_widget_is_tried() -> None:
    assert set(ENOUGH) == set(form_facts().widgets)


NEEDS = [
    ("SchemaUpdater", {}, "'SchemaUpdater' needs 'fetch:url'; add it to 'ui:props'"),
    ("ActiveText", {"ui:text": ""}, "'ActiveText' needs 'ui:text'; add it to 'ui:props'"),
    (
        "ActiveTextInput",
        {"fetch:url": "/x"},
        "'ActiveTextInput' needs 'fetch:response:value' or 'fetch:response:default' with 'fetch:url'; add it",
    ),
    (
        "ActiveDropdown",
        {"fetch:response:value": "v"},
        "'ActiveDropdown' needs 'fetch:response:label'; add it to 'ui:props'",
    ),
    (
        "ActiveMultiSelect",
        {"fetch:url": "/x"},
        "'ActiveMultiSelect' needs 'fetch:response:autocomplete'; add it to 'ui:props'",
    ),
    ("AuthRequester", {}, "'AuthRequester' needs 'authTokenDescriptors'; add it to 'ui:props'"),
]


@pytest.mark.parametrize(("widget", "props", "message"), NEEDS)
def test_a_widget_without_what_it_needs_is_named(widget: str, props: dict[str, Any], message: str) -> None:
    (said,) = found(form(a={"ui:widget": widget, "ui:props": props}))
    assert said.startswith(message)


@pytest.mark.parametrize(
    "schema",
    [
        # what a widget needs may come with `then`, from a definition, or as RJSF's own options
        form(
            a={"ui:widget": "ActiveText"},
            more={"if": {"required": ["a"]}, "then": {"properties": {"a": {"ui:props": {"ui:text": "x"}}}}},
        ),
        form(a={"ui:widget": "ActiveText", "$ref": "#/$defs/a"}, more={"$defs": {"a": TEXT}}),
        form(a={"ui:widget": "ActiveText", "ui:options": {"props": {"ui:text": "x"}}}),
    ],
)
def test_what_a_widget_needs_may_come_from_elsewhere(schema: Any) -> None:
    assert found(schema, "ui-required") == []


@pytest.mark.parametrize(
    ("field", "messages"),
    [
        (
            {"ui:widget": "ActiveText", "ui:text": "x"},
            ["the form reads 'ui:text' only in 'ui:props'; move it there"],
        ),
        (
            {"ui:widget": "ActiveTextInput", "fetch:url": "/x", "validate:url": "/y"},
            [f"the form reads '{name}:url' only in 'ui:props'; move it there" for name in ("fetch", "validate")],
        ),
        (shown_as("ActiveText", **{"ui:help": "x"}), ["the form reads 'ui:help' only beside 'ui:props'; move it out"]),
        ({"ui:widget": "MyOwnWidget", "fetch:url": "/x"}, []),
        ({"ui:help": "x", "ui:title": "y"}, []),
    ],
)
def test_a_property_in_the_wrong_place_is_named(field: dict[str, Any], messages: list[str]) -> None:
    assert found(form(a=field)) == messages


@pytest.mark.parametrize(
    ("widget", "props", "message"),
    [
        ("ActiveTextInput", {"fetch:ulr": "/x"}, "the form does not support 'fetch:ulr'; did you mean 'fetch:url'?"),
        (
            "ActiveTextInput",
            {**VALUE, "fetch:response:defalt": "x"},
            "'ActiveTextInput' does not support 'fetch:response:defalt'; did you mean 'fetch:response:default'?",
        ),
        (
            "ActiveDropdown",
            {"fetch:response:labels": "x", "fetch:response:value": "v"},
            "'ActiveDropdown' does not support 'fetch:response:labels'; did you mean 'fetch:response:label'?",
        ),
        (
            "AuthRequester",
            {"authTokenDescriptors": [{"provder": "github"}]},
            "the form does not support 'provder'; did you mean 'provider'?",
        ),
        (
            "AuthRequester",
            {"authTokenDescriptor": [{"provider": "github"}]},
            "the form does not support 'authTokenDescriptor'; did you mean 'authTokenDescriptors'?",
        ),
    ],
)
def test_a_misspelt_property_has_one_finding_with_the_right_name(
    widget: str, props: dict[str, Any], message: str
) -> None:
    assert found(form(a={"ui:widget": widget, "ui:props": props})) == [message]


@pytest.mark.parametrize(
    ("props", "message"),
    [
        ({"fetch:method": "DELETE"}, "the form sends no 'DELETE'; write GET or POST"),
        ({"fetch:body": {"a": 1}}, "'fetch:body' is sent only with POST; add 'fetch:method': 'POST'"),
        ({"validate:body": {"a": 1}}, "'validate:body' is sent only with POST; add 'validate:method': 'POST'"),
        ({"fetch:method": "POST", "fetch:body": "x"}, "'fetch:body' is a string; write a map"),
        ({"fetch:headers": "x"}, "'fetch:headers' is a string; write a map"),
        (
            {"fetch:retrigger": "current.a"},
            "'fetch:retrigger' is a string; write a list of names, as in [\"current.name\"]",
        ),
    ],
)
def test_a_request_that_the_form_cannot_send_is_named(props: dict[str, Any], message: str) -> None:
    assert found(form(a=shown_as("ActiveTextInput", **props))) == [message]


@pytest.mark.parametrize(
    "props", [{"fetch:method": "$${{current.a}}"}, {"fetch:method": "get"}, {"fetch:body": ""}, {"fetch:headers": {}}]
)
def test_a_request_that_only_a_run_can_judge_has_no_finding(props: dict[str, Any]) -> None:
    assert found(form(a=shown_as("ActiveTextInput", **props))) == []


@pytest.mark.parametrize(
    ("descriptor", "message"),
    [
        ({"tokenType": "oauth"}, "the token has no 'provider'; add it, as in 'github'"),
        (
            {"provider": "gitub"},
            "the provider 'gitub' is not one of github, gitlab and microsoft; did you mean 'github'?",
        ),
        (
            {"provider": "oidc"},
            "the provider 'oidc' is not one of github, gitlab and microsoft; add its 'customProviderApiId'",
        ),
        (
            {"provider": "microsoft", "tokenType": "openid"},
            "there is no token type 'openid'; did you mean 'openId'? (one of oauth, openId)",
        ),
        ({"provider": "github", "tokenType": "openId"}, "'github' gives no ID tokens; write the token type 'oauth'"),
    ],
)
def test_a_token_that_cannot_be_had_is_named(descriptor: dict[str, str], message: str) -> None:
    assert found(form(a=shown_as("AuthRequester", authTokenDescriptors=[descriptor]))) == [message]


def test_a_login_is_no_part_of_the_input_and_cannot_be_required() -> None:
    schema = form(a=shown_as("AuthRequester"), b={}, more={"required": ["b", "a"]})
    assert found(schema) == ["'a' asks for a login and is not part of the input; remove it from 'required'"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("$${{current.nmae}}", "the form has no field 'nmae'; did you mean 'name'?"),
        ("$${{current.zzz}}", "the form has no field 'zzz'; name a field, as in 'current.a'"),
        ("$${{current.city}}", "the form has no 'city' at its top; did you mean 'current.place.city'?"),
        ("$${{current.place.ctiy}}", "the form has no field 'ctiy'; did you mean 'city'?"),
        ("$${{curent.name}}", "the form knows no 'curent'; did you mean 'current'?"),
        ("$${{current}}", "'current' alone stands for nothing; write a dot and a name after it"),
        (
            "$${{identityApi.profileName}}",
            "'identityApi' has no 'profileName'; did you mean 'profileEmail'? (one of token, userEntityRef, ",
        ),
        ("$${{customAuthApi.my.id.tokn}}", "'customAuthApi' has no 'tokn'; did you mean 'token'?"),
        (
            "$${{fetch:response:hnit}}",
            "'fetch:response:hnit' is not in 'ui:props'; did you mean 'fetch:response:hint'?",
        ),
        ("$${{fetch:response:zzz}}", "'fetch:response:zzz' is not in 'ui:props'; add it"),
        ("Hello $${{current.name}", "'$${{current.name}' is not closed; add '}}'"),
        ("$${{ current.name }}", "blanks belong to the name; write '$${{current.name}}'"),
        ("$${{}}", "blanks belong to the name; write '$${{current.name}}'"),
        ("${{current.name}}", "the form replaces only '$${{…}}', with two dollars; write '$${{current.name}}'"),
    ],
)
def test_a_template_that_stands_for_nothing_is_named(text: str, message: str) -> None:
    place = {"type": "object", "properties": {"city": TEXT}}
    schema = form(a=shown_as("ActiveText", **{"ui:text": text, "fetch:response:hint": "h"}), name={}, place=place)
    (said,) = found(schema)
    assert said.startswith(message)


def test_a_template_is_found_wherever_it_stands_in_a_body() -> None:
    props = {"fetch:method": "POST", "fetch:body": {"b": [{"c": "$${{identityApi.tokn}}"}]}}
    (said,) = found(form(a=shown_as("ActiveTextInput", **props)))
    assert said.startswith("'identityApi' has no 'tokn'; did you mean 'token'?")


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("$${{current.a}}", "a retrigger is a name without braces; write 'current.a'"),
        ("${{ current.a }}", "a retrigger is a name without braces; write 'current.a'"),
        ("current.b", "the form has no field 'b'; name a field, as in 'current.a'"),
        ("a", "the form knows no 'a'; write one of current, "),
    ],
)
def test_a_name_in_a_retrigger_that_stands_for_nothing_is_named(name: str, message: str) -> None:
    (said,) = found(form(a=shown_as("ActiveTextInput", **{"fetch:retrigger": [name]})))
    assert said.startswith(message)


def naming(path: str, *, more: dict[str, Any] | None = None, **fields: Any) -> dict[str, Any]:
    return form(text=shown_as("ActiveText", **{"ui:text": f"$${{{{current.{path}}}}}"}), more=more, **fields)


OPEN = [
    naming("b", more={"$ref": "#/$defs/b", "$defs": {"b": form(b={})}}),
    naming("xb", more={"patternProperties": {"^x": TEXT}}),
    naming("b.c", b={"type": "object"}),
    naming("b.c", b={"properties": {}, "allOf": [form(c={})]}),
    # a SchemaUpdater puts fields into those that are there
    naming("b.d", b={"properties": {"c": TEXT}}, u=shown_as("SchemaUpdater")),
    # JSONata, where a dollar is the response
    form(a=shown_as("ActiveMultiSelect", **{"fetch:response:value": "${{current.a}}"})),
    naming("c", more={"then": {"properties": {"c": TEXT}}}),
]


@pytest.mark.parametrize("schema", OPEN)
def test_what_only_a_run_can_tell_has_no_finding(schema: Any) -> None:
    assert found(schema, "ui-template") == []


@pytest.mark.parametrize(
    ("wrong", "right"),
    [
        ({"fetch:methd": "GET"}, {"fetch:method": "GET"}),
        ({**VALUE, "fetch:response:autocmplete": "x"}, {**VALUE, "fetch:response:autocomplete": "x"}),
        ({"fetch:retrigger": ["$${{current.a}}"]}, {"fetch:retrigger": ["current.a"]}),
        ({"fetch:headers": {"A": "B ${{current.a}}"}}, {"fetch:headers": {"A": "B $${{current.a}}"}}),
        ({"fetch:headers": {"A": "$${{ current.a }}"}}, {"fetch:headers": {"A": "$${{current.a}}"}}),
        ({"fetch:headers": {"A": "$${{identityApi.tokn}}"}}, {"fetch:headers": {"A": "$${{identityApi.token}}"}}),
        ({"fetch:headers": {"A": "$${{curent.a}}"}}, {"fetch:headers": {"A": "$${{current.a}}"}}),
        ({"fetch:retrigger": ["current.city"]}, {"fetch:retrigger": ["current.place.city"]}),
        # two right names are near, or none
        ({"fetch:retrigger": ["current.zzz"]}, {"fetch:retrigger": ["current.zzz"]}),
    ],
)
def test_what_has_one_right_name_is_fixed(wrong: dict[str, Any], right: dict[str, Any]) -> None:
    def schema(props: dict[str, Any]) -> str:
        place = {"type": "object", "properties": {"city": TEXT}}
        return json.dumps(form(a={"ui:widget": "ActiveTextInput", "ui:props": props}, place=place), indent=2)

    done = fix(defined(NAMED, {"schemas/input.json": schema(wrong)}))
    written = [data.decode() for path, data in done.files.items() if path.endswith("input.json")]
    assert (written or [schema(wrong)]) == [schema(right)]


def of_release(schema: Any, release: str | None) -> list[str]:
    read = defined(NAMED, {"schemas/input.json": json.dumps(schema)})
    rhdh = parse_release(release, "rhdh") if release else None
    found = lint_together(Repository(workflows=[read], rhdh=rhdh))
    return [finding.message for finding in found if finding.rule == "ui-release"]


@pytest.mark.parametrize(
    ("field", "release", "messages"),
    [
        (shown_as("ActiveBoolean"), "1.10", ["RHDH 1.10 has no widget 'ActiveBoolean', which came with 2.1"]),
        (shown_as("ActiveBoolean"), "2.1", []),
        (shown_as("ActiveBoolean"), None, []),
        (
            shown_as("ActiveTextInput", **{"fetch:skipInitialValue": True}),
            "1.7",
            ["RHDH 1.7 does not read 'fetch:skipInitialValue', which came with 1.8"],
        ),
        (
            shown_as("ActiveText", **{"ui:variant": "h3"}),
            "1.9",
            ["RHDH 1.9 no longer reads 'ui:variant', which went with 1.8"],
        ),
        (shown_as("ActiveText", **{"ui:variant": "h3"}), "1.7", []),
        ({"ui:hidden": True}, "1.7", ["RHDH 1.7 does not read 'ui:hidden', which came with 1.8"]),
        ({"ui:widget": "MyOwnWidget", "ui:props": {"fetch:skipInitialValue": True}}, "1.6", []),
    ],
)
def test_what_a_release_does_not_have_is_named(field: dict[str, Any], release: str | None, messages: list[str]) -> None:
    assert of_release(form(a=field), release) == messages


FACTS = form_facts()
NAMES = st.sampled_from([*sorted(FACTS.props), *sorted(FACTS.beside), "ui:widget", "provider", "required", "x"])
WORDS = st.sampled_from(
    [*sorted(FACTS.widgets), "POST", "$${{", "$${{current..a}}", "${{current.a}}", "current.[0]", ""]
)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | WORDS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=4),
    max_leaves=12,
)


@given(field=st.dictionaries(NAMES, JSON, max_size=5), widget=st.sampled_from(sorted(FACTS.widgets)), required=JSON)
def test_any_json_is_judged_without_an_exception(field: dict[str, Any], widget: str, required: Any) -> None:
    schema = form(a={"ui:widget": widget, **field}, more={"required": required})
    read = defined(NAMED, {"schemas/input.json": json.dumps(schema)})
    lint(read)
    lint_together(Repository(workflows=[read], rhdh=parse_release("1.7", "rhdh")))


def test_output_schemas_are_no_forms() -> None:
    broken = json.dumps(form(a={"ui:widget": "ActiveText"}))
    fields = {"extensions": [{"extensionid": "workflow-output-schema", "outputSchema": "schemas/out.json"}]}
    rules = {finding.rule for finding in lint(defined(fields, {"schemas/out.json": broken}))}
    assert not any(rule.startswith("ui-") for rule in rules)
