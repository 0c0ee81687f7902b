"""A plain tone curve with white balance: what a good photograph editor does without a model.

A translation that can't beat it isn't worth its network. White balance scales the channels in
linear light until their means stand to each other as in the average day picture (the gray world
assumption, Buchsbaum 1980, with the day set's gray); the curve lays the picture's 1st and 99th
percentile onto the day set's, and bends logarithmically between them until the mean fits
(Drago et al., 2003, with a constant base); last, colourfulness is scaled to the day set's.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import cv2
import numpy as np

from dashcam_pipeline.inference.light import to_coded, to_linear
from dashcam_pipeline.training.evaluation.night_day.pictures import luma, to_short_side

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    import numpy.typing as npt

    RGB = npt.NDArray[np.uint8]
    Floats = npt.NDArray[np.floating[Any]]

ENDS: Final = (1.0, 99.0)
"""Percentiles of luma that are laid onto the day set's."""

GAINS: Final = (0.4, 2.5)
"""Bounds of a channel's white balance gain in linear light."""

STEEPEST: Final = 12.0
"""Slope of the curve at black; beyond, only noise is shown."""

LEAST: Final = 1e-3
"""Bend of a curve that is as good as straight."""

COLOUR: Final = (0.4, 1.6)
"""Bounds of the factor on colourfulness."""

_SHORT_SIDE: Final = 180
"""Statistics are taken at this size: they need no detail, and noise averages out."""

_WEIGHTS: Final = np.array([0.299, 0.587, 0.114])
"""Luma of R, G, B, as ``pictures.luma``."""


@dataclass(frozen=True, slots=True)
class Look:
    """What a set of pictures looks like on average.

    Args:
        balance: mean linear light of R, G and B, relative to their mean.
        low, mean, high: luma in [0, 1]: 1st percentile, mean, 99th percentile.
        colour: mean chroma (distance from gray) in [0, 1].
    """

    balance: tuple[float, float, float]
    low: float
    mean: float
    high: float
    colour: float

    @classmethod
    def of(cls, pictures: Iterable[RGB]) -> Look:
        """The average of pictures (H, W, 3) uint8."""
        rows = []
        for picture in pictures:
            small = to_short_side(picture, _SHORT_SIDE)
            gray = luma(small) / 255
            low, high = np.percentile(gray, ENDS)
            rows.append([*_balance(small), low, gray.mean(), high, _colour(small)])
        red, green, blue, low, mean, high, colour = (float(v) for v in np.mean(rows, axis=0))
        return cls((red, green, blue), low, mean, high, colour)


def _balance(picture: RGB) -> Floats:
    """Mean linear light of each channel, relative; clipped and black pixels left out."""
    flat = picture.reshape(-1, 3).astype(np.float64) / 255
    top = flat.max(axis=1)
    usable = (top < 0.95) & (top > 0.03)  # noqa: PLR2004 - the docstring
    means = np.asarray(to_linear(flat[usable] if usable.any() else flat)).mean(axis=0) + 1e-6
    return means / means.mean()


def _colour(picture: RGB) -> float:
    values = picture.astype(np.float32) / 255
    return float(np.linalg.norm(values - (values @ _WEIGHTS)[..., None], axis=2).mean())


@dataclass(frozen=True, slots=True)
class ToneCurve:
    """A fitted curve: a table for each channel, (256, 3) uint8, and a factor on colour."""

    table: RGB
    colour: float

    @classmethod
    def fit(cls, pictures: Sequence[RGB], day: Look) -> ToneCurve:
        """Fit one curve to pictures (one, or the frames of a clip), so that they look like day.

        Args:
            pictures: (H, W, 3) uint8.
            day: what to look like.
        """
        small = [to_short_side(p, _SHORT_SIDE) for p in pictures]
        gains = np.clip(np.array(day.balance) / _mean_balance(small), *GAINS)
        gains /= (gains * _WEIGHTS).sum()
        codes = np.arange(256)[:, None] / 255
        balanced = np.asarray(to_coded(np.asarray(to_linear(codes)) * gains))
        seen = np.concatenate([_apply(balanced, p).reshape(-1, 3) for p in small])
        low, high = np.percentile(seen @ _WEIGHTS, ENDS)
        span = max(float(high - low), 1 / 255)

        def curve(values: Floats, bend: float) -> Floats:
            place = np.maximum((values - low) / span, 0)
            return np.clip(
                day.low + (day.high - day.low) * np.log1p(bend * place) / np.log1p(bend), 0, 1
            )

        steepest = STEEPEST * span / (day.high - day.low)
        most = _solve(lambda b: b / float(np.log1p(b)) - steepest, 1e6)
        bend = _solve(lambda b: float((curve(seen, b) @ _WEIGHTS).mean()) - day.mean, most)
        table = np.rint(curve(balanced, bend) * 255).astype(np.uint8)
        colours = [_colour(np.asarray(cv2.LUT(p, table[:, None, :]), np.uint8)) for p in small]
        factor = float(np.clip(day.colour / max(float(np.mean(colours)), 1e-6), *COLOUR))
        return cls(table, factor)

    def apply(self, picture: RGB) -> RGB:
        """A picture (H, W, 3) uint8 through the curve."""
        values = cv2.LUT(picture, np.ascontiguousarray(self.table)[:, None, :])
        matrix = self.colour * np.eye(3) + (1 - self.colour) * np.tile(_WEIGHTS, (3, 1))
        return np.asarray(cv2.transform(values, matrix), np.uint8)


def _mean_balance(pictures: Sequence[RGB]) -> Floats:
    return np.mean([_balance(p) for p in pictures], axis=0)


def _apply(table: Floats, picture: RGB) -> Floats:
    return np.stack([table[picture[..., c], c] for c in range(3)], axis=-1)


def _solve(excess: Callable[[float], float], most: float) -> float:
    """Where ``excess`` (rising) vanishes between ``LEAST`` and ``most``, or the end next to it."""
    low, high = LEAST, max(most, LEAST)
    if excess(low) >= 0:
        return low
    if excess(high) <= 0:
        return high
    for _ in range(50):
        middle = float(np.sqrt(low * high))
        low, high = (middle, high) if excess(middle) < 0 else (low, middle)
    return high
