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
from typing import TYPE_CHECKING, Any, Final

import cv2
import numpy as np

from dashcam_pipeline.training.evaluation.common import signals
from dashcam_pipeline.training.evaluation.common.signals import Colour, Signal

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    import numpy.typing as npt

    RGB = npt.NDArray[np.uint8]
    Mask = npt.NDArray[np.bool_]
    Map = npt.NDArray[np.floating[Any]]

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
class SignalChange:
    """What became of a signal.

    Args:
        color: of the signal.
        x, y: middle of the signal, pixels.
        hue: change of the hue of the rim's mean colour, degrees, 0 to 180.
        luma: change of the core's mean luma, relative.
    """

    color: Colour
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
        x, y, width, height = signal.box
        return cls(
            signal.colour,
            x + width // 2,
            y + height // 2,
            abs((turn + 180) % 360 - 180),
            now / was - 1,
        )


def find_signals(picture: RGB) -> list[Signal]:
    """Lit red, amber and green lamps of a picture (H, W, 3) uint8 R'G'B'."""
    height, width = picture.shape[:2]
    shape = signals.Shape(
        area=(SMALLEST / (height * width), 1),
        side=LARGEST * height,
        longest=LONGEST,
        filled=FILLED,
        diagonal=True,
    )
    return signals.find_signals(_layers(picture), shape, apart=True)


def _layers(
    picture: RGB,
) -> Iterator[tuple[npt.NDArray[np.uint8], Callable[[signals.Blob], Signal | None]]]:
    """Rims of each level and hue, closed over their cores, (H, W) uint8, and who judges them."""
    smooth = np.asarray(cv2.GaussianBlur(picture, (0, 0), 0.8), np.float32) / 255
    hsv = np.asarray(cv2.cvtColor(smooth, cv2.COLOR_RGB2HSV), np.float32)
    hue, saturation, value = (hsv[..., i] for i in range(3))
    luma = _luma(smooth)
    side = max(round(CLOSE * picture.shape[0]) // 2 * 2 + 1, 3)
    disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (side, side))
    # The tighter level first: what it tells apart, the wider one may not join again.
    for level in reversed(LEVELS):
        lit = value > level
        for first, last, least in HUES:
            colored = lit & (saturation > least) & ((hue - first) % 360 < (last - first) % 360)
            if not colored.any():
                continue
            closed = cv2.morphologyEx(colored.astype(np.uint8), cv2.MORPH_CLOSE, disc)
            yield np.asarray(closed, np.uint8) * lit, _Judge(smooth, value, luma, colored)


@dataclass(frozen=True, slots=True)
class _Judge:
    """What a blob of a layer is.

    Args:
        smooth: the picture, (H, W, 3) float32 in [0, 1].
        value, luma: its strongest channel and its luma, (H, W) float32 in [0, 1].
        colored: what is lit in the layer's hue, (H, W).
    """

    smooth: Map
    value: Map
    luma: Map
    colored: Mask

    def __call__(self, blob: signals.Blob) -> Signal | None:
        view = blob.view()
        inside = blob.inside(view)
        rim = inside & self.colored[view]
        if rim.sum() < COLORED * blob.area or float(self.value[view][inside].max()) < PEAK:
            return None
        if self._ground(blob) > DARK:
            return None
        luma = self.luma[view]
        core = inside & (luma >= np.percentile(luma[inside], CORE))
        return Signal(_name(_hue(self.smooth[view][rim].mean(axis=0))), blob.box, rim, core)

    def _ground(self, blob: signals.Blob) -> float:
        """Median luma between one and two radii round a blob."""
        radius = max(float(np.sqrt(blob.area / np.pi)), 1.5)
        view = blob.view(int(2 * radius) + 3)
        away = blob.away(view)
        ring = (away > radius) & (away <= 2 * radius + 2)
        return float(np.median(self.luma[view][ring])) if ring.any() else 1.0


def _name(hue: float) -> Colour:
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
