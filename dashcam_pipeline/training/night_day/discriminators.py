"""Discriminators: is this patch of the domain?

``PatchDiscriminator``    the paper's 70x70 PatchGAN: C64-C128-C256-C512, instance norm but in the
                          first layer, slope 0.2 (Zhu et al. 2017, section 7.2).
``FeatureDiscriminator``  for few pictures and little arithmetic: small heads on frozen ImageNet
                          features at four scales (after Sauer et al. 2021, "Projected GANs"), and
                          a small PatchGAN on the pixels for colour and grain.

Both answer with a list of score maps, 1 for real and 0 for made, to be used with least squares.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
import torch.nn.functional as nnf
from torch import Tensor, nn
from torch.nn.utils.parametrizations import spectral_norm

from dashcam_pipeline.training.night_day.generators import paper_weights

if TYPE_CHECKING:
    from collections.abc import Sequence


class PatchDiscriminator(nn.Module):
    """The paper's; ``width`` is 64 there."""

    def __init__(self, width: int = 64) -> None:
        super().__init__()
        w = width
        layers: list[nn.Module] = [nn.Conv2d(3, w, 4, stride=2, padding=1), nn.LeakyReLU(0.2)]
        for inside, outside, stride in ((w, 2 * w, 2), (2 * w, 4 * w, 2), (4 * w, 8 * w, 1)):
            layers += [
                nn.Conv2d(inside, outside, 4, stride=stride, padding=1),
                nn.InstanceNorm2d(outside),
                nn.LeakyReLU(0.2),
            ]
        layers += [nn.Conv2d(8 * w, 1, 4, padding=1)]
        self.net = nn.Sequential(*layers)
        paper_weights(self.net)

    def forward(self, picture: Tensor) -> list[Tensor]:
        """(N, 3, H, W) in [0, 1] to one map (N, 1, H/8 - 2, W/8 - 2)."""
        return [self.net(picture * 2 - 1).float()]


def _normed(inside: int, outside: int, kernel: int, stride: int = 1) -> nn.Module:
    return spectral_norm(nn.Conv2d(inside, outside, kernel, stride, padding=kernel // 2))


class FeatureDiscriminator(nn.Module):
    """Heads for features at 1/4, 1/8, 1/16 and 1/32, and for the pixels.

    Pictures come from several cameras, each with its look; a head has a score map for each
    *family* of pictures, and only that of the picture's own family counts: a night is to become a
    day of its own camera where there are any.

    Args:
        channels: of the features at 1/2 to 1/32.
        families: how many families of pictures there are.
    """

    WIDTH = 64

    def __init__(self, channels: Sequence[int], families: int) -> None:
        super().__init__()
        w = self.WIDTH
        self.heads = nn.ModuleList(
            nn.Sequential(
                _normed(c, w, 1),
                nn.LeakyReLU(0.2),
                _normed(w, w, 3),
                nn.LeakyReLU(0.2),
                _normed(w, families, 1),
            )
            for c in channels[1:]
        )
        self.pixels = nn.Sequential(
            _normed(3, 32, 3, 2),
            nn.LeakyReLU(0.2),
            _normed(32, 64, 3, 2),
            nn.LeakyReLU(0.2),
            _normed(64, 96, 3, 2),
            nn.LeakyReLU(0.2),
            _normed(96, families, 3),
        )

    def forward(self, picture: Tensor, features: list[Tensor], family: Tensor) -> list[Tensor]:
        """Score maps of each picture's own family.

        Args:
            picture: (N, 3, H, W) in [0, 1].
            features: of ``Lite0``.
            family: (N,) int64.
        """
        maps = [head(f) for head, f in zip(self.heads, features[1:], strict=True)]
        maps.append(self.pixels(nnf.avg_pool2d(picture, 2) * 2 - 1))
        index = family.view(-1, 1, 1, 1)
        return [m.float().gather(1, index.expand(-1, 1, *m.shape[2:])) for m in maps]


def least_squares(scores: list[Tensor], wanted: float) -> Tensor:
    """Mean over maps (N, C, h, w) of (score - wanted)^2 (Mao et al. 2017)."""
    return torch.stack([(s - wanted).square().mean() for s in scores]).mean()


class ImageBuffer:
    """Pictures made earlier, shown again by chance so that a discriminator doesn't forget.

    Section 4 of the paper, after Shrivastava et al. 2017: half of the time a picture comes out as
    it is; otherwise it takes the place of a stored one, which comes out.

    Args:
        size: how many pictures it keeps; the paper has 50.
    """

    def __init__(self, size: int = 50) -> None:
        self.size = size
        self.pictures: list[Tensor] = []
        self.families: list[int] = []

    def swap(
        self, pictures: Tensor, families: Tensor, generator: torch.Generator
    ) -> tuple[Tensor, Tensor]:
        """Give pictures, get as many, with their families.

        Args:
            pictures: (N, 3, H, W) in [0, 1].
            families: (N,) int.
            generator: draws which are stored and shown.
        """
        out, kinds = [], []
        for picture, family in zip(pictures.detach(), families.tolist(), strict=True):
            if len(self.pictures) < self.size:
                self.pictures.append(picture.half())
                self.families.append(family)
            elif torch.rand((), generator=generator) < 0.5:  # noqa: PLR2004 - a coin
                place = int(torch.randint(self.size, (), generator=generator))
                out.append(self.pictures[place].to(picture.dtype))
                kinds.append(self.families[place])
                self.pictures[place], self.families[place] = picture.half(), family
                continue
            out.append(picture)
            kinds.append(family)
        return torch.stack(out), torch.tensor(kinds, device=families.device)


def augment(picture: Tensor, generator: torch.Generator) -> Tensor:
    """Differentiable augmentation of what a discriminator sees (Zhao et al. 2020, DiffAugment).

    Flip, shift by up to an eighth, and a grey box of two fifths. Brightness, saturation and
    contrast vary by a little only: they are what a night and a day differ in, and a judge that is
    used to any lets skies go white and trees grey.
    """
    n, _, h, w = picture.shape

    def draw(*shape: int) -> Tensor:
        return torch.rand(shape, generator=generator, device=generator.device).to(picture.device)

    flip = draw(n, 1, 1, 1) < 0.5  # noqa: PLR2004 - a coin
    x = torch.where(flip, picture.flip(3), picture)
    x = x + (draw(n, 1, 1, 1) - 0.5) * 0.06
    grey = x.mean(1, keepdim=True)
    x = grey + (x - grey) * (0.9 + 0.2 * draw(n, 1, 1, 1))
    mean = x.mean((1, 2, 3), keepdim=True)
    x = mean + (x - mean) * (0.94 + 0.12 * draw(n, 1, 1, 1))
    dy, dx = (((draw(n) - 0.5) * side / 4).round().long() for side in (h, w))
    pad = max(h, w) // 8 + 1
    padded = nnf.pad(x, (pad, pad, pad, pad), mode="reflect")
    cut = [
        padded[i, :, pad + dy[i] : pad + dy[i] + h, pad + dx[i] : pad + dx[i] + w] for i in range(n)
    ]
    x = torch.stack(cut)
    rows = torch.arange(h, device=x.device).view(1, 1, h, 1)
    columns = torch.arange(w, device=x.device).view(1, 1, 1, w)
    cy, cx = (draw(n, 1, 1, 1) * side for side in (h, w))
    box = ((rows - cy).abs() < h / 5) & ((columns - cx).abs() < w / 5) & (draw(n, 1, 1, 1) < 0.3)  # noqa: PLR2004 - three in ten
    return torch.where(box, torch.full_like(x, 0.5), x)
