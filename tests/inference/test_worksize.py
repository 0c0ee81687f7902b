from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dashcam_pipeline.inference.worksize import AREA, work_size


@pytest.mark.parametrize(
    ("frame", "size"),
    [((1080, 1920), (288, 512)), ((1920, 1080), (512, 288)), ((480, 640), (320, 448))],
)
def test_usual_frames(frame, size):
    assert work_size(*frame) == size


@given(st.integers(1, 8000), st.integers(1, 8000))
def test_laws(height, width):
    h, w = work_size(height, width)
    assert h % 32 == 0
    assert w % 32 == 0
    assert h > 0 < w
    if 1 / 3 < height / width < 3 and height * width > AREA:
        assert 0.8 < h * w / AREA < 1.25
        assert abs(math.log((h / w) / (height / width))) < 0.2


def test_a_small_frame_is_not_enlarged():
    assert work_size(100, 170) == (96, 160)
