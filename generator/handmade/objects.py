"""Finds out which objects of a hand-made chart a build generates as well."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from generator.handmade.template import Part, parts_of
from generator.kubernetes.objects import PROPERTIES, RESOURCES, SECRET, installed_objects, resource_map_names
from generator.text.words import listed
from generator.workflow.workflow import Workflow

#: The name of the Secret in hand-made charts from which the container reads all keys (`envFrom`).
_ENV_FROM_NAME: Final = "{workflow}-creds"
SONATAFLOW: Final = "SonataFlow"


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """Whether a build generates an object.

    `made` is what the build generates instead, `strange` why users have to decide; if both are "", the object is kept.
    """

    made: str = ""
    strange: str = ""
    notes: tuple[str, ...] = ()


def made_anyway(part: Part, workflow: Workflow) -> Verdict:
    """Return whether a build generates an object.

    If a template action writes its name, a SonataFlow and a ConfigMap with an application.properties are taken for the
    workflow's, because a chart has one of each.
    """
    kind, name = part.kind, part.name
    match kind:
        case "SonataFlow" if name in (None, workflow.object_name):
            return Verdict(made=f"the SonataFlow {workflow.object_name}")
        case "SonataFlow":
            why = f"installs the SonataFlow {name}, and the definition's id is {workflow.definition.id}"
            return Verdict(strange=f"{why}; bring that workflow over with its own chart")
        case "ConfigMap":
            return _config_map(part, workflow)
        case "Secret":
            return _secret(part, workflow)
        case None if re.search(rf"\bkind[\"']?\s*:\s*[\"']?{SONATAFLOW}\b", part.text):
            return Verdict(strange="writes a SonataFlow among other objects; move those to a file of their own")
    return Verdict()


def sonataflows_in(texts: Iterable[str]) -> frozenset[str]:
    """Return the names of the SonataFlow resources in templates."""
    parts = (part for text in texts if SONATAFLOW in text for part in parts_of(text))
    return frozenset(part.name for part in parts if part.kind == SONATAFLOW and part.name)


def _config_map(part: Part, workflow: Workflow) -> Verdict:
    name = part.name
    if name is None:
        properties = part.holds_properties and workflow.properties is not None
        return Verdict(made="the ConfigMap of application.properties") if properties else Verdict()
    if re.fullmatch(PROPERTIES.name_pattern(workflow.object_name), name):
        return Verdict(made=f"the ConfigMap {name}")
    if re.fullmatch(RESOURCES.name_pattern(workflow.object_name), name):
        ending = name.partition("-")[2]
        generated = resource_map_names(workflow).values()
        if same := next((each for each in generated if each.partition("-")[2] == ending), None):
            return Verdict(made=f"the ConfigMap {same}")
        return Verdict(notes=(f"the ConfigMap {name} holds a folder that the workflow's folder does not have",))
    return Verdict()


def _secret(part: Part, workflow: Workflow) -> Verdict:
    generated, credentials = (each.format(workflow=workflow.object_name) for each in (SECRET.name, _ENV_FROM_NAME))
    if part.name not in (generated, credentials):
        return Verdict()
    if part.content is None:
        return (
            Verdict()
            if part.name != generated
            else Verdict(strange=f"writes the Secret {generated}, as the chart does")
        )
    secret_values = _secret_values(part.content)
    if SECRET in installed_objects(workflow) and secret_values.keys() <= set(workflow.secret_keys):
        notes = []
        if part.name == credentials:
            old_release = f"for a release of the old chart: --set secret.existingSecret={credentials}"
            notes.append(f"the Secret {credentials} is {generated} now; {old_release}")
        if filled := sorted(key for key, value in secret_values.items() if value):
            notes.append(f"the Secret {part.name} has a value for {listed(filled)}; give it as secret.data")
        return Verdict(made=f"the Secret {generated}", notes=tuple(notes))
    if part.name == generated and workflow.secret_keys:
        additional = sorted(secret_values.keys() - set(workflow.secret_keys))
        return Verdict(
            strange=f"the Secret {generated} has {listed(additional)} besides; add that to secret.properties"
        )
    hint = f"--set envFrom[0].secretRef.name={part.name}"
    return Verdict(notes=(f"no secret.properties names the keys of the Secret {part.name}; to use it: {hint}",))


def _secret_values(content: Mapping[str, Any]) -> dict[str, object]:
    found: dict[str, object] = {}
    for place in ("data", "stringData"):
        if isinstance(given := content.get(place), dict):
            found |= given
    return found
