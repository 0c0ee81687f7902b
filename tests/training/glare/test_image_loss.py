"""The loss of networks that paint the clean picture."""

from __future__ import annotations

import pytest
import torch

from dashcam_pipeline.training.glare.image_loss import clean_picture, image_loss, shrink
from dashcam_pipeline.training.glare.losses import GlareTargets


@pytest.fixture
def targets():
    """Noise under a veil, with a streak."""
    g = torch.Generator().manual_seed(0)
    clean = torch.rand(2, 3, 32, 64, generator=g) * 0.4 + 0.1
    structured, veil = torch.zeros_like(clean), torch.full_like(clean, 0.001)
    structured[..., 8:12, :] = 0.2
    glare = (clean.square() + structured + veil).sqrt()
    return GlareTargets(glare, glare, structured, veil, torch.zeros(2, 1, 32, 64)), clean


def total(picture, targets):
    return float(torch.stack(list(image_loss(picture, targets).values())).sum())


def test_the_clean_picture_costs_least(targets):
    t, clean = targets
    assert torch.allclose(clean_picture(t), clean, atol=1e-5)
    assert total(clean, t) < 1e-4
    assert total(clean, t) < total((clean + t.picture) / 2, t) < total(t.picture, t)


def test_an_error_costs_more_where_glare_is(targets):
    t, clean = targets
    rows = [clean.clone() for _ in range(2)]
    rows[0][..., 10, :] += 0.1
    rows[1][..., 25, :] += 0.1
    inside, outside = (image_loss(picture, t)["clean"] for picture in rows)
    assert inside > 1.5 * outside


def test_shrinking_keeps_the_means_of_pictures_and_the_parts_of_light(targets):
    t, clean = targets
    small = shrink(t, (8, 16))
    assert small.picture.shape == (2, 3, 8, 16)
    wanted = torch.nn.functional.avg_pool2d(clean, 4)
    assert torch.allclose(clean_picture(small), wanted, atol=1e-5)
    assert torch.allclose(small.picture, torch.nn.functional.avg_pool2d(t.picture, 4))
    assert not small.structured[..., 5, :].any()
    ratio = small.structured[..., 2, :] / small.veil[..., 2, :]
    assert torch.allclose(ratio, torch.full_like(ratio, 0.2 / 0.001), rtol=1e-3)


def test_a_picture_without_glare_is_a_target_too(targets):
    t, clean = targets
    none = torch.zeros_like(clean)
    free = GlareTargets(clean, clean, none, none, t.lamps)
    small = shrink(free, (8, 16))
    assert not small.structured.any()
    assert not small.veil.any()
    assert total(clean, free) < 1e-4
