"""Decides which images a build makes, with which builder, and explains why it makes none."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Final, Protocol

from generator.image.commit import SourceCommit
from generator.text.words import plural
from generator.workflow.folder import SHARED
from generator.workflow.workflow import Workflow
from pipeline.build.job import MadeImages
from pipeline.build.plan import Plan
from pipeline.images.builders import connect, may_answer
from pipeline.images.errors import NoEngineError
from pipeline.images.orders import Orders
from pipeline.images.result import ImageResult
from pipeline.images.tasks import ImageTask, tasks_of
from pipeline.system.clock import creation_time
from pipeline.system.commit import Checkout, checkout_of, is_pull_request
from pipeline.system.journal import Journal
from pipeline.workspace.settings import Settings

if TYPE_CHECKING:
    from pipeline.images.image import ImageBuilder
    from pipeline.images.pushed import PushedImages
    from pipeline.images.stage import Progress

_LATEST: Final = "latest"
#: The folder for logs below the output folder.
LOGS: Final = "logs"


class Shown(Protocol):
    """Shows the images of a run while they are made."""

    def __call__(self) -> AbstractContextManager[Progress]:
        """Return a context manager that shows progress."""


@dataclass(frozen=True, kw_only=True)
class ImageMaker:
    """Makes the images of a build; a callable that takes its plan."""

    settings: Settings
    journal: Journal
    shown: Shown
    environment: Mapping[str, str] = field(default_factory=lambda: os.environ)
    orders: Orders = field(default_factory=Orders)
    jobs: int | None = None

    def __call__(self, plan: Plan, before: Callable[[], object]) -> MadeImages:
        """Make the images of a plan's charts; call `before` before the first one.

        Raises:
            NoEngineError: images were requested, but no engine responds.
        """
        if self.settings.images == "skip" or not plan.workflows:
            return MadeImages()
        if not plan.line.capabilities.pods:
            name = plan.line.capabilities.sonataflow.name
            return MadeImages(note=f"no images: SonataFlow {name} builds them in the cluster")
        tasks = [task for workflow in plan.workflows.values() for task in tasks_of(workflow, plan.recipes)]
        if self.settings.images == "auto":
            return self._where_possible(tasks, before)
        before()
        return self.make(tasks)

    def make(self, tasks: Sequence[ImageTask]) -> MadeImages:
        """Build images, and push them if the settings say so; jobs of pull requests only build.

        Raises:
            NoEngineError: no engine responds.
        """
        if self.settings.images == "push" and is_pull_request(self.environment):
            built = replace(self, settings=replace(self.settings, images="build")).make(tasks)
            return replace(built, note="nothing was pushed: jobs of pull requests never push")
        pushed, stop = self._connections()
        with connect(self.settings, self.environment, pushed=pushed, stop=stop) as builder:
            made = self._run(tasks, builder, pushed, stop)
        not_latest = self.orders.latest and not all(_LATEST in image.tags for image in made if image.pin)
        return MadeImages(images=made, note="nothing was tagged latest: not the default branch" if not_latest else "")

    def _where_possible(self, tasks: Sequence[ImageTask], before: Callable[[], object]) -> MadeImages:
        """Build what an available engine can build without pulling, with a note about what it cannot."""
        if not may_answer(self.settings, self.environment):
            return MadeImages(note=_why_not("no container engine is running; start one", tasks))
        pushed, stop = self._connections()
        try:
            with connect(self.settings, self.environment, pushed=pushed, stop=stop) as builder:
                reasons = {task: reason for task in tasks if (reason := builder.missing(task.recipe))}
                possible = [task for task in tasks if task not in reasons]
                if possible:
                    before()
                made = self._run(possible, builder, pushed, stop) if possible else ()
        except NoEngineError as error:
            return MadeImages(note=_why_not(str(error).partition("\n")[0].removesuffix(":"), tasks))
        left = list(reasons)
        return MadeImages(images=made, note=_why_not(reasons[left[0]], left) if left else "")

    def _connections(self) -> tuple[PushedImages, threading.Event]:
        from pipeline.images.pushed import PushedImages  # noqa: PLC0415 - 60 ms, only for images

        return PushedImages(self.settings, self.environment), threading.Event()

    def _run(
        self, tasks: Sequence[ImageTask], builder: ImageBuilder, pushed: PushedImages, stop: threading.Event
    ) -> tuple[ImageResult, ...]:
        from pipeline.images.attestations import Signer  # noqa: PLC0415 - as above
        from pipeline.images.cosign import find_cosign  # noqa: PLC0415 - as above
        from pipeline.images.stage import ImageStage  # noqa: PLC0415 - as above
        from pipeline.images.statements import Statements  # noqa: PLC0415 - as above

        key = self.settings.signing_key
        statements = Statements(
            output=self.settings.output,
            engine="jib" if self.settings.engine == "jib" else "docker",
            attach=self.orders.attest,
            signer=Signer(cosign=find_cosign(), key=key) if key and self.orders.attest else None,
            pushed=pushed,
            journal=self.journal,
        )
        with self.shown() as progress:
            stage = ImageStage(
                builder=builder,
                pushed=pushed,
                statements=statements,
                orders=replace(self.orders, push=self.settings.images == "push", pull=self.settings.images != "auto"),
                checkouts=self._checkout,
                logs=self.settings.output / LOGS,
                journal=self.journal,
                progress=progress,
                stopped=stop,
            )
            return stage.make(tasks, self.jobs or max(1, (os.cpu_count() or 2) // 2))

    def _checkout(self, workflow: Workflow) -> Checkout:
        """Return the checkout of a workflow's folder and shared/, or one without a commit."""
        folder = Path(workflow.source.path)
        found = checkout_of([folder, folder.resolve().parent / SHARED], self.environment)
        unknown = SourceCommit(sha="", time=creation_time(folder, self.environment))
        return found or Checkout(commit=unknown, default_branch=False)


def _why_not(reason: str, tasks: Sequence[ImageTask]) -> str:
    """Return a line on why images of charts are not built, and how to build them."""
    first = tasks[0]
    more = f" ({plural(len(tasks), 'image')} in all)" if len(tasks) > 1 else ""
    chart = first.workflow.source.name
    return f"no image {first.reference}{more}: {reason}; the chart of {chart} names it; waybill image {chart} builds it"
