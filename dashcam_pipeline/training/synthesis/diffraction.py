"""Light that small things on the glass bend: dirty apertures, droplets, mist."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import cv2
import numpy as np

from dashcam_pipeline.training.synthesis.kind import glare_kind
from dashcam_pipeline.training.synthesis.polar import log_uniform
from dashcam_pipeline.training.synthesis.spectrum import (
    FEW_WAVELENGTHS,
    FEW_WEIGHTS,
    GREEN,
    integrate,
)

if TYPE_CHECKING:
    from dashcam_pipeline.training.synthesis.polar import Generator, Grid, Polar

PUPIL = 512
"""Side of the grid that an aperture is drawn on, pixels."""


@glare_kind(
    "aperture",
    "|FFT|^2 of a dirty aperture over the visible spectrum",
    lenses={"any": (0.3, 0.1, 1.5)},
)
def dirty_aperture(rng: Generator, p: Polar) -> Grid:
    """Fraunhofer diffraction |FFT|^2 of a pupil with dust and scratches; (3, N, N).

    A pattern scales with the wavelength (Goodman, Introduction to Fourier Optics, 4.4), and its
    light spreads over an area that scales with its square.
    """
    power = np.abs(np.fft.fftshift(np.fft.fft2(_pupil(rng)))) ** 2
    power = (power / power.max()).astype(np.float32)
    base = rng.uniform(1.0, 2.5) * p.frame_height / 288
    light = np.zeros((3, p.size, p.size), np.float32)
    for wavelength, weights in zip(FEW_WAVELENGTHS, FEW_WEIGHTS.T, strict=True):
        zoom = base * wavelength / GREEN
        shift = p.size / 2 - zoom * PUPIL / 2
        matrix = np.array([[zoom, 0, shift], [0, zoom, shift]], np.float32)
        seen = cv2.warpAffine(power, matrix, (p.size, p.size), flags=cv2.INTER_LINEAR)
        light += (weights * (GREEN / wavelength) ** 2)[:, None, None].astype(np.float32) * seen
    return light


def _pupil(rng: Generator) -> Grid:
    """What an aperture lets through, (PUPIL, PUPIL): blades or a circle, dust, scratches."""
    n = PUPIL
    axis = np.linspace(-1, 1, n, dtype=np.float32)
    x, y = np.meshgrid(axis, axis)
    blades = int(rng.integers(5, 10))
    turn = rng.uniform(0, math.pi)
    angle = np.arctan2(y, x) + turn
    wedge = np.cos(np.mod(angle, 2 * math.pi / blades) - math.pi / blades)
    shape = np.hypot(x, y) * (wedge if rng.random() < 0.5 else 1.0)  # noqa: PLR2004 - a coin
    pupil = (shape < rng.uniform(0.25, 0.5)).astype(np.float32)
    for _ in range(int(rng.integers(0, 40))):
        centre = (int(rng.integers(0, n)), int(rng.integers(0, n)))
        cv2.circle(pupil, centre, int(rng.integers(1, 7)), float(rng.uniform(0, 0.9)), -1)
    direction = rng.uniform(0, math.pi)
    for _ in range(int(rng.integers(0, 60))):
        start = rng.uniform(0, n, 2)
        bend = direction + rng.normal(0, 0.15)
        step = np.array([math.cos(bend), math.sin(bend)]) * rng.uniform(20, 300)
        a, b = (tuple(int(v) for v in q) for q in (start, start + step))
        cv2.line(pupil, a, b, float(rng.uniform(0, 0.9)), int(rng.integers(1, 3)), cv2.LINE_AA)
    return pupil


@glare_kind(
    "rings",
    "coloured rings, as in mist or on fogged glass",
    lenses={"any": (0.12, 0.02, 0.3), "hazy": (0.05, 0.02, 0.2)},
)
def rings(rng: Generator, p: Polar) -> Grid:
    """Coloured rings, as a halo in mist or on a fogged glass; (3, N, N)."""
    radius = log_uniform(rng, 0.03, 0.3)
    width = radius * rng.uniform(0.06, 0.35)
    axis = np.linspace(0, float(p.radius.max()), 2048)
    bands = integrate(lambda size: np.exp(-(((axis - radius * size) / width) ** 2)))
    return np.stack([np.interp(p.radius, axis, band) for band in bands]).astype(np.float32)
