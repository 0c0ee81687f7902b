from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from journeys import clip

from dashcam_pipeline.drives.grouping import group
from dashcam_pipeline.drives.happenings import Happening
from dashcam_pipeline.excerpts.plan import plan


def braking(at, until=None):
    return Happening("braking", at, at + 1 if until is None else until, at + 0.5, 0.6)


def excerpts(clips, before=10.0, after=20.0, **asked):
    return plan(group(clips, "."), before=before, after=after, **asked)


def spans(found):
    return [(e.camera, [c.instant for c in e.clips], e.start, e.end) for e in found]


def test_an_excerpt_begins_before_the_event_and_ends_after_it():
    found = excerpts([clip(begin=100, length=60, happenings=(braking(30),))])
    assert spans(found) == [("front", [100], 20, 51)]
    assert found[0].still[1] == 30.5
    assert found[0].name == "19700101-000210_braking_front"


def test_it_goes_on_in_the_clips_beside_it_but_over_no_gap():
    clips = [
        clip(begin=0, length=60),
        clip(begin=60, length=60, happenings=(braking(4), braking(50))),
        clip(begin=125, length=60),
    ]
    assert spans(excerpts(clips)) == [("front", [0, 60], 54, 85), ("front", [60], 40, 71)]


def test_every_camera_that_shows_it_is_cut():
    clips = [
        clip(begin=0, length=60, happenings=(braking(30),)),
        clip("rear", begin=1, length=60),
        clip("interior", begin=200, length=60),
    ]
    assert spans(excerpts(clips)) == [("front", [0], 20, 51), ("rear", [1], 19, 50)]
    assert spans(excerpts(clips, cameras=("rear",))) == [("rear", [1], 19, 50)]
    assert excerpts(clips, kinds=("event",)) == []


def test_a_file_that_the_camera_saved_is_shown_whole():
    clips = [clip(begin=60 * n, length=60, mode="event" if n == 2 else "normal") for n in range(5)]
    assert spans(excerpts(clips)) == [("front", [60, 120, 180], 50, 140)]


def test_one_saved_apart_is_cut_from_the_drive_it_shows():
    clips = [clip(begin=0, length=60), clip(begin=60, length=60)]
    saved = clip(begin=50, length=30, mode="event", number=7)
    assert spans(excerpts([*clips, saved])) == [("front", [0, 60], 40, 100)]


def test_the_same_second_of_two_cards_has_two_names():
    drives = [
        *group([clip(length=60, mode="event", number=1)], "a"),
        *group([clip(length=60, mode="event", number=2)], "b"),
    ]
    names = [e.name for e in plan(drives, before=0, after=0)]
    assert names == ["19700101-000000_event_front", "19700101-000000_event_front-2"]


@settings(deadline=None)
@given(
    st.lists(st.tuples(st.integers(-3, 3), st.integers(1, 90)), min_size=1, max_size=8),
    st.integers(0, 7),
    st.floats(0, 100),
    st.floats(0, 100),
)
def test_an_excerpt_lies_within_its_clips_and_shows_the_event(rows, which, before, after):
    clips, begin = [], 1000.0
    for number, (apart, length) in enumerate(rows):
        begin += apart
        happenings = (braking(length / 3, length / 2),) if number == which % len(rows) else ()
        clips.append(clip(begin=begin, length=float(length), happenings=happenings, number=number))
        begin += length
    for found in excerpts(clips, before, after):
        total = found.clips[-1].end_instant - found.clips[0].instant
        event = found.event.instant - found.clips[0].instant
        assert 0 <= found.start <= event + 1e-6
        assert found.start < found.end
        assert found.start <= total
        assert found.still[0] in found.clips


def test_a_damaged_header_without_a_length_makes_no_empty_excerpt():
    found = excerpts([clip(length=0.0, mode="event")], before=0, after=0)
    assert found[0].end - found[0].start == pytest.approx(1.0)
