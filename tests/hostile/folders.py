"""A card and the folder of its results as one input: both are damaged in several places at once.

::

    {"card/a.mp4": b"...", "out/a.mp4": b"..."} <-> a tar file, which is the input

A name that ends in a slash is a folder, and a content that begins with ``LINK`` is a link.
"""

from __future__ import annotations

import io
import os
import sqlite3
import tarfile
import tempfile
from contextlib import closing, suppress
from functools import cache
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, TypeAlias

import cameras
import structures
from factory import Picture, Sound, make_clip
from in_process import in_process
from mutate import mutate
from structures import damage, damage_json

from dashcam_pipeline import CleanConfig
from dashcam_pipeline.batch import resumable
from dashcam_pipeline.batch.driver import run_batch
from dashcam_pipeline.provenance.companions import ENDINGS as COMPANIONS

if TYPE_CHECKING:
    import random
    from collections.abc import Callable, Iterator

Files: TypeAlias = dict[str, bytes]

LINK = b"\0link to "

WRITTEN = 10**18
"""When all files were written, in nanoseconds."""

READERS: dict[str, Callable[[bytes], Iterator[structures.Span]]] = {
    ".mp4": structures.boxes,
    ".ts": structures.transport,
    ".avi": structures.chunks,
    ".mkv": structures.elements,
    ".gps": structures.sentences,
    ".csv": structures.sentences,
    ".npz": structures.words,
    ".zip": structures.words,
}
"""How a file is damaged, by its ending; JSON and journals have their own ways."""

ODD_NAMES = [
    "a.mp4", "A.MP4", "a.mov", "report.json", "x.mp4.provenance.json", "a.mp4.part", "a_clean.mp4",
    "caf\udce9.mp4", "a\nb.mp4", "x" * 250 + ".mp4", "한" * 80 + ".mp4", " .mp4", "...mp4", "a.gps",
]  # fmt: skip

ODD_CELLS = [
    None, 0, -1, 2**63 - 1, -(2**63), 1e400, "", "done", "started", "text", b"", b"\xff\xfe", b"..",
    b"../card/a.mp4", b"/etc/passwd", b"a.mp4", b"report.json", b"x" * 300, b"a\0b",
]  # fmt: skip
"""Of a journal; SQLite keeps any of them in any column."""


def pack(files: Files) -> bytes:
    """As one input."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", errors="surrogateescape") as archive:
        for name, content in files.items():
            about = tarfile.TarInfo(name)
            about.size = len(content)
            archive.addfile(about, io.BytesIO(content))
    return buffer.getvalue()


def unpack(data: bytes) -> Files:
    """The files again, as far as they can be read."""
    files: Files = {}
    try:
        with tarfile.open(fileobj=io.BytesIO(data), mode="r:", errors="surrogateescape") as archive:
            for about in archive:
                content = archive.extractfile(about)
                if content is not None:
                    files[about.name] = content.read()
    except (tarfile.TarError, EOFError, OSError, ValueError):
        pass
    return files


def lay(files: Files, folder: Path) -> None:
    """Write them; what can't have its name is left out."""
    for name, content in files.items():
        place = folder / name
        if ".." in PurePosixPath(name).parts or PurePosixPath(name).is_absolute():
            continue
        try:
            place.parent.mkdir(parents=True, exist_ok=True)
            if name.endswith("/"):
                place.mkdir(exist_ok=True)
            elif content.startswith(LINK):
                place.symlink_to(content.removeprefix(LINK).decode())
            else:
                place.write_bytes(content)
                os.utime(place, ns=(WRITTEN, WRITTEN))
        except (OSError, ValueError):
            continue


def gather(folder: Path) -> Files:
    """What lies in a folder."""
    files: Files = {}
    for place in sorted(folder.rglob("*")):
        name = str(place.relative_to(folder))
        if place.is_symlink():
            files[name] = LINK + str(place.readlink()).encode()
        elif place.is_file():
            files[name] = place.read_bytes()
    return files


def damage_folder(data: bytes, chance: random.Random) -> bytes:
    """Damage some of the files, or what they are called, or where they lie."""
    files = unpack(data)
    for _ in range(chance.choice((1, 1, 2, 2, 3, 5))):
        names = sorted(files)
        if not names:
            break
        name = chance.choice(names)
        other = chance.choice(names)
        renamed = str(PurePosixPath(name).with_name(chance.choice(ODD_NAMES)))
        match chance.randrange(12):
            case 0:
                del files[name]
            case 1:
                files[name] = b""
            case 2:
                files[name] = files[other]
            case 3:
                files[renamed] = files[name]
            case 4:
                files[renamed] = files.pop(name)
            case 5:
                files[name] = LINK + chance.choice(
                    (PurePosixPath(name).name.encode(), b"..", b"../../fresh", b"../../victim")
                )
            case 6:
                del files[name]
                files[f"{name}/"] = b""
            case _:
                files[name] = damage_file(name, files[name], chance)
    return pack(files)


def damage_file(name: str, content: bytes, chance: random.Random) -> bytes:
    """Damage that knows the file's format."""
    ending = PurePosixPath(name).suffix.lower()
    if ending == ".json":
        return damage_json(content, chance)
    if ending == ".sqlite3" and chance.randrange(4):
        return _journal(content, chance)
    if ending in READERS:
        return damage(content, chance, READERS[ending])
    return mutate(content, chance)


def _journal(content: bytes, chance: random.Random) -> bytes:
    """An odd value in a row; what SQLite refuses is left as it was."""
    with tempfile.TemporaryDirectory() as name:
        path = Path(name) / "journal.sqlite3"
        path.write_bytes(content)
        try:
            with closing(sqlite3.connect(path)) as journal:
                columns = [row[1] for row in journal.execute("PRAGMA table_info(clips)")]
                rows = [row[0] for row in journal.execute("SELECT path FROM clips")]
                row, column = chance.choice(rows), chance.choice(columns)
                value = chance.choice(ODD_CELLS)
                match chance.randrange(8):
                    case 0:
                        journal.execute(f"PRAGMA user_version = {chance.choice((0, 1, 3, 99))}")
                    case 1:
                        journal.execute("DELETE FROM clips WHERE path = ?", (row,))
                    case _:
                        question = f"UPDATE clips SET {column} = ? WHERE path = ?"  # noqa: S608 - its own
                        journal.execute(question, (value, row))
                journal.commit()
        except (sqlite3.Error, IndexError):
            return content
        return path.read_bytes()


def batch(root: Path) -> None:
    """A batch of the card in a folder."""
    config = CleanConfig(stages=(), threads=1)
    with in_process():
        run_batch(root / "card", root / "out", config=config, options={"segment_seconds": 0.1})


@cache
def card() -> Files:
    """Four recordings in four containers, in two folders, and a sidecar."""
    small = Picture(frames=8, size=(64, 48), gop=4)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name) / "card/Movie/RO"
        folder.mkdir(parents=True)
        mp4 = make_clip(folder / "20240101_120000_NF.mp4", small, sounds=[Sound(seconds=0.2)])
        cameras.transplant(mp4, boxes=[cameras.blackvue_free(1)])
        (folder / "20240101_120000_N.gps").write_bytes(cameras.nmea(1, clock_ms=5))
        make_clip(folder / "b.ts", small)
        make_clip(folder.parent / "c.mkv", small)
        motion = Picture(frames=5, size=(64, 48), codec="mjpeg", pixel_format="yuvj420p")
        make_clip(folder.parent / "d.avi", motion)
        return gather(Path(name))


@cache
def states() -> tuple[bytes, ...]:
    """A new card; one that is done; one whose run was cut off before recordings were joined."""
    with tempfile.TemporaryDirectory() as name:
        done, cut = Path(name) / "done", Path(name) / "cut"
        for folder in (done, cut):
            lay(card(), folder)
        batch(done)
        join, resumable.join = resumable.join, _struck
        try:
            with suppress(KeyboardInterrupt):
                batch(cut)
        finally:
            resumable.join = join
        return tuple(pack(files) for files in (card(), gather(done), gather(cut)))


def _struck(*_: object) -> None:
    raise KeyboardInterrupt


def is_ours_to_write(path: str, files: Files) -> bool:
    """Whether a batch may replace a file of the folder of its results without leave.

    Args:
        path: of the file.
        files: all that lie there.
    """
    if path in {"report.json", "report.csv"} or path.startswith(".dashcam"):
        return True
    if path.endswith(tuple(COMPANIONS)):
        return True  # of a result that is gone
    return any(other.endswith("/made.json") for other in files)
