"""The page of a look at a video: who was seen, who that is, and why; one HTML file, to be read and kept."""

from collections.abc import Mapping, Sequence
from html import escape
from pathlib import Path

from gaitheat.answers import Answer, answer_of, title_of
from gaitheat.clips import Clip
from gaitheat.frames import FrameSource
from gaitheat.overlay import film_strips
from gaitheat.pages.markup import document, facts, picture, section, table
from gaitheat.pages.page import write_page
from gaitheat.pages.scores import Axis, Rule, axis_of, score_figure
from gaitheat.painting import Picture, evenly
from gaitheat.recognizer import Person
from gaitheat.tiles import body_tile, maps_tile

STRIP_FRAMES = 8
"""Frames of a film strip."""
SCALE = 4
"""Picture pixels a heatmap cell."""
SHOWN = 60
"""People with a film strip; the others are listed."""
ORDER = {Answer.KNOWN: 0, Answer.UNKNOWN: 1, Answer.UNUSABLE: 2}
"""Whom a reader looks for first."""


def identity_page(
    video: str,
    people: Sequence[Person],
    crops: Mapping[int, Sequence[Picture]],
    rule: Rule,
    command: str,
    about: Sequence[tuple[str, str]],
) -> str:
    """The page as text.

    Args:
        video: the recording's name.
        people: everybody who was seen in it.
        crops: of each track's film strip (:func:`gaitheat.overlay.film_strips` with STRIP_FRAMES); those of
            a track that is not in it show silhouettes.
        rule: how names were given.
        command: what was typed.
        about: names and values that say what was asked of whom, such as the gallery.
    """
    shown, listed = _shown(people)
    axis = axis_of(rule, [match for person in shown for match in person.matches])
    cards = [
        _card(person, person.clip, crops.get(person.track), rule, axis) for person in shown if person.clip
    ]
    body = [
        f"<header><small>gaitheat · who is that?</small><h1>{escape(video)}</h1></header>",
        _tally(people),
        _timeline(shown),
        *cards,
        section("Seen, but not shown", _list(listed)),
        section("How it was asked", f"<pre><code>{escape(command)}</code></pre>{facts(about)}"),
        _explanation(rule),
    ]
    return document(f"{video} · gaitheat", "\n".join(filter(None, body)), "identity.css")


def write_identity_page(
    path: Path,
    source: FrameSource,
    people: Sequence[Person],
    rule: Rule,
    command: str,
    about: Sequence[tuple[str, str]],
) -> None:
    """Write the page of a recording; it is read once more, for the film strips.

    Raises:
        GaitheatError: the recording is another one by now, or there is no place to write.
    """
    clips = [person.clip for person in _shown(people)[0] if person.clip]
    strips = film_strips(source, clips, STRIP_FRAMES)
    crops = {clip.key.track: strip for clip, strip in zip(clips, strips, strict=True)}
    write_page(identity_page(Path(source.name).name, people, crops, rule, command, about), path)


def _shown(people: Sequence[Person]) -> tuple[list[Person], list[Person]]:
    """Those with a film strip, the most telling first; and those who are listed only."""
    followed = sorted((person for person in people if person.clip), key=_rank)
    return followed[:SHOWN], [person for person in people if person.clip is None] + followed[SHOWN:]


def _rank(person: Person) -> tuple[int, float]:
    assert person.clip is not None
    return ORDER[answer_of(person)], float(person.clip.times[0])


def _tally(people: Sequence[Person]) -> str:
    """How many of each answer, in one line."""
    if not people:
        return '<p class="lead">Nobody was seen.</p>'
    answers = [answer_of(person) for person in people]
    words = {
        Answer.KNOWN: "named",
        Answer.UNKNOWN: "unknown",
        Answer.UNUSABLE: "without a usable gait",
    }
    counts = [
        f'<span class="{answer}"><b>{answers.count(answer)}</b> {word}</span>'
        for answer, word in words.items()
        if answer in answers
    ]
    return f'<p class="lead">{"".join(counts)}</p>'


def _timeline(people: Sequence[Person]) -> str:
    """Who was in view when."""
    clips = [person.clip for person in people if person.clip]
    if len(clips) < 2:
        return ""
    start, end = min(clip.times[0] for clip in clips), max(clip.times[-1] for clip in clips)
    span = max(end - start, 1e-6)
    rows = "".join(
        f'<li class="{answer_of(person)}"><a href="#track-{person.track}">{escape(title_of(person))}</a>'
        f'<span><i style="--from:{100 * (clip.times[0] - start) / span:.1f};'
        f'--to:{100 * (clip.times[-1] - start) / span:.1f}"></i></span></li>'
        for person, clip in zip(people, clips, strict=True)
    )
    ends = f'<p class="ends"><span>{start:.1f} s</span><span>{end:.1f} s</span></p>'
    return f'<nav class="timeline" aria-label="Who was in view when"><ol>{rows}</ol>{ends}</nav>'


def _card(person: Person, clip: Clip, crops: Sequence[Picture] | None, rule: Rule, axis: Axis) -> str:
    """One track: the answer, the film, the search, what the track is worth."""
    answer = answer_of(person)
    seen = f"track {person.track} · {clip.times[0]:.1f} to {clip.times[-1]:.1f} s"
    search = score_figure(person.matches, rule, axis, answer is Answer.KNOWN) if person.matches else ""
    return (
        f'<article class="{answer}" id="track-{person.track}"><header><small>{seen}</small>'
        f'<h2>{escape(title_of(person))}</h2><p class="reason">{escape(person.reason)}</p></header>'
        f'{_film(clip, crops)}<div class="findings">{search}'
        f"<div>{facts(_worth(person, clip, rule.crowd))}</div></div></article>"
    )


def _film(clip: Clip, crops: Sequence[Picture] | None) -> str:
    """Evenly spaced frames: the person, and the maps below."""
    frames = evenly(len(clip), STRIP_FRAMES).tolist()
    bodies = [None] * len(frames) if crops is None else crops
    figures = []
    for frame, crop in zip(frames, bodies, strict=True):
        at = f"{clip.times[frame]:.1f} s"
        above = picture(body_tile(clip, frame, crop, SCALE), f"the person at {at}")
        below = picture(maps_tile(clip, frame, SCALE), f"heatmaps at {at}")
        figures.append(f"<figure>{above}{below}<figcaption>{at}</figcaption></figure>")
    return f'<div class="film">{"".join(figures)}</div>'


def _worth(person: Person, clip: Clip, crowd: str) -> list[tuple[str, str]]:
    """What there is of a gait to recognise."""
    quality = person.quality
    if quality is None:
        return [("frames", f"{len(clip)}")]
    pairs = [
        ("usable", "yes" if quality.usable else "no"),
        ("walking", "yes" if quality.walking else "no"),
        ("seen", f"{quality.seconds:.1f} s, {quality.frames} frames"),
        ("size", f"{quality.height:.0f} pixels tall"),
        ("view", quality.view or "not told"),
        ("quality", f"{quality.score:.2f} of 1"),
    ]
    if person.false_alarm is not None:
        pairs.append(("false alarm", f"{100 * person.false_alarm:.2g} % of {crowd} come as near"))
    return pairs


def _list(people: Sequence[Person]) -> str:
    """Those without a film strip."""
    if not people:
        return ""
    rows = [
        [f"track {person.track}", escape(title_of(person)), f'<td class="words">{escape(person.reason)}</td>']
        for person in people
    ]
    return table("", ("", "answer", "why"), rows)


def _explanation(rule: Rule) -> str:
    rate_meaning = (
        "A false alarm is a search by somebody who is not in the gallery that ends with a name. "
        if rule.far is not None
        else ""
    )
    return (
        f"<footer>Above, the person with the joints that were found; below, the heatmaps of these joints, "
        f"which are all that is compared: cool colours are the person's left, warm ones the right. "
        f"{rate_meaning}A name is a resemblance in the way of walking, not a proof. This page shows people: "
        "keep it, and delete it, as you do with the recording.</footer>"
    )
