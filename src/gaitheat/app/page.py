"""The page: show a walk, see who was seen, give them a name, see who is recognised."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import gradio as gr

from gaitheat.answers import Answer, answer_of
from gaitheat.app import cards
from gaitheat.app.desk import Desk, Look
from gaitheat.app.samples import SAMPLES
from gaitheat.errors import GaitheatError
from gaitheat.recognizer import DEFAULT_FAR, Person
from gaitheat.video.recordings import VIDEOS

TITLE = "Who walks here?"
INTRODUCTION = f"""
<h1>{TITLE}</h1>
<p>People can be recognised by their gait. Show a walk, give the person a name, and see whether they are
found again in another video, and whether a stranger is refused.</p>
<p class="private">Nothing leaves this computer. A video is deleted as soon as it has been looked at.</p>
"""
UPLOAD = (
    '<p class="hint">A video in which somebody walks for two seconds or longer, whole and not too small.</p>'
)
PASSING = (
    '<p class="hint">They are forgotten when this program ends: <code>--gallery FOLDER</code> keeps them.</p>'
)
STATE_SECONDS = 3600
"""How long what was seen is kept for a page that was closed."""

Updates = dict[Any, Any]
"""New values, by the part of the page."""


class Page:
    """The page of one gallery.

    Args:
        gallery: a folder; it is made at the first enrolment.
        passing: whether it is gone when the program ends.

    Attributes:
        blocks: what Gradio serves.
    """

    def __init__(self, gallery: Path, passing: bool) -> None:
        self._desk = Desk(gallery)
        with gr.Blocks(title=f"{TITLE} · gaitheat", analytics_enabled=False) as self.blocks:
            self._look = gr.State(None, time_to_live=STATE_SECONDS)
            gr.HTML(INTRODUCTION, elem_id="introduction")
            self._said = gr.HTML(elem_id="said")
            with gr.Row():
                with gr.Column(scale=5, min_width=480):
                    self._lay_out_video()
                with gr.Column(scale=2, min_width=300):
                    self._lay_out_people(passing)
            self._connect()

    def _lay_out_video(self) -> None:
        _heading("Show a walk", 1)
        gr.HTML(UPLOAD)
        self._upload = gr.File(show_label=False, file_types=sorted(VIDEOS), height=120, elem_id="upload")
        self._sample = gr.Radio(list(SAMPLES), label="No video at hand? Take one of these", elem_id="sample")
        _heading("See who that is", 2)
        self._tracks = gr.HTML(elem_id="tracks")

    def _lay_out_people(self, passing: bool) -> None:
        _heading("Give a person a name", 3)
        self._who = gr.Radio([], label="Who", elem_id="who")
        self._name = gr.Textbox(label="Name", placeholder="such as Anna", max_lines=1, elem_id="name")
        self._remember = gr.Button("Remember this walk", variant="primary", elem_id="remember")
        _heading("How sure must it be?", 4)
        self._percent = gr.Slider(1, 50, 100 * DEFAULT_FAR, step=1, label="False alarms, %", elem_id="far")
        self._rate = gr.HTML(elem_id="rate")
        _heading("Who is known")
        self._known = gr.HTML(elem_id="known")
        gr.HTML(PASSING if passing else "")
        self._goner = gr.Dropdown([], label="Forget somebody", elem_id="goner")
        self._forget = gr.Button("Forget for good", size="sm", elem_id="forget")

    def _connect(self) -> None:
        """Says what happens when something is touched."""
        shown = [self._said, self._look, self._tracks, self._who, self._name, self._known, self._goner]
        # One at a time: all open pages share the gallery and the networks.
        common = {"concurrency_limit": 1, "concurrency_id": "desk", "api_visibility": "private"}
        on: dict[str, Any] = {"outputs": [*shown, self._rate, self._upload, self._sample], **common}
        now = [self._look, self._percent]
        self.blocks.load(self._refreshed, now, show_progress="hidden", **on)
        self._percent.change(self._refreshed, now, show_progress="hidden", trigger_mode="always_last", **on)
        self._upload.upload(self._uploaded, [self._upload, *now], show_progress_on=self._tracks, **on)
        self._sample.input(self._chosen, [self._sample, *now], show_progress_on=self._tracks, **on)
        for event in (self._remember.click, self._name.submit):
            event(self._remembered, [self._who, self._name, *now], show_progress_on=self._known, **on)
        self._forget.click(self._forgotten, [self._goner, *now], show_progress_on=self._known, **on)

    def _uploaded(self, upload: str, before: Look | None, percent: float) -> Updates:
        video = Path(upload)
        try:
            updates = self._shown(before, percent, lambda: (self._desk.look(video), ""))
        finally:
            video.unlink(missing_ok=True)
        return {**updates, self._upload: None, self._sample: None}

    def _chosen(self, sample: str, before: Look | None, percent: float) -> Updates:
        return self._shown(before, percent, lambda: (SAMPLES[sample](self._desk, sample), ""))

    def _remembered(self, track: int | None, name: str, look: Look | None, percent: float) -> Updates:
        def remember() -> tuple[Look | None, str]:
            if look is None or track is None:
                raise GaitheatError("there is nobody to remember: show a video in which somebody walks")
            return look, self._desk.enroll(look.track(track), name)

        updates = self._shown(look, percent, remember)
        return {**updates, self._name: ""} if self._look in updates else updates

    def _forgotten(self, name: str | None, look: Look | None, percent: float) -> Updates:
        def forget() -> tuple[Look | None, str]:
            if name is None:
                raise GaitheatError("choose whom to forget")
            return look, self._desk.forget(name)

        return self._shown(look, percent, forget)

    def _refreshed(self, look: Look | None, percent: float) -> Updates:
        return self._shown(look, percent, lambda: (look, ""))

    def _shown(
        self, before: Look | None, percent: float, action: Callable[[], tuple[Look | None, str]]
    ) -> Updates:
        """Does something, and shows what came of it; where that goes wrong, the rest stays as it was."""
        far = percent / 100
        try:
            look, said = action()
            answers = self._desk.identify(look, far) if look else []
            people = self._desk.people()
        except (GaitheatError, OSError) as error:
            return {self._said: cards.message(str(error), trouble=True)}
        updates = {
            self._said: cards.message(said),
            self._look: look,
            self._tracks: cards.tracks(look, answers, far),
            self._known: cards.known(people),
            self._goner: gr.update(choices=list(people), value=None),
            self._rate: cards.rate_in_words(far, self._desk.calibrated),
        }
        return updates if look is before else {**updates, self._who: _choice(answers)}


def _choice(answers: list[Person]) -> Any:
    """Those who can be remembered; the one seen best is chosen."""
    usable = [person for person in answers if answer_of(person) is not Answer.UNUSABLE]
    best = max(usable, key=lambda person: person.quality.score if person.quality else 0.0, default=None)
    choices = [(f"track {person.track}", person.track) for person in usable]
    return gr.update(choices=choices, value=best.track if best else None)


def _heading(text: str, number: int | None = None) -> None:
    step = f'<span class="number">{number}</span>' if number else ""
    gr.HTML(f"<h2>{step}{text}</h2>")
