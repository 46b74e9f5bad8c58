"""Who is trained on, who is held out, and how windows are cut from their clips."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from gaitheat.clips import ClipKey
from gaitheat.errors import GaitheatError
from gaitheat.modalities import missing
from gaitheat.networks import network_called
from gaitheat.recipes import Recipe
from gaitheat.sources import ClipInfo, ClipSource
from gaitheat.training.cutting import Cutting
from gaitheat.training.sampling import SPLIT_SEED, Balanced, loops, split, subject_of

CHUNK = 64
"""Clips that are looked into together."""


class Cast(NamedTuple):
    """The people of a training."""

    source: ClipSource
    """Where their clips are."""
    sampler: Balanced
    """Those who are trained on."""
    held_out: list[ClipKey]
    """Clips of the others; empty if there are none."""
    about: str
    """Both in words."""


def cast(recipe: Recipe, source: ClipSource) -> Cast:
    """The recipe's people.

    Raises:
        GaitheatError: they are not there, too few, or seen by several pose estimators; or a clip does not
            hold what the network reads.
    """
    infos = _infos(recipe, source)
    keys = [info.key for info in infos]
    expect_content(source, keys, recipe.network.name)
    training, held = map(set, split(keys, recipe.data.validation_subjects, SPLIT_SEED))
    learned = [key for key in keys if subject_of(key) in training]
    sampling = recipe.sampling
    sampler = Balanced(learned, sampling.subjects, sampling.clips, recipe.seed)
    short = sum(loops(info.times, sampling.frames, sampling.mode) for info in infos)
    about = (
        f"{len(training)} subjects with {len(learned)} clips to train on, {len(held)} subjects held out"
        + (
            f"; {short} clips have fewer than {sampling.frames} frames and are shown in a loop"
            if short
            else ""
        )
        + (f"; {len(sampler.repeating)} subjects have too few clips for a batch" if sampler.repeating else "")
    )
    return Cast(source, sampler, [key for key in keys if subject_of(key) in held], about)


def cutting_of(recipe: Recipe) -> Cutting:
    """How the recipe's windows are cut."""
    sampling, data = recipe.sampling, recipe.data
    return Cutting(
        reads=network_called(recipe.network.name).reads,
        frames=sampling.frames,
        mode=sampling.mode,
        stride_jitter=sampling.stride_jitter,
        alignment=data.alignment,
        variant=data.variant,
        mirror=data.mirror,
        augmentation=recipe.augmentation,
    )


def _infos(recipe: Recipe, source: ClipSource) -> Sequence[ClipInfo]:
    data, everybody = recipe.data, source.infos()
    infos = [info for info in everybody if info.key.dataset == data.dataset]
    if not infos:
        there = ", ".join(sorted({info.key.dataset for info in everybody})) or "no clips at all"
        raise GaitheatError(
            f"expected clips of data set {data.dataset!r} to train on, but the store has {there}"
        )
    wanted = set(data.subjects)
    missing = sorted(wanted - {info.key.subject for info in infos})
    if missing:
        raise GaitheatError(
            f"data.subjects: expected them in the store, but {len(missing)} are not, first {missing[0]}"
        )
    infos = [info for info in infos if not wanted or info.key.subject in wanted]
    estimators = sorted({str(info.estimator) for info in infos})
    if len(estimators) > 1:
        raise GaitheatError(f"expected clips of one pose estimator, but got several: {', '.join(estimators)}")
    return infos


def expect_content(source: ClipSource, keys: Sequence[ClipKey], name: str) -> None:
    """GaitheatError if a clip does not hold what the network of that name reads, before hours are spent.

    The first frame of every clip is looked at, and all of it if that is empty.
    """
    reads = network_called(name).reads
    for start in range(0, len(keys), CHUNK):
        for clip in source.read([(key, np.zeros(1, np.int64)) for key in keys[start : start + CHUNK]]):
            lacking = missing(clip, reads)
            if lacking:
                (whole,) = source.read([(clip.key, None)])
                lacking = missing(whole, reads)
            if lacking:
                raise GaitheatError(
                    f"{name} reads {' and '.join(lacking)}, but clip {clip.key} has none or empty ones: "
                    "extract or import it again with them, or take another network"
                )
