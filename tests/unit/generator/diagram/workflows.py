"""Workflows to draw, made by hypothesis: every type of state, any names, any ways between them."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

NAMES = st.one_of(
    st.text(max_size=60, alphabet=st.characters(exclude_categories=["Cs"])),
    st.sampled_from(
        [
            "</title><script>",
            'a"b',
            "#quot;",
            "`code`",
            "end",
            "a|b",
            "%%{init}%%",
            "]]>",
            "\\N",
            "&lt;",
            "漢字の名前",
            "{x}",
        ]
    ),
)


@st.composite
def workflows(draw: st.DrawFn) -> dict[str, Any]:
    """The fields of a definition with up to ten states."""
    names = draw(st.lists(NAMES, min_size=1, max_size=10, unique=True))
    known = st.sampled_from([*names, "nowhere"])
    return {
        "name": draw(NAMES),
        "start": draw(known),
        "states": [draw(states(name, known)) for name in names],
        "functions": [{"name": draw(NAMES), "operation": draw(NAMES)}],
    }


@st.composite
def states(draw: st.DrawFn, name: str, known: st.SearchStrategy[str]) -> dict[str, Any]:
    """A state that leads to some of the known ones."""
    ways = st.one_of(
        st.just({"end": True}),
        known.map(lambda target: {"transition": target}),
        st.tuples(known, NAMES).map(
            lambda made: {"transition": {"nextState": made[0], "produceEvents": [{"eventRef": made[1]}]}}
        ),
    )
    handlers = st.tuples(NAMES, ways).map(lambda made: {"errorRef": made[0], **made[1]})
    common = {"name": name, **draw(ways), "onErrors": draw(st.lists(handlers, max_size=2))}
    actions = st.lists(
        st.one_of(
            NAMES.map(lambda called: {"functionRef": called}),
            NAMES.map(lambda called: {"subFlowRef": called}),
            st.tuples(NAMES, NAMES).map(lambda made: {"name": made[0], "functionRef": "f", "condition": made[1]}),
        ),
        min_size=1,
        max_size=4,
    )
    conditions = st.tuples(NAMES, NAMES, ways).map(lambda made: {"name": made[0], "condition": made[1], **made[2]})
    branches = st.tuples(NAMES, actions).map(lambda made: {"name": made[0], "actions": made[1]})
    kinds: list[dict[str, Any]] = [
        {"type": "inject", "data": {draw(NAMES): 1}},
        {"type": "sleep", "duration": draw(NAMES)},
        {"type": "operation", "actions": draw(actions)},
        {
            "type": "switch",
            "dataConditions": draw(st.lists(conditions, max_size=4)),
            "defaultCondition": draw(ways),
        },
        {"type": "parallel", "branches": draw(st.lists(branches, min_size=1, max_size=5))},
        {"type": "foreach", "inputCollection": draw(NAMES), "actions": draw(actions)},
        {"type": "callback", "action": draw(actions)[0], "eventRef": draw(NAMES)},
        {"type": "event", "onEvents": [{"eventRefs": [draw(NAMES)], "actions": draw(actions)}]},
        {"type": draw(NAMES)},
    ]
    return {**common, **draw(st.sampled_from(kinds))}


def long_workflow(number: int) -> dict[str, Any]:
    """The fields of a definition with that many states: requests that are tried again, some of which may fail."""
    tasks = (number - 2) // 3
    states: list[dict[str, Any]] = []
    for index in range(tasks):
        following = f"RequestResource{index + 1}" if index + 1 < tasks else "ReportSuccess"
        request, check, wait = f"RequestResource{index}", f"CheckResource{index}", f"WaitForResource{index}"
        states += [
            {
                "name": request,
                "type": "operation",
                "actions": [{"functionRef": "requestResource"}],
                "onErrors": [{"errorRef": "refused", "transition": "ReportFailure"}] if index % 4 == 0 else [],
                "transition": check,
            },
            {
                "name": check,
                "type": "switch",
                "dataConditions": [{"name": "Ready", "condition": ".ready", "transition": following}],
                "defaultCondition": {"transition": wait},
            },
            {"name": wait, "type": "sleep", "duration": "PT30S", "transition": request},
        ]
    for name in ("ReportSuccess", "ReportFailure", *(f"Unused{index}" for index in range(number - 2 - 3 * tasks))):
        states.append({"name": name, "type": "inject", "data": {"result": name}, "end": True})
    return {"name": "A long workflow", "start": "RequestResource0", "states": states}
