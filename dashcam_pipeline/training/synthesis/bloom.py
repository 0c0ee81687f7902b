"""Light all round a lamp: core glow, bloom, haze, spokes, and profiles of no lens in particular."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from dashcam_pipeline.training.synthesis.kind import glare_kind
from dashcam_pipeline.training.synthesis.polar import angular_noise, log_uniform

if TYPE_CHECKING:
    from dashcam_pipeline.training.synthesis.polar import Generator, Grid, Polar


@glare_kind(
    "moffat",
    "core glow and near bloom round a lamp",
    lenses={"any": (0.9, 0.1, 2.0), "smeared": (0.5, 0.03, 0.5), "hazy": (0.9, 0.3, 2.0)},
)
def moffat(rng: Generator, p: Polar) -> Grid:
    """Core glow and bloom: the Moffat profile (1 + (r/a)^2)^-b, wide-winged as optics are."""
    width = log_uniform(rng, 0.006, 0.1)
    power = rng.uniform(1.2, 3.5)
    return np.power(1 + (p.radius / width) ** 2, -power, dtype=np.float32)


@glare_kind(
    "veil",
    "wide haze of one lamp, falling off with the distance",
    lenses={"any": (0.7, 0.1, 2.0), "smeared": (0.4, 0.03, 0.3), "hazy": (1.0, 0.3, 3.0)},
)
def veil(rng: Generator, p: Polar) -> Grid:
    """Wide haze: the heavy tail (r + r0)^-p of scatter in the lens and on the glass."""
    soft = log_uniform(rng, 0.02, 0.3)
    return np.power((p.radius + soft) / soft, -rng.uniform(0.9, 2.6), dtype=np.float32)


@glare_kind(
    "shimmer",
    "fine spokes all around",
    lenses={"any": (0.6, 0.1, 2.0), "smeared": (0.35, 0.03, 0.5), "hazy": (0.25, 0.03, 0.4)},
)
def shimmer(rng: Generator, p: Polar) -> Grid:
    """Spokes all around: angular noise that fades with the radius."""
    soft = log_uniform(rng, 0.005, 0.03)
    fall = np.power((p.radius + soft) / soft, -rng.uniform(1.3, 2.2), dtype=np.float32)
    return fall * angular_noise(rng, p.angle, rng.uniform(0.5, 1.5))


@glare_kind(
    "freeform",
    "any profile along radius and angle, so that no look is relied on",
    lenses={"any": (0.4, 0.2, 3.0), "hazy": (0.3, 0.2, 2.0)},
)
def freeform(rng: Generator, p: Polar) -> Grid:
    """No lens in particular: any profile along the radius, any along the angle; (3, N, N).

    The logarithm of the light falls with that of the radius and wanders on its way, a little
    otherwise in each band; the whole is drawn out in some direction. What it looks like nobody has
    seen, which is the point: a network that knows it relies less on how the other kinds look.
    """
    turn, stretch = rng.uniform(0, math.pi), math.sqrt(log_uniform(rng, 1, 4))
    x = (p.x * math.cos(turn) + p.y * math.sin(turn)) / stretch
    y = (p.y * math.cos(turn) - p.x * math.sin(turn)) * stretch
    soft = log_uniform(rng, 0.005, 0.03)
    depth = np.log1p(np.hypot(x, y) / soft)
    knots = np.linspace(0, float(depth.max()), int(rng.integers(5, 25)))
    slope, depart, part = rng.uniform(1.2, 2.4), rng.uniform(0, 1), rng.uniform(0, 0.6)
    common = rng.standard_normal(len(knots))
    bands = []
    for _ in range(3):
        own = rng.standard_normal(len(knots))
        wander = depart * ((1 - part) * common + part * own)
        bands.append(np.exp(np.interp(depth, knots, wander - slope * knots)))
    light = np.stack(bands).astype(np.float32)
    if rng.random() < 0.5:  # noqa: PLR2004 - a coin
        light *= angular_noise(rng, np.arctan2(y, x), rng.uniform(0.2, 1.0))
    return light
