"""Laws of the clock and the hole finder."""

import itertools
from fractions import Fraction
from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dashcam_pipeline.media.timing import Clock, HoleFinder, Monotone, StrayBytes

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


@pytest.mark.parametrize(
    ("back", "after"), [(1, 1001), (100, 1001), (300, 1001), (301, 1100), (5000, 1100)]
)
def test_three_frames_back_is_a_stutter_and_more_another_clock(back, after):
    """The one is moved just behind the last frame, the other goes on a frame later."""
    monotone = Monotone()
    for time in range(0, 1001, 100):
        monotone.admit(time, 100)
    assert monotone.admit(1000 - back, 100) == after


def test_a_time_that_stands_still_is_moved_on():
    monotone = Monotone()
    assert [monotone.admit(time, 100) for time in (7, 7, 7)] == [7, 8, 9]
    assert [monotone.admit(time, 100, apart=0) for time in (9, 9)] == [9, 9], "texts may share one"
    assert monotone.repaired == 2


def test_the_usual_distance_is_that_of_the_last_second():
    """Thirty-one distances: after sixteen frames of a new rate it is the new one."""
    clock, time = Clock(7), 0
    expected = {2: 7, 4: 7, 6: 100, 40: 100, 54: 100, 57: 40}
    for count in range(1, 58):
        clock.next(time, None)
        if count in expected:
            assert clock.usual == expected[count], count
        time += 100 if count < 40 else 40


def test_the_mean_leaves_gaps_out_and_keeps_the_clocks_rounding():
    """30 fps in ticks of a millisecond are 33, 33 and 34."""
    clock, time = Clock(33), 0
    for step in [33, 33, 34] * 5 + [63, 62, 500]:
        clock.next(time, None)
        time += step
    clock.next(time, None)
    assert clock.mean == pytest.approx((500 + 62) / 16), "62 is less than 1.9 frames"


def found_after(gap, damage=(0, 0)):
    finder = HoleFinder(Fraction(1, 1000))
    finder.damaged(*damage)
    finder.see(0, gap, 100)
    return finder


@pytest.mark.parametrize(("gap", "lost"), [(150, 0), (190, 0), (191, 1), (240, 1), (500, 4)])
def test_a_gap_of_two_frames_is_a_hole_and_a_long_frame_is_none(gap, lost):
    finder = found_after(gap)
    assert finder.lost == lost
    assert finder.holes == ([(0.0, gap / 1000)] if lost else [])


@pytest.mark.parametrize(
    ("damage", "near"),
    [((-900, -801), False), ((-900, -800), True), ((1300, 1400), True), ((1301, 1400), False)],
)
@pytest.mark.parametrize("order", ["damage first", "gap first"])
def test_damage_belongs_to_a_gap_up_to_eight_frames_away(damage, near, order):
    if order == "damage first":
        finder = found_after(500, damage)
    else:
        finder = HoleFinder(Fraction(1, 1000))
        finder.see(0, 500, 100)
        finder.damaged(*damage)
    assert bool(finder.holes) == near


def test_more_bytes_than_headers_need_were_skipped():
    def skipped(*places, contiguous=True):
        stray = StrayBytes(contiguous=contiguous)
        return [stray.skipped(SimpleNamespace(pos=pos, size=100)) for pos in places]

    assert skipped(5000, 5100, 6224, 7349) == [False, False, False, True]
    assert skipped(5000, 9000, contiguous=False) == [False, False]
    # several packets in one block have its position, and their sizes add up
    assert skipped(5000, 5000, 6325) == [False, False, True]
    assert skipped(None, 5000, None, 5100) == [False] * 4
