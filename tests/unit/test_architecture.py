"""The architecture: generator/ reads the folder that it is given, and pipeline/ has every effect."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conftest import ROOT

MODULES = [path.relative_to(ROOT).as_posix() for path in sorted((ROOT / "generator").rglob("*.py"))]

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
    "generator/jq/compiling.py": {"environ"},  # takes HOME away from libjq, which reads ~/.jq otherwise
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
