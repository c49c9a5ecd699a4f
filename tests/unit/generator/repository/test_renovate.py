"""What the expressions of renovate.json find in the files that they are for."""

from __future__ import annotations

import json
import re

import pytest

from generator.delivery.github_actions import COMMON
from generator.repository.renovate import renovate_json

COMMIT = "0a" * 20
DIGEST = f"sha256:{'0b' * 32}"
Found = dict[str, str | None]


def found_in(path: str, content: str, waybill: str = "acme/waybill") -> list[Found]:
    """The dependencies that the managers find in a file, by their named groups and the data source."""
    found = []
    for manager in json.loads(renovate_json(waybill))["customManagers"]:
        patterns = [re.compile(pattern.strip("/")) for pattern in manager["managerFilePatterns"]]
        for expression in manager["matchStrings"] if any(each.search(path) for each in patterns) else ():
            matches = re.finditer(expression.replace("(?<", "(?P<"), content)
            found += [{"datasource": manager["datasourceTemplate"], **match.groupdict()} for match in matches]
    return found


def image(name: str, tag: str, digest: str | None = None) -> Found:
    return {"datasource": "docker", "depName": name, "currentValue": tag, "currentDigest": digest}


def action(name: str) -> Found:
    return {"datasource": "git-refs", "depName": name, "currentDigest": COMMIT}


@pytest.mark.parametrize(
    ("path", "content", "expected"),
    [
        (
            "waybill.toml",
            f'builder = "docker.io/apache/builder:10.1.0"\nruntime="registry:5000/ubi9:1.21-2@{DIGEST}"\n',
            [image("docker.io/apache/builder", "10.1.0"), image("registry:5000/ubi9", "1.21-2", DIGEST)],
        ),
        ("sub/pyproject.toml", '[tool.waybill]\nbuilder = "quay.io/a/b:1"\n', [image("quay.io/a/b", "1")]),
        ("waybill.toml", 'builder = "dev"\n# builder = "quay.io/a/b:1"\nregistry = "quay.io/a"\n', []),
        ("other.toml", 'builder = "quay.io/a/b:1"\n', []),
        ("waybill.toml", f'[actions]\nuses = "acme/waybill@{COMMIT}"\n', [action("acme/waybill")]),
        (".github/workflows/main.yml", f"      - uses: acme/waybill@{COMMIT}\n", [action("acme/waybill")]),
        (".github/workflows/main.yml", f"      - uses: actions/checkout@{COMMIT} # v6\n", []),
        ("README.md", f'pip install "git+https://github.com/acme/waybill@{COMMIT}"\n', [action("acme/waybill")]),
        (
            "images.lock",
            f'{{"images": {{"quay.io/a/b:1.0": "{DIGEST}",\n"r:5000/c:2": "{DIGEST}"}}}}\n',
            [image("quay.io/a/b", "1.0", DIGEST), image("r:5000/c", "2", DIGEST)],
        ),
        (
            "compatibility.yaml",
            '  builder: quay.io/a/b:1.45\n  redHatBuilder: "registry.redhat.io/a/c:1-2"\n  builders: a/b:1\n',
            [image("quay.io/a/b", "1.45"), image("registry.redhat.io/a/c", "1-2")],
        ),
    ],
)
def test_a_manager_finds_what_is_pinned(path: str, content: str, expected: list[Found]) -> None:
    # The first line has something before it, as the files do.
    assert found_in(path, f"\n{content}") == expected


def test_an_action_that_is_not_known_yet_is_found_once_the_settings_name_it() -> None:
    assert found_in("waybill.toml", f'uses = "acme/waybill@{COMMIT}"\n', waybill="") == [action("acme/waybill")]
    assert found_in(".github/workflows/main.yml", f"uses: actions/checkout@{COMMIT}\n", waybill="") == []


def test_files_that_waybill_writes_are_left_to_it() -> None:
    (rule, *_) = json.loads(renovate_json("acme/waybill"))["packageRules"]
    assert rule["matchManagers"] == ["github-actions"]
    assert rule["matchFileNames"] == [f".github/workflows/{name}" for name in COMMON]
    assert rule["enabled"] is False


def test_a_dot_in_a_name_means_a_dot() -> None:
    assert found_in("README.md", f"git+https://github.com/acme/way-bill@{COMMIT}", waybill="acme/way.bill") == []
