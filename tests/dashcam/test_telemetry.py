"""Every family from its published layout, and the real recordings where they are at hand."""

from __future__ import annotations

import csv
import errno
import io
import json
import os
import struct
import zipfile
from datetime import UTC, datetime
from pathlib import Path
from xml.etree import ElementTree as ET

import cameras
import pytest
from factory import Data, Picture, Text, make_clip

from dashcam_pipeline import clean
from dashcam_pipeline.dashcam.telemetry import Fix, read_telemetry
from dashcam_pipeline.dashcam.telemetry.carriers import sidecar_files
from dashcam_pipeline.dashcam.telemetry.export import to_csv, to_gpx, to_json, to_zip
from dashcam_pipeline.dashcam.telemetry.families.avchd import Avchd
from dashcam_pipeline.dashcam.telemetry.families.garmin import Garmin
from dashcam_pipeline.dashcam.telemetry.families.gopro import GoPro
from dashcam_pipeline.errors import InputMissingError, NotVideoError

REAL = Path(os.environ.get("DASHCAM_TEST_DATA", Path(__file__).parents[3] / "shared/data"))
NS = {"g": "http://www.topografix.com/GPX/1/1"}


@pytest.fixture
def clip(tmp_path):
    return make_clip(tmp_path / "clip.mp4", Picture(frames=60, size=(160, 90)))


def test_nothing_is_found_where_nothing_is(clip):
    found = read_telemetry(clip)
    assert not found
    assert found.fixes == ()
    assert found.notes == ()


@pytest.mark.parametrize("base", [48, 16])
def test_novatek_blocks(clip, base):
    blocks = [cameras.novatek_block(i, base=base) for i in range(4)]
    blocks.insert(1, cameras.novatek_block(9, base=base, valid=False))
    found = read_telemetry(cameras.transplant(clip, blocks=blocks))
    assert found.families == ("novatek",)
    assert len(found.raws) == 5
    assert [raw.data for raw in found.raws] == blocks
    assert len(found.fixes) == 4
    fix = found.fixes[0]
    assert fix.latitude == pytest.approx(52 + 30.5 / 60)
    assert fix.longitude == pytest.approx(13 + 24.25 / 60)
    assert fix.speed == pytest.approx(27 * 1852 / 3600)
    assert fix.time == datetime(2024, 1, 31, 22, 15, 0, tzinfo=UTC)
    # five blocks over two seconds; the void one holds its place
    assert [f.seconds for f in found.fixes] == pytest.approx([0, 0.8, 1.2, 1.6])


def test_70mai_blocks_have_no_clock(clip):
    found = read_telemetry(
        cameras.transplant(clip, blocks=[cameras.mai_block(i) for i in range(3)])
    )
    assert found.families == ("70mai",)
    assert found.fixes[2].latitude == pytest.approx(37.5667)
    assert found.fixes[2].longitude == pytest.approx(-126.978)
    assert found.fixes[0].course == 270
    assert found.fixes[0].time is None


@pytest.mark.parametrize("family", ["novatek", "nmea"])
def test_a_block_that_says_more_is_not_taken_for_70mais(tmp_path, family):
    """An ``A`` where 70mai has its own means nothing in a block that others know."""
    clip = cameras.MAKERS[family, "block"](tmp_path)
    data, at = bytearray(clip.read_bytes()), -1
    while (at := data.find(b"freeGPS ", at + 1)) >= 0:
        data[at + 26] = ord("A")
    clip.write_bytes(data)
    found = read_telemetry(clip)
    assert found.families == (family,)
    assert {round(fix.latitude) for fix in found.fixes} <= {48, 53}


def test_70mai_box(clip):
    found = read_telemetry(cameras.transplant(clip, boxes=[cameras.mai_box(5)]))
    assert found.families == ("70mai",)
    assert len(found.fixes) == 5
    assert found.fixes[0].latitude == pytest.approx(52 + 13.5 / 60)
    assert found.fixes[0].speed == pytest.approx(15)
    assert found.raws[0].data == cameras.mai_box(5)


def test_blackvue_box(clip):
    found = read_telemetry(cameras.transplant(clip, boxes=[cameras.blackvue_free(3)]))
    assert found.families == ("blackvue",)
    assert [f.seconds for f in found.fixes] == [0, 1, 2]
    fix = found.fixes[1]
    assert (fix.latitude, fix.longitude) == pytest.approx((48 + 7.038 / 60, 11 + 31 / 60))
    assert fix.altitude == pytest.approx(545.4)
    assert fix.satellites == 8
    assert len(found.accelerations) == 30
    assert (found.accelerations[0].x, found.accelerations[0].y) == (1.0, -0.5)


def test_blackvue_sidecars_in_any_case(clip):
    text = b"".join(cameras.nmea(i, clock_ms=5000 + 1000 * i) for i in range(3))
    clip.with_suffix(".GPS").write_bytes(text)
    clip.with_suffix(".3gf").write_bytes(struct.pack(">I3h", 100, 0, 128, 0))
    found = read_telemetry(clip)
    assert len(found.fixes) == 3
    assert found.accelerations[0].seconds == pytest.approx(0.1)
    assert {raw.name for raw in found.raws} == {"clip.GPS", "clip.3gf"}
    assert len(read_telemetry(clip.with_suffix(".GPS")).fixes) == 3


def test_a_sidecar_that_is_a_link_is_named_and_not_read(clip, tmp_path):
    (tmp_path / "secret").write_bytes(b"".join(cameras.nmea(i) for i in range(3)))
    clip.with_suffix(".gps").symlink_to(tmp_path / "secret")
    found = read_telemetry(clip)
    assert (found.fixes, found.raws) == ((), ())
    assert found.notes == ("clip.gps is a link, which may lead anywhere; it was not read.",)


@pytest.mark.parametrize("what", ["large", "folder"])
def test_a_file_beside_it_that_is_not_read_is_named_in_the_summary(tmp_path, what):
    clip = make_clip(tmp_path / "clip.mp4", Picture(frames=3))
    beside = clip.with_suffix(".gps")
    if what == "large":
        beside.write_bytes(cameras.nmea(1, clock_ms=5))
        os.truncate(beside, (16 << 20) + 1)
        why = "clip.gps is larger than 16 MiB; it was not read."
    else:
        beside.mkdir()
        why = "clip.gps is no ordinary file; it was not read."

    report = clean(clip, tmp_path / "out.mp4", config={"stages": ()})

    assert f"note       {why}" in report.summary()
    assert report.warnings == ()


def test_fixes_on_the_meridian_count(tmp_path):
    file = tmp_path / "greenwich.nmea"
    file.write_bytes(b"$GPRMC,120000.000,A,5128.0000,N,0.0000,W,1.0,2.0,010124,,,A*00\n")
    assert read_telemetry(file).fixes[0].longitude == 0


def test_70mai_log_of_a_card(tmp_path):
    folder = tmp_path / "Normal/Front"
    folder.mkdir(parents=True)
    clip = make_clip(folder / "NO20240101-200000-000001F.MP4", Picture(frames=5, size=(160, 90)))
    line = "1704067200,A,52.5,-13.4,9000,1389,0,100,0,{},0,0,0\n"
    other = line.format("NO20240101-210000-000002F.MP4")
    (tmp_path / "GPSData000001.txt").write_text("$V02\n" + line.format(clip.name) + other)
    found = read_telemetry(clip)
    assert len(found.fixes) == 1
    # eight hours are added to the camera's clock
    assert found.fixes[0].time == datetime(2024, 1, 1, 8, tzinfo=UTC)
    assert found.raws[0].data.decode() == line.format(clip.name)


def test_thinkware_and_garmin_subtitles(tmp_path):
    line = (
        "gsensori,4,512,-512,256,000;GNRMC,1122{:02}.00,A,4807.03800,N,01131.00000,W,10.0,84.4,"
        "230324,,,A*52.;CAR,0,0,0,0.0,0,0,0,0,0,0,0,0"
    )
    lines = [(i, 0.9, line.format(i)) for i in range(2)]
    found = read_telemetry(
        make_clip(tmp_path / "a.mp4", Picture(size=(160, 90)), texts=[Text(lines=lines)])
    )
    assert found.families == ("thinkware",)
    assert [f.seconds for f in found.fixes] == [0, 1]
    assert found.fixes[0].longitude == pytest.approx(-(11 + 31 / 60))
    assert (found.accelerations[0].x, found.accelerations[0].y) == (-1, 0.5)


def test_garmin_records():
    fixes = Garmin().subtitle(cameras.garmin_text(5), 5.0).fixes
    assert fixes[0].latitude == pytest.approx(40.005, abs=1e-6)
    assert fixes[0].longitude == pytest.approx(-3.7, abs=1e-6)
    assert fixes[0].speed == pytest.approx(26.8224)


def test_gopro_track(tmp_path):
    track = Data("bin_data", [(i, cameras.gpmf(i)) for i in range(2)])
    found = read_telemetry(make_clip(tmp_path / "a.mkv", Picture(size=(160, 90))))
    assert not found
    found = read_telemetry(make_clip(tmp_path / "a.mp4", Picture(size=(160, 90)), data=[track]))
    assert found.families == ("gopro",)
    assert len(found.fixes) == 4
    assert found.fixes[0].latitude == pytest.approx(48.1173)
    assert found.fixes[0].altitude == pytest.approx(519)
    assert len(found.accelerations) == 8
    assert found.accelerations[0].x == pytest.approx(1.0, abs=1e-3)


def test_gopro_without_a_fix_gives_none():
    read = GoPro().data_packet(cameras.gpmf(0, fix=0), None, 1.0)
    assert read.fixes == []
    assert len(read.accelerations) == 4


@pytest.mark.parametrize("lead", [0, 164])
def test_novatek_in_a_transport_stream(tmp_path, lead):
    stream = make_clip(tmp_path / "a.ts", Picture(frames=60, size=(160, 90)))
    records = [bytes(lead) + cameras.novatek_record(i) for i in range(5)]
    found = read_telemetry(cameras.add_private_packets(stream, records))
    assert found.families == ("novatek",)
    assert len(found.fixes) == 5
    assert found.fixes[4].time == datetime(2024, 1, 31, 22, 15, 4)  # noqa: DTZ001 - the camera's own clock
    times = [fix.seconds for fix in found.fixes]
    assert times == sorted(times)
    assert 0 < times[-1] < 2
    assert all(len(raw.data) == 1008 for raw in found.raws)


def test_unknown_boxes_are_kept_and_named(clip):
    strange = cameras.box(b"abcd", b"who knows")
    blocks = [struct.pack(">I8s", 64, b"freeGPS ").ljust(64, b"\x7f")]
    found = read_telemetry(cameras.transplant(clip, boxes=[strange], blocks=blocks))
    assert set(found.unknown) == {"abcd", "moov/gps [0]"}
    assert strange in [raw.data for raw in found.raws]
    assert "layout" in found.notes[0]


def test_wifi_passwords_are_never_exported(clip):
    secret = b"hunter2-very-secret"
    private = cameras.box(b"infi", b"SSID=car;" + secret)
    guessed = cameras.box(b"wcfg", b"wifi_password=" + secret)
    cameras.transplant(clip, boxes=[private, guessed], in_moov=[cameras.box(b"udta", private)])
    found = read_telemetry(clip)
    assert set(found.withheld) == {"infi", "wcfg", "moov/udta/infi"}
    for text in (to_json(found), to_gpx(found), to_csv(found)):
        assert secret.decode() not in text
    assert secret not in b"".join(raw.data for raw in found.raws)


def test_an_index_that_points_elsewhere_is_named(clip):
    blocks = [cameras.novatek_block(0)]
    found = read_telemetry(
        cameras.transplant(clip, blocks=blocks, extra_entries=[(2**32 - 5, 512), (0, 2**31)])
    )
    assert len(found.fixes) == 1
    assert "2 of 3 blocks" in found.notes[0]


def test_what_an_index_lists_must_say_that_it_is_a_block(clip):
    """Media data to which a damaged index points is no position."""
    other = cameras.mai_block(0).replace(b"freeGPS ", b"pictures")
    found = read_telemetry(cameras.transplant(clip, blocks=[other]))
    assert found.fixes == ()
    assert found.unknown == ("moov/gps [0]",)


def test_files_that_can_t_be(tmp_path):
    with pytest.raises(InputMissingError):
        read_telemetry(tmp_path / "none.mp4")
    (tmp_path / "empty.mp4").touch()
    with pytest.raises(NotVideoError):
        read_telemetry(tmp_path / "empty.mp4")
    (tmp_path / "text.mp4").write_text("hello " * 100)
    assert not read_telemetry(tmp_path / "text.mp4")


def test_a_card_that_fails_keeps_what_was_found(clip, monkeypatch):
    cameras.transplant(clip, boxes=[cameras.blackvue_free(3)])

    def failing(*_):
        raise OSError(errno.EIO, os.strerror(errno.EIO))

    monkeypatch.setattr(sidecar_files, "collect", failing)
    found = read_telemetry(clip)
    assert len(found.fixes) == 3
    assert "only in part" in found.notes[0]


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs named pipes")
def test_pipes_are_not_waited_for(clip):
    os.mkfifo(clip.with_suffix(".gps"))
    os.mkfifo(clip.with_name("GPSData000001.txt"))
    os.mkfifo(clip.with_name("pipe.mp4"))
    assert not read_telemetry(clip)
    with pytest.raises(NotVideoError, match="pipe"):
        read_telemetry(clip.with_name("pipe.mp4"))


def test_a_fix_is_on_earth():
    with pytest.raises(ValueError, match="latitude"):
        Fix(91, 0)
    with pytest.raises(ValueError, match="latitude"):
        Fix(float("nan"), 0)


def test_within_cuts_and_moves(clip):
    found = read_telemetry(cameras.transplant(clip, boxes=[cameras.blackvue_free(5)]))
    part = found.within(1.0, 3.0)
    assert [fix.seconds for fix in part.fixes] == [0, 1]
    assert part.raws == found.raws  # not tied to a time


def test_exports_say_the_same(clip):
    found = read_telemetry(cameras.transplant(clip, boxes=[cameras.blackvue_free(3)]))
    root = ET.fromstring(to_gpx(found, 'a<b>&"\x00'))  # noqa: S314 - our own text
    points = root.findall(".//g:trkpt", NS)
    assert len(points) == 3
    assert float(points[0].get("lat")) == pytest.approx(found.fixes[0].latitude)
    assert points[0].find("g:time", NS).text == "2024-03-23T11:22:00Z"
    assert float(points[0].find("g:ele", NS).text) == pytest.approx(545.4)
    rows = list(csv.DictReader(io.StringIO(to_csv(found))))
    assert [row["kind"] for row in rows].count("fix") == 3
    assert float(rows[0]["latitude"]) == pytest.approx(found.fixes[0].latitude)
    assert float(rows[3]["x_g"]) == 1
    data = json.loads(to_json(found))
    assert len(data["fixes"]) == 3
    assert len(data["raw"][0]["sha256"]) == 64
    with zipfile.ZipFile(io.BytesIO(to_zip(found))) as archive:
        assert archive.namelist() == ["00-free.bin"]
        assert archive.read("00-free.bin") == cameras.blackvue_free(3)
    assert to_zip(found) == to_zip(found)


@pytest.mark.skipif(not (REAL / "telemetry").is_dir(), reason="the real recordings aren't here")
@pytest.mark.parametrize("sample", cameras.SAMPLES, ids=lambda sample: sample.name)
def test_real_recordings(sample):
    found = read_telemetry(REAL / "telemetry" / sample.name)
    assert found.families == (sample.family,)
    assert {raw.carrier for raw in found.raws} == {sample.carrier}
    assert (len(found.fixes), len(found.accelerations)) == (sample.fixes, sample.accelerations)
    assert found.unknown == ()


def test_avchds_packs_say_when_and_where(tmp_path):
    source = cameras.avchd_pictures(tmp_path)
    found = read_telemetry(source)
    assert found.recorded.isoformat() == "2024-01-31T22:15:00+09:00"
    first, second = found.fixes
    assert (round(first.latitude, 6), first.longitude) == (37.51, -126.75)
    assert (first.altitude, round(first.speed, 6), first.course) == (65.5, 10.0, 90.0)
    assert second.time.isoformat() == "2024-01-31T13:15:01+00:00"
    assert (first.seconds, second.seconds) == (0.0, 1.0)

    report = clean(source, tmp_path / "out.ts", config={"stages": ()})

    assert "recorded 2024-01-31T22:15:00+09:00" in report.summary()
    assert report.lost == ()


@pytest.mark.parametrize("cut", range(0, 150, 7))
def test_packs_cut_short_or_without_a_clock_are_no_trouble(cut):
    data = cameras.mdpm(7)[:cut]
    reading = Avchd().message(data, None)
    assert reading is None or len(reading.fixes) <= 1
    assert Avchd().message(cameras.mdpm(7, fix=False), None).fixes == ()
    never_set = cameras.mdpm(7).replace(bytes.fromhex("202401"), bytes(3))
    assert Avchd().message(never_set, None).recorded is None
