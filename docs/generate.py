"""Writes docs/reference/ from the code: commands, values and settings, findings.

`python docs/generate.py` writes; with `--check` it writes nothing, names the files that differ and exits 1.
"""
# ruff: noqa: INP001 - a script beside its pages, no package

from __future__ import annotations

import ast
import inspect
import json
import sys
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, fields
from itertools import pairwise
from pathlib import Path
from typing import Final, get_args

import click

from generator import dsl, errors, lint, values
from generator.manifests import Database, ImageReference
from generator.properties import Variable
from pipeline import cli
from pipeline.settings import Settings

ROOT: Final = Path(__file__).parent.parent
HEAD: Final = "<!-- Written by docs/generate.py; change the code, then run: nox -s docs -->\n\n"

#: What click does not know of a command's arguments.
ARGUMENTS: Final = {
    "WORKFLOW": "a workflow folder's name below the workflows folder, or its path",
    "FOLDER": "a workflow folder's name below the workflows folder, or its path",
    "CHART": "a chart folder: one with a Chart.yaml",
    "DIR": "the folder with the packages",
}

#: Rules whose meaning is not the docstring of one function in generator/lint.py.
MEANINGS: Final = {
    "chart": "A Chart.yaml without name or version, or with a name that Helm refuses.",
    "chart-files": "A file of the workflow's `chart/` that clashes with a generated one, or has no place in a chart.",
    "chart-name": "A folder whose chart Helm could not switch on, or two folders that make one chart.",
    "definitions": "More than one definition at the top of a folder.",
    "depth": "Values nested deeper than 100 levels.",
    "duplicate-id": "Two workflows of one repository with one id: their objects would overwrite each other.",
    "duplicate-key": "A key that stands twice in one map.",
    "empty-file": "A file that has to say something and is empty, or holds comments alone.",
    "encoding": "A file or a file's name that is not UTF-8, or a file that holds NUL bytes.",
    "file-outside": "A reference to a file outside the folder and outside workflows/shared.",
    "helmignore": "A .helmignore with a line that is no pattern.",
    "index": "An index.yaml that is none.",
    "invalid-name": "An id, a folder, a file or a key that makes a name which Kubernetes refuses.",
    "invalid-service-name": "An id that is no name for the Service which the operator makes.",
    "link-loop": "A symbolic link to a folder above it.",
    "link-outside": "A symbolic link that leaves the folder.",
    "missing-field": "A field that the DSL needs is not there.",
    "missing-file": "A spec, a schema or another file that the definition names and the folder does not hold.",
    "name-clash": "Two folders that fall on one ConfigMap name, or two secret keys that become one variable.",
    "no-definition": "A folder without `*.sw.yaml`, `*.sw.yml` or `*.sw.json`.",
    "no-folder": "A folder that is not there.",
    "package": "A .tgz that is no chart.",
    "release-size": "A chart whose release Helm could not store.",
    "size": "A file, a folder or the sum of YAML aliases over its limit.",
    "special-file": "A pipe, a socket, a device or a broken link.",
    "syntax": "Not well-formed YAML, JSON or properties, or YAML that waybill does not take (tags, a second document).",
    "unknown-field": "A field that the DSL does not have, with the nearest one that it has.",
    "unknown-value": "A value that is none of those the DSL allows.",
    "unreadable": "A file that the system does not let waybill read.",
    "wrong-type": "A list where a map belongs, a number where a string belongs, and so on.",
}
EXAMPLE: Final = (
    "workflows/greeting/greeting.sw.yaml:36:21: error: transition to the unknown state 'GreetInGermn'; "
    "did you mean 'GreetInGerman'? [unknown-state]"
)
#: What the end of a rule's name may be, where it is not a kind of declaration.
ENDINGS: Final = {"retry-*": ("jitter", "multiplier")}


def main(arguments: list[str]) -> int:
    """Write the pages, or say which are not as they would be written; the exit code."""
    differing = []
    for path, page in PAGES.items():
        target, text = ROOT / path, f"{HEAD}{page().rstrip()}\n"
        if "--check" not in arguments:
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(text, encoding="utf-8")
        elif not target.is_file() or target.read_text(encoding="utf-8") != text:
            differing.append(path)
    for path in differing:
        click.echo(f"{path}: not what would be generated; run: nox -s docs", err=True)
    return 1 if differing else 0


def commands() -> str:
    """Every command with its arguments, options and example."""
    listed = cli.waybill.commands
    return "\n".join(
        [
            "# Commands\n",
            _table(("command", "what it does"), ((f"[{n}](#waybill-{n})", _first_line(c)) for n, c in listed.items())),
            "Progress, messages and tables go to standard error. Standard output holds the one document of `--json`,",
            "and the findings of `lint`. `waybill --version` shows the version.\n",
            _table(("exit code", "when"), sorted(_exit_codes())),
            *(_command(name, command) for name, command in listed.items()),
        ]
    )


def _exit_codes() -> Iterator[tuple[str, str]]:
    yield "0", "Done; there may be warnings."
    yield "1", "`--check` found a difference, or Ctrl-C."
    yield "2", "A command or an option that there is not, or that makes no sense."
    for error in errors.WaybillError.__subclasses__():
        yield str(error.exit_code), _sentence(error.__doc__)


def _command(name: str, command: click.Command) -> str:
    context = click.Context(command, info_name=f"waybill {name}")
    usage = " ".join(command.collect_usage_pieces(context))
    arguments = [p.make_metavar(context) for p in command.params if isinstance(p, click.Argument)]
    plain = [argument.strip("[].") for argument in arguments]
    options = [p.get_help_record(context) for p in command.params if isinstance(p, click.Option)]
    rows = [*((a, ARGUMENTS[a]) for a in plain), *(record for record in options if record)]
    return "\n".join(
        [
            f"## waybill {name}\n\n{inspect.cleandoc(command.help or '')}\n",
            f"```\nwaybill {name} {usage}\n```\n",
            _table(("argument or option", "what it is"), ((f"`{name}`", help_) for name, help_ in rows)),
            f"```console\n$ {cli._EXAMPLES[name].replace(chr(10) + '  ', chr(10) + '$ ')}\n```\n",  # noqa: SLF001 - ours
        ]
    )


def values_and_settings() -> str:
    """The values of a workflow's chart and of the umbrella, and the settings of waybill."""
    chart = values.workflow_values(
        image=ImageReference(repository=f"{Settings.registry}/{Settings.image_prefix}FOLDER", tag="src-…"),
        database=Database(schema="FOLDER"),
        variables=[
            Variable(name="VAR", comment="What the comment above the property says."),
            Variable(name="OTHER", default="text", comment="A variable with a default, `${OTHER:text}`."),
        ],
        secret_comments={"KEY": "What the comment in secret.properties says."},
    )
    flags = {p.name: p.opts[0] for p in cli.waybill.commands["build"].params if isinstance(p, click.Option)}
    return "\n".join(
        [
            "# Values and settings\n\n## Values of a workflow's chart\n",
            "`FOLDER` is the workflow's folder, `VAR` and `OTHER` stand for the variables that it expects, `KEY` for a",
            "key of its secret.properties. Misspelt values are rejected. Those of a workflow's own `chart/values.yaml`",
            "come after these.\n",
            _value_table(chart),
            "## Values of the umbrella chart\n",
            "`CHART` stands for each workflow's chart, whose own values go below its name: `CHART.replicas`.\n",
            _value_table(values.umbrella_values(["CHART"])),
            "## Settings of waybill\n",
            "Read from the nearest `waybill.toml`, or the table `[tool.waybill]` of a `pyproject.toml`, in the current",
            "folder or one above it; a variable wins over the file, an option over both. Paths in the file are",
            "relative to it.\n",
            _table(
                ("setting", "variable", "option", "default", "what it is"),
                (
                    (f"`{n}`", f"`WAYBILL_{n.upper()}`", f"`{flags[n]}`", f"`{_default(n)}`", said)
                    for n, said in _field_docs(Settings).items()
                ),
            ),
            "Two more variables are read: `SOURCE_DATE_EPOCH`, the time of new index entries in seconds since 1970",
            "(else the last commit's, else now), and `XDG_CACHE_HOME`, below which the record of the last build lies",
            "(else `~/.cache`).",
        ]
    )


def _value_table(listed: tuple[values.Value, ...]) -> str:
    rows = (
        (f"`{row.path}`", f"`{json.dumps(row.default, ensure_ascii=False)}`", row.description)
        for row in values.rows(listed)
    )
    return _table(("value", "default", "what it does"), rows)


def _default(name: str) -> str:
    default = next(f.default for f in fields(Settings) if f.name == name)
    return str(default) or '""'


def _field_docs(owner: type) -> dict[str, str]:
    """The strings below the fields of a class; Python itself drops them."""
    body = next(n for n in ast.walk(ast.parse(inspect.getsource(owner))) if isinstance(n, ast.ClassDef)).body
    return {
        before.target.id: after.value.value
        for before, after in pairwise(body)
        if isinstance(before, ast.AnnAssign)
        and isinstance(before.target, ast.Name)
        and isinstance(after, ast.Expr)
        and isinstance(after.value, ast.Constant)
        and isinstance(after.value.value, str)
    }


@dataclass
class _Rule:
    """A rule as the code has it: how severe its findings are, and what the functions of lint.py say of it."""

    severities: set[str] = field(default_factory=set)
    said: dict[str, None] = field(default_factory=dict)


def findings() -> str:
    """Every rule that a finding can carry."""
    rules = _rules()
    unknown = MEANINGS.keys() - rules.keys()
    silent = [name for name, rule in rules.items() if not (name in MEANINGS or rule.said)]
    if unknown or silent:
        raise SystemExit(
            f"docs/generate.py, MEANINGS: unknown rules {sorted(unknown)}, rules without a meaning {silent}"
        )
    rows = (
        (_named(name), " or ".join(sorted(rule.severities)), MEANINGS.get(name) or " ".join(rule.said))
        for name, rule in sorted(rules.items())
    )
    return "\n".join(
        [
            "# Findings\n",
            "A finding is one line: where (file, line and column from 1; a file or folder alone where all of it is",
            "meant), how severe, what, and the rule in brackets:\n",
            f"```\n{EXAMPLE}\n```\n",
            "`build` and `lint` report all of them at once and stop on errors; warnings stop nothing. `manifests` and",
            "`chart` stop on those errors alone that make a Kubernetes object impossible. With `--json` each finding",
            "is an object with `path`, `line`, `column`, `severity`, `rule` and `message`.\n",
            _table(("rule", "severity", "what it means"), rows),
        ]
    )


def _named(name: str) -> str:
    endings = ENDINGS.get(name, get_args(dsl.Target)) if name.endswith("*") else ()
    return ", ".join(f"`{name[:-1]}{ending}`" for ending in endings) or f"`{name}`"


def _rules() -> dict[str, _Rule]:
    """Every rule's name in the code: what calls pass for a parameter that is called `rule`."""
    rules: dict[str, _Rule] = defaultdict(_Rule)
    for path in sorted([*(ROOT / "generator").glob("*.py"), *(ROOT / "pipeline").glob("*.py")]):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        places = dict(_rule_parameters(tree))
        for top in tree.body:
            for call in (node for node in ast.walk(top) if isinstance(node, ast.Call)):
                for name in _passed(call, places):
                    rules[name].severities.add(_severity(call))
                    if path.stem == lint.__name__.rpartition(".")[2] and isinstance(top, ast.FunctionDef):
                        rules[name].said[_sentence(ast.get_docstring(top))] = None
    return rules


def _rule_parameters(tree: ast.Module) -> Iterator[tuple[str, int]]:
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef):
            names = [argument.arg for argument in node.args.args if argument.arg != "self"]
            if "rule" in names:
                yield node.name, names.index("rule")


def _passed(call: ast.Call, places: Mapping[str, int]) -> Iterator[str]:
    called = call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")
    given = [keyword.value for keyword in call.keywords if keyword.arg == "rule"]
    if called in places and len(call.args) > places[called]:
        given.append(call.args[places[called]])
    for value in given:
        parts = value.values if isinstance(value, ast.JoinedStr) else [value]
        if isinstance(parts[0], ast.Constant):
            yield "".join(str(part.value) if isinstance(part, ast.Constant) else "*" for part in parts)


def _severity(call: ast.Call) -> str:
    given = (k.value.attr for k in call.keywords if k.arg == "severity" and isinstance(k.value, ast.Attribute))
    return next(given, "error").lower()


def _sentence(docstring: str | None) -> str:
    return (docstring or "").partition("\n")[0]


def _first_line(command: click.Command) -> str:
    return " ".join((command.help or "").partition("\n\n")[0].split())


def _table(heading: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    lines = (f"| {' | '.join(' '.join(cell.split()).replace('|', chr(92) + '|') for cell in row)} |" for row in rows)
    return "\n".join([f"| {' | '.join(heading)} |", "|---" * len(heading) + "|", *lines, ""])


PAGES: Final[Mapping[str, Callable[[], str]]] = {
    "docs/reference/commands.md": commands,
    "docs/reference/values.md": values_and_settings,
    "docs/reference/findings.md": findings,
}

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
