"""What is said of an output is counted in the file itself."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

import av
import pytest
from factory import Data, Picture, Sound, Text, make_clip
from pump import pump

from dashcam_pipeline import CleanConfig, clean
from dashcam_pipeline.media import writer
from dashcam_pipeline.media.encoders import EncoderSettings
from dashcam_pipeline.media.inventory import Holding, inventory

TS_TICK = Fraction(1, 90_000)


@pytest.mark.parametrize(
    ("source", "target"),
    [
        *((a, b) for a in (".mp4", ".mkv", ".ts") for b in (".mp4", ".mov", ".mkv", ".ts")),
        (".avi", ".mkv"),
        (".avi", ".mov"),
    ],
)
def test_nothing_differs_in_a_healthy_output(tmp_path, source, target):
    """Priming, samples cut into other packets, texts with gaps between them, rounded times."""
    avi, stream = source == ".avi", source == ".ts"
    tick = {".mkv": Fraction(1, 1000), ".ts": TS_TICK, ".avi": Fraction(1, 30)}.get(source)
    picture = Picture(size=(64, 48), **({"time_base": tick} if tick else {}))
    if stream:
        picture.pts = [126_000 + 3000 * i for i in range(30)]
    clip = make_clip(
        tmp_path / f"in{source}",
        picture,
        sounds=[Sound("pcm_s16le" if avi else "aac", start=Fraction(7, 5) if stream else 0)],
        texts=[] if avi or stream else [Text("mov_text" if source == ".mp4" else "subrip")],
    )

    counts, report = pump(clip, tmp_path / f"out{target}", EncoderSettings())

    assert report.differences == ()
    assert report.frames == counts.frames.read == 30


def test_data_that_share_a_time_are_counted(tmp_path):
    lines = [(0.0, b"a"), (0.0, b"b"), (0.5, b"c")]
    clip = make_clip(tmp_path / "in.ts", Picture(time_base=TS_TICK), data=[Data(lines=lines)])
    _, report = pump(clip, tmp_path / "out.ts")
    assert report.differences == ()


def test_what_differs_is_said(tmp_path, monkeypatch):
    """A muxer that hides ten pictures behind an edit list."""
    clip = make_clip(tmp_path / "in.mp4", sounds=[Sound()])
    monkeypatch.setattr(writer, "_to_zero", lambda *_: Fraction(-1, 3))
    target = tmp_path / "out.mp4"

    report = clean(clip, target, config=CleanConfig(stages=()))

    with av.open(str(target)) as container:
        shown = sum(1 for p in container.demux(video=0) if p.size and not p.is_discard)
    assert shown == report.frames.written == 20
    assert "20 of 30 (30 were read)" in report.summary()
    assert any(
        "#0 video h264 holds 20 pictures from 0.000 to 0.633 s instead of 30" in warning
        for warning in report.warnings
    )


def test_a_track_is_counted_by_time(tmp_path):
    clip = make_clip(tmp_path / "a.mkv", Picture(time_base=Fraction(1, 1000)), sounds=[Sound()])
    found = inventory(clip, "matroska")
    assert found[0].words() == "30 pictures from 0.000 to 0.967 s"
    assert found[1].packets == 48
    assert found[0].differs(found[0]) == ""
    assert found[0].differs(Holding("video")) == (
        "holds 0 pictures instead of 30 pictures from 0.000 to 0.967 s"
    )


def test_what_is_said_of_uncompressed_sound_is_what_differs():
    """Its packets begin alike, and the last one is shorter."""
    given = Holding("audio", "pcm_s16le", 94, Fraction(0), Fraction(199, 100), Fraction(2))
    found = replace(given, end=Fraction(1994, 1000))
    said = given.differs(found)
    found_said, given_said = said.removeprefix("holds ").split(" instead of ")
    assert found_said == "94 packets from 0.000 to 1.994 s"
    assert given_said == "94 packets from 0.000 to 2.000 s"
