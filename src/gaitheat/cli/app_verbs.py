"""The command that opens the page to try it."""

from pathlib import Path


def app(gallery: Path | None = None, port: int = 7860) -> None:
    """A page to try it in the browser: show a video, name people, see who is recognised.

    Nothing leaves this machine, and nobody else can open the page.

    Args:
        gallery: The folder of known people; it is made if it is not there. If left out, they are
            forgotten at the end.
        port: Of this machine; 0 takes any that is free.
    """
    from gaitheat.app.server import serve
    from gaitheat.printing import say

    serve(gallery, port, say)
