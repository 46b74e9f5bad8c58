"""Poor footage: what an old camera, or one far away, would have made of the same pictures.

Most videos that people have are small, grey and compressed. An estimator errs on them in ways of their own,
and a network that has never seen these errors takes them for a person's gait.
"""

import zlib
from typing import Literal

import cv2
import numpy as np
from jaxtyping import UInt8

Footage = Literal["clean", "poor"]
"""The pictures as they are rendered, or as a poor camera delivers them."""
Picture = UInt8[np.ndarray, "height width 3"]

SIZE = (0.33, 0.75)
"""Of the rendered picture: a person is then 50 to 110 pixels tall."""
QUALITY = (25, 75)
"""Of the JPEG compression."""
NOISE = 6.0
"""Standard deviation in grey levels, at most."""
COLOURED = 0.25
"""Share of the recordings that are in colour."""
GAIN, OFFSET = (0.6, 1.2), (-20.0, 30.0)
"""Of the exposure, in grey levels."""


def poor(rgb: Picture, name: str) -> Picture:
    """A picture as the recording's poor camera delivers it, enlarged to its former size.

    Args:
        rgb: the picture as it was rendered.
        name: the recording's: all its pictures come from the same camera.
    """
    camera = np.random.default_rng(zlib.crc32(name.encode()))
    size, quality = camera.uniform(*SIZE), int(camera.integers(*QUALITY))
    noise, coloured = camera.uniform(0, NOISE), camera.random() < COLOURED
    gain, offset = camera.uniform(*GAIN), camera.uniform(*OFFSET)
    height, width = rgb.shape[:2]
    small = cv2.resize(rgb, (round(width * size), round(height * size)), interpolation=cv2.INTER_AREA)
    if not coloured:
        small = np.repeat(cv2.cvtColor(small, cv2.COLOR_RGB2GRAY)[..., None], 3, axis=2)
    # Other grain in each picture, the same whenever it is rendered.
    sensor = np.random.default_rng(int(rgb[::7, ::7].sum()))
    grain = sensor.standard_normal(small.shape[:2])[..., None]
    exposed = np.clip(small * gain + offset + noise * grain, 0, 255).astype(np.uint8)
    _, packed = cv2.imencode(".jpg", exposed, [cv2.IMWRITE_JPEG_QUALITY, quality])
    unpacked = cv2.imdecode(packed, cv2.IMREAD_COLOR)
    assert unpacked is not None
    return np.ascontiguousarray(cv2.resize(unpacked, (width, height), interpolation=cv2.INTER_LINEAR))
