from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest

from dashcam_pipeline.engine.rgb import COLOR, LAYOUT, frame_to_rgb, rgb_to_frame
from dashcam_pipeline.frames import Color, Frame, PixelLayout

TICK = Fraction(1, 30)


@pytest.mark.parametrize("red", [0, 1, 2, 63, 127, 128, 200, 254, 255])
def test_the_way_there_and_back_is_exact_for_every_green_and_blue(red):
    green, blue = np.mgrid[0:256, 0:256]
    rgb = np.stack([np.full_like(green, red), green, blue], axis=-1).astype(np.uint8)
    frame = rgb_to_frame(rgb, index=0, pts=0, time_base=TICK)
    assert (frame_to_rgb(frame) == rgb).all()


def test_reference_colours():
    rgb = np.array([[[255, 255, 255], [0, 0, 0], [255, 0, 0]]], np.uint8)
    frame = rgb_to_frame(rgb, index=3, pts=7, time_base=TICK)
    luma, cb, cr = frame.planes
    assert luma.tolist() == [[1023, 0, round(0.2126 * 1023)]]
    assert cb.tolist() == [[512, 512, round(512 - 0.2126 / 1.8556 * 1023)]]
    assert cr.tolist() == [[512, 512, 1023]]
    assert (frame.index, frame.pts, frame.layout, frame.color) == (3, 7, LAYOUT, COLOR)


@pytest.mark.parametrize(
    ("codes", "color", "rgb"),
    [  # 8-bit code values of BT.601 and BT.709 colour bars, from the standards' equations
        ((81, 90, 240), Color("bt601", full_range=False), (255, 0, 0)),
        ((173, 42, 26), Color("bt709", full_range=False), (0, 255, 0)),
        ((29, 255, 107), Color("bt601", full_range=True), (0, 0, 254)),
    ],
)
@pytest.mark.parametrize("bits", [8, 10])
def test_frames_of_recordings_are_read_in_their_own_colour(codes, color, rgb, bits):
    kind = np.uint8 if bits == 8 else np.uint16
    step = 1 if bits == 8 else 4 * 1023 / 1020 if color.full_range else 4
    planes = tuple(
        np.full(shape, round(code * step), kind)
        for code, shape in zip(codes, ((4, 6), (2, 3), (2, 3)), strict=True)
    )
    read = frame_to_rgb(Frame(planes, 0, TICK, 0, PixelLayout(bits=bits), color))
    assert read.shape == (4, 6, 3)
    assert np.abs(read.astype(int) - rgb).max() <= 2
