from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from dashcam_pipeline.drives.grouping import PAUSE, group
from dashcam_pipeline.drives.model import Clip


def clip(camera="front", begin=0.0, length=60.0, mode="normal", width=1920, number=0):
    name = f"{number}-{camera}-{begin}.mp4"
    return Clip(
        path=Path(name),
        name=name,
        camera=camera,
        mode=mode,
        start=datetime.fromtimestamp(begin, UTC).replace(tzinfo=None),
        instant=begin,
        duration=length,
        width=width,
        height=1080,
    )


clips = st.lists(
    st.builds(
        clip,
        st.sampled_from(["front", "rear", "interior"]),
        st.integers(0, 5000).map(float),
        st.sampled_from([0.0, 10.0, 60.0, 180.0]),
        st.sampled_from(["normal", "event", "manual", "parking", "timelapse"]),
        st.sampled_from([640, 1920]),
        st.integers(0, 10**9),
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
    for drive, after in zip(drives, drives[1:], strict=False):
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
