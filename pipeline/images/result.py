"""What became of the images of a run."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from generator.chart.pin import Pin

#: `found`: it is there already, with the same image key; `failed`: `reason` says why.
State = Literal["built", "pushed", "found", "failed"]


@dataclass(frozen=True, kw_only=True)
class ImageResult:
    """One image: what it is, where it is, and what was done for it."""

    workflow: str
    """The folder of the workflow whose chart names it."""
    name: str
    repository: str
    tags: tuple[str, ...]
    """The tag of the content first."""
    key: str
    state: State
    digest: str | None = None
    """As the registry serves it; None where the image was not pushed."""
    size: int | None = None
    """Bytes of its layers; None where nobody asked an engine or a registry."""
    commit: str | None = None
    reason: str = ""
    note: str = ""
    """What a person should know of it."""
    log: Path | None = None
    last_lines: tuple[str, ...] = ()
    """The end of the log of a build that failed."""

    @property
    def reference(self) -> str:
        """REPOSITORY:TAG."""
        return f"{self.repository}:{self.tags[0]}"

    @property
    def pin(self) -> Pin | None:
        """The digest for the chart, once there is one."""
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
