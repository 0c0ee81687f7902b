"""Sound, subtitles, data, attachments, chapters and metadata travel along."""

from __future__ import annotations

from datetime import UTC, datetime
from fractions import Fraction
from typing import TYPE_CHECKING

import av
import judge
import pytest
from factory import Data, Picture, Sound, Text, make_clip
from pump import pump

from dashcam_pipeline import clean
from dashcam_pipeline.media.describe import probe
from dashcam_pipeline.media.destination import can_hold, choose_output_path

if TYPE_CHECKING:
    from pathlib import Path

TS_TICK = Fraction(1, 90000)
QUARTER_TURN = (0, 65536, 0, -65536, 0, 0, 180 << 16, 0, 1 << 30)


def same_packets(a: Path, b: Path, index: int) -> bool:
    """True if a track's packets, times, flags and side data are equal, and there are some."""
    left, right = judge.packets(a, index), judge.packets(b, index)
    return bool(left) and left == right


@pytest.mark.parametrize(
    ("suffix", "codec"),
    [(".mp4", "aac"), (".mov", "pcm_s16le"), (".mkv", "aac"), (".mkv", "libopus"), (".ts", "aac")],
)
def test_every_sound_track_is_copied_packet_for_packet(tmp_path, suffix, codec):
    tick = TS_TICK if suffix == ".ts" else Fraction(1, 15360)
    start = 130000 if suffix == ".ts" else 0
    picture = Picture(pts=[start + i * 3000 for i in range(20)], time_base=tick)
    sounds = [
        Sound(codec, language="eng", start=Fraction(start, 90000)),
        Sound(codec, language="kor", pitch=880, start=Fraction(start, 90000)),
    ]
    source = make_clip(tmp_path / f"in{suffix}", picture, sounds=sounds)
    target = tmp_path / f"out{suffix}"

    _, report = pump(source, target)

    assert same_packets(source, target, 1)
    assert same_packets(source, target, 2)
    with av.open(str(target)) as container:
        assert [s.language for s in container.streams.audio] == ["eng", "kor"]
    assert report.not_carried == ()
    assert report.packets_repaired == report.packets_refused == 0


def test_the_trims_of_an_edit_list_survive(tmp_path):
    source = make_clip(tmp_path / "in.mp4", sounds=[Sound(seconds=0.99)])
    assert any(p.discard for p in judge.packets(source, 1)), "the encoder's priming is hidden"
    target = tmp_path / "out.mp4"

    pump(source, target)

    assert same_packets(source, target, 1)
    with av.open(str(source)) as a, av.open(str(target)) as b:
        left = sum(f.samples for f in a.decode(audio=0))
        assert left == sum(f.samples for f in b.decode(audio=0))


def test_sound_can_be_left_out(tmp_path):
    source = make_clip(tmp_path / "in.mp4", sounds=[Sound()], texts=[Text()])
    target = tmp_path / "out.mp4"

    _, report = pump(source, target, audio=False)

    assert judge.indices(target, "audio") == []
    assert len(judge.indices(target, "subtitle")) == 1
    assert [(t.kind, why) for t, why in report.not_carried] == [("audio", "left out as asked")]


@pytest.mark.parametrize("suffix", [".mp4", ".mov"])
def test_an_mp4s_texts_data_and_chapters_are_kept(tmp_path, suffix):
    source = make_clip(
        tmp_path / f"in{suffix}",
        sounds=[Sound()],
        texts=[Text()],
        data=[Data()] if suffix == ".mp4" else [],
        chapters=[(0, 0.5, "leaving"), (0.5, 1, "night")],
    )
    target = tmp_path / f"out{suffix}"

    _, report = pump(source, target)

    for kind in ("subtitle", "data"):
        assert judge.indices(target, kind) == judge.indices(source, kind)
    assert same_packets(source, target, 2)
    if suffix == ".mp4":
        assert same_packets(source, target, 3)
    before, after = (
        [(c.start * c.time_base, c.end * c.time_base, c.metadata) for c in probe(path).chapters]
        for path in (source, target)
    )  # counted in ticks of the whole file, which may be finer
    assert after == before
    assert [metadata["title"] for _, _, metadata in after] == ["leaving", "night"]
    assert report.not_carried == ()


def test_matroskas_texts_attachments_and_chapters_are_kept(tmp_path):
    source = make_clip(
        tmp_path / "in.mkv",
        texts=[Text("subrip"), Text("subrip", language="kor")],
        attachments=[("note.txt", "text/plain", b"seen at the corner")],
        chapters=[(0, 0.5, "leaving"), (0.5, 1, "night")],
    )
    target = tmp_path / "out.mkv"

    _, report = pump(source, target)

    assert same_packets(source, target, 1)
    assert same_packets(source, target, 2)
    with av.open(str(target)) as container:
        (attached,) = container.streams.attachments
        assert (attached.name, attached.mimetype) == ("note.txt", "text/plain")
        assert attached.data == b"seen at the corner"
    assert probe(target).chapters == probe(source).chapters
    assert report.not_carried == ()


def test_a_transport_streams_data_are_kept(tmp_path):
    picture = Picture(pts=[130000 + i * 3000 for i in range(20)], time_base=TS_TICK)
    data = Data("klv", [(1.5, b"position 1"), (1.8, b"position 2")])
    source = make_clip(tmp_path / "in.ts", picture, data=[data])
    target = tmp_path / "out.ts"

    pump(source, target)

    assert same_packets(source, target, 1)
    with av.open(str(source)) as a, av.open(str(target)) as b:
        assert [s.id for s in a.streams] == [s.id for s in b.streams]


@pytest.mark.parametrize("name", ["out.m2ts", "OUT.MTS", "out.ts"])
def test_transport_streams_of_discs_are_written_as_such(tmp_path, name):
    picture = Picture(pts=[130000 + i * 3000 for i in range(20)], time_base=TS_TICK)
    source = make_clip(tmp_path / "in.ts", picture, sounds=[Sound(start=Fraction(13, 9))])
    target = tmp_path / name

    pump(source, target)

    sync = 0 if name == "out.ts" else 4  # a disc's packets begin with their arrival time
    assert target.read_bytes()[sync] == 0x47
    assert judge.seconds(target) == judge.seconds(source)
    assert same_packets(source, target, 1)


def test_a_timecode_track_is_written_anew(tmp_path):
    picture = Picture(metadata={"timecode": "10:31:06:01"})
    source = make_clip(tmp_path / "in.mp4", picture, data=[Data()])
    assert len(judge.indices(source, "data")) == 2, "the muxer makes one from the metadata"
    target = tmp_path / "out.mp4"

    _, report = pump(source, target)

    with av.open(str(target)) as container:
        codes = [s.metadata.get("timecode") for s in container.streams.data]
    assert "10:31:06:01" in codes
    assert same_packets(source, target, judge.indices(source, "data")[0])
    assert report.not_carried == ()


@pytest.mark.parametrize("suffix", [".mp4", ".mov"])
def test_a_second_camera_is_kept_with_its_own_timecode(tmp_path, suffix):
    pictures = [
        Picture(metadata={"timecode": "01:00:00:00"}),
        Picture(size=(64, 48), metadata={"timecode": "02:00:00:00"}),
    ]
    source = make_clip(tmp_path / f"in{suffix}", *pictures)
    target = tmp_path / f"out{suffix}"

    _, report = pump(source, target)

    assert same_packets(source, target, 1)
    assert report.not_carried == ()
    with av.open(str(target)) as container:
        codes = [s.metadata.get("timecode") for s in container.streams.data]
    assert codes == ["01:00:00:00", "02:00:00:00"]


def test_what_a_container_cannot_hold_is_named(tmp_path):
    source = make_clip(tmp_path / "in.mp4", texts=[Text()], data=[Data()])

    _, report = pump(source, tmp_path / "out.ts")

    lost = {track.codec: why for track, why in report.not_carried}
    assert lost == {"mov_text": "mpegts can't hold mov_text subtitle tracks"}
    report = pump(source, tmp_path / "out.mkv")[1]
    assert {t.codec for t, _ in report.not_carried} == {"mov_text", "bin_data"}
    assert all("matroska can't hold" in why for _, why in report.not_carried)


@pytest.mark.parametrize("suffix", [".mp4", ".mkv"])
def test_the_largest_picture_is_worked_on_and_the_other_copied(tmp_path, suffix):
    small = Picture(size=(160, 96), seed=4)
    source = make_clip(tmp_path / f"in{suffix}", small, Picture(), sounds=[Sound()])
    target = tmp_path / f"out{suffix}"

    _, report = pump(source, target)

    assert probe(source).video.index == probe(target).video.index == 1
    assert same_packets(source, target, 0)
    assert judge.same_pictures(judge.frames(source, 1), judge.frames(target, 1))
    assert [t.index for t in report.carried] == [0, 2]


def test_another_picture_can_be_chosen(tmp_path):
    small = Picture(size=(160, 96), seed=4)
    source = make_clip(tmp_path / "in.mp4", Picture(), small)
    target = tmp_path / "out.mp4"

    _, report = pump(source, target, track=1)

    assert [t.index for t in report.carried] == [0]
    assert same_packets(source, target, 0)
    assert judge.same_pictures(judge.frames(source, 1), judge.frames(target, 1))


def test_the_order_of_tracks_is_kept(tmp_path):
    source = make_clip(tmp_path / "in.mp4", sounds=[Sound()], sound_first=True)
    target = tmp_path / "out.mp4"

    pump(source, target)

    with av.open(str(target)) as container:
        assert [s.type for s in container.streams] == ["audio", "video"]


METADATA = {
    "title": "A drive",
    "comment": "night",
    "creation_time": "2024-01-01T12:00:00.000000Z",
    "location": "+37.5665+126.9780/",
    "make": "Maker",
    "model": "A800",
    "firmware": "1.2.3",
    "com.apple.quicktime.make": "Maker",
    "한글": "값",
}


@pytest.mark.parametrize("suffix", [".mp4", ".mov", ".mkv"])
@pytest.mark.parametrize("native", [True, False], ids=["native keys", "any keys"])
def test_metadata_and_creation_time_are_kept(tmp_path, suffix, native):
    some = ("title", "comment", "creation_time")
    given = {k: v for k, v in METADATA.items() if k in some or not native}
    options = {} if native else {"movflags": "use_metadata_tags"}
    source = make_clip(
        tmp_path / f"in{suffix}",
        metadata=given,
        options=options if suffix != ".mkv" else {},
        sounds=[Sound()],
    )
    target = tmp_path / f"out{suffix}"

    pump(source, target)

    before, after = probe(source), probe(target)
    ours = {"encoder", "ENCODER"}
    assert {k: v for k, v in after.metadata.items() if k not in ours} == {
        k: v for k, v in before.metadata.items() if k not in ours
    }
    assert after.creation_time == datetime(2024, 1, 1, 12, tzinfo=UTC)
    if suffix != ".mkv":
        assert after.video.metadata["creation_time"] == before.video.metadata["creation_time"]


def test_metadata_without_a_place_is_named(tmp_path):
    source = make_clip(tmp_path / "in.mp4", metadata={"title": "A drive"})

    report = clean(source, tmp_path / "out.ts", config={"stages": ()})

    assert "metadata title" in [fact.reason for fact in report.lost]


@pytest.mark.parametrize(
    ("suffix", "turn"),
    [
        (".mp4", "quarter"),
        (".mov", "quarter"),
        (".mkv", "quarter"),
        (".mp4", "mirrored"),  # Matroska has no mirroring
        (".mov", "mirrored"),
    ],
)
def test_rotation_and_pixel_shape_are_kept(tmp_path, suffix, turn):
    mirrored = (-65536, 0, 0, 0, 65536, 0, 320 << 16, 0, 1 << 30)
    matrix = QUARTER_TURN if turn == "quarter" else mirrored
    picture = Picture(matrix=matrix, aspect=Fraction(4, 3))
    source = make_clip(tmp_path / f"in{suffix}", picture)
    target = tmp_path / f"out{suffix}"

    pump(source, target)

    before, after = probe(source).video, probe(target).video
    assert after.display_matrix == before.display_matrix is not None
    assert abs(after.rotation) == (90 if turn == "quarter" else 180)
    assert after.rotation == before.rotation
    assert after.sample_aspect_ratio == Fraction(4, 3)
    assert (after.width, after.height) == (320, 180)


def test_outputs_are_named_after_what_the_container_can_hold(tmp_path):
    def chosen(name: str, **tracks: object) -> str:
        return choose_output_path(probe(make_clip(tmp_path / name, **tracks))).name

    avi = Picture(codec="mjpeg", pixel_format="yuvj422p", time_base=Fraction(1, 30))
    assert chosen("a.mp4", sounds=[Sound()], texts=[Text()], data=[Data()]) == "a_clean.mp4"
    assert chosen("b.mov") == "b_clean.mov"
    assert chosen("c.mkv", texts=[Text("subrip")]) == "c_clean.mkv"
    source = make_clip(tmp_path / "d.avi", avi, sounds=[Sound("pcm_s16le")])
    assert choose_output_path(probe(source)).name == "d_clean.mkv"
    for codec, suffix in (("pcm_mulaw", ".mov"), ("pcm_alaw", ".mov"), ("adpcm_ms", ".mkv")):
        # Matroska's muxer refuses all three, and QuickTime's the last
        source = make_clip(tmp_path / f"{codec}.avi", avi, sounds=[Sound(codec, rate=8000)])
        assert choose_output_path(probe(source)).name == f"{codec}_clean{suffix}"
    capital = make_clip(tmp_path / "e.mp4").rename(tmp_path / "E.MP4")
    assert choose_output_path(probe(capital)).name == "E_clean.MP4"
    assert choose_output_path(probe(capital), tmp_path / "x.mkv") == tmp_path / "x.mkv"


def test_avi_becomes_matroska_with_every_track(tmp_path):
    picture = Picture(codec="mjpeg", pixel_format="yuvj422p", time_base=Fraction(1, 30))
    source = make_clip(tmp_path / "in.avi", picture, sounds=[Sound("pcm_s16le")])
    target = choose_output_path(probe(source))

    pump(source, target)

    sound = [p.payload for p in judge.packets(source, 1)]
    assert [p.payload for p in judge.packets(target, 1)] == sound
    assert judge.same_pictures(judge.frames(source), judge.frames(target))
    assert all(v.copied for v in can_hold(probe(source), "matroska"))
