"""How much haze there is where a network can't see it.

Haze is wide: the light of all lamps, spread by the dirt on the glass. A network finds most of it
where the picture is dark, for there it is nearly all of the light; before a lit wall or on a bright
road it finds half as much, or a third. So what it finds in dark places says how much there is in
the bright ones between them: their geometric mean, as a lamp's own glow says little of what lies
beside it, and no more than all of the light in the darkest place nearby (the dark channel: He, Sun
and Tang, *Single Image Haze Removal Using Dark Channel Prior*, 2009).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import cv2
import numpy as np

from dashcam_pipeline.stages.ramp import ramp

if TYPE_CHECKING:
    import numpy.typing as npt

    Light = npt.NDArray[np.floating[Any]]

SURE: Final = (0.5, 0.85)
"""Share of a place's light that is claimed as haze, between which the claim is to be trusted."""

FAR: Final = 0.25
"""How far the trusted haze is smoothed, in frame heights."""

NEARBY: Final = 0.3
"""Diameter, in frame heights, of what is near."""

MOST: Final = 2.0
"""Times what was found in a place that it may become."""

NEAR: Final = (1.2, 2.0)
"""Haze of a place, in that of its wider surroundings, between which it is a lamp's glow."""

GLOW: Final = 1.14
"""Of such glow there is so much more than a network finds."""

_SIZE: Final = 8
"""Haze is looked for at so much smaller a size."""

_LITTLE: Final = 1e-3
"""Weight of what isn't trusted: enough where nothing is."""


def filled_haze(haze: Light, linear: Light, dirt: float) -> Light:
    """A veil as it is likely to be.

    Args:
        haze: (3, h, w) linear light, what a network found, without what is thin in it.
        linear: (3, h, w) linear light of the picture.
        dirt: of the glass, 0 to 1; by it the answer counts.

    Returns:
        (3, h, w) float32, of the same colour at each place, nowhere less than ``haze``.
    """
    height, width = haze.shape[1:]
    small = max(width // _SIZE, 1), max(height // _SIZE, 1)
    found, there = (
        np.asarray(sum(cv2.resize(colour, small, interpolation=cv2.INTER_AREA) for colour in layer))
        for layer in (haze, linear)
    )
    trust = np.square(ramp(found / (there + 1e-6), *SURE)) + np.float32(_LITTLE)
    total, weight = (
        np.asarray(cv2.GaussianBlur(part, (0, 0), FAR * small[1]))
        for part in (trust * np.log(found + 1e-5), trust)
    )
    likely = np.minimum(np.exp(total / weight), _darkest(there))
    likely = np.asarray(cv2.resize(likely, (width, height)))
    claimed = haze.sum(axis=0) + np.float32(1e-6)
    sure = np.square(ramp(claimed / linear.sum(axis=0).clip(1e-6), *SURE))
    times = np.maximum(
        1 + (GLOW - 1) * ramp(claimed / (likely + 1e-6), *NEAR),
        sure + (1 - sure) * np.minimum(likely / claimed, MOST),
    )
    return np.asarray((1 + dirt * (times - 1)) * haze, np.float32)


def _darkest(light: Light) -> Light:
    """The least light (h, w) of what is near, smoothed; (h, w)."""
    side = max(int(NEARBY * len(light)) // 2 * 2 + 1, 3)
    near = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (side, side))
    least = cv2.erode(light, near, borderType=cv2.BORDER_REPLICATE)
    return np.asarray(cv2.GaussianBlur(least, (0, 0), side / 3))
