"""The architecture: generator/ reads the folder that it is given, and pipeline/ has every effect."""

from __future__ import annotations

import ast
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conftest import ROOT

MODULES = [path.relative_to(ROOT).as_posix() for path in sorted((ROOT / "generator").rglob("*.py"))]
PIPELINE = sorted((ROOT / "pipeline").rglob("*.py"))

#: Modules of the network, of processes, of the clock, of chance and of other places to write to.
EFFECTS = frozenset(
    {"asyncio", "datetime", "ftplib", "getpass", "git", "http", "locale", "multiprocessing", "pipeline", "platform"}
    | {"random", "secrets", "shutil", "socket", "ssl", "subprocess", "tempfile", "time", "urllib.request", "uuid"}
)
#: What of modules and objects that are fine otherwise reads the environment or writes.
CALLS = frozenset(
    {"chmod", "cwd", "environ", "getenv", "home", "mkdir", "putenv", "rename", "rmdir", "symlink_to", "touch"}
    | {"unlink", "write_bytes", "write_text", "open()", "print()", "input()"}
)
#: Module to what it may do all the same.
ALLOWED = {
    "generator/contracts/samples.py": {"random"},  # of a fixed seed
    "generator/image/commit.py": {"datetime"},  # a time that it is given, in UTC
    "generator/image/sbom.py": {"uuid"},  # version 5: a hash
}


def imported(tree: ast.Module) -> Iterator[str]:
    """The modules that a module names, each with all that is above it."""
    for node in ast.walk(tree):
        names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
        if isinstance(node, ast.ImportFrom):
            names = [f"{node.module}.{alias.name}" for alias in node.names]
        for name in names:
            parts = name.split(".")
            yield from (".".join(parts[:end]) for end in range(1, len(parts) + 1))


def used(tree: ast.Module) -> Iterator[str]:
    """The attributes that a module asks for, and the functions without a module that it calls."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute):
            yield node.attr
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            yield f"{node.func.id}()"


def parsed(module: str) -> ast.Module:
    return ast.parse((ROOT / module).read_text(encoding="utf-8"))


@pytest.mark.parametrize("module", MODULES)
def test_the_generator_has_no_effect_and_asks_nobody(module: str) -> None:
    tree = parsed(module)
    effects = EFFECTS & set(imported(tree)) | CALLS & set(used(tree))
    assert effects - ALLOWED.get(module, set()) == set()


@pytest.mark.parametrize("top", ["generator", "pipeline"])
def test_design_md_has_the_packages_in_the_order_of_imports(top: str) -> None:
    design = (ROOT / "docs" / "design.md").read_text(encoding="utf-8")
    table = design.partition(f"### {top}/")[2].partition("\n#")[0]
    rows = [re.findall("`([^`]+)`", line.split("|")[1]) for line in table.splitlines() if line.startswith("| `")]
    documented = [name for row in rows for name in row]
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    contracts = project["tool"]["importlinter"]["contracts"]
    layers = next(each["layers"] for each in contracts if each.get("containers") == [top])
    assert documented == layers[::-1]
    modules = {path.stem for path in (ROOT / top).glob("*.py") if path.stem != "__init__"}
    assert set(layers) == modules | {path.parent.name for path in (ROOT / top).glob("*/__init__.py")}


def test_contributing_md_names_files_that_there_are() -> None:
    text = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    table = text.partition("## Where a change goes")[2].partition("\n\n`generator/`")[0]
    rows = [line for line in table.splitlines() if line.startswith("| ") and "(to come)" not in line][1:]
    named = {row: re.findall(r"`((?:generator|pipeline|tests|docs|workflows)/[^`]*)`", row) for row in rows}
    assert [row for row, paths in named.items() if not paths] == []
    assert {path for paths in named.values() for path in paths if not (ROOT / path).exists()} == set()


def test_whoever_has_expressions_compiled_keeps_libjq_from_the_home_folder() -> None:
    compiling = {"generator.lint.linter.lint", "generator.lint.linter.lint_together", "generator.lint.fixes.fix"}
    modules = {path: set(imported(ast.parse(path.read_text(encoding="utf-8")))) for path in PIPELINE}
    asking = {path for path, names in modules.items() if names & compiling or "generator.jq.compiling" in names}
    assert asking
    assert [path for path in asking if "pipeline.system.environment.without_home" not in modules[path]] == []


def test_no_module_takes_what_another_keeps_to_itself() -> None:
    taken = {
        f"{path.relative_to(ROOT)}: {alias.name}"
        for top in ("generator", "pipeline")
        for path in Path(ROOT, top).rglob("*.py")
        for node in ast.walk(parsed(path.relative_to(ROOT).as_posix()))
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
        if alias.name.startswith("_")
    }
    assert taken == set()
