"""Writes the files of single build steps: manifests, one chart, the umbrella, packages, images.json."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

from generator.chart.chart import Chart, chart_name, workflow_chart
from generator.chart.files import ChartFiles
from generator.chart.names import CHANGELOG, UMBRELLA
from generator.chart.release_size import umbrella_findings
from generator.compatibility.version_line import VersionLine
from generator.contracts.minify import Saving, minified
from generator.findings.errors import FindingsError, OutputError
from generator.findings.finding import blocking, errors, in_file_order
from generator.kubernetes.objects import OBJECTS
from generator.lint.linter import lint
from generator.workflow.workflow import Workflow
from pipeline.charts.archive import Package, package_folder
from pipeline.charts.folder import chart_version, read_charts_folder
from pipeline.images.listing import LISTING, listing_with
from pipeline.images.recipes import Recipes
from pipeline.images.result import ImageResult
from pipeline.system.environment import without_home
from pipeline.system.files import FILE_MODE, Transaction, differences, write_if_changed
from pipeline.system.journal import Journal
from pipeline.workspace.settings import Settings
from pipeline.workspace.workflows import read_folder

#: Only the owner may read secrets.
_SECRET_MODE: Final = 0o600


@without_home()
def read_for_output(folder: Path, *, minify_specs: bool = False) -> tuple[Workflow, tuple[Saving, ...]]:
    """Read and lint a workflow; return it, and the sizes that minifying its specs saved.

    Raises:
        FindingsError: it cannot be read, or an error prevents generating an object; other errors are ignored.
    """
    workflow = read_folder(folder)
    savings: tuple[Saving, ...] = ()
    if minify_specs:
        workflow, savings = minified(workflow)
    if findings := blocking(lint(workflow)):
        raise FindingsError(in_file_order(findings))
    return workflow, savings


def write_manifests(out: Path, name: str, files: Mapping[str, bytes], journal: Journal) -> None:
    """Write the manifest files of the workflow `name`, and remove obsolete ones of earlier runs.

    Files of other workflows and of the user stay.

    Raises:
        OutputError: a file cannot be written; nothing was changed.
    """
    ours = "|".join(f"{row.kind.lower()}_{row.name_pattern(name)}" for row in OBJECTS)
    file_of_ours = re.compile(rf"\d\d+-({ours})\.yaml")
    with Transaction(journal) as transaction:
        for file, data in files.items():
            mode = _SECRET_MODE if "-secret_" in file else FILE_MODE
            write_if_changed(transaction, out / file, data, mode=mode)
        for path in out.iterdir() if out.is_dir() else ():
            if file_of_ours.fullmatch(path.name) and path.name not in files:
                transaction.remove(path)
        transaction.commit()


def chart_for(workflow: Workflow, out: Path, line: VersionLine, settings: Settings) -> tuple[Chart, Path]:
    """Return the chart of a workflow, with the version of an existing OUT/CHART, and its folder.

    Raises:
        VersionError: no version is for the requested operator, or the existing one is for another.
    """
    name = chart_name(workflow.source.name)
    elsewhere = "name another folder with --out"
    version = line.start(name, chart_version(out / name), (), settings.initial_version, elsewhere=elsewhere)
    recipes = Recipes(settings=settings, sonataflow=line.capabilities.sonataflow)
    chart = workflow_chart(
        workflow,
        version=version,
        image=recipes.reference(recipes.committed(workflow)),
        functions=recipes.functions(workflow),
        capabilities=line.capabilities,
    )
    return chart, out / name


def write_chart(target: Path, chart: Chart, journal: Journal) -> None:
    """Write a whole chart folder, keeping its changelog.

    Raises:
        OutputError: the folder has files but no chart, or cannot be written; nothing was changed.
    """
    if target.is_dir() and any(target.iterdir()) and not (target / "Chart.yaml").is_file():
        raise OutputError(
            f"{target}: contains files but no Chart.yaml, so it is not a chart; move it away, or name another OUT"
        )
    with Transaction(journal) as transaction:
        kept = {CHANGELOG: path.read_bytes()} if (path := target / CHANGELOG).is_file() else {}
        transaction.replace_tree(target, {**chart.files, **kept})
        transaction.commit()


def umbrella_for(folder: Path, line: VersionLine, settings: Settings) -> ChartFiles:
    """Return all files of an umbrella's folder from the sub-charts in it, with its version unchanged.

    Raises:
        OutputError: there are no sub-charts, or the folder cannot be read.
        FindingsError: a Chart.yaml cannot be parsed, or the umbrella is too large for Helm.
        VersionError: a version is not SemVer, or for another operator.
    """
    there = read_charts_folder(folder)
    if not there.charts:
        raise OutputError(f"{folder}: contains no sub-charts; write some: waybill chart WORKFLOW -o {folder}/charts")
    version = line.start(UMBRELLA, there.version(), (), settings.initial_version)
    wanted = there.wanted({}, version, capabilities=line.capabilities, everything=False)
    if found := errors(umbrella_findings(wanted, folder.as_posix())):
        raise FindingsError(found)
    return there.with_changelogs(wanted)


def write_umbrella(folder: Path, files: ChartFiles, journal: Journal) -> None:
    """Write an umbrella's folder unless it is up to date.

    Raises:
        OutputError: it cannot be written; nothing was changed.
    """
    if not differences(folder, files):
        return
    with Transaction(journal) as transaction:
        transaction.replace_tree(folder, files)
        transaction.commit()


def write_packages(out: Path, folders: Sequence[Path], journal: Journal) -> list[Package]:
    """Package chart folders into `out`.

    Raises:
        OutputError: a folder is not a chart, or a file cannot be written; nothing was changed.
        FindingsError: a Chart.yaml is not valid.
    """
    packages = [package_folder(folder) for folder in folders]
    with Transaction(journal) as transaction:
        for packed in packages:
            write_if_changed(transaction, out / packed.file_name, packed.data)
        transaction.commit()
    return packages


def write_listing(output: Path, images: Sequence[ImageResult], journal: Journal) -> None:
    """Add images to images.json.

    Raises:
        OutputError: the file cannot be written, or is not waybill's; nothing was changed.
    """
    with Transaction(journal) as transaction:
        write_if_changed(transaction, output / LISTING, listing_with(output, images))
        transaction.commit()
