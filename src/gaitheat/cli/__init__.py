"""The command line: parse, call, print. A verb imports what it needs when it runs, so --help stays fast."""

import sys
from io import TextIOWrapper

import tyro

from gaitheat.cli.app_verbs import app
from gaitheat.cli.arguments import STOPPED
from gaitheat.cli.camera_verbs import adapt, calibrate, cameras
from gaitheat.cli.clip_verbs import assets, demo, extract, pack, show
from gaitheat.cli.compare_verbs import compare
from gaitheat.cli.cross_verbs import cross
from gaitheat.cli.evaluation_verbs import evaluate
from gaitheat.cli.export_verbs import export
from gaitheat.cli.gallery_verbs import enroll, export_gallery, forget, merge, people
from gaitheat.cli.import_verbs import import_clips
from gaitheat.cli.recognition_verbs import identify, verify
from gaitheat.cli.train_verbs import train
from gaitheat.cli.walker_verbs import walkers
from gaitheat.cli.watch_verbs import watch
from gaitheat.errors import GaitheatError

DESCRIPTION = "Who walks here? Video -> pose heatmaps -> one embedding -> a name, or nobody known."
VERBS = (
    extract,
    import_clips,
    show,
    pack,
    enroll,
    identify,
    watch,
    verify,
    people,
    forget,
    adapt,
    cameras,
    calibrate,
    merge,
    export_gallery,
    train,
    evaluate,
    compare,
    cross,
    export,
    walkers,
    assets,
    app,
    demo,
)

commands = tyro.extras.SubcommandApp()
for verb in VERBS:
    commands.command(verb)


def main() -> None:
    """Run a command. A user's mistake is one line and exit code 2; --debug shows where it came from."""
    _speak_utf8()
    arguments = [argument for argument in sys.argv[1:] if argument != "--debug"]
    debug = len(arguments) < len(sys.argv) - 1
    try:
        code = commands.cli(prog="gaitheat", description=DESCRIPTION, args=arguments)
    except (GaitheatError, OSError) as error:
        if debug:
            raise
        print(f"gaitheat: {error}", file=sys.stderr)  # noqa: T201
        code = 2
    except KeyboardInterrupt:
        print(STOPPED, file=sys.stderr)  # noqa: T201
        code = 130
    sys.exit(code or 0)


def _speak_utf8() -> None:
    """Names are in any script, file names may hold bytes of none: neither may end a command in the middle."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            encoding = None if stream.isatty() else "utf-8"
            stream.reconfigure(encoding=encoding, errors="backslashreplace")
