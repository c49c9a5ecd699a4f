"""The one thing that the function does, from the event to the answer."""

from __future__ import annotations

import logging
import tempfile
from pathlib import Path

from save_transformation import archive, events
from save_transformation.errors import SaveError
from save_transformation.events import Request
from save_transformation.repository import Repository, ssh_address
from save_transformation.settings import Settings

_log = logging.getLogger(__name__)


def answer(request: Request, settings: Settings) -> None:
    """Save the outcome and tell the run, or tell it why not.

    Raises:
        TryAgainError: a service is out of order; nobody was told, and the event may be delivered again.
    """
    try:
        commit = save(request, settings)
    except SaveError as error:
        _log.warning("run %s: %s", request.run, error)
        events.failed(settings.broker_url, request, error)
        return
    _log.info("run %s: saved as %s", request.run, commit)
    events.saved(settings.broker_url, request, commit)


def save(request: Request, settings: Settings) -> str:
    """Save the outcome in the target branch and return the commit's ID; what is saved already stays as it is.

    Raises:
        SaveError: it cannot be saved.
        TryAgainError: a service is out of order.
    """
    with tempfile.TemporaryDirectory(prefix="m2k-") as name:
        work = Path(name)
        repository = Repository(address=ssh_address(request.repository), work=work, settings=settings)
        if commit := repository.saved_by(request):
            return commit
        outcome = work / "outcome"
        outcome.mkdir()
        with tempfile.TemporaryFile(dir=work) as file:
            archive.download(settings.move2kube_api, request, file)
            archive.unpack(file, outcome)
        try:
            return repository.push(request, outcome)
        except SaveError:
            # The same event, delivered twice at a time: the other one was faster.
            if commit := repository.saved_by(request):
                return commit
            raise
