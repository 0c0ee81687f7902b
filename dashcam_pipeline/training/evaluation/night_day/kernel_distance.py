"""``kd-lite0``: how far a set of pictures is from another, by kernels on deep features.

The squared maximum mean discrepancy with the polynomial kernel k(x, y) = (x.y / d + 1)^3, unbiased
(Gretton et al., JMLR 2012, lemma 6), as the kernel inception distance has it (Binkowski et al.,
ICLR 2018), but on crops and on EfficientNet-lite0's features. It is neither KID nor FID: compare it
only with itself.

Crops of one picture resemble each other, so pictures are the unit: the terms within a set take
pairs of crops of *different* pictures only, and the bootstrap draws whole pictures.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from dashcam_pipeline.errors import InputError
from dashcam_pipeline.training.evaluation.night_day.pictures import crops, to_short_side

if TYPE_CHECKING:
    from collections.abc import Iterable

    import numpy.typing as npt

    from dashcam_pipeline.training.evaluation.night_day.features import Lite0

    RGB = npt.NDArray[np.uint8]
    Floats = npt.NDArray[np.floating[Any]]

SHORT_SIDE: Final = 288
"""Pixels to which pictures are shrunk first, so that cameras of any resolution compare."""

CROP: Final = 224
"""Side of a crop: what the network was trained on."""

GRID: Final = (2, 4)
"""Rows and columns of crops in each picture."""

DRAWS: Final = 2000
"""Bootstrap replicates."""

LEVEL: Final = (2.5, 97.5)
"""Percentiles of the interval."""

FEWEST: Final = 4
"""Pictures without which a distance and its interval mean nothing."""


@dataclass(frozen=True, slots=True)
class Distance:
    """A kernel distance with its 95% interval, times 1000 as KID is usually printed."""

    value: float
    low: float
    high: float


def crop_features(net: Lite0, pictures: Iterable[RGB]) -> Floats:
    """Features of the crops of each picture (H, W, 3) uint8: (pictures, crops, 1280) float64."""
    return np.stack(
        [net.pooled(crops(to_short_side(p, SHORT_SIDE), CROP, GRID)) for p in pictures]
    ).astype(np.float64)


def kernel_means(x: Floats, y: Floats) -> Floats:
    """Mean kernel between the crops of each pair of pictures.

    Args:
        x: (n, crops, d).
        y: (m, crops, d).

    Returns:
        (n, m).
    """
    d = x.shape[-1]
    k = (x.reshape(-1, d) @ y.reshape(-1, d).T / d + 1) ** 3
    return k.reshape(x.shape[0], x.shape[1], y.shape[0], y.shape[1]).mean(axis=(1, 3))


def _within(k: Floats, weights: Floats) -> Floats:
    """Weighted mean of a square (n, n) over pairs of different pictures, for each row (b, n)."""
    own = np.square(weights) @ np.diag(k)
    pairs = np.square(weights.sum(axis=1)) - np.square(weights).sum(axis=1)
    return (((weights @ k) * weights).sum(axis=1) - own) / pairs


def _draws(rng: np.random.Generator, count: int) -> Floats:
    """How often each picture was drawn: all once first, then the replicates, (1 + DRAWS, n)."""
    drawn = rng.multinomial(count, np.full(count, 1 / count), size=DRAWS).astype(np.float64)
    drawn[(drawn > 0).sum(axis=1) < 2] = 1  # noqa: PLR2004 - one picture alone has no pair
    return np.concatenate([np.ones((1, count)), drawn])


def replicates(x: Floats, reference: Floats, *, seed: int = 0) -> Floats:
    """The distance of x from the reference, times 1000: as it is, then its bootstrap replicates.

    With one seed, rows of equally many pictures draw the same ones, so that they can be compared
    pair by pair.

    Args:
        x: (n, crops, d) features.
        reference: (m, crops, d) features.
        seed: of the draws.

    Raises:
        InputError: too few pictures.
    """
    if min(len(x), len(reference)) < FEWEST:
        raise InputError(
            f"{len(x)} and {len(reference)} pictures are too few for a distance",
            advice=f"Give folders of at least {FEWEST} pictures.",
        )
    rng = np.random.default_rng(seed)
    wx, wy = _draws(rng, len(x)), _draws(rng, len(reference))
    cross = ((wx @ kernel_means(x, reference)) * wy).sum(axis=1)
    cross /= wx.sum(axis=1) * wy.sum(axis=1)
    inside = _within(kernel_means(x, x), wx) + _within(kernel_means(reference, reference), wy)
    return 1000 * (inside - 2 * cross)


def interval(values: Floats) -> Distance:
    """The first value with the interval of the rest; (1 + DRAWS,), as ``replicates`` gives them."""
    low, high = np.percentile(values[1:], LEVEL)
    return Distance(float(values[0]), float(low), float(high))


def split_halves(reference: Floats) -> Distance:
    """A set against itself: what mere chance gives between two halves of it.

    The mean over random splits is zero by construction; the interval is what counts.

    Args:
        reference: (m, crops, d) features.

    Raises:
        InputError: too few pictures.
    """
    if len(reference) < 2 * FEWEST:
        raise InputError(
            f"{len(reference)} pictures are too few to be halved",
            advice=f"Give at least {2 * FEWEST}.",
        )
    rng = np.random.default_rng(0)
    k = kernel_means(reference, reference)
    half = len(reference) // 2
    values = []
    for _ in range(DRAWS):
        order = rng.permutation(len(reference))
        one, two = order[:half], order[half:]
        ones = [np.ones((1, len(part))) for part in (one, two)]
        inside = [
            _within(k[np.ix_(part, part)], weight)[0]
            for part, weight in zip((one, two), ones, strict=True)
        ]
        values.append(1000 * (sum(inside) - 2 * k[np.ix_(one, two)].mean()))
    return interval(np.array([np.mean(values), *values]))
