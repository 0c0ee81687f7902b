from __future__ import annotations

from fractions import Fraction

import av
import pytest
from factory import Picture, make_clip
from hypothesis import given
from hypothesis import strategies as st

from dashcam_pipeline.media.fitting import Fit, fitted
from dashcam_pipeline.media.probe import probe

SQUARE = Fraction(1)


@pytest.fixture(scope="module")
def track(tmp_path_factory):
    clip = make_clip(tmp_path_factory.mktemp("fit") / "a.mp4", Picture(size=(320, 180), frames=1))
    return probe(clip).video


@pytest.mark.parametrize(
    ("size", "shape", "fit"),
    [
        ((640, 360), SQUARE, Fit(320, 180)),
        ((1920, 1088), SQUARE, Fit(320, 180)),  # rounded up to blocks of 16
        ((240, 180), SQUARE, Fit(240, 180, 40, 0)),
        ((320, 128), SQUARE, Fit(320, 128, 0, 26)),
        ((240, 180), Fraction(4, 3), Fit(320, 180)),
    ],
)
def test_a_picture_keeps_its_shape(track, size, shape, fit):
    assert Fit.of(size, shape, track) == fit


@given(width=st.integers(16, 4000), height=st.integers(16, 4000))
def test_it_always_lies_inside(track, width, height):
    fit = Fit.of((width, height), SQUARE, track)
    assert 0 < fit.width <= 320 - fit.x
    assert 0 < fit.height <= 180 - fit.y
    assert fit.x % 2 == fit.y % 2 == 0


def test_bars_are_black(track, tmp_path):
    other = make_clip(tmp_path / "b.mp4", Picture(size=(240, 180), frames=1))
    with av.open(str(other)) as container:
        picture = next(container.decode(video=0))
    luma, cb, cr = fitted(picture, probe(other).video, track)
    assert (luma.shape, cb.shape, cr.shape) == ((180, 320), (90, 160), (90, 160))
    assert set(luma[:, :40].ravel()) == set(luma[:, 280:].ravel()) == {16}
    assert set(cb[:, :20].ravel()) == set(cr[:, 140:].ravel()) == {128}
    assert luma[:, 40:280].max() > 100
