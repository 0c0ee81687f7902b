"""A transport stream's tracks keep their PIDs, whatever the muxer would like to have there."""

from __future__ import annotations

from fractions import Fraction

import av
import pytest
from cameras import add_private_packets, novatek_record
from factory import Data, Picture, Sound, make_clip
from pump import pump

from dashcam_pipeline import clean

TICK = Fraction(1, 90_000)
START = Fraction(13, 9)


def clip(path, picture, *sounds, data=(), **options):
    return make_clip(
        path,
        Picture(pts=[130_000 + i * 3000 for i in range(20)], time_base=TICK, pid=picture),
        sounds=[Sound(start=START, pid=pid, seconds=0.5) for pid in sounds],
        data=data,
        options={f"mpegts_{key}": str(value) for key, value in options.items()},
    )


def tracks(path):
    with av.open(str(path), container_options={"scan_all_pmts": "1"}) as container:
        return [(s.type, s.id) for s in container.streams]


def tables(path):
    """(id of the stream, number of the program, PID of its map), and PIDs that occur."""
    data = path.read_bytes()
    length, lead = (192, 4) if data[0] != 0x47 else (188, 0)
    rows = [data[i + lead : i + lead + 188] for i in range(0, len(data), length)]
    pids = {(r[1] & 0x1F) << 8 | r[2] for r in rows}
    first = next(r for r in rows if not r[1] & 0x1F and not r[2])
    row = first[5 + first[4] :]
    words = [int.from_bytes(row[i : i + 2], "big") for i in (3, 8, 10)]
    return (words[0], words[1], words[2] & 0x1FFF), pids


@pytest.mark.parametrize(
    ("picture", "sounds"),
    [
        (0x101, (0x100,)),
        (0x1011, (0x1000,)),  # where the muxer's map would lie
        (0x1000, (0x1100,)),
        (0x100, (0x101, 0x102)),
        (0x1FFA, (0x20,)),
    ],
)
def test_every_pid_is_kept(tmp_path, picture, sounds):
    source = clip(tmp_path / "in.ts", picture, *sounds, pmt_start_pid=0x30)
    target = tmp_path / "out.ts"

    report = clean(source, target, config={"stages": ()})

    assert tracks(target) == tracks(source)
    assert tracks(target) == [("video", picture), *(("audio", pid) for pid in sounds)]
    assert report.not_carried == ()


def test_the_programs_own_ids_are_kept(tmp_path):
    source = clip(
        tmp_path / "in.ts", 0x101, 0x100, pmt_start_pid=0x456, service_id=7, transport_stream_id=9
    )
    target = tmp_path / "out.ts"

    pump(source, target)

    assert tables(target)[0] == tables(source)[0] == (9, 7, 0x456)


def test_a_private_pid_is_left_free_for_the_cameras_positions(tmp_path):
    source = clip(tmp_path / "in.ts", 0x101, 0x100, pmt_start_pid=0x30)
    add_private_packets(source, [novatek_record(i) for i in range(3)], pid=0x1000)
    target = tmp_path / "out.ts"

    report = clean(source, target, config={"stages": ()})

    assert report.telemetry["not_embedded"] == []
    assert 0x1000 in tables(target)[1]


@pytest.mark.parametrize("suffix", [".m2ts", ".mts"])
def test_a_disc_has_its_map_where_discs_have_it(tmp_path, suffix):
    source = clip(tmp_path / "in.ts", 0x1011, 0x1100, pmt_start_pid=0x30)
    target = tmp_path / f"out{suffix}"
    pump(source, target)
    assert tracks(target) == tracks(source)
    assert tables(target)[0][2] == 0x100

    again = tmp_path / f"again{suffix}"
    _, report = pump(target, again)
    assert tracks(again) == tracks(source)
    assert report.lost == ()


def test_the_one_pid_that_a_disc_needs_itself_is_moved_and_named(tmp_path):
    source = clip(tmp_path / "in.ts", 0x101, 0x100)
    target = tmp_path / "out.m2ts"

    _, report = pump(source, target)

    assert report.not_carried == ()
    assert tracks(target) == [("video", 0x101), ("audio", 0x102)]
    assert [str(one) for one in report.lost] == ["#1 audio aac: PID 0x100 (it is 0x102 now)"]


def test_numbers_of_other_containers_are_no_pids(tmp_path):
    """An MP4's seventeenth track has a number that belongs to a stream's tables."""
    data = [Data("bin_data", [(0.1, b"x")]) for _ in range(16)]
    source = make_clip(tmp_path / "in.mp4", Picture(frames=10), sounds=[Sound()], data=data)
    target = tmp_path / "out.ts"

    _, report = pump(source, target)

    assert report.not_carried == ()
    assert min(pid for _, pid in tracks(target)) >= 0x20
