from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dashcam_pipeline.media.rate import FULL_AT_START, RateLimit, RateMeter, bits_of, rate_for

SECONDS = st.floats(0.02, 20_000)
PIECE = st.none() | st.floats(0.1, 3600)


@given(st.floats(1e5, 1e12), SECONDS, st.floats(0.05, 240), PIECE)
def test_no_bucket_gives_more_than_there_is(bits, seconds, fps, piece):
    pictures = max(1, round(seconds * fps))
    limit = rate_for(bits, seconds, pictures, piece)
    pieces = 1 if piece is None else math.ceil(seconds / piece) + 1
    most = limit.bits_per_second * seconds + pieces * FULL_AT_START * limit.buffer_bits
    assert most <= bits
    assert bits_of(limit.bits_per_second, seconds, pictures, piece) <= bits * (1 + 1e-9)


@given(st.floats(10, 20_000))
def test_little_of_it_must_stay_unused(seconds):
    limit = rate_for(1e9, seconds, round(30 * seconds))
    assert limit.bits_per_second * seconds > 0.95 * 1e9
    segmented = rate_for(1e9, seconds, round(30 * seconds), 30.0)
    assert segmented.bits_per_second * seconds > (0.93 if seconds > 60 else 0.85) * 1e9


@given(st.floats(0.1, 5000), st.floats(0.05, 240))
def test_a_bucket_lasts_for_some_pictures(seconds, fps):
    pictures = max(1, round(seconds * fps))
    limit = rate_for(1e9, seconds, pictures)
    lasts = limit.buffer_bits / limit.bits_per_second
    assert lasts >= 0.49
    assert lasts * pictures / seconds >= 3.9


@pytest.mark.parametrize(("share", "held"), [(0.5, 0.0), (1.0, 1.0)])
def test_a_meter_knows_whether_a_rate_was_reached(share, held):
    limit = RateLimit(800_000, 400_000)
    meter = RateMeter(limit)
    for i in range(100):
        meter.add(i / 10, round(share * 10_000))
    assert meter.held == held


def test_a_meter_says_in_how_much_of_the_time():
    limit = RateLimit(800_000, 400_000)
    meter = RateMeter(limit)
    for i in range(100):
        meter.add(i / 10, 10_000 if i < 30 else 1_000)
    assert meter.held == pytest.approx(0.3)
    assert RateMeter(limit).held == 0
