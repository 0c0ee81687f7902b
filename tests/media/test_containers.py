"""The table of containers: each row against FFmpeg, and that a new row is all a container takes."""

from __future__ import annotations

import ast
from dataclasses import replace
from fractions import Fraction
from itertools import pairwise
from pathlib import Path, PurePath

import av
import judge
import pytest
from factory import Picture, Sound, make_clip
from manual import example
from pump import pump

import dashcam_pipeline
from dashcam_pipeline import clean
from dashcam_pipeline.batch.discovery import discover
from dashcam_pipeline.compare.page import browser, finding
from dashcam_pipeline.media import containers, timing
from dashcam_pipeline.media.containers import CONTAINERS, Container
from dashcam_pipeline.media.encoders import EncoderSettings
from dashcam_pipeline.media.opening import ACCEPTED
from dashcam_pipeline.media.probe import probe

ROOT = Path(dashcam_pipeline.__file__).parent
TICK = Fraction(1, 12_800)
MJPEG = {"codec": "mjpeg", "pixel_format": "yuvj420p", "time_base": Fraction(1, 30)}

HOW = {
    "mp4": {"time_base": TICK},
    "mov": {"time_base": TICK},
    "matroska": {"time_base": Fraction(1, 1000)},
    "webm": {"codec": "libvpx", "time_base": Fraction(1, 1000), "b_frames": 0},
    "avi": MJPEG,
    "mpegts": {"time_base": Fraction(1, 90_000)},
}
"""How a clip is made in each container: a line for each row of the table."""


@pytest.fixture(params=CONTAINERS, ids=lambda row: row.name)
def row(request):
    return request.param


@pytest.fixture
def clip(row, tmp_path):
    return make_clip(tmp_path / f"a{row.suffixes[0]}", Picture(frames=30, gop=10, **HOW[row.name]))


def test_names_and_suffixes_are_of_one_row_each():
    assert set(HOW) == {row.name for row in CONTAINERS}
    suffixes = [suffix for row in CONTAINERS for suffix in row.suffixes]
    assert len(set(suffixes)) == len(suffixes)
    assert all(set(row.written) <= set(row.suffixes) for row in CONTAINERS)
    assert all(row.demuxer in ACCEPTED for row in CONTAINERS)


def test_a_file_is_known_as_its_row(row, clip):
    with av.open(str(clip)) as file:
        assert file.format.name == row.demuxer
    assert probe(clip).container == row.name
    assert containers.named(row.name) is row


def test_its_clock_is_as_the_row_says(row, clip):
    asked = HOW[row.name]["time_base"]
    assert probe(clip).video.time_base == (row.tick or asked)


def test_its_index_is_as_the_row_says(row, clip):
    with av.open(str(clip)) as file:
        entries = sum(1 for entry in file.streams.video[0].index_entries if entry.size)
    assert (entries == 30) is row.lists_pictures
    assert probe(clip).video.expected_frames == (30 if row.lists_pictures else None)


def test_packets_lie_as_the_row_says(row, clip):
    if not row.contiguous:
        return
    with av.open(str(clip)) as file:
        places = [(p.pos, p.pos + p.size) for p in file.demux(video=0) if p.size]
    assert all(b[0] - a[1] <= timing.STRAY_BYTES for a, b in pairwise(places))


def test_browsers_play_three_of_them(row, clip):
    assert browser.plays(probe(clip)) is (row.name in {"mp4", "mov", "webm"})


@pytest.mark.parametrize("suffix", containers.suffixes(written=True))
def test_what_is_written_is_of_the_row(tmp_path, suffix):
    wanted = containers.written_to(PurePath(f"a{suffix}"))
    start = Fraction(2)
    tick = wanted.tick or Fraction(1, 600)  # so coarse that a muxer would take another
    pts = [round((start + Fraction(i, 30)) / tick) for i in range(20)]
    picture = Picture(pts=pts, time_base=tick)
    source = make_clip(tmp_path / f"in{wanted.written[0]}", picture, sounds=[Sound()])
    target = tmp_path / f"out{suffix.upper()}"
    _, report = pump(source, target, EncoderSettings("hevc"))
    assert report.container == wanted.name
    after = probe(target)
    assert after.container == wanted.name
    assert after.video.time_base == tick
    assert judge.seconds(target) == judge.seconds(source)
    assert after.video.tag == ("hvc1" if wanted.fourcc else after.video.tag)
    assert (target.read_bytes()[4:5] == b"\x47") is (suffix in {".m2ts", ".mts"})


NATIVE = [row for row in CONTAINERS if row.metadata.native]
VALUES = {"location": "+52.5000+013.4000/", "date": "2024"}


@pytest.mark.parametrize("row", NATIVE, ids=lambda row: row.name)
def test_keys_have_a_place_of_their_own_as_the_row_says(tmp_path, row):
    keys = {key for other in NATIVE for key in other.metadata.native}
    values = {key: VALUES.get(key, f"a {key}") for key in keys}
    source = make_clip(tmp_path / f"in{row.suffixes[0]}", Picture(frames=5), metadata=values)
    kept = {key: value for key, value in probe(source).metadata.items() if key in keys}
    assert kept == {key: values[key] for key in row.metadata.native}
    target = tmp_path / f"out{row.suffixes[0]}"
    pump(source, target)
    assert kept.items() <= probe(target).metadata.items()
    assert b"mdta" not in target.read_bytes()  # where many players don't look


@pytest.mark.parametrize("row", [c for c in CONTAINERS if c.written], ids=lambda row: row.name)
def test_times_before_zero_are_as_the_row_says(tmp_path, row):
    """Reordered pictures are decoded before the first one is shown."""
    tick = row.tick or TICK
    pts = [round(Fraction(i, 30) / tick) for i in range(20)]
    picture = Picture(pts=pts, time_base=tick, b_frames=0)
    source = make_clip(tmp_path / f"in{row.written[0]}", picture)
    assert judge.seconds(source)[0] == 0
    target = tmp_path / f"out{row.written[0]}"
    pump(source, target, EncoderSettings())
    assert judge.seconds(target) == judge.seconds(source)
    with av.open(str(target)) as file:
        reordered = any(p.pts != p.dts for p in file.demux(video=0) if p.size)
    assert reordered is row.negative_times


@pytest.mark.parametrize("row", [c for c in CONTAINERS if c.written], ids=lambda row: row.name)
def test_a_gap_is_as_long_as_the_row_says(tmp_path, row):
    tick = Fraction(1, 90_000)
    longest = row.longest_gap or 1 << 32
    for gap in (longest, longest + 2 * 3600 * 90_000):
        target = tmp_path / f"{gap}{row.written[0]}"
        picture = Picture(pts=[0, gap], time_base=tick, size=(64, 48), b_frames=0)
        options = row.muxer_options(target.suffix, tick)
        if row.longest_gap is not None and gap > row.longest_gap:
            with pytest.raises(av.error.ArgumentError):
                make_clip(target, picture, options=options)
        else:
            times = judge.seconds(make_clip(target, picture, options=options))
            assert abs(times[1] - times[0] - gap * tick) <= Fraction(1, 1000)


@pytest.mark.parametrize("suffix", [".ts", ".mkv"])
def test_numbers_of_carried_tracks_are_kept_where_they_mean_something(tmp_path, suffix):
    """Other tools know a transport stream's tracks by their PIDs."""
    picture = Picture(frames=10, time_base=Fraction(1, 90_000))
    source = make_clip(
        tmp_path / "in.ts", picture, sounds=[Sound()], options={"mpegts_start_pid": "512"}
    )
    target = tmp_path / f"out{suffix}"
    pump(source, target)
    with av.open(str(source)) as before, av.open(str(target)) as after:
        assert before.streams.audio[0].id == 513
        kept = after.streams.audio[0].id == 513
    assert kept is (suffix == ".ts")


@pytest.mark.parametrize("suffix", containers.suffixes())
def test_every_suffix_is_a_recording_everywhere(tmp_path, suffix):
    (tmp_path / f"A{suffix.upper()}").write_bytes(b"x")
    assert [clip.path for clip in discover(tmp_path).clips] == [f"A{suffix.upper()}"]
    found = finding._Search(tmp_path).videos(tmp_path)
    assert [path.name for path in found] == [f"A{suffix.upper()}"]


def test_3gp_qt_and_webm_are_recordings():
    assert {".3gp", ".qt", ".webm"} <= set(containers.suffixes())


@pytest.mark.parametrize(
    ("brand", "suffix", "name"),
    [
        ("isom", ".mov", "mp4"),
        ("qt", ".mp4", "mov"),
        ("", ".MOV", "mov"),
        ("3gp4", ".3gp", "mp4"),
        ("", ".bin", "mp4"),
    ],
)
def test_content_decides_before_a_name_does(brand, suffix, name):
    assert containers.identify("mov,mp4,m4a,3gp,3g2,mj2", brand=brand, suffix=suffix).name == name


def test_what_is_not_in_the_table_has_no_facts():
    assert containers.identify("flv", suffix=".mp4") == Container(name="flv", demuxer="flv")
    assert containers.named("flv").written == ()


NUT = eval(example("A container"), {"Container": Container})  # noqa: S307 - our own manual
"""A container that the project doesn't know: its row is all that it takes."""

PLAYED = replace(NUT, browser=frozenset(("h264",)))
"""The same, as if browsers played it."""


def test_a_new_container_is_one_row(tmp_path, monkeypatch):
    card = tmp_path / "card"
    card.mkdir()
    source = make_clip(card / "a.nut", Picture(frames=20), sounds=[Sound()])
    assert discover(card).clips == []
    assert not browser.plays(probe(source))
    monkeypatch.setattr(containers, "CONTAINERS", (*CONTAINERS, PLAYED))
    assert [clip.path for clip in discover(card).clips] == ["a.nut"]
    assert [path.name for path in finding._Search(card).videos(card)] == ["a.nut"]
    assert browser.plays(probe(source))
    report = clean(source, config={"stages": ()})
    target = card / "a_clean.nut"
    assert report.output.path == str(target)
    assert report.output.container == probe(target).container == "nut"
    assert report.not_carried == ()
    assert judge.seconds(target) == judge.seconds(source)


KNOWS = {
    "media/containers.py": "the table",
    "compare/page/browser.py": "proxies are MP4 files",
    "app/looking/clip.py": "so are the clips that the app shows",
    "app/routes/looking.py": "and sends",
    "app/routes/pages.py": "types of the files that a browser is sent",
}
"""Files that may name a container, and why."""


def test_nothing_else_knows_a_container_by_name():
    """A fact that stands outside the table is one that a new container would miss."""
    words = {row.name for row in CONTAINERS} | {row.demuxer for row in CONTAINERS}
    words |= set(containers.suffixes())
    for path in sorted(ROOT.rglob("*.py")):
        place = path.relative_to(ROOT).as_posix()
        if place in KNOWS or place.startswith(("training/", "simulation/")):
            continue
        tree = ast.parse(path.read_text(encoding="utf-8"))
        found = {
            node.value
            for node in ast.walk(tree)
            if isinstance(node, ast.Constant) and isinstance(node.value, str)
        }
        assert not found & words, f"{place} knows {found & words}"


def test_beginnings_are_counted_by_a_clock_that_fits_all_tracks_or_those_that_it_can():
    row = next(c for c in CONTAINERS if c.name == "mp4")

    def clock(*ticks):
        first, *others = (Fraction(1, each) for each in ticks)
        options = row.muxer_options(".mp4", first, others)
        assert options["video_track_timescale"] == str(ticks[0])
        return int(options["movie_timescale"])

    assert clock(30, 48_000) == 48_000
    assert clock(15_360, 48_000, 44_100) == 56_448_000
    assert clock(90_000, 999_999_937, 48_000) == 720_000, "more than an MP4 can say"
