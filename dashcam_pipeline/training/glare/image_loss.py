"""What a network that paints the clean picture is to be good at.

The same three things as with layers of light: right code values, above all where glare is, and
right edges. The clean picture is what remains of the recording in linear light, without noise.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
import torch.nn.functional as nnf

from dashcam_pipeline.training.glare.losses import GLARE_WEIGHT, GlareTargets

if TYPE_CHECKING:
    from torch import Tensor

FULL_WEIGHT_AT = 0.25
"""Code value of the glare from which a pixel counts in full; below, in proportion."""

SCALES = 3
"""Edges are compared at the full size, at half of it, and at a quarter."""


def clean_picture(t: GlareTargets) -> Tensor:
    """The recording without its glare, in code values (N, 3, H, W)."""
    return (t.glare.square() - t.structured - t.veil).clamp(min=0).sqrt()


def shrink(t: GlareTargets, size: tuple[int, int]) -> GlareTargets:
    """Targets at a smaller (height, width), by area in code values as the stage shrinks frames.

    Light and code values have different means, so the layers are what lies between the shrunk
    pictures with and without glare, parted in the proportion of the original.
    """
    picture, glare, clean, structured, veil, lamps = (
        nnf.adaptive_avg_pool2d(part, size)
        for part in (t.picture, t.glare, clean_picture(t), t.structured, t.veil, t.lamps)
    )
    layer = (glare.square() - clean.square()).clamp(min=0)
    share = structured / (structured + veil).clamp(min=1e-9)
    return GlareTargets(picture, glare, layer * share, layer * (1 - share), lamps)


def image_loss(picture: Tensor, t: GlareTargets) -> dict[str, Tensor]:
    """Loss terms; their sum is the loss.

    Args:
        picture: (N, 3, H, W) float32 code values in [0, 1], what the network painted.
        t: what should have come out.
    """
    wanted = clean_picture(t)
    glare = (t.structured + t.veil).sqrt().amax(1, keepdim=True)
    presence = nnf.avg_pool2d(glare, 9, 1, 4)
    weight = 1 + GLARE_WEIGHT * (presence / FULL_WEIGHT_AT).clamp(max=1)
    weight = weight / weight.mean()
    terms = {"clean": ((picture - wanted).abs() * weight).mean()}
    edges = torch.zeros((), device=picture.device)
    difference = picture - wanted
    for _ in range(SCALES):
        edges = edges + difference.diff(dim=-1).abs().mean() + difference.diff(dim=-2).abs().mean()
        difference = nnf.avg_pool2d(difference, 2)
    terms["edges"] = edges * 0.15
    return terms
