"""White light as a camera sees it: many wavelengths, weighed into red, green and blue.

Diffraction spreads every wavelength by itself. Three wavelengths give three separate copies of a
pattern; a whole spectrum gives the soft rainbows that a smeared glass shows.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy.typing as npt

    Array = npt.NDArray[np.floating[Any]]

COUNT = 64
"""Wavelengths over the visible range: so many that a hundred orders of a grating stay apart."""

FEW = 16
"""Of them where each costs a picture."""

GREEN = 0.54
"""Micrometres: the wavelength that sizes of patterns are given for."""

_CIE = (  # per channel: height, centre in nm, width below and above it in inverse nm
    (
        (1.056, 599.8, 0.0264, 0.0323),
        (0.362, 442.0, 0.0624, 0.0374),
        (-0.065, 501.1, 0.0490, 0.0382),
    ),
    ((0.821, 568.8, 0.0213, 0.0247), (0.286, 530.9, 0.0613, 0.0322)),
    ((1.217, 437.0, 0.0845, 0.0278), (0.681, 459.0, 0.0385, 0.0725)),
)  # fmt: skip
"""The CIE 1931 observer as lobes (Wyman, Sloan and Shirley, JCGT 2(2), 2013, table 1)."""

_TO_RGB = np.array(
    [[3.2406, -1.5372, -0.4986], [-0.9689, 1.8758, 0.0415], [0.0557, -0.2040, 1.0570]]
)
"""XYZ to linear RGB of BT.709 primaries (IEC 61966-2-1)."""


def _weights(wavelengths: Array) -> Array:
    """(3, n): what each wavelength of an even spectrum adds to R, G and B; rows sum to 1."""
    nm = wavelengths * 1000
    xyz = np.stack(
        [
            sum(
                a * np.exp(-0.5 * ((nm - m) * np.where(nm < m, low, high)) ** 2)
                for a, m, low, high in lobes
            )
            for lobes in _CIE
        ]
    )
    rgb = np.maximum(_TO_RGB @ xyz, 0)  # colours that no screen can show lose saturation
    return np.asarray(rgb / rgb.sum(axis=1, keepdims=True))


WAVELENGTHS = np.linspace(0.42, 0.68, COUNT)
"""Micrometres."""

WEIGHTS = _weights(WAVELENGTHS)
"""(3, COUNT)."""

FEW_WAVELENGTHS = WAVELENGTHS.reshape(FEW, -1).mean(axis=1)
"""Micrometres."""

FEW_WEIGHTS = WEIGHTS.reshape(3, FEW, -1).sum(axis=2)
"""(3, FEW)."""


def integrate(pattern: Callable[[float], Array]) -> Array:
    """A pattern in R, G and B.

    Args:
        pattern: of a factor of size (wavelength over ``GREEN``) gives an array of any shape.

    Returns:
        (3, *shape) float32.
    """
    bands = np.stack([pattern(float(w / GREEN)) for w in WAVELENGTHS])
    return np.asarray(np.tensordot(WEIGHTS, bands, 1), np.float32)


def rainbow(distance: Array, period: float, depth: float, phase: float) -> Array:
    """Orders of a grating along a line: 1 on average, brighter and darker with the distance.

    A grating sends each wavelength to distances in proportion to it (the grating equation for
    small angles), so that far from the source the orders turn into rainbows and fade to white.

    Args:
        distance: from the source, any shape, in any unit.
        period: between two orders in green, the same unit.
        depth: 0 to 1, how much darker it gets between them.
        phase: of the first one, radians.

    Returns:
        (3, *shape) float32.
    """
    axis = np.linspace(0, float(distance.max()), 2048)
    turns = 2 * math.pi * axis / period
    bands = integrate(lambda size: 1 + depth * np.cos(turns / size + phase))
    return np.stack([np.interp(distance, axis, band) for band in bands]).astype(np.float32)
