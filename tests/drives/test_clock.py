from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from journeys import clip

from dashcam_pipeline.drives.clock import put_right
from dashcam_pipeline.drives.grouping import group

SUMMER = datetime(2024, 3, 31, 1, tzinfo=UTC)
"""When Europe's clocks go forward."""


def named(local, number=0, camera="front", length=60.0, **more):
    begin = local.replace(tzinfo=UTC).timestamp()
    return clip(camera, begin=begin, length=length, name=f"{camera}{number:03}.mp4", **more)


def local(utc, hours):
    return (utc + timedelta(hours=hours)).replace(tzinfo=None)


def minutes(count, hours, start=datetime(2024, 1, 1, 3, tzinfo=UTC)):
    """Clips of a minute in a zone, and when they began by satellites."""
    begins = [start + timedelta(minutes=n) for n in range(count)]
    clips = [named(local(begin, hours(begin)), n) for n, begin in enumerate(begins)]
    return clips, {c.name: b for c, b in zip(clips, begins, strict=True)}


@pytest.mark.parametrize("hours", [9, 5.75, -3.5, -12, 14, 0])
def test_the_zone_is_told_by_satellites(hours):
    clips, begins = minutes(3, lambda _: hours)
    for one, right in zip(clips, put_right(clips, begins), strict=True):
        assert right.utc == begins[one.name]
        assert right.start == one.start
        assert right.start_from == "name"
        assert not right.clock_error


def test_a_clip_without_a_position_has_the_zone_of_its_neighbours():
    clips, begins = minutes(4, lambda _: 9)
    rear = [named(c.start, n, "rear") for n, c in enumerate(clips)]
    del begins[clips[2].name]
    right = put_right([*clips, *rear], begins)
    assert all(one.utc == local(one.start, -9).replace(tzinfo=UTC) for one in right)


def test_without_any_position_all_stays_as_it_was():
    clips, _begins = minutes(3, lambda _: 9)
    assert put_right(clips, {}) == clips


@pytest.mark.parametrize("summer", [True, False])
def test_summer_time_begins_and_ends_within_a_drive(summer):
    start = SUMMER - timedelta(minutes=3)
    before, after = (1, 2) if summer else (2, 1)
    clips, begins = minutes(6, lambda t: before if t < SUMMER else after, start)
    (drive,) = group(put_right(clips, begins), ".")
    assert drive.length == 360
    assert [s.kind for s in drive.cameras[0].seams] == ["touching"] * 5
    assert [c.name for c in drive.clips] == [f"front00{n}.mp4" for n in range(6)]
    assert drive.end - drive.start == timedelta(minutes=6, hours=1 if summer else -1)


def test_a_clock_that_is_years_behind_is_put_right():
    clips, begins = minutes(6, lambda _: 9)
    unset = [named(datetime(2015, 1, 1, 0, n), n) for n in range(2)]  # noqa: DTZ001 - likewise
    right = put_right([*unset, *clips[2:]], begins)
    assert [one.start for one in right] == [one.start for one in clips]
    assert {one.start_from for one in right[:2]} == {"telemetry"}
    assert right[0].clock_error < timedelta(days=-3000)
    assert len(group(right, ".")) == 1


def test_a_clock_that_is_ten_minutes_off_is_put_right_and_a_minute_is_not_touched():
    clips, begins = minutes(3, lambda _: 9 + 10 / 60)
    zone, begins_true = minutes(3, lambda _: 9)
    wrong = [replace(c, name=f"x{c.name}") for c in clips]
    begins |= begins_true | {f"x{name}": begin for name, begin in begins.items()}
    right = [c for c in put_right([*wrong, *zone, *zone[:1]], begins) if c.name[0] == "x"]
    assert [c.start for c in right] == [c.start for c in zone]
    late, begins = minutes(3, lambda _: 9 + 1 / 60)
    assert [c.start for c in put_right(late, begins)] == [c.start for c in late]
    assert put_right(late, begins)[0].clock_error == timedelta(seconds=60)


def test_a_file_without_a_name_is_put_where_satellites_say():
    clips, begins = minutes(2, lambda _: 9)
    copied = replace(clips[1], start=datetime(2026, 1, 1), start_from="file")  # noqa: DTZ001
    right = put_right([clips[0], copied], begins)
    assert right[1].start == clips[1].start
    assert right[1].start_from == "telemetry"


@given(
    st.lists(st.tuples(st.integers(0, 10**6), st.integers(-12 * 4, 14 * 4)), max_size=12),
    st.sets(st.integers(0, 11)),
)
def test_clips_stay_as_many_and_those_with_a_position_are_right_to_a_few_seconds(rows, silent):
    start = datetime(2024, 1, 1, tzinfo=UTC)
    begins, clips = {}, []
    for number, (second, quarter) in enumerate(rows):
        begin = start + timedelta(seconds=second)
        clips.append(named(local(begin, quarter / 4), number))
        if number not in silent:
            begins[clips[-1].name] = begin
    right = put_right(clips, begins)
    assert [one.name for one in right] == sorted(one.name for one in clips)
    for one in right:
        if one.name in begins:
            assert abs(one.instant - begins[one.name].timestamp()) < 60


@pytest.mark.parametrize(("seconds", "believed"), [(115, True), (-115, True), (125, False)])
def test_two_minutes_of_error_are_believed_and_no_more(seconds, believed):
    clips, begins = minutes(3, lambda _: 9 + seconds / 3600)
    right = put_right(clips, begins)
    assert ([c.start for c in right] == [c.start for c in clips]) == believed
    assert right[0].clock_error == timedelta(seconds=seconds)


def test_names_keep_their_distances_where_positions_are_a_second_late():
    clips, begins = minutes(5, lambda _: 9)
    late = {n: b + timedelta(seconds=k % 2) for k, (n, b) in enumerate(begins.items())}
    right = put_right(clips, late)
    assert [b.instant - a.instant for a, b in pairwise(right)] == [60] * 4
