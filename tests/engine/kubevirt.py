"""Virtual machines held against the published KubeVirt API."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

import jsonschema


@cache
def machine_schema(path: Path) -> dict[str, Any]:
    """Return the schema of a VirtualMachine from KubeVirt's swagger.json, with no field but those it names."""
    definitions = json.loads(path.read_text())["definitions"]
    for schema in definitions.values():
        if "properties" in schema:
            schema["additionalProperties"] = False
    return {"$ref": "#/definitions/v1.VirtualMachine", "definitions": definitions}


def hold_machine(machine: dict[str, Any], shared: Path) -> None:
    """Fail unless a virtual machine fits KubeVirt's own description of one."""
    jsonschema.Draft4Validator(machine_schema(shared / "openapi" / "kubevirt-swagger.json")).validate(machine)
