"""Starts the function: `python -m save_transformation`."""

from __future__ import annotations

import logging
import os
import signal
import sys
import threading

from save_transformation.errors import SettingsError
from save_transformation.saving import answer
from save_transformation.server import Server
from save_transformation.settings import read_settings

_log = logging.getLogger(__name__)


def main() -> int:
    """Serve until a signal says to stop; what is being saved then is finished first."""
    try:
        settings = read_settings(os.environ)
    except SettingsError as error:
        print(f"m2k-save-transformation-func: {error}", file=sys.stderr)  # noqa: T201 - nothing logs yet
        return 2
    logging.basicConfig(level=settings.log_level, format="%(asctime)s %(levelname)s %(message)s")
    server = Server(("", settings.port), lambda request: answer(request, settings))
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: threading.Thread(target=server.shutdown).start())
    _log.info("listening on port %d", server.server_port)
    server.serve_forever()
    server.server_close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
