"""Every finding has a rule, and every rule is found by something: the names in findings, read from the source."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import pytest

from generator.lint.registry import RULES
from tests.conftest import ROOT
from tests.unit.conftest import write

#: Where a rule names its own findings.
OF_A_RULE = "self.name"
FUNCTION = (ast.FunctionDef, ast.AsyncFunctionDef)


@dataclass(frozen=True)
class Module:
    """A module, and what it gives to findings as their rule."""

    path: Path

    @cached_property
    def tree(self) -> ast.Module:
        return ast.parse(self.path.read_text(encoding="utf-8"))

    @cached_property
    def constants(self) -> dict[str, ast.expr]:
        """The values that have a name at the top of the module."""
        found: dict[str, ast.expr] = {}
        for node in self.tree.body:
            match node:
                case ast.Assign(targets=[ast.Name(name)], value=value):
                    found[name] = value
                case ast.AnnAssign(target=ast.Name(name), value=ast.expr() as value):
                    found[name] = value
        return found

    @cached_property
    def calls(self) -> list[tuple[ast.Call, ast.FunctionDef | ast.AsyncFunctionDef | None]]:
        """Each call with the innermost function that it stands in."""
        found = []

        def walk(node: ast.AST, function: ast.FunctionDef | ast.AsyncFunctionDef | None) -> None:
            function = node if isinstance(node, FUNCTION) else function
            if isinstance(node, ast.Call):
                found.append((node, function))
            for child in ast.iter_child_nodes(node):
                walk(child, function)

        walk(self.tree, None)
        return found

    def emitted(self) -> Iterator[str]:
        """The names that it gives to findings, and those of the rules that find here."""
        for call, function in self.calls:
            for keyword in call.keywords:
                if keyword.arg == "rule":
                    yield from self.names(keyword.value, function)
            match call.func:
                case ast.Attribute(value=ast.Name(name), attr="findings") if name in self.constants:
                    yield from self._of_rule(self.constants[name])

    def names(self, value: ast.expr, function: ast.FunctionDef | ast.AsyncFunctionDef | None) -> Iterator[str]:
        """The texts that an expression can be."""
        match value:
            case ast.Constant(str(text)):
                yield text
            case ast.Name(name) if function and name in _parameters(function):
                callers = [(call, caller) for call, caller in self.calls if _called(call) == function.name]
                assert callers, f"{self.path}:{function.lineno}: nobody calls {function.name} in its own module"
                for call, caller in callers:
                    yield from self.names(_argument(call, function, name), caller)
            case ast.Name(name) | ast.Subscript(value=ast.Name(name)) if name in self.constants:
                yield from self.names(self.constants[name], None)
            case ast.Dict(values=values):
                for each in values:
                    yield from self.names(each, None)
            case _:
                text = ast.unparse(value)
                assert text == OF_A_RULE, f"{self.path}:{value.lineno}: cannot tell which rules {text} can name"

    def _of_rule(self, made: ast.expr) -> Iterator[str]:
        match made:
            case ast.Call(func=ast.Name("Rule"), keywords=keywords):
                yield from (name for word in keywords if word.arg == "name" for name in self.names(word.value, None))


def _parameters(function: ast.FunctionDef | ast.AsyncFunctionDef) -> list[str]:
    return [one.arg for one in function.args.args]


def _called(call: ast.Call) -> str:
    match call.func:
        case ast.Name(name) | ast.Attribute(attr=name):
            return name
    return ""


def _argument(call: ast.Call, function: ast.FunctionDef | ast.AsyncFunctionDef, name: str) -> ast.expr:
    """What a call gives to a parameter."""
    given = {word.arg: word.value for word in call.keywords}
    parameters = [one for one in _parameters(function) if one != "self"]
    return given[name] if name in given else call.args[parameters.index(name)]


def emitted(folder: Path) -> set[str]:
    """What the modules below a folder name as the rule of a finding."""
    return {name for path in sorted(folder.rglob("*.py")) for name in Module(path).emitted()}


FOUND = emitted(ROOT / "generator") | emitted(ROOT / "pipeline")


def test_every_finding_has_a_rule() -> None:
    assert sorted(FOUND - RULES.keys()) == []


def test_every_rule_finds_something_itself_or_is_named_by_what_finds_it() -> None:
    named = {rule.name for rule in RULES.values() if not (rule.find or rule.find_together)}
    assert sorted(named - FOUND) == []


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("Finding(rule='a')", {"a"}),
        ("def f():\n    yield Finding(path='x', rule='a')", {"a"}),
        ("_RULE: Final = 'a'\nFinding(rule=_RULE)", {"a"}),
        ("_RULES = {1: 'a', 2: 'b'}\nFinding(rule=_RULES[n])", {"a", "b"}),
        ("def f(at, rule): return Finding(rule=rule)\nf(0, 'a')\nf(0, rule='b')", {"a", "b"}),
        ("def f(rule): return Finding(rule=rule)\ndef g(rule): return f(rule)\ng('a')", {"a"}),
        ("class A:\n    def f(self, rule): Finding(rule=rule)\n    def g(self): self.f('a')", {"a"}),
        ("one = Rule(name='a')\none.findings([])", {"a"}),
        ("one = Rule(name='a')", set()),
    ],
)
def test_names_are_followed_to_where_they_are_written(text: str, names: set[str], tmp_path: Path) -> None:
    assert emitted(write(tmp_path, {"module.py": text})) == names


@pytest.mark.parametrize("text", ["Finding(rule=f'{a}-b')", "Finding(rule=a)", "def f(rule): Finding(rule=rule)"])
def test_a_name_that_cannot_be_followed_fails(text: str, tmp_path: Path) -> None:
    with pytest.raises(AssertionError, match=r"module\.py:1: "):
        emitted(write(tmp_path, {"module.py": text}))
