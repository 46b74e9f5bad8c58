"""The story in five steps: strangers are refused, one of them is enrolled and known again, and so are others.

The gallery holds virtual walkers, who came as clips with this package, like the passers-by of a street who
are looked up in it. The woman who is enrolled, and the man beside her, are people of a real video. All that
is printed is measured when it is printed. The walkers were taken in order, not chosen: where the network
errs, the table says so.
"""

import shutil
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from importlib import resources
from pathlib import Path
from typing import Any

from gaitheat.answers import COLOURS, Answer, answer_of, label_of, rate
from gaitheat.assets import fetch
from gaitheat.clips import Clip
from gaitheat.match_figure import FIGURE_FRAMES, FIGURE_PEOPLE, match_figure
from gaitheat.overlay import film_strip, overlay_video
from gaitheat.packed import PackedClips
from gaitheat.pages.identity import write_identity_page
from gaitheat.pages.scores import rule_of
from gaitheat.painting import save_picture
from gaitheat.printing import print_rows, say
from gaitheat.recognition.verdicts import DEFAULT_FAR
from gaitheat.recognizer import Person, Recognizer
from gaitheat.report import contact_sheet
from gaitheat.video.reader import open_source

HALF = 118
"""Frame at which the video is cut: the walker is in view for as long before it as behind it."""
NAME = "the woman"
NETWORK = "gaitheat_fusion"
"""What makes the embeddings: the network that knows people best."""
NEEDED = ("blazepose-full", "ssdlite", "demo-video")
"""The assets it fetches, before anything else, so that nothing downloads in the middle."""
ENROLLED = "nm"
"""The condition of the walkers' clips that are enrolled; the others are looked up."""
ON_SHEET = 2
"""Walkers on the sheet, each as enrolled and as looked up."""


def run(out: Path) -> None:
    """Do it all, print what happens, leave pictures and a page in ``out``."""
    begin = time.monotonic()
    video = {name: fetch(name) for name in NEEDED}["demo-video"]
    shutil.rmtree(out / "demo.gallery", ignore_errors=True)
    recognizer = Recognizer.from_pretrained(out / "demo.gallery", NETWORK, far=DEFAULT_FAR)
    enrolled, again = walker_clips()

    say("\n1. A gallery: eight people, each enrolled with two walks past the camera\n")
    _fill(recognizer, enrolled)
    say(
        f"\n2. Strangers: a woman walks by and a man stretches in the first half of {video.name}; others walk"
    )
    say("   in a street. None of them is in the gallery: nobody should be named.\n")
    seen = _refuse(recognizer, video)
    say("\n3. Now the woman is enrolled with what was seen of her. Is she known in the second half?\n")
    recognizer.enroll_clip(next(person.clip for person in seen if person.matches and person.clip), NAME)
    people = list(recognizer.identify(video, HALF))
    print_rows([_row(_track(video, person), NAME, person) for person in people])
    say("\n4. The eight on another day, in other clothes, seen from another side; and four strangers\n")
    _look_up(recognizer, again, {clip.key.subject for clip in enrolled})
    say("\n5. Pictures, and the page of step 3\n")
    _paint(out, video, recognizer, people)
    pairs = sorted((*enrolled, *again), key=lambda clip: (clip.key.subject, clip.key.condition != ENROLLED))
    save_picture(contact_sheet(pairs[: 2 * ON_SHEET]), out / "demo-walkers.png")
    say(f"   {out / 'demo-walkers.png'}  two of the eight, as enrolled and as looked up")
    say(
        "\nReal people of one camera are nearer to one another than virtual strangers are to them: before you"
    )
    say("trust a name, show the gallery people of your camera: gaitheat adapt, gaitheat calibrate.")
    say(f"\n{time.monotonic() - begin:.0f} s. With your own video: gaitheat enroll, then gaitheat identify")


def walker_clips() -> tuple[list[Clip], list[Clip]]:
    """The virtual walkers who came with this package: clips to enrol, and clips to look up."""
    clips = list(_packaged("walkers.arrow"))
    enrolled = [clip for clip in clips if clip.key.condition == ENROLLED]
    return enrolled, [clip for clip in clips if clip.key.condition != ENROLLED]


def stranger_clips() -> Iterator[Clip]:
    """The passers-by of a street who came with this package."""
    return _packaged("strangers.arrow")


def _packaged(name: str) -> Iterator[Clip]:
    with resources.as_file(resources.files("gaitheat") / "data" / name) as file:
        packed = PackedClips(file)
        yield from packed.read([(info.key, None) for info in packed.infos()])


def _fill(recognizer: Recognizer, clips: Sequence[Clip]) -> None:
    for clip in clips:
        recognizer.enroll_clip(clip, clip.key.subject)
    rule = rule_of(recognizer.judge())
    say(f"   {recognizer.path}: virtual people, rendered as video; the network was trained on other ones.")
    say(f"   Somebody who is looked up is named if at most {rate(rule.far or 0)} of {rule.people} strangers,")
    say("   who are virtual as well, come as near to anybody in this gallery; else nobody is named.")


def _refuse(recognizer: Recognizer, video: Path) -> list[Person]:
    """Looks up the people of the video's first half, whom it returns, and passers-by."""
    seen = list(recognizer.identify(video, stop=HALF))
    rows = [_row(_track(video, person), None, person) for person in seen]
    for number, clip in enumerate(stranger_clips(), start=1):
        rows.append(_row(f"passer-by {number}", None, recognizer.identify_clip(clip)))
    print_rows(rows)
    return seen


def _track(video: Path, person: Person) -> str:
    return f"{video.name}, track {person.track}"


def _look_up(recognizer: Recognizer, clips: Sequence[Clip], known: set[str]) -> None:
    """Says who is named, and for how many the nearest is the right one: that takes no threshold."""
    rows, first = [], 0
    for clip in clips:
        who, person = clip.key.subject, recognizer.identify_clip(clip)
        rows.append(_row(who, who if who in known else None, person))
        first += bool(person.matches) and person.matches[0].name == who
    print_rows(rows)
    for title, group in (("enrolled", known), ("strangers", {row["who"] for row in rows} - known)):
        counts = Counter(row["so"] for row in rows if row["who"] in group)
        say(f"   {len(group)} {title}: {', '.join(f'{count} {so}' for so, count in counts.most_common())}")
    say(f"   The nearest person is the right one for {first} of the {len(known)}; by chance it would be one.")


def _row(who: str, name: str | None, person: Person) -> dict[str, Any]:
    """What was said of somebody whose name in the gallery, if any, is this one."""
    answer = answer_of(person)
    if answer is Answer.UNUSABLE:
        return {"who": who, "said": "not usable", "so": "-", "why": person.reason}
    so = "MISSED" if person.name is None else "WRONG"
    nearest, alarms = person.matches[0].name, rate(person.false_alarm or 0)
    return {
        "who": who,
        "said": person.name or "nobody known",
        "so": "right" if person.name == name else so,
        "why": f"nearest: {nearest}; {alarms} of strangers come as near",
    }


def _paint(out: Path, video: Path, recognizer: Recognizer, people: Sequence[Person]) -> None:
    """Of the video's second half: the answer as a picture, the video with answers over it, the page."""
    rule = rule_of(recognizer.judge())
    probe = next(person.clip for person in people if person.matches and person.clip)
    scores = [(match.name, match.score) for match in recognizer.nearest(probe, FIGURE_PEOPLE)]
    strip = film_strip(open_source(video, HALF), probe, FIGURE_FRAMES)
    save_picture(match_figure(probe, scores, rule.threshold, strip), out / "demo.png")
    say(f"   {out / 'demo.png'}          how near she is to everybody in the gallery")
    labels = {person.track: label_of(person) for person in people}
    colours = {person.track: COLOURS[answer_of(person)] for person in people}
    followed = [person.clip for person in people if person.clip]
    overlay_video(open_source(video, HALF), followed, out / "demo.mp4", labels, colours)
    say(f"   {out / 'demo.mp4'}          the second half of the video, with what was seen and said")
    command = f"gaitheat identify {recognizer.path} {video.name} --start {HALF} --far {DEFAULT_FAR:g}"
    about = [("gallery", str(recognizer.path)), ("embedding", recognizer.embedding)]
    write_identity_page(out / "demo.html", open_source(video, HALF), people, rule, command, about)
    say(f"   {out / 'demo.html'}         what was seen and why it was named so: open it in a browser")
