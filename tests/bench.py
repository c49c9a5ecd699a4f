"""Measures waybill beside its yardsticks, in one run: `nox -s bench`. Prints a table and JSON; asserts nothing.

Every figure is that of a whole process: its wall time in seconds, the median of some runs, and its largest resident
set. `--short` runs each once and leaves the thousand workflows out.
"""

from __future__ import annotations

import argparse
import functools
import hashlib
import http.server
import json
import os
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

ROOT = Path(__file__).parent.parent
SHARED = Path(os.environ.get("WAYBILL_SHARED") or ROOT.parent / "shared")
#: The real workflow that the operator cannot read, so that no chart is made of it.
UNREADABLE = "python"
WAYBILL = [sys.executable, "-c", "from pipeline.cli import main; main()"]
#: A build that skips the rules: what lint costs is the difference.
UNCHECKED = [
    sys.executable,
    "-c",
    (
        "import pipeline.inspect.lint as b; b.lint, b.lint_together; b.lint = b.lint_together = lambda _: ()\n"
        "from pipeline.cli import main; main()"
    ),
]
_ID = re.compile(r'^(\s*"?id"?\s*:\s*)\S+?(,?)$', re.MULTILINE)


@dataclass(frozen=True)
class Run:
    """One process: seconds of wall time, MiB of resident memory at most."""

    seconds: float
    mebibytes: float


@dataclass(frozen=True)
class Figure:
    """One row: what was measured, the yardstick of the same run, their ratio or difference, and the aim."""

    what: str
    measured: str
    yardstick: str
    result: str
    aim: str


def run(command: Sequence[str], folder: Path, *, codes: Sequence[int] = (0,)) -> Run:
    """Run a command to its end; its output is thrown away.

    Raises:
        SystemExit: the command ended with another code, so there is nothing to measure.
    """
    environment = {"WAYBILL_IMAGES": "skip", **os.environ, "XDG_CACHE_HOME": str(folder / ".cache")}
    start = time.perf_counter()
    with subprocess.Popen(
        command, cwd=folder, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    ) as process:
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode not in codes:
        raise SystemExit(f"{' '.join(command[:4])} … ended with {process.returncode}")
    return Run(time.perf_counter() - start, usage.ru_maxrss / 1024)


def median(times: int, once: Callable[[], Run]) -> Run:
    """The median of some runs, time and memory each by itself."""
    runs = [once() for _ in range(times)]
    return Run(statistics.median(r.seconds for r in runs), statistics.median(r.mebibytes for r in runs))


def build_command(workflows: Path, program: Sequence[str] = WAYBILL) -> list[str]:
    """`waybill build --all` over somebody's workflows."""
    return [*program, "build", "--all", "--workflows", str(workflows), "--charts", "charts", "--output", "dist"]


def cold_build(workflows: Path, folder: Path, program: Sequence[str] = WAYBILL) -> Run:
    """A build where nothing was built before."""
    for name in ("charts", "dist", ".cache"):
        shutil.rmtree(folder / name, ignore_errors=True)
    return run(build_command(workflows, program), folder)


def many_workflows(source: Path, target: Path, number: int) -> None:
    """Copies of the folders of `source` under new names and ids, `number` in all."""
    originals = sorted(path for path in source.iterdir() if path.is_dir() and path.name != "shared")
    if (source / "shared").is_dir():
        shutil.copytree(source / "shared", target / "shared")
    for index in range(number):
        original = originals[index % len(originals)]
        copy = target / f"{original.name.replace('.', '-')}-{index}"
        shutil.copytree(original, copy)
        for definition in copy.rglob("*.sw.*"):
            if definition.suffix in (".yaml", ".yml", ".json") and "subflows" not in definition.parts:
                text = definition.read_text(encoding="utf-8")
                definition.write_text(_ID.sub(rf"\g<1>wf-{index}\g<2>", text, count=1), encoding="utf-8")


def measure_builds(workflows: Path, folder: Path, times: int) -> list[Figure]:
    """A cold build beside what CI runs today after its generator, and a second build beside the first."""
    cold_build(workflows, folder)  # not counted: the first run ever writes Python's byte code
    cold = median(times, lambda: cold_build(workflows, folder))
    warm = median(times, lambda: run(build_command(workflows), folder))
    number = len(list((folder / "charts/workflows/charts").iterdir()))
    figures = [
        Figure(
            f"build --all, {number} workflows, nothing changed",
            f"{warm.seconds:.2f} s",
            f"{cold.seconds:.2f} s, cold",
            f"{warm.seconds / cold.seconds:.2f}x",
            "0.30x",
        )
    ]
    helm = shutil.which("helm")
    if helm is None:
        return [
            Figure(f"build --all, {number} workflows", f"{cold.seconds:.2f} s", "no helm here", "", "1.0x"),
            *figures,
        ]
    yard = median(times, lambda: helm_packages(helm, folder))
    row = Figure(
        f"build --all, {number} workflows, cold",
        f"{cold.seconds:.2f} s",
        f"{yard.seconds:.2f} s, helm package each + repo index",
        f"{cold.seconds / yard.seconds:.2f}x",
        "1.0x",
    )
    return [row, *figures]


def helm_packages(helm: str, folder: Path) -> Run:
    """One `helm package` process a chart, and one `helm repo index`."""
    out = folder / "by-helm"
    shutil.rmtree(out, ignore_errors=True)
    charts = sorted((folder / "charts/workflows/charts").iterdir())
    runs = [run([helm, "package", str(chart), "-d", str(out)], folder) for chart in charts]
    runs.append(run([helm, "repo", "index", str(out)], folder))
    return Run(sum(r.seconds for r in runs), max(r.mebibytes for r in runs))


def measure_growth(workflows: Path, folder: Path) -> list[Figure]:
    """750 workflows beside a hundred; Helm loads no umbrella of a thousand as large as these."""
    runs = {}
    for number in (100, 750):
        place = folder / str(number)
        many_workflows(workflows, place / "workflows", number)
        runs[number] = cold_build(place / "workflows", place)
        shutil.rmtree(place)
    hundred, many = runs[100], runs[750]
    return [
        Figure(
            "build --all, 750 workflows, cold",
            f"{many.seconds:.1f} s",
            f"{hundred.seconds:.1f} s, 100 workflows",
            f"{many.seconds / hundred.seconds:.1f}x",
            "8.3x",
        ),
        Figure("its memory", f"{many.mebibytes:.0f} MiB", f"{hundred.mebibytes:.0f} MiB", "", "300 MiB"),
    ]


def measure_start(folder: Path, times: int) -> Figure:
    """`waybill --help` beside an empty Python."""
    help_ = median(times, lambda: run([*WAYBILL, "--help"], folder)).seconds
    empty = median(times, lambda: run([sys.executable, "-c", "pass"], folder)).seconds
    over = f"{(help_ - empty) * 1000:.0f} ms over"
    return Figure("--help", f"{help_ * 1000:.0f} ms", f"{empty * 1000:.0f} ms, python -c pass", over, "80 ms over")


def measure_diagram(workflows: Path, folder: Path, times: int) -> Figure:
    """A picture of the largest workflow, beside Graphviz on the same graph, or else beside `waybill --help`."""
    largest = max(workflows.iterdir(), key=lambda path: sum(file.stat().st_size for file in path.glob("*.sw.*")))
    command = [*WAYBILL, "diagram", str(largest)]
    drawn = median(times, lambda: run([*command, "-o", "picture.svg"], folder)).seconds
    run([*command, "-o", "picture.dot"], folder)
    if dot := shutil.which("dot"):
        yard, name = median(times, lambda: run([dot, "-Tsvg", "picture.dot"], folder)).seconds, "dot -Tsvg alone"
    else:
        yard, name = median(times, lambda: run([*WAYBILL, "--help"], folder)).seconds, "--help (no dot here)"
    return Figure(
        f"diagram, {largest.name}",
        f"{drawn * 1000:.0f} ms",
        f"{yard * 1000:.0f} ms, {name}",
        f"{drawn / yard:.1f}x",
        "150 ms",
    )


#: Compiles each expression of a JSON list by itself; the yardstick of lint.
_ONE_BY_ONE = """
import json, sys, jq
for text in json.load(open(sys.argv[1], encoding="utf-8")):
    try:
        jq.compile(text, args={"WORKFLOW": None, "CONST": None, "SECRET": None})
    except ValueError:
        pass
"""


def distinct_expressions(workflows: Path) -> list[str]:
    """The expressions of all workflows, each once."""
    from generator.workflow.folder import read_shared, read_source  # noqa: PLC0415 - not while builds are measured
    from generator.workflow.workflow import read_workflow  # noqa: PLC0415 - as above

    shared = read_shared(workflows / "shared")
    folders = sorted(path for path in workflows.iterdir() if path.is_dir() and path.name != "shared")
    read = [read_workflow(read_source(folder, shown=folder.name, shared=shared)) for folder in folders]
    return sorted({e.text for workflow in read for d in workflow.definitions() for e in d.expressions})


def measure_lint(workflows: Path, folder: Path, times: int) -> list[Figure]:
    """All of lint beside libjq alone on the same expressions, one by one; a build beside one without the rules."""
    expressions = distinct_expressions(workflows)
    (folder / "expressions.json").write_text(json.dumps(expressions), encoding="utf-8")
    linted = median(times, lambda: run([*WAYBILL, "lint", "--workflows", str(workflows)], folder)).seconds
    yard = median(times, lambda: run([sys.executable, "-c", _ONE_BY_ONE, "expressions.json"], folder)).seconds
    built = median(times, lambda: cold_build(workflows, folder)).seconds
    unchecked = median(times, lambda: cold_build(workflows, folder, UNCHECKED)).seconds
    number = sum(path.is_dir() and path.name != "shared" for path in workflows.iterdir())
    return [
        Figure(
            f"lint, {number} workflows",
            f"{linted:.2f} s",
            f"{yard:.2f} s, libjq on {len(expressions)} expressions one by one",
            f"{linted / yard:.2f}x",
            "1.0 s",
        ),
        Figure(
            "its share of a build",
            f"{built:.2f} s",
            f"{unchecked:.2f} s, without the rules",
            f"{1 - unchecked / built:.0%}",
            "40 %",
        ),
    ]


def measure_check(workflows: Path, folder: Path, times: int) -> Figure:
    """All charts against all SonataFlows, beside kubeconform on the same resources and schemas."""
    from generator.compatibility.rendered import rendered  # noqa: PLC0415 - as above
    from generator.kubernetes.crd import known_crd, known_crds  # noqa: PLC0415 - not while builds are measured
    from pipeline.workspace.folders import all_folders  # noqa: PLC0415 - as above
    from pipeline.workspace.workflows import read_folder  # noqa: PLC0415 - as above

    folders = all_folders(workflows)
    command = [*WAYBILL, "check", "--workflows", str(workflows), "--sonataflow", "all"]
    checked = median(times, lambda: run(command, folder, codes=(0, 1))).seconds
    what = f"check, {len(folders)} charts x {len(known_crds())} CRDs"
    kubeconform = shutil.which("kubeconform")
    if kubeconform is None:
        return Figure(what, f"{checked:.2f} s", "no kubeconform here", "", "")
    files = []
    for name in folders:
        for number, resource in enumerate(rendered(read_folder(name)).values()):
            files.append(folder / f"resource-{name.name}-{number}.json")
            files[-1].write_text(json.dumps(resource), encoding="utf-8")
    for version in known_crds():
        (folder / f"schema-{version}.json").write_text(json.dumps(known_crd(version).schema), encoding="utf-8")

    def conformed() -> Run:
        places = [str(folder / f"schema-{version}.json") for version in known_crds()]
        runs = [run([kubeconform, "-schema-location", at, *map(str, files)], folder, codes=(0, 1)) for at in places]
        return Run(sum(r.seconds for r in runs), max(r.mebibytes for r in runs))

    yard = median(times, conformed).seconds
    return Figure(what, f"{checked:.2f} s", f"{yard:.2f} s, kubeconform", f"{checked / yard:.2f}x", "")


def measure_index(folder: Path, times: int) -> list[Figure]:
    """What of 10,000 published versions an operator runs, beside `helm search repo` on the same index."""
    helm = shutil.which("helm")
    index = folder / "repository" / "waybill-index.yaml"
    index.parent.mkdir()
    text = published(100, 100)
    names = [f"chart-{chart}" for chart in range(100)]
    rows = [{"charts": names, "versions": ">=0.5.0", "sonataflow": "10.x"}]
    (folder / "rows.json").write_text(json.dumps({"rows": rows}), encoding="utf-8")
    known = {"apiVersion": "v1", "repositories": [{"name": "waybill", "url": "https://charts.example"}]}
    (folder / "repositories.yaml").write_text(json.dumps(known), encoding="utf-8")
    where = ["--repository-config", str(folder / "repositories.yaml"), "--repository-cache", str(index.parent)]
    command = [*WAYBILL, "check", "--index", str(index), "--sonataflow", "10", "--compatibility", "rows.json"]
    figures = []
    for form, data in (("JSON", text), ("YAML", in_yaml(helm, text, folder) if helm else "")):
        if not data:
            continue
        index.write_text(data, encoding="utf-8")
        checked = median(times, lambda: run(command, folder)).seconds
        what = f"check --index, 10,000 versions, {form}"
        if helm is None:
            figures.append(Figure(what, f"{checked:.2f} s", "no helm here", "", "1.0x"))
            continue
        yard = median(times, lambda: run([str(helm), "search", "repo", "--versions", *where], folder)).seconds
        figures.append(compared(what, checked, yard, "helm search repo", "1.0x"))
    return figures


def measure_merges(folder: Path, times: int, shapes: Sequence[tuple[int, int]]) -> list[Figure]:
    """One chart merged into an index, beside `helm repo index --merge` on the same file."""
    helm = shutil.which("helm")
    if helm is None:
        return [Figure("index --merge", "", "no helm here", "", "0.10x")]
    figures = []
    dist = folder / "merged"
    for charts, versions in shapes:
        shutil.rmtree(dist, ignore_errors=True)
        chart = folder / "new-chart"
        chart.mkdir(exist_ok=True)
        about = {
            "apiVersion": "v2",
            "name": "chart-7",
            "version": "99.0.0",
            "description": "New.",
            "appVersion": "1.16",
        }
        (chart / "Chart.yaml").write_text(json.dumps(about), encoding="utf-8")
        run([helm, "package", str(chart), "-d", str(dist)], folder)
        text = published(charts, versions)
        helms, ours, lines = folder / "helms.yaml", folder / "ours.yaml", folder / "lines.json.yaml"
        helms.write_text(in_yaml(helm, text, folder), encoding="utf-8")
        lines.write_text(text, encoding="utf-8")
        merged([*WAYBILL, "index", str(dist), "--merge", str(helms)], folder, dist)
        shutil.copy(dist / "index.yaml", ours)
        for file, form in ((helms, "as Helm writes it"), (ours, "as waybill writes it"), (lines, "in JSON")):
            mine = [*WAYBILL, "index", str(dist), "--merge", str(file)]
            theirs = [helm, "repo", "index", str(dist), "--merge", str(file)]
            fast = median(times, functools.partial(merged, mine, folder, dist)).seconds
            slow = median(times, functools.partial(merged, theirs, folder, dist)).seconds
            what = f"index --merge, {charts} charts x {versions}, {form}"
            figures.append(compared(what, fast, slow, "helm repo index --merge", "" if file is lines else "0.10x"))
    figures += measure_added(helm, {"YAML": helms, "JSON": lines}, folder, times)
    return figures


def merged(command: Sequence[str], folder: Path, dist: Path) -> Run:
    """A merge into a folder without an index."""
    (dist / "index.yaml").unlink(missing_ok=True)
    return run(command, folder)


def measure_added(helm: str, indexes: Mapping[str, Path], folder: Path, times: int) -> list[Figure]:
    """`helm repo add` of the same repository in JSON and in YAML."""
    seconds = {}
    for form, index in indexes.items():
        served = folder / "served"
        served.mkdir(exist_ok=True)
        shutil.copy(index, served / "index.yaml")
        handler = functools.partial(Quiet, directory=str(served))
        with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
            threading.Thread(target=server.serve_forever, daemon=True).start()
            where = ["--repository-config", str(folder / "added.yaml"), "--repository-cache", str(folder / "added")]
            url = f"http://127.0.0.1:{server.server_port}"
            added = [helm, "repo", "add", "--force-update", "bench", url, *where]
            seconds[form] = median(times, functools.partial(run, added, folder)).seconds
            server.shutdown()
    return [compared("helm repo add, an index in JSON", seconds["JSON"], seconds["YAML"], "the same in YAML", "")]


class Quiet(http.server.SimpleHTTPRequestHandler):
    """Serves a folder and says nothing."""

    def log_message(self, *words: object) -> None: ...


def compared(what: str, measured: float, yard: float, name: str, aim: str) -> Figure:
    """A row of two times."""
    return Figure(what, f"{measured:.2f} s", f"{yard:.2f} s, {name}", f"{measured / yard:.2f}x", aim)


def in_yaml(helm: str, text: str, folder: Path) -> str:
    """An index in JSON as Helm writes it in YAML."""
    place = folder / "in-yaml"
    place.mkdir(exist_ok=True)
    (place / "from.json").write_text(text, encoding="utf-8")
    run([helm, "repo", "index", str(place), "--merge", str(place / "from.json")], folder)
    return (place / "index.yaml").read_text(encoding="utf-8")


def published(charts: int, versions: int) -> str:
    """A published index in JSON, one entry a line."""
    lines = []
    for chart in range(charts):
        entries = ",\n".join(json.dumps(_entry(f"chart-{chart}", number)) for number in reversed(range(versions)))
        lines.append(f'"chart-{chart}": [\n{entries}\n]')
    listed = ",\n".join(lines)
    return f'{{"apiVersion": "v1", "entries": {{\n{listed}\n}}, "generated": "2026-01-01T00:00:00Z"}}\n'


def _entry(name: str, number: int) -> dict[str, object]:
    version = f"0.{number // 10}.{number % 10}"
    return {
        "annotations": {"artifacthub.io/license": "Apache-2.0"},
        "apiVersion": "v2",
        "appVersion": "1.16",
        "created": "2026-01-01T00:00:00.123456789Z",
        "description": f"The workflow {name}, as a chart.",
        "digest": hashlib.sha256(f"{name}-{version}".encode()).hexdigest(),
        "keywords": ["workflow", "serverless"],
        "kubeVersion": ">= 1.20.0-0",
        "name": name,
        "type": "application",
        "urls": [f"https://charts.example/releases/download/{name}-{version}/{name}-{version}.tgz"],
        "version": version,
    }


def main() -> None:
    """Measure, then print the table and the JSON."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--short", action="store_true", help="one run each, without the thousand workflows")
    short = parser.parse_args().short
    times = 1 if short else 5
    corpus = SHARED / "corpus" / "workflows"
    with tempfile.TemporaryDirectory() as name, tempfile.TemporaryDirectory() as copied:
        folder, workflows = Path(name), ROOT / "workflows"
        if corpus.is_dir():
            workflows = Path(copied) / "workflows"
            shutil.copytree(corpus, workflows, ignore=shutil.ignore_patterns(UNREADABLE))
        else:
            print("left out: the 20 real workflows (../shared); measured on this repository's own")
        figures = [*measure_builds(workflows, folder, times), measure_start(folder, times * 4)]
        figures += measure_lint(workflows, folder, times)
        figures.append(measure_diagram(workflows, folder, times * 2))
        figures += [measure_check(workflows, folder, times), *measure_index(folder, times)]
        figures += measure_merges(folder, times, [(364, 28)] if short else [(364, 28), (13, 770)])
        figures += [] if short else measure_growth(workflows, folder)
    from tests.bench_images import measure_images  # noqa: PLC0415 - after the measuring of what needs no engine

    figures += measure_images(times, real=not short)
    show(figures)
    print(json.dumps([asdict(figure) for figure in figures], indent=2, ensure_ascii=False))


def show(figures: Sequence[Figure]) -> None:
    """The table, by rich."""
    from rich.console import Console  # noqa: PLC0415 - after the measuring
    from rich.table import Table  # noqa: PLC0415 - as above

    table = Table(title="waybill beside its yardsticks")
    for heading in ("what", "waybill", "yardstick", "result", "aim"):
        table.add_column(heading)
    for figure in figures:
        table.add_row(*asdict(figure).values())
    Console(width=130).print(table)


if __name__ == "__main__":
    main()
