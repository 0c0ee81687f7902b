"""Where light comes from: lamps in and off the frame, and those a picture already holds.

A lamp is a place, a size, a shape and a radiance in display units (1.0 just saturates the
sensor); radiance lies far above 1, as in the field, so that one lens serves near and far lamps
alike and brightness falls off with distance by itself.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import cv2
import numpy as np

if TYPE_CHECKING:
    import numpy.typing as npt

    Generator = np.random.Generator

CORRELATED = {  # approximate linear sRGB of common sources, brightest channel 1
    "sodium": (1.0, 0.55, 0.12),
    "warm": (1.0, 0.78, 0.5),
    "neutral": (1.0, 0.95, 0.88),
    "led": (0.85, 0.95, 1.0),
    "mercury": (0.75, 1.0, 0.9),
    "moon": (0.9, 0.95, 1.0),
    "red": (1.0, 0.08, 0.05),
    "amber": (1.0, 0.5, 0.05),
    "green": (0.1, 1.0, 0.6),
}

WHITE = ("sodium", "warm", "neutral", "led", "mercury", "led", "neutral")
"""Colours of lamps that light something, the usual ones more often."""


ROADS = 0.6
"""Share of painted lamps that stand as on a real road."""

SMALLEST = 0.5
"""Pixels: a smaller lamp is painted of this radius, and as much fainter."""


@dataclass(frozen=True, slots=True)
class Lamp:
    """One source of light.

    Args:
        x, y: centre in pixels; may lie off the frame.
        radius: half its longer side, in pixels.
        aspect: shorter over longer side (1 is round).
        angle: of the longer side, radians.
        color: linear RGB, brightest channel 1.
        radiance: in display units; what the sensor would read without clipping.
        draw: whether it is to be painted (False for lamps the picture already shows).
        halo: whether it is the moon, which has one.
    """

    x: float
    y: float
    radius: float
    aspect: float
    angle: float
    color: tuple[float, float, float]
    radiance: float
    draw: bool = True
    halo: bool = False

    @property
    def flux(self) -> float:
        """Radiance times area: what the scattered light is proportional to.

        It falls with the square of the distance, as the area does, however small a lamp gets.
        """
        return self.radiance * math.pi * self.radius**2 * self.aspect


def lamp_color(rng: Generator, names: tuple[str, ...]) -> tuple[float, float, float]:
    """A colour of those named, a little varied; linear RGB, brightest channel 1."""
    base = np.array(CORRELATED[names[int(rng.integers(len(names)))]])
    jitter = base * np.exp(rng.normal(0, 0.12, 3))
    r, g, b = (jitter / jitter.max()).tolist()
    return float(r), float(g), float(b)


def sample_lamps(rng: Generator, height: int, width: int) -> list[Lamp]:
    """Lamps as a road has them: in the distances of a real one, or of any size anywhere."""
    return (_road if rng.random() < ROADS else _anyhow)(rng, height, width)


@dataclass(frozen=True, slots=True)
class _Street:
    """A camera over a street, lengths in metres: where a lamp is seen, and how large.

    A lamp's size falls with its distance, so its light with the square of it.

    Args:
        height, width: of the frame, pixels.
        focal: focal length, pixels.
        x, y: vanishing point, pixels.
        eye: height of the camera.
        lamps: those that are seen, or nearly.
    """

    height: int
    width: int
    focal: float
    x: float
    y: float
    eye: float
    lamps: list[Lamp] = field(default_factory=list)

    def add(self, place: tuple[float, float, float], kind: Lamp) -> None:
        """Put a lamp, whose radius is in metres, at (aside, up, ahead)."""
        aside, up, ahead = place
        x, y = (
            self.x + self.focal * aside / ahead,
            self.y + self.focal * (self.eye - up) / ahead,
        )
        if abs(x - self.width / 2) < self.width and abs(y - self.height / 2) < self.height:
            self.lamps.append(replace(kind, x=x, y=y, radius=self.focal * kind.radius / ahead))


def _bulb(
    color: tuple[float, float, float], radiance: float, radius: float, shape: float = 1.0
) -> Lamp:
    """A lamp at no place yet, its radius in metres."""
    return Lamp(0, 0, radius, shape, 0.0, color, radiance)


def _log(rng: Generator, low: float, high: float) -> float:
    """Draw a number whose logarithm is uniform."""
    return math.exp(rng.uniform(math.log(low), math.log(high)))


def _road(rng: Generator, height: int, width: int) -> list[Lamp]:
    """Rows of street lamps at even distances, cars in both directions, signals; in perspective."""
    x, y = width * rng.uniform(0.3, 0.7), height * rng.uniform(0.35, 0.6)
    street = _Street(height, width, height * rng.uniform(0.8, 1.7), x, y, rng.uniform(1.1, 1.7))
    power = _log(rng, 10, 400)
    if rng.random() < 0.75:  # noqa: PLR2004 - most streets are lit
        _row(rng, street, power)
    for _ in range(int(rng.poisson(1.5))):
        beam = lamp_color(rng, ("neutral", "led", "warm", "led")), power * _log(rng, 0.3, 6)
        aside, up, ahead = -rng.uniform(1.5, 6), rng.uniform(0.6, 0.8), _log(rng, 8, 300)
        for half in (-0.7, 0.7):
            street.add((aside + half, up, ahead), _bulb(*beam, 0.09, 0.9))
    for _ in range(int(rng.poisson(1.0))):
        tail = lamp_color(rng, ("red",)), _log(rng, 1, 12)
        aside, ahead = rng.normal(1, 2), _log(rng, 6, 200)
        for half in (-0.7, 0.7):
            street.add((aside + half, 0.9, ahead), _bulb(*tail, 0.09, 0.7))
    for _ in range(int(rng.poisson(0.5))):
        signal = lamp_color(rng, ("red", "green", "green", "amber")), _log(rng, 1, 15)
        place = rng.normal(0, 5), rng.uniform(2.5, 6), _log(rng, 10, 150)
        street.add(place, _bulb(*signal, 0.12))
    return street.lamps or _anyhow(rng, height, width)


def _row(rng: Generator, street: _Street, power: float) -> None:
    """Street lamps of one kind along one side of the road, or both."""
    color, step, up = lamp_color(rng, WHITE), rng.uniform(18, 50), rng.uniform(4.5, 11)
    size, shape = rng.uniform(0.08, 0.3), rng.uniform(0.3, 1)
    for side in ((-1,), (1,), (-1, 1))[int(rng.integers(3))]:
        aside, start = side * rng.uniform(3, 10), rng.uniform(6, 6 + step)
        for i in range(int(rng.integers(2, 12))):
            mine = color if rng.random() < 0.9 else lamp_color(rng, WHITE)  # noqa: PLR2004 - most
            bulb = _bulb(mine, power * rng.uniform(0.7, 1.3), size, shape)
            street.add((aside, up, start + i * step), bulb)


def _anyhow(rng: Generator, height: int, width: int) -> list[Lamp]:
    """Lamps that shrink towards a vanishing point, cars, signals, of any size and brightness."""
    lamps: list[Lamp] = []
    vx = width * rng.uniform(0.25, 0.75)
    vy = height * rng.uniform(0.35, 0.6)
    power = math.exp(rng.uniform(math.log(5), math.log(200)))
    if rng.random() < 0.8:  # noqa: PLR2004 - street lamps
        street = lamp_color(rng, WHITE)
        for _ in range(int(rng.integers(1, 6))):
            depth = rng.beta(1.2, 2.0)  # 1 is near
            side = rng.choice([-1, 1])
            x = vx + side * depth * width * rng.uniform(0.15, 0.75)
            y = vy - depth * height * rng.uniform(0.1, 0.75)
            color = street if rng.random() < 0.8 else lamp_color(rng, WHITE)  # noqa: PLR2004
            size = height * (0.002 + 0.022 * depth * rng.uniform(0.4, 1.6))
            shape = rng.uniform(0.3, 1.0)
            tilt = rng.normal(0, 0.3)
            lamps.append(Lamp(x, y, size, shape, tilt, color, power * rng.uniform(0.4, 1.6)))
    if rng.random() < 0.6:  # noqa: PLR2004 - oncoming cars
        color = lamp_color(rng, ("neutral", "led", "warm", "led"))
        for _ in range(int(rng.integers(1, 4))):
            depth = rng.beta(1.0, 2.5)
            x = vx + rng.normal(0, 0.05) * width + depth * width * rng.uniform(-0.5, 0.5)
            y = vy + depth * height * rng.uniform(0.1, 0.35) + rng.normal(0, 0.01) * height
            gap = width * (0.006 + 0.12 * depth)
            size = height * (0.002 + 0.025 * depth * rng.uniform(0.5, 1.5))
            radiance = power * rng.uniform(0.5, 4)
            lamps += [Lamp(x + s * gap / 2, y, size, 0.8, 0.0, color, radiance) for s in (-1, 1)]
    if rng.random() < 0.4:  # noqa: PLR2004 - tail lights and signals
        for _ in range(int(rng.integers(1, 4))):
            color = lamp_color(rng, ("red", "red", "green", "amber"))
            x, y = rng.uniform(0, width), vy + rng.normal(0, 0.15) * height
            size = height * rng.uniform(0.003, 0.015)
            lamps.append(Lamp(x, y, size, 1.0, 0.0, color, float(rng.uniform(1.0, 8))))
    if rng.random() < 0.06 or not lamps:  # noqa: PLR2004 - one alone, anywhere
        x, y = rng.uniform(0, width), rng.uniform(0, 0.7) * height
        size = height * rng.uniform(0.005, 0.05)
        lamps.append(Lamp(x, y, size, rng.uniform(0.2, 1), 0.0, lamp_color(rng, WHITE), power))
    return lamps


def sample_off_frame(rng: Generator, height: int, width: int) -> Lamp:
    """A lamp just outside the frame, above it or at a side, that shines in."""
    radius = height * math.exp(rng.uniform(math.log(0.004), math.log(0.06)))
    beyond = radius + rng.uniform(0.01, 0.25) * height
    if rng.random() < 0.5:  # noqa: PLR2004 - a coin
        x, y = float(rng.choice([-beyond, width + beyond])), rng.uniform(0, 0.7) * height
    else:
        x, y = rng.uniform(0, width), -beyond
    power = math.exp(rng.uniform(math.log(5), math.log(200)))
    return Lamp(x, y, radius, rng.uniform(0.2, 1), 0.0, lamp_color(rng, WHITE), power)


def find_lamps(
    rng: Generator, linear: npt.NDArray[np.float32], *, threshold: float = 0.85, limit: int = 24
) -> list[Lamp]:
    """Lamps that a picture already shows: saturated blobs, given the radiance they must have had.

    Args:
        rng: draws the radiance that clipping has hidden, one factor for the picture.
        linear: (H, W, 3) linear light, 0 to 1 clipped, or HDR, where the radiance is true.
        threshold: brightest channel from which a pixel counts as a source.
        limit: at most so many blobs, the largest first.
    """
    peak = linear.max(axis=2)
    _, labels, stats, centres = cv2.connectedComponentsWithStats(
        (peak > threshold).astype(np.uint8), connectivity=8
    )
    hidden = math.exp(rng.uniform(math.log(3), math.log(80)))
    order = np.argsort(-stats[1:, cv2.CC_STAT_AREA])[:limit] + 1
    lamps = []
    frame_area = linear.shape[0] * linear.shape[1]
    for label in order:
        area = float(stats[label, cv2.CC_STAT_AREA])
        if area > 0.02 * frame_area:  # a wall or a sky, not a lamp
            continue
        left, top, wide, high = (int(v) for v in stats[label, :4])
        window = (slice(top, top + high), slice(left, left + wide))
        inside = linear[window][labels[window] == label]
        color = inside.mean(axis=0)
        radiance = float(inside.max(axis=1).mean())
        if radiance <= 1.0:
            radiance *= hidden * rng.uniform(0.5, 1.5)
        r, g, b = (np.clip(color / color.max(), 0.05, 1)).tolist()
        x, y = (float(v) for v in centres[label])
        lamps.append(
            Lamp(x, y, math.sqrt(area / math.pi), 1.0, 0.0, (r, g, b), radiance, draw=False)
        )
    return lamps


def paint_lamps(
    lamps: list[Lamp], height: int, width: int
) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.float32]]:
    """Paint sources.

    Returns:
        Their radiance, (3, H, W) float32, and their soft cover, (H, W) float32 in [0, 1].
    """
    cover = np.zeros((height, width), np.float32)
    light = np.zeros((3, height, width), np.float32)
    for lamp in lamps:
        if not lamp.draw:
            continue
        radius = max(lamp.radius, SMALLEST)
        radiance = lamp.radiance * (lamp.radius / radius) ** 2
        reach = math.ceil(radius + 3)
        x0, x1 = max(int(lamp.x) - reach, 0), min(int(lamp.x) + reach + 1, width)
        y0, y1 = max(int(lamp.y) - reach, 0), min(int(lamp.y) + reach + 1, height)
        if x0 >= x1 or y0 >= y1:
            continue
        y, x = np.mgrid[y0:y1, x0:x1].astype(np.float32)
        c, s = math.cos(lamp.angle), math.sin(lamp.angle)
        u = ((x - lamp.x) * c + (y - lamp.y) * s) / radius
        v = ((y - lamp.y) * c - (x - lamp.x) * s) / (radius * lamp.aspect)
        soft = np.clip((1 - np.hypot(u, v)) * radius * lamp.aspect + 0.5, 0, 1)
        cover[y0:y1, x0:x1] = np.maximum(cover[y0:y1, x0:x1], soft)
        for channel in range(3):
            patch = light[channel, y0:y1, x0:x1]
            np.maximum(patch, soft * lamp.color[channel] * radiance, out=patch)
    return light, cover
