"""What `gaitheat show` makes of a store: a contact sheet, and a video over the recording if it is there."""

from collections.abc import Sequence
from pathlib import Path

from gaitheat.clips import Clip
from gaitheat.errors import GaitheatError
from gaitheat.overlay import crops_video, overlay_video, recording_of
from gaitheat.painting import save_picture
from gaitheat.report import SHEET_CLIPS, contact_sheet
from gaitheat.sources import ClipSource


def show_clips(source: ClipSource, beginning: str, out: Path) -> list[Path]:
    """Write ``clips.png`` and ``clips.mp4`` of the first clips whose key begins so; returns where they are.

    Raises:
        GaitheatError: no clip's key begins so.
    """
    keys = [info.key for info in source.infos()]
    chosen = [key for key in keys if str(key).startswith(beginning)]
    if not chosen:
        known = f"keys begin like {keys[0]}" if keys else "it holds no clips"
        raise GaitheatError(f"no clip's key begins with {beginning!r}: {known}")
    clips = source.read([(key, None) for key in chosen[:SHEET_CLIPS]])
    unseen = len(chosen) - len(clips)
    sheet, film = out / "clips.png", out / "clips.mp4"
    save_picture(contact_sheet(clips, unseen), sheet)
    recording = recording_of(clips[0]) if _together(clips) else None
    if recording is None:
        crops_video(clips, film, unseen)
    else:
        overlay_video(recording, clips, film)
    return [sheet, film]


def _together(clips: Sequence[Clip]) -> bool:
    """Whether these are people of one recording, so that one picture can show all of them by their tracks."""
    return len({clip.sha256 for clip in clips}) == 1 and len({clip.key.track for clip in clips}) == len(clips)
