"""What is fed with hostile bytes, with what it begins from and what it may do.

A target returns, or raises one of the package's own errors. Anything else is a finding, and so is
a call that takes longer than ``SECONDS`` or makes the process grow by more than ``MEGABYTES``.
"""

from __future__ import annotations

import contextlib
import struct
import tempfile
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import cameras
from factory import Data, Picture, Sound, Text, make_clip

from dashcam_pipeline.config import load_config
from dashcam_pipeline.dashcam.names import parse_name
from dashcam_pipeline.dashcam.telemetry import read_telemetry
from dashcam_pipeline.dashcam.telemetry.export import to_csv, to_gpx, to_json, to_zip
from dashcam_pipeline.dashcam.telemetry.families import FAMILIES
from dashcam_pipeline.dashcam.telemetry.formats import nmea
from dashcam_pipeline.errors import DashcamError
from dashcam_pipeline.media import extent
from dashcam_pipeline.media.probe import probe
from dashcam_pipeline.media.reader import Reader
from dashcam_pipeline.provenance.verify import read_record

if TYPE_CHECKING:
    from collections.abc import Callable

SECONDS = 10
MEGABYTES = 512


@dataclass(frozen=True)
class Target:
    """One entrance.

    Args:
        run: takes the bytes.
        seeds: gives inputs that are accepted, to begin from.
        words: byte strings worth inserting.
    """

    run: Callable[[bytes], object]
    seeds: Callable[[], list[bytes]]
    words: list[bytes] = field(default_factory=list)


@cache
def clips() -> tuple[bytes, ...]:
    """Whole recordings, with telemetry of every carrier."""
    small = Picture(frames=8, size=(64, 48), gop=4)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        gpmd = Data("bin_data", [(0, cameras.gpmf(0))])
        line = "gsensori,4,512,-1,2,3;GPRMC,112200.00,A,4807.0,N,01131.0,E,1,2,230324,,,A*00;"
        mp4 = make_clip(
            folder / "a.mp4",
            small,
            sounds=[Sound(seconds=0.3)],
            texts=[Text(lines=[(0, 0.2, line)])],
            data=[gpmd],
        )
        cameras.transplant(
            mp4,
            blocks=[cameras.novatek_block(0, size=128), cameras.mai_block(1)],
            boxes=[cameras.blackvue_free(1), cameras.mai_box(1), cameras.box(b"abcd", b"?")],
        )
        ts = make_clip(folder / "a.ts", small)
        cameras.add_private_packets(ts, [cameras.novatek_record(0)])
        mkv = make_clip(folder / "a.mkv", small, attachments=[("../x", "text/plain", b"hi")])
        return tuple(path.read_bytes() for path in (mp4, ts, mkv))


def in_file(function: Callable[[Path], object], suffix: str) -> Callable[[bytes], object]:
    def run(data: bytes) -> object:
        with tempfile.TemporaryDirectory() as name:
            path = Path(name) / f"fuzz{suffix}"
            path.write_bytes(data)
            try:
                return function(path)
            finally:
                assert [p.name for p in Path(name).iterdir()] == [path.name], "wrote a file"

    return run


def telemetry(path: Path) -> None:
    found = read_telemetry(path)
    for export in (to_gpx, to_csv, to_json, to_zip):
        export(found)


def structure(path: Path) -> None:
    extent.top_level(path)
    extent.lacks_index(path)
    extent.declared_size(path)


def recording(path: Path) -> None:
    probe(path)
    with Reader(path, threads=1) as reader:
        for number, _ in enumerate(reader):
            if number > 2000:
                raise AssertionError("a small file gave thousands of items")


def name(data: bytes) -> None:
    text = data.decode("utf-8", errors="surrogateescape").replace("\0", "")
    with contextlib.suppress(ValueError):
        parse_name(Path(text))


def block(data: bytes) -> None:
    for family in FAMILIES:
        family.block(data, 0.0)
        family.transport_packet(data, None)


def packet(data: bytes) -> None:
    for family in FAMILIES:
        family.subtitle(data, 0.0)
        family.data_packet(data, 0.0, 1.0)


def box(data: bytes) -> None:
    for family in FAMILIES:
        for place in ("free", "GPS ", "uuid", "moov/uuid"):
            family.box(place, data)


def log(data: bytes) -> None:
    for family in FAMILIES:
        family.card_log(data, "NO20240101-200000-000001F.MP4")
        for ending in (".gps", ".3gf", ".nmea"):
            family.sidecar(ending, data)
    box(data)


TOML = b"""strength = 0.5
protect = ["1,2,3,4"]
start = "00:01:02.5"
[[stage]]
name = "glare"
veil = 0.1
"""
RECORD = (
    b'{"schema": "dashcam_pipeline/provenance", "schema_version": 1, "companions": [], '
    b'"weights": [], "input": {"name": "a", "sha256": "00"}, '
    b'"output": {"name": "b", "sha256": "1"}}'
)
LOG_LINE = b"1704067200,A,52.5,-13.4,9000,1389,0,100,0,NO20240101-200000-000001F.MP4,0,0,0\n"
SIZES = [struct.pack(">I", n) for n in (0, 1, 7, 8, 2**31 - 1, 2**31, 2**32 - 1)]

TARGETS = {
    "telemetry-mp4": Target(
        in_file(telemetry, ".mp4"), lambda: [clips()[0]], [b"gps ", b"free", b"moov", *SIZES]
    ),
    "telemetry-ts": Target(
        in_file(telemetry, ".ts"), lambda: [clips()[1]], [b"\0\0\1\xbf", b"\x47"]
    ),
    "telemetry-mkv": Target(in_file(telemetry, ".mkv"), lambda: [clips()[2]], SIZES),
    "structure": Target(in_file(structure, ".mp4"), lambda: list(clips()), [b"moov", *SIZES]),
    "recording": Target(in_file(recording, ".mp4"), lambda: list(clips()), SIZES),
    "nmea": Target(lambda data: list(nmea.parse(data)), lambda: [cameras.nmea(1, clock_ms=5)]),
    "gpmf": Target(packet, lambda: [cameras.gpmf(1)], [b"GPS9", b"SCAL"]),
    "texts": Target(packet, lambda: [cameras.garmin_text(1)]),
    "blackvue": Target(box, lambda: [cameras.blackvue_free(2)[8:]], SIZES),
    "block": Target(block, lambda: [cameras.novatek_block(0, size=128), cameras.mai_block(0)]),
    "log": Target(log, lambda: [b"$V02\n" + LOG_LINE * 2, cameras.mai_box(2)[8:]]),
    "config": Target(
        in_file(load_config, ".toml"), lambda: [TOML], [b"[[", b"inf", b"nan", b"'''"]
    ),
    "record": Target(in_file(read_record, ".json"), lambda: [RECORD], [b"[" * 50, b"../", b"null"]),
    "name": Target(
        name, lambda: [b"Movie/RO/2023_0516_192739_F.MP4", b"EV/20240101_120000_NF.mp4"]
    ),
}


def attempt(target: Target, data: bytes) -> None:
    """Feed a target; the package's own errors are answers, all others findings."""
    with contextlib.suppress(DashcamError):
        target.run(data)
