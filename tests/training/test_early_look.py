"""The early look: who is nearest, among clips of other views."""

from collections.abc import Callable

import pytest
import torch
from torch import Tensor, nn

from gaitheat.clips import ClipKey
from gaitheat.networks.types import Inputs, Output
from gaitheat.training.cutting import Cutting
from gaitheat.training.look import Look
from training.walks import walks


class Answers(nn.Module):
    """A network that knows what it is to answer, window by window."""

    def __init__(self, vectors: Tensor) -> None:
        super().__init__()
        self.left = vectors

    def forward(self, inputs: Inputs) -> Output:
        now, self.left = self.left[: len(inputs.mask)], self.left[len(inputs.mask) :]
        return Output(now, ())


def by_subject(key: ClipKey) -> int:
    return int(key.subject)


def crosswise(key: ClipKey) -> int:
    """From another view everybody looks like the other one."""
    return (int(key.subject) + int(key.view) // 90) % 2


@pytest.mark.parametrize(("looks", "rank1"), [(by_subject, 1.0), (crosswise, 0.0)])
def test_the_nearest_clip_of_another_view_counts(looks: Callable[[ClipKey], int], rank1: float) -> None:
    people = walks(2)
    look = Look(people, list(people.clips), Cutting(frames=4))
    # Seen from the same side, subjects differ a little.
    answers = [[[looks(key), 1 - looks(key), 0.1 * by_subject(key)]] for key in look._keys]
    assert len(answers) == 8
    vectors = torch.tensor(answers)
    assert look.rank1(Answers(vectors), torch.device("cpu")) == rank1


def test_of_one_view_all_other_clips_count() -> None:
    people = walks(2)
    keys = [key for key in people.clips if key.view == "090"]
    look = Look(people, keys, Cutting(frames=4))
    vectors = torch.tensor([[[by_subject(key), 1 - by_subject(key)]] for key in look._keys]).float()
    assert look.rank1(Answers(vectors), torch.device("cpu")) == 1
