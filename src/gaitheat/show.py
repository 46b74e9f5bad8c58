"""What `gaitheat show` makes of a store: a contact sheet and a video, or what a network attends to."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from jaxtyping import Float32
from numpy.typing import NDArray

from gaitheat.clips import Clip, ClipKey, Keypoints, transform, windows
from gaitheat.errors import GaitheatError
from gaitheat.heatmaps.align import matrices, warp
from gaitheat.heatmaps.facing import shares
from gaitheat.heatmaps.variants import variant_called
from gaitheat.masks import Attended, MaskFigures, mask_figures, mask_sheet
from gaitheat.overlay import crops_video, overlay_video, recording_of
from gaitheat.painting import evenly, save_picture
from gaitheat.recipes import Data
from gaitheat.report import SHEET_CLIPS, contact_sheet
from gaitheat.sources import ClipSource

MASK_FRAMES = 60
"""Frames of a clip, evenly spaced, over which masks are averaged: a few hundred MB."""


def show_clips(source: ClipSource, beginning: str, out: Path) -> list[Path]:
    """Write ``clips.png`` and ``clips.mp4`` of the first clips whose key begins so; returns where they are.

    Raises:
        GaitheatError: no clip's key begins so.
    """
    chosen = _chosen(source, beginning)
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


def show_masks(
    source: ClipSource, beginning: str, checkpoint: Path, out: Path
) -> tuple[Path, list[MaskFigures]]:
    """Write ``masks.png`` of the first clip whose key begins so: what a trained network attends to.

    Args:
        source: where the clip is.
        beginning: of its key.
        checkpoint: the folder of a training, or its file.
        out: the folder to write into.

    Returns:
        Where the picture is, and each channel's mask in numbers.

    Raises:
        GaitheatError: no clip's key begins so, there is no checkpoint, or its network has no attention.
    """
    from gaitheat.networks.looking import attention_of  # torch: only who looks at a network needs it
    from gaitheat.training.checkpoints import load

    (clip,) = source.read([(_chosen(source, beginning)[0], None)])
    trained = load(checkpoint)
    turned = _turned(clip, trained.recipe.data)
    maps, points = _aligned(turned, evenly(len(clip), MASK_FRAMES), trained.recipe.data)
    masks, kept = attention_of(trained.network(), maps, points)
    share = kept[:, None, None]
    attended = Attended(maps, masks, maps * (share + (1 - share) * masks))
    facts = [trained.recipe.network.name, str(checkpoint), f"mean of {len(maps)} frames"]
    facts += ["mirrored, as the network sees it"] if turned is not clip else []
    picture = out / "masks.png"
    save_picture(mask_sheet(attended, str(clip.key), ", ".join(facts)), picture)
    return picture, mask_figures(attended)


def _turned(clip: Clip, data: Data) -> Clip:
    """The clip or its mirror: what the network gets to see more of."""
    points = clip.keypoints_on_maps()
    aligned = transform(matrices(points, clip.times, data.alignment), points[..., :2])
    ours = shares(aligned, windows(clip.times), data.mirror)
    return clip if ours.mean() >= 0.5 else clip.mirrored()


def _aligned(
    clip: Clip, frames: NDArray[np.int64], data: Data
) -> tuple[Float32[np.ndarray, "frames 17 64 48"], Keypoints]:
    """Some frames as the network sees them: maps in 0..1, keypoints in aligned heatmap pixels."""
    affines = matrices(clip.keypoints_on_maps(), clip.times, data.alignment)[frames]
    shown = clip.take(frames)
    points = shown.keypoints_on_maps()
    maps = warp(variant_called(data.variant)(shown.heatmaps, points), affines)
    points[..., :2] = transform(affines, points[..., :2])
    return maps.astype(np.float32) / np.float32(255), points


def _chosen(source: ClipSource, beginning: str) -> list[ClipKey]:
    """The keys that begin so; at least one."""
    keys = [info.key for info in source.infos()]
    chosen = [key for key in keys if str(key).startswith(beginning)]
    if not chosen:
        known = f"keys begin like {keys[0]}" if keys else "it holds no clips"
        raise GaitheatError(f"no clip's key begins with {beginning!r}: {known}")
    return chosen


def _together(clips: Sequence[Clip]) -> bool:
    """Whether these are people of one recording, so that one picture can show all of them by their tracks."""
    return len({clip.sha256 for clip in clips}) == 1 and len({clip.key.track for clip in clips}) == len(clips)
