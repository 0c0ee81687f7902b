"""Lit signals in a picture: small compact blobs of light, of which a rule says what they are.

::

    masks of what is lit -> compact_blobs (Shape) -> judge (colour, dark ground) -> Signal

Glare's and night to day's rules differ in what they see as lit and as a colour, as the first looks
for rims round clipped cores and the second for cores with coloured surroundings; masks, shape and
judge are theirs. Everything else is here.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Literal, TypeAlias

import cv2
import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    import numpy.typing as npt

    Mask = npt.NDArray[np.bool_]
    Map = npt.NDArray[np.floating[Any]]

Colour: TypeAlias = Literal["red", "amber", "green"]

Bounds: TypeAlias = tuple[int, int, int, int]
"""x, y, width, height in pixels."""

_ACCURATE: Final = 5
"""Size of the mask of OpenCV's distances; they err by up to 2%."""


@dataclass(frozen=True, slots=True)
class Shape:
    """What a lamp's blob may be like.

    Args:
        area: least and most, as shares of the picture's pixels.
        side: most of its longer side, pixels.
        longest: most of its longer by its shorter side; longer ones are streaks, signs, windows.
        filled: least share of its bounding box that it covers.
        diagonal: True if pixels that touch at a corner belong together.
    """

    area: tuple[float, float]
    side: float
    longest: float
    filled: float
    diagonal: bool

    def allows(self, share: float, area: int, width: int, height: int) -> bool:
        """Whether a blob is one of a lamp.

        Args:
            share: of the picture's pixels that it has.
            area: the same in pixels.
            width, height: of its bounding box, pixels.
        """
        long, short = max(width, height), min(width, height)
        least, most = self.area
        return (
            least <= share <= most
            and long <= self.side
            and long <= self.longest * short
            and area >= self.filled * width * height
        )


@dataclass(frozen=True, slots=True)
class Blob:
    """A blob of a mask.

    Args:
        box: that bounds it.
        area: pixels.
        labels: (H, W) int32, the blobs of the whole picture.
        label: its own.
    """

    box: Bounds
    area: int
    labels: npt.NDArray[np.int32]
    label: int

    def view(self, margin: int = 0) -> tuple[slice, slice]:
        """Rows and columns of its box and so many pixels round it, cut at the picture's edges."""
        x, y, width, height = self.box
        return (
            slice(max(y - margin, 0), y + height + margin),
            slice(max(x - margin, 0), x + width + margin),
        )

    def inside(self, view: tuple[slice, slice]) -> Mask:
        """Its own pixels in a part of the picture, (h, w)."""
        return np.asarray(self.labels[view] == self.label)

    def away(self, view: tuple[slice, slice]) -> Map:
        """Distance from it in pixels in a part of the picture, (h, w) float32; 0 inside it."""
        outside = (~self.inside(view)).astype(np.uint8)
        return np.asarray(cv2.distanceTransform(outside, cv2.DIST_L2, _ACCURATE), np.float32)


@dataclass(frozen=True, slots=True)
class Signal:
    """A lit lamp of a colour.

    Args:
        colour: what it is called.
        box: where it is.
        rim: its coloured pixels, (height, width).
        core: its white or brightest pixels, (height, width).
    """

    colour: Colour
    box: Bounds
    rim: Mask
    core: Mask

    def cut(self, picture: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint8]:
        """Its box out of a picture (H, W, 3) uint8."""
        x, y, width, height = self.box
        return picture[y : y + height, x : x + width]


def compact_blobs(mask: npt.NDArray[np.uint8], shape: Shape) -> Iterator[Blob]:
    """Blobs of a mask (H, W) uint8, other than 0 where it is lit, that have a lamp's shape."""
    count, labels, stats, _ = cv2.connectedComponentsWithStats(
        mask, connectivity=8 if shape.diagonal else 4
    )
    for label in range(1, count):
        x, y, width, height, area = (int(v) for v in stats[label])
        if shape.allows(area / mask.size, area, width, height):
            yield Blob((x, y, width, height), area, np.asarray(labels, np.int32), label)


def find_signals(
    layers: Iterable[tuple[npt.NDArray[np.uint8], Callable[[Blob], Signal | None]]],
    shape: Shape,
    *,
    apart: bool,
) -> list[Signal]:
    """All signals of a picture, in the order of the layers.

    Args:
        layers: masks (H, W) uint8 of what may be lit, each with what says which signal a blob of
            it is, if any.
        shape: of their blobs.
        apart: leave out those whose boxes overlap one that was found before.
    """
    found: list[Signal] = []
    for mask, judge in layers:
        for blob in compact_blobs(mask, shape):
            signal = judge(blob)
            if signal and not (apart and any(_overlap(signal.box, s.box) for s in found)):
                found.append(signal)
    return found


def _overlap(first: Bounds, second: Bounds) -> bool:
    (ax, ay, aw, ah), (bx, by, bw, bh) = first, second
    return ax < bx + bw and bx < ax + aw and ay < by + bh and by < ay + ah
