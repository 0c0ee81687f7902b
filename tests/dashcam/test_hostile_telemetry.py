"""Telemetry never costs the video: odd numbers, faulty families, boxes without end."""

from __future__ import annotations

import json
import math
import os
import struct
import sys
import xml.etree.ElementTree as ET
from datetime import UTC, datetime

import av
import cameras
import judge
import pytest
from factory import Data, Picture, make_clip

from dashcam_pipeline import clean
from dashcam_pipeline.cli import main
from dashcam_pipeline.dashcam.telemetry import (
    Acceleration,
    Fix,
    Raw,
    Telemetry,
    families,
    read,
    read_telemetry,
)
from dashcam_pipeline.dashcam.telemetry.carriers import tracks, transport_stream
from dashcam_pipeline.dashcam.telemetry.export import to_csv, to_gpx, to_json
from dashcam_pipeline.dashcam.telemetry.families.base import Family
from dashcam_pipeline.dashcam.telemetry.families.gopro import GoPro
from dashcam_pipeline.dashcam.telemetry.families.novatek import Novatek
from dashcam_pipeline.dashcam.telemetry.formats import nmea
from dashcam_pipeline.dashcam.telemetry.limits import Limits
from dashcam_pipeline.dashcam.telemetry.model import make_acceleration, make_fix

SMALL = Picture(frames=30, size=(160, 90))
ODD = [math.nan, math.inf, -math.inf, 3e38, -1.0]


def stream(*items):
    """A GoPro packet of one stream."""
    inner = b"".join(items)
    return cameras.gpmf_item(
        b"DEVC", "", 1, len(inner) + 8, cameras.gpmf_item(b"STRM", "", 1, len(inner), inner)
    )


def number(key, value):
    return cameras.gpmf_item(key, "f", 4, 1, struct.pack(">f", value))


def position(count=1):
    rows = struct.pack(">5i", 481173000, 115166000, 519000, 12000, 1210) * count
    return cameras.gpmf_item(b"GPS5", "l", 20, count, rows)


@pytest.mark.parametrize("key", [b"GPSF", b"GPSP", b"SCAL", b"GPSU"])
@pytest.mark.parametrize("value", ODD)
def test_a_gopro_packet_of_odd_numbers_is_read_without_them(key, value):
    scale = cameras.gpmf_item(b"SCAL", "l", 4, 5, struct.pack(">5i", 10**7, 10**7, 1000, 1000, 100))
    reading = GoPro().data_packet(stream(scale, number(key, value), position()), 0.0, 1.0)
    for fix in reading.fixes:
        assert math.isfinite(fix.latitude)
        assert fix.hdop is None or 0 <= fix.hdop < 1000
    if key == b"GPSF":
        assert [f.latitude for f in reading.fixes] == [pytest.approx(48.1173)]


@pytest.mark.parametrize("seconds", [1e300, 9e18])
def test_a_gopro_packet_longer_than_any_calendar(seconds):
    gps = cameras.gpmf(0)
    reading = GoPro().data_packet(gps, 0.0, seconds)
    assert len(reading.fixes) == 2
    assert reading.fixes[0].time == datetime(2024, 3, 23, 11, 22, tzinfo=UTC)
    assert reading.fixes[1].time is None


def test_a_gopro_recording_with_nan_is_cleaned(tmp_path):
    packet = stream(number(b"GPSF", math.nan), number(b"SCAL", math.nan), position())
    track = Data("bin_data", [(0.0, packet), (0.4, cameras.gpmf(1))])
    source = make_clip(tmp_path / "a.mp4", SMALL, data=[track])
    report = clean(source, tmp_path / "b.mp4", config={"stages": ()})
    assert report.frames.written == 30
    assert report.warnings == ()
    assert report.telemetry["fixes"] == 2
    assert "nan" not in (tmp_path / "b.mp4.gpx").read_text()


class Failing(Family):
    """A family that fails on every piece it is shown."""

    name = "failing"
    endings = (".nmea",)
    card_logs = ("LOG*.txt",)

    def _fail(self, *_args):
        raise ZeroDivisionError("a camera wrote 0")

    box = block = subtitle = data_packet = transport_packet = sidecar = card_log = _fail


@pytest.mark.parametrize(("family", "carrier"), cameras.MAKERS, ids=str)
def test_a_family_that_fails_costs_its_own_telemetry_alone(tmp_path, monkeypatch, family, carrier):
    (tmp_path / "LOG1.txt").write_text("mine")
    source = cameras.MAKERS[family, carrier](tmp_path)
    monkeypatch.setattr(read, "FAMILIES", (Failing(), *families.FAMILIES))
    before = judge.packets(source, 0)
    target = tmp_path / f"out{source.suffix}"
    report = clean(source, target, config={"stages": ()})
    assert report.frames.written == len(before)
    assert [w for w in report.warnings if "failing telemetry" in w and "wrote 0" in w]
    assert report.telemetry["families"] == [family]
    assert report.telemetry["fixes"] >= 2


def test_a_carrier_that_fails_is_a_warning_too(tmp_path, monkeypatch):
    def fail(_path, _findings):
        raise RuntimeError("what nobody thought of")

    monkeypatch.setattr(tracks, "collect", fail)
    fail.__module__ = tracks.__name__
    source = cameras.MAKERS["novatek", "block"](tmp_path)
    report = clean(source, tmp_path / "b.mp4", config={"stages": ()})
    assert report.frames.written == 60
    assert [w for w in report.warnings if w.startswith("tracks") and "nobody thought of" in w]
    assert report.telemetry["fixes"] == 4


def test_a_fault_is_said_once_and_a_million_kinds_are_a_few(tmp_path, monkeypatch, capsys):
    class Talkative(Family):
        name = "talkative"

        def box(self, place, content):  # noqa: ARG002 - as families have it
            raise ValueError(place * 1000)

    monkeypatch.setattr(read, "FAMILIES", (Talkative(),))
    boxes = [cameras.box(b"%04d" % i, b"x") for i in range(100)]
    clip = cameras.transplant(make_clip(tmp_path / "a.mp4", SMALL), boxes=[*boxes, *boxes])
    found = read_telemetry(clip)
    assert len(found.faults) == 21
    assert max(map(len, found.faults)) < 400
    assert len(found.raws) == 200
    assert main(["telemetry", str(clip)]) == 0
    assert "warning    talkative telemetry" in capsys.readouterr().out


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_positions_hold_finite_numbers_only(value):
    for name in ("seconds", "altitude", "speed", "course", "hdop"):
        with pytest.raises(ValueError, match="finite"):
            Fix(1.0, 2.0, **{name: value})
        more = {name: value} if name != "seconds" else {}
        made = make_fix(1.0, 2.0, value if name == "seconds" else None, None, **more)
        assert getattr(made, name) is None
    with pytest.raises(ValueError, match="Earth"):
        Fix(value, 2.0)
    for place in range(4):
        numbers = [0.0] * 4
        numbers[place] = value
        with pytest.raises(ValueError, match="finite"):
            Acceleration(*numbers)
    assert make_acceleration(value, 0, 0, 1.0) is None
    assert make_acceleration(0, 0, 1, value) == Acceleration(0, 0, 1)


@pytest.mark.parametrize(
    ("name", "value", "kept"),
    [
        ("speed", -0.1, None),
        ("speed", 514.0, 514.0),
        ("speed", 515.0, None),
        ("altitude", 18_000.0, 18_000.0),
        ("altitude", 18_001.0, None),
        ("satellites", -1, None),
        ("satellites", 12.0, 12),
        ("satellites", 256, None),
        ("hdop", -0.5, None),
        ("hdop", 99.99, 99.99),
        ("hdop", 700.0, None),
        ("course", -90.0, 270.0),
    ],
)
def test_values_that_cannot_be_are_left_out(name, value, kept):
    assert getattr(make_fix(1.0, 2.0, None, None, **{name: value}), name) == kept


@pytest.mark.parametrize(("x", "kept"), [(256.0, True), (256.1, False), (-256.1, False)])
def test_no_sensor_feels_more_than_256_g(x, kept):
    assert (make_acceleration(x, 0, 0, None) is not None) == kept


def test_a_negative_count_of_satellites_in_a_sentence():
    text = cameras.nmea(0).replace(b",1,08,0.9,545.4,", b",1,-8,-0.9,99999999.0,")
    (fix,) = nmea.parse(text)
    assert (fix.satellites, fix.hdop, fix.altitude) == (None, None, None)


@pytest.mark.parametrize(
    ("year", "is_year"), [(24, 2024), (99, 2099), (1999, 1999), (2024, 2024), (150, 150)]
)
def test_novateks_years(year, is_year):
    block = bytearray(cameras.novatek_block(0))
    struct.pack_into("<I", block, 48 + 12, year)
    assert Novatek().block(bytes(block), 0.0).fixes[0].time.year == is_year


def test_a_date_that_no_calendar_has_leaves_the_position():
    text = cameras.nmea(0).replace(b"230324", b"310224")
    (fix,) = nmea.parse(text)
    assert (fix.time, round(fix.latitude, 4)) == (None, 48.1173)


def test_a_card_log_beside_a_clip_whose_name_is_no_utf_8(tmp_path):
    if sys.platform != "linux":
        pytest.skip("names are bytes on Linux alone")
    name = os.fsdecode(b"caf\xe9.mp4")
    clip = make_clip(tmp_path / "a.mp4", SMALL).rename(tmp_path / name)
    line = b"1704067200,A,52.5,-13.4,9000,1389,0,100,0,caf\xe9.mp4,0,0,0\n"
    (tmp_path / "GPSData000001.txt").write_bytes(b"$V02\n" + line)
    found = read_telemetry(clip)
    assert (len(found.fixes), found.faults) == (1, ())


def test_exports_of_a_name_that_is_no_utf_8(tmp_path, capsys):
    if sys.platform != "linux":
        pytest.skip("names are bytes on Linux alone")
    stem = os.fsdecode(b"\xe9\x01<&>")
    clip = make_clip(tmp_path / "a.mp4", SMALL).rename(tmp_path / f"{stem}.mp4")
    (tmp_path / f"{stem}.nmea").write_bytes(cameras.nmea(0))
    for form in ("gpx", "csv", "json"):
        out = tmp_path / f"x.{form}"
        assert main(["telemetry", str(clip), f"--{form}", "-o", str(out)]) == 0
        assert main(["telemetry", str(clip), f"--{form}"]) == 0
    assert main(["telemetry", str(clip)]) == 0
    assert "unexpected" not in capsys.readouterr().err
    root = ET.fromstring((tmp_path / "x.gpx").read_text(encoding="utf-8"))  # noqa: S314 - our own
    assert "\N{REPLACEMENT CHARACTER}<&>" in "".join(root.itertext())
    assert json.loads((tmp_path / "x.json").read_text(encoding="utf-8"))["raw"][0]["bytes"] > 100


def test_exports_hold_no_nan_and_no_characters_that_xml_has_not():
    everything = Telemetry(
        fixes=tuple(
            made
            for value in ODD
            if (made := make_fix(1, 2, value, None, altitude=value, speed=value, hdop=value))
        ),
        accelerations=tuple(
            made for value in ODD if (made := make_acceleration(value, 0, 0, value))
        ),
        raws=(Raw("\0\x08\ufffe", b"", "box"),),
    )
    name = "".join(map(chr, [*range(32), 0x7F, 0xD800, 0xFFFE, 0xFFFF, 0x10FFFF]))
    ET.fromstring(to_gpx(everything, name))  # noqa: S314 - our own
    for text in (to_gpx(everything, name), to_csv(everything), to_json(everything)):
        text.encode()
        assert not any(word in text.lower().split("<name>")[0] for word in ("nan", "inf"))


def test_boxes_behind_the_4096th_are_read(tmp_path):
    clip = make_clip(tmp_path / "a.mp4", SMALL)
    fragments = (cameras.box(b"moof", b"") + cameras.box(b"mdat", b"x")) * 30_000
    with clip.open("ab") as file:
        file.write(fragments + cameras.mai_box(4) + cameras.box(b"abcd", b"?"))
    found = read_telemetry(clip)
    assert (found.families, len(found.fixes)) == (("70mai",), 4)
    assert found.unknown == ("abcd",)
    assert found.notes == ()


def test_a_fragmented_recording_as_ffmpeg_writes_it_keeps_its_positions(tmp_path):
    options = {"movflags": "frag_every_frame+empty_moov"}
    clip = make_clip(
        tmp_path / "a.mp4", Picture(frames=2060, size=(32, 32), gop=300), options=options
    )
    with clip.open("ab") as file:
        file.write(cameras.mai_box(4))
    assert len(cameras.top_level(clip.read_bytes())) > 4096
    assert len(read_telemetry(clip).fixes) == 4


@pytest.mark.parametrize(
    ("limits", "said"),
    [
        (Limits(headers=50), "more than 50 boxes; the rest was not looked at."),
        (Limits(entries=50), "more than 50 boxes that may hold telemetry; the rest was left."),
    ],
)
def test_boxes_beyond_the_limits_are_said(tmp_path, limits, said):
    clip = make_clip(tmp_path / "a.mp4", SMALL)
    with clip.open("ab") as file:
        file.write(cameras.box(b"abcd", b"") * 60)
    assert read_telemetry(clip, limits=limits).notes == (said,)


def test_a_thousand_kinds_of_boxes_are_kept_and_no_more(tmp_path):
    clip = make_clip(tmp_path / "a.mp4", SMALL)
    with clip.open("ab") as file:
        file.writelines(cameras.box(b"%04d" % i, b"") for i in range(1200))
    found = read_telemetry(clip)
    assert len(found.raws) == 1000
    assert "more than 1000 kinds" in found.notes[0]


def test_private_boxes_without_end_are_named_a_few_times(tmp_path):
    clip = make_clip(tmp_path / "a.mp4", SMALL)
    with clip.open("ab") as file:
        file.writelines(cameras.box(b"%04d" % i, b"ssid") for i in range(50))
    assert len(read_telemetry(clip).withheld) == 21


def test_an_index_that_lists_the_same_megabytes_for_ever_ends(tmp_path, monkeypatch):
    clip = make_clip(tmp_path / "a.mp4", SMALL)
    block = cameras.novatek_block(0, size=1 << 20)
    place = next(at for kind, at, _ in cameras.top_level(clip.read_bytes()) if kind == b"moov") + 8
    cameras.transplant(clip, blocks=[block], extra_entries=[(place, 1 << 20)] * 500)
    asked = []
    monkeypatch.setattr(Novatek, "block", lambda _self, data, _seconds: asked.append(len(data)))
    found = read_telemetry(clip, limits=Limits(total=8 << 20))
    assert asked == [1 << 20] * 8
    assert "more than 8 MiB" in " ".join(found.notes)


def test_packets_that_share_their_bytes_end(tmp_path, monkeypatch):
    """A sample table may list the same bytes a hundred thousand times."""
    track = Data("bin_data", [(i / 100, b"x" * 5000) for i in range(100)])
    clip = make_clip(tmp_path / "a.mp4", SMALL, data=[track])
    asked = []
    monkeypatch.setattr(GoPro, "data_packet", lambda _self, data, *_: asked.append(len(data)))
    found = read_telemetry(clip, limits=Limits(total=50_000))
    assert asked == [5000] * 10
    assert found.notes == ("more than 0 MiB of telemetry; the rest was left.",)


@pytest.mark.parametrize("inner", [False, True])
def test_a_box_that_reaches_to_the_end_swallows_nothing_in_the_output(tmp_path, inner):
    source = make_clip(tmp_path / "a.mp4", SMALL)
    if inner:
        open_ended = bytes(4) + cameras.garmin_uuid(3)[4:]
        cameras.transplant(source, in_moov=[open_ended])
    else:
        with source.open("ab") as file:
            file.write(bytes(4) + cameras.blackvue_free(3)[4:])
    assert len(read_telemetry(source).fixes) == 3
    target = tmp_path / "b.mp4"
    report = clean(source, target, config={"stages": ()})
    assert report.telemetry["not_embedded"] == []
    with av.open(str(target)) as container:
        assert len(list(container.decode(video=0))) == 30
    assert len(read_telemetry(target).fixes) == 3


def test_packets_keep_their_order_when_a_clock_jumps_back(tmp_path):
    stream = make_clip(tmp_path / "a.ts", SMALL)
    raws = [
        Raw("pid 0x300", bytes([i]) * 30, "packets", seconds)
        for i, seconds in enumerate([0.1, 0.9, 0.2, 0.3, None, 0.5])
    ]
    done, refused = transport_stream.put_back(raws, stream)
    assert (done, refused) == (raws, "")
    assert [raw.data for raw in read_telemetry(stream).raws] == [raw.data for raw in raws]


@pytest.mark.skipif(sys.platform == "win32", reason="links need rights there")
@pytest.mark.parametrize("name", ["a.nmea", "GPSData000001.txt"])
def test_a_link_beside_a_recording_brings_no_other_file_along(tmp_path, name):
    card, home = tmp_path / "card", tmp_path / "home"
    card.mkdir()
    home.mkdir()
    clip = make_clip(card / "a.mp4", SMALL)
    secret = home / "diary.txt"
    log = b"$V02\n1704067200,A,52.5,-13.4,9000,1389,0,100,0,a.mp4,0,0,0\n"
    secret.write_bytes(cameras.nmea(0) if name == "a.nmea" else log)
    (card / name).symlink_to(secret)
    found = read_telemetry(clip)
    assert not found
    assert found.notes == (f"{name} is a link, which may lead anywhere; it was not read.",)
