from __future__ import annotations

import cv2
import numpy as np
import pytest
from factory import Picture, cut_short, make_clip, without_index

from dashcam_pipeline.excerpts.still import still
from dashcam_pipeline.media.probe import probe

ONE = 1 << 16
TURNED = {
    90: (0, -ONE, 0, ONE, 0, 0, 0, 0, 1 << 30),
    -90: (0, ONE, 0, -ONE, 0, 0, 0, 0, 1 << 30),
}


def picture(path, second):
    return cv2.imdecode(np.frombuffer(still(path, second), np.uint8), cv2.IMREAD_GRAYSCALE)


def test_it_is_the_picture_of_that_moment(tmp_path):
    path = make_clip(tmp_path / "a.mp4", Picture(frames=30, size=(320, 180)))
    early, late = (np.argmax(cv2.blur(picture(path, t), (9, 9)).max(axis=0)) for t in (0.1, 0.5))
    assert late - early == pytest.approx(12 * 7, abs=4)  # the lamp moves by 7 a picture


@pytest.mark.parametrize("angle", [90, -90])
def test_it_is_turned_as_a_player_turns_it(tmp_path, angle):
    path = make_clip(tmp_path / "a.mp4", Picture(frames=5, size=(320, 180), matrix=TURNED[angle]))
    found = picture(path, 0.0)
    assert probe(path).video.rotation in {90, -90}
    assert found.shape == (320, 180)
    top, bottom = found[:100].mean(), found[-100:].mean()
    # the picture grows brighter to the right; turned counter-clockwise, that is up
    assert (top > bottom) == (probe(path).video.rotation == 90)


def test_behind_the_end_it_is_one_before(tmp_path):
    path = make_clip(tmp_path / "a.mp4", Picture(frames=30, size=(64, 48)))
    assert picture(path, 1.5).shape == (48, 64)


def test_of_what_cannot_be_read_there_is_none(tmp_path):
    path = make_clip(tmp_path / "a.mp4", Picture(frames=30, size=(64, 48)))
    without_index(path, tmp_path / "b.mp4")
    cut_short(path, tmp_path / "c.mp4", 0.02)
    assert still(tmp_path / "b.mp4", 0.5) is None
    assert still(tmp_path / "c.mp4", 0.5) is None
    assert still(tmp_path / "nowhere.mp4", 0.5) is None
