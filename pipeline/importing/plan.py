"""Plans the import of each workflow of a repository, without writing anything."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Final

from semver import Version

from generator.chart.chart import chart_name, workflow_chart
from generator.chart.names import FOLDER_ANNOTATION, UMBRELLA
from generator.compatibility.capabilities import OperatorCapabilities
from generator.compatibility.proof import Candidate, refuted
from generator.findings.errors import FindingsError, SettingsError
from generator.findings.finding import errors, for_output, in_file_order, strictly
from generator.findings.suggestions import did_you_mean
from generator.handmade.chart import Remark, adopt
from generator.handmade.differences import images_of
from generator.handmade.layout import Layout, differ_in_case, layout_of, shared_beside
from generator.handmade.makefile import image_names
from generator.lint.fixes import fix
from generator.lint.linter import lint
from generator.lint.registry import RULES
from generator.lint.suppressions import apply_suppressions
from generator.text.words import listed, several
from generator.versions.semver_text import bumped
from generator.workflow.folder import SHARED, SharedFiles, read_shared, read_source
from generator.workflow.workflow import Workflow, read_workflow
from pipeline.charts.folder import chart_annotations, read_charts_folder
from pipeline.charts.index import known_index
from pipeline.images.recipes import Recipes
from pipeline.importing.imported import Imported, ImportPlan
from pipeline.importing.rows import ImportedRows, first_version, rows_of_import
from pipeline.importing.source import ForeignRepository, ReadFile
from pipeline.importing.their_charts import TheirCharts
from pipeline.inspect.lint import ignores_of
from pipeline.operators.known import Operators
from pipeline.system.environment import without_home
from pipeline.system.staging import scratch_folder
from pipeline.workspace.folders import all_folders
from pipeline.workspace.settings import Settings

#: The folder with a workflow's generated manifests.
_MANIFESTS: Final = "manifests"
#: The folder of a workflow whose files are added to its chart.
_CHART: Final = "chart/"


@without_home()
def plan_import(
    repository: ForeignRepository,
    settings: Settings,
    names: Sequence[str] = (),
    *,
    charts: str | None = None,
    fixing: bool = False,
) -> ImportPlan:
    """Plan the import of a repository's workflows, or of the named ones.

    `charts` is its folder with charts; `fixing` applies lint's fixes.

    Raises:
        SettingsError: there is no such workflow or folder, or no workflow at all.
        FindingsError: compatibility.yaml or the existing charts cannot be read.
        OutputError: a file cannot be read.
    """
    layout = _layout(repository, charts)
    planning = _Planning(repository, settings, layout, fixing=fixing)
    chosen = _chosen(layout, names, repository)
    workflows = [planning.start(name, folders) for name, folders in chosen.items()]
    shared, clashes = planning.shared(workflows)
    for each in workflows:
        if not each.problems:
            planning.read(each)
    planning.charts_that_meet(workflows)
    while True:
        versions = dict(filter(None, map(planning.version, workflows)))
        rows = planning.rows(workflows, versions)
        for each in workflows:
            planning.make(each, versions, rows.capabilities)
        # A workflow whose chart cannot be generated has no row, so repeat without it.
        if all(planning.version(each) for each in workflows if chart_name(each.name) in versions):
            break
    return ImportPlan(
        workflows=tuple(workflows),
        shared=shared,
        clashes=clashes,
        folder=planning.folder,
        known=planning.known,
        rows=rows,
        notes=tuple(planning.notes(workflows, everything=not names)),
    )


def _layout(repository: ForeignRepository, charts: str | None) -> Layout:
    if charts is not None:
        charts = posixpath.normpath(charts).strip("/")
        charts = "" if charts == "." else charts
        if charts and not any(path.startswith(f"{charts}/") for path in repository.paths):
            raise SettingsError(
                f"{repository.title}: has no folder '{charts}' with charts; name another with --their-charts"
            )
    layout = layout_of(repository.paths, charts=charts)
    if not layout.workflows:
        raise SettingsError(
            f"{repository.title}: contains no workflow: no folder with a definition (*.sw.yaml, *.sw.yml, *.sw.json)"
        )
    return layout


def _chosen(layout: Layout, names: Sequence[str], repository: ForeignRepository) -> dict[str, list[str]]:
    """Return the workflow folders by name; a workflow in the root has the repository's name."""
    there = {name or repository.name: folders for name, folders in layout.named().items()}
    wrong = [name for name in names if name not in there]
    if wrong:
        known = ", ".join(sorted(there)[:20])
        near = did_you_mean(wrong[0], there) or f"; it has {known}"
        raise SettingsError(f"{repository.title}: has no workflow '{wrong[0]}'{near}")
    return {name: there[name] for name in (names or sorted(there))}


class _Planning:
    """The steps of planning, and their common data."""

    def __init__(self, repository: ForeignRepository, settings: Settings, layout: Layout, *, fixing: bool) -> None:
        self._repository = repository
        self._settings = settings
        self._layout = layout
        self._fixing = fixing
        self._operators = Operators(settings.compatibility)
        self._here = {folder.name for folder in all_folders(settings.workflows)}
        self._shared = SharedFiles(files={})
        self._charts = TheirCharts(repository, layout)
        self.folder = read_charts_folder(settings.charts / UMBRELLA)
        self.known = known_index(settings.output, None)

    def start(self, name: str, folders: Sequence[str]) -> Imported:
        """Read the files of a workflow folder, and find its chart."""
        found = Imported(name=name, folder=folders[0])
        if len(folders) > 1:
            found.problems.append(f"the folders {listed(sorted(folders))} have one name; rename all but one of them")
            return found
        other = next((each for each in self._here if each != name and each.casefold() == name.casefold()), None)
        if other:
            found.problems.append(f"the workflow {other} is here already, and differs only in case; rename the folder")
        if name.startswith(".") or name == SHARED:
            found.problems.append(f"no workflow folder can be called '{name}'; rename it")
        without = [posixpath.relpath(chart, found.folder or ".") for chart in self._charts.inside(found.folder)]
        read = self._repository.folder(found.folder, [*without, SHARED] if found.folder else [*without, ".github"])
        found.problems += read.problems
        found.files = {path: file for path, file in read.files.items() if not self._is_made(path, found)}
        _check_case(found)
        return found

    def shared(self, workflows: Sequence[Imported]) -> tuple[dict[str, bytes], tuple[str, ...]]:
        """Return the new files of shared/, and those with other content here, whose users are left out."""
        here = dict(read_shared(self._settings.workflows / SHARED).files)
        new: dict[str, bytes] = {}
        clashes: set[str] = set()
        for folder in sorted({shared_beside(each.folder) for each in workflows if each.folder}):
            read = self._repository.folder(folder)
            if read.problems:
                users = (each for each in workflows if shared_beside(each.folder) == folder)
                for each in users:
                    each.problems += read.problems
                continue
            for path, file in read.files.items():
                if (there := here.get(path, new.get(path))) is None:
                    new[path] = file.data
                elif there != file.data:
                    clashes.add(path)
        for each in workflows:
            if used := sorted(path for path in clashes if _mentions(each, f"{SHARED}/{path}")):
                shown = several([f"{self._settings.workflows.as_posix()}/{SHARED}/{path}" for path in used])
                verb = "is" if len(used) == 1 else "are"
                each.problems.append(f"uses {shown}, which {verb} here with other content; rename it there or here")
        self._shared = SharedFiles(files={**here, **new})
        return new, tuple(sorted(clashes))

    def read(self, found: Imported) -> None:
        """Parse a workflow, fix it if requested, adopt its hand-made chart, and lint the result."""
        try:
            workflow = self._parsed(found)
            if self._fixing:
                workflow = self._fixed(found, workflow)
            self._adopt(found, workflow)
            _check_case(found)
            found.workflow = workflow = self._parsed(found)
        except FindingsError as error:
            found.findings = error.findings
            return
        kept = apply_suppressions(lint(workflow), [workflow], ignores_of(self._settings), RULES, complete=False)
        found.findings = for_output(strictly(kept) if self._settings.strict else kept)
        self._compare_with_existing(found)

    def charts_that_meet(self, workflows: Sequence[Imported]) -> None:
        """Leave out workflows whose chart has the name of another one."""
        taken: dict[str, str] = {chart_name(name): name for name in self._here}
        for each in workflows:
            name = chart_name(each.name)
            other = taken.setdefault(name, each.name)
            if other != each.name:
                each.problems.append(f"makes the chart {name}, as the workflow {other} does; rename one of them")
            elif name in self.folder.charts and self._made_from(name) != each.name:
                each.problems.append(f"{self.folder.path.as_posix()}/charts/{name} is here already; move it away first")

    def version(self, each: Imported) -> tuple[str, Version] | None:
        """Return the chart's name and version, which follows the hand-made chart's and is unpublished."""
        if each.state == "left out" or each.workflow is None:
            return None
        name = chart_name(each.name)
        before = each.adopted.version.removeprefix("v") if each.adopted else ""
        committed = self.folder.chart_version(name)
        if committed and not (Version.is_valid(before) and Version.parse(before) >= Version.parse(committed)):
            return name, Version.parse(committed)
        version = Version.parse(self._settings.initial_version)
        if Version.is_valid(before):
            version = _next(Version.parse(before))
        elif each.adopted:
            why = f"version '{before}' is not a SemVer version; the chart starts at {version}"
            each.adopted.notes.append(Remark(path="Chart.yaml", why=why))
        while self.known.find(name, str(version)):
            version = _next(version)
        return name, version

    def rows(self, workflows: Sequence[Imported], versions: Mapping[str, Version]) -> ImportedRows:
        """Return the rows of compatibility.yaml for new charts and the umbrella."""
        capabilities = self._operators.line().capabilities
        coming = {chart_name(each.name): each for each in workflows if not each.there}
        first = {
            name: first_version(versions[name], each.adopted, capabilities.crd)
            for name, each in coming.items()
            if name in versions
        }
        if first:
            first[UMBRELLA] = Version.parse(self.folder.version() or self._settings.initial_version)
        older = {name for name, each in coming.items() if each.adopted}
        return rows_of_import(first, older, self._settings.compatibility, capabilities)

    def make(self, each: Imported, versions: Mapping[str, Version], capabilities: OperatorCapabilities) -> None:
        """Generate the chart of a workflow, as a build does."""
        name = chart_name(each.name)
        if each.workflow is None or name not in versions:
            return
        recipes = Recipes(settings=self._settings, sonataflow=capabilities.sonataflow)
        try:
            chart = workflow_chart(
                each.workflow,
                version=str(versions[name]),
                image=recipes.reference(recipes.committed(each.workflow)),
                functions=recipes.functions(each.workflow),
                capabilities=capabilities,
            )
        except FindingsError as error:
            each.findings = (*each.findings, *for_output(error.findings))
            return
        candidate = Candidate(chart=name, version=chart.version, workflow=each.workflow)
        wrong = errors(refuted([candidate], capabilities, self._operators.crd))
        each.findings = in_file_order([*each.findings, *wrong])
        each.chart = chart
        each.there = each.there and name in self.folder.charts

    def notes(self, workflows: Sequence[Imported], *, everything: bool) -> Iterator[str]:
        """Yield notes about the repository as a whole."""
        if everything:
            taken = {each.chart_folder for each in workflows}
            for chart in self._charts.of_no_workflow(taken, {each.folder for each in workflows}):
                yield f"the chart {chart or self._repository.name} installs none of the workflows; it stays there"
        makefile = self._repository.file("Makefile") or b""
        registry, prefix = image_names(makefile.decode(errors="replace"))
        resources = [resource for each in workflows if each.adopted for resource in each.adopted.resources]
        used = {image.rpartition("/")[0] for image in images_of(resources)}
        registry = registry or (used.pop() if len(used) == 1 else "")
        for name, value in (("registry", registry), ("image_prefix", prefix)):
            if value and value != getattr(self._settings, name):
                yield f"its images have the {name} '{value}'; for the same names, set {name} in the settings"

    def _is_made(self, path: str, found: Imported) -> bool:
        """Return whether a file of a workflow folder is a generated manifest, and note it if so."""
        top, _, rest = path.partition("/")
        made = top == _MANIFESTS and rest.endswith((".yaml", ".yml"))
        if made:
            found.gone.append(Remark(path=path, why="made from the definition"))
        return made

    def _parsed(self, found: Imported) -> Workflow:
        """Parse a workflow under its path in this repository."""
        with scratch_folder() as scratch:
            folder = scratch / found.name
            for path, file in found.files.items():
                target = folder / path
                target.parent.mkdir(parents=True, exist_ok=True)
                target.write_bytes(file.data)
            shown = (self._settings.workflows / found.name).as_posix()
            return read_workflow(read_source(folder, shown=shown, shared=self._shared))

    def _fixed(self, found: Imported, workflow: Workflow) -> Workflow:
        fixed = fix(workflow, ignores_of(self._settings))
        below = f"{workflow.source.path}/"
        for path, data in fixed.files.items():
            if path.startswith(below):
                name = path.removeprefix(below)
                found.files[name] = replace(found.files.get(name, ReadFile(data=data)), data=data)
        found.fixed = fixed.edits
        return fixed.workflow

    def _adopt(self, found: Imported, workflow: Workflow) -> None:
        charts = self._charts.of(found.folder, found.name, workflow.object_name)
        if len(charts) > 1:
            found.problems.append(
                f"the charts {listed(sorted(charts))} install it; name the right one with --their-charts"
            )
        if len(charts) != 1:
            return
        found.chart_folder = charts[0]
        plain = replace(workflow, source=replace(workflow.source, overlay={}))
        image = Recipes(settings=self._settings, sonataflow=self._operators.matrix.newest)
        generated = workflow_chart(
            plain, version="0.0.0", image=image.reference(image.committed(plain)), capabilities=None
        )
        read = self._charts[charts[0]]
        shown = posixpath.join(self._repository.title, charts[0])
        if not read.files:
            found.problems += read.problems
            return
        files = {path: file.data for path, file in read.files.items()}
        found.adopted = adopted = adopt(files, workflow, generated.files, shown=shown)
        adopted.by_hand += [Remark(path="", why=problem) for problem in read.problems]
        for path, data in list(adopted.overlay.items()):
            there = found.files.get(f"{_CHART}{path}")
            if there is not None and there.data != data:
                why = f"{_CHART}{path} is in the workflow's folder already, with other content"
                adopted.by_hand.append(Remark(path=path, why=why))
                adopted.moved = [moved for moved in adopted.moved if moved.to != path]
            else:
                found.files[f"{_CHART}{path}"] = ReadFile(data=data)

    def _compare_with_existing(self, found: Imported) -> None:
        """Compare a workflow with an existing folder, which is never overwritten."""
        target = self._settings.workflows / found.name
        if not target.exists():
            return
        here = {
            path.relative_to(target).as_posix(): path
            for path in sorted(target.rglob("*"))
            if path.is_symlink() or not path.is_dir()
        }
        other = [
            path
            for path, file in here.items()
            if path not in found.files or not file.is_file() or file.read_bytes() != found.files[path].data
        ]
        if other:
            message = f"{target.as_posix()} is here with other content ({several(other)}); rename one of the folders"
            found.problems.append(message)
        found.there = not other and here.keys() == found.files.keys()

    def _made_from(self, chart: str) -> object:
        return chart_annotations(self.folder.charts[chart]).get(FOLDER_ANNOTATION)


def _next(version: Version) -> Version:
    return bumped(version, "rc" if version.prerelease else "minor")


def _check_case(found: Imported) -> None:
    if two := differ_in_case(found.files):
        found.problems.append(f"{two[0]} and {two[1]} are one file on macOS and Windows; rename one")


def _mentions(found: Imported, path: str) -> bool:
    return any(path.encode() in file.data for file in found.files.values())
