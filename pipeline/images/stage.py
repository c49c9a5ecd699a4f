"""The image stage of a build: finds, builds, checks and pushes several images at a time."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final, Protocol

from generator.findings.errors import WaybillError
from generator.image.commit import SourceCommit
from generator.image.jars import Jar
from generator.image.labels import IMAGE_KEY, REVISION, image_labels
from generator.workflow.workflow import Workflow
from pipeline.images.build_log import BuildLog
from pipeline.images.errors import ImageError
from pipeline.images.image import ImageBuild, ImageBuilder, LocalImage
from pipeline.images.orders import Orders
from pipeline.images.pushed import PushedImages
from pipeline.images.readback import check_definition
from pipeline.images.result import ImageResult, State
from pipeline.images.statements import PushedBuild, Statements, jars_of
from pipeline.images.tasks import ImageTask
from pipeline.system.commit import Checkout
from pipeline.system.journal import Effect, Journal

#: The length of a commit's hash in a tag.
_SHORT: Final = 8
_LATEST: Final = "latest"


class Progress(Protocol):
    """Shows the progress of each image."""

    def stage(self, title: str, name: str) -> None:
        """Show that the stage `name` begins, which may take minutes."""

    def update(self, title: str, text: str) -> None:
        """Show the current activity."""

    def done(self, title: str, text: str) -> None:
        """Show the result."""


@dataclass(frozen=True, kw_only=True)
class ImageStage:
    """Makes images with a builder, and pushes them if `orders` says so."""

    builder: ImageBuilder
    pushed: PushedImages
    statements: Statements
    orders: Orders
    checkouts: Callable[[Workflow], Checkout]
    logs: Path
    """The folder for the logs, NAME.log."""
    journal: Journal
    progress: Progress
    stopped: threading.Event = field(default_factory=threading.Event)

    def make(self, tasks: Sequence[ImageTask], jobs: int) -> tuple[ImageResult, ...]:
        """Make the images, at most `jobs` at a time; return their results in order.

        A failed image does not stop the others. Ctrl-C stops all of them; the journal has those that were pushed.
        """
        pool = ThreadPoolExecutor(max_workers=max(1, jobs), thread_name_prefix="image")
        running = [pool.submit(self._make_or_fail, task) for task in tasks]
        try:
            return tuple(future.result() for future in running)
        except BaseException:
            self.stopped.set()
            for future in running:
                future.cancel()
            raise
        finally:
            pool.shutdown(wait=True, cancel_futures=True)

    def _make_or_fail(self, task: ImageTask) -> ImageResult:
        path = self.logs / f"{task.recipe.name}.log"
        with BuildLog(path, lambda line: self.progress.update(task.title, line)) as log:
            try:
                result = self._make(task, log)
            except (WaybillError, OSError) as error:
                lines = error.log if isinstance(error, ImageError) else ()
                log(str(error))
                result = self._result(task, "failed", reason=str(error), log=path, last=lines)
        self.progress.done(task.title, _summary(result))
        return result

    def _make(self, task: ImageTask, log: BuildLog) -> ImageResult:
        checkout = self.checkouts(task.workflow)
        commit = checkout.commit
        if self.orders.push and commit.dirty and not self.orders.allow_dirty:
            message = f"{task.workflow.source.path} has uncommitted changes"
            raise ImageError(f"{message}; commit them, or push the image all the same with --allow-dirty")
        tags = self._tags(task, checkout)
        if not (self.orders.rebuild or self.orders.save) and (found := self._found(task, tags)):
            return found
        self.progress.stage(task.title, "build")
        order = ImageBuild(
            recipe=task.recipe,
            files=task.files,
            reference=str(task.reference),
            labels=image_labels(task.workflow, task.recipe, commit),
            pull=self.orders.pull,
        )
        image = self.builder.build(order, log)
        jars = None
        if not task.function:
            with self.builder.application(image) as application:
                check_definition(task.workflow, application)
                jars = jars_of(application) if self.orders.push else None
        if self.orders.save and not task.function:
            self.builder.save(image, self.orders.save)
        if self.orders.push:
            return self._push(task, image, commit, tags=tags, log=log, jars=jars)
        return self._result(task, "built", commit=commit.revision, size=image.size, log=log.path)

    def _push(
        self,
        task: ImageTask,
        image: LocalImage,
        commit: SourceCommit,
        *,
        tags: tuple[str, ...],
        log: BuildLog,
        jars: tuple[Jar, ...] | None,
    ) -> ImageResult:
        """Push an image and make its statements."""
        self.progress.stage(task.title, "push")
        repository = task.reference.repository
        note = self.pushed.first_push_note(task.reference)
        digest = self.builder.push(image, tuple(f"{repository}:{tag}" for tag in tags), log)
        self.journal.record(Effect(done=f"pushed {task.reference} ({digest})"))
        build = PushedBuild(
            recipe=task.recipe,
            version=task.workflow.definition.version,
            commit=commit,
            repository=repository,
            digest=digest,
            image=image,
            jars=jars,
        )
        try:
            self.statements.make(build, self.builder)
        except WaybillError as error:
            message = f"{error}; {task.reference} is pushed already; run the same command again to continue"
            raise ImageError(message) from error
        size = self.pushed.size(replace(task.reference, digest=digest))
        pushed = self._result(task, "pushed", commit=commit.revision, tags=tags, digest=digest, log=log.path)
        return replace(pushed, size=size, note=note)

    def _found(self, task: ImageTask, tags: tuple[str, ...]) -> ImageResult | None:
        """Return the existing image with the same key, in the registry if it is to be pushed, or else in the engine."""
        self.progress.update(task.title, "look")
        if self.orders.push:
            there = self.pushed.find(task.reference, task.recipe.key)
            if there is None or not self._attested(task, there.digest):
                return None
            self.pushed.tag(task.reference, there.digest, tags[1:])
            return self._result(task, "found", commit=there.revision, tags=tags, digest=there.digest, size=there.size)
        labels = self.builder.labels(str(task.reference))
        if labels.get(IMAGE_KEY) != task.recipe.key:
            return None
        return self._result(task, "found", commit=labels.get(REVISION, ""))

    def _attested(self, task: ImageTask, digest: str) -> bool:
        """Return whether an image has the statements that this run requires, attaching those left by a failed run."""
        if not self.orders.attest:
            return True
        return self.statements.complete(task.reference.repository, digest, function=task.function)

    def _tags(self, task: ImageTask, checkout: Checkout) -> tuple[str, ...]:
        tags = [task.reference.tag or _LATEST]
        commit = checkout.commit
        if commit.sha:
            tags.append(f"{commit.sha[:_SHORT]}{'-dirty' if commit.dirty else ''}")
        if self.orders.latest and checkout.default_branch:
            tags.append(_LATEST)
        return tuple(tags)

    def _result(
        self,
        task: ImageTask,
        state: State,
        *,
        commit: str = "",
        tags: Iterable[str] = (),
        digest: str | None = None,
        size: int | None = None,
        reason: str = "",
        log: Path | None = None,
        last: tuple[str, ...] = (),
    ) -> ImageResult:
        return ImageResult(
            workflow=task.workflow.source.name,
            name=task.recipe.name,
            repository=task.reference.repository,
            tags=tuple(tags) or (task.reference.tag or _LATEST,),
            key=task.recipe.key,
            state=state,
            digest=digest,
            size=size,
            commit=commit or None,
            reason=reason,
            log=log,
            last_lines=last,
        )


def _summary(result: ImageResult) -> str:
    match result.state:
        case "failed":
            return "failed"
        case "pushed":
            return f"pushed {result.digest}"
        case state:
            return f"{state} {result.reference}"
