"""Generates docs/reference/, docs/rules.md, docs/workflows/, the tables of README.md and a diagram from the code.

`python docs/generate.py --check` writes nothing, lists the files that are out of date, and then exits with 1.
"""
# ruff: noqa: INP001 - a script beside its pages, no package

from __future__ import annotations

import inspect
import json
import re
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, Final

import click

from generator.chart import values
from generator.chart.chart import chart_name
from generator.chart.page import index_row, page
from generator.compatibility.capabilities import newest_capabilities
from generator.compatibility.table import markdown
from generator.diagram.output.svg import svg
from generator.findings import errors
from generator.kubernetes.objects import Database, ImageReference
from generator.lint.registry import SUBJECTS
from generator.platform.platform import platform_operator, platform_sonataflow
from generator.platform.values import PROFILES, platform_values
from generator.text.markdown import code, row
from generator.text.yaml_reader import parse
from generator.workflow.properties import Variable
from generator.workflow.workflow import Workflow
from pipeline import cli
from pipeline.commands.command import Command
from pipeline.commands.completions import table as completions_table
from pipeline.inspect.diagram import read_folder_scene
from pipeline.operators.known import read_compatibility
from pipeline.workspace.folders import all_folders
from pipeline.workspace.settings import Setting, Settings, known_settings
from pipeline.workspace.workflows import read_folder

ROOT: Final = Path(__file__).parent.parent
HEAD: Final = "<!-- Written by docs/generate.py; change the code, then run: nox -s docs -->\n\n"

WORKFLOW_PAGES: Final = "docs/workflows"
#: The lines around the list of workflows in README.md.
BEGIN: Final = "<!-- The workflows: written by docs/generate.py -->\n"
END: Final = "<!-- end of the workflows -->"

#: Descriptions of arguments, which click does not support.
ARGUMENTS: Final = {
    "add": "what to do with the namespace",
    "NAMESPACE": "the namespace of the workflows, which is created if it does not exist",
    "secret|plugins": "the Secret of RHDH, or the configuration of its plugins",
    "WORKFLOW": "the name of a folder in the workflows folder, or a path",
    "WORKFLOW|CHART": "the name or path of a workflow folder, or an existing chart: its folder or its package",
    "REPOSITORY": "a folder, which need not exist yet",
    "CHECK|COMMAND": "a check, by its name in the first column, or a command of waybill; by default all checks",
    "FOLDER|GIT-URL": "a folder, or a git repository: URL, URL#BRANCH or URL#BRANCH:FOLDER over https, ssh or file",
    "FOLDER": "the name of a folder in the workflows folder, or a path",
    "OLD": "a workflow folder, a chart folder, a package, WORKFLOW@REVISION, a git revision, a range; by default HEAD",
    "NEW": "the same; defaults to the working folder",
    "PART|VERSION": "patch, minor, major, rc or release, or a version such as 2.1.0",
    "CHART": "a chart folder: one with a Chart.yaml",
    "argocd|flux|tekton|argo-workflows": "the tool that deploys the charts, or that builds them",
    "NEW-NAME": "the name of the workflow, which its folder, its id and its chart get; prompted for on a terminal",
    "bash|zsh|fish": "the shell that loads the script",
    "NAME": "a chart, also with a version or a range (CHART@^2.0.0), or a workflow for a pipeline; by default all",
    "DIR": "a folder with packages; for publish also a package, a chart folder, or a folder with those",
    "IMAGE": "the name of an image in a registry, with a tag or a digest",
    "IMAGE|TARGET": "the name of an image in a registry, or a chart repository, as for publish",
}

#: The variables of a command's example, and the commands that are run before it.
EXAMPLES_RUN: Final = {
    "actions": (f"OWNER/WAYBILL@COMMIT=octo/waybill@{'1' * 40}", ""),
    "changed": ("", "git update-ref refs/remotes/origin/main HEAD"),
    "changelog": ("", "waybill build greeting --sonataflow 1.45 >build.log 2>&1"),
    "init": ("OWNER=octo; REPO=flows", "cd .. && mkdir flows && cd flows"),
    "index": ("", "mkdir published && waybill build --all --output published >build.log 2>&1 && cp -r published dist"),
    "umbrella": ("", "mkdir my && cp -r charts my"),
}
#: Examples that are not run, with the reason; tests/unit/test_documentation.py only checks their options.
EXAMPLES_NOT_RUN: Final = {
    "attest": "IMAGE is pushed first; docs/how-to.md does so",
    "build": "each line is for another repository; docs/how-to.md builds",
    "check": "each line is for another operator; docs/how-to.md checks",
    "completion": "each line is for another shell; docs/how-to.md writes the scripts",
    "doctor": "the output differs from machine to machine; docs/how-to.md runs it",
    "diff": "each line is for another history; docs/how-to.md compares",
    "image": "pushes to quay.io; docs/how-to.md pushes to a registry of the tests",
    "import": "each line is for another repository; docs/how-to.md imports one",
    "namespace": "a line needs a cluster; docs/how-to.md adds a namespace to one",
    "new": "needs the OpenAPI file; docs/how-to.md starts workflows",
    "propose": "each line is for another place; docs/how-to.md proposes",
    "publish": "each line is for another place; docs/how-to.md publishes",
    "rhdh": "a line needs a cluster; docs/how-to.md adds the Secret to one",
    "run": "docs/how-to.md runs a workflow",
    "verify": "IMAGE is pushed first; docs/how-to.md does so",
}
IGNORES: Final = """\
[tool.waybill.lint]                 # [lint] in waybill.toml
ignore = ["workflow-type"]          # rules, in the whole repository

[tool.waybill.lint.per-file-ignores]
"workflows/escalation/*" = ["unused-function"]"""
#: The table for the completion of command lines in shells.
COMPLETIONS: Final = "pipeline/commands/completions/table.json"
#: The marks around the generated parts of README.md.
MATRIX_MARKS: Final = ("<!-- waybill matrix --markdown -->", "<!-- end of the matrix -->")
SETTINGS_MARKS: Final = ("<!-- The settings: written by docs/generate.py -->", "<!-- end of the settings -->")
EXAMPLE: Final = (
    "workflows/greeting/greeting.sw.yaml:36:21: error: transition to the unknown state 'GreetInGermn'; "
    "did you mean 'GreetInGerman'? [unknown-state]"
)


def main(arguments: list[str]) -> int:
    """Write the pages, or list those that are out of date, and return the exit code."""
    pages = {path: f"{HEAD}{text().rstrip()}\n" for path, text in PAGES.items()}
    pages |= {**workflow_pages(), "README.md": readme(), COMPLETIONS: completions_table.table(_commands())}
    left = {path.relative_to(ROOT).as_posix() for path in (ROOT / WORKFLOW_PAGES).glob("*.md")} - pages.keys()
    differing = sorted(left) if "--check" in arguments else []
    for path in () if "--check" in arguments else left:
        (ROOT / path).unlink()
    for path, text in pages.items():
        target = ROOT / path
        if "--check" not in arguments:
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(text, encoding="utf-8")
        elif not target.is_file() or target.read_text(encoding="utf-8") != text:
            differing.append(path)
    for path in differing:
        click.echo(f"{path}: out of date; run: nox -s docs", err=True)
    return 1 if differing else 0


def commands() -> str:
    """Return the page of all commands with their arguments, options and examples."""
    listed = _commands()
    return "\n".join(
        [
            "# Commands\n",
            _table(("command", "what it does"), ((f"[{n}](#waybill-{n})", _first_line(c)) for n, c in listed.items())),
            "Progress, messages and tables go to standard error. Standard output has the JSON document of `--json`,",
            "the findings of `lint`, the objects of `gitops`, `namespace` and `rhdh`, and the reports of `diff` and",
            "`explain`.",
            "`waybill --version` prints the version.\n",
            _table(("exit code", "when"), sorted(_exit_codes())),
            *(_command(name, command) for name, command in listed.items()),
        ]
    )


def compatibility() -> str:
    """Return the page of compatibility.yaml: which charts run on which operators, and their capabilities."""
    matrix = read_compatibility(ROOT / "compatibility.yaml")
    flows = (
        (
            code(flow.name),
            code(str(flow.versions)),
            code(f"{key}={value}"),
            ", ".join(map(code, flow.profiles)),
            code(flow.builder),
        )
        for flow in matrix.sonataflows
        for key, value in flow.properties.items()
    )
    bundles = ((code(str(each.versions)), each.sonataflow or "unknown") for each in matrix.orchestrators)
    return "\n".join(
        [
            "# Which charts run on which operators\n",
            "From compatibility.yaml; `waybill matrix` shows it, `waybill check` verifies it.\n",
            markdown(matrix),
            "## SonataFlow\n",
            _table(("SonataFlow", "versions", "for persistence", "profiles", "builder image"), flows),
            "## Orchestrator\n",
            _table(("Orchestrator", "bundled SonataFlow"), bundles),
        ]
    )


def readme() -> str:
    """Return README.md with updated tables of compatibility.yaml and of the settings."""
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    text = _between(MATRIX_MARKS, markdown(read_compatibility(ROOT / "compatibility.yaml")), text)
    settings = ((key, default, said) for key, _, _, default, said in _setting_rows())
    return _between(SETTINGS_MARKS, _table(("setting", "default", "what it is"), settings), text)


def _between(marks: tuple[str, str], new: str, text: str) -> str:
    before, _, rest = text.partition(marks[0])
    return f"{before}{marks[0]}\n{new}{marks[1]}{rest.partition(marks[1])[2]}"


def _exit_codes() -> Iterator[tuple[str, str]]:
    yield "0", "Success, possibly with warnings."
    yield "1", "`--check` or `--fail-on` found a difference, or Ctrl-C interrupted the command."
    yield "2", "An unknown or invalid command or option."
    for error in errors.WaybillError.__subclasses__():
        yield str(error.exit_code), _sentence(error.__doc__)


def _command(name: str, command: Command) -> str:
    context = click.Context(command, info_name=f"waybill {name}")
    usage = " ".join(command.collect_usage_pieces(context))
    arguments = [p.make_metavar(context) for p in command.params if isinstance(p, click.Argument)]
    plain = [argument.strip("[].") for argument in arguments]
    options = [p.get_help_record(context) for p in command.params if isinstance(p, click.Option)]
    rows = [*((a, ARGUMENTS[a]) for a in plain), *(record for record in options if record)]
    return "\n".join(
        [
            f"## waybill {name}\n\n{inspect.cleandoc(command.help or '')}\n",
            f"```text\nwaybill {name} {usage}\n```\n",
            _table(("argument or option", "what it is"), ((f"`{name}`", help_) for name, help_ in rows)),
            *_how_to_run(name),
            f"```shell\n{command.example}\n```\n",
        ]
    )


def _how_to_run(name: str) -> Iterator[str]:
    """Yield comments that tell tests/docs how to run an example, or why not; they are hidden on the page."""
    if name in EXAMPLES_NOT_RUN:
        yield f"<!-- not run: {EXAMPLES_NOT_RUN[name]} -->\n"
        return
    given, before = EXAMPLES_RUN.get(name, ("", ""))
    yield f"<!-- run: fresh clone{given and f'; {given}'} -->"
    if before:
        yield f"<!-- run first: {before} -->"
    yield ""


def values_and_settings() -> str:
    """Return the page of a workflow chart's values, the umbrella's values, and waybill's settings."""
    chart = values.workflow_values(
        capabilities=newest_capabilities(),
        image=ImageReference(repository=f"{Settings.registry}/{Settings.image_prefix}FOLDER", tag="src-…"),
        database=Database(schema="FOLDER"),
        variables=[
            Variable(name="VAR", comment="What the comment above the property says."),
            Variable(name="OTHER", default="text", comment="A variable with a default, `${OTHER:text}`."),
        ],
        secret_comments={"KEY": "What the comment in secret.properties says."},
    )
    return "\n".join(
        [
            "# Values and settings\n\n## Values of a workflow's chart\n",
            "`FOLDER` is the workflow's folder, `VAR` and `OTHER` are placeholders for its variables, `KEY` for a key",
            "in its secret.properties. Misspelt values are rejected. The values in a workflow's own",
            "`chart/values.yaml` follow these; a `podTemplate` there gives this one other defaults.\n",
            _value_table(chart),
            "## Values of the umbrella chart\n",
            "`CHART` is a placeholder for each workflow's chart. Its values go under its name: `CHART.replicas`.\n",
            _value_table(values.umbrella_values(["CHART"])),
            "## Settings of waybill\n",
            "waybill reads the nearest `waybill.toml`, or table `[tool.waybill]` of a `pyproject.toml`, in the current",
            "folder or a parent. An environment variable overrides the file; an option overrides both. Paths in the",
            "file, and paths that are not set, are relative to the file; without a file, to the root of the git",
            "repository, and outside of a repository to the current folder. Paths in variables and options are",
            "relative to the current folder. Names may have hyphens instead of underscores.\n",
            _table(("setting", "variable", "option", "default", "what it is"), _setting_rows()),
            "`lint` is a table. A comment suppresses a rule in one place:",
            "`# waybill: ignore[RULE] reason`, at the end of a line, above it, or at the top of a file.\n",
            f"```toml\n{IGNORES}\n```\n",
            "waybill reads a few more variables. `SOURCE_DATE_EPOCH` is the time of new index entries, in seconds",
            "since 1970 (default: the time of the last commit, or now). `WAYBILL_CACHE` is the cache folder (default:",
            "`waybill` in the user's cache folder, `XDG_CACHE_HOME` or `~/.cache`). `WAYBILL_REGISTRY_USERNAME` and",
            "`WAYBILL_REGISTRY_PASSWORD` are the login for the registry of the settings, and for no other host;",
            "without them logins are those of Docker and Podman. `COSIGN_PASSWORD` is that of the signing key.",
        ]
    )


def platform() -> str:
    """Return the page of the values of the chart `platform`, with defaults by profile, for the newest SonataFlow."""
    operator = platform_operator(platform_sonataflow(None))
    listed = {
        profile: {row.path: row for row in values.rows(platform_values(profile, operator))} for profile in PROFILES
    }
    every = {path: row for profile in reversed(PROFILES) for path, row in listed[profile].items()}
    order = {path: None for profile in PROFILES for path in listed[profile]}
    rows = (
        (code(path), *(_value(listed[profile].get(path)) for profile in PROFILES), every[path].description)
        for path in order
    )
    return "\n".join(
        [
            "# Values of the platform\n",
            "The chart that `waybill platform` writes for the newest SonataFlow, by its profile. A profile without a",
            "default does not have the value. Charts for SonataFlow 1.45 and before have fewer. Misspelt values are",
            "rejected. How to use it: [The platform](../platform.md).\n",
            _table(("value", *PROFILES, "what it does"), rows),
        ]
    )


def _value(row: values.Row | None) -> str:
    return "" if row is None else code(json.dumps(row.default, ensure_ascii=False))


def _value_table(listed: tuple[values.Value, ...]) -> str:
    rows = (
        (f"`{row.path}`", f"`{json.dumps(row.default, ensure_ascii=False)}`", row.description)
        for row in values.rows(listed)
    )
    return _table(("value", "default", "what it does"), rows)


def _setting_rows() -> Iterator[tuple[str, ...]]:
    for setting in known_settings().values():
        ways = (code(setting.variable), code(setting.option)) if setting.variable else ("", "")
        yield (code(setting.key), *ways, _default(setting), setting.about.text)


def _default(setting: Setting) -> str:
    """Return a default as in a settings file, without quotes, or "" if it is empty."""
    if isinstance(setting.default, bool):
        return code(str(setting.default).lower())
    return code(str(setting.default)) if setting.default else ""


def rules() -> str:
    """Return the page of all rules with their reasons and examples."""
    overview = (
        (f"[`{rule.name}`](#{rule.name})", str(rule.severity), rule.summary)
        for listed in SUBJECTS.values()
        for rule in listed
    )
    return "\n".join(
        [
            "# Rules\n",
            "A finding is one line: the position (file, line and column from 1, or only a file or folder), the",
            "severity, the message, and the rule in brackets:\n",
            f"```\n{EXAMPLE}\n```\n",
            "`lint` and `build` report all findings at once and fail on errors. Warnings do not fail a command, unless",
            "`--strict` treats them as errors. `manifests` and `chart` fail only on errors that make a Kubernetes",
            "object impossible. Other commands report the rules of the last subjects; each rule names its command.\n",
            "The examples are fields of a definition (the remaining fields are those of a minimal definition) and",
            "further files. Each example is a test.\n",
            _table(("rule", "severity", "what it finds"), overview),
            *(
                "\n".join([f"## {subject}\n", *(f"### {rule.name}\n\n{rule.as_markdown()}" for rule in listed)])
                for subject, listed in SUBJECTS.items()
            ),
        ]
    )


def _sentence(docstring: str | None) -> str:
    return (docstring or "").partition("\n")[0]


def _commands() -> dict[str, Command]:
    """Return the commands by name, in the order of the page."""
    context = click.Context(cli.waybill)
    found = {name: cli.waybill.get_command(context, name) for name in cli.SHORT_HELPS}
    return {name: command for name, command in found.items() if isinstance(command, Command)}


def _first_line(command: click.Command) -> str:
    return " ".join((command.help or "").partition("\n\n")[0].split())


def _table(heading: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    lines = (row([" ".join(cell.split()) for cell in cells]) for cells in rows)
    return "\n".join([row(heading), "|---" * len(heading) + "|", *lines, ""])


def picture() -> str:
    """Return the SVG of the workflow that README.md shows."""
    return svg(read_folder_scene(ROOT / "workflows" / "escalation", expand=False)).text


def workflow_pages() -> dict[str, str]:
    """Return a page for each workflow, a page that lists them, and README.md with an updated list, by path."""
    workflows = [read_folder(folder) for folder in all_folders(ROOT / "workflows")]
    pages = {f"{WORKFLOW_PAGES}/{workflow.source.name}.md": _workflow_page(workflow) for workflow in workflows}
    heading = ("workflow", "type", "what it does")
    listed = _table(heading, []) + "\n".join(index_row(w, f"{w.source.name}.md") for w in workflows)
    pages[f"{WORKFLOW_PAGES}/README.md"] = f"{HEAD}# Workflows\n\n{listed}\n\n{_resources_of_all(workflows)}"
    in_readme = _table(heading, []) + "\n".join(index_row(w, f"{WORKFLOW_PAGES}/{w.source.name}.md") for w in workflows)
    before, mark, rest = (ROOT / "README.md").read_text(encoding="utf-8").partition(BEGIN)
    pages["README.md"] = f"{before}{mark}\n{in_readme}\n\n{END}{rest.partition(END)[2]}"
    return pages


#: What `nox -s resources` found.
MEASURED: Final = f"{WORKFLOW_PAGES}/resources.json"
HOW_MEASURED: Final = """\
`nox -s resources` measured this on {date}: each workflow alone in the application of its image (SonataFlow
{sonataflow}, Quarkus {quarkus}), with PostgreSQL, on Java {java} with {cpus} CPUs in {containerMiB} MiB, on a
machine with {machineCpus} CPUs. Idle is without a request: CPU over {idleSeconds} s, and the resident memory
after them. Under load are {instancesAtATime} instances at a time for {loadSeconds} s, each from its start to
its good end: services answer at once, and instances that wait look again after `{period}`. That CPU is the
highest of any second, that memory the highest since the start. The data are in
[resources.json](resources.json).

The charts set requests and limits (`podTemplate.container.resources`) by these rules:

- CPU request: with it alone, a start takes at most a minute; the operator restarts a pod that has not started after
  70 seconds. No CPU limit: every start would be as slow.
- Memory request: the highest memory, in steps of 64 MiB. Java keeps what it once had.
- Memory limit: a quarter more than the highest memory, and at least what was measured with.

Java gives the heap a quarter of the memory limit. Instances with much data, or more of them at a time, need a higher
one: [choose a workflow's resources](../how-to.md#choose-a-workflows-resources).
"""


def _resources_of_all(workflows: Iterable[Workflow]) -> str:
    """The section on what each workflow takes, and how that was measured."""
    measured = _measured()
    heading = ("workflow", "idle", "under load", "start", "requests", "memory limit")
    rows = (
        (
            f"[{workflow.source.name}]({workflow.source.name}.md#resources)",
            *(f"{_cpu(found[when])}, {_memory(found[when])}" for when in ("idle", "peak")),
            f"{found['start']['seconds']} s, {found['start']['cpuSeconds']} s of CPU",
            f"{requests['cpu']}, {requests['memory']}",
            limits["memory"],
        )
        for workflow in workflows
        for found in [measured["workflows"][workflow.source.name]]
        for requests, limits in [_requests_and_limits(workflow)]
    )
    return f"## Resources\n\n{_table(heading, rows)}\n{HOW_MEASURED.format(**measured['measured'])}"


def _resources(workflow: Workflow) -> str:
    """The section on what a workflow takes, with what its chart asks for."""
    found = _measured()["workflows"][workflow.source.name]
    requests, limits = _requests_and_limits(workflow)
    rows = [
        ("idle", _cpu(found["idle"]), _memory(found["idle"])),
        ("under load", _cpu(found["peak"]), _memory(found["peak"])),
        ("request of the chart", requests["cpu"], requests["memory"]),
        ("limit of the chart", limits.get("cpu", "none"), limits["memory"]),
    ]
    how = "Measured by `nox -s resources`: [how, and what follows from it](README.md#resources)."
    return f"## Resources\n\n{_table(('', 'CPU', 'memory'), rows)}\n{how}\n"


def _measured() -> dict[str, Any]:
    content: dict[str, Any] = json.loads((ROOT / MEASURED).read_text(encoding="utf-8"))
    return content


def _requests_and_limits(workflow: Workflow) -> tuple[dict[str, str], dict[str, str]]:
    values = parse(workflow.source.overlay["values.yaml"], f"{workflow.source.path}/chart/values.yaml").root.plain()
    found = values["podTemplate"]["container"]["resources"]
    return found["requests"], found["limits"]


def _cpu(found: Mapping[str, int]) -> str:
    return f"{found['cpuMillicores']}m"


def _memory(found: Mapping[str, int]) -> str:
    return f"{found['memoryMiB']}Mi"


#: How tests/docs runs the commands of a workflow's page.
INSTALL_RUN: Final = """\
<!-- run: empty folder; needs shared cluster, charts; REPOSITORY=my-team; ADDRESS={{charts}}; NAMESPACE=docs-{chart} -->
<!-- run first: kubectl create namespace docs-{chart} -->
"""
TRIAL_NOT_RUN: Final = (
    "<!-- not run in this section: nox -s engine takes every transition of each workflow on the real engine; "
    "docs/how-to.md runs one -->\n"
)


def _workflow_page(workflow: Workflow) -> str:
    name = workflow.source.name
    readme = ROOT / "workflows" / name / "README.md"
    text = readme.read_text(encoding="utf-8") if readme.is_file() else ""
    # READMEs of workflows link to each other; here, pages do.
    text = re.sub(r"\]\(\.\./([^/)]+)/README\.md\)", r"](\1.md)", text)
    shown = page(workflow, text, f"../../workflows/{name}").rstrip()
    shown = shown.replace("\n## Try it\n", f"\n{_resources(workflow)}\n## Try it\n")
    runs = {"Install": INSTALL_RUN.format(chart=chart_name(name)), "Try it": TRIAL_NOT_RUN}
    for heading, comments in runs.items():
        shown = shown.replace(f"\n## {heading}\n", f"\n## {heading}\n\n{comments}")
    return f"{HEAD}{shown}\n"


PAGES: Final[Mapping[str, Callable[[], str]]] = {
    "docs/reference/commands.md": commands,
    "docs/reference/values.md": values_and_settings,
    "docs/reference/platform.md": platform,
    "docs/reference/compatibility.md": compatibility,
    "docs/rules.md": rules,
    "docs/images/escalation.svg": picture,
}

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
