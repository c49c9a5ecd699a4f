"""Compares two definitions: their states, transitions and declarations."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final

from generator.diff.change import Change, Impact, Kind, Topic
from generator.diff.content import Place, name_of, paired, places, shown, shown_apart
from generator.diff.references import followed
from generator.diff.ways import Way, paired_ways, place_of, reason_of, target_of, way_of, way_text
from generator.text.yaml_reader import FieldPath
from generator.workflow import dsl
from generator.workflow.definition import Definition
from generator.workflow.dsl import Target
from generator.workflow.graph import Edge, EdgeKind, read_graph

if TYPE_CHECKING:
    from generator.workflow.long_form import Flow, State

_TOPICS: Final[Mapping[str, Topic]] = {
    "functions": Topic.FUNCTION,
    "events": Topic.EVENT,
    "errors": Topic.ERROR,
    "retries": Topic.RETRY,
    "auth": Topic.AUTH,
}
#: Fields of a state that are compared as edges.
_WAYS: Final = ("transition", "end", "compensatedBy")
_CONDITIONS: Final = ("dataConditions", "eventConditions", "onErrors")
_IN_A_CONDITION: Final = ("transition", "end", "condition", "eventRef", "errorRef", "errorRefs", "name")
#: Numeric fields of a retry that are not part of a custom resource, so that a chart does not have them.
_NOT_IN_A_CHART: Final = ("jitter", "multiplier")


@dataclass(frozen=True, kw_only=True)
class Definitions:
    """Two definitions to compare; `within` is the id of a subflow, `whole` says that neither is from a chart."""

    old: Definition
    new: Definition
    within: str = ""
    whole: bool = True

    def compare(self) -> Iterator[Change]:
        """Yield the changes by topic, in the order of the old definition, then of the new one."""
        yield from self._outline()
        yield from self._states()
        for section in _TOPICS:
            yield from self._declared(section)

    @cached_property
    def renames(self) -> Mapping[Target, Mapping[str, str]]:
        """New names by old ones of renamed states, functions, events, errors, retries and authentications."""
        found: dict[Target, Mapping[str, str]] = {}
        for section in _TOPICS:
            target = dsl.DECLARATIONS[section]
            found[target] = paired(
                _by_name(self.old.flow, section), _by_name(self.new.flow, section), _without_name
            ).renamed
        old = _with_incoming_edges(
            followed(self.old.flow, {**found, **_blanked_names(self.old, self.new)}), self.old, self.new
        )
        new = _with_incoming_edges(followed(self.new.flow, _blanked_names(self.new, self.old)), self.new, self.old)
        found["state"] = paired(old, new, _without_name).renamed
        return found

    @cached_property
    def _old_flow(self) -> Flow:
        """The old flow with renamed references."""
        return followed(self.old.flow, self.renames)

    def _change(
        self, topic: Topic, kind: Kind, subject: str, old: FieldPath | None, new: FieldPath | None, **more: Any
    ) -> Change:
        return Change(
            topic=topic,
            kind=kind,
            subject=subject,
            impact=more.pop("impact", Impact.INTERNAL),
            within=self.within,
            old=None if old is None else self.old.position_of(*old),
            new=None if new is None else self.new.position_of(*new),
            **more,
        )

    def _outline(self) -> Iterator[Change]:
        """Yield the changes of the workflow as a whole: its start, timeouts, metadata and so on."""
        elsewhere = {"states", "dataInputSchema", *_TOPICS}
        before = {key: value for key, value in self._old_flow.items() if key not in elsewhere}
        after = {key: value for key, value in self.new.flow.items() if key not in elsewhere}
        for place in places(before, after):
            yield self._change_at(place, Topic.WORKFLOW, _path_text(place, before, after))

    def _change_at(
        self, place: Place, topic: Topic, subject: str, what: str = "", under: tuple[FieldPath, FieldPath] = ((), ())
    ) -> Change:
        """Return the change for a place where values differ."""
        old, new = (*under[0], *place.old), (*under[1], *place.new)
        if place.moved:
            names = {"before": ", ".join(_labels(place.before)), "after": ", ".join(_labels(place.after))}
            what = f"{what}: order" if what else "order"
            return self._change(topic, Kind.CHANGED, subject, old, new, what=what, **names)
        kind = Kind.ADDED if place.before is None else Kind.REMOVED if place.after is None else Kind.CHANGED
        before, after = shown_apart(place.before, place.after)
        return self._change(
            topic,
            kind,
            subject,
            None if kind is Kind.ADDED else old,
            None if kind is Kind.REMOVED else new,
            what=what,
            before=before,
            after=after,
        )

    def _declared(self, section: str) -> Iterator[Change]:
        topic = _TOPICS[section]
        old, new = (self._items(flow, section) for flow in (self._old_flow, self.new.flow))
        old_index, new_index = _indices(self.old, section), _indices(self.new, section)
        pairing = paired(old, new, _without_name)
        for name in pairing.removed:
            impact, reason = _event_impact(old[name], Kind.REMOVED) if topic is Topic.EVENT else (Impact.INTERNAL, "")
            at = (section, old_index[name])
            yield self._change(
                topic, Kind.REMOVED, name, at, None, before=_main_field(old[name]), impact=impact, reason=reason
            )
        for name in pairing.added:
            impact, reason = _event_impact(new[name], Kind.ADDED) if topic is Topic.EVENT else (Impact.INTERNAL, "")
            at = (section, new_index[name])
            yield self._change(
                topic, Kind.ADDED, name, None, at, after=_main_field(new[name]), impact=impact, reason=reason
            )
        for before, after in pairing.pairs():
            under = ((section, old_index[before]), (section, new_index[after]))
            if before != after:
                yield self._change(topic, Kind.RENAMED, after, *under, before=before, after=after)
            one, other = _without_name(old[before]), _without_name(new[after])
            for place in places(one, other):
                change = self._change_at(place, topic, after, _path_text(place, one, other), under)
                yield _with_event_impact(change, one, other) if topic is Topic.EVENT else change

    def _items(self, flow: Flow, section: str) -> dict[str, Mapping[str, Any]]:
        """Return the declarations of a section by name, with the fields that both snapshots can have."""
        items = _by_name(flow, section)
        if self.whole or section != "retries":
            return items
        return {
            name: {key: value for key, value in item.items() if key not in _NOT_IN_A_CHART}
            for name, item in items.items()
        }

    def _states(self) -> Iterator[Change]:
        old, new = _states_by_name(self._old_flow), _states_by_name(self.new.flow)
        renamed = self.renames["state"]
        old_graph, new_graph = read_graph(self._old_flow), self.new.graph
        for name in old:
            at: FieldPath = ("states", old_graph.indices[name])
            if name not in new and name not in renamed:
                yield self._change(Topic.STATE, Kind.REMOVED, name, at, None, before=_state_text(old[name]))
        for name in new:
            at = ("states", new_graph.indices[name])
            if name not in old and name not in renamed.values():
                yield self._change(Topic.STATE, Kind.ADDED, name, None, at, after=_state_text(new[name]))
        for before in old:
            after = renamed.get(before, before)
            if after in new:
                under = (("states", old_graph.indices[before]), ("states", new_graph.indices[after]))
                if before != after:
                    yield self._change(Topic.STATE, Kind.RENAMED, after, *under, before=before, after=after)
                one, other = _within_state(old[before]), _within_state(new[after])
                for place in places(one, other):
                    yield self._change_at(place, Topic.STATE, after, _path_text(place, one, other), under)
                yield from self._ways(after, old_graph.outgoing(before), new_graph.outgoing(after))

    def _ways(self, state: str, old: Sequence[Edge], new: Sequence[Edge]) -> Iterator[Change]:
        pairs, gone, come = paired_ways(
            [(edge, way_of(self._old_flow, edge)) for edge in old],
            [(edge, way_of(self.new.flow, edge)) for edge in new],
        )
        for (before, old_way), (after, new_way) in pairs:
            at = (before.where, after.where)
            if before.when != after.when:
                trigger = {EdgeKind.EVENT: "event", EdgeKind.ERROR: "errors"}.get(after.kind, "condition")
                what = f"{trigger} of {way_text(after)}"
                first, then = shown_apart(before.when, after.when)
                text: dict[str, Any] = {"before": first, "after": then}
                yield self._change(Topic.TRANSITION, Kind.CHANGED, state, *at, what=what, **text)
            if before.target != after.target:
                text = {"before": target_of(before), "after": target_of(after)}
                what = reason_of(after) or "next"
                yield self._change(Topic.TRANSITION, Kind.CHANGED, state, *at, what=what, **text)
            if before.name != after.name:
                what = f"name of the condition of {way_text(after)}"
                text = {"before": before.name, "after": after.name}
                yield self._change(Topic.TRANSITION, Kind.CHANGED, state, *at, what=what, **text)
            if (before.target is None) == (after.target is None):
                for place in places(old_way, new_way):
                    what = f"{way_text(after)}: {_path_text(place, old_way, new_way)}"
                    yield replace(self._change_at(place, Topic.TRANSITION, state, what, at), kind=Kind.CHANGED)
        for edge, _ in gone:
            text = {"what": reason_of(edge), "before": target_of(edge)}
            yield self._change(Topic.TRANSITION, Kind.REMOVED, state, edge.where, None, **text)
        for edge, _ in come:
            text = {"what": reason_of(edge), "after": target_of(edge)}
            yield self._change(Topic.TRANSITION, Kind.ADDED, state, None, edge.where, **text)
        yield from self._order(state, pairs)

    def _order(self, state: str, pairs: Sequence[tuple[Way, Way]]) -> Iterator[Change]:
        """Yield a change if the order of conditions, in which they are evaluated, is different."""
        conditions = [(old, new) for (old, _), (new, _) in pairs if new.kind is EdgeKind.CONDITION]
        before = [target_of(new) for _, new in sorted(conditions, key=lambda pair: place_of(pair[0]))]
        after = [target_of(new) for _, new in sorted(conditions, key=lambda pair: place_of(pair[1]))]
        if before != after:
            text = {"what": "order of the conditions", "before": ", ".join(before), "after": ", ".join(after)}
            yield self._change(
                Topic.TRANSITION, Kind.CHANGED, state, conditions[0][0].where, conditions[0][1].where, **text
            )


def _by_name(flow: Flow, section: str) -> dict[str, Mapping[str, Any]]:
    """Return the declarations of a section by name; of the same name, the first."""
    found: dict[str, Mapping[str, Any]] = {}
    for item in _section(flow, section):
        found.setdefault(str(item.get("name", "")), item)
    return found


def _indices(definition: Definition, section: str) -> dict[str, int]:
    found: dict[str, int] = {}
    for index, item in enumerate(_section(definition.flow, section)):
        found.setdefault(str(item.get("name", "")), index)
    return found


def _section(flow: Mapping[str, Any], section: str) -> Sequence[Mapping[str, Any]]:
    """Return the declarations of a section, untyped."""
    declared: Sequence[Mapping[str, Any]] = flow.get(section, ())
    return declared


def _states_by_name(flow: Flow) -> dict[str, State]:
    return dict(read_graph(flow).states)


def _blanked_names(one: Definition, other: Definition) -> Mapping[Target, Mapping[str, str]]:
    """Return renames that blank the states that only `one` has, so that neighbours of a renamed state look the same."""
    return {"state": dict.fromkeys(one.graph.states.keys() - other.graph.states.keys(), "")}


def _with_incoming_edges(flow: Flow, own: Definition, other: Definition) -> dict[str, dict[str, Any]]:
    """Return the states by name, with their incoming edges, which help to recognize renamed states."""
    ways: dict[str, list[str]] = {}
    for edge in own.graph.edges:
        source = edge.source if edge.source in other.graph.states else ""
        ways.setdefault(edge.target or "", []).append(f"{source} {edge.kind} {edge.when}")
    return {name: {**state, "from": ways.get(name, [])} for name, state in read_graph(flow).states.items()}


def _without_name(item: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in item.items() if key != "name"}


def _within_state(state: Mapping[str, Any]) -> dict[str, Any]:
    """Return a state without its name and edges, but with the other fields of its conditions."""
    content = {
        key: value for key, value in state.items() if key not in ("name", "defaultCondition", *_WAYS, *_CONDITIONS)
    }
    for key in _CONDITIONS:
        for condition in state.get(key) or ():
            rest = {k: v for k, v in condition.items() if k not in _IN_A_CONDITION}
            if rest:
                content.setdefault(key, []).append({"name": name_of(condition) or condition.get("condition"), **rest})
    return content


def _path_text(place: Place, before: Any, after: Any) -> str:
    """Return a path with names of items: `actions[createIssue].functionRef.arguments.name`."""
    path, value = (place.old, before) if place.after is None else (place.new, after)
    text = ""
    for step in path:
        value = value[step]
        text += f"[{name_of(value) or step + 1}]" if isinstance(step, int) else f".{step}"
    return text.removeprefix(".")


def _labels(items: Any) -> list[str]:
    return [name_of(item) or str(shown(item)) for item in items] if isinstance(items, list) else []


def _main_field(item: Mapping[str, Any]) -> str | None:
    """Return the most informative field of a declaration, or None."""
    return shown(next((item[key] for key in ("operation", "type", "code", "delay", "scheme") if key in item), None))


def _state_text(state: State) -> str:
    return state["type"]


def _event_impact(event: Mapping[str, Any], kind: Kind) -> tuple[Impact, str]:
    match kind, event.get("kind"):
        case Kind.ADDED, "produced":
            return Impact.COMPATIBLE, "consumers may ignore it"
        case Kind.ADDED, _:
            return Impact.COMPATIBLE, "producers need to send it only to trigger what waits for it"
        case _, "produced":
            return Impact.BREAKING, "consumers wait for it forever"
        case _:
            return Impact.BREAKING, "the workflow no longer receives it"


def _with_event_impact(change: Change, old: Mapping[str, Any], new: Mapping[str, Any]) -> Change:
    """Return a change of an event's field, as breaking if others that send or receive the event depend on it."""
    field = change.what.partition(".")[0].partition("[")[0].partition(":")[0]
    if field not in ("type", "source", "correlation", "kind", "dataOnly"):
        return change
    produced = "produced" in (old.get("kind"), new.get("kind"))
    who = "consumers" if produced else "producers"
    return replace(change, impact=Impact.BREAKING, reason=f"{who} depend on its {field}")
