"""Generators: a picture in, the same scene at another time of day out.

All take code values (N, 3, H, W) in [0, 1] with sides that are multiples of 32 and return the
same shape. In training the answer may leave [0, 1] a little (a hard clip has no gradient); in
evaluation it is clipped.

``grid``     an EfficientNet-lite0 U-Net that predicts an affine colour map (3x4) for every second
             pixel; the maps are enlarged and applied to the picture, so edges stay where they are
             (after Gharbi et al. 2017, "Deep bilateral learning", with a bilinear slice).
``unet``     the same trunk, which paints the answer's colours itself.
``resnet9``  the paper's generator for 256x256 (Zhu et al. 2017, arXiv 1703.10593, section 7.2):
             c7s1-64, d128, d256, nine residual blocks, u128, u64, c7s1-3.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch
import torch.nn.functional as nnf
from torch import Tensor, nn
from torch.nn.utils.fusion import fuse_conv_bn_weights

from dashcam_pipeline.training.common.export import fix_padding
from dashcam_pipeline.training.glare.nets import LITE0, load_pretrained

if TYPE_CHECKING:
    from dashcam_pipeline.training.night_day.config import GeneratorKind

LEAK = 0.1
"""Slope outside [0, 1] while training."""

DARKEST = 1e-3
"""Code value below which a lifted picture goes on with slope 1: the root's has no bound."""


def limit(picture: Tensor, *, leak: float) -> Tensor:
    """Clip to [0, 1] with a slope left outside; any shape."""
    inside = picture.clamp(0, 1)
    return inside + leak * (picture - inside) if leak else inside


def lifted(picture: Tensor, power: float) -> Tensor:
    """Brighten the dark so that a network for daylight pictures sees it; the same for power 1.

    Args:
        picture: code values, (N, 3, H, W) in [0, 1].
        power: that they are raised to.
    """
    if power == 1:
        return picture
    bright = picture.clamp(min=DARKEST)
    return bright.pow(power) + (picture - bright)


class Lite0(nn.Module):
    """EfficientNet-lite0 up to its last stage, batch norm folded into the convolutions.

    Depthwise kernels and the statistics keep what ImageNet taught them: a few hundred pictures
    can't teach better ones, and their gradients cost most of a step on a CPU.

    Args:
        pretrained: fill it with ImageNet's weights.
        frozen: no weight learns.
    """

    def __init__(self, *, pretrained: bool = True, frozen: bool = False) -> None:
        super().__init__()
        import segmentation_models_pytorch as smp  # noqa: PLC0415 - slow to import

        self.encoder: Any = smp.encoders.get_encoder(LITE0, weights=None, in_channels=3, depth=5)
        if pretrained:
            load_pretrained(self.encoder, LITE0)
        fold_batch_norm(self.encoder.eval())
        fix_padding(self.encoder)
        self.channels: tuple[int, ...] = tuple(self.encoder.out_channels[1:])
        for module in self.encoder.modules():
            if isinstance(module, nn.Conv2d):
                module.requires_grad_(not frozen and module.groups == 1)

    def forward(self, picture: Tensor) -> list[Tensor]:
        """Features (N, C, h, w) at 1/2 to 1/32 of a picture, (N, 3, H, W) in [0, 1]."""
        return list(self.encoder(picture * 2 - 1))[1:]


def fold_batch_norm(module: nn.Module) -> None:
    """Put each batch norm's running statistics into the convolution before it, in place.

    Only for modules whose children run in their order, as EfficientNet's blocks do; a batch norm
    leaves its activation behind.
    """
    before: nn.Conv2d | None = None
    for name, child in module.named_children():
        if isinstance(child, nn.Conv2d):
            before = child
        elif isinstance(child, nn.BatchNorm2d) and before is not None:
            mean: Any = child.running_mean
            variance: Any = child.running_var
            fused = fuse_conv_bn_weights(
                before.weight, before.bias, mean, variance, child.eps, child.weight, child.bias
            )
            before.weight, before.bias = fused
            setattr(module, name, getattr(child, "act", nn.Identity()))
            before = None
        else:
            fold_batch_norm(child)


def _conv(inside: int, outside: int) -> nn.Sequential:
    return nn.Sequential(nn.Conv2d(inside, outside, 3, padding=1), nn.LeakyReLU(0.1))


def _enlarge(x: Tensor) -> Tensor:
    return nnf.interpolate(x, scale_factor=2.0, mode="bilinear", align_corners=False)


class Trunk(nn.Module):
    """A U-Net on ``Lite0``: 24 maps at half the picture's size.

    The mean of the deepest features is added everywhere: what is right for a pixel depends on the
    whole scene.
    """

    WIDTHS = (96, 64, 40, 24)

    def __init__(self, *, pretrained: bool) -> None:
        super().__init__()
        self.encoder = Lite0(pretrained=pretrained)
        two, four, eight, sixteen, deepest = self.encoder.channels
        w = self.WIDTHS
        self.scene = nn.Linear(deepest, w[0])
        self.inner = nn.Conv2d(deepest, w[0], 1)
        skips = (sixteen, eight, four, two)
        inputs = (w[0], *w[:-1])
        self.merges = nn.ModuleList(
            nn.Sequential(_conv(i + s, o), _conv(o, o))
            for i, s, o in zip(inputs, skips, w, strict=True)
        )

    def forward(self, picture: Tensor) -> Tensor:
        """(N, 3, H, W) to (N, 24, H/2, W/2)."""
        features = self.encoder(picture)
        scene = self.scene(features[-1].mean((2, 3)))
        x = self.inner(features[-1]) + scene[:, :, None, None]
        for merge, skip in zip(self.merges, reversed(features[:-1]), strict=True):
            x = merge(torch.cat([_enlarge(x), skip], 1))
        return x


def _begin_with_nothing(head: nn.Module) -> None:
    """The answer of a fresh network is the picture itself."""
    layer: Any = head
    nn.init.normal_(layer.weight, std=0.01)
    nn.init.zeros_(layer.bias)


class GridGenerator(nn.Module):
    """Local affine colour maps.

    Args:
        lift: power on what the trunk sees; 0.5 for nights, 1 for days.
        pretrained: ImageNet weights in the encoder.
    """

    STEEPEST = 6.0
    """Largest coefficient: a gain above it would show noise, not the scene."""

    def __init__(self, lift: float, *, pretrained: bool = True) -> None:
        super().__init__()
        self.lift = lift
        self.trunk = Trunk(pretrained=pretrained)
        self.head = nn.Conv2d(Trunk.WIDTHS[-1], 12, 1)
        _begin_with_nothing(self.head)
        self.register_buffer("identity", torch.eye(3, 4).reshape(1, 12, 1, 1), persistent=False)

    def coefficients(self, picture: Tensor) -> Tensor:
        """(N, 12, H/2, W/2): for each output channel three gains and an offset."""
        raw = self.head(self.trunk(lifted(picture, self.lift))).float()
        identity: Any = self.identity
        # Not tanh: a coefficient at its bound would have no gradient to leave it by.
        return identity + self.STEEPEST * nnf.softsign(raw / self.STEEPEST)

    def forward(self, picture: Tensor) -> Tensor:
        """Translate a picture, (N, 3, H, W) in [0, 1] both ways."""
        maps = _enlarge(self.coefficients(picture))
        rows = [
            (maps[:, 4 * c : 4 * c + 3] * picture).sum(1) + maps[:, 4 * c + 3] for c in range(3)
        ]
        return limit(torch.stack(rows, 1), leak=LEAK if self.training else 0)


class UnetGenerator(nn.Module):
    """Paints every pixel; arguments as for ``GridGenerator``."""

    def __init__(self, lift: float, *, pretrained: bool = True) -> None:
        super().__init__()
        self.lift = lift
        self.trunk = Trunk(pretrained=pretrained)
        self.head = nn.Sequential(_conv(Trunk.WIDTHS[-1] + 3, 16), nn.Conv2d(16, 3, 3, padding=1))
        _begin_with_nothing(self.head[1])

    def forward(self, picture: Tensor) -> Tensor:
        """Translate a picture, (N, 3, H, W) in [0, 1] both ways."""
        seen = lifted(picture, self.lift)
        change = self.head(torch.cat([_enlarge(self.trunk(seen)), seen], 1)).float()
        return limit(picture + change, leak=LEAK if self.training else 0)


class _Residual(nn.Module):
    """Two 3x3 convolutions with reflection padding, added to what came in."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.body = nn.Sequential(
            nn.Conv2d(width, width, 3, padding=1, padding_mode="reflect"),
            nn.InstanceNorm2d(width),
            nn.ReLU(),
            nn.Conv2d(width, width, 3, padding=1, padding_mode="reflect"),
            nn.InstanceNorm2d(width),
        )

    def forward(self, x: Tensor) -> Tensor:
        """X + body(x)."""
        return x + self.body(x)


class ResnetGenerator(nn.Module):
    """The paper's generator, weights drawn from N(0, 0.02); 11.4 million of them.

    About a hundred times the arithmetic of ``grid``: meant for a GPU.

    Args:
        width: maps of the first convolution; the paper has 64.
        blocks: residual blocks; the paper has 9 for 256x256 and above.
    """

    def __init__(self, width: int = 64, blocks: int = 9) -> None:
        super().__init__()
        w = width
        layers: list[nn.Module] = [
            nn.Conv2d(3, w, 7, padding=3, padding_mode="reflect"),
            nn.InstanceNorm2d(w),
            nn.ReLU(),
        ]
        for i in (w, 2 * w):
            layers += [
                nn.Conv2d(i, 2 * i, 3, stride=2, padding=1),
                nn.InstanceNorm2d(2 * i),
                nn.ReLU(),
            ]
        layers += [_Residual(4 * w) for _ in range(blocks)]
        for i in (4 * w, 2 * w):
            layers += [
                nn.ConvTranspose2d(i, i // 2, 3, stride=2, padding=1, output_padding=1),
                nn.InstanceNorm2d(i // 2),
                nn.ReLU(),
            ]
        layers += [nn.Conv2d(w, 3, 7, padding=3, padding_mode="reflect"), nn.Tanh()]
        self.net = nn.Sequential(*layers)
        paper_weights(self.net)

    def forward(self, picture: Tensor) -> Tensor:
        """Translate a picture, (N, 3, H, W) in [0, 1] both ways; the paper's [-1, 1] is inside."""
        return (self.net(picture * 2 - 1).float() + 1) / 2


def paper_weights(net: nn.Module) -> None:
    """Convolutions from N(0, 0.02), biases 0 (section 7.1 of the paper)."""
    for module in net.modules():
        if isinstance(module, nn.Conv2d | nn.ConvTranspose2d):
            nn.init.normal_(module.weight, std=0.02)
            if module.bias is not None:
                nn.init.zeros_(module.bias)


def make_generator(kind: GeneratorKind, *, lift: float, pretrained: bool = True) -> nn.Module:
    """A generator by its name."""
    if kind == "resnet9":
        return ResnetGenerator()
    light = {"grid": GridGenerator, "unet": UnetGenerator}[kind]
    return light(lift, pretrained=pretrained)
