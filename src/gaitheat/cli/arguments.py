"""What the commands take: the arguments that several of them share, and the stores that a path means."""

from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from tyro.conf import FlagCreatePairsOff, Positional, arg

from gaitheat.errors import GaitheatError

if TYPE_CHECKING:
    from gaitheat.sinks import ClipSink
    from gaitheat.sources import ClipSource

STOPPED = "gaitheat: stopped; what was finished is kept"
"""What is said after Ctrl-C."""

GalleryFolder = Annotated[Path, Positional, arg(metavar="GALLERY")]
Store = Annotated[str, arg(metavar="STORE")]
StorePath = Annotated[str, Positional, arg(metavar="STORE")]
Video = Annotated[Path, Positional, arg(metavar="VIDEO")]
Camera = Annotated[str, arg(metavar="NAME")]
Json = Annotated[bool, FlagCreatePairsOff, arg(name="json", help="Print JSON.")]
Csv = Annotated[bool, FlagCreatePairsOff, arg(name="csv", help="Print CSV.")]


def clip_source(path: str | Path) -> "ClipSource":
    """The clips of a packed file, or of a store in a folder or an object store (an address)."""
    if Path(path).is_file():
        from gaitheat.packed import PackedClips

        return PackedClips(Path(path))
    from gaitheat.store import ClipStore

    return ClipStore(path)


def clip_sink(path: str | Path) -> "ClipSink":
    """A packed file, if the name ends in .arrow, or a store; it is made if it is not there."""
    if Path(path).suffix == ".arrow":
        from gaitheat.packed_sink import PackedSink

        if "://" in str(path):
            raise GaitheatError(f"{path} is an address, but a packed file lies in a folder: leave out .arrow")
        return PackedSink(Path(path))
    from gaitheat.store import ClipStore

    return ClipStore.open_or_create(path)


def expect_packages(what: str, *names: str) -> None:
    """GaitheatError if one of these packages of the extra ``train`` is missing."""
    missing = [name for name in names if find_spec(name) is None]
    if missing:
        raise GaitheatError(f'{what} needs {", ".join(missing)}: pip install "gaitheat[train]"')
