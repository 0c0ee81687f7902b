"""The renderer against a float64 reference that enlarges, subtracts and rounds in one go."""

from __future__ import annotations

from fractions import Fraction

import cv2
import numpy as np
import pytest

from dashcam_pipeline.frames import KR_KB, Color, Frame, PixelLayout
from dashcam_pipeline.stages.glare import fused
from dashcam_pipeline.stages.glare.layer import GlareLayer
from dashcam_pipeline.stages.glare.subtract import CLIPPED, KEPT, subtract_light
from dashcam_pipeline.stages.shrink import code_scale, shrink_rgb

LAYOUTS = [PixelLayout(bits, chroma) for bits in (8, 10) for chroma in ((1, 1), (1, 0), (0, 0))]
EIGHT = PixelLayout()
BT709 = Color()
SIZES = [(130, 160), (181, 203), (2, 2), (1, 1)]


@pytest.fixture(autouse=True, params=["in one pass", "in strips"])
def _way(request, monkeypatch):
    if request.param == "in strips":
        monkeypatch.setattr(fused, "library", lambda: None)
    elif fused.library() is None:
        pytest.skip("fused.c is not compiled here: python hatch_build.py")


def make_frame(height, width, layout=EIGHT, color=BT709, seed=0):
    rng = np.random.default_rng(seed)
    dtype = np.uint8 if layout.bits == 8 else np.uint16
    chroma = layout.chroma_shape(height, width)
    top = layout.max_value + 1
    planes = (
        rng.integers(0, top, (height, width)).astype(dtype),
        rng.integers(top // 3, top * 2 // 3, chroma).astype(dtype),
        rng.integers(top // 3, top * 2 // 3, chroma).astype(dtype),
    )
    return Frame(planes, 0, Fraction(1, 30), 0, layout, color)


def reference(frame, layer):
    """Straight from the definition, in float64 and on the whole frame at once."""
    h, w = frame.height, frame.width
    sx, sy = frame.layout.log2_chroma
    y0, ys, c0, cs = code_scale(frame.layout, frame.color)
    kr, kb = KR_KB[frame.color.matrix]
    kg = 1 - kr - kb
    y = (frame.planes[0].astype(np.float64) - y0) / ys
    cb, cr = (
        np.repeat(np.repeat((p.astype(np.float64) - c0) / cs, 1 << sy, 0), 1 << sx, 1)[:h, :w]
        for p in frame.planes[1:]
    )
    rgb = np.stack(
        [
            y + 2 * (1 - kr) * cr,
            y - 2 * (kr * (1 - kr) * cr + kb * (1 - kb) * cb) / kg,
            y + 2 * (1 - kb) * cb,
        ]
    ).clip(0, 1)
    share, *floor = (
        cv2.resize(c.astype(np.float64), (w, h), interpolation=cv2.INTER_LINEAR)
        for c in (layer.share, *layer.floor)
    )
    light = np.maximum(share * rgb**2 - np.stack(floor), 0)
    left = np.maximum(rgb**2 - light, KEPT * rgb**2)
    d = np.sqrt(layer.gain * left / (1 + (layer.gain - 1) * left)) - rgb
    d *= ((CLIPPED[1] - y) / (CLIPPED[1] - CLIPPED[0])).clip(0, 1)
    dy = kr * d[0] + kg * d[1] + kb * d[2]
    result = [frame.planes[0] + dy * ys]
    for plane, dc, k in ((frame.planes[1], d[2] - dy, kb), (frame.planes[2], d[0] - dy, kr)):
        pad = np.pad(dc, ((0, h & 1 if sy else 0), (0, w & 1 if sx else 0)), mode="edge")
        ph, pw = pad.shape
        mean = pad.reshape(ph >> sy, 1 << sy, pw >> sx, 1 << sx).mean(axis=(1, 3))
        result.append(plane + mean * cs / (2 * (1 - k)))
    return [r.clip(0, frame.layout.max_value) for r in result]


@pytest.mark.parametrize("layout", LAYOUTS, ids=str)
@pytest.mark.parametrize("size", SIZES, ids=str)
@pytest.mark.parametrize(
    "color", [Color("bt601", full_range=False), Color("bt709", full_range=True)], ids=str
)
@pytest.mark.parametrize("gain", [1.0, 1.8])
def test_stays_within_two_codes_of_the_reference(layout, size, color, gain):
    frame = make_frame(*size, layout, color)
    share, *floor = np.random.default_rng(1).random((4, 96, 160), np.float32)
    layer = GlareLayer(share, np.stack(floor) ** 4 - 0.3, gain)
    got = subtract_light(frame, layer)
    errors = [
        np.abs(g.astype(np.float64) - r)
        for g, r in zip(got.planes, reference(frame, layer), strict=True)
    ]
    # An 8-bit code is 2^(bits-8) codes; FFmpeg's bilinear weights have 5 bits in OpenCV.
    code = 1 << (layout.bits - 8)
    assert max(e.max() for e in errors) <= 2 * code
    if size[0] > 100:  # rounding alone has a mean of a quarter, and small frames no mean
        assert np.concatenate([e.ravel() for e in errors]).mean() <= 0.3 * code


def test_no_pixel_turns_black():
    frame = make_frame(64, 96, color=Color("bt709", full_range=True))
    grey = np.full((32, 48), 128, np.uint8)
    frame = frame.with_planes((frame.planes[0], grey, grey))
    got = subtract_light(frame, GlareLayer.plain(np.ones((3, 32, 48), np.float32)))
    before, after = (f.planes[0].astype(float) for f in (frame, got))
    assert (after >= KEPT**0.5 * before - 1).all()


def test_a_twenty_fifth_of_the_light_stays_whatever_a_layer_says():
    ramp = np.tile(np.arange(256, dtype=np.uint8), (64, 1))
    grey = np.full((32, 128), 128, np.uint8)
    frame = Frame((ramp, grey, grey), 0, Fraction(1, 30), 0, color=Color("bt709", full_range=True))
    everything = GlareLayer(np.ones((32, 128), np.float32), np.full((3, 32, 128), -9, np.float32))
    left = subtract_light(frame, everything).planes[0][30].astype(float)
    codes = np.arange(256)
    assert left[:190] == pytest.approx(0.2 * codes[:190], abs=0.51)
    assert (left[249:] == codes[249:]).all(), "clipped: a lamp"
    middle = round(255 * (0.75 + 0.97) / 2)
    assert left[middle] == pytest.approx(middle * (1 + 0.2) / 2, abs=2), "half a lamp"


def test_no_light_gives_the_same_frame():
    frame = make_frame(64, 64)
    assert subtract_light(frame, GlareLayer.plain(np.zeros((3, 32, 32), np.float32))) is frame


def test_less_than_half_a_code_leaves_every_sample():
    frame = make_frame(64, 96)
    # A change d of a primary needs L = x^2 - (x - d)^2 <= 2 d; at black the whole of sqrt(L).
    layer = np.full((3, 64, 96), (0.4 / 255) ** 2, np.float32)
    assert subtract_light(frame, GlareLayer.plain(layer)) is frame


def test_where_the_layer_is_dark_nothing_changes():
    frame = make_frame(256, 320, seed=3)
    layer = np.zeros((3, 64, 80), np.float32)
    layer[:, 20:30, 30:50] = 0.2
    got = subtract_light(frame, GlareLayer.plain(layer))
    touched = np.zeros((256, 320), bool)
    touched[19 * 4 - 2 : 31 * 4 + 2, 29 * 4 - 2 : 51 * 4 + 2] = True
    for new, old, mask in zip(
        got.planes, frame.planes, (touched, touched[::2, ::2], touched[::2, ::2]), strict=True
    ):
        assert np.array_equal(new[~mask], old[~mask])
    assert (got.planes[0][80:116, 124:196] <= frame.planes[0][80:116, 124:196]).all()


def test_a_streak_thinner_than_a_sample_of_the_layer_leaves_no_dark_rim():
    frame = make_frame(128, 128, color=Color("bt709", full_range=True))
    luma, chroma = np.full((128, 128), 40, np.uint8), np.full((64, 64), 128, np.uint8)
    luma[:, 63] = 80
    frame = frame.with_planes((luma, chroma, chroma.copy()))
    around = np.full((3, 16, 16), (40 / 255) ** 2, np.float32)
    share = np.ones((16, 16), np.float32)
    got = subtract_light(frame, GlareLayer(share, around))
    assert (got.planes[0] == 40).all()
    half = subtract_light(frame, GlareLayer(share / 2, around / 2))
    assert np.array_equal(half.planes[0][:, 62:65], np.tile([40, 63, 40], (128, 1)))


def test_what_the_sensor_clipped_stays():
    frame = make_frame(64, 64)
    chroma = np.full_like(frame.planes[1], 128)
    white = frame.with_planes((np.full_like(frame.planes[0], 235), chroma, chroma.copy()))
    layer = GlareLayer.plain(np.full((3, 32, 32), 0.5, np.float32))
    assert subtract_light(white, layer) is white


def test_the_source_is_never_written_to():
    frame = make_frame(64, 64)
    before = [p.copy() for p in frame.planes]
    for plane in frame.planes:
        plane.flags.writeable = False
    subtract_light(frame, GlareLayer.plain(np.full((3, 32, 32), 0.3, np.float32)))
    assert all(np.array_equal(a, b) for a, b in zip(before, frame.planes, strict=True))


@pytest.mark.parametrize("size", [(64, 96), (192, 352), (256, 448), (288, 512)], ids=str)
def test_shrinking_averages_noise_over_nearly_all_samples(size):
    rng = np.random.default_rng(0)
    luma = np.rint(rng.normal(100, 20, (1080, 1920))).clip(16, 235).astype(np.uint8)
    chroma = np.full((540, 960), 128, np.uint8)
    small = shrink_rgb(Frame((luma, chroma, chroma.copy()), 0, Fraction(1, 30), 0), *size)
    codes = small.mean(axis=0) * 219 + 16
    expected = 20 / np.sqrt(1080 * 1920 / (size[0] * size[1]))
    assert codes.std() < 1.35 * expected
    assert abs(codes.mean() - 100) < 0.6


@pytest.mark.parametrize("layout", LAYOUTS, ids=str)
def test_shrinking_keeps_a_flat_colour(layout):
    height, width = 120, 200
    y0, ys, c0, cs = code_scale(layout, Color("bt709"))
    red = np.array([0.75, 0.25, 0.25])
    luma = red @ [0.2126, 0.7152, 0.0722]
    cb, cr = (red[2] - luma) / 1.8556, (red[0] - luma) / 1.5748
    frame = make_frame(height, width, layout, Color("bt709"))
    values = (luma * ys + y0, cb * cs + c0, cr * cs + c0)
    planes = tuple(np.full_like(p, round(v)) for p, v in zip(frame.planes, values, strict=True))
    small = shrink_rgb(frame.with_planes(planes), 64, 96)
    assert small.shape == (3, 64, 96)
    assert small.dtype == np.float32
    assert np.abs(small.mean(axis=(1, 2)) - red).max() < 0.006
