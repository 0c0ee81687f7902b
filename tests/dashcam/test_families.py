"""A camera family is one file: what is held of each one, and what adding one takes."""

from __future__ import annotations

import pkgutil
import re
import struct
import zipfile
from pathlib import Path, PurePath

import cameras
import pytest
from factory import Data, Picture, Text, make_clip
from manual import example

from dashcam_pipeline import clean
from dashcam_pipeline.dashcam.sidecars import is_sidecar
from dashcam_pipeline.dashcam.telemetry import Fix, families, read, read_telemetry
from dashcam_pipeline.dashcam.telemetry.families.base import Family, Reading
from dashcam_pipeline.dashcam.telemetry.model import make_fix

DOCS = Path(__file__).parents[2] / "docs/telemetry.md"
SMALL = Picture(frames=30, size=(160, 90))


def documented():
    """Rows of the table: {(family, carrier): what stands behind it}."""
    rows = re.findall(r"^\| `(\S+)` \| (\S+) \|.*\| (\S+) \|$", DOCS.read_text(), re.MULTILINE)
    assert len(set(rows)) == len(rows) > 0
    return {(family, carrier): evidence for family, carrier, evidence in rows}


def test_every_file_is_registered():
    files = {module.name for module in pkgutil.iter_modules(families.__path__)} - {"base"}
    assert {type(f).__module__.rpartition(".")[2] for f in families.FAMILIES} == files
    names = [family.name for family in families.FAMILIES]
    assert len(set(names)) == len(names)


def test_every_family_has_makers_and_a_line_in_the_table():
    assert {family for family, _ in cameras.MAKERS} == {f.name for f in families.FAMILIES}
    assert set(documented()) == set(cameras.MAKERS)


def test_the_table_says_what_stands_behind_each():
    recorded = {(sample.family, sample.carrier) for sample in cameras.SAMPLES}
    for place, evidence in documented().items():
        assert evidence == ("recording" if place in recorded else "description"), place


def test_files_beside_a_recording_come_along_in_a_batch():
    for family in families.FAMILIES:
        for ending in family.endings:
            assert is_sidecar(PurePath(f"clip{ending.upper()}"))


@pytest.mark.parametrize(("family", "carrier"), cameras.MAKERS, ids=str)
def test_what_a_family_writes_is_read_and_put_back(tmp_path, family, carrier):
    card = tmp_path / "card"
    card.mkdir()
    source = cameras.MAKERS[family, carrier](card)
    found = read_telemetry(source)
    assert found.families == (family,)
    assert {raw.carrier for raw in found.raws} == {carrier}
    assert len(found.fixes) >= 2
    assert found.unknown == ()
    target = tmp_path / f"b{source.suffix}"
    report = clean(source, target, config={"stages": ()})
    assert report.telemetry["not_embedded"] == []
    if carrier == "sidecar":
        with zipfile.ZipFile(f"{target}.telemetry.zip") as archive:
            kept = [archive.read(name) for name in archive.namelist()]
        assert kept == [raw.data for raw in found.raws]
        return
    after = read_telemetry(target)
    assert [raw.data for raw in after.raws] == [raw.data for raw in found.raws]
    assert [(f.latitude, f.longitude) for f in after.fixes] == [
        (f.latitude, f.longitude) for f in found.fixes
    ]


class Toy(Family):
    """A whole family: it writes ``toy``, latitude and longitude in degrees, in every carrier."""

    name = "toy"
    endings = (".toy",)
    card_logs = ("TOY*.bin",)

    def box(self, place, content):
        return self._read(content) if place == "moov/toys" else None

    def block(self, data, seconds):
        return self._read(data[12:], seconds)

    def subtitle(self, data, seconds):
        return self._read(data[2:], seconds)

    def data_packet(self, data, seconds, length):
        return self._read(data, seconds) if length > 0 else None

    def transport_packet(self, payload, seconds):
        return self._read(payload, seconds)

    def sidecar(self, ending, data):
        return self._read(data) if ending == ".toy" else None

    def card_log(self, data, clip):
        reading = self._read(data) if clip == "a.mp4" else None
        return None if reading is None else (reading, data)

    def _read(self, data, seconds=None):
        if data[:3] != b"toy":
            return None
        return Reading((Fix(*struct.unpack_from("<2f", data, 3), seconds),))


PIECE = b"toy" + struct.pack("<2f", 52.5, 13.25)


def boxed(folder):
    return cameras.transplant(
        make_clip(folder / "a.mp4", SMALL), in_moov=[cameras.box(b"toys", PIECE)]
    )


def listed(folder):
    block = struct.pack(">I8s", 64, b"freeGPS ") + PIECE.ljust(52, b"\0")
    return cameras.transplant(make_clip(folder / "a.mp4", SMALL), blocks=[block])


def in_subtitles(folder):
    return make_clip(folder / "a.mp4", SMALL, texts=[Text(lines=[(0, 0.5, PIECE)])])


def in_data(folder):
    return make_clip(folder / "a.mp4", SMALL, data=[Data(lines=[(0, PIECE)])])


def in_transport(folder):
    return cameras.add_private_packets(make_clip(folder / "a.ts", SMALL), [PIECE])


def beside(folder):
    clip = make_clip(folder / "a.mp4", SMALL)
    clip.with_suffix(".TOY").write_bytes(PIECE)
    return clip


def logged(folder):
    (folder / "TOY1.bin").write_bytes(PIECE)
    return make_clip(folder / "a.mp4", SMALL)


@pytest.mark.parametrize(
    ("make", "embedded"),
    [
        (boxed, ["moov/toys"]),
        (listed, ["moov/gps"]),
        (in_subtitles, []),
        (in_data, []),
        (in_transport, ["pid 0x300"]),
        (beside, []),
        (logged, []),
    ],
)
def test_a_new_family_is_one_class(tmp_path, monkeypatch, make, embedded):
    source = make(tmp_path)
    assert read_telemetry(source).families == ()
    monkeypatch.setattr(read, "FAMILIES", (*families.FAMILIES, Toy()))
    found = read_telemetry(source)
    assert found.families == ("toy",)
    assert [(f.latitude, f.longitude) for f in found.fixes] == [(52.5, 13.25)]
    assert found.unknown == ()
    report = clean(source, tmp_path / f"b{source.suffix}", config={"stages": ()})
    assert report.telemetry["embedded"] == embedded
    assert report.telemetry["not_embedded"] == []
    if make not in {beside, logged}:
        assert read_telemetry(tmp_path / f"b{source.suffix}").families == ("toy",)


def test_the_manuals_example_is_a_family(tmp_path, monkeypatch):
    names = {"Family": Family, "Reading": Reading, "make_fix": make_fix, "struct": struct}
    exec(f"from __future__ import annotations\n{example('A camera family')}", names)  # noqa: S102 - our own manual
    monkeypatch.setattr(read, "FAMILIES", (*families.FAMILIES, names["Dingo"]()))
    rows = struct.pack("<4f", 52.5, 13.25, 91, 0) + struct.pack("<2f", 52.75, 13.5) + b"rest"
    clip = make_clip(tmp_path / "a.mp4", SMALL)
    found = read_telemetry(cameras.transplant(clip, in_moov=[cameras.box(b"ding", rows)]))
    assert found.families == ("dingo",)
    assert found.fixes == (Fix(52.5, 13.25, 0.0), Fix(52.75, 13.5, 2.0))
