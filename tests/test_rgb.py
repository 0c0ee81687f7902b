from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest

from dashcam_pipeline.rgb import COLOR, LAYOUT, frame_to_rgb, rgb_to_frame

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
