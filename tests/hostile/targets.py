"""What is fed with hostile bytes, with what it begins from and what it may do.

A target returns, or raises one of the package's own errors. Anything else is a finding, and so is
a call that takes longer than ``SECONDS`` or makes the process grow by more than ``MEGABYTES``.
"""

from __future__ import annotations

import contextlib
import io
import json
import shutil
import struct
import tempfile
from dataclasses import dataclass, field
from fractions import Fraction
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import cameras
import folders
import structures
from factory import Data, Picture, Sound, Text, insert_messages, make_clip
from in_process import in_process
from mutate import mutate

from dashcam_pipeline import clean
from dashcam_pipeline.cli import main
from dashcam_pipeline.cli.app import exit_codes
from dashcam_pipeline.compare.page.audit import damage
from dashcam_pipeline.compare.page.finding import find_clips
from dashcam_pipeline.compare.page.model import Clip
from dashcam_pipeline.compare.page.record import described
from dashcam_pipeline.compare.page.render import render
from dashcam_pipeline.compare.page.words import Teller
from dashcam_pipeline.config import load_config
from dashcam_pipeline.dashcam.names import parse_name
from dashcam_pipeline.dashcam.telemetry import read_telemetry
from dashcam_pipeline.dashcam.telemetry.export import to_csv, to_gpx, to_json, to_zip
from dashcam_pipeline.dashcam.telemetry.families import FAMILIES
from dashcam_pipeline.dashcam.telemetry.formats import nmea
from dashcam_pipeline.dashcam.telemetry.model import Telemetry
from dashcam_pipeline.errors import DashcamError
from dashcam_pipeline.media import extent
from dashcam_pipeline.media.probe import probe
from dashcam_pipeline.media.reader import Reader
from dashcam_pipeline.provenance.verify import read_record, verify

if TYPE_CHECKING:
    import random
    from collections.abc import Callable, Iterator

    from structures import Span

SECONDS = 20
MEGABYTES = 1000


@dataclass(frozen=True)
class Target:
    """One entrance.

    Args:
        run: takes the bytes.
        seeds: gives inputs that are accepted, to begin from.
        words: byte strings worth inserting.
        reader: lists the fields of its format; None where blind damage is all there is.
        json: True where the bytes are JSON.
        files: True where they are a card and the folder of its results, as of ``folders``.
        slow: True for a whole command, of which a second sees a few.
    """

    run: Callable[[bytes], object]
    seeds: Callable[[], list[bytes]]
    words: list[bytes] = field(default_factory=list)
    reader: Callable[[bytes], Iterator[Span]] | None = None
    json: bool = False
    files: bool = False
    slow: bool = False

    def damaged(self, data: bytes, chance: random.Random) -> bytes:
        """An input with some damage, by its structure if that is known."""
        if self.json:
            return structures.damage_json(data, chance)
        if self.files:
            return folders.damage_folder(data, chance)
        if self.reader is None or chance.randrange(4) == 0:
            return mutate(data, chance, self.words)
        return structures.damage(data, chance, self.reader)


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


def beside(data: bytes) -> None:
    """The same bytes as every file that may lie beside a recording, and at its card's root."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        path = folder / "Front/NO20240101-200000-000001F.MP4"
        path.parent.mkdir()
        path.write_bytes(clips()[0])
        (folder / "GPSData000001.txt").write_bytes(data)
        for family in FAMILIES:
            for ending in family.endings:
                path.with_suffix(ending).write_bytes(data)
        telemetry(path)


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
    packet(data)


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
THINKWARE = (
    b"gsensori,4,512,-512,256,000;GNRMC,112200.00,A,4807.03800,N,01131.00000,W,10.0,84.4,"
    b"230324,,,A*52.;CAR,0,0,0"
)
GARMIN = cameras.garmin_text(1)
SENSOR = struct.pack(">I3h", 100, 128, -64, 0) * 3
LOG_LINE = b"1704067200,A,52.5,-13.4,9000,1389,0,100,0,NO20240101-200000-000001F.MP4,0,0,0\n"
SIZES = [struct.pack(">I", n) for n in (0, 1, 7, 8, 2**31 - 1, 2**31, 2**32 - 1)]


def avi() -> bytes:
    """A recording of an older camera: MJPEG and PCM."""
    picture = Picture(frames=5, size=(64, 48), codec="mjpeg", pixel_format="yuvj420p")
    return one_clip("a.avi", picture, sounds=[Sound(codec="pcm_s16le", seconds=0.2)])


def fragmented() -> bytes:
    """An MP4 in fragments."""
    options = {"movflags": "frag_keyframe+empty_moov"}
    return one_clip("a.mp4", Picture(frames=8, size=(64, 48), gop=2), options=options)


def one_clip(name: str, *args: object, **kwargs: object) -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        return make_clip(Path(folder) / name, *args, **kwargs).read_bytes()


def cleaning(path: Path) -> None:
    """Clean a recording; what comes out is whole, and nothing lies about otherwise."""
    folder = path.parent / "out"
    folder.mkdir()
    target = folder / f"b{path.suffix}".replace(".avi", ".mkv")
    try:
        clean(path, target, config={"stages": (), "threads": 1})
    except DashcamError:
        assert list(folder.iterdir()) == [], "left something of a run that failed"
        raise
    else:
        verification = verify(target)
        assert verification.passed, verification.checks
        listed = [entry["name"] for entry in verification.record["companions"]]
        found = {p.name for p in folder.iterdir()}
        assert found == {target.name, f"{target.name}.provenance.json", *listed}
        telemetry(target)
    finally:
        shutil.rmtree(folder)


def command(*args: str) -> Callable[[Path], None]:
    """A command of the command line, given the file."""

    def run(path: Path) -> None:
        call([*args, str(path)])

    return run


def batching(*options: str) -> Callable[[bytes], None]:
    """A batch over a card and the results of an earlier run, with damage to both.

    Whatever lies there: the card stays as it is, nothing is written elsewhere, other files than
    companions and reports are replaced with leave alone, and healthy recordings are cleaned.
    """

    def run(data: bytes) -> None:
        files = folders.unpack(data)
        with tempfile.TemporaryDirectory() as name:
            victim, root = Path(name) / "victim", Path(name) / "folder"
            victim.write_text("mine")
            for folder in ("card", "out"):
                (root / folder).mkdir(parents=True)
            folders.lay(files, root)
            card, before = folders.gather(root / "card"), folders.gather(root / "out")
            plain = (str(root / "card"), str(root / "out"), "--no-stages", "--threads", "1")
            with in_process():
                code = call(["batch", *plain, "--segment-seconds", "0.1", *options])
            assert folders.gather(root / "card") == card, "the card was written to"
            assert victim.read_text() == "mine", "another file was written to"
            assert {p.name for p in root.iterdir()} == {"card", "out"}
            assert {p.name for p in Path(name).iterdir()} == {"victim", "folder"}
            if "--overwrite" not in options:
                still = folders.gather(root / "out")
                kept = [path for path in before if not folders.is_ours_to_write(path, before)]
                assert [p for p in kept if still.get(p) != before[p]] == [], "replaced"
            if code not in {0, 11}:
                assert any(path.startswith("out/") for path in files) or not card
                return
            fates = json.loads((root / "out/report.json").read_text())["clips"]
            for clip in fates:
                assert "unexpected" not in clip["reason"], clip["reason"]
                if clip["output"]:
                    verification = verify(root / "out" / clip["output"])
                    assert verification.passed, verification.checks
            if not before:
                good = {clip["path"] for clip in fates if clip["status"] in {"done", "damaged"}}
                healthy = folders.card()
                alive = {p for p in card if card[p] == healthy.get(f"card/{p}")}
                assert good >= {p for p in alive if not p.endswith(".gps")}, "stopped another"

    return run


def call(args: list[str]) -> int:
    said, told = io.StringIO(), io.StringIO()
    with contextlib.redirect_stderr(said), contextlib.redirect_stdout(told):
        code = main(args)
    text = said.getvalue()
    assert "unexpected" not in text, text
    assert "Traceback" not in text, text
    assert code in dict.fromkeys(int(number) for number, _ in exit_codes()), code
    assert len(text) < 10_000, text
    assert text or told.getvalue() or code == 0, "failed without a word"
    return code


@cache
def shelf() -> dict[str, bytes]:
    """A folder as `dashcam report` and `verify` find it: recording, result, report, record."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        source = make_clip(folder / "a.mp4", Picture(frames=3, size=(64, 48)))
        report = clean(source, folder / "a_clean.mp4", config={"stages": ()})
        report.write_json(folder / "run.json")
        entry = {"path": "a.mp4", "output": "a_clean.mp4", "status": "done", "seconds": 1.5}
        batch = {"input": ".", "clips": [entry, {"path": "b.mp4", "status": "bright"}]}
        (folder / "report.json").write_text(json.dumps(batch))
        return {p.name: p.read_bytes() for p in folder.iterdir()}


PROVENANCE = "a_clean.mp4.provenance.json"


def on_shelf(replaced: str, *args: str, but: tuple[str, ...] = ()) -> Callable[[bytes], None]:
    """A command on that folder with one of its files replaced, and some left out."""

    def run(data: bytes) -> None:
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name) / "folder"
            folder.mkdir()
            for file, content in shelf().items():
                if file not in but:
                    (folder / file).write_bytes(data if file == replaced else content)
            call([part.replace("SHELF", str(folder)) for part in args])
            assert [p.name for p in Path(name).iterdir()] == ["folder"], "wrote elsewhere"

    return run


def said_by(replaced: str, *but: str) -> Callable[[bytes], None]:
    """All that a page takes from the records of that folder, without looking at its pictures."""

    def run(data: bytes) -> None:
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            for file, content in shelf().items():
                if file not in but:
                    (folder / file).write_bytes(data if file == replaced else content)
            found, notes = find_clips(folder)
            assert all(len(note.splitlines()) == 1 for note in notes)
            pages = []
            for one in found:
                assert {one.cleaned, one.source} <= {None, *folder.iterdir()}
                page = Clip(title=one.name, reason=one.reason, damage=damage(one.record))
                described(page, one.record, Teller([folder]))
                pages.append(page)
            html = render(pages, "title")
            facts = html.split('id="data">')[1].split("</script>")[0]
            json.loads(facts, parse_constant=lambda word: 1 / 0 if word else word)
            html.encode("utf-8", "backslashreplace")

    return run


def message(data: bytes) -> None:
    for family in FAMILIES:
        reading = family.message(data, 0.0)
        if reading is not None:
            found = Telemetry(fixes=tuple(reading.fixes), recorded=reading.recorded)
            for export in (to_gpx, to_csv, to_json):
                export(found)


def avchd() -> bytes:
    """A transport stream whose pictures say when and where they were taken."""
    with tempfile.TemporaryDirectory() as name:
        pts = [130_000 + i * 3000 for i in range(8)]
        picture = Picture(pts=pts, size=(64, 48), time_base=Fraction(1, 90_000))
        clip = make_clip(Path(name) / "a.ts", picture)
        return insert_messages(clip, [[(5, cameras.mdpm(i))] for i in range(8)]).read_bytes()


def seeded(*names: str) -> Callable[[], list[bytes]]:
    return lambda: [shelf()[name] for name in names]


REPORT = ("report", "SHELF", "-q", "--threads", "1")

TARGETS = {
    "telemetry-mp4": Target(
        in_file(telemetry, ".mp4"),
        lambda: [clips()[0], fragmented()],
        [b"gps ", b"free", b"moov", *SIZES],
        structures.boxes,
    ),
    "telemetry-ts": Target(
        in_file(telemetry, ".ts"),
        lambda: [clips()[1], avchd()],
        [b"\0\0\1\xbf", b"\x47"],
        structures.transport,
    ),
    "telemetry-mkv": Target(
        in_file(telemetry, ".mkv"), lambda: [clips()[2]], SIZES, structures.elements
    ),
    "structure": Target(
        in_file(structure, ".mp4"), lambda: list(clips()), [b"moov", *SIZES], structures.boxes
    ),
    "recording": Target(in_file(recording, ".mp4"), lambda: list(clips()), SIZES, structures.boxes),
    "nmea": Target(
        lambda data: list(nmea.parse(data)),
        lambda: [cameras.nmea(1, clock_ms=5)],
        reader=structures.sentences,
    ),
    "gpmf": Target(packet, lambda: [cameras.gpmf(1), gps9()], [b"GPS9", b"SCAL"], structures.gpmf),
    "texts": Target(
        packet, lambda: [THINKWARE, cameras.garmin_text(1)], reader=structures.sentences
    ),
    "mdpm": Target(
        message,
        lambda: [cameras.mdpm(1), cameras.mdpm(2, zone=0xFF), cameras.mdpm(3, fix=False)],
        [b"MDPM"],
        structures.mdpm,
    ),
    "records": Target(
        log,
        lambda: [cameras.mai_box(2)[8:], cameras.garmin_uuid(2)[8:], SENSOR, GARMIN],
        reader=structures.words,
    ),
    "blackvue": Target(box, lambda: [cameras.blackvue_free(2)[8:]], SIZES, structures.boxes),
    "block": Target(
        block,
        lambda: [
            cameras.novatek_block(0, size=128),
            cameras.novatek_block(0, base=16, size=128),
            cameras.mai_block(0),
        ],
        reader=structures.words,
    ),
    "log": Target(
        log, lambda: [b"$V02\n" + LOG_LINE * 2, cameras.nmea(2)], reader=structures.sentences
    ),
    "beside": Target(
        beside,
        lambda: [b"$V02\n" + LOG_LINE * 2, cameras.nmea(2, clock_ms=5000), SENSOR],
        reader=structures.sentences,
    ),
    "config": Target(
        in_file(load_config, ".toml"), lambda: [TOML], [b"[[", b"inf", b"nan", b"'''"]
    ),
    "record": Target(in_file(read_record, ".json"), lambda: [RECORD], json=True),
    "name": Target(
        name, lambda: [b"Movie/RO/2023_0516_192739_F.MP4", b"EV/20240101_120000_NF.mp4"]
    ),
    "clean-mp4": Target(
        in_file(cleaning, ".mp4"),
        lambda: [clips()[0], fragmented()],
        SIZES,
        structures.boxes,
        slow=True,
    ),
    "clean-ts": Target(
        in_file(cleaning, ".ts"),
        lambda: [clips()[1], avchd()],
        reader=structures.transport,
        slow=True,
    ),
    "clean-mkv": Target(
        in_file(cleaning, ".mkv"), lambda: [clips()[2]], reader=structures.elements, slow=True
    ),
    "clean-avi": Target(
        in_file(cleaning, ".avi"), lambda: [avi()], reader=structures.chunks, slow=True
    ),
    "probe-mp4": Target(
        in_file(command("probe", "--json"), ".mp4"),
        lambda: [clips()[0], fragmented()],
        SIZES,
        structures.boxes,
        slow=True,
    ),
    "probe-ts": Target(
        in_file(command("probe"), ".ts"),
        lambda: [clips()[1]],
        reader=structures.transport,
        slow=True,
    ),
    "telemetry-command": Target(
        in_file(command("telemetry", "--json"), ".mp4"),
        lambda: [clips()[0]],
        SIZES,
        structures.boxes,
        slow=True,
    ),
    "batch": Target(batching(), lambda: list(folders.states()), files=True, slow=True),
    "batch-overwrite": Target(
        batching("--overwrite"), lambda: list(folders.states()), files=True, slow=True
    ),
    "page-batch": Target(said_by("report.json"), seeded("report.json"), json=True, slow=True),
    "page-run": Target(
        said_by("run.json", "report.json"), seeded("run.json"), json=True, slow=True
    ),
    "page-record": Target(
        said_by(PROVENANCE, "report.json", "run.json"), seeded(PROVENANCE), json=True, slow=True
    ),
    "report-batch": Target(
        on_shelf("report.json", *REPORT), seeded("report.json"), json=True, slow=True
    ),
    "report-run": Target(
        on_shelf("run.json", *REPORT, but=("report.json",)),
        seeded("run.json"),
        json=True,
        slow=True,
    ),
    "report-record": Target(
        on_shelf(PROVENANCE, *REPORT, but=("report.json", "run.json")),
        seeded(PROVENANCE),
        json=True,
        slow=True,
    ),
    "report-clip": Target(
        on_shelf("a_clean.mp4", *REPORT),
        seeded("a_clean.mp4", "a.mp4"),
        SIZES,
        structures.boxes,
        slow=True,
    ),
    "verify": Target(
        on_shelf(PROVENANCE, "verify", "SHELF/a_clean.mp4"),
        seeded(PROVENANCE),
        json=True,
        slow=True,
    ),
    "verify-json": Target(
        on_shelf(PROVENANCE, "verify", "--json", "SHELF/a_clean.mp4"),
        seeded(PROVENANCE),
        json=True,
        slow=True,
    ),
}


def gps9() -> bytes:
    """A packet of newer cameras: one row of nine numbers of three kinds."""
    scale = struct.pack(">9i", 10**7, 10**7, 1000, 1000, 100, 1, 1000, 100, 1)
    row = struct.pack(">7i2H", 481173000, 115166000, 519000, 12000, 1210, 8900, 40_000_000, 90, 3)
    inner = cameras.gpmf_item(b"SCAL", "l", 4, 9, scale)
    inner += cameras.gpmf_item(b"GPS9", "?", 32, 1, row)
    inner = cameras.gpmf_item(b"STRM", "", 1, len(inner), inner)
    return cameras.gpmf_item(b"DEVC", "", 1, len(inner), inner)


def attempt(target: Target, data: bytes) -> bool:
    """Feed a target; the package's own errors are answers, all others findings.

    Returns:
        False where it was answered with an error.
    """
    try:
        target.run(data)
    except DashcamError:
        return False
    return True
