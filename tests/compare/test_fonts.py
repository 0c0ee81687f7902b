from __future__ import annotations

import logging

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dashcam_pipeline.compare import fonts, labels
from dashcam_pipeline.compare.composer import TITLES, _writable


@pytest.fixture
def strokes(monkeypatch):
    """The fonts of OpenCV 4, whatever is installed."""
    monkeypatch.setattr(fonts, "UNICODE", False)


def drawn(text, size=40, weight=fonts.REGULAR):
    picture = np.zeros((60, 700, 3), np.uint8)
    fonts.draw(picture, text, (4, 44), size, weight)
    return picture[..., 0]


def test_the_installed_opencv_decides():
    assert (int(cv2.__version__.split(".")[0]) >= 5) == fonts.UNICODE


@pytest.mark.parametrize("weight", [fonts.REGULAR, fonts.BOLD])
@pytest.mark.parametrize("size", [13, 18, 26, 48])
def test_text_is_as_wide_as_it_says_and_about_as_high(strokes, size, weight):
    picture = drawn("Before HAND 0123", size, weight)
    columns, rows = np.flatnonzero(picture.any(0)), np.flatnonzero(picture.any(1))
    said = fonts.text_width("Before HAND 0123", size, weight)
    assert said - size / 2 <= columns[-1] - 4 <= said + 2
    capitals = 44 - rows[0]
    assert 0.6 * size <= capitals <= 0.95 * size


@pytest.mark.skipif(fonts.UNICODE, reason="OpenCV 5 ignores the thickness of strokes")
def test_bold_has_more_ink(strokes):
    assert drawn("After", 40, fonts.BOLD).sum() > 1.2 * drawn("After", 40).sum()


def test_what_ascii_lacks_becomes_a_question_mark(strokes):
    assert np.array_equal(drawn("a 처리 b"), drawn("a ?? b"))
    assert fonts.text_width("밤\udcff", 20) == fonts.text_width("??", 20)


def test_an_ellipsis_is_three_dots(strokes):
    assert np.array_equal(drawn("20240101…NF.mp4"), drawn("20240101...NF.mp4"))


@settings(max_examples=30, deadline=None)
@given(st.text("abc가나다_-. 0123", min_size=1, max_size=60), st.integers(20, 600))
def test_a_shortened_name_fits_with_any_font(name, width):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(fonts, "UNICODE", False)
        short = labels.shorten(name, 16, width)
        assert not short or fonts.text_width(short, 16) <= width


def test_a_plate_fits_its_pane(strokes):
    made = labels.plate("Before", "20240101_120000_야간_주행_기록_NF.mp4", pane=(320, 180))
    assert made.width <= 320
    assert made.ink.max() > 0.8


def test_labels_that_cannot_be_drawn_are_english_and_it_says_so(strokes, caplog):
    with caplog.at_level(logging.WARNING, "dashcam_pipeline"):
        assert _writable("ko") == "en"
    assert "labels are English" in caplog.text
    assert all(title.isascii() for title in TITLES["en"])


@pytest.mark.skipif(not fonts.UNICODE, reason="OpenCV 4 has Latin letters only")
def test_korean_labels_stay_korean_where_they_can_be_drawn(caplog):
    assert _writable("ko") == "ko"
    assert not caplog.records
