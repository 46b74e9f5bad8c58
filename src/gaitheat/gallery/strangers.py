"""Strangers: embeddings of people who are in no gallery, by whom a false-alarm rate is measured."""

import os
import uuid
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from jaxtyping import Float32, Int64

from gaitheat.clips import ClipKey
from gaitheat.errors import GaitheatError
from gaitheat.gallery.search import NORM_TOLERANCE, lengths_of

FORMAT = 1
"""Version of the file's layout, stored in it."""
NOBODY = "unknown"
"""The subject of a clip whose person has no name: such clips are each of somebody else."""


@dataclass(frozen=True, slots=True, eq=False)
class Strangers:
    """Embeddings without names. GaitheatError if they are not of length 1, or if the lengths differ.

    Attributes:
        embeddings: one a clip, of length 1, as the embedder makes them: not adapted to a camera.
        people: clips with the same number are of the same person.
        cameras: what saw each clip, "" if nobody knows.
    """

    embeddings: Float32[np.ndarray, "clips dimension"]
    people: Int64[np.ndarray, " clips"]
    cameras: tuple[str, ...]

    def __post_init__(self) -> None:
        clips = len(self.embeddings)
        if clips == 0 or len(self.people) != clips or len(self.cameras) != clips:
            raise GaitheatError(
                f"strangers need one person and one camera for each embedding, at least one, but got "
                f"{clips} embeddings, {len(self.people)} people, {len(self.cameras)} cameras"
            )
        if not (np.abs(lengths_of(self.embeddings) - 1) <= NORM_TOLERANCE).all():
            raise GaitheatError("embeddings of strangers must be finite and of length 1: make them anew")

    @property
    def dimension(self) -> int:
        """How many numbers an embedding has."""
        return int(self.embeddings.shape[1])

    @property
    def count(self) -> int:
        """How many people they are."""
        return len(np.unique(self.people))

    @classmethod
    def named(
        cls, embeddings: Float32[np.ndarray, "clips dimension"], keys: Sequence[ClipKey], camera: str = ""
    ) -> "Strangers":
        """Who was who in a store, without keeping it; clips of nobody known are each of another person."""
        who = [
            (number, "") if key.subject == NOBODY else (key.dataset, key.subject)
            for number, key in enumerate(keys)
        ]
        numbers = {person: number for number, person in enumerate(dict.fromkeys(who))}
        people = np.array([numbers[person] for person in who], np.int64)
        return cls(embeddings, people, (camera,) * len(keys))

    def save(self, path: Path) -> None:
        """Writes them into one ``.npz`` file, in the place of an earlier one: all or nothing."""
        part = path.with_name(f".{path.name}.{uuid.uuid4().hex}")
        try:
            with part.open("wb") as file:
                np.savez(
                    file,
                    format=np.int64(FORMAT),
                    embeddings=self.embeddings,
                    people=self.people,
                    cameras=np.array(self.cameras, np.str_),
                )
                file.flush()
                os.fsync(file.fileno())
            part.replace(path)
        finally:
            part.unlink(missing_ok=True)

    @classmethod
    def load(cls, path: Path) -> "Strangers":
        """What `save` wrote; GaitheatError if the file is something else, or damaged."""
        try:
            with path.open("rb") as file, np.load(file, allow_pickle=False) as arrays:
                held = {name: arrays[name] for name in ("format", "embeddings", "people", "cameras")}
        except (OSError, ValueError, KeyError, zipfile.BadZipFile, EOFError) as error:
            raise GaitheatError(
                f"{path} holds no strangers, or is damaged: make it anew with `gaitheat calibrate`"
            ) from error
        if held["format"] != FORMAT:
            raise GaitheatError(
                f"expected strangers of format {FORMAT}, but {path} has {held['format']}: "
                "make it anew with `gaitheat calibrate`"
            )
        return cls(held["embeddings"], held["people"], tuple(held["cameras"].tolist()))
