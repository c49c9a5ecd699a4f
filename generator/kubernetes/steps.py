"""Commands to copy, for clusters that waybill itself does not change."""

from __future__ import annotations

import shlex
from dataclasses import dataclass
from typing import Final

#: Server-side apply adds what is missing, and refuses to change fields of other managers.
_APPLY: Final = ("kubectl", "apply", "--server-side", "--field-manager=waybill", "-f")


@dataclass(frozen=True, kw_only=True)
class Step:
    """A command to copy, and what it is for."""

    what: str
    command: str

    def as_json(self) -> dict[str, str]:
        """Return the step as a JSON object, for `--json`."""
        return {"what": self.what, "command": self.command}


def apply_command(place: str) -> str:
    """Return the command that applies a file, a folder, or standard input (`-`)."""
    return shlex.join([*_APPLY, place])
