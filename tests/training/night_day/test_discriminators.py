"""Discriminators, the image buffer, augmentation, least squares."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from dashcam_pipeline.training.night_day.discriminators import (
    FeatureDiscriminator,
    ImageBuffer,
    PatchDiscriminator,
    augment,
    least_squares,
)


def seeded(seed=0):
    return torch.Generator().manual_seed(seed)


def test_a_patch_is_70_pixels_wide():
    net = PatchDiscriminator(width=4)
    for module in net.modules():
        if isinstance(module, torch.nn.InstanceNorm2d):
            module.forward = lambda x: x  # it sees the whole picture and would hide the patch
    picture = torch.rand(1, 3, 160, 160, generator=seeded(), requires_grad=True)
    (scores,) = net(picture)
    assert scores.shape == (1, 1, 18, 18)
    scores[0, 0, 9, 9].backward()
    seen = picture.grad.abs().sum((0, 1)) > 0
    rows, columns = seen.any(1).nonzero(), seen.any(0).nonzero()
    assert int(rows.max() - rows.min()) + 1 == 70
    assert int(columns.max() - columns.min()) + 1 == 70


def test_the_papers_discriminator_has_its_size():
    assert sum(p.numel() for p in PatchDiscriminator().parameters()) == 2_764_737


def test_a_score_is_that_of_the_pictures_own_family():
    torch.manual_seed(0)
    channels = (16, 24, 40, 112, 320)
    net = FeatureDiscriminator(channels, families=3).eval()
    picture = torch.rand(1, 3, 64, 96, generator=seeded()).expand(3, -1, -1, -1)
    features = [
        torch.rand(1, c, 32 >> i, 48 >> i, generator=seeded(i)).expand(3, -1, -1, -1)
        for i, c in enumerate(channels)
    ]
    each = net(picture, features, torch.tensor([0, 1, 2]))
    twos = net(picture, features, torch.tensor([2, 2, 2]))
    assert len(each) == 5
    for a, b in zip(each, twos, strict=True):
        torch.testing.assert_close(a[2], b[0])
        assert not torch.allclose(a[0], b[0])


def test_least_squares():
    scores = [torch.tensor([[[[0.0, 2.0]]]]), torch.tensor([[[[1.0]]]])]
    assert float(least_squares(scores, 1.0)) == pytest.approx((1.0 + 0.0) / 2)
    assert float(least_squares(scores, 0.0)) == pytest.approx((2.0 + 1.0) / 2)


@given(seed=st.integers(0, 1000), count=st.integers(1, 30))
def test_the_buffer_gives_as_many_as_it_gets_and_none_of_its_own_making(seed, count):
    buffer, generator = ImageBuffer(size=4), seeded(seed)
    given_so_far = set()
    for i in range(count):
        given_so_far.add(i)
        pictures, families = buffer.swap(
            torch.full((1, 3, 2, 2), float(i)), torch.tensor([i]), generator
        )
        assert pictures.shape == (1, 3, 2, 2)
        assert int(families[0]) == int(pictures[0, 0, 0, 0])
        assert int(families[0]) in given_so_far
        assert len(buffer.pictures) == min(i + 1, 4)


def test_the_buffer_shows_old_pictures_half_of_the_time():
    buffer, generator = ImageBuffer(size=10), seeded()
    old = 0
    for i in range(1010):
        _, families = buffer.swap(torch.zeros(1, 3, 1, 1), torch.tensor([i]), generator)
        old += i >= 10 and int(families[0]) != i
    assert 430 < old < 570


def test_the_buffer_holds_no_graph():
    buffer = ImageBuffer(size=1)
    made = torch.zeros(1, 3, 1, 1, requires_grad=True) * 2
    pictures, _ = buffer.swap(made, torch.tensor([0]), seeded())
    assert not pictures.requires_grad
    assert not buffer.pictures[0].requires_grad


def test_augmentation_is_the_generators_and_lets_gradients_through():
    picture = torch.rand(2, 3, 64, 96, generator=seeded(), requires_grad=True)
    one, same, other = (augment(picture, seeded(s)) for s in (1, 1, 2))
    assert one.shape == picture.shape
    torch.testing.assert_close(one, same)
    assert not torch.allclose(one, other)
    one.sum().backward()
    assert float((picture.grad != 0).float().mean()) > 0.5
