from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st
from journeys import clip

from dashcam_pipeline.dashcam.telemetry.model import Fix
from dashcam_pipeline.drives.grouping import PAUSE, group
from dashcam_pipeline.drives.route import Route

clips = st.lists(
    st.builds(
        clip,
        camera=st.sampled_from(["front", "rear", "interior"]),
        begin=st.integers(0, 5000).map(float),
        length=st.sampled_from([0.0, 10.0, 60.0, 180.0]),
        mode=st.sampled_from(["normal", "event", "manual", "parking", "timelapse"]),
        width=st.sampled_from([640, 1920]),
        number=st.integers(0, 10**9),
    ),
    max_size=30,
    unique_by=lambda one: one.name,
)


@given(clips)
def test_every_clip_has_one_place(given_clips):
    drives = group(given_clips, ".")
    placed = [c.name for d in drives for c in (*d.clips, *d.copies)]
    assert sorted(placed) == sorted(c.name for c in given_clips)
    for drive in drives:
        beside = [c.name for moment in drive.moments() for c in moment.values()]
        assert sorted(beside) == sorted(c.name for c in drive.clips)


@given(clips)
def test_drives_lie_further_apart_than_a_pause_and_hold_no_longer_one(given_clips):
    drives = [drive for drive in group(given_clips, ".") if drive.kind == "drive"]
    for drive, after in pairwise(drives):
        assert after.instant - (drive.instant + drive.length) > PAUSE
    for drive in drives:
        reach = drive.instant
        for one in drive.clips:
            assert one.instant - reach <= PAUSE
            reach = max(reach, one.end_instant)


@given(clips)
def test_seams_add_up_to_the_time_between_first_and_last(given_clips):
    for drive in group(given_clips, "."):
        assert 0 <= drive.recorded <= drive.length + 1e-6
        for run in drive.cameras:
            apart = sum(-s.seconds if s.kind == "overlap" else s.seconds for s in run.seams)
            shown = sum(c.duration for c in run.clips[:-1])
            assert abs(run.clips[0].instant + shown + apart - run.clips[-1].instant) < 1e-6


def test_half_of_a_clip_makes_no_copy_but_more_does():
    long = clip(length=60)
    assert not group([long, clip(begin=50, length=20, mode="event")], ".")[0].copies
    assert group([long, clip(begin=49, length=20, mode="event")], ".")[0].copies


def test_of_two_qualities_the_larger_is_kept():
    (drive,) = group([clip(width=640, number=1), clip(width=1920, number=2)], ".")
    assert [c.width for c in drive.clips] == [1920]
    assert [c.width for c in drive.copies] == [640]


def test_a_second_of_difference_touches_and_more_does_not():
    def seam(begin):
        return group([clip(), clip(begin=begin)], ".")[0].cameras[0].seams[0]

    assert (seam(61).kind, seam(61).seconds) == ("touching", 1)
    assert (seam(59).kind, seam(59).seconds) == ("touching", -1)
    assert (seam(61.5).kind, seam(61.5).seconds) == ("gap", 1.5)
    assert (seam(58.5).kind, seam(58.5).seconds) == ("overlap", 1.5)


def at(metres, *, begin=0.0, way=0.0, whole=True, length=60.0):
    """A clip that begins so many metres up the road, and goes on for some."""
    first, last = (Fix(37 + m / 111_195, 127.0) for m in (metres, metres + way))
    route = Route(way, first, last, 2, whole=whole)
    return clip(begin=begin, length=length, route=route)


def test_who_drove_on_meanwhile_made_no_pause():
    def drives(begin, metres):
        return len(group([at(0), at(metres, begin=begin)], "."))

    assert drives(1060, 3000) == 1  # 1000 s without a recording, 3 m a second
    assert drives(1060, 2900) == 2  # one may have walked
    assert drives(1860, 5400) == 1
    assert drives(1870, 50_000) == 2  # more than half an hour: whoever drove it
    assert len(group([clip(), clip(begin=1060, number=1)], ".")) == 2  # nothing tells


def test_a_distance_goes_on_over_seams():
    def distance(*clips):
        return group(clips, ".")[0].distance

    one = distance(at(0, way=600), at(620, begin=60, way=600))
    assert (round(one.metres), one.whole) == (1220, True)
    gap = distance(at(0, way=600), at(2000, begin=120, way=600))
    assert (round(gap.metres), gap.whole) == (2600, False)
    twice = distance(at(0, way=600), at(300, begin=30, way=600))
    assert (round(twice.metres), twice.whole) == (900, True)
    assert not distance(at(0, way=600, whole=False)).whole
    assert distance(clip()) is None


def test_a_leap_at_a_seam_is_nobodys_way():
    (drive,) = group([at(0, way=600), at(90_000, begin=60, way=600)], ".")
    assert round(drive.distance.metres) == 1200


def test_of_two_cameras_one_tells_the_distance():
    rear = replace(at(0, way=600), camera="rear", name="rear.mp4")
    (drive,) = group([at(0, way=600), rear], ".")
    assert round(drive.distance.metres) == 600


def test_parking_clips_between_two_drives_are_one_stay():
    clips = [clip(), *(clip(begin=n * 4000.0, mode="parking") for n in range(1, 4))]
    clips += [clip(begin=20_000), clip(begin=30_000, mode="timelapse")]
    assert [(d.kind, len(d.clips)) for d in group(clips, ".")] == [
        ("drive", 1),
        ("parked", 3),
        ("drive", 1),
        ("parked", 1),
    ]
