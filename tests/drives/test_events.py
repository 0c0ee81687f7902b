from __future__ import annotations

import pytest
from journeys import clip

from dashcam_pipeline.dashcam.telemetry.model import Fix
from dashcam_pipeline.drives.events import events_of
from dashcam_pipeline.drives.happenings import Happening
from dashcam_pipeline.drives.route import Route


def happening(at, kind="braking", g=0.5, until=None):
    end = at + 1 if until is None else until
    speeds = (20.0, 10.0) if kind != "force" else (None, None)
    return Happening(kind, at, end, at + 0.5, g, *speeds, 37.0, 127.0)


def said(*clips):
    return [(e.kind, e.clip.camera, e.cameras, e.at, e.peak) for e in events_of(clips)]


def test_an_ordinary_drive_has_none():
    assert said(clip(), clip("rear")) == []


@pytest.mark.parametrize("mode", ["event", "manual", "parking"])
def test_what_the_camera_saved_is_one_event_of_all_cameras(mode):
    found = events_of(
        [clip(mode=mode, length=30), clip("rear", mode=mode, length=30, begin=1, number=1)]
    )
    assert [(e.kind, e.cameras, e.at, e.until) for e in found] == [(mode, ("front", "rear"), 0, 30)]


def test_a_time_lapse_is_no_event():
    assert said(clip(mode="timelapse")) == []


def test_two_events_of_one_camera_stay_two():
    assert len(said(clip(mode="event"), clip(mode="event", begin=60))) == 2
    assert len(said(clip(mode="event"), clip("rear", mode="event", begin=60))) == 2
    assert len(said(clip(mode="event"), clip("rear", mode="parking"))) == 2


def test_what_was_felt_in_a_saved_clip_is_part_of_it():
    (event,) = events_of([clip(mode="event", happenings=(happening(12), happening(40, g=0.9)))])
    assert (event.kind, event.at, event.until, event.peak) == ("event", 0, 60, 40.5)
    assert (event.g, event.before, event.latitude) == (0.9, 20, 37.0)


def test_the_same_moment_of_two_cameras_is_one_and_the_one_that_knows_more_stays():
    front = clip(happenings=(happening(12, "force"),))
    rear = clip("rear", begin=1, happenings=(happening(11, "braking"),), number=1)
    assert said(front, rear) == [("braking", "rear", ("rear",), 11, 11.5)]
    later = clip("rear", begin=1, happenings=(happening(14.6, "braking"),), number=1)
    assert len(said(front, later)) == 2


def test_what_lies_behind_the_end_of_a_clip_is_the_next_ones():
    assert said(clip(length=60, happenings=(happening(60.2),))) == []
    assert len(said(clip(length=60, happenings=(happening(59.2),)))) == 1


def test_events_come_in_order_of_time():
    found = events_of(
        [clip(begin=60, happenings=(happening(1), happening(30))), clip(mode="event", length=20)]
    )
    assert [e.instant for e in found] == [0, 61, 90]


def test_a_place_is_told_where_there_is_one():
    place = Fix(37.0, 127.0)
    (event,) = events_of([clip(mode="parking", route=Route(0.0, place, place, 1))])
    assert (event.latitude, event.longitude) == (37.0, 127.0)
    assert events_of([clip(mode="parking")])[0].latitude is None
