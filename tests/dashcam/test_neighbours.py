"""What lies beside many recordings is looked at once, and found as if each were alone."""

from __future__ import annotations

from pathlib import Path

import cameras
import pytest
from factory import Picture, make_clip

from dashcam_pipeline.dashcam.telemetry import read_telemetry
from dashcam_pipeline.dashcam.telemetry.carriers.neighbours import Neighbours
from dashcam_pipeline.dashcam.telemetry.families.seventymai import SeventyMai
from dashcam_pipeline.dashcam.telemetry.limits import LIMITS, QUICK, Limits

LOG = b"$V02\n" + b"".join(
    b"17672400%02d,A,50.0,30.0,0,1000,0,100,0,NO2026-%d%s.MP4,0\n" % (n, n % 3, b"fF"[n % 2 :][:1])
    for n in range(12)
) + b"a line cut sho\n,,,,\n"  # fmt: skip


def test_a_logs_part_says_of_a_clip_what_the_whole_says():
    family = SeventyMai()
    parts = family.card_log_parts(LOG)
    assert sorted(parts) == [b"NO2026-%dF.MP4" % n for n in range(3)]
    for clip in ("NO2026-0F.MP4", "no2026-1f.mp4", "NO2026-2F.mp4"):
        whole, part = (
            family.card_log(LOG, clip),
            family.card_log(parts[clip.upper().encode()], clip),
        )
        assert whole == part
        assert len(whole[0].fixes) == 4
    assert family.card_log_parts(b"another log") is None


def test_a_log_is_read_once_for_all_clips(tmp_path, monkeypatch):
    (tmp_path / "GPSData000001.txt").write_bytes(LOG)
    for number in range(3):
        make_clip(tmp_path / f"NO2026-{number}F.MP4", Picture(frames=3, size=(64, 48)))
    read = []
    before = Path.read_bytes
    monkeypatch.setattr(Path, "read_bytes", lambda path: read.append(path.name) or before(path))
    neighbours = Neighbours()
    found = [
        read_telemetry(tmp_path / f"NO2026-{number}F.MP4", neighbours=neighbours)
        for number in range(3)
    ]
    assert [len(one.fixes) for one in found] == [4, 4, 4]
    assert read.count("GPSData000001.txt") == 1
    assert [one.fixes for one in found] == [
        read_telemetry(tmp_path / f"NO2026-{number}F.MP4").fixes for number in range(3)
    ]


def test_of_many_sidecars_the_nearest_is_found(tmp_path):
    names = ("20240101_120000_N.gps", "20240101_120000_NF.gps", "20240101_120100_N.gps", "a.gps")
    for name in names:
        (tmp_path / name).write_bytes(b"x")
    closest = Neighbours().closest
    assert closest(tmp_path / "20240101_120000_NF.mp4", ".gps").name == names[1]
    assert closest(tmp_path / "20240101_120000_NR.mp4", ".gps").name == names[0]
    assert closest(tmp_path / "20240101_120100_NR.mp4", ".gps").name == names[2]
    assert closest(tmp_path / "b.mp4", ".gps") is None
    assert closest(tmp_path / "a.mp4", ".3gf") is None
    assert Neighbours().closest(tmp_path / "nowhere/a.mp4", ".gps") is None


@pytest.fixture(scope="module")
def stream(tmp_path_factory):
    path = make_clip(tmp_path_factory.mktemp("ts") / "a.ts", Picture(frames=90, size=(320, 180)))
    records = [cameras.novatek_record(n) for n in range(40)]
    return cameras.add_private_packets(path, records)


def test_of_a_transport_stream_its_ends_are_enough(stream):
    whole = read_telemetry(stream).fixes
    size = stream.stat().st_size
    ends = read_telemetry(stream, limits=Limits(ends=size // 8)).fixes
    assert len(whole) == 40
    assert 4 <= len(ends) < 20
    assert (ends[0].latitude, ends[-1].latitude) == (whole[0].latitude, whole[-1].latitude)
    assert ends[-1].seconds == pytest.approx(whole[-1].seconds)


def test_a_short_stream_is_looked_at_whole(stream):
    assert read_telemetry(stream, limits=QUICK).fixes == read_telemetry(stream, limits=LIMITS).fixes
    assert QUICK.ends == 4 << 20
    assert not QUICK.pictures
