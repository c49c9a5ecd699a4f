"""Parses argfile.conf: the build arguments of a workflow's image, in the format of `podman build --build-arg-file`."""

from __future__ import annotations

import re
from typing import Final

from generator.findings.errors import FindingsError
from generator.findings.finding import Finding
from generator.findings.suggestions import did_you_mean
from generator.text.yaml_reader import decode

ARGFILE: Final = "argfile.conf"
#: The build arguments of the Dockerfiles that users set.
KNOWN_ARGUMENTS: Final = (
    "FLOW_NAME",
    "FLOW_SUMMARY",
    "FLOW_DESCRIPTION",
    "QUARKUS_EXTENSIONS",
    "MAVEN_ARGS_APPEND",
    "BUILDER_IMAGE",
    "RUNTIME_IMAGE",
)
_LINE: Final = re.compile(r"([A-Za-z_][A-Za-z0-9_]*)=(.*)")


def parse_argfile(data: bytes, path: str) -> dict[str, str]:
    """Parse build arguments: one NAME=VALUE a line; empty lines and comments, which start with `#`, are ignored.

    Raises:
        FindingsError: the file is not UTF-8, a line is not an argument, or the Dockerfiles do not know an argument.
    """
    arguments: dict[str, str] = {}
    findings: list[Finding] = []
    for number, line in enumerate(decode(data, path).splitlines(), start=1):
        text = line.strip()
        if not text or text.startswith("#"):
            continue
        found = _LINE.fullmatch(text)
        if found is None:
            findings.append(_finding(path, number, f"not NAME=VALUE; write a build argument, such as {_EXAMPLE}"))
        elif found[1] not in KNOWN_ARGUMENTS:
            near = did_you_mean(found[1], KNOWN_ARGUMENTS) or f"; they take {', '.join(KNOWN_ARGUMENTS)}"
            findings.append(_finding(path, number, f"the Dockerfiles take no build argument {found[1]}{near}"))
        else:
            arguments[found[1]] = found[2]
    if findings:
        raise FindingsError(findings)
    return arguments


_EXAMPLE: Final = "FLOW_NAME=Greeting"


def _finding(path: str, line: int, message: str) -> Finding:
    return Finding(path=path, line=line, column=1, rule="build-argument", message=message, blocking=True)
