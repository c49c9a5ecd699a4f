"""Writes the files of an import, all or none."""

from __future__ import annotations

from collections.abc import Sequence

from semver import Version

from generator.chart.files import ChartFiles
from generator.compatibility.version_line import VersionLine
from generator.versions.steps import Step
from generator.workflow.folder import SHARED
from pipeline.build.versioning import moved_umbrella
from pipeline.importing.imported import Imported, ImportPlan
from pipeline.system.files import FILE_MODE, Transaction, write_if_changed
from pipeline.system.journal import Journal
from pipeline.workspace.settings import Settings

_PROGRAM_MODE = 0o755


def write_import(plan: ImportPlan, settings: Settings, journal: Journal) -> None:
    """Write workflow folders, shared files, charts with their umbrella, and rows of compatibility.yaml.

    Existing files are not overwritten, except generated charts and compatibility.yaml, which gets rows at its end.

    Raises:
        OutputError: a file cannot be written; nothing was changed.
        VersionError: the umbrella's version is not SemVer.
    """
    coming = plan.of("imported")
    with Transaction(journal) as transaction:
        for each in coming:
            _stage_folder(each, settings, transaction)
        if coming:
            for path, data in plan.shared.items():
                write_if_changed(transaction, settings.workflows / SHARED / path, data)
            files = _umbrella(plan, coming, settings)
            if files != plan.folder.files():
                transaction.replace_tree(plan.folder.path, plan.folder.with_changelogs(files))
            if plan.rows.file is not None:
                write_if_changed(transaction, settings.compatibility, plan.rows.file)
        transaction.commit()


def _stage_folder(each: Imported, settings: Settings, transaction: Transaction) -> None:
    target = settings.workflows / each.name
    executable = any(file.executable for file in each.files.values())
    if not target.exists() and not executable:
        transaction.replace_tree(target, {path: file.data for path, file in each.files.items()})
        return
    for path, file in each.files.items():
        if not (target / path).exists():
            mode = _PROGRAM_MODE if file.executable else FILE_MODE
            transaction.replace_file(target / path, file.data, mode=mode)


def _umbrella(plan: ImportPlan, coming: Sequence[Imported], settings: Settings) -> ChartFiles:
    """Return the umbrella with the new charts, at its next version if it exists already."""
    charts = {each.chart.name: each.chart for each in coming if each.chart}
    before = plan.folder.version()
    moving = Step(before=Version.parse(before or settings.initial_version), part="minor", towards="minor")
    files, _ = moved_umbrella(
        plan.folder, charts, plan.known, moving, line=VersionLine(capabilities=plan.rows.capabilities)
    )
    return files
