"""Lit signals: traffic lights and rear lamps, and whether they keep their hue.

A camera at night clips the middle of a lit signal: a red one is a white core, a yellow rim and a
red halo. So a signal is found as a small, compact, bright core, darker surroundings, and colour in
and close round the core that the surroundings lack. Its hue is the angle in the plane of
alpha = R - (G + B) / 2 and beta = sqrt(3) / 2 (G - B) (Hanbury and Serra, 2003) of the mean over
its coloured pixels.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from dashcam_pipeline.training.evaluation.common import signals
from dashcam_pipeline.training.evaluation.common.signals import Bounds, Colour, Signal

if TYPE_CHECKING:
    import numpy.typing as npt

    RGB = npt.NDArray[np.uint8]
    Floats = npt.NDArray[np.floating[Any]]

HUES: Final[dict[Colour, tuple[float, float]]] = {
    "red": (-45, 38),
    "amber": (38, 70),
    "green": (120, 200),
}
"""Degrees. Bloom turns red toward orange; green signals are blue-green; sodium lamps are amber."""

CORE: Final = 0.82
"""Brightest channel from which a pixel belongs to a core."""

SMALLEST: Final = 4e-5
"""Area of a core as a share of the picture; smaller ones are noise or too far away to tell."""

LARGEST: Final = 2.5e-2
"""Larger ones are walls and cars in coloured light."""

FILLED: Final = 0.55
"""Share of its own ellipse that a core covers."""

LONGEST: Final = 2.2
"""Longer side by shorter side of a core; longer ones are streaks, signs and windows."""

HALO: Final = 0.6
"""How far the coloured pixels reach round a core, in radii of it."""

ABOVE: Final = 0.28
"""How much brighter than the median of its surroundings, of 1."""

COLOURED: Final = 0.15
"""Chroma of a coloured pixel, of 1."""

SHARE: Final = 0.45
"""Share of core and halo that is coloured."""

PALE: Final = 0.2
"""Mean chroma of the coloured pixels, of 1; paler lamps are white ones."""

EXCESS: Final[dict[Colour, float]] = {"red": 0.2, "amber": 0.2, "green": 0.13}
"""Chroma that a signal has beyond its surroundings, of 1; bloom makes green ones the palest."""

FADED: Final = 0.25
"""Share of its colour that a signal must keep, or its hue is gone (counts as half a turn)."""


@dataclass(frozen=True, slots=True)
class SignalChange:
    """What became of a signal.

    Args:
        colour: before.
        box: x, y, width, height in pixels.
        degrees: change of hue, 0 to 180; also that of a white core which turned another colour.
        faded: True if less than ``FADED`` of its colour is left; ``degrees`` is 180 then.
    """

    colour: Colour
    box: Bounds
    degrees: float
    faded: bool


def chroma(pixels: npt.NDArray[np.uint8]) -> npt.NDArray[np.complex64]:
    """Chroma of (..., 3) code values, of shape (...): its angle is the hue, its size 0 to 1."""
    red, green, blue = (pixels[..., c].astype(np.float32) / 255 for c in range(3))
    return np.asarray(red - (green + blue) / 2 + 1j * np.sqrt(3) / 2 * (green - blue), np.complex64)


def find_signals(picture: RGB) -> list[Signal]:
    """All lit signals of a picture (H, W, 3) uint8; their cores are what clips."""
    top = picture.max(axis=2).astype(np.float32) / 255
    shape = signals.Shape(
        area=(SMALLEST, LARGEST),
        side=max(top.shape),
        longest=LONGEST,
        filled=FILLED * np.pi / 4,
        diagonal=False,
    )
    cores = (top > CORE).astype(np.uint8)
    return signals.find_signals([(cores, partial(_signal, picture, top))], shape, apart=False)


def _signal(picture: RGB, top: Floats, blob: signals.Blob) -> Signal | None:
    """A signal of a core, if its colour and its surroundings are those of one.

    Args:
        picture: (H, W, 3) uint8.
        top: its strongest channel, (H, W) float32 in [0, 1].
        blob: the core.
    """
    _, _, width, height = blob.box
    radius = max(1.0, np.sqrt(width * height) / 2)
    view = blob.view(int(np.ceil(3 * radius)))
    core, away = blob.inside(view), blob.away(view)
    near = away <= max(2.0, HALO * radius)
    far = away > max(3.0, 1.2 * radius)
    if not far.any() or top[view][core].mean() - np.median(top[view][far]) < ABOVE:
        return None
    colours = chroma(picture[view])
    mask = near & (abs(colours) > COLOURED)
    if not mask.any() or mask.sum() < SHARE * near.sum():
        return None
    mean = complex(colours[mask].mean())
    background = complex(np.median(colours[far].real), np.median(colours[far].imag))
    colour = colour_name(mean)
    if colour is None or abs(mean) < PALE or abs(mean - background) < EXCESS[colour]:
        return None
    columns, rows = mask.any(axis=0).nonzero()[0], mask.any(axis=1).nonzero()[0]
    tight = slice(rows[0], rows[-1] + 1), slice(columns[0], columns[-1] + 1)
    high, wide = mask[tight].shape
    place = (view[1].start + int(columns[0]), view[0].start + int(rows[0]), wide, high)
    return Signal(colour, place, mask[tight], (core & ~mask)[tight])


def colour_name(value: complex) -> Colour | None:
    """Which signal colour a chroma has, if any."""
    hue = float(np.degrees(np.angle(value)))
    for name, (low, high) in HUES.items():
        if low <= hue < high or low <= hue + 360 < high:
            return name
    return None


def signal_changes(found: list[Signal], before: RGB, after: RGB) -> list[SignalChange]:
    """What became of the signals of ``before`` in ``after``, both (H, W, 3) uint8 of one size."""
    changes = []
    for signal in found:
        was, now = (complex(chroma(signal.cut(p)[signal.rim]).mean()) for p in (before, after))
        faded = abs(now) < FADED * abs(was)
        turn = 180.0 if faded else abs(float(np.degrees(np.angle(now / was))))
        if signal.core.any():
            core = complex(chroma(signal.cut(after)[signal.core]).mean())
            if abs(core) > COLOURED:
                turn = max(turn, abs(float(np.degrees(np.angle(core / was)))))
        changes.append(SignalChange(signal.colour, signal.box, turn, faded))
    return changes
