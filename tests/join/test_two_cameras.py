from __future__ import annotations

import json
from datetime import datetime, timedelta

import judge
import numpy as np
import pytest
from drives import split, whole_drive
from factory import Picture, Sound, make_clip, without_index
from hypothesis import given
from hypothesis import strategies as st

from dashcam_pipeline.errors import BatchError, UsageError
from dashcam_pipeline.join.joining import join
from dashcam_pipeline.join.layouts import LARGEST, plan
from dashcam_pipeline.media.probe import probe

LOSSLESS = {"stages": (), "codec": "libx264", "encoder_options": {"qp": "0"}, "threads": 1}
FRONT, REAR = (160, 90), (128, 72)
BEGIN = datetime(2024, 1, 1, 12)  # noqa: DTZ001 - as a camera's clock


def levels(card, camera, size, begins, *, frames=30, seconds=0.0, sound=True):
    """Clips of one second that are one grey each, named by when they begin; their paths."""
    folder = card / camera
    folder.mkdir(parents=True, exist_ok=True)
    found = []
    for number, begin in enumerate(begins):
        when = BEGIN + timedelta(seconds=begin + seconds)
        name = f"NO{when:%Y%m%d-%H%M%S}-{number + 1:06}{camera[0]}.mp4"
        picture = Picture(frames=frames, size=size, seed=number, b_frames=0)
        sounds = [Sound(seconds=frames / 30)] if sound else []
        found.append(make_clip(folder / name, picture, sounds=sounds))
    return found


def part(frame, x, y, width, height):
    return judge.samples(frame)[0][y : y + height, x : x + width].astype(int)


def shown(path, clip_path):
    return judge.samples(judge.frames(path)[clip_path])[0].astype(int)


def test_both_cameras_are_shown_in_sync(tmp_path):
    card = tmp_path / "card"
    fronts = levels(card, "Front", FRONT, [0, 1])
    rears = levels(card, "Back", REAR, [0, 1], sound=False)
    report = join(
        [card], tmp_path / "both.mp4", options={"layout": "side-by-side"}, config=LOSSLESS
    )
    frames = judge.frames(tmp_path / "both.mp4")
    assert (frames[0].width, frames[0].height) == (report.output.width, report.output.height)
    assert len(frames) == 60
    left = [part(f, 0, 0, *FRONT) for f in frames]
    expected = [judge.samples(f)[0].astype(int) for p in fronts for f in judge.frames(p)]
    assert max(abs(a - b).mean() for a, b in zip(left, expected, strict=True)) < 0.5
    right = [part(f, FRONT[0], 0, 160, 90) for f in frames]
    rear = [judge.samples(f)[0].astype(int) for p in rears for f in judge.frames(p)]
    for picture, own in zip(right, rear, strict=True):  # each one is its own counterpart
        far = [abs(small(picture) - small(other)).mean() for other in rear]
        assert far[[id(o) for o in rear].index(id(own))] == min(far)
    assert judge.ticks(tmp_path / "both.mp4") == [512 * k for k in range(60)]
    record = json.loads((tmp_path / "both.mp4.provenance.json").read_text())
    assert len(record["clips"]) == 4


def small(picture):
    """A picture in few enough samples to be compared at any size."""
    rows, columns = (np.linspace(0, n - 1, 18).round().astype(int) for n in picture.shape)
    return picture[rows][:, columns]


def test_names_that_are_a_second_apart_begin_together(tmp_path):
    card = tmp_path / "card"
    levels(card, "Front", FRONT, [0, 3], frames=90)
    levels(card, "Back", REAR, [0, 3], frames=90, seconds=1.0)
    report = join([card], tmp_path / "both.mp4", options={"layout": "pip"}, config=LOSSLESS)
    assert not any("has no picture" in note for note in report.joined.notes)


def test_what_the_other_camera_lacks_is_black_and_counted(tmp_path):
    card = tmp_path / "card"
    levels(card, "Front", FRONT, [0, 1, 2])
    rears = levels(card, "Back", REAR, [0, 1, 2])
    without_index(rears[1], tmp_path / "x")
    (tmp_path / "x").replace(rears[1])
    report = join([card], tmp_path / "both.mp4", options={"layout": "stacked"}, config=LOSSLESS)
    assert report.exit_code == BatchError.exit_code
    assert report.joined.faulty[0].path == str(rears[1])
    below = [part(f, 0, 90, 160, 90).mean() for f in judge.frames(tmp_path / "both.mp4")]
    dark = [k for k, level in enumerate(below) if level == 16]
    assert set(range(38, 52)) <= set(dark) <= set(range(30, 60))
    assert any(
        note.startswith(f"{len(dark)} frames have no picture") for note in report.joined.notes
    )


def test_the_small_picture_lies_in_the_corner(tmp_path):
    card = tmp_path / "card"
    levels(card, "Front", FRONT, [0])
    levels(card, "Back", REAR, [0])
    join([card], tmp_path / "both.mp4", options={"layout": "pip"}, config=LOSSLESS)
    places = plan("pip", *(probe(p).video for p in sorted(card.rglob("*.mp4"), reverse=True)))
    assert (places.size.width, places.size.height) == FRONT
    x, y = places.other.x, places.other.y
    assert x > FRONT[0] / 2
    assert y < FRONT[1] / 4
    assert places.other.size.height <= 0.3 * FRONT[1] + 1


def test_one_camera_alone_has_nothing_beside(tmp_path):
    split(whole_drive(tmp_path / "whole.mp4", seconds=4), tmp_path / "card")
    with pytest.raises(UsageError, match="no other camera"):
        join([tmp_path / "card"], tmp_path / "both.mp4", options={"layout": "pip"})
    assert not (tmp_path / "both.mp4").exists()


class StopError(Exception):
    pass


def test_a_layout_goes_on_where_it_was(tmp_path):
    card = tmp_path / "card"
    levels(card, "Front", FRONT, [0, 1, 2])
    levels(card, "Back", REAR, [0, 1, 2])
    options = {"layout": "pip", "segment_seconds": 0.5}

    def stop(progress):
        if progress.frames > 40:
            raise StopError

    with pytest.raises(StopError):
        join([card], tmp_path / "both.mp4", options=options, config=LOSSLESS, progress=stop)
    seen = []
    join(
        [card], tmp_path / "both.mp4", options=options, config=LOSSLESS,
        progress=lambda progress: seen.append(progress.frames),
    )  # fmt: skip
    assert seen[0] >= 15
    join([card], tmp_path / "again.mp4", options=options, config=LOSSLESS)
    assert judge.same_pictures(
        judge.frames(tmp_path / "both.mp4"), judge.frames(tmp_path / "again.mp4")
    )


class Track:
    """What a plan asks of a track."""

    rotation, sample_aspect_ratio = 0, None

    def __init__(self, size):
        self.width, self.height = size


sizes = st.tuples(st.integers(64, 7680), st.integers(64, 4320))


@given(st.sampled_from(["pip", "side-by-side", "stacked"]), sizes, sizes)
def test_every_picture_lies_within_the_whole(layout, front, other):
    made = plan(layout, Track(front), Track(other))
    assert made.size.width <= LARGEST[0] + 2
    assert made.size.height <= LARGEST[1] + 2
    for place in (made.front, made.other):
        assert place.x % 2 == place.y % 2 == 0
        assert 0 <= place.x <= made.size.width - place.size.width
        assert 0 <= place.y <= made.size.height - place.size.height
