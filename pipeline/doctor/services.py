"""Checks of services and of the login to each: a container engine, registries, forges and a cluster."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable
from typing import Final

from generator.chart.names import UMBRELLA
from generator.health.check import BAD, State
from pipeline.doctor import install
from pipeline.doctor.check import Result, Surroundings, existing, version_in
from pipeline.images.credentials import Keychain
from pipeline.images.errors import LoginError, NoEngineError, RegistryError
from pipeline.images.image_name import read_image_name
from pipeline.system.http_request import Backoff
from pipeline.workspace.folders import all_folders
from pipeline.workspace.places import Directory, GitBranch, GithubRepository, OciPrefix, Place, parse_place

#: The blob to ask a registry for. Whether the registry has it does not matter.
_BLOB: Final = f"sha256:{hashlib.sha256(b'').hexdigest()}"
_ONCE: Final = Backoff(attempts=1)
_REFUSED: Final = (401, 403)


def engine(surroundings: Surroundings) -> Result:
    """Check the container engine that builds images."""
    from pipeline.images.docker_client import connected  # noqa: PLC0415 - takes 200 ms, which only this check needs

    try:
        client = connected(surroundings.environment)
    except NoEngineError as error:
        message, _, where = str(error).partition("\n")
        return Result(state="missing", message=message.rstrip(":"), help=where, get=install.ENGINE)
    about = client.version()
    name = next((each["Name"] for each in about.get("Components") or ()), "Docker")
    return Result(state="fine", message=f"{name} {about.get('Version', '')} ({client.base_url})")


def registry(surroundings: Surroundings) -> Result:
    """Check the login to the settings' registry, as a push uses it."""
    settings = surroundings.settings
    folder = next((each.name for each in all_folders(settings.workflows)), "workflow")
    name = read_image_name(f"{settings.registry}/{settings.image_prefix}{folder}".lower())
    return _check_login(name.host, name.repository, surroundings)


def publish(surroundings: Surroundings) -> Result:
    """Check that charts can be published to each place of publish.to."""
    places = surroundings.settings.publish.to
    if not places:
        return Result(state="skipped", message="publish.to is not set")
    return _merged(_check_place(parse_place(each), surroundings) for each in places)


def propose(surroundings: Surroundings) -> Result:
    """Check the place of propose.to with the preflight of proposals."""
    from pipeline.proposals.forge import Options  # noqa: PLC0415 - proposals load git and a forge
    from pipeline.proposals.places import open_destination  # noqa: PLC0415 - as above

    settings = surroundings.settings
    own = settings.propose
    if not own.to:
        return Result(state="skipped", message="propose.to is not set")
    destination = open_destination(own.to, settings, surroundings.environment, lambda _: None, is_signed=False)
    base = own.base or destination.base or destination.forge.default_branch()
    options = Options(
        labels=own.labels,
        reviewers=own.reviewers,
        milestone=own.milestone,
        draft=own.draft,
        auto_merge=own.auto_merge,  # type: ignore[arg-type]  # the settings hold any text
    )
    found = destination.forge.obstacles(base, options)
    if not found:
        place = destination.forge.place
        return Result(state="fine", message=f"{place}: nothing blocks a proposal to {base}")
    return _merged(Result(state="failed" if each.blocks else "note", message=each.message) for each in found)


def kubectl(surroundings: Surroundings) -> Result:
    """Check kubectl, or oc."""
    for program in ("kubectl", "oc"):
        if path := surroundings.which(program):
            found, _ = version_in(surroundings.output(program, "version", "--client") or "")
            state: State = "fine" if found else "failed"
            return Result(state=state, message=f"{program} {found or 'fails'} ({path})")
    return Result(state="missing", message="neither kubectl nor oc is on PATH", get=install.KUBECTL)


def cluster(surroundings: Surroundings) -> Result:
    """Check the cluster of the current context: its SonataFlow, and whether the user may install workflows."""
    from pipeline.operators.cluster import may_install, read_cluster  # noqa: PLC0415 - it reads CRDs

    found = read_cluster(None, patience=surroundings.patience)
    if not may_install(None, patience=surroundings.patience):
        message = f"{found.operator}; this login may not create SonataFlows in its namespace"
        todo = "name another: kubectl config set-context --current --namespace NAMESPACE"
        return Result(state="note", message=message, help=todo)
    return Result(state="fine", message=found.operator)


def _check_place(place: Place, surroundings: Surroundings) -> Result:
    """Check that charts can be published to a place."""
    match place:
        case Directory():
            above = existing(place.path)
            fine = above.is_dir() and os.access(above, os.W_OK)
            return Result(state="fine" if fine else "failed", message=f"{place}{'' if fine else ' cannot be written'}")
        case OciPrefix():
            return _check_login(place.host, f"{place.prefix}/{UMBRELLA}".lstrip("/"), surroundings, shown=str(place))
        case GithubRepository():
            return _check_github_releases(place, surroundings)
        case GitBranch():
            return _check_git_branch(place, surroundings)
    return Result(state="failed", message=f"{place}: charts are not published there")


def _check_github_releases(place: GithubRepository, surroundings: Surroundings) -> Result:
    from pipeline.proposals.github_preflight import Preflight  # noqa: PLC0415 - PyGithub
    from pipeline.publish.github_api import GithubApi  # noqa: PLC0415 - as above

    api = GithubApi.of(surroundings.environment, backoff=_ONCE)
    preflight = Preflight(api=api, name=place.name, place=str(place), is_signed=False)
    found = preflight.obstacles_to_push()
    if not found:
        return Result(state="fine", message=f"{place}: the token from {api.source} may push")
    return _merged(Result(state="failed" if each.blocks else "note", message=each.message) for each in found)


def _check_git_branch(place: GitBranch, surroundings: Surroundings) -> Result:
    from pipeline.system.git_remote import GitError, GitLoginError, RemoteRepository  # noqa: PLC0415 - git

    try:
        remote = RemoteRepository(place.url, surroundings.environment, patience=surroundings.patience)
        try:
            remote.head(place.branch or "gh-pages")
        finally:
            remote.close()
    except GitLoginError as error:
        return Result(state="failed", message=f"{place}: {error.what_to_do}")
    except GitError as error:
        return Result(state="failed", message=f"{place}: {error}")
    return Result(state="fine", message=f"{place}: it can be read; only a push shows whether it can be written")


def _check_login(host: str, repository: str, surroundings: Surroundings, *, shown: str = "") -> Result:
    """Check the login to a registry with the first request of a push."""
    from pipeline.images.registry import Registry  # noqa: PLC0415 - the client of registries

    keychain = Keychain(registry=surroundings.settings.registry, environment=surroundings.environment)
    lookup = keychain.find(host, repository)
    client = Registry(host, keychain, backoff=_ONCE)
    known = lookup.credential is not None
    try:
        path = f"blobs/{_BLOB}"
        answer = client.connection.request("HEAD", repository, path, push=True, refused=not known)
    except LoginError as error:
        return Result(state="failed", message=f"{shown or host} refuses the login", help=str(error))
    except RegistryError as error:
        return Result(state="failed", message=f"{shown or host} does not answer", help=str(error))
    if answer.status in _REFUSED:
        todo = f"run: docker login {host} (or podman login)"
        return Result(state="missing", message=f"{shown or host}: {lookup}", help=todo)
    if answer.status not in (200, 404):
        return Result(state="failed", message=f"{shown or host}: the registry responded with {answer.status}")
    accepted = f"accepts the login from {lookup.credential.source}" if lookup.credential else "needs no login"
    return Result(state="fine", message=f"{shown or host} {accepted}")


def _merged(results: Iterable[Result]) -> Result:
    """Merge results into one with the worst state of all."""
    order = ("skipped", "fine", "note", *reversed(BAD))
    found = list(results)
    worst = max(found, key=lambda each: order.index(each.state)).state
    shown = [each for each in found if each.state == worst] if worst in BAD else found
    return Result(
        state=worst,
        message="\n".join(each.message for each in shown),
        help="\n".join(filter(None, (each.help for each in shown))),
    )
