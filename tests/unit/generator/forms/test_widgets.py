"""The facts about widgets: what they say of each release, and that they hold together."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from generator.findings.errors import SettingsError
from generator.forms.releases import Release, parse_release
from generator.forms.widgets import RESPONSE, Widget, form_facts

FACTS = form_facts()


@pytest.mark.parametrize(
    ("text", "release"),
    [("1.9", Release(1, 9)), ("1.10", Release(1, 10)), ("1.9.3", Release(1, 9)), ("2.0", Release(2, 0))],
)
def test_a_release_is_read_with_or_without_its_patch(text: str, release: Release) -> None:
    assert parse_release(text, "rhdh") == release


@pytest.mark.parametrize("text", ["", "1", "v1.9", "1.09", "1.9.", "latest", "1.9-rc", "1.99999"])
def test_what_is_no_release_is_refused_with_its_name(text: str) -> None:
    with pytest.raises(SettingsError, match=r"^rhdh '.*': write a release of Red Hat Developer Hub, as in 1.9$"):
        parse_release(text, "rhdh")


def test_releases_are_in_the_order_of_their_numbers() -> None:
    assert Release(1, 9) < Release(1, 10) < Release(2, 0)


def test_the_widgets_are_those_of_the_orchestrator() -> None:
    assert sorted(FACTS.widgets) == [
        "ActiveBoolean",
        "ActiveDropdown",
        "ActiveMultiSelect",
        "ActiveText",
        "ActiveTextInput",
        "AuthRequester",
        "SchemaUpdater",
    ]
    assert FACTS.widget_names > {*FACTS.widgets, "hidden", "textarea"}


@pytest.mark.parametrize(
    ("widget", "name", "read", "unread"),
    [
        ("ActiveTextInput", "fetch:url", "1.6", "1.5"),
        ("ActiveTextInput", "fetch:response:default", "1.8", "1.7"),
        ("ActiveDropdown", "fetch:retry:delay", "1.9", "1.8"),
        ("ActiveMultiSelect", "fetch:response:value", "1.7", "1.6"),
        ("ActiveText", "ui:variant", "1.7", "1.8"),
        ("ActiveBoolean", "fetch:url", "2.1", "1.10"),
    ],
)
def test_a_property_is_read_by_the_releases_that_have_it(widget: str, name: str, read: str, unread: str) -> None:
    known = FACTS.widgets[widget].properties[name]
    assert known.read_by(parse_release(read, ""))
    assert not known.read_by(parse_release(unread, ""))


@pytest.mark.parametrize("known", FACTS.widgets.values(), ids=lambda widget: widget.name)
def test_a_widget_reads_what_it_needs_since_it_is_there(known: Widget) -> None:
    for need in known.needs:
        assert set(need.one_of) <= known.properties.keys()
        assert not need.when or need.when in known.properties
    assert all(known.since <= one.since for one in known.properties.values())
    assert not known.selects or not any(name.startswith(RESPONSE) for name in known.properties)


@pytest.mark.parametrize(
    "names",
    [lambda: FACTS.rjsf & FACTS.beside.keys(), lambda: FACTS.rjsf_widgets & FACTS.widgets.keys()],
)
def test_no_name_is_listed_as_the_orchestrator_s_and_as_react_json_schema_form_s(names: Callable[[], set[str]]) -> None:
    assert names() == set()
