from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from toys import make_frame

from dashcam_pipeline.engine.protection import protected, with_rim
from dashcam_pipeline.frames import PixelLayout
from dashcam_pipeline.stages.base import Box


def flat(level, layout=None, size=(64, 48)):
    frame = make_frame(0, size=size, level=level, layout=layout)
    planes = tuple(np.full_like(plane, level) for plane in frame.planes)
    return frame.with_planes(planes)


def test_the_change_fades_in_without_a_step():
    box = Box(x=16, y=12, width=16, height=12)
    row = protected(flat(60), flat(200), [box], feather=8).planes[0][18].astype(int)
    assert (row[16:32] == 200).all()
    assert (row[:8] == 60).all()
    assert (row[40:] == 60).all()
    steps = np.diff(row)
    assert (steps[7:16] > 0).all()
    assert (steps[31:40] < 0).all()
    assert abs(steps).max() <= 140 / 9 + 1


def test_chroma_fades_over_the_same_place():
    frame = protected(flat(60), flat(200), [Box(x=16, y=12, width=16, height=12)], feather=8)
    luma, cb, _ = (plane.astype(int) for plane in frame.planes)
    assert (cb[6:12, 8:16] == 200).all()
    assert (cb[:, :4] == 60).all()
    assert abs(luma[::2, ::2] - cb).max() <= 140 // 9 + 1


@settings(max_examples=60, deadline=None)
@given(
    st.tuples(st.integers(0, 63), st.integers(0, 47), st.integers(1, 80), st.integers(1, 60)),
    st.integers(0, 20),
    st.sampled_from([PixelLayout(), PixelLayout(10, (1, 0)), PixelLayout(8, (0, 0))]),
)
def test_inside_is_exact_and_between_the_two_elsewhere(place, feather, layout):
    x, y, w, h = place
    old, new = (
        make_frame(0, layout=layout, size=(64, 48)),
        make_frame(1, layout=layout, size=(64, 48)),
    )
    box = Box(x=x, y=y, width=w, height=h)
    result = protected(new, old, [box], feather=feather)
    luma = result.planes[0]
    assert np.array_equal(luma[y : y + h, x : x + w], old.planes[0][y : y + h, x : x + w])
    for a, b, c in zip(old.planes, new.planes, result.planes, strict=True):
        low, high = np.minimum(a, b), np.maximum(a, b)
        assert ((low <= c) & (c <= high)).all()
    assert np.array_equal(new.planes[0], make_frame(1, layout=layout, size=(64, 48)).planes[0])


def test_boxes_that_touch_keep_each_other_whole():
    boxes = [Box(x=8, y=8, width=8, height=8), Box(x=18, y=8, width=8, height=8)]
    luma = protected(flat(60), flat(200), boxes, feather=8).planes[0]
    assert (luma[8:16, 8:16] == 200).all()
    assert (luma[8:16, 18:26] == 200).all()


@pytest.mark.parametrize("feather", [0, 6])
def test_an_unchanged_frame_is_the_same_object(feather):
    frame = flat(60)
    assert protected(frame, frame, [Box(x=0, y=0, width=8, height=8)], feather=feather) is frame


def test_a_rim_grows_boxes_on_every_side_within_the_picture():
    boxes = [Box(x=16, y=12, width=16, height=12), Box(x=2, y=0, width=4, height=4)]
    grown = with_rim(boxes, 8)
    assert [str(box) for box in grown] == ["8,4,32,28", "0,0,14,12"]
    assert with_rim(boxes, 0) == tuple(boxes)
