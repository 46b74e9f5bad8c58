"""The surroundings of one recording: what stands about, how it is lit, and what the sensor makes of it."""

from dataclasses import dataclass
from typing import Literal

import numpy as np
from jaxtyping import Float32

from gaitheat.walkers.pictures.backgrounds import paint_room, paint_street
from gaitheat.walkers.pictures.camera import Camera
from gaitheat.walkers.pictures.canvas import Canvas, Surroundings
from gaitheat.walkers.pictures.light import Light, Shadow, towards

Kind = Literal["indoor", "street"]
OVERHEAD = towards(0, 90)


@dataclass(frozen=True)
class Sensor:
    """What a camera makes of the light: grey levels are gain * light * 255 + offset, and then its faults."""

    gain: Float32[np.ndarray, "3"]
    """Of red, green and blue: exposure, contrast and white balance."""
    offset: float
    """Grey levels of black: haze and contrast."""
    noise: float
    """Standard deviation, grey levels."""
    blur: float
    """Standard deviation of the lens's blur, pixels; under 0.3 there is none."""
    grey: bool
    """Whether it sees no colours."""
    quality: int | None
    """Of JPEG compression, 0..100; None: there is none."""


@dataclass(frozen=True)
class Scenery:
    """Everything of a recording but the people."""

    surroundings: Surroundings
    light: Light
    sensor: Sensor


def draw_scenery(rng: np.random.Generator, kind: Kind, camera: Camera) -> Scenery:
    """Surroundings for a walk about the world's origin; they depend on the generator and the camera alone."""
    if kind == "indoor":
        light, sensor = _lamps(rng), _good_sensor(rng)
        canvas = Canvas(camera, light)
        paint_room(rng, canvas)
    else:
        light, sensor = _daylight(rng), _street_sensor(rng)
        canvas = Canvas(camera, light)
        paint_street(rng, canvas, rng.uniform(0.75, 1.0))
    return Scenery(canvas.finished(), light, sensor)


def _lamps(rng: np.random.Generator) -> Light:
    """Lamps on a ceiling: several weak shadows."""
    azimuths = rng.uniform(0, 360) + np.cumsum(rng.uniform(60, 150, rng.integers(1, 3)))
    lamps = [towards(float(azimuth), rng.uniform(48, 78)) for azimuth in azimuths]
    darkness = rng.uniform(0.25, 0.45) / len(lamps)
    shadows = [Shadow(lamp, darkness, rng.uniform(0.02, 0.05)) for lamp in lamps]
    ambient, sky = rng.uniform(0.25, 0.4), rng.uniform(0.15, 0.25)
    return Light(lamps[0], ambient, sky, (Shadow(OVERHEAD, rng.uniform(0.15, 0.3), 0.12), *shadows))


def _daylight(rng: np.random.Generator) -> Light:
    """From bright sun with a sharp shadow to an even sky that hardly makes any."""
    sunshine = rng.random()
    sun = towards(rng.uniform(0, 360), rng.uniform(28, 65))
    under_sky = Shadow(OVERHEAD, rng.uniform(0.2, 0.35), 0.15)
    ambient, sky = 0.4 - 0.15 * sunshine, 0.4 - 0.2 * sunshine
    return Light(sun, ambient, sky, (under_sky, Shadow(sun, 0.55 * sunshine, 0.06 - 0.05 * sunshine)))


def _good_sensor(rng: np.random.Generator) -> Sensor:
    gain = rng.uniform(1.0, 1.25) * rng.normal(1, 0.025, 3)
    quality = int(rng.integers(70, 96)) if rng.random() < 0.5 else None
    return Sensor(
        gain.astype(np.float32),
        rng.uniform(-8, 8),
        rng.uniform(1, 3.5),
        rng.uniform(0.2, 0.6),
        False,
        quality,
    )


def _street_sensor(rng: np.random.Generator) -> Sensor:
    """Worse: dusk, haze, grey pictures, blur and strong compression occur."""
    dim = rng.uniform(0.55, 0.8) if rng.random() < 0.12 else rng.uniform(0.9, 1.3)
    contrast = rng.uniform(0.75, 1.15)
    gain = contrast * dim * rng.normal(1, 0.03, 3)
    noise = rng.uniform(1, 5) * (1.5 if dim < 0.8 else 1.0)
    quality = int(rng.integers(45, 91)) if rng.random() < 0.7 else None
    grey = bool(rng.random() < 0.15)
    offset = 110 * dim * (1 - contrast)
    return Sensor(gain.astype(np.float32), offset, noise, rng.uniform(0.2, 0.9), grey, quality)
