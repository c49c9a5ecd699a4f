"""The folders whose definitions are judged: those of ../shared/corpus, and our own ten."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

import yaml

from generator.findings.errors import FindingsError
from generator.workflow.folder import SharedFiles, Source, read_shared, read_source

ROOT: Final = Path(__file__).parents[3]
CORPORA: Final = ("workflows", "spec", "public")
#: What the operation of a function begins with whose code or whose service is somewhere else.
_ELSEWHERE: Final = ("service:", "rpc:", "http:", "https:", "camel:", "knative:", "ansible:")
_NOT_BUILT: Final = ("application.properties", "secret.properties", "README.md", "argfile.conf")
#: Where events come in and go out, whatever a folder says of brokers that nobody runs here.
CHANNELS: Final = {
    "mp.messaging.incoming.kogito_incoming_stream.connector": "quarkus-http",
    "mp.messaging.incoming.kogito_incoming_stream.path": "/events",
    "mp.messaging.outgoing.kogito_outgoing_stream.connector": "quarkus-http",
    "mp.messaging.outgoing.kogito_outgoing_stream.url": "${URL}",
}


@dataclass(frozen=True, kw_only=True)
class Folder:
    """A workflow folder, in memory: what waybill reads, and what the engine's build gets."""

    name: str
    source: Source
    shares: bool = True
    """Whether it may have another id, in an application that it shares with others."""

    @property
    def definition(self) -> Any:
        """The definition as the engine reads it."""
        text = self.source.resources[self.source.definition].decode(errors="replace")
        return json.loads(text) if self.source.definition.endswith(".json") else yaml.safe_load(text)

    def resources(self) -> dict[str, bytes]:
        """Path to bytes of what an image would hold, but for the properties."""
        own = {path: data for path, data in self.source.resources.items() if path not in _NOT_BUILT}
        return own | {f"shared/{path}": data for path, data in self.source.shared.files.items()}

    def properties(self) -> str:
        """Its application.properties, with channels that there are."""
        text = self.source.resources.get("application.properties", b"").decode(errors="replace")
        lines = [line for line in text.splitlines() if not line.lstrip().startswith("mp.messaging.")]
        return "\n".join([*lines, *(f"{key}={value}" for key, value in CHANNELS.items())]) + "\n"

    def with_definition(self, name: str, definition: Mapping[str, Any], *, shares: bool = True) -> Folder:
        """The same folder with another definition, in JSON."""
        path = f"{self.source.definition.partition('.')[0]}.sw.json"
        resources = {key: data for key, data in self.source.resources.items() if key != self.source.definition}
        resources[path] = json.dumps(definition, indent=1, ensure_ascii=False).encode()
        source = replace(self.source, name="variant", path="variant", definition=path, resources=resources)
        return Folder(name=name, source=source, shares=shares)

    def needs_elsewhere(self) -> bool:
        """Whether its build or its run needs code, a specification or a service that is not in the folder."""
        return any(text.startswith(_ELSEWHERE) for text in self._operations()) or self._names_addresses()

    def runs_alone(self) -> bool:
        """Whether it runs without a service, in an application that it shares with others."""
        calls = any("#" in text or text.startswith("rest:") for text in self._operations())
        return self.shares and not calls and not self.source.subflows() and isinstance(self.definition, dict)

    def _operations(self) -> Iterator[str]:
        functions = self.definition.get("functions") if isinstance(self.definition, dict) else ()
        for function in functions if isinstance(functions, list) else ():
            if isinstance(function, dict):
                yield f"{function.get('type')}:{function.get('operation')}"
                yield str(function.get("operation"))

    def _names_addresses(self) -> bool:
        extensions = self.definition.get("extensions") if isinstance(self.definition, dict) else None
        return "://" in json.dumps(extensions)


def read_folders(shared: Path) -> list[Folder]:
    """The folders of all corpora and our own, but for those that waybill cannot tell the definition of."""
    parents = [shared / "corpus" / corpus for corpus in CORPORA] + [ROOT / "workflows"]
    return [
        folder
        for parent in parents
        for path in sorted(parent.iterdir())
        if path.is_dir() and path.name != "shared" and (folder := _read(path, read_shared(parent / "shared")))
    ]


def _read(path: Path, shared: SharedFiles) -> Folder | None:
    try:
        source = read_source(path, shown=path.name, shared=shared)
    except FindingsError:
        return None
    return Folder(name=path.name, source=source)
