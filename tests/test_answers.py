"""What is written over a person."""

import pytest

from factories import make_clip
from gaitheat.answers import Answer, answer_of, label_of, rate, title_of
from gaitheat.gallery.search import Match
from gaitheat.recognition.quality import Quality
from gaitheat.recognizer import Person

CLIP = make_clip(2)
GOOD = Quality(True, (), True, 2.4, 60, 200.0, "from the side", 0.9)
BO = (Match("Bo", 0.4, -3.214), Match("Cy", 0.5, -1.0))


@pytest.mark.parametrize(
    ("person", "answer", "label"),
    [
        (
            Person(0, "Bo", "only 1.2 % of strangers", BO, clip=CLIP, quality=GOOD, false_alarm=0.012),
            Answer.KNOWN,
            "Bo\nscore -3.21, false alarm 1.2 %",
        ),
        (
            Person(0, None, "nobody known: the nearest, Bo", BO, clip=CLIP, quality=GOOD, false_alarm=0.31),
            Answer.UNKNOWN,
            "unknown\nnobody known, score -3.21, false alarm 31 %",
        ),
        (
            Person(0, None, "nobody is enrolled", clip=CLIP, quality=GOOD),
            Answer.UNKNOWN,
            "unknown\nnobody is enrolled",
        ),
        (
            Person(0, None, "not walking: feet move 0.1", clip=CLIP, quality=GOOD._replace(usable=False)),
            Answer.UNUSABLE,
            "unknown\nnot walking",
        ),
        (Person(0, None, "not usable: no person (9 frames)"), Answer.UNUSABLE, "unknown\nnot usable"),
    ],
)
def test_an_answer_in_two_lines(person: Person, answer: Answer, label: str) -> None:
    assert answer_of(person) is answer
    assert label_of(person) == label
    assert title_of(person) == label.split("\n")[0]


def test_a_rate_has_two_digits() -> None:
    assert [rate(share) for share in (0.00123, 0.05, 0.434, 0.999, 1.0)] == [
        "0.12 %",
        "5 %",
        "43 %",
        "100 %",
        "100 %",
    ]
