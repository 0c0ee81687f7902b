"""Keeping the brightness that a picture had with its haze."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dashcam_pipeline.errors import UsageError
from dashcam_pipeline.frames import Color, Frame, FrameBatch, PixelLayout
from dashcam_pipeline.stages.base import StageContext, StreamInfo
from dashcam_pipeline.stages.glare.exposure import Exposure
from dashcam_pipeline.stages.glare.layer import GlareLayer
from dashcam_pipeline.stages.glare.stage import GlareStage
from dashcam_pipeline.stages.glare.subtract import subtract_light

FULL = Color("bt709", full_range=True)
EIGHT, EIGHT_444 = PixelLayout(8, (1, 1)), PixelLayout(8, (0, 0))


def grey(light):
    """An even picture (3, 6, 8) of so much linear light."""
    return np.full((3, 6, 8), np.sqrt(light), np.float32)


def takes(share, light):
    """A layer that takes so large a share of so much light."""
    return GlareLayer.plain(np.full((3, 6, 8), share * light, np.float32))


def gains(*shares, exposure=None, light=0.01):
    exposure = exposure or Exposure()
    return [exposure.gain(grey(light), takes(share, light)) for share in shares]


@pytest.mark.parametrize("light", [0.0001, 0.01, 0.2, 0.5])
@pytest.mark.parametrize("share", [0.1, 0.3, 0.5])
def test_the_first_gain_brings_the_median_back(light, share):
    (gain,) = gains(share, light=light)
    left = (1 - share) * light
    if gain < 2.5:
        assert gain * left / (1 + (gain - 1) * left) == pytest.approx(light, rel=0.01)
    else:
        assert light == 0.5
        assert share == 0.5


def test_two_and_a_half_is_the_highest_and_one_the_lowest():
    assert gains(0.59)[0] == pytest.approx(2.45, abs=0.01)
    assert gains(0.61) == [2.5]
    assert gains(1.0) == [2.5]
    assert gains(0.0) == [1.0]
    assert gains(0.5, light=0.0) == [1.0], "a black frame"
    assert gains(0.0, light=1.0) == [1.0], "a white one"


def test_a_share_of_the_way_is_one_in_stops():
    (whole,) = gains(0.5)
    (half,) = gains(0.5, exposure=Exposure(0.5))
    assert half == pytest.approx(whole**0.5)
    assert gains(0.5, exposure=Exposure(1.0)) == [whole]


@pytest.mark.parametrize(
    ("said", "share"), [("as-is", 0.0), ("keep", 1.0), ("0.4", 0.4), (0.4, 0.4), (1, 1.0)]
)
def test_the_share_is_a_name_or_a_number(said, share):
    assert GlareStage.Options(exposure=said).exposure == share


@pytest.mark.parametrize("said", ["kep", "1.5", -0.1])
def test_another_share_is_refused(said):
    with pytest.raises(UsageError, match="exposure"):
        GlareStage.Options(exposure=said)


def test_it_goes_half_of_the_way_in_a_third_of_a_second():
    followed = gains(0.0, *[0.5] * 30)
    whole = gains(0.5)[0] - 1
    steps = np.diff(followed)
    assert steps[0] == pytest.approx(0.06 * whole)
    assert (steps > 0).all()
    assert followed[10] - 1 == pytest.approx(0.46 * whole, abs=0.01)
    assert followed[12] - 1 == pytest.approx(0.52 * whole, abs=0.01)


@given(st.lists(st.floats(0, 1), min_size=2, max_size=30))
@settings(deadline=None)
def test_no_frame_is_a_jump(shares):
    followed = gains(*shares)
    assert np.abs(np.diff(followed)).max() <= 0.06 * 1.5 + 1e-9
    assert min(followed) >= 1
    assert max(followed) <= 2.5


def test_another_scene_has_a_brightness_of_its_own():
    exposure = Exposure()
    gains(0.5, exposure=exposure)
    exposure.reset()
    assert gains(0.0, exposure=exposure) == [1.0]


def test_another_one_goes_on_where_one_paused():
    first, second = Exposure(), Exposure()
    gains(0.5, 0.1, exposure=first)
    second.restore(first.state())
    assert gains(0.2, 0.6, exposure=second) == gains(0.2, 0.6, exposure=first)
    second.restore(Exposure().state())
    assert gains(0.0, exposure=second) == [1.0]


def ramp(layout=EIGHT_444, height=64):
    """Every code in a row, grey."""
    dtype = np.uint8 if layout.bits == 8 else np.uint16
    luma = np.tile(np.arange(layout.max_value + 1, dtype=dtype), (height, 1))
    shape = layout.chroma_shape(*luma.shape)
    chroma = np.full(shape, 1 << (layout.bits - 1), dtype)
    return Frame((luma, chroma, chroma.copy()), 0, Fraction(1, 30), 0, layout, FULL)


def some(share=0.5, gain=2.0):
    return GlareLayer(np.full((8, 8), share, np.float32), np.zeros((3, 8, 8), np.float32), gain)


@pytest.mark.parametrize("bits", [8, 10])
@pytest.mark.parametrize("chroma", [(1, 1), (1, 0), (0, 0)])
def test_white_stays_white_and_no_two_codes_change_places(bits, chroma):
    frame = ramp(PixelLayout(bits, chroma), height=63)
    for gain in (1.5, 2.5):
        done = subtract_light(frame, some(gain=gain))
        row = done.planes[0][30].astype(int)
        top = frame.layout.max_value
        assert row[0] == 0
        assert row[top] == top
        assert (np.diff(row) >= 0).all()
        assert np.array_equal(done.planes[0], np.tile(done.planes[0][:1], (63, 1)))
        for plane, before in zip(done.planes[1:], frame.planes[1:], strict=True):
            assert np.array_equal(plane, before), "grey stays grey"
        clipped = -(-top * 97 // 100)
        assert np.array_equal(row[clipped:], frame.planes[0][30, clipped:])


def test_it_reaches_where_nothing_is_taken():
    """Or the border of what is taken would show."""
    frame = ramp()
    layer = some()
    layer.share[:, 4:] = 0
    row = subtract_light(frame, layer).planes[0][30].astype(int)
    codes = np.arange(256)
    light = (codes / 255) ** 2
    assert row[160:190] == pytest.approx(255 * np.sqrt(2 * light / (1 + light))[160:190], abs=1)


@pytest.mark.parametrize("size", [(63, 97), (64, 96), (1, 1), (2, 3)])
@pytest.mark.parametrize("bits", [8, 10])
def test_odd_sizes_and_deep_samples(size, bits):
    layout = PixelLayout(bits, (1, 1))
    code = 60 << (bits - 8)
    frame = ramp(layout)
    dtype = frame.planes[0].dtype
    planes = (
        np.full(size, code, dtype),
        *[np.full(layout.chroma_shape(*size), 1 << (bits - 1), dtype) for _ in range(2)],
    )
    frame = Frame(planes, 0, Fraction(1, 30), 0, layout, FULL)
    done = subtract_light(frame, some(0.5, 2.0))
    left = 0.5 * (code / frame.layout.max_value) ** 2
    wanted = frame.layout.max_value * np.sqrt(2 * left / (1 + left))
    assert done.planes[0] == pytest.approx(wanted, abs=1)
    assert [p.shape for p in done.planes] == [p.shape for p in frame.planes]
    assert done.planes[0].dtype == dtype


def test_a_frame_that_nothing_is_taken_from_comes_out_as_it_went_in():
    frame = ramp()
    assert subtract_light(frame, replace(some(0.0), gain=2.5)) is frame


def hazy_frame(index=0, layout=EIGHT, size=(180, 320)):
    """A slope of greys with a black strip."""
    height, width = size
    slope = np.linspace(40, 110, width)
    luma = np.broadcast_to(slope, size).copy()
    luma[-height // 12 :] = 16
    scale = 1 << (layout.bits - 8)
    dtype = np.uint8 if layout.bits == 8 else np.uint16
    chroma = np.full(layout.chroma_shape(height, width), 128 * scale, dtype)
    planes = np.rint(luma * scale).astype(dtype), chroma, chroma.copy()
    return Frame(planes, index, Fraction(1, 30), index, layout)


def half_is_haze(pictures):
    maps = np.zeros((len(pictures), 7, *pictures.shape[2:]), np.float32)
    maps[:, 3:6] = np.sqrt(0.5) * pictures
    return maps


def make_stage(frame, **options):
    options = {"glass": "dirty", "exposure": "keep", "veil": 0.8, **options}
    stage = GlareStage(GlareStage.Options(**options), StageContext(quality="best", threads=1))
    stage.open(StreamInfo(frame.width, frame.height, frame.layout, frame.color))
    stage._network.run = half_is_haze
    return stage


@pytest.mark.parametrize("bits", [8, 10])
@pytest.mark.parametrize("size", [(180, 320), (181, 323)])
def test_the_median_comes_back_where_haze_was_taken(bits, size):
    frame = hazy_frame(layout=PixelLayout(bits, (1, 1)), size=size)
    (kept,) = make_stage(frame).process(FrameBatch((frame,)))
    (dark,) = make_stage(frame, exposure="as-is").process(FrameBatch((frame,)))
    before, after, darker = (np.median(f.planes[0]) / (1 << bits - 8) for f in (frame, kept, dark))
    assert darker < before - 10
    assert after == pytest.approx(before, abs=2)


@pytest.mark.parametrize("glass", ["clean", "dirty"])
def test_where_no_glare_is_found_no_gain_touches_a_frame(glass):
    frame = hazy_frame()  # its black strip shows that no film lies over it
    stage = make_stage(frame, glass=glass)
    stage._exposure.restore({"gain": np.array(2.0)})
    stage._network.run = lambda pictures: 0 * half_is_haze(pictures)
    assert stage.process(FrameBatch((frame,)))[0] is frame


def test_another_stage_goes_on_with_the_gain():
    frames = [hazy_frame(index) for index in range(6)]
    first, second, without = (make_stage(frames[0]) for _ in range(3))
    first._exposure.restore({"gain": np.array(1.0)})
    first.process(FrameBatch(tuple(frames[:3])))
    second.restore(first.state())
    without.restore({k: v for k, v in first.state().items() if k != "gain"})
    done = [list(s.process(FrameBatch(tuple(frames[3:])))) for s in (first, second, without)]
    for ours, theirs, other in zip(*done, strict=True):
        assert np.array_equal(ours.planes[0], theirs.planes[0])
        assert np.median(other.planes[0]) > np.median(ours.planes[0]) + 5, "it begins at once"


def test_at_a_cut_the_gain_is_the_new_scenes_own():
    frame = hazy_frame()
    stage = make_stage(frame)
    stage._exposure.restore({"gain": np.array(1.0)})
    (slow,) = stage.process(FrameBatch((frame,)))
    stage.reset()
    (own,) = stage.process(FrameBatch((frame,)))
    assert np.median(own.planes[0]) == pytest.approx(np.median(frame.planes[0]), abs=2)
    assert np.median(slow.planes[0]) < np.median(own.planes[0]) - 5
