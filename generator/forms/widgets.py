"""The widgets of forms by release of Red Hat Developer Hub, from `widgets.yaml`, which names the sources."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache, cached_property
from importlib import resources
from typing import Any, Final

from generator.forms.releases import Release, parse_release
from generator.text.yaml_reader import parse

#: The prefix of the properties, with any name, that a widget reads if it `selects`.
RESPONSE: Final = "fetch:response:"


@dataclass(frozen=True, kw_only=True)
class Property:
    """A property in or next to `ui:props`: the first release that reads it, and the first that no longer does."""

    name: str
    since: Release
    until: Release | None = None

    def read_by(self, release: Release) -> bool:
        """Return whether a release reads the property."""
        return self.since <= release and (self.until is None or release < self.until)


@dataclass(frozen=True, kw_only=True)
class Need:
    """Properties of which a widget needs one, always or only if it has the property `when`."""

    one_of: tuple[str, ...]
    when: str = ""


@dataclass(frozen=True, kw_only=True)
class Widget:
    """A widget: the properties of `ui:props` that it reads, and those without which it shows an error.

    `selects` says that it reads `fetch:response:` properties with any name, `unseen` that it shows no label.
    """

    name: str
    since: Release
    properties: Mapping[str, Property]
    needs: tuple[Need, ...]
    selects: bool = False
    unseen: bool = False


@dataclass(frozen=True, kw_only=True)
class Descriptor:
    """The allowed fields and values of an item in `authTokenDescriptors`.

    `providers` are those that need no `customProviderApiId`; `without_open_id` are those that issue no ID tokens.
    """

    fields: tuple[str, ...]
    providers: tuple[str, ...]
    token_types: tuple[str, ...]
    without_open_id: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class FormFacts:
    """The features of forms: `rjsf` and `rjsf_widgets` in all releases, `beside` and `widgets` since a certain one.

    `methods` are the HTTP methods of requests. `templates` are the keys of each template family, or none if any key is
    allowed.
    """

    rjsf: frozenset[str]
    rjsf_widgets: frozenset[str]
    beside: Mapping[str, Property]
    widgets: Mapping[str, Widget]
    methods: tuple[str, ...]
    descriptor: Descriptor
    templates: Mapping[str, tuple[str, ...]]

    @cached_property
    def ui_names(self) -> frozenset[str]:
        """The `ui:` keywords of a property."""
        return self.rjsf | frozenset(self.beside)

    @cached_property
    def widget_names(self) -> frozenset[str]:
        """The values of `ui:widget` that need no custom plugin."""
        return self.rjsf_widgets | frozenset(self.widgets)

    @cached_property
    def props(self) -> frozenset[str]:
        """All properties that any widget reads in `ui:props`."""
        return frozenset(name for widget in self.widgets.values() for name in widget.properties)


@cache
def form_facts() -> FormFacts:
    """Return the features of forms, from `widgets.yaml`."""
    data = (resources.files("generator.forms") / "widgets.yaml").read_bytes()
    content = parse(data, "widgets.yaml (waybill's own)").root.plain()
    return FormFacts(
        rjsf=frozenset(f"ui:{name}" for name in content["rjsf"]),
        rjsf_widgets=frozenset(content["rjsf_widgets"]),
        beside=dict(_properties(content["beside"], {})),
        widgets={name: _widget(name, about, content["groups"]) for name, about in content["widgets"].items()},
        methods=tuple(content["methods"]),
        descriptor=Descriptor(**{name: tuple(values) for name, values in content["descriptor"].items()}),
        templates={family: tuple(keys) for family, keys in content["templates"].items()},
    )


def _widget(name: str, about: Mapping[str, Any], groups: Mapping[str, Mapping[str, str]]) -> Widget:
    since = _release(about["since"])
    read: dict[str, str] = {}
    for group in about.get("groups", ()):
        read |= groups[group]
    read |= about.get("properties", {})
    properties = {
        one: Property(name=one, since=max(since, known.since), until=known.until)
        for one, known in _properties(read, about.get("until", {}))
    }
    return Widget(
        name=name,
        since=since,
        properties=properties,
        needs=tuple(Need(one_of=tuple(need["one_of"]), when=need.get("when", "")) for need in about["needs"]),
        selects=about.get("selects", False),
        unseen=about.get("unseen", False),
    )


def _properties(since: Mapping[str, str], until: Mapping[str, str]) -> Iterator[tuple[str, Property]]:
    for name, release in since.items():
        end = _release(until[name]) if name in until else None
        yield name, Property(name=name, since=_release(release), until=end)


def _release(text: str) -> Release:
    return parse_release(text, "widgets.yaml")
