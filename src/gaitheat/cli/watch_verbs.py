"""The command that watches: who is there, said while the video goes on."""

import json
from typing import TYPE_CHECKING, Annotated

from tyro.conf import Positional, arg

from gaitheat.cli.arguments import STOPPED, Camera, GalleryFolder, Json

if TYPE_CHECKING:
    from gaitheat.watching import Sighting

Source = Annotated[str, Positional, arg(metavar="SOURCE")]


def watch(
    gallery: GalleryFolder,
    source: Source,
    far: float | None = None,
    threshold: float | None = None,
    embedding: str | None = None,
    camera: Camera = "",
    every: float = 1.0,
    as_json: Json = False,
) -> int:
    """Who is there: an answer for everybody in a camera's view, every second, until Ctrl-C.

    Args:
        gallery: The folder of known people.
        source: A camera of this computer (camera:0), one of the network (rtsp://...), a video, or a folder of
            pictures.
        far: How often a stranger may be taken for somebody in this gallery, such as 0.05: false alarms by
            search. If left out: 0.05 once the gallery is calibrated or cameras have learnt; until then a
            distance decides.
        threshold: In the place of that, the distance (0 to 2) up to which the nearest person is named.
        embedding: The network that made the gallery (.onnx), if it did not come with this package.
        camera: What films: one that has learnt from passers-by is allowed for.
        every: Seconds from one answer about a person to the next.
        as_json: Print a line of JSON for every answer.
    """
    from gaitheat.gallery.gallery import Gallery
    from gaitheat.printing import say, warn
    from gaitheat.recognizer import Recognizer
    from gaitheat.video.live import open_stream
    from gaitheat.watching import watch as sightings

    Gallery.open(gallery)  # what is wrong with it is said before anybody is waited for
    recognizer = Recognizer(gallery, embedding, far, threshold, camera=camera)
    frames = open_stream(source)
    recognizer.judge()
    try:
        for sighting in sightings(recognizer, frames, every):
            say(json.dumps(_row(sighting), ensure_ascii=False) if as_json else _line(sighting))
    except KeyboardInterrupt:
        if frames.problem:
            warn(f"{frames.name}: {frames.problem}")
        warn(STOPPED)
        return 130
    return 0


def _line(sighting: "Sighting") -> str:
    person = sighting.person
    who = "unknown" if person.name is None else person.name
    gone = ", gone" if sighting.ended else ""
    return f"{sighting.time:7.1f} s  track {sighting.track}{gone}: {who} ({person.reason})"


def _row(sighting: "Sighting") -> dict[str, object]:
    person = sighting.person
    return {
        "time": round(sighting.time, 3),
        "track": sighting.track,
        "ended": sighting.ended,
        "name": person.name,
        "reason": person.reason,
        "false_alarm": person.false_alarm,
        "quality": None if person.quality is None else person.quality._asdict(),
        "matches": [match._asdict() for match in person.matches],
    }
