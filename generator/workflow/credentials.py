"""Recognizes credentials by the name of what holds them and by their form."""

from __future__ import annotations

import re
from typing import Final

#: Ends of names whose value is a credential, in any way of writing them: `api-key`, `API_KEY`, `apiKey`, `GITHUBTOKEN`.
_NAME: Final = re.compile(
    r"(?:password|passwd|passphrase|secret|token|credentials?|(?:api|private|access)[-_.]?key|(?:^|[._-])pwd)[\"']?$",
    re.IGNORECASE,
)
#: What only credentials look like: tokens of GitHub, GitLab, OpenShift, AWS and Slack, JSON Web Tokens, private keys.
CREDENTIAL: Final = re.compile(
    r"gh[pousr]_[A-Za-z0-9]{20,}|github_pat_\w{20,}|glpat-[\w-]{16,}|sha256~[\w-]{20,}|AKIA[0-9A-Z]{16}"
    r"|xox[abprs]-[\w-]{10,}|eyJ[\w-]{8,500}\.eyJ[\w-]{8,}|-----BEGIN [A-Z ]*PRIVATE KEY"
)
URL_CREDENTIAL: Final = re.compile(r"://[^/\s:@${}]*:(?P<secret>[^/\s@${}]+)@")
#: No credential is longer; what comes behind is a text.
LOOKED_AT: Final = 10_000


def names_credential(name: str) -> bool:
    """Whether the value of a property or a variable of this name is a credential."""
    return _NAME.search(name) is not None


def holds_credential(text: str) -> bool:
    """Whether a text has something in it that only credentials look like."""
    looked_at = text[:LOOKED_AT]
    return CREDENTIAL.search(looked_at) is not None or URL_CREDENTIAL.search(looked_at) is not None
