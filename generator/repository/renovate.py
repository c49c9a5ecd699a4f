"""Generates renovate.json, with which Renovate updates waybill and the images of a workflow repository.

Regular expressions must be valid in both RE2 and JavaScript: no lookaround, and no inline flags.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Final

from generator.delivery.github_actions import COMMON, FOLDER

SCHEMA: Final = "https://docs.renovatebot.com/renovate-schema.json"
_IMAGE: Final = r"(?<depName>[a-z0-9.-]+(?::[0-9]+)?(?:/[a-z0-9._-]+)+)"
_DIGEST: Final = r"(?<currentDigest>sha256:[a-f0-9]{64})"
_TAG: Final = r"(?<currentValue>[\w][\w.-]*)"
_COMMIT: Final = r"(?<depName>[\w.-]+/[\w.-]+)@(?<currentDigest>[a-f0-9]{40})"

#: The commits by which waybill itself is pinned, which are updated together.
_WAYBILL: Final[Mapping[str, Any]] = {
    "customType": "regex",
    "description": "waybill itself: in the settings, in the workflows that it writes, and where README.md installs it",
    "managerFilePatterns": [
        "/(^|/)(waybill|pyproject)\\.toml$/",
        "/^\\.github/workflows/[^/]+\\.ya?ml$/",
        "/^README\\.md$/",
    ],
    "matchStringsStrategy": "any",
    "datasourceTemplate": "git-refs",
    "packageNameTemplate": "https://github.com/{{{depName}}}",
    "currentValueTemplate": "main",
}
_SETTINGS: Final[Mapping[str, Any]] = {
    "customType": "regex",
    "description": "the builder and runtime images of the settings",
    "managerFilePatterns": ["/(^|/)(waybill|pyproject)\\.toml$/"],
    "matchStrings": [rf'(?:^|\n)(?:builder|runtime)\s*=\s*"{_IMAGE}:{_TAG}(?:@{_DIGEST})?"'],
    "datasourceTemplate": "docker",
}
_OPERATORS: Final[Mapping[str, Any]] = {
    "customType": "regex",
    "description": "the builder and runtime images of operators that compatibility.yaml adds",
    "managerFilePatterns": ["/(^|/)compatibility\\.ya?ml$/"],
    "matchStrings": [rf'\n\s+(?:builder|redHatBuilder|runtime):\s*["\']?{_IMAGE}:{_TAG}(?:@{_DIGEST})?'],
    "datasourceTemplate": "docker",
}
_LOCK: Final[Mapping[str, Any]] = {
    "customType": "regex",
    "description": "the digests of builder and runtime images that waybill image --pin wrote",
    "managerFilePatterns": ["/(^|/)images\\.lock$/"],
    "matchStrings": [rf'"{_IMAGE}:{_TAG}":\s*"{_DIGEST}"'],
    "datasourceTemplate": "docker",
}


def renovate_json(waybill: str) -> bytes:
    """Return renovate.json; `waybill` is OWNER/REPO of the action that installs waybill, or "" if not known yet."""
    rules: list[dict[str, Any]] = [
        {
            "description": "waybill actions writes these files, with the actions that they use",
            "matchManagers": ["github-actions"],
            "matchFileNames": [f"{FOLDER}/{name}" for name in COMMON],
            "enabled": False,
        },
        {
            "description": "images.lock has a digest for each image that the operator asks for; the tag is not its own",
            "matchFileNames": ["**/images.lock"],
            "matchUpdateTypes": ["major", "minor", "patch"],
            "enabled": False,
        },
        {
            "description": "everything that images are built from is one change, tested by one build",
            "matchDatasources": ["docker"],
            "matchManagers": ["custom.regex"],
            "groupName": "builder and runtime images",
        },
    ]
    managers = [_waybill_manager(waybill), _SETTINGS, _OPERATORS, _LOCK]
    document = {
        "$schema": SCHEMA,
        "extends": ["config:recommended"],
        "customManagers": managers,
        "packageRules": rules,
    }
    return (json.dumps(document, indent=2, ensure_ascii=False) + "\n").encode()


def _waybill_manager(repository: str) -> Mapping[str, Any]:
    """Return the custom manager of waybill's own pins, which in workflow files look like those of other actions."""
    commit = _COMMIT
    if repository:
        commit = rf"(?<depName>{repository.replace('.', '[.]')})@(?<currentDigest>[a-f0-9]{{40}})"
    strings = [
        rf'(?:^|\n)uses\s*=\s*"{_COMMIT}"',
        rf"git\+https://github\.com/{commit}",
        *([rf"uses:\s+{commit}"] if repository else []),
    ]
    return {**_WAYBILL, "matchStrings": strings}
