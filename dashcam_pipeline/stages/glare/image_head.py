"""Rendering a network that answers with a clean picture instead of layers of light.

Such a picture is never shown: it is small, and blurred or worse. What it lacks against what the
network saw is light that was taken away, and that is the layer which the stage subtracts from the
frame in full resolution, as it does with the layers of the other networks.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from dashcam_pipeline.inference.light import to_linear
from dashcam_pipeline.stages.glare.layer import GlareLayer

if TYPE_CHECKING:
    import numpy.typing as npt

    Light = npt.NDArray[np.floating[Any]]


def image_layer(picture: Light, answer: Light, strength: float, dead_zone: float) -> GlareLayer:
    """The light that a clean picture lacks, channel by channel.

    Args:
        picture: (3, h, w) code values in [0, 1], what the network saw.
        answer: (3, h, w) code values in [0, 1], its clean picture of the same size.
        strength: share of the light to take away, 0 to 1.
        dead_zone: code value; less light than its square is no glare.

    Returns:
        linear light >= 0; zero where the answer is as bright as the picture.
    """
    lacks = np.maximum(to_linear(picture) - to_linear(answer), 0)
    light = np.maximum(strength * lacks - dead_zone**2, 0)
    return GlareLayer.plain(np.asarray(light, np.float32))
