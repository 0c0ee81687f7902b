"""What is wanted of a translation, beside the discriminators' judgement.

Pictures are (N, 3, H, W) float32 code values, about [0, 1].
"""

from __future__ import annotations

import torch
import torch.nn.functional as nnf
from torch import Tensor

from dashcam_pipeline.stages.daylight.lit import CLIPPED, KEPT

LIT = 0.45
"""Brightest channel from which a coloured pixel may be a lit signal."""

SATURATION = 0.4
"""(max - min) / max from which it may be one."""


CELLS = 12
"""Places along the shorter side: features are pooled until there are fewer than twice as many."""


def self_similarity(features: Tensor) -> Tensor:
    """Cosine similarity of each place with each other, (N, P, P).

    What of a scene stays when its colours change is which places are alike (Tumanyan et al. 2022,
    "Splicing ViT features", there with DINO's keys).

    Args:
        features: (N, C, H, W); pooled to keep P, and so the cost, bounded.
    """
    step = max(min(features.shape[2:]) // CELLS, 1)
    pooled = nnf.avg_pool2d(features.float(), step)
    flat = nnf.normalize(pooled.flatten(2) - pooled.mean((2, 3), keepdim=True).flatten(2), dim=1)
    return flat.transpose(1, 2) @ flat


def structure(source: list[Tensor], result: list[Tensor]) -> Tensor:
    """Mean absolute difference of the self-similarities at 1/8 and 1/16.

    Args:
        source, result: features of ``Lite0`` of both pictures.
    """
    differences = [
        (self_similarity(s) - self_similarity(r)).abs().mean()
        for s, r in zip(source[2:4], result[2:4], strict=True)
    ]
    return torch.stack(differences).mean()


def _gradients(picture: Tensor) -> Tensor:
    """Luma gradients of a smoothed picture, (N, 2, H-1, W-1)."""
    luma = nnf.avg_pool2d(picture.mean(1, keepdim=True), 3, 1, 1)
    x = luma[..., 1:, 1:] - luma[..., 1:, :-1]
    y = luma[..., 1:, 1:] - luma[..., :-1, 1:]
    return torch.cat([x, y], 1)


def lost_edges(source: Tensor, result: Tensor) -> Tensor:
    """How much of the source's clear edges the result doesn't show, whatever their sign.

    An edge may turn over (a dark tree before a darker sky), but must not vanish. Counted are edges
    above the noise; each should keep half of its strength in the result, at most 0.06 a pixel.

    Args:
        source: the picture, (N, 3, H, W) in [0, 1], lifted so that the dark counts as one sees it.
        result: its translation, the same shape.
    """
    before = _gradients(source).square().sum(1).add(1e-8).sqrt()
    after = _gradients(result).square().sum(1).add(1e-8).sqrt()
    clear = ((before - 0.03) / 0.05).clamp(0, 1)
    missing = ((0.5 * before).clamp(max=0.06) - after).clamp(min=0)
    return (missing * clear).sum() / (clear.sum() + 1e-3) * 10


def signal_mask(picture: Tensor) -> Tensor:
    """Where something red or green shines by itself, (N, 1, H, W) in [0, 1].

    Lit: bright and saturated. Red: hue within about 25 degrees of red; green: from 95 to 190
    degrees, as LED signals are bluish. Sodium lamps are neither.

    Args:
        picture: (N, 3, H, W) in [0, 1].
    """
    r, g, b = (picture[:, i : i + 1] for i in range(3))
    peak = picture.amax(1, keepdim=True)
    low = picture.amin(1, keepdim=True)
    lit = ((peak - LIT) / 0.1).clamp(0, 1)
    coloured = (((peak - low) / (peak + 1e-3) - SATURATION) / 0.1).clamp(0, 1)
    span = peak - low + 1e-3
    red = ((0.45 - (torch.maximum(g, b) - low) / span) / 0.1).clamp(0, 1) * (r >= peak)
    green = ((0.45 - (r - low) / span) / 0.1).clamp(0, 1) * (g >= peak - 0.02 * span)
    return lit * coloured * torch.maximum(red, green)


def signal_hue(source: Tensor, result: Tensor) -> Tensor:
    """1 - cosine between the colours (without their grey) of lit signals, plus lost colour.

    Args:
        source, result: a picture and its translation, (N, 3, H, W) in [0, 1].
    """
    mask = signal_mask(source)
    before = source - source.mean(1, keepdim=True)
    after = result - result.mean(1, keepdim=True)
    turned = 1 - nnf.cosine_similarity(before, after, dim=1, eps=1e-3)
    pale = (0.6 * before.norm(dim=1) - after.norm(dim=1)).clamp(min=0)
    weight = mask[:, 0]
    return ((turned + 2 * pale) * weight).sum() / (weight.sum() + 20)


def put_out(source: Tensor, result: Tensor) -> Tensor:
    """How far lights that saturate the source fall below ``KEPT`` of it: lamps stay lit.

    Args:
        source, result: a picture and its translation, (N, 3, H, W) in [0, 1].
    """
    peak = source.amax(1)
    missing = (KEPT * peak - result.amax(1)).clamp(min=0)
    low, high = CLIPPED
    saturated = ((peak - low) / (high - low)).clamp(0, 1)
    return (missing * saturated).sum() / (saturated.sum() + 20)


def multiscale_l1(ours: Tensor, wanted: Tensor) -> Tensor:
    """Absolute difference of (N, 3, H, W) at that size, a quarter and a sixteenth of it, halved."""
    total = (ours - wanted).abs().mean()
    for step in (4, 16):
        total = total + nnf.avg_pool2d(ours - wanted, step).abs().mean()
    return total / 2


def feature_l1(ours: list[Tensor], wanted: list[Tensor]) -> Tensor:
    """Mean absolute difference of features (N, C, h, w) at 1/4 to 1/16, each scaled to mean 1."""
    terms = [
        (a.float() - b.float()).abs().mean() / (b.float().abs().mean() + 1e-3)
        for a, b in zip(ours[1:4], wanted[1:4], strict=True)
    ]
    return torch.stack(terms).mean()
