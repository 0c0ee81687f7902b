"""What the glare network is to be good at: the picture that is left when its layers are gone.

The network answers with layers of light, and a stage takes them away; nobody ever sees the layers.
So nearly all of the loss is about pictures *rendered* with the answer, plainly and differentiably:

    out = sqrt(max(light - S - V, KEPT light))

in code values, as the eye and PSNR see them. A recomposition loss (clean + glare = input) would
always be zero: the layers are shares of the picture's own light, and what is left is the rest.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
import torch.nn.functional as nnf
from torch import Tensor

GLARE_WEIGHT = 4.0
"""Extra weight where glare is, next to 1 elsewhere."""

PRESENT = 0.25
"""Code value of glare from which a pixel has the whole extra weight; below, in proportion."""

KEPT = 0.02
"""Share of a pixel's light that a rendered picture keeps at least."""

HARMLESS = 0.03
"""Code value of glare below which a place counts as free of it, for what is taken in vain."""

SCALES = 4
"""Levels of the Laplacian pyramid: differences of up to 16 pixels are seen in it."""

WINDOW = 7
"""Side in pixels of the window of SSIM."""


@dataclass(frozen=True, slots=True)
class GlareTargets:
    """A batch of samples; (N, 3, H, W), ``lamps`` (N, 1, H, W)."""

    picture: Tensor
    glare: Tensor
    structured: Tensor
    veil: Tensor
    lamps: Tensor


@dataclass(frozen=True, slots=True)
class Weights:
    """What each term counts; 0 leaves it out.

    Args:
        clean: code values of the picture without both layers.
        structured: the same without the structured layer alone, so that the two are told apart.
        layers: code values of the layers themselves.
        pyramid: Laplacian pyramids of the picture without both layers.
        ssim: loss of structural similarity of the same.
        vain: light taken where no glare is.
        lamps: the mask.
    """

    clean: float = 1.0
    structured: float = 0.4
    layers: float = 0.15
    pyramid: float = 0.3
    ssim: float = 0.03
    vain: float = 2.0
    lamps: float = 0.1


def _coded(linear: Tensor) -> Tensor:
    """Square law with a floor that keeps the gradient of the root finite."""
    return linear.clamp(min=1e-5).sqrt()


def rendered(light: Tensor, *layers: Tensor) -> Tensor:
    """The picture without layers, (N, 3, H, W) code values; all arguments are linear light."""
    return _coded(torch.maximum(light - sum(layers), KEPT * light))


def glare_loss(maps: Tensor, t: GlareTargets, weights: Weights = Weights()) -> dict[str, Tensor]:
    """Loss terms; their sum is the loss.

    The layers are taken from the picture without noise, so that noise neither hides an error nor
    has to be learnt.

    Args:
        maps: (N, 7, H, W) float32 as ``nets`` describes them.
        t: what should have come out.
        weights: of the terms.
    """
    s, v, mask = maps[:, 0:3], maps[:, 3:6], maps[:, 6:7]
    light = t.glare.square()
    layer = t.structured + t.veil
    strength = _coded(layer).amax(1, keepdim=True)
    present = (nnf.avg_pool2d(strength, 9, 1, 4) / PRESENT).clamp(max=1)
    weight = (1 + GLARE_WEIGHT * present) * (1 - 0.7 * t.lamps)
    weight = weight / weight.mean()

    structured = s.square()
    first = rendered(light, structured) - rendered(light, t.structured)
    wanted = rendered(light, layer)
    both = rendered(light, structured, v.square())
    terms = {
        "clean": ((both - wanted).abs() * weight).mean() * weights.clean,
        "structured": (first.abs() * weight).mean() * weights.structured,
        "lamps": nnf.binary_cross_entropy(mask.clamp(1e-4, 1 - 1e-4), t.lamps) * weights.lamps,
    }
    if weights.layers:
        s_off, v_off = s - _coded(t.structured), v - _coded(t.veil)
        apart = (s_off.abs() + 0.5 * v_off.abs()) * weight
        terms["layers"] = apart.mean() * weights.layers
    if weights.pyramid:
        terms["pyramid"] = pyramid_loss(both - wanted) * weights.pyramid
    if weights.ssim:
        terms["ssim"] = (1 - ssim(both, wanted)) * weights.ssim
    if weights.vain:
        terms["vain"] = vain_loss(both, wanted, strength) * weights.vain
    return terms


def vain_loss(out: Tensor, wanted: Tensor, strength: Tensor) -> Tensor:
    """Mean darkening where there is next to no glare: a lane mark that fades, a road that darkens.

    Args:
        out, wanted: (N, 3, H, W) code values.
        strength: of the true glare, code values (N, 1, H, W).
    """
    free = (1 - strength / HARMLESS).clamp(min=0)
    return ((wanted - out).clamp(min=0) * free).mean()


def pyramid_loss(difference: Tensor) -> Tensor:
    """L1 of the Laplacian pyramid (Burt and Adelson, 1983) of a difference of pictures.

    The pyramid is linear, so that the difference of two pyramids is that of the difference. Levels
    are halved by averaging; each level counts alike, though it has a quarter of the pixels.

    Args:
        difference: (N, C, H, W).
    """
    total = torch.zeros((), device=difference.device)
    for _ in range(SCALES):
        if min(difference.shape[-2:]) < 2:  # noqa: PLR2004 - nothing to halve
            break
        small = nnf.avg_pool2d(difference, 2, ceil_mode=True)
        enlarged = nnf.interpolate(
            small, difference.shape[-2:], mode="bilinear", align_corners=False
        )
        total = total + (difference - enlarged).abs().mean()
        difference = small
    return total + difference.abs().mean()


def ssim(a: Tensor, b: Tensor) -> Tensor:
    """Mean structural similarity of the means over R, G and B (Wang et al., 2004), a flat window.

    Args:
        a, b: (N, 3, H, W) code values in [0, 1].
    """
    a, b = a.mean(1, keepdim=True), b.mean(1, keepdim=True)
    moments = torch.cat([a, b, a * a, b * b, a * b], dim=1)
    mean_a, mean_b, aa, bb, ab = nnf.avg_pool2d(moments, WINDOW, 1).unbind(1)
    var_a, var_b, cov = aa - mean_a * mean_a, bb - mean_b * mean_b, ab - mean_a * mean_b
    c1, c2 = 0.01**2, 0.03**2
    top = (2 * mean_a * mean_b + c1) * (2 * cov + c2)
    return (top / ((mean_a**2 + mean_b**2 + c1) * (var_a + var_b + c2))).mean()
