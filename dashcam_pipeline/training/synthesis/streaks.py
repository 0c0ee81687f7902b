"""Light along lines through a lamp: what a wiper, a cloth or a finger leaves on the glass."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import cv2
import numpy as np

from dashcam_pipeline.training.synthesis.kind import glare_kind
from dashcam_pipeline.training.synthesis.polar import angular_noise, log_uniform
from dashcam_pipeline.training.synthesis.spectrum import rainbow

if TYPE_CHECKING:
    from dashcam_pipeline.training.synthesis.polar import Generator, Grid, Polar

BENT = 0.3
"""Share of streaks that are clearly bent; the others are straight but for a little."""

HOLLOW = 0.3
"""Share of streaks with two bright edges, as a groove or the border of a smear has."""

SHIFT = 4
"""Fractional bits of the coordinates that OpenCV draws between."""

POINTS = np.linspace(-1, 1, 41)
"""Along a bent line that is drawn."""


@glare_kind(
    "fan",
    "the bundle of streaks across the wiper's direction",
    lenses={"any": (0.35, 0.2, 3.0), "smeared": (0.15, 0.1, 1.0), "hazy": (0.25, 0.1, 0.8)},
)
def fan(rng: Generator, p: Polar) -> Grid:
    """The fan that a wiper's fine arcs make: a wedge of light across the wiping direction."""
    spread = log_uniform(rng, 0.02, 0.2)
    turn = np.angle(np.exp(1j * 2 * (p.angle - p.wiper))) / 2
    light = np.exp(-(np.abs(turn / spread) ** rng.uniform(1.0, 2.0))).astype(np.float32)
    length = log_uniform(rng, 0.08, 0.7)
    fall = np.exp(-p.radius / length) / (p.radius + 0.01)
    lopsided = 1 + rng.uniform(-0.9, 0.9) * np.sign(np.cos(p.angle - p.wiper))
    return (light * fall * lopsided * angular_noise(rng, p.angle, 0.7)).astype(np.float32)


@glare_kind(
    "streaks",
    "single thin lines, straight or bent, plain, hollow or in rainbow colours",
    lenses={"any": (0.5, 0.1, 2.0), "smeared": (0.75, 0.3, 2.0), "hazy": (0.15, 0.05, 0.4)},
)
def streaks(rng: Generator, p: Polar) -> Grid:
    """One to six lines through the source, evenly turned or anyhow; (3, N, N)."""
    total = np.zeros((3, p.size, p.size), np.float32)
    start = rng.uniform(0, math.pi)
    count = int(rng.integers(1, 7))
    even = rng.random() < 0.5  # noqa: PLR2004 - a coin
    for i in range(count):
        turn = start + (math.pi * i / count if even else rng.uniform(0, math.pi))
        line = streak(rng, p, turn)
        tint = np.exp(rng.normal(0, 0.15, (3, 1, 1))).astype(np.float32)
        total += tint * line * (log_uniform(rng, 0.2, 1) / (line[:, p.ring].mean() + 1e-6))
    return total


def streak(rng: Generator, p: Polar, direction: float) -> Grid:
    """A thin line through the source, coloured where a smear acts as a grating; (3, N, N)."""
    along = p.x * math.cos(direction) + p.y * math.sin(direction)
    across = p.y * math.cos(direction) - p.x * math.sin(direction)
    bend = rng.normal(0, 0.4 if rng.random() < BENT else 0.05)
    across = np.abs(across + bend * along * along)
    # No thinner than a pixel at the work size, or a slanted line turns into dots.
    width = log_uniform(rng, 0.0025, 0.009) + np.abs(along) * log_uniform(rng, 0.0002, 0.015)
    if rng.random() < HOLLOW:
        edge = width * rng.uniform(1.5, 4)
        filled = rng.uniform(0, 0.7)
        profile = np.exp(-(((across - edge) / width) ** 2)) + filled * (across < edge)
    else:
        profile = np.exp(-((across / width) ** 2))
    profile *= (0.004 / width) ** rng.uniform(0, 1)
    length = log_uniform(rng, 0.06, 4.0)
    distance = np.abs(along)
    fall = np.exp(-distance / length) * np.power(distance + 0.02, -rng.uniform(0.1, 1.1))
    side = np.where(along >= 0, 1.0, rng.choice([1.0, 1.0, rng.uniform(0, 1)]))
    line = (profile * fall * side).astype(np.float32)
    if rng.random() < 0.5:  # noqa: PLR2004 - a coin
        return np.repeat(line[None], 3, axis=0)
    return line * rainbow(
        distance, log_uniform(rng, 0.02, 0.3), rng.uniform(0.2, 0.95), rng.uniform(0, 2 * math.pi)
    )


@glare_kind(
    "bundle",
    "many fine lines nearly side by side, straight or bent, in one direction or two",
    lenses={"any": (0.35, 0.2, 3.0), "smeared": (0.6, 0.3, 3.0), "hazy": (0.3, 0.05, 0.8)},
)
def bundle(rng: Generator, p: Polar) -> Grid:
    """Fine lines through the source, as a wiper's grooves draw them; (3, N, N).

    Each groove sends light across itself, and the grooves that a lamp is seen through are nearly
    parallel: their lines share direction and bend, but for a little. Where two wipers' arcs cross
    there are two such bundles.
    """
    total = np.zeros((p.size, p.size), np.float32)
    groups = 2 if rng.random() < 0.35 else 1  # noqa: PLR2004 - every third glass
    for group in range(groups):
        direction = p.wiper + (rng.normal(0, 0.7) if group else rng.normal(0, 0.1))
        near, far = _grooves(rng, p, direction)
        for lines, reach in ((near, log_uniform(rng, 0.05, 0.3)), (far, log_uniform(rng, 0.2, 2))):
            fall = np.exp(-p.radius / reach) * np.power(p.radius + 0.015, -rng.uniform(0.2, 1.0))
            total += lines * fall
        if rng.random() < 0.5:  # noqa: PLR2004 - a coin: one side is longer than the other
            side = p.x * math.cos(direction) + p.y * math.sin(direction)
            total *= 1 + rng.uniform(-0.8, 0.8) * np.tanh(side / 0.02)
    if rng.random() < 0.7:  # noqa: PLR2004 - most wipers' streaks are white
        return total
    return total * rainbow(
        p.radius, log_uniform(rng, 0.03, 0.3), rng.uniform(0.2, 0.8), rng.uniform(0, 2 * math.pi)
    )


def _grooves(rng: Generator, p: Polar, direction: float) -> tuple[Grid, Grid]:
    """Two sets of lines, (N, N) each: those that will be short and those that will be long."""
    spread, bend = log_uniform(rng, 0.01, 0.3), rng.normal(0, 0.2)
    sets = np.zeros((2, p.size, p.size), np.float32)
    line = np.empty((p.size, p.size), np.uint8)
    reach = 0.75 * p.size / p.frame_height
    for _ in range(int(log_uniform(rng, 3, 32))):
        turn, curve = direction + rng.normal(0, spread), bend + rng.normal(0, 0.04)
        along = POINTS * reach
        across = rng.normal(0, 0.003) + curve * along * along
        x = along * math.cos(turn) - across * math.sin(turn)
        y = along * math.sin(turn) + across * math.cos(turn)
        pixels = (np.stack([x, y], 1) * p.frame_height + p.size // 2) * (1 << SHIFT)
        line[:] = 0
        thick = 1 if rng.random() < 0.7 else int(rng.integers(2, 6))  # noqa: PLR2004 - most are fine
        points = [np.round(pixels).astype(np.int32)]
        cv2.polylines(
            line,
            points,
            isClosed=False,
            color=255,
            thickness=thick,
            lineType=cv2.LINE_AA,
            shift=SHIFT,
        )
        into = sets[int(rng.integers(2))]
        np.add(into, line * np.float32(log_uniform(rng, 0.1, 1) / 255), out=into)
    sigma = log_uniform(rng, 0.4, 3.0)
    near, far = (cv2.GaussianBlur(lines, (0, 0), sigma) for lines in sets)
    return np.asarray(near), np.asarray(far)
