"""What Windows has otherwise than the systems that these tests mostly run on: drives, and functions that it lacks."""

from __future__ import annotations

import ast
import ntpath
import sys
from collections.abc import Iterator
from pathlib import Path, PureWindowsPath

import pytest

from pipeline.terminal.annotations import from_root
from pipeline.workspace import settings_reader
from pipeline.workspace.places import Directory, parse_place
from tests.conftest import ROOT

#: Modules that Windows has not (docs.python.org, "Availability: Unix").
UNIX_MODULES = {"fcntl", "grp", "posix", "pty", "pwd", "resource", "syslog", "termios", "tty"}
#: Functions and constants that Windows has not.
UNIX_NAMES = {
    "os": {
        *("O_CLOEXEC", "O_DIRECTORY", "O_NOFOLLOW", "O_NONBLOCK", "chown", "fchmod", "fork", "getegid", "geteuid"),
        *("getgid", "getpgid", "getuid", "killpg", "mkfifo", "setsid", "sync", "sysconf", "uname", "wait"),
    },
    "signal": {"SIGALRM", "SIGHUP", "SIGKILL", "SIGPIPE", "SIGUSR1", "pthread_sigmask", "setitimer"},
}


def modules() -> list[Path]:
    return [path for package in ("generator", "pipeline") for path in sorted((ROOT / package).rglob("*.py"))]


def unix_names(tree: ast.AST) -> Iterator[tuple[str, str]]:
    """What a function, or a module outside its functions, uses of Unix without looking whether it is there."""
    guarded: set[str] = set()
    used: set[tuple[str, str]] = set()
    for node in _below(tree):
        match node:
            case ast.FunctionDef():
                yield from unix_names(node)
            case ast.Attribute(value=ast.Name(id=module), attr=name) if name in UNIX_NAMES.get(module, ()):
                used.add((module, name))
            case ast.Attribute(value=ast.Name(id="os"), attr="name"):
                guarded |= UNIX_NAMES["os"]
            case ast.Call(func=ast.Name(id="hasattr"), args=[ast.Name(), ast.Constant(value=str(name))]):
                # What has no groups of processes has no such signals.
                guarded |= {name, *(UNIX_NAMES["signal"] if name == "killpg" else ())}
    yield from ((module, name) for module, name in sorted(used) if name not in guarded)


def _below(tree: ast.AST) -> Iterator[ast.AST]:
    """The nodes below one, but not those of functions in it."""
    for node in ast.iter_child_nodes(tree):
        yield node
        if not isinstance(node, ast.FunctionDef):
            yield from _below(node)


def test_nothing_is_used_that_windows_has_not() -> None:
    found = {
        (path.relative_to(ROOT).as_posix(), *each)
        for path in modules()
        for each in unix_names(ast.parse(path.read_text(encoding="utf-8")))
    }
    assert found == set()


def test_a_use_without_a_look_is_found() -> None:
    text = "import os\ndef f():\n    os.sync()\ndef g():\n    if hasattr(os, 'sync'):\n        os.sync()\n"
    assert [*unix_names(ast.parse(text))] == [("os", "sync")]


def test_no_module_is_imported_that_windows_has_not() -> None:
    assert sys.stdlib_module_names >= UNIX_MODULES
    imported = {
        (path.relative_to(ROOT).as_posix(), name)
        for path in modules()
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Import | ast.ImportFrom)
        for name in [*(alias.name for alias in node.names), getattr(node, "module", None)]
        if name in UNIX_MODULES
    }
    assert imported == set()


@pytest.mark.parametrize(
    ("path", "shown"),
    [
        (r"C:\work\flows\greeting\a.sw.yaml", "flows/greeting/a.sw.yaml"),
        (r"c:\WORK\flows\a.sw.yaml", "flows/a.sw.yaml"),
        (r"D:\flows\a.sw.yaml", "D:/flows/a.sw.yaml"),
    ],
)
def test_an_annotation_has_the_path_as_git_writes_it(path: str, shown: str) -> None:
    assert from_root(PureWindowsPath(path), PureWindowsPath(r"C:\work")) == shown


def test_a_place_in_a_folder_is_written_with_slashes() -> None:
    assert str(Directory(path=PureWindowsPath(r"C:\public\charts"))) == "dir:C:/public/charts"  # type: ignore[arg-type] # Path of Windows
    assert parse_place(r"dir:C:\public") == Directory(path=Path(r"C:\public"))


@pytest.mark.parametrize(
    ("folder", "path"),
    [
        (r"C:\team", r"C:\team\work\..\flows"),
        (r"C:\team\work", "flows"),
        (r"D:\team", r"D:\team\flows"),
    ],
)
def test_a_setting_is_relative_to_its_file_on_another_drive_too(
    folder: str, path: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(settings_reader.os.path, "relpath", ntpath.relpath)
    found = settings_reader.beside(PureWindowsPath(folder), PureWindowsPath(r"C:\team\work"), "flows")  # type: ignore[arg-type] # Path of Windows
    assert PureWindowsPath(found) == PureWindowsPath(path)
