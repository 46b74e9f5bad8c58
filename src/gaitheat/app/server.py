"""Serving the page: to this machine alone, with nothing fetched, sent, or left behind."""

import contextlib
import os
import signal
import socket
import sys
import tempfile
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from gaitheat.errors import GaitheatError

HOST = "127.0.0.1"
"""Nobody but this machine can ask for it."""


def serve(gallery: Path | None, port: int, say: Callable[[str], None]) -> None:
    """Serve the page until Ctrl-C.

    Args:
        gallery: the folder of known people; None: one that is gone when this ends.
        port: of this machine; 0: any that is free.
        say: is told where the page is.

    Raises:
        GaitheatError: the extra ``app`` is missing, the port is taken, or the folder holds something else.
    """
    if find_spec("gradio") is None:
        raise GaitheatError('the page needs gradio: pip install "gaitheat[app]"')
    with _listening(port) as listener, tempfile.TemporaryDirectory(prefix="gaitheat-") as folder:
        # Read once, when the library is first imported: no calls home, uploads where they are deleted.
        os.environ |= {"GRADIO_ANALYTICS_ENABLED": "False", "HF_HUB_OFFLINE": "1", "GRADIO_TEMP_DIR": folder}
        from gaitheat.app.page import Page
        from gaitheat.app.website import website

        page = Page(gallery or Path(folder) / "gallery", passing=gallery is None)
        address = f"http://{HOST}:{listener.getsockname()[1]}"
        say(f"{address}   (Ctrl-C ends it)")
        _run(website(page.blocks), listener)


def _listening(port: int) -> socket.socket:
    """A socket of this machine alone; GaitheatError if the port is taken."""
    listener = socket.socket()
    try:
        listener.bind((HOST, port))
        listener.listen()
    except (OSError, OverflowError) as error:
        listener.close()
        raise GaitheatError(
            f"port {port} of {HOST} cannot be used ({error}): give another with --port"
        ) from error
    return listener


def _run(site: Any, listener: socket.socket) -> None:
    import uvicorn  # comes with gradio

    # Ended from outside as well, the folder of uploads is deleted.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    server = uvicorn.Server(uvicorn.Config(site, log_level="warning", timeout_graceful_shutdown=2))
    with contextlib.suppress(KeyboardInterrupt):
        server.run(sockets=[listener])
