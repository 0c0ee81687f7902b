"""What a camera does to a picture after the lens: tone curve, noise, compression, eight bits."""

from __future__ import annotations

import math
from functools import cache
from typing import TYPE_CHECKING

import torch
from torch import Tensor

if TYPE_CHECKING:
    import numpy as np

_LUMA_TABLE = (  # ITU-T T.81, table K.1
    16, 11, 10, 16, 24, 40, 51, 61, 12, 12, 14, 19, 26, 58, 60, 55,
    14, 13, 16, 24, 40, 57, 69, 56, 14, 17, 22, 29, 51, 87, 80, 62,
    18, 22, 37, 56, 68, 109, 103, 77, 24, 35, 55, 64, 81, 104, 113, 92,
    49, 64, 78, 87, 103, 121, 120, 101, 72, 92, 95, 98, 112, 100, 103, 99,
)  # fmt: skip


AUTO_EXPOSURE = 0.7
"""Share of cameras whose exposure follows the mean within a night."""


@cache
def _dct_matrix() -> Tensor:
    """The orthonormal 8-point DCT-II (ITU-T T.81, A.3.3)."""
    k = torch.arange(8, dtype=torch.float32)
    matrix = torch.cos(math.pi / 8 * (k[None, :] + 0.5) * k[:, None]) / 2
    matrix[0] /= math.sqrt(2)
    return matrix


def block_compress(picture: Tensor, quality: float) -> Tensor:
    """Quantise 8x8 DCT blocks, which is what JPEG and, in kind, H.264 do to a picture.

    Args:
        picture: (3, H, W) in [0, 1], H and W multiples of 8.
        quality: 1 to 100 in the scale of the JPEG reference software.
    """
    scale = 50 / quality if quality < 50 else 2 - quality / 50  # noqa: PLR2004 - IJG's scale
    table = torch.tensor(_LUMA_TABLE, dtype=torch.float32, device=picture.device).view(8, 8)
    step = (table * scale).clamp(min=1) / 255
    d = _dct_matrix().to(picture.device)
    r, g, b = picture
    y = 0.299 * r + 0.587 * g + 0.114 * b
    planes = torch.stack([y, (b - y) * 0.564, (r - y) * 0.713])  # ITU-R BT.601, 2.5.2
    c, h, w = planes.shape
    blocks = planes.view(c, h // 8, 8, w // 8, 8).permute(0, 1, 3, 2, 4)
    coefficients = d @ blocks @ d.T
    steps = torch.stack([step, step * 1.8, step * 1.8]).view(3, 1, 1, 8, 8)
    coefficients = torch.round(coefficients / steps) * steps
    y, cb, cr = (d.T @ coefficients @ d).permute(0, 1, 3, 2, 4).reshape(c, h, w)
    r, b = y + cr / 0.713, y + cb / 0.564
    g = (y - 0.299 * r - 0.114 * b) / 0.587
    return torch.stack([r, g, b]).clamp(0, 1)


def tone_curve(rng: np.random.Generator) -> tuple[float, float, float]:
    """Draw (gamma, contrast, black): the curve of one camera, see ``encode``.

    Every third camera lifts its shadows by night, as dashcams do: the darkest of their pictures lie
    at a third of the code range, and a haze that is faint in light is wide in the picture.
    """
    lifts = rng.random() < 0.35  # noqa: PLR2004 - every third
    return (
        float(rng.uniform(2.2, 3.6) if lifts else rng.uniform(1.8, 2.4)),
        float(rng.normal(0, 0.25)),
        float(rng.uniform(0, 0.2) if lifts else max(rng.normal(0, 0.02), 0)),
    )


def encode(linear: Tensor, curve: tuple[float, float, float]) -> Tensor:
    """Linear light to code values in [0, 1]: clip, gamma, an S-shaped contrast, lifted black."""
    gamma, contrast, black = curve
    v = linear.clamp(1e-6, 1).pow(1 / gamma)
    v = v + contrast * v * (1 - v) * (2 * v - 1)
    return (black + (1 - black) * v).clamp(0, 1)


def auto_exposure(rng: np.random.Generator) -> tuple[float, float]:
    """Draw (mean that a camera accepts, how far it goes), see ``exposure``."""
    if rng.random() > AUTO_EXPOSURE:
        return 1.0, 0.0
    return float(rng.uniform(0.15, 0.45)), float(rng.uniform(0.4, 1.0))


def exposure(linear: Tensor, curve: tuple[float, float, float], rule: tuple[float, float]) -> float:
    """Factor by which a camera darkens a bright picture, at most 1.

    Glare lifts the mean, and a camera that exposes for the mean then takes light away, from the
    scene as well; what it lacks in the dark is gain already.

    Args:
        linear: light that falls onto the sensor, (3, H, W), glare among it.
        curve: of the camera.
        rule: of ``auto_exposure``.
    """
    accepted, strength = rule
    mean = float(encode(linear[:, ::8, ::8], curve).mean())
    return min(accepted / max(mean, 1e-3), 1.0) ** (2 * strength)


def add_noise(picture: Tensor, rng: np.random.Generator, generator: torch.Generator) -> Tensor:
    """Sensor noise, stronger in the dark as coded values are, partly coloured and soft-grained."""
    sigma = min(0.01 * float(rng.chisquare(1)) ** 0.5 * 1.5, 0.06)
    noise = torch.randn(picture.shape, generator=generator, device=picture.device)
    if rng.random() < 0.5:  # noqa: PLR2004 - a camera's own denoiser leaves soft grain
        noise = torch.nn.functional.avg_pool2d(noise[None], 3, 1, 1)[0] * 2
    grey = noise[:1]
    mixed = grey + (noise - grey) * float(rng.uniform(0, 1))
    return (picture + sigma * mixed * (1.2 - picture)).clamp(0, 1)


def record(picture: Tensor, rng: np.random.Generator) -> Tensor:
    """Noise, compression and eight bits, each but the last by chance: what a file then holds."""
    generator = torch.Generator().manual_seed(int(rng.integers(2**62)))
    if rng.random() < 0.8:  # noqa: PLR2004 - some cameras smooth all noise away
        picture = add_noise(picture, rng, generator)
    if rng.random() < 0.7:  # noqa: PLR2004 - most recordings are compressed hard
        picture = block_compress(picture, float(rng.uniform(25, 95)))
    return torch.round(picture * 255) / 255
