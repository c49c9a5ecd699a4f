"""Examples of rules as folders: one that is built by itself, and many that share an application."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from generator.lint.rule import FOLDER, Example

_TEXTS: Final = (".yaml", ".yml", ".json", ".properties")
_PROPERTIES: Final = "application.properties"
_EVENT: Final = re.compile(r"\btype: (\w+_\w+)")


def write(example: Example, folder: Path) -> Path:
    """Write an example's workflows below a folder; returns the folder of its own workflow."""
    for path, text in example.workflows().items():
        file = folder / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(text if isinstance(text, bytes) else text.encode())
    for command in example.commands:
        subprocess.run(["sh", "-ec", command], cwd=folder / FOLDER, check=True)
    return folder / FOLDER


@dataclass(frozen=True, kw_only=True)
class Placed:
    """An example in an application that it shares with others: all that could clash bears its name.

    That is its id, those of its subflows, the names of its specs with the keys of their properties, the types of its
    events, and the first part of the path of each call. `instead` is text to what stands in its place.
    """

    name: str
    example: Example
    instead: Mapping[str, str] = field(default_factory=dict)

    def place(self, application: Path) -> str:
        """Write it into an application's resources: its files into a folder, its properties to those of all.

        Returns the id that its definition has now.
        """
        own = write(self.example, application / self.name)
        for path in sorted(own.parent.rglob("*")):
            if path.suffix in _TEXTS and path.is_file():
                text = self._renamed(path.read_bytes().decode(errors="surrogateescape"))
                path.write_bytes(text.encode(errors="surrogateescape"))
                path.rename(path.with_name(path.name.replace("tickets", f"tickets{self.name}")))
        properties = own / _PROPERTIES
        with (application / _PROPERTIES).open("ab") as all_of_them:
            if properties.exists():
                all_of_them.write(properties.read_bytes() + b"\n")
                properties.unlink()
            all_of_them.writelines(f"{line}\n".encode() for line in self._channels(own))
        return self._id(own)

    def _id(self, own: Path) -> str:
        definition = own / f"{FOLDER}.sw.yaml"
        text = definition.read_text(encoding="utf-8") if definition.exists() else ""
        given = re.search(r"^id: (.+)$", text, re.MULTILINE)
        return given[1] if given else self.name

    def _renamed(self, text: str) -> str:
        for old, new in self.instead.items():
            text = text.replace(old, new)
        text = re.sub(r"^id: \w+$", lambda match: f"id: {self.renamed(match[0][4:])}", text, flags=re.MULTILINE)
        text = re.sub(r"subFlowRef: (\w+)", lambda match: f"subFlowRef: {self.renamed(match[1])}", text)
        text = re.sub(r"rest:(\w+):/", rf"rest:\1:/{self.name}/", text)
        return text.replace("com.example.", f"{self.name}_").replace("tickets", f"tickets{self.name}")

    def renamed(self, name: str) -> str:
        """The id of one of its definitions."""
        return self.name + ("" if name == FOLDER else name.capitalize())

    def _channels(self, own: Path) -> Iterator[str]:
        """Where its events come in: POST /TYPE."""
        definition = own / f"{FOLDER}.sw.yaml"
        for kind in _EVENT.findall(definition.read_text(encoding="utf-8")) if definition.exists() else ():
            yield f"mp.messaging.incoming.{kind}.connector=quarkus-http"
            yield f"mp.messaging.incoming.{kind}.path=/{kind}"


def name_of(rule: str, kind: str) -> str:
    """`missing-url`, bad: `missingUrlBad`; letters alone, as the engine tells specs apart by those."""
    first, *others = [*rule.split("-"), kind]
    return first + "".join(word.capitalize() for word in others)
