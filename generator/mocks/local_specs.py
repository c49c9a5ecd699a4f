"""Replaces URLs of specs with local copies in workflows/shared."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace

from generator.contracts.calls import calls
from generator.workflow.workflow import Workflow, read_workflow


def with_local_specs(workflow: Workflow) -> Workflow:
    """Return the workflow with each URL of a spec that has a copy in shared/ replaced with the copy's path.

    Otherwise, the engine's build would fetch the URL, and fail if it cannot be reached.
    """
    local = local_specs(workflow)
    if not local:
        return workflow
    urls = "|".join(map(re.escape, sorted(local, key=len, reverse=True)))
    named = re.compile(rf"(?:{urls})(?=[#\"'\s]|$)")
    source = workflow.source
    definitions = {source.definition, *source.subflows()}
    resources = {
        path: named.sub(lambda found: local[found[0]], data.decode()).encode() if path in definitions else data
        for path, data in source.resources.items()
    }
    return read_workflow(replace(source, resources=resources))


def local_specs(workflow: Workflow) -> Mapping[str, str]:
    """Return the path of the copy in shared/ of each spec that has one, by URL."""
    found: dict[str, str] = {}
    for call in calls(workflow):
        url = call.definition.uri_definitions().get(call.file, call.file)
        if call.fetched and call.data is not None and (path := workflow.source.in_shared(url)):
            found[url] = path
    return found
