"""What the page says, as HTML: the people who were seen, who that is, who is known. All text is escaped."""

import math
from collections.abc import Mapping, Sequence
from html import escape

from gaitheat.answers import Answer, answer_of, rate
from gaitheat.app.desk import Look, Seen
from gaitheat.clips import Refusal
from gaitheat.gallery.gallery import Match
from gaitheat.recognizer import Person

RAREST = 1e-3
"""Left end of the scale of false-alarm rates, which is logarithmic; its right end is 1."""
NEAREST = 3
"""People of the gallery that a card lists."""
TITLES = {Answer.UNKNOWN: "Unknown", Answer.UNUSABLE: "Not usable"}
"""Of those who are not named."""
CAPTION = (
    "above: the walk, with the joints that were found · below: heatmaps of the joints, all that is compared"
)


def message(text: str, trouble: bool = False) -> str:
    """One line about what was done, or about what went wrong."""
    if not text:
        return ""
    kind, role = ("trouble", "alert") if trouble else ("done", "status")
    return f'<p class="said {kind}" role="{role}">{escape(text)}</p>'


def tracks(look: Look | None, people: Sequence[Person], far: float) -> str:
    """A card for every track of a video, and what was refused.

    Args:
        look: what was seen; None before the first video.
        people: who each of ``look.seen`` is.
        far: the false-alarm rate that was chosen.
    """
    if look is None:
        return _hint("Everybody in your video appears here: as the camera saw them, and as the network does.")
    found = len(look.seen) + look.rest
    title = f"{look.name}: {found} {'person' if found == 1 else 'people'} followed"
    cards = [_card(seen, person, far) for seen, person in zip(look.seen, people, strict=True)]
    rest = [_hint(f"and {look.rest} more, who were in view for a shorter time")] if look.rest else []
    parts = [f'<h3 class="video">{escape(title)}</h3>', *cards, *rest, *map(_refused, look.refusals)]
    return "".join(parts)


def known(people: Mapping[str, int]) -> str:
    """Who is remembered, and by how many walks."""
    if not people:
        return _hint("Nobody yet. Show a video, then give the person in it a name.")
    rows = (
        f"<li><b>{escape(name)}</b><span>{walks} walk{'s' * (walks != 1)}</span></li>"
        for name, walks in people.items()
    )
    return f'<ul class="people">{"".join(rows)}</ul>'


def rate_in_words(far: float, calibrated: bool) -> str:
    """What a false-alarm rate means, with strangers of one's own or with those that come along."""
    promised = f"At {rate(far)}, about 1 {{}} in {round(1 / far)} is given a name by mistake. "
    safer = "Lower is safer, but overlooks more of the people who are known."
    if calibrated:
        return _hint(promised.format("stranger") + safer)
    return _hint(
        f"{promised.format('virtual walker')}Real strangers are named far more often until strangers of "
        f"your own were shown to the gallery: gaitheat calibrate. {safer}"
    )


def _card(seen: Seen, person: Person, far: float) -> str:
    """One person: the answer, the film strip, what the track is worth, who is nearest."""
    answer = answer_of(person)
    title = person.name or TITLES[answer]
    film = (
        f'<figure><div class="film" tabindex="0">{seen.film}</div><figcaption>{CAPTION}</figcaption></figure>'
    )
    nearest = _chance(person, far) + _nearest(person.matches) if person.matches else ""
    return (
        f'<article class="track {answer}" data-track="{person.track}"><header><h4>{escape(title)}</h4>'
        f'<span>track {person.track}</span></header><p class="why">{escape(person.reason)}</p>'
        f"{film}{_quality(seen, person)}{nearest}</article>"
    )


def _quality(seen: Seen, person: Person) -> str:
    """What the track is worth for recognition, and why it is worth nothing."""
    clip, quality = seen.clip, person.quality
    facts = [f"seen {clip.times[0]:.1f} to {clip.times[-1]:.1f} s", f"{len(clip)} frames"]
    if quality is None:
        return _facts(facts)
    facts += [f"{quality.height:.0f} pixels tall", *([quality.view] if quality.view else [])]
    facts += ["walking"] if quality.walking else []
    meter = (
        f'<span class="meter" title="how much of a walk is seen">'
        f'quality <i><b style="width:{quality.score:.0%}"></b></i> {rate(quality.score)}</span>'
    )
    return _facts(facts, meter)


def _facts(facts: Sequence[str], more: str = "") -> str:
    return f'<p class="facts">{more}{"".join(f"<span>{escape(fact)}</span>" for fact in facts)}</p>'


def _chance(person: Person, far: float) -> str:
    """How often a stranger comes as near, against how often that may happen."""
    if person.false_alarm is None:
        return ""
    at, limit = _place(person.false_alarm), _place(far)
    words = f"{rate(person.false_alarm)} of strangers come as near, {rate(far)} are allowed"
    return (
        f'<div class="chance" style="--at:{at:.1f}%;--limit:{limit:.1f}%" role="img" aria-label="{words}">'
        '<i></i><b></b></div><p class="scale"><span>named</span>'
        "<span>how many strangers come as near to somebody known</span><span>unknown</span></p>"
    )


def _place(rate: float) -> float:
    """Where a rate lies on the scale, 0 to 100."""
    return 100 * (1 - math.log(min(max(rate, RAREST), 1.0)) / math.log(RAREST))


def _nearest(matches: Sequence[Match]) -> str:
    """The nearest people, with bars as long as the embeddings are alike: 1 - distance^2 / 2, their cosine."""
    rows = (
        f'<li><b>{escape(match.name)}</b><i style="--share:{max(0.0, 1 - match.distance**2 / 2):.3f}"></i>'
        f"<span>distance {match.distance:.2f}</span></li>"
        for match in matches[:NEAREST]
    )
    return f'<h5>nearest among those known</h5><ol class="nearest">{"".join(rows)}</ol>'


def _refused(refusal: Refusal) -> str:
    return (
        f'<article class="track unusable" data-track="{refusal.key.track}"><header><h4>Not usable</h4>'
        f'<span>track {refusal.key.track}</span></header><p class="why">{escape(refusal.reason)}: '
        f"{refusal.frames} frames left out</p></article>"
    )


def _hint(text: str) -> str:
    return f'<p class="hint">{escape(text)}</p>'
