"""Walks to try the page with, for who has no video at hand."""

from collections.abc import Callable, Mapping

from gaitheat.app.desk import Desk, Look
from gaitheat.assets import fetch
from gaitheat.clips import Clip
from gaitheat.demo import HALF, stranger_clips, walker_clips

Sample = Callable[[Desk, str], Look]
"""Looks at it; the text is what it is called."""


def _street(start: int, stop: int | None) -> Sample:
    return lambda desk, title: desk.look(fetch("demo-video"), start, stop, title)


def _clip(choose: Callable[[], Clip]) -> Sample:
    return lambda desk, title: desk.look_at_clip(choose(), title)


SAMPLES: Mapping[str, Sample] = {
    "street, first half": _street(0, HALF),
    "street, second half": _street(HALF, None),
    "walker 1": _clip(lambda: walker_clips()[0][0]),
    "walker 1, other clothes": _clip(lambda: walker_clips()[1][0]),
    "walker 2": _clip(lambda: walker_clips()[0][1]),
    "walker 2, other clothes": _clip(lambda: walker_clips()[1][1]),
    "a passer-by": _clip(lambda: next(stranger_clips())),
}
"""By what the page calls them: people in a video, virtual people, a real one."""
