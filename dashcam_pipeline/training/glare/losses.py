"""What the glare network is to be good at."""

from __future__ import annotations

from dataclasses import dataclass

import torch
import torch.nn.functional as nnf
from torch import Tensor

GLARE_WEIGHT = 4.0
"""Extra weight where glare is, next to 1 elsewhere."""


def _coded(linear: Tensor) -> Tensor:
    """Square law with a floor that keeps the gradient of the root finite."""
    return linear.clamp(min=1e-5).sqrt()


def _gradients(picture: Tensor) -> tuple[Tensor, Tensor]:
    return picture[..., :, 1:] - picture[..., :, :-1], picture[..., 1:, :] - picture[..., :-1, :]


@dataclass(frozen=True, slots=True)
class GlareTargets:
    """A batch of samples; (N, 3, H, W), ``lamps`` (N, 1, H, W)."""

    picture: Tensor
    glare: Tensor
    structured: Tensor
    veil: Tensor
    lamps: Tensor


def glare_loss(maps: Tensor, t: GlareTargets) -> dict[str, Tensor]:
    """Loss terms; their sum is the loss.

    The layers are taken from the picture without noise, so that noise neither hides an error nor
    has to be learnt.

    Args:
        maps: (N, 7, H, W) float32 as ``nets`` describes them.
        t: what should have come out.
    """
    s, v, mask = maps[:, 0:3], maps[:, 3:6], maps[:, 6:7]
    s_true, v_true = _coded(t.structured), _coded(t.veil)
    light = t.glare.square()
    layer = t.structured + t.veil
    presence = nnf.avg_pool2d(_coded(layer).amax(1, keepdim=True), 9, 1, 4)
    weight = (1 + GLARE_WEIGHT * (presence / 0.25).clamp(max=1)) * (1 - 0.7 * t.lamps)
    weight = weight / weight.mean()

    first, first_true = _coded(light - s.square()), _coded(light - t.structured)
    both, both_true = _coded(light - s.square() - v.square()), _coded(light - layer)
    terms = {
        "structured": ((first - first_true).abs() * weight).mean(),
        "clean": ((both - both_true).abs() * weight).mean(),
        "layers": ((s - s_true).abs() * weight).mean() * 0.5
        + ((v - v_true).abs() * weight).mean() * 0.25,
        "lamps": nnf.binary_cross_entropy(mask.clamp(1e-4, 1 - 1e-4), t.lamps) * 0.1,
    }
    edges = torch.zeros((), device=maps.device)
    ours, true = first, first_true
    for _ in range(3):
        for a, b in zip(_gradients(ours), _gradients(true), strict=True):
            edges = edges + (a - b).abs().mean()
        ours, true = nnf.avg_pool2d(ours, 2), nnf.avg_pool2d(true, 2)
    terms["edges"] = edges * 0.15
    return terms
