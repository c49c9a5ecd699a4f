"""Names, URLs and repositories in the options of `waybill gitops`."""

from __future__ import annotations

import os
from typing import Any

from generator.chart.names import UMBRELLA
from generator.delivery.argocd import GitSource
from generator.findings.errors import SettingsError
from pipeline.system.http_request import SCHEMES, scheme_of
from pipeline.workspace.places import GitBranch, GithubRepository, GitlabProject, gitlab_server, is_place, parse_place


def name_of(options: dict[str, Any]) -> str:
    """Return the name of the objects: --name, or a default that contains the environment."""
    environment = options["environment"]
    return str(options["name"] or (f"{UMBRELLA}-{environment}" if environment else UMBRELLA))


def git_repository(options: dict[str, Any], what: str) -> GitSource:
    """Return URL and revision of `--repo`, a place or a git URL; a folder in it becomes the default of `--path`.

    Raises:
        SettingsError: it is neither, or contains a credential, which the message does not show.
    """
    text = options["repo"]
    refuse_credential(text, f"the {what}")
    place = parse_place(text if is_place(text) else f"git:{text}")
    match place:
        case GitBranch():
            url = place.url
        case GithubRepository():
            url = f"https://github.com/{place.name}.git"
        case GitlabProject():
            url = f"{gitlab_server(os.environ)[1]}/{place.name}.git"
        case _:
            message = f"'{text}' is not a {what}"
            raise SettingsError(f"{message}: github:OWNER/REPO, gitlab:GROUP/PROJECT or a git URL")
    revision = options["revision"] or place.branch or "main"
    options["path"] = options["path"] or place.folder
    return GitSource(url=literal(url, "--repo"), revision=literal(revision, "--revision"))


def chart_repository(url: str) -> str:
    """Check and return the URL of a chart repository, https:// or oci://.

    Raises:
        SettingsError: it is not such a URL.
    """
    if url.startswith("oci:"):
        return str(parse_place(url))
    return http_url(url, "a chart repository, https:// or oci://")


def http_url(url: str, what: str) -> str:
    """Check and return an HTTP URL.

    Raises:
        SettingsError: it is not an HTTP URL, or contains a credential, which the message does not show.
    """
    refuse_credential(url, what)
    if scheme_of(url) not in SCHEMES or not _host(url):
        raise SettingsError(f"'{url}' is not the URL of {what}")
    return literal(url, what).rstrip("/")


def refuse_credential(url: str, what: str) -> None:
    """Refuse `https://USER:PASSWORD@HOST/…`.

    Raises:
        SettingsError: it is such a URL; the message does not show it.
    """
    if "@" in _host(url) and scheme_of(url.removeprefix("git:")) in SCHEMES:
        raise SettingsError(f"the URL of {what} holds a credential, which would be readable in git: use a Secret")


def _host(url: str) -> str:
    return url.partition("://")[2].partition("/")[0]


def literal(text: str, what: str) -> str:
    """Check that a text contains no template expression, and return it.

    Raises:
        SettingsError: Argo CD or Argo Workflows would evaluate it as a template.
    """
    if "{{" in text:
        raise SettingsError(f"{what}: '{text}' contains '{{{{', which is run as a template")
    return text
