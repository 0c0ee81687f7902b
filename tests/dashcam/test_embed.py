"""What a camera's own viewers find in the source they find in the output."""

from __future__ import annotations

import json
import os
import shutil
import struct
import subprocess
from pathlib import Path

import av
import cameras
import judge
import pytest
from factory import Picture, Sound, make_clip

from dashcam_pipeline import clean
from dashcam_pipeline.dashcam.telemetry import read_telemetry
from dashcam_pipeline.dashcam.telemetry.embed import embed
from dashcam_pipeline.media.encoders import lossless
from dashcam_pipeline.media.reader import Reader
from dashcam_pipeline.media.writer import Writer

REAL = Path(os.environ.get("DASHCAM_TEST_DATA", Path(__file__).parents[3] / "shared/data"))
SMALL = Picture(frames=60, size=(160, 90))


def rewrite(source, target, *, start=None, end=None):
    """A pass without stages, with its telemetry put back."""
    found = read_telemetry(source).within(start, end)
    done = []
    with (
        Reader(source, start=start, end=end) as reader,
        Writer(target, reader.info, lossless()) as writer,
    ):
        for item in reader:
            writer.write(item)
        muxer = {".mp4": "mp4", ".mov": "mov", ".ts": "mpegts"}.get(target.suffix, "matroska")
        writer.finish(lambda part: done.append(embed(found, part, muxer)))
    return done[0]


def rows(path):
    """Positions as exiftool sees them."""
    tool = shutil.which("exiftool")
    if tool is None:
        pytest.skip("exiftool isn't installed")
    command = [tool, "-ee", "-G3", "-j", "-n", str(path)]
    out = subprocess.run(command, capture_output=True, check=True, text=True).stdout
    tags = json.loads(out)[0]
    return [
        (tags[key], tags[key.replace("Latitude", "Longitude")])
        for key in tags
        if key.endswith(":GPSLatitude")
    ]


CASES = {
    "novatek": {"blocks": [cameras.novatek_block(i) for i in range(6)]},
    "novatek-newer": {"blocks": [cameras.novatek_block(i, base=16) for i in range(6)]},
    "70mai-box": {"boxes": [cameras.mai_box(6)]},
    "blackvue": {"boxes": [cameras.blackvue_free(6)]},
    "garmin": {"in_moov": [cameras.garmin_uuid(6)]},
}


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("suffix", [".mp4", ".mov"])
def test_exiftool_reads_the_same_rows(tmp_path, case, suffix):
    source = make_clip(tmp_path / f"a{suffix}", SMALL, sounds=[Sound(seconds=2)])
    cameras.transplant(source, **CASES[case])
    target = tmp_path / f"b{suffix}"
    assert rewrite(source, target).missing == ()
    expected = rows(source)
    assert len(expected) >= 6
    assert rows(target) == expected


@pytest.mark.parametrize("case", [*CASES, "70mai-blocks", "both"])
def test_our_own_reader_finds_the_same(tmp_path, case):
    more = {
        "70mai-blocks": {"blocks": [cameras.mai_block(i) for i in range(20)]},
        "both": {"blocks": [cameras.mai_block(i) for i in range(20)], "boxes": [b"\0\0\0\x08free"]},
    }
    source = make_clip(tmp_path / "a.mp4", SMALL)
    cameras.transplant(source, **{**CASES, **more}[case])
    target = tmp_path / "b.mp4"
    rewrite(source, target)
    before, after = read_telemetry(source), read_telemetry(target)
    assert before.fixes
    assert [(f.latitude, f.longitude, f.time) for f in after.fixes] == [
        (f.latitude, f.longitude, f.time) for f in before.fixes
    ]
    assert [raw.data for raw in after.raws] == [raw.data for raw in before.raws]


def test_players_still_play_it(tmp_path):
    source = make_clip(tmp_path / "a.mp4", SMALL, sounds=[Sound(seconds=2)])
    plain = tmp_path / "plain.mp4"
    rewrite(source, plain)
    cameras.transplant(source, **CASES["novatek"], boxes=[cameras.blackvue_free(3)])
    target = tmp_path / "b.mp4"
    rewrite(source, target)
    assert judge.same_pictures(judge.frames(target), judge.frames(plain))
    assert judge.packets(target, 1) == judge.packets(plain, 1)
    with av.open(str(target)) as container:
        container.seek(1_000_000)
        assert next(container.decode(video=0)).time <= 1


def test_a_span_keeps_only_its_own(tmp_path):
    source = make_clip(tmp_path / "a.mp4", SMALL)
    cameras.transplant(source, blocks=[cameras.novatek_block(i) for i in range(20)])
    target = tmp_path / "b.mp4"
    rewrite(source, target, start=0.5, end=1.5)
    seconds = [fix.time.second for fix in read_telemetry(target).fixes]
    assert seconds == list(range(5, 15))


def test_what_is_not_understood_stays_out(tmp_path):
    source = make_clip(tmp_path / "a.mp4", SMALL)
    secret = cameras.box(b"infi", b"password=secret")
    cameras.transplant(source, boxes=[cameras.box(b"abcd", b"1234"), secret])
    target = tmp_path / "b.mp4"
    done = rewrite(source, target)
    assert done.places == ()
    assert done.missing == (("abcd", "its layout isn't known"),)
    assert b"secret" not in target.read_bytes()


def test_other_containers_say_so(tmp_path):
    source = make_clip(tmp_path / "a.mp4", SMALL)
    cameras.transplant(source, **CASES["novatek"])
    done = rewrite(source, tmp_path / "b.mkv")
    assert done.places == ()
    assert done.missing == (("moov/gps", "a matroska file has no place for it"),)


def test_transport_stream_packets_keep_their_time(tmp_path):
    source = make_clip(tmp_path / "a.ts", SMALL, sounds=[Sound(seconds=2)])
    records = [cameras.novatek_record(i) for i in range(8)]
    cameras.add_private_packets(source, records)
    target = tmp_path / "b.ts"
    assert rewrite(source, target).places == ("pid 0x300",)
    assert [p.name for p in tmp_path.iterdir() if p.suffix == ".part"] == []
    before, after = read_telemetry(source), read_telemetry(target)
    assert [raw.data for raw in after.raws] == [raw.data for raw in before.raws]
    for old, new in zip(before.fixes, after.fixes, strict=True):
        assert abs(old.seconds - new.seconds) < 0.2
    assert len(judge.frames(target)) == 60


def test_a_pid_in_use_is_left_alone(tmp_path):
    source = make_clip(tmp_path / "a.ts", SMALL)
    cameras.add_private_packets(source, [cameras.novatek_record(0)])
    found = read_telemetry(source)
    target = make_clip(tmp_path / "b.ts", SMALL)
    cameras.add_private_packets(target, [b"other"])
    before = target.read_bytes()
    assert "PID" in embed(found, target, "mpegts").missing[0][1]
    assert target.read_bytes() == before


def real_boxes(clip):
    """A clip with the boxes of real cameras: 70mai's blocks, BlackVue's files as its box."""
    data = (REAL / "telemetry/70mai-embedded/real-anonymized.mp4").read_bytes()
    at = data.index(b"gps ")
    count = struct.unpack_from(">I", data, at + 8)[0]
    places = [struct.unpack_from(">II", data, at + 12 + 8 * i) for i in range(count)]
    folder = REAL / "telemetry/blackvue"
    free = cameras.box(
        b"free",
        cameras.box(b"gps ", (folder / "real-anonymized.gps").read_bytes())
        + cameras.box(b"3gf ", (folder / "real-anonymized.3gf").read_bytes()),
    )
    blocks = [data[offset : offset + size] for offset, size in places]
    return cameras.transplant(clip, blocks=blocks, boxes=[free])


@pytest.mark.skipif(not (REAL / "telemetry").is_dir(), reason="the real recordings aren't here")
def test_boxes_of_real_cameras_survive_a_run(tmp_path):
    source = real_boxes(make_clip(tmp_path / "a.mp4", SMALL, sounds=[Sound(seconds=2)]))
    report = clean(source, tmp_path / "b.mp4", config={"stages": ()})
    assert report.telemetry["embedded"] == ["moov/gps", "free"]
    before, after = read_telemetry(source), read_telemetry(tmp_path / "b.mp4")
    assert set(after.families) == {"70mai", "blackvue"}
    assert len(after.fixes) == len(before.fixes) == 20
    assert sorted(r.data for r in after.raws) == sorted(r.data for r in before.raws)
    assert len(judge.frames(tmp_path / "b.mp4")) == 60
    # as many rows as exiftool knows this BlackVue dialect
    assert rows(tmp_path / "b.mp4") == rows(source)


@pytest.mark.skipif(not (REAL / "telemetry").is_dir(), reason="the real recordings aren't here")
@pytest.mark.parametrize(
    ("name", "suffix"),
    [("novatek-ts/real-anonymized.TS", ".ts"), ("gopro/hero5-trimmed.mp4", ".mp4")],
)
def test_real_recordings_keep_their_positions(tmp_path, name, suffix):
    source = REAL / "telemetry" / name
    report = clean(source, tmp_path / f"b{suffix}", config={"stages": ()})
    before, after = read_telemetry(source), read_telemetry(tmp_path / f"b{suffix}")
    assert [(f.latitude, f.longitude) for f in after.fixes] == [
        (f.latitude, f.longitude) for f in before.fixes
    ]
    assert report.not_carried == ()


@pytest.mark.skipif(not (REAL / "telemetry").is_dir(), reason="the real recordings aren't here")
def test_real_thinkware_lines_travel_with_a_clip(tmp_path):
    lines = REAL / "telemetry/thinkware/real-anonymized.mp4"
    picture = make_clip(tmp_path / "picture.mp4", Picture(frames=60, size=(160, 90)))
    with (
        av.open(str(picture)) as video,
        av.open(str(lines)) as text,
        av.open(str(tmp_path / "a.mp4"), "w") as out,
    ):
        tracks = [(s.streams[0], out.add_stream_from_template(s.streams[0])) for s in (video, text)]
        for old, new in tracks:
            for packet in old.container.demux(old):
                if packet.size:
                    packet.stream = new
                    out.mux(packet)
    clean(tmp_path / "a.mp4", tmp_path / "b.mp4", config={"stages": ()})
    before, after = read_telemetry(lines), read_telemetry(tmp_path / "b.mp4")
    assert after.families == ("thinkware",)
    assert after.fixes == before.fixes
    assert after.accelerations == before.accelerations
