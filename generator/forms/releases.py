"""Parses releases of Red Hat Developer Hub, which shows the forms."""

from __future__ import annotations

import re
from typing import Final, NamedTuple

from generator.findings.errors import SettingsError

_RELEASE: Final = re.compile(r"(0|[1-9][0-9]{0,3})\.(0|[1-9][0-9]{0,3})(\.[0-9]+)?")


class Release(NamedTuple):
    """A minor release of Red Hat Developer Hub, whatever the patch."""

    major: int
    minor: int

    def __str__(self) -> str:
        return f"{self.major}.{self.minor}"


def parse_release(text: str, what: str) -> Release:
    """Parse a release, with or without a patch version; `what` names it in the message.

    Raises:
        SettingsError: `text` is not a release.
    """
    match = _RELEASE.fullmatch(text)
    if match is None:
        raise SettingsError(f"{what} '{text}': write a release of Red Hat Developer Hub, as in 1.9")
    return Release(int(match[1]), int(match[2]))
