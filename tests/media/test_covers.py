"""Covers stay covers, and are never taken for the recording."""

from __future__ import annotations

import hashlib
import json

import av
import judge
import pytest
from av.stream import Disposition
from factory import Picture, Sound, make_clip, still
from pump import pump

from dashcam_pipeline import clean
from dashcam_pipeline.media.describe import probe
from dashcam_pipeline.provenance import record_path

COVER = still((640, 480))
EMPTY = {"stages": ()}


def covers(path):
    """Bytes of a file's cover pictures."""
    with av.open(str(path)) as container:
        marked = [s for s in container.streams.video if s.disposition & Disposition.attached_pic]
        found = [bytes(next(container.demux(s))) for s in marked]
        assert len(container.streams.video) == len(found) + 1
    return found


def recording(folder, suffix):
    if suffix == ".mkv":
        return make_clip(
            folder / "in.mkv", sounds=[Sound()], attachments=[("my.jpg", "image/jpeg", COVER)]
        )
    return make_clip(folder / f"in{suffix}", sounds=[Sound()], covers=[COVER])


@pytest.mark.parametrize("before", [".mp4", ".mkv"])
@pytest.mark.parametrize("after", [".mp4", ".mkv"])
def test_a_large_cover_stays_a_cover(tmp_path, before, after):
    source = recording(tmp_path, before)
    target, again = tmp_path / f"out{after}", tmp_path / f"again{after}"

    _, report = pump(source, target)
    pump(target, again)

    assert covers(source) == covers(target) == covers(again) == [COVER]
    assert probe(target).video.width == 320
    assert report.not_carried == ()
    assert any(track.cover for track in report.carried)


@pytest.mark.parametrize("picture", [COVER, still((640, 480), "png")], ids=["jpeg", "png"])
def test_a_cover_goes_to_matroska_and_back_without_a_word(tmp_path, picture):
    """Matroska spells keys in capitals, which MP4 has a place for all the same."""
    source = make_clip(tmp_path / "in.mp4", metadata={"title": "A drive"}, covers=[picture])
    there, back = tmp_path / "out.mkv", tmp_path / "back.mp4"

    for report in (clean(source, there, config=EMPTY), clean(there, back, config=EMPTY)):
        assert report.warnings == ()
        assert not any(loss.reason == "the whole track" for loss in report.lost)

    assert covers(there) == covers(back) == [picture]
    assert probe(back).metadata["title"] == "A drive"
    assert b"mdta" not in back.read_bytes()


def test_a_covers_name_and_kind_are_kept(tmp_path):
    picture = still((640, 480), "png")
    source = make_clip(tmp_path / "in.mkv", attachments=[("seen.png", "image/png", picture)])
    target = tmp_path / "out.mkv"

    pump(source, target)

    cover = next(track for track in probe(target).tracks if track.cover)
    assert cover.metadata["filename"] == "seen.png"
    assert cover.metadata["mimetype"] == "image/png"
    assert covers(target) == [picture]


@pytest.mark.parametrize("suffix", [".mov", ".ts"])
def test_a_cover_without_a_place_is_named(tmp_path, suffix):
    _, report = pump(recording(tmp_path, ".mp4"), tmp_path / f"out{suffix}")

    (lost,) = [(track, why) for track, why in report.not_carried if track.cover]
    assert "can't hold cover pictures" in lost[1]


@pytest.mark.parametrize("suffix", [".mp4", ".mkv"])
@pytest.mark.parametrize("mark", [0, int(Disposition.default)])
def test_a_lone_still_is_not_the_recording(tmp_path, suffix, mark):
    """As an earlier version left covers in Matroska."""
    picture = Picture(
        frames=1, pts=[0], size=(640, 480), codec="mjpeg", pixel_format="yuvj420p", disposition=mark
    )
    source = make_clip(tmp_path / f"in{suffix}", picture, Picture())

    assert probe(source).video.index == 1


def test_a_still_that_is_all_there_is_can_be_worked_on(tmp_path):
    picture = Picture(frames=1, pts=[0], codec="mjpeg", pixel_format="yuvj420p")
    assert probe(make_clip(tmp_path / "in.mkv", picture)).video.index == 0


def test_a_cover_that_the_muxer_drops_is_named(tmp_path):
    """Keys that aren't native take the place in which an MP4 has its cover."""
    make = {"make": "Maker"}
    source = make_clip(
        tmp_path / "in.mkv", metadata=make, attachments=[("a.jpg", "image/jpeg", COVER)]
    )

    report = clean(source, tmp_path / "out.mp4", config=EMPTY)

    assert ("#1 video mjpeg", "the whole track") in [(x.track, x.reason) for x in report.lost]
    report = clean(source, tmp_path / "out.mkv", config=EMPTY)
    assert report.lost == ()


@pytest.mark.parametrize("suffix", [".mp4", ".mkv"])
def test_the_essence_is_of_the_track_that_was_cleaned(tmp_path, suffix):
    small = Picture(size=(160, 96), frames=20, seed=4)
    large = Picture(frames=20)
    covers = [COVER] if suffix == ".mp4" else []
    attachments = [("a.jpg", "image/jpeg", COVER)] if suffix == ".mkv" else []
    source = make_clip(
        tmp_path / f"in{suffix}", large, small, covers=covers, attachments=attachments
    )
    target = tmp_path / f"out{suffix}"

    clean(source, target, config={"stages": (), "track": 1})

    record = json.loads(record_path(target).read_text())
    payload = b"".join(p.payload for p in judge.packets(target, 1))
    assert record["output"]["video_essence_sha256"] == hashlib.sha256(payload).hexdigest()
