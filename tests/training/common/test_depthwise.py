"""Depthwise convolutions stay in float32; everything else follows autocast."""

from __future__ import annotations

import copy

import torch
from torch import nn

from dashcam_pipeline.training.common.depthwise import keep_depthwise_in_float32


def network():
    torch.manual_seed(0)
    return nn.Sequential(nn.Conv2d(4, 8, 1), nn.Conv2d(8, 8, 3, padding=1, groups=8))


def test_only_depthwise_ones_change_and_names_stay():
    net = network()
    names = list(net.state_dict())
    assert keep_depthwise_in_float32(net) == 1
    assert list(net.state_dict()) == names
    with torch.autocast("cpu", torch.bfloat16):
        inner = net[0](torch.rand(1, 4, 8, 8))
        assert inner.dtype == torch.bfloat16
        assert net[1](inner).dtype == torch.float32


def test_results_without_autocast_are_the_same_also_for_a_copy():
    net = network()
    picture = torch.rand(1, 4, 8, 8)
    before = net(picture)
    keep_depthwise_in_float32(net)
    assert torch.equal(net(picture), before)
    assert torch.equal(copy.deepcopy(net)(picture), before)
    assert keep_depthwise_in_float32(net) == 1, "twice is once"
