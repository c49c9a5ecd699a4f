"""The results for the images of a run."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from generator.chart.pin import Pin

#: `found`: an image with the same image key exists; `failed`: `reason` says why.
State = Literal["built", "pushed", "found", "failed"]


@dataclass(frozen=True, kw_only=True)
class ImageResult:
    """The result for one image."""

    workflow: str
    """The folder name of the workflow whose chart uses it."""
    name: str
    repository: str
    tags: tuple[str, ...]
    """The first is the hash of its content."""
    key: str
    state: State
    digest: str | None = None
    """The digest in the registry, or None if the image was not pushed."""
    size: int | None = None
    """The size of its layers in bytes, or None if it is unknown."""
    commit: str | None = None
    reason: str = ""
    note: str = ""
    """A note for the user."""
    log: Path | None = None
    last_lines: tuple[str, ...] = ()
    """The last lines of a failed build's log."""

    @property
    def reference(self) -> str:
        """REPOSITORY:TAG."""
        return f"{self.repository}:{self.tags[0]}"

    @property
    def pin(self) -> Pin | None:
        """The digest for the chart, or None if there is none."""
        if self.digest is None or self.state == "failed":
            return None
        return Pin(repository=self.repository, tag=self.tags[0], digest=self.digest, key=self.key)

    def as_json(self) -> dict[str, object]:
        """Return the image as a JSON object, for images.json and `--json`."""
        return {
            "workflow": self.workflow,
            "name": self.name,
            "repository": self.repository,
            "tags": list(self.tags),
            "digest": self.digest,
            "size": self.size,
            "key": self.key,
            "commit": self.commit,
        }
