"""The engine's jq, asked: `python -m tests.engine.jackson_jq` writes generator/jq/jackson-jq.json anew."""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from tests.engine.java import class_path

HERE = Path(__file__).parent
FACTS = HERE.parent.parent / "generator" / "jq" / "jackson-jq.json"


def run(mode: str, stdin: str = "") -> str:
    command = ["java", "-cp", class_path(HERE / "pom.xml"), HERE / "JacksonJq.java", mode]
    done = subprocess.run(command, input=stdin, check=True, capture_output=True, text=True, timeout=120)
    return done.stdout


def facts() -> dict[str, Any]:
    """What generator/jq/jackson-jq.json holds."""
    version = re.search(r"<jackson-jq.version>(.*?)<", (HERE / "pom.xml").read_text(encoding="utf-8"))
    assert version
    return {"jackson-jq": version[1], "functions": json.loads(run("functions"))}


def evaluate(expressions: Sequence[str]) -> list[dict[str, Any]]:
    """For each expression whether it compiles, its outputs for the input {}, and the error that it ends with."""
    lines = run("evaluate", "".join(f"{json.dumps(expression)}\n" for expression in expressions)).splitlines()
    return [json.loads(line) for line in lines]


if __name__ == "__main__":
    FACTS.write_text(json.dumps(facts(), indent=2) + "\n", encoding="utf-8")
