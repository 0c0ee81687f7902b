from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dashcam_pipeline.compare import fonts, labels
from dashcam_pipeline.compare.canvas import Canvas, Size, luma_code
from dashcam_pipeline.frames import Color


def drawn(text, size=40):
    picture = np.zeros((60, 500, 3), np.uint8)
    labels.write(picture, text, (4, 44), size)
    return picture


unicode_fonts = pytest.mark.skipif(not fonts.UNICODE, reason="OpenCV 4 has Latin letters only")


@unicode_fonts
def test_every_hangul_syllable_has_a_shape_of_its_own():
    # A missing glyph is drawn as the same box, or not at all.
    shapes = {drawn(syllable).tobytes() for syllable in "가나다처리전후뷁힣똠훑"}
    assert len(shapes) == len("가나다처리전후뷁힣똠훑")
    assert all(np.frombuffer(shape, np.uint8).any() for shape in shapes)


@unicode_fonts
def test_latin_and_hangul_stand_side_by_side():
    both = fonts.text_width("Before 처리 전", 30)
    assert both > fonts.text_width("Before", 30) + fonts.text_width("처리", 30)


@settings(max_examples=30, deadline=None)
@given(st.text("abc가나다_-. 0123", min_size=1, max_size=60), st.integers(20, 600))
def test_a_shortened_name_fits_and_keeps_its_ends(name, width):
    short = labels.shorten(name, 16, width)
    assert short == "" or fonts.text_width(short, 16) <= width
    if short not in {"", name}:
        head, tail = short.split("…")
        assert name.startswith(head)
        assert name.endswith(tail)


@pytest.mark.parametrize("height", [90, 180, 360, 720, 1080, 2160])
def test_text_is_never_smaller_than_hangul_can_be(height):
    assert labels.small_size(height) >= 13
    assert labels.main_size(height) >= labels.small_size(height)


@pytest.mark.parametrize("pane", [(160, 90), (320, 180), (1920, 1080)])
def test_a_plate_fits_its_pane(pane):
    made = labels.plate("Before", "20240101_120000_아주_긴_이름의_야간_주행_기록_NF.mp4", pane=pane)
    assert made.width <= pane[0]
    assert made.height <= pane[1]
    assert made.width % 2 == made.height % 2 == 0


@pytest.mark.parametrize("background", [0.0, 0.5, 1.0])
@pytest.mark.parametrize("full", [True, False])
def test_white_on_the_plate_is_readable_over_anything(background, full):
    color = Color("bt709", full_range=full)
    canvas = Canvas.blank(Size(320, 180), color, background)
    plate = labels.plate("Before", "", pane=(320, 180))
    plate.lay(canvas, 10, 10)
    area = canvas.planes[0][10 : 10 + plate.height, 10 : 10 + plate.width].astype(float)
    white, black = luma_code(1, color), luma_code(0, color)
    levels = (area - black) / (white - black)
    ink, paper = levels[plate.ink > 0.95], levels[(plate.ink == 0) & (plate.alpha > 0.6)]
    linear = [float(np.mean(part)) ** 2.4 for part in (ink, paper)]
    assert (linear[0] + 0.05) / (linear[1] + 0.05) >= 4.5  # WCAG 2.2, 1.4.3


def test_what_lies_outside_is_left_out():
    canvas = Canvas.blank(Size(40, 20), Color(), 0.5)
    labels.plate("Before", "a.mp4", pane=(320, 180)).lay(canvas, 20, 10)
    assert (canvas.planes[0][:10] == canvas.planes[0][0, 0]).all()
    assert (canvas.planes[0][10:, 20:] != canvas.planes[0][0, 0]).any()


def test_a_name_with_control_characters_and_lone_bytes_can_be_drawn():
    made = labels.plate("Before", "a\n\x00\udce9.mp4", pane=(320, 180))
    assert made.ink.any()
