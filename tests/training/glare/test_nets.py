"""The networks: which there are, what they answer, and what their checkpoints hold."""

from __future__ import annotations

import copy

import pytest
import torch
from torch import nn

from dashcam_pipeline.errors import ModelError
from dashcam_pipeline.training.glare.autoencoder import Autoencoder
from dashcam_pipeline.training.glare.nets import GlareNet

SMALL = "tu-mobilenetv3_small_050"
"""An encoder that is quick to make."""


@pytest.fixture
def supervised():
    return GlareNet("unetpp", SMALL, pretrained=False, supervision="mean").eval()


def kinds(module):
    return [type(layer).__name__ for layer in module]


def test_the_autoencoder_is_the_first_network_of_the_project():
    net = Autoencoder()
    there = ["Conv2d", "ReLU", "Conv2d", "BatchNorm2d", "ReLU", "Conv2d", "ReLU"]
    assert kinds(net.encoder) == [*there, "Flatten", "Linear"]
    back = ["ConvTranspose2d", "ReLU", "BatchNorm2d", "ConvTranspose2d", "ReLU", "ConvTranspose2d"]
    assert kinds(net.decoder) == ["Linear", "Unflatten", "ReLU", *back, "Sigmoid"]
    shapes = [
        [(m.weight.shape, m.stride) for m in part if isinstance(m, nn.Conv2d | nn.ConvTranspose2d)]
        for part in (net.encoder, net.decoder)
    ]
    assert shapes[0] == shapes[1][::-1], "every convolution has its mirror"
    assert sum(p.numel() for p in net.parameters()) < 4_000_000
    picture = torch.rand(2, 3, 128, 224)
    with torch.inference_mode():
        painted = net.eval()(picture)
    assert painted.shape == picture.shape
    assert 0 < float(painted.min()) < float(painted.max()) < 1


def test_the_autoencoder_has_one_size_and_one_head():
    net = GlareNet("autoencoder", head="image")
    assert (net.size, net.maps, net.head) == ((128, 224), 3, "image")
    assert len(net.parameter_groups) == 1
    with pytest.raises(ModelError, match="only head is image"):
        GlareNet("autoencoder")


@pytest.mark.parametrize("architecture", ["unet", "unetpp"])
def test_every_network_can_paint_a_picture_instead(architecture):
    net = GlareNet(architecture, SMALL, pretrained=False, head="image").eval()
    with torch.inference_mode():
        picture = net(torch.rand(1, 3, 64, 96))
    assert picture.shape == (1, 3, 64, 96)
    assert 0 <= float(picture.min()) <= float(picture.max()) <= 1


def test_no_layer_holds_more_light_than_the_picture():
    net = GlareNet("unetpp", SMALL, pretrained=False).eval()
    nn.init.constant_(net.net.segmentation_head[0].bias, 20.0)
    picture = torch.rand(1, 3, 64, 96)
    with torch.inference_mode():
        maps = net(picture)
    assert torch.allclose(maps[:, 0:3], picture), "all of it"
    assert torch.allclose(maps[:, 3:6], picture)
    assert (maps[:, 6] > 0.99).all(), "the mask is no share of the picture"


def test_supervision_reads_the_nodes_of_the_top_row(supervised):
    picture = torch.rand(1, 3, 64, 96)
    with torch.inference_mode():
        answers = supervised.answers(picture)
        mean = supervised(picture)
        pruned = copy.deepcopy(supervised)
        pruned.prune()
        last = pruned(picture)
    assert [a.shape for a in answers] == [(1, 7, 64, 96)] * 4
    assert torch.allclose(mean, torch.stack(answers).mean(0))
    assert torch.equal(answers[-1], last), "the last head is the one of a network without others"
    assert not torch.equal(answers[0], answers[1])
    assert supervised.sides.names == ["x_3_3", "x_2_3", "x_1_3"]


def test_the_first_node_needs_no_deeper_one(supervised):
    """X0,1 is made of X0,0 and X1,0 alone (Zhou et al., figure 1a)."""
    picture = torch.rand(1, 3, 64, 96)
    with torch.no_grad():
        before = supervised.answers(picture)
        for block in ("x_0_0", "x_1_1", "x_2_2"):
            supervised.net.decoder.blocks[block].conv1[0].weight.mul_(3)
        after = supervised.answers(picture)
    assert torch.equal(before[0], after[0])
    assert not any(torch.equal(b, a) for b, a in zip(before[1:], after[1:], strict=True))


def test_every_head_learns(supervised):
    torch.stack(supervised.train().answers(torch.rand(2, 3, 64, 96))).sum().backward()
    assert all(p.grad is not None for p in supervised.sides.parameters())
    assert all(p.grad is not None for p in supervised.net.segmentation_head.parameters())


def test_copies_bring_no_hooks_along_and_pruning_leaves_the_last_node(supervised):
    picture = torch.rand(1, 3, 64, 96)
    with torch.inference_mode():
        answers = supervised.answers(picture)
        twin = copy.deepcopy(supervised)
        for parameter in supervised.parameters():
            parameter.zero_()
        assert torch.equal(twin.answers(picture)[0], answers[0])
        twin.prune()
        assert torch.equal(twin(picture), answers[-1])
    assert not any(block._forward_hooks for block in twin.net.decoder.blocks.values())


def test_without_supervision_no_side_head_is_left(supervised):
    plain = GlareNet("unetpp", SMALL, pretrained=False)
    assert {name.split(".")[0] for name in plain.state_dict()} == {"net", "skip"}
    supervised.prune()
    plain.load_state_dict(supervised.state_dict())


def test_only_unetpp_has_a_top_row():
    with pytest.raises(ModelError, match=r"only unetpp has X0,1 to X0,4"):
        GlareNet("unet", SMALL, supervision="mean")


@pytest.mark.parametrize("encoder", ["zebra", "tu-zebra"])
def test_an_unknown_encoder_is_explained(encoder):
    with pytest.raises(ModelError, match=f"encoder = '{encoder}'"):
        GlareNet("unet", encoder)
