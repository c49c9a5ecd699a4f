"""`waybill gitops tekton` and `waybill gitops argo-workflows`: their options and objects."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import click

from generator.delivery.argo_workflows import argo_workflows_objects
from generator.delivery.names import check_name
from generator.delivery.pipeline_steps import (
    CLONE_TOKEN,
    GIT_TOKEN,
    REGISTRY_LOGIN,
    WEBHOOK_SECRET,
    PipelineOptions,
)
from generator.delivery.release import Manifest
from generator.delivery.tekton import Forge, tekton_objects
from generator.findings.errors import SettingsError
from pipeline.commands.gitops_forms.places import git_repository, name_of
from pipeline.images.image_name import read_image_name
from pipeline.terminal import console
from pipeline.workspace.folders import select_folders
from pipeline.workspace.places import Directory, parse_place
from pipeline.workspace.settings import Settings

#: The beginnings of template expressions in Tekton and Argo Workflows.
_TEMPLATES: Final = ("$(", "{{")
#: The default name of the Secret with tokens and logins.
_SECRET: Final = "waybill"  # noqa: S105 - the name of a Secret


def tekton(names: Sequence[str], settings: Settings, options: dict[str, Any]) -> list[Manifest]:
    """Return the objects for Tekton, and print a note about the Secret that they need."""
    chosen = _options(names, settings, options)
    forge = _forge(options["repo"])
    objects = tekton_objects(chosen, forge)
    if forge is None:
        console.say(
            "no EventListener: Tekton verifies only webhooks of GitHub and GitLab; give --repo github:OWNER/REPO"
        )
    _say_keys(chosen, (CLONE_TOKEN, GIT_TOKEN, REGISTRY_LOGIN, *((WEBHOOK_SECRET,) if forge else ())))
    return objects


def argo_workflows(names: Sequence[str], settings: Settings, options: dict[str, Any]) -> list[Manifest]:
    """Return the objects for Argo Workflows, and print a note about the Secret that they need."""
    chosen = _options(names, settings, options)
    _say_keys(chosen, (CLONE_TOKEN, GIT_TOKEN, REGISTRY_LOGIN))
    return argo_workflows_objects(chosen)


def _say_keys(options: PipelineOptions, keys: Sequence[str]) -> None:
    console.say(
        f"keys of the Secret {options.secret} in the namespace {options.namespace}, if needed: {', '.join(keys)}"
    )


def _options(names: Sequence[str], settings: Settings, options: dict[str, Any]) -> PipelineOptions:
    if not options["repo"]:
        raise click.UsageError("name the repository of the workflows: --repo PLACE")
    if not options["image"]:
        raise click.UsageError("name the image with waybill: --image IMAGE")
    source = git_repository(options, "repository of workflows")
    propose_to = options["to"] or settings.propose.to
    publish_to = tuple(options["publish_to"] or settings.publish.to)
    if not propose_to and not publish_to:
        raise click.UsageError("name where charts go: --to PLACE, --publish-to TARGET, or both")
    for text in (*([propose_to] if propose_to and propose_to != "." else []), *publish_to):
        if isinstance(parse_place(text), Directory):
            raise SettingsError(f"'{text}': a folder of a pod is gone with the pod; name a repository or a registry")
    if names:
        select_folders(names, settings)
    made = PipelineOptions(
        name=check_name(name_of(options), "a pipeline"),
        namespace=options["namespace"],
        image=str(read_image_name(options["image"])),
        repository=source.url,
        revision=source.revision,
        workflows=tuple(names),
        propose_to=propose_to,
        publish_to=publish_to,
        secret=check_name(options["login"] or _SECRET, "a Secret"),
        group=options["group"],
    )
    for name, value in made.defaults.items():
        if any(begin in value for begin in _TEMPLATES):
            raise SettingsError(f"{name}: '{value}' contains '$(' or '{{{{', which the engine runs as a template")
    if spaced := next((text for text in (*names, *publish_to) if text.split() != [text]), None):
        raise SettingsError(f"'{spaced}' contains a space, which ends a name in a parameter")
    return made


def _forge(repository: str) -> Forge | None:
    match repository.partition(":")[0]:
        case "github":
            return "github"
        case "gitlab":
            return "gitlab"
    return None
