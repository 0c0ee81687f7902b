"""Generators: shapes, the paper's layers, and what a fresh one answers."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from dashcam_pipeline.training.glare.nets import LITE0, load_pretrained
from dashcam_pipeline.training.night_day.generators import (
    DARKEST,
    GridGenerator,
    Lite0,
    ResnetGenerator,
    lifted,
    limit,
    make_generator,
)

PICTURE = torch.rand(2, 3, 64, 96, generator=torch.Generator().manual_seed(0))


@pytest.mark.parametrize("kind", ["grid", "unet"])
def test_a_fresh_light_generator_leaves_the_picture_nearly_as_it_is(kind):
    torch.manual_seed(0)
    net = make_generator(kind, lift=0.5).eval()
    with torch.inference_mode():
        made = net(PICTURE)
    assert made.shape == PICTURE.shape
    assert 0 <= float(made.min()) <= float(made.max()) <= 1
    assert float((made - PICTURE).abs().mean()) < 0.1


def test_grid_applies_its_coefficients(monkeypatch):
    net = GridGenerator(1.0, pretrained=False).eval()
    maps = torch.zeros(2, 12, 32, 48)
    maps[:, 1] = 0.5  # red out of half the green ...
    maps[:, 3] = 0.25  # ... and a quarter
    maps[:, 6] = 1.0  # green out of blue
    monkeypatch.setattr(net, "coefficients", lambda _: maps)
    made = net(PICTURE)
    torch.testing.assert_close(made[:, 0], 0.5 * PICTURE[:, 1] + 0.25)
    torch.testing.assert_close(made[:, 1], PICTURE[:, 2])
    assert float(made[:, 2].abs().max()) == 0


def test_coefficients_stay_within_their_bound_and_can_leave_it():
    net = GridGenerator(1.0, pretrained=False)
    nn.init.constant_(net.head.bias, 1000.0)
    coefficients = net.coefficients(PICTURE)
    assert float(coefficients.detach().max()) <= 1 + net.STEEPEST
    coefficients.sum().backward()
    assert float(net.head.bias.grad.abs().min()) > 0


def test_the_resnet_is_the_papers():
    net = ResnetGenerator()
    assert (
        sum(p.numel() for p in net.parameters()) == 11_378_179
    )  # the reference code prints "11.378 M"
    convolutions = [m for m in net.modules() if isinstance(m, nn.Conv2d)]
    ups = [m for m in net.modules() if isinstance(m, nn.ConvTranspose2d)]
    assert [m.out_channels for m in convolutions[:3]] == [64, 128, 256]
    assert len(convolutions) == 1 + 2 + 2 * 9 + 1
    assert [m.out_channels for m in ups] == [128, 64]
    assert abs(float(convolutions[5].weight.detach().std()) - 0.02) < 0.001


def test_a_small_resnet_runs_at_any_size():
    net = ResnetGenerator(width=4, blocks=2).eval()
    with torch.inference_mode():
        made = net(PICTURE)
    assert made.shape == PICTURE.shape
    assert 0 <= float(made.min()) <= float(made.max()) <= 1


def test_folded_batch_norm_changes_nothing():
    import segmentation_models_pytorch as smp  # noqa: PLC0415 - slow to import

    plain = smp.encoders.get_encoder(LITE0, weights=None, in_channels=3, depth=5)
    load_pretrained(plain, LITE0)
    folded = Lite0().train()
    assert not any(isinstance(m, nn.BatchNorm2d) for m in folded.modules())
    with torch.inference_mode():
        wanted = plain.eval()(PICTURE * 2 - 1)[1:]
        got = folded(PICTURE)
    assert [f.shape[2] for f in got] == [32, 16, 8, 4, 2]
    for a, b in zip(got, wanted, strict=True):
        torch.testing.assert_close(a, b, atol=1e-3, rtol=1e-3)


def test_only_dense_kernels_learn():
    learning = {n for n, p in Lite0(pretrained=False).named_parameters() if p.requires_grad}
    assert learning
    assert not any("conv_dw" in name for name in learning)
    frozen = Lite0(pretrained=False, frozen=True)
    assert not any(p.requires_grad for p in frozen.parameters())


def test_lifting_keeps_a_gradient_everywhere():
    x = torch.tensor([-0.1, 0.0, DARKEST, 0.25, 1.0], requires_grad=True)
    y = lifted(x, 0.5)
    torch.testing.assert_close(y[2:], x[2:].sqrt(), atol=1e-6, rtol=0)
    y.sum().backward()
    assert float(x.grad.min()) > 0.4
    assert lifted(x, 1) is x


def test_limits_leak_only_where_asked():
    x = torch.tensor([-1.0, 0.5, 2.0])
    torch.testing.assert_close(limit(x, leak=0), torch.tensor([0.0, 0.5, 1.0]))
    torch.testing.assert_close(limit(x, leak=0.1), torch.tensor([-0.1, 0.5, 1.1]))
