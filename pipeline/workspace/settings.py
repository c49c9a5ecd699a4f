"""The settings of a repository: names, types, defaults and texts, shared by the reader, `--help` and the docs."""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Final, get_origin, get_type_hints

#: The purpose of each variable WAYBILL_* that is not a setting.
OTHER_VARIABLES: Final[Mapping[str, str]] = {
    "WAYBILL_ACTIONLINT": "the actionlint program; nox sets it for the tests",
    "WAYBILL_CACHE": "waybill's cache folder",
    "WAYBILL_COSIGN": "the cosign program, if it is not on PATH; nox sets it for the tests",
    "WAYBILL_EVENTS_URL": "the URL to which the engine of `waybill run` sends its events; waybill sets it",
    "WAYBILL_GIT_TOKEN": "the token for the git server to publish or propose to",
    "WAYBILL_GIT_USERNAME": "the user name for that token, if the server requires a certain one",
    "WAYBILL_GITHUB_APP_ID": "the id of the GitHub App that opens proposals, instead of a token",
    "WAYBILL_GITHUB_APP_KEY": "the file with the private key of that GitHub App",
    "WAYBILL_HELM3": "the Helm 3 program; nox sets it for the tests",
    "WAYBILL_HELM4": "the Helm 4 program; nox sets it for the tests",
    "WAYBILL_GITLAB_TOKEN": "the token for GitLab; wins over GITLAB_TOKEN",
    "WAYBILL_GITLAB_URL": "the URL of the GitLab server; wins over CI_SERVER_URL, and defaults to https://gitlab.com",
    "WAYBILL_REGISTRY_PASSWORD": "the password for the registry of the images",
    "WAYBILL_REGISTRY_USERNAME": "the user name for the registry of the images",
    "WAYBILL_READER": "the folder with the operator's flow readers; nox sets it for the tests",
    "WAYBILL_KUBERNETES": "the folder with the binaries of a Kubernetes API server; nox sets it for the tests",
    "WAYBILL_NODE_MODULES": "the folder with the Node packages; nox sets it for the tests",
    "WAYBILL_REFERRERS_REGISTRY": "the program of a registry with the referrers API; nox sets it for the tests",
    "WAYBILL_RENOVATE_SCHEMA": "the JSON Schema of Renovate's configuration; nox sets it for the tests",
    "WAYBILL_RESOURCES_CHECKSUM": "the checksum of the mounted files; a chart sets it in the workflow's container",
    "WAYBILL_SHARED": "the folder with other people's workflows, for the tests",
}


@dataclass(frozen=True, kw_only=True)
class About:
    """The texts of a setting for `--help`, docs and messages."""

    text: str
    metavar: str = ""
    form: str = ""
    """The expected form of a value other than a string or a flag, for messages."""
    patterns: bool = False
    """Whether the value is a table whose keys are patterns of paths."""


@dataclass(frozen=True, kw_only=True)
class LintSettings:
    """What lint does not report."""

    ignore: Annotated[
        tuple[str, ...],
        About(text="Rules that lint does not report.", form='a list of rules, as in ["unused-function"]'),
    ] = ()
    per_file_ignores: Annotated[
        Mapping[str, tuple[str, ...]],
        About(
            text="Rules that lint does not report in files that match a pattern.",
            form='a list of rules for each pattern, as in "x/*" = ["unused-function"]',
            patterns=True,
        ),
    ] = dataclasses.field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class PublishSettings:
    """Where `waybill publish` publishes."""

    to: Annotated[
        tuple[str, ...],
        About(
            text="Where to publish charts unless --to is given, as in github:OWNER/REPO.",
            form='a list of targets, as in ["github:OWNER/REPO"]',
        ),
    ] = ()


@dataclass(frozen=True, kw_only=True)
class ProposeSettings:
    """Where `waybill propose` proposes, and what it sets on new pull requests."""

    to: Annotated[
        str, About(text="Where to propose charts unless --to is given, as in github:OWNER/REPO.", metavar="PLACE")
    ] = ""
    base: Annotated[
        str, About(text="The branch to propose to; by default the repository's default branch.", metavar="BRANCH")
    ] = ""
    path: Annotated[
        str,
        About(text="The umbrella's folder in that repository; charts go to PATH/charts/CHART.", metavar="PATH"),
    ] = ""
    labels: Annotated[
        tuple[str, ...], About(text="Labels for new pull requests.", form='a list of labels, as in ["charts"]')
    ] = ()
    reviewers: Annotated[
        tuple[str, ...],
        About(text="Reviewers to request; ORG/TEAM for a team.", form='a list of names, as in ["octocat"]'),
    ] = ()
    draft: Annotated[bool, About(text="Open new pull requests as drafts.")] = False
    milestone: Annotated[str, About(text="The milestone for new pull requests.", metavar="TITLE")] = ""
    auto_merge: Annotated[
        str,
        About(text="How to merge new pull requests once their checks pass: merge, squash or rebase.", metavar="HOW"),
    ] = ""


@dataclass(frozen=True, kw_only=True)
class ActionsSettings:
    """What `waybill actions` writes."""

    uses: Annotated[
        str,
        About(
            text="The action that installs waybill: OWNER/REPO@COMMIT, or ./ in waybill's own repository.",
            metavar="ACTION",
        ),
    ] = "./"
    branch: Annotated[str, About(text="The branch whose merges are processed.", metavar="BRANCH")] = "main"


@dataclass(frozen=True, kw_only=True)
class Settings:
    """The settings of a repository. Paths are relative to the current folder; defaults are below `root`.

    A field whose type is a settings class is a table of its own: `[lint]`, or `[tool.waybill.lint]`.
    """

    workflows: Annotated[
        Path, About(text="The folder with the workflow folders and their `shared/`.", metavar="DIR")
    ] = Path("workflows")
    charts: Annotated[
        Path,
        About(
            text="The folder for charts: the umbrella in `workflows/`, the others in `workflows/charts/`.",
            metavar="DIR",
        ),
    ] = Path("charts")
    output: Annotated[Path, About(text="The folder for packages and index.yaml.", metavar="DIR")] = Path("dist")
    compatibility: Annotated[
        Path,
        About(
            text="Which chart versions run on which operators; without this file, only the operators are known.",
            metavar="FILE",
        ),
    ] = Path("compatibility.yaml")
    registry: Annotated[str, About(text="Registry and namespace of the images.", metavar="HOST/PATH")] = (
        "quay.io/orchestrator"
    )
    image_prefix: Annotated[
        str, About(text="The prefix of image names, before the name of the workflow's folder.", metavar="TEXT")
    ] = "serverless-workflow-"
    images: Annotated[
        str,
        About(
            text="Which images to build: auto (if a container engine has the builder), build, push or skip.",
            metavar="WHEN",
        ),
    ] = "auto"
    builder: Annotated[
        str,
        About(
            text="The builder image: dev (the community's), prod (Red Hat's), or an image.", metavar="dev|prod|IMAGE"
        ),
    ] = "dev"
    runtime: Annotated[
        str,
        About(
            text="The base image of workflow images; by default the one for the SonataFlow version.", metavar="IMAGE"
        ),
    ] = ""
    platform: Annotated[
        str,
        About(text="The platform of images, as in linux/arm64; by default that of the engine.", metavar="OS/ARCH"),
    ] = ""
    engine: Annotated[str, About(text="The engine that builds images: docker or jib.", metavar="ENGINE")] = "docker"
    signing_key: Annotated[
        str,
        About(
            text="The private key for signing SBOM and provenance, as `cosign` takes it: a file or a KMS URI.",
            metavar="KEY",
        ),
    ] = ""
    public_key: Annotated[
        str,
        About(
            text="The public key for verifying provenance, as `cosign` takes it.",
            metavar="KEY",
        ),
    ] = ""
    repository_url: Annotated[
        str, About(text="The URL of the chart repository; URLs in index.yaml start with it.", metavar="URL")
    ] = ""
    initial_version: Annotated[str, About(text="The version of a new chart.", metavar="V")] = "0.1.0"
    minify_specs: Annotated[bool, About(text="Cut OpenAPI files down to the operations that a workflow calls.")] = False
    rhdh: Annotated[
        str,
        About(
            text="The release of Red Hat Developer Hub that lint checks forms for, as in 1.9; by default the newest.",
            metavar="RELEASE",
        ),
    ] = ""
    strict: Annotated[bool, About(text="Treat warnings as errors.")] = False
    lint: LintSettings = dataclasses.field(default_factory=LintSettings)
    publish: PublishSettings = dataclasses.field(default_factory=PublishSettings)
    propose: ProposeSettings = dataclasses.field(default_factory=ProposeSettings)
    actions: ActionsSettings = dataclasses.field(default_factory=ActionsSettings)

    file: Path | None = None
    """The settings file that was read, or None; not a setting."""
    root: Path = Path()
    """The folder of default paths: the settings file's, or else the repository's root; not a setting."""
    committed: Settings | None = None
    """The settings of the file alone, if a variable or an option overrides it; not a setting."""


@dataclass(frozen=True, kw_only=True)
class Setting:
    """One setting: `path` is its place in a settings file, `type` the type of its value."""

    path: tuple[str, ...]
    type: Any
    default: Any
    about: About

    @property
    def key(self) -> str:
        """Its name in docs, as in `lint.ignore`."""
        return ".".join(self.path)

    @property
    def name(self) -> str:
        """Its name among the arguments of a command, as in `image_prefix`."""
        return "_".join(self.path)

    @property
    def variable(self) -> str | None:
        """The variable that sets it, or None if its value is a list or a table."""
        return f"WAYBILL_{self.name.upper()}" if self.type in (str, bool, Path) else None

    @property
    def option(self) -> str:
        """The option that sets it, as in `--image-prefix`."""
        return f"--{self.name.replace('_', '-')}"


@functools.cache
def known_settings() -> Mapping[tuple[str, ...], Setting]:
    """Return all settings by path, in the order of the classes."""
    return {setting.path: setting for setting in _settings_in(Settings(), ())}


def _settings_in(defaults: Any, above: tuple[str, ...]) -> Iterator[Setting]:
    for name, hint in get_type_hints(type(defaults), include_extras=True).items():
        path = (*above, name)
        default = getattr(defaults, name)
        if dataclasses.is_dataclass(default):
            yield from _settings_in(default, path)
        elif get_origin(hint) is Annotated:
            yield Setting(path=path, type=hint.__origin__, default=default, about=hint.__metadata__[0])


def settings_from(values: Mapping[tuple[str, ...], Any], *, file: Path | None = None, root: Path = Path()) -> Settings:
    """Return the settings with these values, by their paths, and the defaults for the rest."""
    settings = Settings(file=file, root=root)
    for path, value in values.items():
        settings = _replaced(settings, path, value)
    return settings


def _replaced(owner: Any, path: tuple[str, ...], value: Any) -> Any:
    name, *below = path
    return dataclasses.replace(
        owner, **{name: _replaced(getattr(owner, name), tuple(below), value) if below else value}
    )
