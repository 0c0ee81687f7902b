"""What was done to which recording: an SQLite file, written by the driving process alone.

An entry says what the output of a recording was made of: its source (size, time, fingerprint and
SHA-256) and its recipe. What doesn't fit both is another's, and stays. Beside the entries lies one
text, of where the run stands: see ``status``. Names are stored as the
bytes that they are on the disk. SQLite wants a local disk; where the output folder isn't on one,
the journal lies in the user's state folder.
"""

from __future__ import annotations

import errno
import math
import os
import sqlite3
from contextlib import closing, contextmanager
from dataclasses import asdict, dataclass, fields
from datetime import UTC, datetime
from pathlib import Path
from stat import S_ISREG
from typing import TYPE_CHECKING, Any, Final, Literal, Self, TypeAlias

import psutil
from platformdirs import user_state_path

from dashcam_pipeline.batch.fingerprint import fingerprint
from dashcam_pipeline.errors import OutputError
from dashcam_pipeline.inference.digest import short_name
from dashcam_pipeline.translation import _

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import TracebackType

Status: TypeAlias = Literal["started", "done", "damaged", "bright", "failed"]

WHOLE: Final[frozenset[Status]] = frozenset(("done", "damaged"))
"""An output exists; ``damaged``: the source was, and all of it that could be decoded is in it."""

SCHEMA_VERSION: Final = 3

_FOLDER: Final = ".dashcam"
_NAME: Final = "journal.sqlite3"
_NETWORK: Final = frozenset(
    (
        *("nfs", "nfs4", "cifs", "smb3", "smbfs", "afpfs", "webdav", "afs", "9p"),
        *("ceph", "glusterfs", "lustre", "gpfs"),
    )
)
_NETWORK_FUSE: Final = ("fuse.sshfs", "fuse.s3fs", "fuse.rclone", "fuse.gcsfuse", "fuse.glusterfs")

_SCHEMA: Final = """
CREATE TABLE IF NOT EXISTS clips (
    path BLOB PRIMARY KEY, status TEXT NOT NULL, reason TEXT NOT NULL, size INTEGER NOT NULL,
    mtime_ns INTEGER NOT NULL, recipe TEXT NOT NULL, sha256 TEXT NOT NULL, output BLOB NOT NULL,
    output_size INTEGER NOT NULL, output_mtime_ns INTEGER NOT NULL, frames INTEGER NOT NULL,
    seconds REAL NOT NULL, attempts INTEGER NOT NULL, updated TEXT NOT NULL
) WITHOUT ROWID
"""
"""Without what ``_SINCE`` adds."""

_SINCE: Final = {
    1: (
        "UPDATE clips SET path = CAST(path AS BLOB), output = CAST(output AS BLOB)",
        "ALTER TABLE clips ADD COLUMN settings TEXT NOT NULL DEFAULT ''",
        "ALTER TABLE clips ADD COLUMN fingerprint TEXT NOT NULL DEFAULT ''",
        "ALTER TABLE clips ADD COLUMN output_fingerprint TEXT NOT NULL DEFAULT ''",
    ),
    2: ("CREATE TABLE run (id INTEGER PRIMARY KEY CHECK (id = 1), state TEXT NOT NULL)",),
}
"""What makes the next version of a journal, by version."""

_NAMES: Final = frozenset(("path", "output"))
"""Columns that hold names: any bytes but zero."""

_LARGEST: Final = 2**63 - 1
"""What SQLite can hold. File times are in nanoseconds: the year 2262."""


@dataclass(frozen=True, slots=True)
class Entry:
    """What is on record of a recording.

    Args:
        path: relative to the input tree, with forward slashes.
        status: where it stands.
        reason: why it failed, or what was lost.
        size, mtime_ns: of the input, as all that follows up to ``settings``; if there is an output,
            of the input that it was made of.
        recipe: its digest.
        sha256: of the input; empty if it wasn't read to the end.
        fingerprint: of the input; empty where an older version didn't take it.
        settings: digest of the recipe without versions and weights; likewise.
        output: relative to the output folder; empty while there is none.
        output_size, output_mtime_ns, output_fingerprint: of the output.
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
    fingerprint: str = ""
    settings: str = ""
    output: str = ""
    output_size: int = 0
    output_mtime_ns: int = 0
    output_fingerprint: str = ""
    frames: int = 0
    seconds: float = 0.0
    attempts: int = 0
    updated: str = ""

    def has_times_of(self, size: int, mtime_ns: int) -> bool:
        """Whether an input has the size and the time on record."""
        return (self.size, clamped(self.mtime_ns)) == (size, clamped(mtime_ns))

    def output_is_whole(self, folder: Path) -> bool:
        """Whether the output is there as it was written; a new file time alone changes nothing."""
        if not self.output:
            return False
        path = folder / self.output
        try:
            status = path.lstat()
            if not S_ISREG(status.st_mode) or status.st_size != self.output_size:
                return False
            if clamped(status.st_mtime_ns) == clamped(self.output_mtime_ns):
                return True
            return self.output_fingerprint == fingerprint(path)
        except OSError:
            return False


_COLUMNS: Final = tuple(field.name for field in fields(Entry))
_KINDS: Final = {
    field.name: {"int": (int,), "float": (int, float)}.get(str(field.type), (str,))
    for field in fields(Entry)
}
_PUT: Final = (
    f"INSERT OR REPLACE INTO clips ({', '.join(_COLUMNS)}) "  # noqa: S608 - our own field names
    f"VALUES ({', '.join(f':{name}' for name in _COLUMNS)})"
)
_GET: Final = f"SELECT {', '.join(_COLUMNS)} FROM clips"  # noqa: S608 - our own field names


class Journal:
    """The record of one output folder; a context manager.

    Args:
        path: the file; made if it isn't there, and brought to this version if it is older.
        writable: False changes nothing on the disk, for a look ahead.

    Raises:
        OutputError: it can't be opened, isn't a journal, is of a newer version, or is a link that
            would be written through.
    """

    def __init__(self, path: Path, *, writable: bool = True) -> None:
        self.path = path
        with self._said(_("the journal {path} can't be used", path=self.path)):
            if writable:
                path.parent.mkdir(parents=True, exist_ok=True)
                _need_no_link(path)
                self._db = sqlite3.connect(path, isolation_level=None)
                # Written ahead and not synced at each entry: a power cut may lose the last entries,
                # never the file; what they told is then done again or found whole.
                self._db.execute("PRAGMA journal_mode=WAL")
                self._db.execute("PRAGMA synchronous=NORMAL")
            else:
                self._db = _copy_in_memory(path)
            self._bring_up()

    def get(self, path: str) -> Entry | None:
        """What is on record of a recording.

        Raises:
            OutputError: it can't be read.
        """
        with self._said(_("the journal {path} can't be read", path=self.path)):
            row = self._db.execute(f"{_GET} WHERE path = ?", (os.fsencode(path),)).fetchone()
            return None if row is None else _entry(row)

    def put(self, entry: Entry) -> None:
        """Record; replaces what was on record.

        Raises:
            OutputError: it can't be written.
        """
        values = asdict(entry) | {"updated": datetime.now(UTC).isoformat(timespec="seconds")}
        try:
            self._db.execute(_PUT, {name: _stored(name, v) for name, v in values.items()})
        except sqlite3.Error as error:
            raise OutputError(
                _("the journal {path} can't be written: {error}.", path=self.path, error=error),
                advice=_("Free some space, then run it again: it goes on where it was."),
            ) from error

    @property
    def state(self) -> str:
        """Where the last run stands, as ``status`` wrote it; empty if none has.

        Raises:
            OutputError: it can't be read, or written.
        """
        with self._said(_("the journal {path} can't be read", path=self.path)):
            row = self._db.execute("SELECT state FROM run").fetchone()
            return str(row[0]) if row else ""

    @state.setter
    def state(self, text: str) -> None:
        with self._said(_("the journal {path} can't be used", path=self.path)):
            self._db.execute("INSERT OR REPLACE INTO run VALUES (1, ?)", (text,))

    def __iter__(self) -> Iterator[Entry]:
        """All entries, by path.

        Raises:
            OutputError: they can't be read.
        """
        with (
            self._said(_("the journal {path} can't be read", path=self.path)),
            closing(self._db.execute(f"{_GET} ORDER BY path")) as rows,
        ):
            for row in rows:
                yield _entry(row)

    def _bring_up(self) -> None:
        """Make the table, or bring an older one to this version: whole, or not at all."""
        try:
            self._db.execute("BEGIN IMMEDIATE")
            version = self._version()
            self._db.execute(_SCHEMA)
            for since in range(max(version, 1), SCHEMA_VERSION):
                for statement in _SINCE[since]:
                    self._db.execute(statement)
            self._db.execute(f"PRAGMA user_version={SCHEMA_VERSION}")
            self._db.execute("COMMIT")
        except BaseException:
            self._db.close()  # which undoes what isn't committed
            raise

    def _version(self) -> int:
        """Of the journal, 0 of a new one.

        Raises:
            OutputError: it is newer than this program.
        """
        version: int
        (version,) = self._db.execute("PRAGMA user_version").fetchone()
        if version > SCHEMA_VERSION:
            raise OutputError(
                _(
                    "{path} was written by a newer version (schema {version}).",
                    path=self.path,
                    version=version,
                ),
                advice=_("Update dashcam-pipeline, or name another output folder."),
            )
        return version

    @contextmanager
    def _said(self, what: str) -> Iterator[None]:
        """A sentence for what SQLite raises; ``what`` is its beginning."""
        try:
            yield
        except (sqlite3.Error, OSError) as error:
            raise OutputError(
                _("{what}: {error}.", what=what, error=error),
                advice=_("Move it away to begin anew, or name another output folder."),
            ) from error

    def close(self) -> None:
        """Close; harmless when repeated."""
        with self._said(_("the journal {path} can't be closed", path=self.path)):
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


def clamped(number: int) -> int:
    """A number as SQLite can hold it."""
    return max(-_LARGEST - 1, min(_LARGEST, number))


def _stored(name: str, value: str | float) -> str | bytes | float:
    """A field as SQLite can hold it, whatever a file is called and however old it says it is."""
    if isinstance(value, str):
        # What of a name is no UTF-8 comes out as escapes where it is only talked about.
        return os.fsencode(value) if name in _NAMES else _plain(value)
    if isinstance(value, int):
        return clamped(value)
    return value if math.isfinite(value) else 0.0


def _plain(text: str) -> str:
    return text.encode("utf-8", "backslashreplace").decode()


def _entry(row: tuple[Any, ...]) -> Entry:
    values = dict(zip(_COLUMNS, row, strict=True))
    values |= {k: os.fsdecode(v) for k in _NAMES if isinstance(v := values[k], bytes)}
    if any(type(values[name]) not in kinds for name, kinds in _KINDS.items()):
        raise sqlite3.DataError("an entry isn't what this program wrote")
    return Entry(**values)


def _need_no_link(path: Path) -> None:
    """SQLite follows links, and writes beside its file.

    Raises:
        OSError: one of the files that it would write to is a link.
    """
    for ending in ("", "-wal", "-shm", "-journal"):
        if path.with_name(path.name + ending).is_symlink():
            raise OSError(errno.ELOOP, os.strerror(errno.ELOOP), path.name + ending)


def _copy_in_memory(path: Path) -> sqlite3.Connection:
    """A journal's content, also while another process writes to it; nothing on the disk changes.

    Raises:
        sqlite3.Error: it can't be read.
    """
    # With nothing written ahead the file alone is all; SQLite would make its two helpers else.
    ahead = path.with_name(f"{path.name}-wal").exists()
    address = path.absolute().as_uri() + ("?mode=ro" if ahead else "?mode=ro&immutable=1")
    copy = sqlite3.connect(":memory:", isolation_level=None)
    with closing(sqlite3.connect(address, uri=True)) as source:
        source.backup(copy)
    return copy


def work_folder(output: Path) -> Path:
    """Where a batch keeps what isn't a result: ``.dashcam`` in the output folder."""
    return output / _FOLDER


def journal_path(output: Path) -> Path:
    """Where the journal of an output folder lies: in it, or in the user's state folder."""
    if is_local(output):
        return work_folder(output) / _NAME
    name = short_name(os.fsencode(output.resolve()))
    return user_state_path("dashcam", appauthor=False) / name / _NAME


def is_local(folder: Path) -> bool:
    """Whether a folder lies on a disk of this machine; True where nothing tells.

    Args:
        folder: it need not exist yet.
    """
    target = folder.resolve()
    try:
        mounts = psutil.disk_partitions(all=True)
    except (OSError, psutil.Error):
        return True
    # of two at one place the later one is seen
    around = [mount for mount in mounts if target.is_relative_to(mount.mountpoint)]
    if not around:
        return True
    mount = max(reversed(around), key=lambda mount: len(Path(mount.mountpoint).parts))
    remote = "remote" in mount.opts.split(",")  # as Windows says it
    return not (remote or mount.fstype in _NETWORK or mount.fstype.startswith(_NETWORK_FUSE))
