"""What was done to which recording: an SQLite file, written by the driving process alone.

A recording is done when its output is whole and its fingerprint is the one on record: size and time
of the input (or, if only the time changed, its SHA-256), and the recipe. SQLite wants a local disk;
where the output folder isn't on one, the journal lies in the user's state folder.
"""

from __future__ import annotations

import os
import re
import sqlite3
from contextlib import closing
from dataclasses import asdict, dataclass, fields
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Final, Literal, Self, TypeAlias

from platformdirs import user_state_path

from dashcam_pipeline.errors import OutputError
from dashcam_pipeline.inference.digest import short_name

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import TracebackType

Status: TypeAlias = Literal["started", "done", "damaged", "bright", "failed"]

WHOLE: Final[frozenset[Status]] = frozenset(("done", "damaged"))
"""An output exists; ``damaged``: the source was, and all of it that could be decoded is in it."""

SCHEMA_VERSION: Final = 1

_FOLDER: Final = ".dashcam"
_NAME: Final = "journal.sqlite3"
_NETWORK: Final = frozenset(
    ("nfs", "nfs4", "cifs", "smb3", "smbfs", "afs", "9p", "ceph", "glusterfs", "lustre", "gpfs")
)
_NETWORK_FUSE: Final = ("fuse.sshfs", "fuse.s3fs", "fuse.rclone", "fuse.gcsfuse", "fuse.glusterfs")

_OCTAL: Final = re.compile(r"\\(\d{3})")
"""How the kernel writes a space in its table of mounts."""

_SCHEMA: Final = """
CREATE TABLE IF NOT EXISTS clips (
    path TEXT PRIMARY KEY, status TEXT NOT NULL, reason TEXT NOT NULL, size INTEGER NOT NULL,
    mtime_ns INTEGER NOT NULL, recipe TEXT NOT NULL, sha256 TEXT NOT NULL, output TEXT NOT NULL,
    output_size INTEGER NOT NULL, output_mtime_ns INTEGER NOT NULL, frames INTEGER NOT NULL,
    seconds REAL NOT NULL, attempts INTEGER NOT NULL, updated TEXT NOT NULL
) WITHOUT ROWID;
"""


@dataclass(frozen=True, slots=True)
class Entry:
    """What is on record of a recording.

    Args:
        path: relative to the input tree, with forward slashes.
        status: where it stands.
        reason: why it failed, or what was lost.
        size, mtime_ns: of the input.
        recipe: its digest.
        sha256: of the input; empty if it wasn't read to the end.
        output: relative to the output folder; empty while there is none.
        output_size, output_mtime_ns: of the output.
        frames: written.
        seconds: that the work took.
        attempts: made in the last run.
        updated: ISO 8601, UTC.
    """

    path: str
    status: Status
    size: int
    mtime_ns: int
    recipe: str
    reason: str = ""
    sha256: str = ""
    output: str = ""
    output_size: int = 0
    output_mtime_ns: int = 0
    frames: int = 0
    seconds: float = 0.0
    attempts: int = 0
    updated: str = ""

    def same_source(self, size: int, mtime_ns: int) -> bool:
        """Whether the input is the one on record, by size and time."""
        return (self.size, self.mtime_ns) == (size, mtime_ns)

    def output_is_whole(self, folder: Path) -> bool:
        """Whether the output is there as it was written."""
        if not self.output:
            return False
        try:
            status = (folder / self.output).stat()
        except OSError:
            return False
        return (status.st_size, status.st_mtime_ns) == (self.output_size, self.output_mtime_ns)


_COLUMNS: Final = tuple(field.name for field in fields(Entry))
_PUT: Final = (
    f"INSERT OR REPLACE INTO clips ({', '.join(_COLUMNS)}) "  # noqa: S608 - our own field names
    f"VALUES ({', '.join(f':{name}' for name in _COLUMNS)})"
)
_GET: Final = f"SELECT {', '.join(_COLUMNS)} FROM clips"  # noqa: S608 - our own field names


class Journal:
    """The record of one output folder; a context manager.

    Args:
        path: the file; made if it isn't there.

    Raises:
        OutputError: it can't be opened, isn't a journal, or is of a newer version.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._db = sqlite3.connect(path, isolation_level=None)
            # Written ahead and not synced at each entry: a power cut may lose the last entries,
            # never the file; what they told is then done again or found whole.
            self._db.execute("PRAGMA journal_mode=WAL")
            self._db.execute("PRAGMA synchronous=NORMAL")
            self._db.executescript(_SCHEMA)
            (version,) = self._db.execute("PRAGMA user_version").fetchone()
            if version not in {0, SCHEMA_VERSION}:
                raise OutputError(
                    f"{path} was written by a newer version (schema {version}).",
                    advice="Update dashcam-pipeline, or name another output folder.",
                )
            self._db.execute(f"PRAGMA user_version={SCHEMA_VERSION}")
        except (sqlite3.Error, OSError) as error:
            raise OutputError(
                f"the journal {path} can't be used: {error}.",
                advice="Move it away to begin anew, or name another output folder.",
            ) from error

    def get(self, path: str) -> Entry | None:
        """What is on record of a recording."""
        row = self._db.execute(f"{_GET} WHERE path = ?", (path,)).fetchone()
        return None if row is None else Entry(*row)

    def put(self, entry: Entry) -> None:
        """Record; replaces what was on record.

        Raises:
            OutputError: it can't be written.
        """
        values = asdict(entry) | {"updated": datetime.now(UTC).isoformat(timespec="seconds")}
        try:
            self._db.execute(_PUT, values)
        except sqlite3.Error as error:
            raise OutputError(
                f"the journal {self.path} can't be written: {error}.",
                advice="Free some space, then run it again: it goes on where it was.",
            ) from error

    def __iter__(self) -> Iterator[Entry]:
        """All entries, by path."""
        with closing(self._db.execute(f"{_GET} ORDER BY path")) as rows:
            for row in rows:
                yield Entry(*row)

    def close(self) -> None:
        """Close; harmless when repeated."""
        self._db.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()


def work_folder(output: Path) -> Path:
    """Where a batch keeps what isn't a result: ``.dashcam`` in the output folder."""
    return output / _FOLDER


def journal_path(output: Path) -> Path:
    """Where the journal of an output folder lies: in it, or in the user's state folder."""
    if is_local(output):
        return work_folder(output) / _NAME
    name = short_name(os.fsencode(output.resolve()))
    return user_state_path("dashcam", appauthor=False) / name / _NAME


def is_local(folder: Path, mounts: Path = Path("/proc/mounts")) -> bool:
    """Whether a folder lies on a disk of this machine; True where nothing tells.

    Args:
        folder: it need not exist yet.
        mounts: the kernel's table, for tests.
    """
    try:
        table = mounts.read_text(encoding="utf-8", errors="surrogateescape")
    except OSError:
        return True
    target = str(folder.resolve())
    best, kind = "", ""
    for line in table.splitlines():
        parts = line.split()
        if len(parts) < 3:  # noqa: PLR2004 - device, place, kind
            continue
        place = _OCTAL.sub(lambda match: chr(int(match[1], 8)), parts[1])
        inside = target == place or target.startswith(place.rstrip("/") + "/")
        if inside and len(place) >= len(best):
            best, kind = place, parts[2]
    return kind not in _NETWORK and not kind.startswith(_NETWORK_FUSE)
