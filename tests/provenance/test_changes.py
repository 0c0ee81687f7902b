from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

import pytest
from toys import TICK, brightened, make_frame

from dashcam_pipeline.engine.chain import Chain
from dashcam_pipeline.frames import PixelLayout
from dashcam_pipeline.provenance import ChangeLog


def test_seconds_count_from_the_first_picture():
    log = ChangeLog()
    for i in range(5):
        frame = make_frame(i, pts=900_000 + i * 45_000)
        log(frame, frame if i < 2 else brightened(frame, 2))
    seconds = [s.to_dict() for s in log.seconds]
    assert [s["second"] for s in seconds] == [0, 1, 2]
    assert [s["frames"] for s in seconds] == [2, 2, 1]
    assert [s["frames_changed"] for s in seconds] == [0, 2, 1]
    assert [s["mean_abs_luma"] for s in seconds] == [0, 2, 2]
    assert [s["max_share"] for s in seconds] == [0, 1, 1]


def test_ten_bits_are_told_in_eight_bit_codes():
    log = ChangeLog()
    frame = make_frame(0, layout=PixelLayout(bits=10))
    log(frame, brightened(frame, 4))
    assert log.seconds[0].mean == pytest.approx(1)


def test_concealed_frames_are_named_with_their_times():
    log = ChangeLog()
    for i in range(3):
        frame = replace(make_frame(i, pts=100 + i * 9000), concealed=i == 2)
        log(frame, frame)
    assert log.concealed == [0.2]
    assert Fraction(1, 90000) == TICK


def test_the_empty_chain_is_watched_too():
    chain = Chain(())
    chain.observer = log = ChangeLog()
    frames = [make_frame(i) for i in range(4)]
    out = [o for f in frames for o in chain.feed(f)] + chain.finish()
    assert out == frames
    assert sum(s.frames for s in log.seconds) == 4
