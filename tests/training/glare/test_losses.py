"""The loss sees the picture that is left, and what was taken in vain."""

from __future__ import annotations

import pytest
import torch

from dashcam_pipeline.training.glare.losses import (
    KEPT,
    GlareTargets,
    Weights,
    glare_loss,
    pyramid_loss,
    rendered,
    ssim,
    vain_loss,
)


def noise(*shape, seed=0):
    return torch.rand(*shape, generator=torch.Generator().manual_seed(seed))


def free(level=0.4):
    """Targets of an even picture without glare."""
    glare = torch.full((1, 3, 32, 32), level)
    nothing = torch.zeros_like(glare)
    return GlareTargets(glare, glare, nothing, nothing, torch.zeros(1, 1, 32, 32))


def maps(streaks, veil=0.0):
    """An even answer, code values."""
    answer = torch.zeros(1, 7, 32, 32)
    answer[:, 0:3], answer[:, 3:6] = streaks, veil
    return answer


def total(answer, targets, **weights):
    return float(sum(glare_loss(answer, targets, Weights(**weights)).values()))


def test_a_rendered_picture_keeps_some_light():
    light = torch.full((1, 3, 4, 4), 0.25)
    assert float(rendered(light, light * 0.36).mean()) == pytest.approx(0.4)
    assert float(rendered(light, light, light).mean()) == pytest.approx((KEPT * 0.25) ** 0.5)


def test_taking_in_vain_costs_more_than_leaving():
    clear = free(0.4)
    glared = GlareTargets(
        clear.picture, clear.glare, torch.full_like(clear.glare, 0.01), clear.veil, clear.lamps
    )
    taken = maps(0.1)  # as much light as the glare of the other picture
    vain, left = total(taken, clear), total(maps(0.0), glared)
    assert vain > 1.5 * left
    assert vain > total(taken, clear, vain=0.0)
    assert left == pytest.approx(total(maps(0.0), glared, vain=0.0))


def test_vain_is_what_gets_darker_where_no_glare_is():
    wanted = torch.full((1, 3, 8, 8), 0.5)
    nowhere = torch.zeros(1, 1, 8, 8)
    assert float(vain_loss(wanted - 0.1, wanted, nowhere)) == pytest.approx(0.1)
    assert float(vain_loss(wanted + 0.1, wanted, nowhere)) == 0
    assert float(vain_loss(wanted - 0.1, wanted, nowhere + 0.2)) == 0


def test_a_pyramid_sees_all_scales():
    even = torch.full((1, 3, 32, 32), 0.1)
    assert float(pyramid_loss(even)) == pytest.approx(0.1, abs=1e-6)
    fine = even * torch.tensor([1.0, -1.0]).repeat(16)
    coarse = even * torch.tensor([1.0] * 16 + [-1.0] * 16)
    assert float(pyramid_loss(fine)) == pytest.approx(0.1, abs=0.01)
    assert float(pyramid_loss(coarse)) > float(pyramid_loss(fine))
    assert float(pyramid_loss(noise(1, 3, 33, 47))) > 0, "odd sides are halved too"


def test_structure_that_is_gone_is_seen():
    picture = noise(1, 3, 32, 32)
    assert float(ssim(picture, picture)) == pytest.approx(1, abs=1e-5)
    assert float(ssim(picture * 0.1 + 0.45, picture)) < 0.5


def test_every_term_can_be_left_out():
    targets = free()
    names = set(glare_loss(maps(0.1), targets))
    assert names == {"clean", "structured", "layers", "pyramid", "ssim", "vain", "lamps"}
    less = glare_loss(maps(0.1), targets, Weights(layers=0, pyramid=0, ssim=0, vain=0))
    assert set(less) == {"clean", "structured", "lamps"}


def test_gradients_are_finite_where_all_is_black():
    targets = free(0.0)
    answer = maps(0.0).requires_grad_()
    sum(glare_loss(answer, targets).values()).backward()
    assert torch.isfinite(answer.grad).all()
