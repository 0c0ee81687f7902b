"""Lit traffic signals and tail lamps: found in a picture, compared with its cleaned self.

A lit lamp saturates the sensor, so its core is white and only its rim tells its colour. A signal is
found as

* lit, coloured pixels: the strongest channel above a level, the saturation (HSV) above what its
  hue needs: red and amber 0.5, green 0.22, as green signals nearly reach white;
* closed over the white core, one blob: compact, no larger than a quarter of the frame's height;
* on dark ground: the median luma between one and two radii away is at most 0.6.

It is searched at two levels, so that signals whose bloom runs together are told apart. Sodium lamps
have the colour of amber signals and count as such: they are to keep their colour as well. Found by
eye on windscreen nights: nearly all signals ahead, about half of the tail lamps, and now and then
a lit sign or its reflection on a wet road.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Literal

import cv2
import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterator

    import numpy.typing as npt

    RGB = npt.NDArray[np.uint8]
    Mask = npt.NDArray[np.bool_]
    Map = npt.NDArray[np.floating[Any]]
    Color = Literal["red", "amber", "green"]

LEVELS: Final = (0.75, 0.9)
"""Strongest channel from which a pixel is lit."""

HUES: Final = ((335.0, 44.0, 0.5), (90.0, 203.0, 0.22))
"""First and last hue in degrees of red to amber and of green, and the saturation each needs."""

CLOSE: Final = 0.03
"""Diameter of the disc that closes a rim over its white core, in frame heights."""

SMALLEST: Final = 10
"""Pixels of the smallest blob."""

LARGEST: Final = 0.25
"""Longest side of a blob, in frame heights: a near signal with its bloom."""

LONGEST: Final = 2.5
"""Longest over shortest side of a blob."""

FILLED: Final = 0.35
"""Least share of its bounding box that a blob fills."""

COLORED: Final = 0.2
"""Least share of a blob that is coloured."""

PEAK: Final = 0.85
"""Strongest channel that a blob reaches somewhere."""

DARK: Final = 0.6
"""Most luma around a blob."""

CORE: Final = 75
"""Percentile of a blob's luma from which a pixel is its core."""

_AMBER: Final = 30.0
_GREEN: Final = 60.0
_RED: Final = 250.0


@dataclass(frozen=True, slots=True)
class Signal:
    """A lit lamp of a colour.

    Args:
        color: what it is called.
        x, y, width, height: its box, pixels.
        rim: its coloured pixels, (height, width).
        core: its brightest pixels, (height, width).
    """

    color: Color
    x: int
    y: int
    width: int
    height: int
    rim: Mask
    core: Mask

    def cut(self, picture: RGB) -> RGB:
        """Its box out of a picture (H, W, 3)."""
        return picture[self.y : self.y + self.height, self.x : self.x + self.width]


@dataclass(frozen=True, slots=True)
class SignalChange:
    """What became of a signal.

    Args:
        color: of the signal.
        x, y: middle of the signal, pixels.
        hue: change of the hue of the rim's mean colour, degrees, 0 to 180.
        luma: change of the core's mean luma, relative.
    """

    color: Color
    x: int
    y: int
    hue: float
    luma: float

    @classmethod
    def of(cls, signal: Signal, before: RGB, after: RGB) -> SignalChange:
        """Compare a signal before and after, both (H, W, 3) uint8."""
        old, new = signal.cut(before), signal.cut(after)
        turn = _hue(new[signal.rim].mean(axis=0)) - _hue(old[signal.rim].mean(axis=0))
        was, now = (float(_luma(p)[signal.core].mean()) for p in (old, new))
        return cls(
            signal.color,
            signal.x + signal.width // 2,
            signal.y + signal.height // 2,
            abs((turn + 180) % 360 - 180),
            now / was - 1,
        )


def find_signals(picture: RGB) -> list[Signal]:
    """Lit red, amber and green lamps of a picture.

    Args:
        picture: (H, W, 3) uint8 R'G'B'.
    """
    smooth = np.asarray(cv2.GaussianBlur(picture, (0, 0), 0.8), np.float32) / 255
    hsv = np.asarray(cv2.cvtColor(smooth, cv2.COLOR_RGB2HSV), np.float32)
    luma = _luma(smooth)
    found: list[Signal] = []
    taken = np.zeros(luma.shape, bool)
    # The tighter level first: what it tells apart, the wider one may not join again.
    for level in reversed(LEVELS):
        for signal in _at_level(smooth, hsv, luma, level):
            box = (
                slice(signal.y, signal.y + signal.height),
                slice(signal.x, signal.x + signal.width),
            )
            if not taken[box].any():
                found.append(signal)
                taken[box] = True
    return found


def _at_level(smooth: Map, hsv: Map, luma: Map, level: float) -> Iterator[Signal]:
    hue, saturation, value = (hsv[..., i] for i in range(3))
    lit = value > level
    side = max(round(CLOSE * luma.shape[0]) // 2 * 2 + 1, 3)
    disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (side, side))
    for first, last, least in HUES:
        colored = lit & (saturation > least) & ((hue - first) % 360 < (last - first) % 360)
        if not colored.any():
            continue
        closed = cv2.morphologyEx(colored.astype(np.uint8), cv2.MORPH_CLOSE, disc)
        closed = np.asarray(closed, np.uint8) * lit
        count, labels, stats, _ = cv2.connectedComponentsWithStats(closed, connectivity=8)
        for label in range(1, count):
            x, y, w, h, area = (int(v) for v in stats[label])
            long, short = max(w, h), min(w, h)
            if (
                area < SMALLEST
                or long > LARGEST * luma.shape[0]
                or long > LONGEST * short
                or area < FILLED * w * h
            ):
                continue
            box = (slice(y, y + h), slice(x, x + w))
            blob = labels[box] == label
            rim = blob & colored[box]
            if rim.sum() < COLORED * area or float(value[box][blob].max()) < PEAK:
                continue
            if _ground(luma, np.asarray(labels), label, (x, y, w, h, area)) > DARK:
                continue
            core = blob & (luma[box] >= np.percentile(luma[box][blob], CORE))
            yield Signal(_name(_hue(smooth[box][rim].mean(axis=0))), x, y, w, h, rim, core)


def _ground(
    luma: Map, labels: npt.NDArray[Any], label: int, box: tuple[int, int, int, int, int]
) -> float:
    """Median luma between one and two radii round a blob."""
    x, y, w, h, area = box
    radius = max(float(np.sqrt(area / np.pi)), 1.5)
    reach = int(2 * radius) + 3
    window = (
        slice(max(y - reach, 0), y + h + reach),
        slice(max(x - reach, 0), x + w + reach),
    )
    outside = (labels[window] != label).astype(np.uint8)
    away = cv2.distanceTransform(outside, cv2.DIST_L2, 5)
    ring = (away > radius) & (away <= 2 * radius + 2)
    return float(np.median(luma[window][ring])) if ring.any() else 1.0


def _name(hue: float) -> Color:
    if hue < _AMBER or hue > _RED:
        return "red"
    return "amber" if hue < _GREEN else "green"


def _hue(color: npt.NDArray[np.floating[Any]]) -> float:
    """Hue in degrees of one colour (3,)."""
    pixel = color.astype(np.float32).reshape(1, 1, 3)
    return float(cv2.cvtColor(pixel / max(float(pixel.max()), 1e-6), cv2.COLOR_RGB2HSV)[0, 0, 0])


def _luma(picture: npt.NDArray[Any]) -> Map:
    """Luma of a picture (H, W, 3), (H, W) float32 in its own units."""
    return np.asarray(cv2.cvtColor(picture.astype(np.float32), cv2.COLOR_RGB2GRAY))
