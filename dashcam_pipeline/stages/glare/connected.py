"""Which structured glare hangs together with a source of light.

A streak passes through its lamp; a lane mark, a verge or a lit post is as bright and as thin, and
passes through none. So what the network takes for structured glare counts as far as one can get
there from a source without leaving it: the morphological reconstruction by dilation (Vincent,
*Morphological grayscale reconstruction in image analysis*, 1993) of the layer from its values at
sources. A place is left with the least value on the best way to it, so that a lane mark in the
haze of a lamp keeps all that it rises above the haze.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import cv2
import numpy as np

from dashcam_pipeline.stages.glare import fused
from dashcam_pipeline.stages.shrink import halved

if TYPE_CHECKING:
    import numpy.typing as npt

    Light = npt.NDArray[np.floating[Any]]

MASKED = 0.3
"""Value of the network's lamp mask from which a place counts as a source."""

BRIGHT = 0.7
"""Code value of the brightest channel from which it does as well: the mask misses small and
coloured lamps. Lane marks on a dark road stay below it."""

REACH = 0.02
"""Diameter round a source that still belongs to it, in frame heights."""

SOME = 0.2
"""Share of a place at half the size from which a source in it counts: a lamp of one sample does."""

_BOX = np.ones((3, 3), np.uint8)
_LOOK = 8
"""Dilations between two looks at whether anything grew."""


def connected_share(picture: Light, structured: Light, lamps: Light) -> Light:
    """How much of structured glare is connected with a source.

    Sources that lie just outside the frame count where their light comes in: along the upper edge
    and the upper halves of both sides. Below lies the road.

    Args:
        picture: (3, h, w) code values in [0, 1].
        structured: (h, w) linear light, summed over the channels.
        lamps: (h, w), the network's lamp mask in [0, 1].

    Returns:
        (h, w) float32 in [0, 1].
    """
    height, width = structured.shape
    layer = np.asarray(halved(structured), np.float32)
    peak = cv2.GaussianBlur(picture.max(axis=0), (0, 0), 1)
    source = ((lamps > MASKED) | (peak > BRIGHT)).astype(np.float32)
    small = halved(source)
    side = int(REACH * height) | 1
    ball = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (side, side))
    near = cv2.dilate((small > SOME).astype(np.uint8), ball)
    marker = np.where(near > 0, layer, np.float32(0))
    half = layer.shape[0] // 2
    marker[0] = layer[0]
    marker[:half, 0], marker[:half, -1] = layer[:half, 0], layer[:half, -1]
    reached = reconstruct(layer, marker)
    # Enlarged before they are divided: the share of a thin streak isn't that of the dark beside it.
    wide, whole = (
        np.asarray(cv2.resize(values, (width, height)), np.float32) for values in (reached, layer)
    )
    return np.asarray(np.clip(wide / (whole + 1e-6), 0, 1), np.float32)


def reconstruct(layer: Light, marker: Light) -> Light:
    """Grow a marker under a layer until it grows no more.

    Args:
        layer, marker: (h, w) float32; the marker is nowhere above the layer.

    Returns:
        (h, w) float32: at each place the least value on the best way there from the marker.
    """
    if fused.library() is not None:
        return fused.reconstruct(layer, marker)
    last, reached = None, marker
    while last is None or not np.array_equal(last, reached):
        last = reached
        for _ in range(_LOOK):
            reached = np.asarray(cv2.min(cv2.dilate(reached, _BOX), layer), np.float32)
    return reached
