"""Real recordings, where a copy of the shared data lies beside the checkout."""

from __future__ import annotations

import itertools
from fractions import Fraction
from pathlib import Path

import av
import judge
import pytest
from pump import pump

from dashcam_pipeline.media.describe import probe
from dashcam_pipeline.media.destination import choose_output_path
from dashcam_pipeline.media.encoders import EncoderSettings
from dashcam_pipeline.media.probe import examine
from dashcam_pipeline.media.reader import Reader

DATA = Path(__file__).resolve().parents[3] / "shared" / "data"

pytestmark = pytest.mark.skipif(not DATA.is_dir(), reason=f"no real recordings in {DATA}")

FAST = EncoderSettings(preset="ultrafast")


@pytest.mark.parametrize(
    ("name", "end"),
    [
        ("clips/night.mp4", 4),
        ("clips/carnd-day.mp4", 2),
        ("telemetry/gopro/hero5-trimmed.mp4", None),
        ("telemetry/70mai-multichannel/Normal/Front/NO20260101-120000-000001F.MP4", None),
    ],
)
def test_a_real_recording_stays_what_it_was(tmp_path, name, end):
    source = DATA / name
    info = probe(source)
    target = tmp_path / choose_output_path(info).name

    counts, report = pump(source, target, FAST, end=end)

    assert not counts.frames.damaged
    assert report.not_carried == ()
    times = judge.seconds(target)
    assert times == judge.seconds(source)[: len(times)]
    if end is None:
        assert len(times) == info.video.expected_frames
        for track in info.others:
            assert judge.packets(target, track.index) == judge.packets(source, track.index)
    after = probe(target)
    assert after.container == info.container
    assert after.video.color == info.video.color
    assert after.creation_time == info.creation_time
    assert examine(target).health == "ok"


def test_sound_of_real_recordings_is_not_taken_for_damaged():
    heard = 0
    cameras = DATA.glob("telemetry/70mai-multichannel/Normal/*/*.MP4")
    for path in (*DATA.glob("clips/*.mp4"), *cameras):
        with Reader(path, listen=True) as reader:
            heard += sum(1 for _ in reader.carried())
        assert (path.name, reader.counts.frames.damaged_sound) == (path.name, 0)
    assert heard


def test_goodbye_to_nothing_of_a_gopro(tmp_path):
    source = DATA / "telemetry/gopro/hero5-trimmed.mp4"
    target = tmp_path / "out.mp4"

    pump(source, target, FAST)

    with av.open(str(source)) as a, av.open(str(target)) as b:
        assert [s.type for s in b.streams] == [s.type for s in a.streams]
        assert b.streams.video[0].metadata["timecode"] == "10:31:06:01"
        assert b.metadata["location"] == a.metadata["location"]
        assert b.streams[2].metadata["handler_name"] == a.streams[2].metadata["handler_name"]


def test_an_unannounced_track_of_a_transport_stream_is_named(tmp_path):
    _, report = pump(DATA / "telemetry/novatek-ts/real-anonymized.TS", tmp_path / "out.TS", FAST)
    assert [(t.index, t.kind) for t, _ in report.not_carried] == [(2, "unknown")]


def test_a_frame_out_of_place_is_put_after_the_one_before(tmp_path):
    source = DATA / "clips/phone-1080p-hevc.mp4"
    target = tmp_path / "out.mp4"

    counts, _ = pump(source, target, FAST, end=0.5)

    assert counts.frames.times_repaired == 1
    times = judge.seconds(target)
    assert min(b - a for a, b in itertools.pairwise(times)) == Fraction(1, 30000)
