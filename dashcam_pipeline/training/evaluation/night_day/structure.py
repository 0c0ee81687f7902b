"""``structure-lite0``: whether the same things stand in the same places.

The self-similarity of a picture is the matrix of cosines between the features of all its places;
it knows layout but hardly colour or light. The distance of two pictures is the mean squared
difference of their matrices, as Splice (Tumanyan et al., CVPR 2022) takes it from DINO's keys; here
the features are EfficientNet-lite0's middle ones, so the numbers aren't those of the paper.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np

from dashcam_pipeline.training.evaluation.night_day.features import MIDDLE
from dashcam_pipeline.training.evaluation.night_day.pictures import to_short_side

if TYPE_CHECKING:
    import numpy.typing as npt

    from dashcam_pipeline.training.evaluation.night_day.features import Lite0

    RGB = npt.NDArray[np.uint8]
    Floats = npt.NDArray[np.floating[Any]]

SHORT_SIDE: Final = 288
"""Pixels to which pictures are shrunk first."""


def self_similarity(features: Floats) -> Floats:
    """Cosines between all places of a (C, h, w) map, (h*w, h*w) in [-1, 1]."""
    flat = features.reshape(features.shape[0], -1).T
    flat = flat / np.maximum(np.linalg.norm(flat, axis=1, keepdims=True), 1e-6)
    return flat @ flat.T


def picture_structure(net: Lite0, picture: RGB) -> Floats:
    """The self-similarity of a picture (H, W, 3) uint8, as ``self_similarity`` gives it."""
    return self_similarity(net.stages(to_short_side(picture, SHORT_SIDE))[MIDDLE])


def structure_distance(before: Floats, after: Floats) -> float:
    """Mean squared difference of two self-similarities of one shape, times 1000."""
    return float(1000 * np.mean(np.square(after - before)))
