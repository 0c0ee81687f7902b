"""Kinds of glare that no training may use: a model is measured on them.

A score on kinds that were trained on flatters; how a model generalises shows on kinds that it
never saw.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from dashcam_pipeline.training.synthesis.kind import glare_kind
from dashcam_pipeline.training.synthesis.polar import log_uniform

if TYPE_CHECKING:
    from dashcam_pipeline.training.synthesis.polar import Generator, Grid, Polar

BANDS = (0.620, 0.540, 0.460)
"""Micrometres: the centres of the red, green and blue bands."""


@glare_kind("corona", "coloured diffraction rings of droplets", held_out=True)
def corona(rng: Generator, p: Polar) -> Grid:
    """Diffraction corona of droplets: Airy patterns averaged over droplet sizes; (3, N, N).

    The Airy pattern is (2 J1(x) / x)^2, its first dark ring at x = 3.832 (Born and Wolf,
    Principles of Optics, 8.5.2); J1 by its integral, the mean of cos(t - x sin t) over half a turn.
    """
    first = log_uniform(rng, 0.05, 0.25)  # radius of the first dark ring in green, frame heights
    grid = np.linspace(0, 40, 2000)
    t = np.linspace(0, math.pi, 129)
    bessel = np.cos(t[None] - grid[:, None] * np.sin(t[None])).mean(axis=1)
    airy = np.square(2 * bessel / np.maximum(grid, 1e-3))
    airy[0] = 1.0
    sizes = np.exp(rng.normal(0, rng.uniform(0.05, 0.2), 9))
    bands = []
    for w in BANDS:
        x = p.radius * (3.832 / first * 0.54 / w)
        bands.append(np.mean([np.interp(x * s, grid, airy, right=0) for s in sizes], axis=0))
    return np.stack(bands).astype(np.float32)


@glare_kind("anamorphic", "a level, mostly blue band through every lamp", held_out=True)
def anamorphic(rng: Generator, p: Polar) -> Grid:
    """The level, mostly blue band that a cylindrical element draws through a source; (3, N, N)."""
    core = log_uniform(rng, 0.003, 0.01)
    band = np.exp(-np.abs(p.y) / core) + 0.15 * np.exp(-np.abs(p.y) / (6 * core))
    length = log_uniform(rng, 0.2, 1.5)
    fall = 1 / (1 + (np.abs(p.x) / length) ** rng.uniform(1, 2))
    tint = np.array([rng.uniform(0.1, 0.6), rng.uniform(0.4, 0.9), 1.0])
    return np.asarray(tint[:, None, None] * band * fall, np.float32)
