"""Who is who from picture to picture: a causal tracker by motion and size."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float32
from numpy.typing import NDArray

from gaitheat.video.boxes import overlaps
from gaitheat.video.protocols import Boxes, Detections

START_SCORE = 0.3
"""A new person is believed from this score on; one who is followed already, from the detector's own."""
PATIENCE = 1.0
"""Seconds that a person may be hidden and is still the same one."""
REACH, REACH_PER_SECOND = 0.25, 0.6
"""How far from where they should be a person is still the same, in body heights, and its growth in time."""
SIZE_RATIO = 1.5
"""Nobody becomes larger or smaller by more than this between two sights."""
VELOCITY_MEMORY = 0.5
"""Seconds over which a velocity is averaged: longer than a step, shorter than a turn."""
SAME_PERSON = 0.6
"""A new box that shares more than this with a followed person is the same person seen twice."""


@dataclass(slots=True)
class _Person:
    number: int
    box: NDArray[np.float32]
    time: float
    velocity: NDArray[np.floating] | None = None
    """Image pixels a second; unknown until the second sight."""

    def at(self, time: float) -> NDArray[np.floating]:
        """The box, moved on at constant velocity."""
        if self.velocity is None:
            return self.box
        return self.box + np.tile(self.velocity, 2) * (time - self.time)

    def see(self, time: float, box: NDArray[np.float32]) -> None:
        step = time - self.time
        moved: NDArray[np.floating] = (box[:2] + box[2:] - self.box[:2] - self.box[2:]) / 2 / step
        if self.velocity is None:
            self.velocity = moved
        self.velocity = self.velocity + (1 - np.exp(-step / VELOCITY_MEMORY)) * (moved - self.velocity)
        self.box, self.time = box, time


class MotionTracker:
    """Follows people by where they should be: constant velocity, greedy nearest match, size kept."""

    def __init__(self) -> None:
        self._people: list[_Person] = []
        self._seen = 0

    def predict(self, time: float) -> Boxes:
        """Where everybody who is followed should be now: [N, 4]."""
        return np.array([person.at(time) for person in self._people], np.float32).reshape(-1, 4)

    def update(self, time: float, detections: Detections) -> list[tuple[int, int]]:
        """Names the detections of one picture; pictures come in time order.

        Returns:
            (track, index of its detection) of everybody seen now. Detections that are too weak to start a
            track, or that show a followed person a second time, are left out.
        """
        self._people = [person for person in self._people if time - person.time <= PATIENCE]
        matches = self._match(time, detections.boxes)
        for person, index in matches:
            person.see(time, detections.boxes[index])
        seen = [(person.number, index) for person, index in matches]
        taken = {index for _, index in seen}
        for index in np.argsort(-detections.scores, kind="stable").tolist():
            if index in taken or detections.scores[index] < START_SCORE:
                continue
            box = detections.boxes[index]
            if overlaps(self.predict(time), box[None]).max(initial=0) > SAME_PERSON:
                continue
            self._people.append(_Person(self._seen, box, time))
            seen.append((self._seen, index))
            self._seen += 1
        return seen

    def _match(self, time: float, boxes: Boxes) -> list[tuple[_Person, int]]:
        """Greedy: the surest pair first."""
        if not self._people or not len(boxes):
            return []
        predicted = self.predict(time)
        waited = np.array([time - person.time for person in self._people], np.float32)
        costs = _costs(predicted, waited, boxes)
        matches = []
        for flat in np.argsort(costs, axis=None, kind="stable").tolist():
            row, column = divmod(flat, len(boxes))
            if np.isfinite(costs[row, column]):
                matches.append((self._people[row], column))
                costs[row], costs[:, column] = np.inf, np.inf
        return matches


def _costs(
    predicted: Float32[np.ndarray, "people 4"],
    waited: Float32[np.ndarray, " people"],
    boxes: Float32[np.ndarray, "found 4"],
) -> Float32[np.ndarray, "people found"]:
    """Distance in body heights plus change of size; infinite where it cannot be the same person."""
    old, new = predicted[:, 3] - predicted[:, 1], boxes[:, 3] - boxes[:, 1]
    centre = [(array[:, :2] + array[:, 2:]) / 2 for array in (predicted, boxes)]
    distance = np.linalg.norm(centre[0][:, None] - centre[1][None], axis=2)
    distance /= np.maximum(np.maximum(old[:, None], new[None]), 1.0)
    change = np.abs(np.log(np.maximum(new[None], 1.0) / np.maximum(old[:, None], 1.0)))
    reach = np.minimum(REACH + REACH_PER_SECOND * waited, 1.0)[:, None]
    possible = (distance <= reach) & (change <= np.log(SIZE_RATIO))
    return np.where(possible, distance + change, np.inf).astype(np.float32)
