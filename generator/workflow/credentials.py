"""Recognizes credentials by the name of their property or variable and by their format."""

from __future__ import annotations

import re
from typing import Final

#: Endings of names whose value is a credential, in any case style: `api-key`, `API_KEY`, `apiKey`, `GITHUBTOKEN`.
_NAME: Final = re.compile(
    r"(?:password|passwd|passphrase|secret|token|credentials?|(?:api|private|access)[-_.]?key|(?:^|[._-])pwd)[\"']?$",
    re.IGNORECASE,
)
#: Formats of credentials: tokens of GitHub, GitLab, OpenShift, AWS and Slack, JSON Web Tokens, private keys.
CREDENTIAL: Final = re.compile(
    r"gh[pousr]_[A-Za-z0-9]{20,}|github_pat_\w{20,}|glpat-[\w-]{16,}|sha256~[\w-]{20,}|AKIA[0-9A-Z]{16}"
    r"|xox[abprs]-[\w-]{10,}|eyJ[\w-]{8,500}\.eyJ[\w-]{8,}|-----BEGIN [A-Z ]*PRIVATE KEY"
)
URL_CREDENTIAL: Final = re.compile(r"://[^/\s:@${}]*:(?P<secret>[^/\s@${}]+)@")
#: The number of characters of a text that are searched.
LOOKED_AT: Final = 10_000


def names_credential(name: str) -> bool:
    """Return whether a property or variable with this name holds a credential."""
    return _NAME.search(name) is not None


def holds_credential(text: str) -> bool:
    """Return whether a text contains something in the format of a credential."""
    looked_at = text[:LOOKED_AT]
    return CREDENTIAL.search(looked_at) is not None or URL_CREDENTIAL.search(looked_at) is not None
