"""An answer of the recogniser in few words and one colour, for those who look at a picture."""

from enum import StrEnum

from gaitheat.match_figure import NEAR
from gaitheat.painting import ALARM, MUTED, Colour
from gaitheat.recognizer import Person


class Answer(StrEnum):
    """What was said of a track."""

    KNOWN = "known"
    UNKNOWN = "unknown"
    UNUSABLE = "unusable"
    """There was no gait to recognise: nobody was looked up."""


COLOURS: dict[Answer, Colour] = {Answer.KNOWN: NEAR, Answer.UNKNOWN: ALARM, Answer.UNUSABLE: MUTED}


def answer_of(person: Person) -> Answer:
    """What was said of a person."""
    if person.name is not None:
        return Answer.KNOWN
    usable = person.clip is not None and (person.quality is None or person.quality.usable)
    return Answer.UNKNOWN if usable else Answer.UNUSABLE


def title_of(person: Person) -> str:
    """The name, or that there is none."""
    return person.name or "unknown"


def label_of(person: Person) -> str:
    """Two lines to write over somebody: who it is; and how sure that is, or why nobody is named."""
    answer = answer_of(person)
    facts = [] if answer is Answer.KNOWN else [person.reason.split(":")[0]]
    if person.matches:
        facts.append(f"score {person.matches[0].score:.2f}")
    if person.false_alarm is not None:
        facts.append(f"false alarm {rate(person.false_alarm)}")
    return f"{title_of(person)}\n{', '.join(facts)}"


def rate(share: float) -> str:
    """A share of 0..1 in percent, two digits of it."""
    return f"{100 * share:.2g} %" if share < 0.995 else "100 %"
