"""Checks of the repository: settings and git."""

from __future__ import annotations

from pathlib import Path

from generator.image.commit import public_url
from pipeline.doctor.check import Result, Surroundings
from pipeline.system.commit import git
from pipeline.workspace.settings_reader import unknown_variables


def settings(surroundings: Surroundings) -> Result:
    """Check the settings file, and report WAYBILL_ variables that waybill does not know."""
    if surroundings.error:
        return Result(state="failed", message=surroundings.error)
    file = surroundings.settings.file
    found = str(file) if file else "no settings file, so the defaults hold"
    if unknown := unknown_variables(surroundings.environment):
        return Result(
            state="note", message="\n".join((found, *unknown)), help="unset the variables that waybill does not know"
        )
    if file is None:
        return Result(state="note", message=found, help="waybill init writes one")
    return Result(state="fine", message=found)


def identity(_: Surroundings) -> Result:
    """Check the identity for commits."""
    values = {key: git(Path(), "config", "--get", key) for key in ("user.name", "user.email")}
    missing = [key for key, value in values.items() if not value]
    if missing:
        commands = " and ".join(f"git config --global {key} …" for key in missing)
        message = f"{' and '.join(missing)} not set: commits are made as waybill"
        return Result(state="note", message=message, help=commands)
    return Result(state="fine", message=f"{values['user.name']} <{values['user.email']}>")


def repository(_: Surroundings) -> Result:
    """Check the git repository of the current folder, and its remote."""
    top = git(Path(), "rev-parse", "--show-toplevel")
    if not top:
        return Result(state="missing", message="not in a git repository", help="run: git init")
    remote = git(Path(), "remote", "get-url", "origin")
    if not remote:
        return Result(state="note", message=f"{top}, without a remote", help="run: git remote add origin URL")
    return Result(state="fine", message=f"{top}, from {public_url(remote) or 'a local path'}")
