"""Laws of the clock and the hole finder."""

import itertools
from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st

from dashcam_pipeline.media.timing import Clock, HoleFinder, Monotone

TIMES = st.lists(st.one_of(st.none(), st.integers(-(10**9), 10**9)), max_size=60)


@given(TIMES, st.integers(-5, 5000))
def test_times_always_rise(found, step):
    clock = Clock(step)
    given_out = [clock.next(pts, None) for pts in found]
    assert all(a < b for a, b in itertools.pairwise(given_out))


@given(st.sets(st.integers(-(10**9), 10**9), min_size=1, max_size=60), st.integers(1, 5000))
def test_rising_times_are_kept_bit_exactly(found, step):
    clock = Clock(step)
    assert [clock.next(pts, None) for pts in sorted(found)] == sorted(found)
    assert clock.repaired == 0


@given(st.lists(st.integers(1, 900), min_size=5, max_size=40), st.integers(4, 30))
def test_a_clock_set_back_keeps_its_distances(steps, back):
    first = [0]
    for step in steps:
        first.append(first[-1] + step)
    monotone = Monotone()
    for time in first:
        monotone.admit(time, 100)
    again = [first[-1] - back * 1000 + sum(steps[:i]) for i in range(len(steps))]
    result = [monotone.admit(time, 100) for time in again if time <= first[-1]]
    kept = [time for time in again if time <= first[-1]]
    assert [b - a for a, b in itertools.pairwise(result)] == [
        b - a for a, b in itertools.pairwise(kept)
    ]


def test_one_wild_time_does_not_move_the_rest():
    monotone = Monotone()
    times = [0, 100, 200, 300, -50000, 500, 600]
    assert [monotone.admit(t, 100) for t in times] == [0, 100, 200, 300, 400, 500, 600]
    assert monotone.repaired == 1


def test_missing_times_are_spaced_as_the_others_were():
    clock = Clock(1)
    for pts in range(0, 1000, 100):
        clock.next(pts, None)
    assert clock.next(None, None) == 1000
    assert clock.repaired == 1


def test_a_decoding_time_stands_in_for_a_missing_one():
    clock = Clock(100)
    assert [clock.next(None, dts) for dts in (0, 100, 200)] == [0, 100, 200]
    assert clock.repaired == 0


def test_a_gap_is_a_hole_only_with_damage_near_it():
    recorded, torn = HoleFinder(Fraction(1, 100)), HoleFinder(Fraction(1, 100))
    for finder in (recorded, torn):
        finder.see(0, 10, 10)
        finder.see(10, 60, 10)
        finder.see(60, 70, 10)
    recorded.damaged(500, 510)
    torn.damaged(70, 75)
    torn.damaged(71, 80)
    assert recorded.holes == []
    assert torn.holes == [(0.1, 0.6)]
    assert torn.lost == 4
