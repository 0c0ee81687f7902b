"""Fields of interlaced pictures are cleaned apart."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest

from dashcam_pipeline.frames import Frame, FrameBatch
from dashcam_pipeline.stages.base import StageContext, StreamInfo
from dashcam_pipeline.stages.fields import fields_of, woven
from dashcam_pipeline.stages.glare.stage import GlareStage


def night(at, height=180, width=320):
    """A lamp with a halo at a place along the street, 0 to 1."""
    y, x = np.mgrid[0:height, 0:width]
    radius = np.hypot(x - width * at, y - height * 0.4)
    luma = 40 + 110 / (1 + (radius / 12) ** 2)
    luma[radius < 6] = 235
    return np.rint(luma).astype(np.uint8)


def interlaced(index=0, first="top", height=180):
    """Two moments: the lamp moves on from one field to the next."""
    luma = night(0.3, height)
    rows = slice(1, None, 2) if first == "top" else slice(0, None, 2)
    luma[rows] = night(0.7, height)[rows]
    chroma = np.full((height // 2, 160), 128, np.uint8)
    return Frame((luma, chroma, chroma.copy()), index, Fraction(1, 30), index, first_field=first)


def stage(quality="best", **options):
    made = GlareStage(GlareStage.Options(**options), StageContext(quality=quality))
    frame = interlaced()
    made.open(StreamInfo(frame.width, frame.height, frame.layout, frame.color))
    return made


@pytest.mark.parametrize("first", ["top", "bottom"])
def test_fields_come_in_the_order_in_which_they_are_shown(first):
    frame = interlaced(first=first)
    early, late = fields_of(frame)
    assert early.planes[0].shape == (90, 320)
    assert early.planes[1].shape == (45, 160)
    row = 0 if first == "top" else 1
    assert np.array_equal(early.planes[0], frame.planes[0][row::2])
    assert early.planes[0][36].argmax() < 160 < late.planes[0][36].argmax()
    assert woven(frame, [early, late]) is frame
    darker = early.with_planes((early.planes[0] - 1, *early.planes[1:]))
    whole = woven(frame, [darker, late])
    assert np.array_equal(whole.planes[0][row::2], frame.planes[0][row::2] - 1)
    assert np.array_equal(whole.planes[0][1 - row :: 2], frame.planes[0][1 - row :: 2])
    assert whole.planes[1] is frame.planes[1]


def test_what_cannot_be_parted_stays_whole():
    assert len(fields_of(replace(interlaced(), first_field=None))) == 1
    assert len(fields_of(interlaced(height=182))) == 1


@pytest.mark.parametrize("first", ["top", "bottom"])
def test_light_is_taken_from_each_field_where_it_has_it(first):
    frame = interlaced(first=first)

    (cleaned,) = stage(glass="dirty").process(FrameBatch((frame,)))

    alone = stage(glass="dirty")
    for number, field in enumerate(fields_of(frame)):
        (wanted,) = alone.process(FrameBatch((replace(field, index=number),)))
        got = fields_of(cleaned)[number]
        assert np.array_equal(got.planes[0], wanted.planes[0])
    assert cleaned is not frame
    assert cleaned.first_field == first


@pytest.mark.parametrize("quality", ["fast", "balanced", "best"])
@pytest.mark.parametrize("size", [1, 2, 5])
def test_every_picture_comes_back_once_and_in_order(quality, size):
    frames = [interlaced(i) for i in range(5)]
    frames[3] = replace(frames[3], first_field=None)
    made, done = stage(quality), []
    for begin in range(0, 5, size):
        done += made.process(FrameBatch(tuple(frames[begin : begin + size])))
        held = min(begin + size, 5) - len(done)
        assert held <= made.requirements.lookahead
    done += made.flush() or ()
    assert [frame.index for frame in done] == [0, 1, 2, 3, 4]
    assert all(f.planes[0].shape == (180, 320) for f in done)
    assert made.report.facts["frames_changed"] <= 5
