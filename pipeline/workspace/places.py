"""Places to publish or propose to, and their grammar.

    dir:PATH
    git:URL#BRANCH:FOLDER
    github:OWNER/REPO#BRANCH:FOLDER
    gitlab:GROUP/PROJECT#BRANCH:FOLDER
    oci://REGISTRY/PREFIX

`#BRANCH` and `:FOLDER` are optional.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Final

from generator.findings.errors import SettingsError
from generator.findings.suggestions import did_you_mean
from pipeline.system.http_request import SCHEMES, scheme_of, without_secrets

_FORMS: Final = {
    "dir": "dir:PATH",
    "git": "git:URL#BRANCH:FOLDER",
    "github": "github:OWNER/REPO",
    "gitlab": "gitlab:GROUP/PROJECT",
    "oci": "oci://REGISTRY/PREFIX",
}
#: Names of GitHub's owners and repositories.
_GITHUB: Final = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?/[A-Za-z0-9._-]+")
#: Names of GitLab's groups and projects (docs.gitlab.com/user/reserved_names); groups may be nested.
_GITLAB: Final = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]*(?:/[A-Za-z0-9_][A-Za-z0-9_.-]*)+")
#: A host, optionally a port, and a path of a registry (OCI Distribution Specification, 1.1).
_OCI: Final = re.compile(r"[A-Za-z0-9.-]+(?::[0-9]+)?(?:/[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*)*")
#: The default GitLab server. The variables override it; GitLab CI sets the second.
_GITLAB_SERVER: Final = "https://gitlab.com"
GITLAB_URLS: Final = ("WAYBILL_GITLAB_URL", "CI_SERVER_URL")
#: What a branch name may not contain (git check-ref-format), or would make it an option.
_NO_BRANCH: Final = re.compile(r"[\x00-\x20\x7f~^:?*\[\\]|\.\.|@\{|//|/$|^/|\.lock(?:/|$)|(?:^|/)[.]|\.$|^-|^@$")


@dataclass(frozen=True, kw_only=True)
class Directory:
    """A local folder."""

    path: Path

    def __str__(self) -> str:
        return f"dir:{self.path.as_posix()}"


@dataclass(frozen=True, kw_only=True)
class GitBranch:
    """A folder on a branch of a git repository; "" means the default branch, or the root folder."""

    url: str
    branch: str
    folder: str

    def __str__(self) -> str:
        return f"git:{_shown_url(self.url)}{_fragment(self.branch, self.folder)}"


@dataclass(frozen=True, kw_only=True)
class GithubRepository:
    """A folder on a branch of a GitHub repository, as in `GitBranch`."""

    name: str
    """OWNER/REPO."""
    branch: str
    folder: str

    def __str__(self) -> str:
        return f"github:{self.name}{_fragment(self.branch, self.folder)}"


@dataclass(frozen=True, kw_only=True)
class GitlabProject:
    """A folder on a branch of a GitLab project, as in `GitBranch`; the environment names the server."""

    name: str
    """GROUP/PROJECT, with any number of subgroups in between."""
    branch: str
    folder: str

    def __str__(self) -> str:
        return f"gitlab:{self.name}{_fragment(self.branch, self.folder)}"


@dataclass(frozen=True, kw_only=True)
class OciPrefix:
    """A path prefix in a registry; each chart is a repository below it."""

    host: str
    prefix: str

    def __str__(self) -> str:
        return f"oci://{self.host}/{self.prefix}".rstrip("/")


Place = Directory | GitBranch | GithubRepository | GitlabProject | OciPrefix


def is_place(text: str) -> bool:
    """Return whether a text begins like a place, rather than a file or an image."""
    return text.partition(":")[0] in _FORMS


def parse_place(text: str) -> Place:
    """Parse a place.

    Raises:
        SettingsError: it is not valid; the message holds no credential.
    """
    kind, _, rest = text.partition(":")
    match kind:
        case "dir" if rest:
            return Directory(path=Path(rest))
        case "git" if rest:
            url, branch, folder = _split(rest)
            if not url or url.startswith("-"):
                raise _refused(text, "no URL")
            if scheme_of(url) in SCHEMES and "@" in url.partition("://")[2].partition("/")[0]:
                raise _refused(
                    text,
                    "the URL holds a credential; set WAYBILL_GIT_TOKEN, or configure a git credential helper, instead",
                )
            return GitBranch(url=url, branch=branch, folder=folder)
        case "github":
            name, branch, folder = _split(rest)
            name = name.removesuffix(".git")
            if not _GITHUB.fullmatch(name):
                raise _refused(text, f"'{name}' is not OWNER/REPO")
            return GithubRepository(name=name, branch=branch, folder=folder)
        case "gitlab":
            return _gitlab_project(text, rest)
        case "oci":
            address = rest.removeprefix("//").rstrip("/")
            if not rest.startswith("//") or not _OCI.fullmatch(address):
                raise _refused(text, "not a registry with a path in lower case")
            host, _, prefix = address.partition("/")
            return OciPrefix(host=host, prefix=prefix)
    if ":" not in text:
        raise _refused(text, f"no kind of place{f'; a folder is dir:{text}' if text else ''}")
    raise _refused(text, f"no kind of place{did_you_mean(kind, _FORMS) if rest else '; the address is missing'}")


def _gitlab_project(text: str, address: str) -> GitlabProject:
    name, branch, folder = _split(address)
    name = name.strip("/").removesuffix(".git")
    if not _GITLAB.fullmatch(name):
        raise _refused(text, f"'{name}' is not GROUP/PROJECT")
    return GitlabProject(name=name, branch=branch, folder=folder)


def gitlab_server(environment: Mapping[str, str]) -> tuple[str, str]:
    """Return the variable that names the GitLab server, and the server's URL without a trailing slash."""
    name = next((each for each in GITLAB_URLS if environment.get(each, "").strip()), GITLAB_URLS[0])
    return name, environment.get(name, "").strip().rstrip("/") or _GITLAB_SERVER


def _split(text: str) -> tuple[str, str, str]:
    """Return the address, branch and folder of ADDRESS#BRANCH:FOLDER."""
    address, _, fragment = text.partition("#")
    branch, _, folder = fragment.partition(":")
    if branch and _NO_BRANCH.search(branch):
        raise _refused(text, f"'{branch}' is not a branch name")
    path = PurePosixPath(folder.strip("/"))
    if {"..", ".git"} & {part.lower() for part in path.parts}:
        raise _refused(text, f"'{folder}' is not a folder inside the repository")
    return address, branch, "" if path == PurePosixPath() else path.as_posix()


def _fragment(branch: str, folder: str) -> str:
    return f"#{branch}{f':{folder}' if folder else ''}" if branch or folder else ""


def _shown_url(url: str) -> str:
    return without_secrets(url) if scheme_of(url) in SCHEMES else url


def _refused(text: str, why: str) -> SettingsError:
    shown = re.sub(r"://[^/]*@", "://…@", text)
    return SettingsError(f"'{shown}' is not a place ({', '.join(_FORMS.values())}): {why}")
