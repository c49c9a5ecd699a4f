"""Finds PostgreSQL's refusals in the logs of programs that connect to it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final, Literal

from generator.findings.printable import in_one_line

Kind = Literal["database", "login", "rights", "schema", "tables", "connections"]

#: The server's English messages (src/backend/po), and the codes (appendix "Error Codes") that JDBC, Flyway and Vert.x
#: write in any language: `SQL State  : 3D000`, `(3D000)`.
REFUSALS: Final[tuple[tuple[Kind, str, str], ...]] = (
    ("database", r'database "[^"\n]{1,63}" does not exist', "3D000"),
    ("login", r'password authentication failed for user "[^"\n]{1,63}"', "28P01"),
    ("login", r'role "[^"\n]{1,63}" (?:does not exist|is not permitted to log in)', "28000"),
    ("login", r'no pg_hba\.conf entry for host "[^"\n]{1,63}", user "[^"\n]{1,63}", database "[^"\n]{1,63}"', "28000"),
    ("rights", r"permission denied (?:for|to create) [^\n(]{1,80}", "42501"),
    ("schema", r'schema "[^"\n]{1,63}" does not exist|no schema has been selected to create in', "3F000"),
    ("tables", r'relation "[^"\n]{1,127}" does not exist', "42P01"),
    ("connections", r"sorry, too many clients already|remaining connection slots are reserved[^\n]{0,80}", "53300"),
)
_CODE: Final = r"(?:SQL ?State *: *|SQLSTATE[( ]|\(){code}\b"
_PATTERNS: Final = tuple(
    (kind, code, re.compile(rf"(?:FATAL|ERROR): +({message})|{_CODE.format(code=code)}"))
    for kind, message, code in REFUSALS
)
_MAX_LENGTH: Final = 160


@dataclass(frozen=True, kw_only=True)
class Refusal:
    """The kind of a refusal, and PostgreSQL's message; `name` is the first quoted name in it, or ""."""

    kind: Kind
    said: str
    name: str = ""


def refusal(log: str) -> Refusal | None:
    """Return the last refusal in a log, or None."""
    found: list[tuple[int, Refusal]] = []
    for kind, code, pattern in _PATTERNS:
        for match in pattern.finditer(log):
            said = match[1] or f"SQLSTATE {code}"
            name = re.search(r'"([^"]+)"', said)
            plain = in_one_line(said[:_MAX_LENGTH].strip())
            found.append((match.start(), Refusal(kind=kind, said=plain, name=name[1] if name else "")))
    # A code without a message counts only if the log has no message.
    messages = [each for each in found if not each[1].said.startswith("SQLSTATE")]
    return max(messages or found, key=lambda each: each[0], default=(0, None))[1]
