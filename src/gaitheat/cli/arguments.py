"""What the commands take: the arguments that several of them share."""

from pathlib import Path
from typing import Annotated

from tyro.conf import FlagCreatePairsOff, Positional, arg

STOPPED = "gaitheat: stopped; what was finished is kept"
"""What is said after Ctrl-C."""

GalleryFolder = Annotated[Path, Positional, arg(metavar="GALLERY")]
StorePath = Annotated[Path, Positional, arg(metavar="STORE")]
Video = Annotated[Path, Positional, arg(metavar="VIDEO")]
Json = Annotated[bool, FlagCreatePairsOff, arg(name="json", help="Print JSON.")]
Csv = Annotated[bool, FlagCreatePairsOff, arg(name="csv", help="Print CSV.")]
