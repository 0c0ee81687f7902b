"""The compiled library against NumPy and OpenCV: the same samples, wherever they lie."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays

from dashcam_pipeline.frames import Color, Frame
from dashcam_pipeline.stages.glare import fused
from dashcam_pipeline.stages.glare.connected import reconstruct
from dashcam_pipeline.stages.glare.layer import GlareLayer
from dashcam_pipeline.stages.glare.subtract import subtract_light

compiled = pytest.mark.skipif(
    fused.library() is None, reason="fused.c is not compiled here: python hatch_build.py"
)


def without(function, *values):
    """What a function gives where nothing was compiled."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(fused, "library", lambda: None)
        return function(*values)


def frame_of(height, width, seed=0, *, full_range=False):
    rng = np.random.default_rng(seed)
    shapes = ((height, width), *[(-(-height // 2), -(-width // 2))] * 2)
    planes = tuple(rng.integers(0, 256, shape, dtype=np.uint8) for shape in shapes)
    return Frame(planes, 0, Fraction(1, 30), 0, color=Color("bt709", full_range=full_range))


def layer_of(rows, columns, seed=0, *, blown=True, gain=1.0):
    share, *floor, spot = np.random.default_rng(seed).random((5, rows, columns), np.float32)
    floor = np.stack(floor) ** 4 - np.float32(0.1)
    return GlareLayer(share, floor, gain, spot if blown else None)


def compare(ours, theirs):
    differences = [
        np.abs(a.astype(int) - b) for a, b in zip(ours.planes, theirs.planes, strict=True)
    ]
    assert max(d.max() for d in differences) <= 1
    return np.concatenate([d.ravel() for d in differences]).mean()


@compiled
@pytest.mark.parametrize("blown", [True, False])
@pytest.mark.parametrize("gain", [1.0, 1.7])
@pytest.mark.parametrize("full_range", [True, False])
def test_it_is_the_same_picture(blown, gain, full_range):
    frame = frame_of(270, 1300, full_range=full_range)  # wider than two chunks
    layer = layer_of(64, 160, blown=blown, gain=gain)
    ours = subtract_light(frame, layer)
    assert any((a != b).mean() > 0.3 for a, b in zip(ours.planes, frame.planes, strict=True))
    assert compare(ours, without(subtract_light, frame, layer)) < 1e-4


@compiled
@settings(deadline=None, max_examples=60)
@given(
    st.tuples(st.integers(1, 40), st.integers(1, 60)),
    st.tuples(st.integers(1, 20), st.integers(1, 30)),
    st.integers(0, 99),
    st.sampled_from([1.0, 2.5]),
)
def test_it_is_the_same_picture_at_any_size(size, small, seed, gain):
    frame, layer = frame_of(*size, seed), layer_of(*small, seed, gain=gain)
    dark = np.random.default_rng(seed).random(small) < seed / 100
    layer.share[dark] = 0
    layer.floor[:, dark] = 1e-4
    compare(subtract_light(frame, layer), without(subtract_light, frame, layer))


@compiled
def test_samples_may_lie_apart_and_lines_may_run_upwards():
    frame, layer = frame_of(90, 160), layer_of(32, 48)
    padded = tuple(np.pad(p, ((0, 0), (0, 24)))[:, : p.shape[1]] for p in frame.planes)
    upwards = tuple(p[::-1].copy()[::-1] for p in frame.planes)
    pairs = tuple(np.repeat(p, 2, axis=1)[:, ::2] for p in frame.planes)
    ours = subtract_light(frame, layer)
    for planes in (padded, upwards, pairs):
        other = subtract_light(replace(frame, planes=planes), layer)
        assert all(np.array_equal(a, b) for a, b in zip(ours.planes, other.planes, strict=True))


VALUES = st.sampled_from([0.0, 0.1, 0.5, 0.7, 1.0])
LAYERS = array_shapes(min_dims=2, max_dims=2, max_side=14).flatmap(
    lambda shape: st.tuples(
        arrays(np.float32, shape, elements=VALUES), arrays(np.float32, shape, elements=VALUES)
    )
)


@compiled
@settings(deadline=None)
@given(LAYERS)
def test_what_hangs_together_is_the_same(both):
    layer, marker = both
    marker = np.minimum(layer, marker)
    before = layer.copy(), marker.copy()
    ours = reconstruct(layer, marker)
    assert np.array_equal(ours, without(reconstruct, layer, marker))
    assert np.array_equal(layer, before[0])
    assert np.array_equal(marker, before[1])


@compiled
def test_a_way_that_winds_is_gone_to_its_end():
    layer = np.zeros((41, 61), np.float32)
    layer[::2] = 0.5
    layer[1::4, -1] = layer[3::4, 0] = 0.5
    marker = np.zeros_like(layer)
    marker[0, 0] = 0.4
    assert np.array_equal(reconstruct(layer, marker), np.minimum(layer, np.float32(0.4)))


def test_a_library_of_another_version_is_not_used(monkeypatch):
    monkeypatch.setattr(fused, "VERSION", fused.VERSION + 1)
    fused.library.cache_clear()
    try:
        assert fused.library() is None
    finally:
        fused.library.cache_clear()


def test_a_file_that_is_no_library_is_not_used(monkeypatch, tmp_path):
    broken = tmp_path / fused.FILE.name
    broken.write_bytes(b"not one")
    for path in (broken, tmp_path / "none"):
        monkeypatch.setattr(fused, "FILE", path)
        fused.library.cache_clear()
        try:
            assert fused.library() is None
        finally:
            fused.library.cache_clear()
