from __future__ import annotations

import errno
import os
import sqlite3
import subprocess
import sys
import textwrap
import threading
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import psutil
import pytest

from dashcam_pipeline.batch.fingerprint import fingerprint
from dashcam_pipeline.batch.journal import Entry, Journal, is_local, journal_path
from dashcam_pipeline.batch.lock import FolderLock
from dashcam_pipeline.errors import OutputError

ENTRY = Entry("a/b.mp4", "done", 10, 20, "r", output="a/b.mp4", output_size=3, output_mtime_ns=4)


def test_entries_come_back(tmp_path):
    with Journal(tmp_path / "deep" / "j.sqlite3") as journal:
        journal.put(ENTRY)
    with Journal(tmp_path / "deep" / "j.sqlite3") as journal:
        found = journal.get("a/b.mp4")
        assert found is not None
        assert found.updated
        assert (found.path, found.status, found.output_size) == ("a/b.mp4", "done", 3)
        assert journal.get("other") is None


def test_an_entry_is_replaced(tmp_path):
    with Journal(tmp_path / "j") as journal:
        journal.put(ENTRY)
        journal.put(Entry("a/b.mp4", "failed", 10, 20, "r", reason="no video"))
        assert [(e.status, e.reason) for e in journal] == [("failed", "no video")]


def test_names_that_are_no_sql(tmp_path):
    path = "a'; DROP TABLE clips; --/\u6708.mp4"
    with Journal(tmp_path / "j") as journal:
        journal.put(Entry(path, "done", 1, 1, "r"))
        assert journal.get(path) is not None


def test_a_journal_that_is_none_is_said(tmp_path):
    (tmp_path / "j").write_bytes(b"something else entirely" * 100)
    with pytest.raises(OutputError, match="journal"):
        Journal(tmp_path / "j")


@pytest.mark.parametrize("ending", ["", "-wal", "-shm", "-journal"])
def test_no_link_is_written_through(tmp_path, ending):
    path = tmp_path / "journal.sqlite3"
    victim = tmp_path / "victim"
    path.with_name(path.name + ending).symlink_to(victim)
    with pytest.raises(OutputError, match="symbolic links"):
        Journal(path)
    assert not victim.exists()


def test_a_newer_journal_is_said(tmp_path):
    with Journal(tmp_path / "j") as journal:
        journal._db.execute("PRAGMA user_version=99")
    with pytest.raises(OutputError, match="newer"):
        Journal(tmp_path / "j")


NAME = os.fsdecode(b"Movie/caf\xe9 \n\x1b.mp4")


def test_names_are_bytes_and_numbers_fit(tmp_path):
    """A name that is no UTF-8, and a file time in the year 2300."""
    far = 330 * 365 * 86400 * 10**9
    entry = Entry(NAME, "failed", 2**70, far, "r", reason=f"{NAME}: \udce9", output=NAME,
                  output_mtime_ns=-far, seconds=float("inf"))  # fmt: skip
    with Journal(tmp_path / "j") as journal:
        journal.put(entry)
        found = journal.get(NAME)
        assert found is not None
        assert [e.path for e in journal] == [NAME]
    assert found.output == NAME
    assert found.reason == f"{NAME}: \udce9".replace("\udce9", "\\udce9")
    assert (found.size, found.mtime_ns) == (2**63 - 1, 2**63 - 1)
    assert (found.output_mtime_ns, found.seconds) == (-(2**63), 0.0)
    assert found.has_times_of(2**63 - 1, far)


OLD = """
CREATE TABLE clips (
    path TEXT PRIMARY KEY, status TEXT NOT NULL, reason TEXT NOT NULL, size INTEGER NOT NULL,
    mtime_ns INTEGER NOT NULL, recipe TEXT NOT NULL, sha256 TEXT NOT NULL, output TEXT NOT NULL,
    output_size INTEGER NOT NULL, output_mtime_ns INTEGER NOT NULL, frames INTEGER NOT NULL,
    seconds REAL NOT NULL, attempts INTEGER NOT NULL, updated TEXT NOT NULL
) WITHOUT ROWID;
INSERT INTO clips VALUES ('a/\u6708.mp4', 'done', '', 10, 20, 'r', 'abc', 'a/\u6708.mp4', 3, 4, 8,
    1.5, 1, '2026-01-01T00:00:00+00:00');
PRAGMA user_version=1;
"""


@pytest.fixture
def old(tmp_path):
    with closing(sqlite3.connect(tmp_path / "j")) as db:
        db.execute("PRAGMA journal_mode=WAL")
        db.executescript(OLD)
    return tmp_path / "j"


def test_an_older_journal_opens_and_goes_on(old):
    entry = Entry("a/\u6708.mp4", "done", 10, 20, "r", sha256="abc", output="a/\u6708.mp4",
                  output_size=3, output_mtime_ns=4, frames=8, seconds=1.5, attempts=1,
                  updated="2026-01-01T00:00:00+00:00")  # fmt: skip
    for _ in range(2):
        with Journal(old) as journal:
            assert journal.get("a/\u6708.mp4") == entry
            journal.put(Entry(NAME, "failed", 1, 1, "r"))
            assert len(list(journal)) == 2


def test_it_keeps_one_text_of_where_the_run_stands(old, tmp_path):
    for path in (old, tmp_path / "new"):
        for before, text in (("", "{}"), ("{}", "\N{SNOWMAN}")):
            with Journal(path) as journal:
                assert journal.state == before
                journal.state = text
        with Journal(path, writable=False) as journal:
            assert journal.state == "\N{SNOWMAN}"


def test_a_look_ahead_changes_nothing(old):
    before = old.read_bytes()
    with Journal(old, writable=False) as journal:
        assert [entry.path for entry in journal] == ["a/\u6708.mp4"]
    assert old.read_bytes() == before
    assert [path.name for path in old.parent.iterdir()] == ["j"]


def test_a_look_ahead_sees_what_a_run_at_work_wrote(tmp_path):
    with Journal(tmp_path / "j") as journal:
        journal.put(ENTRY)
        with Journal(tmp_path / "j", writable=False) as look:
            assert look.get("a/b.mp4") is not None


@pytest.mark.parametrize("writable", [True, False])
def test_a_damaged_journal_is_said(tmp_path, writable):
    path = tmp_path / "j"
    with Journal(path) as journal:
        for number in range(500):
            journal.put(Entry(f"{number}.mp4", "done", 1, 1, "r", reason="x" * 100))
    data = bytearray(path.read_bytes())
    data[4096:-4096] = bytes(len(data) - 8192)
    path.write_bytes(data)

    def read():
        with Journal(path, writable=writable) as journal:
            return journal.get("1.mp4"), list(journal)

    with pytest.raises(OutputError, match="the journal") as caught:
        read()
    assert "Move it away" in caught.value.advice


def test_a_lost_table_is_said(tmp_path):
    with Journal(tmp_path / "j") as journal:
        journal._db.execute("DROP TABLE clips")
        with pytest.raises(OutputError, match="can't be read"):
            journal.get("a")
        with pytest.raises(OutputError, match="can't be read"):
            list(journal)
        with pytest.raises(OutputError, match="can't be written"):
            journal.put(ENTRY)


def test_an_entry_of_the_wrong_kind_is_said(tmp_path):
    with Journal(tmp_path / "j") as journal:
        journal.put(ENTRY)
        journal._db.execute("UPDATE clips SET size = 'large'")
        with pytest.raises(OutputError, match="can't be read"):
            journal.get("a/b.mp4")


def test_whole_outputs_are_known(tmp_path):
    output = tmp_path / "b.mp4"
    output.write_bytes(b"abc")
    status = output.stat()
    entry = Entry("b.mp4", "done", 1, 1, "r", output="b.mp4", output_size=3,
                  output_mtime_ns=status.st_mtime_ns)  # fmt: skip
    assert entry.output_is_whole(tmp_path)
    os.utime(output, ns=(1, 1))
    assert not entry.output_is_whole(tmp_path)  # it may be another file of that size
    assert replace(entry, output_fingerprint=fingerprint(output)).output_is_whole(tmp_path)
    output.write_bytes(b"abcd")
    assert not entry.output_is_whole(tmp_path)
    output.unlink()
    assert not entry.output_is_whole(tmp_path)


MOUNTS = [
    ("/dev/sda1", "/", "ext4", "rw"),
    ("server:/x", "/mnt/share", "nfs4", "rw"),
    ("//nas/x", "/mnt/my nas", "cifs", "rw"),
    ("host:", "/mnt/ssh", "fuse.sshfs", "rw"),
    ("/dev/sdb1", "/mnt/share/local", "ext4", "rw"),
    ("Z:", "/mnt/z", "NTFS", "rw,remote"),
    ("automount", "/mnt/late", "autofs", "rw"),
    ("server:/y", "/mnt/late", "nfs", "rw"),
]


@pytest.mark.parametrize(
    ("folder", "local"),
    [("/home", True), ("/mnt/share/out", False), ("/mnt/my nas/out", False), ("/mnt/ssh", False),
     ("/mnt/share/local/out", True), ("/mnt/shared", True), ("/mnt/z/out", False),
     ("/mnt/late/out", False)],
)  # fmt: skip
def test_network_disks_are_told_apart(monkeypatch, folder, local):
    mounts = [SimpleNamespace(mountpoint=m, fstype=f, opts=o) for _, m, f, o in MOUNTS]
    monkeypatch.setattr(psutil, "disk_partitions", lambda **_options: mounts)
    assert is_local(Path(folder)) is local


def test_a_disk_of_which_nothing_is_known_counts_as_local(monkeypatch):
    def refuse(**_options):
        raise PermissionError("no /proc")

    monkeypatch.setattr(psutil, "disk_partitions", refuse)
    assert is_local(Path("/mnt/share"))


def test_the_journal_lies_in_a_local_output(tmp_path):
    assert journal_path(tmp_path).is_relative_to(tmp_path)


def test_the_journal_of_a_share_lies_with_the_user(tmp_path, monkeypatch):
    monkeypatch.setattr("dashcam_pipeline.batch.journal.is_local", lambda _folder: False)
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.setenv("LOCALAPPDATA", str(tmp_path / "state"))
    path = journal_path(tmp_path / "share")
    assert path.is_relative_to(tmp_path / "state")
    assert path != journal_path(tmp_path / "other")


def test_a_lock_is_held_once(tmp_path):
    with FolderLock(tmp_path / "lock", "here"), pytest.raises(OutputError, match="in use"):
        FolderLock(tmp_path / "lock", "here")
    FolderLock(tmp_path / "lock", "here").release()


@pytest.mark.parametrize("number", [errno.ENOSYS, errno.EOPNOTSUPP, errno.ENOLCK])
def test_a_file_system_without_locks_is_said(tmp_path, monkeypatch, number):
    fcntl = pytest.importorskip("fcntl")

    def no_locks(*_):
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(fcntl, "flock", no_locks)
    with pytest.raises(OutputError, match="knows no locks") as caught:
        FolderLock(tmp_path / "lock", "here")
    assert "another disk" in caught.value.advice


def test_a_lock_that_can_not_be_made_is_said(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(OutputError, match="can't be written"):
        FolderLock(tmp_path / "file" / "lock", "here")
    (tmp_path / "link").symlink_to(tmp_path / "victim")
    with pytest.raises(OutputError, match="can't be written"):
        FolderLock(tmp_path / "link", "here")
    assert not (tmp_path / "victim").exists()


def test_a_dead_process_holds_no_lock(tmp_path):
    script = textwrap.dedent(
        f"""
        import pathlib, sys, time
        from dashcam_pipeline.batch.lock import FolderLock
        held = FolderLock(pathlib.Path({str(tmp_path / "lock")!r}), "here")
        print("held", flush=True)
        time.sleep(60)
        """
    )
    with subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE) as holder:
        assert holder.stdout.readline() == b"held\n"
        with pytest.raises(OutputError, match="in use"):
            FolderLock(tmp_path / "lock", "here", wait=0.2)
        holder.kill()
    FolderLock(tmp_path / "lock", "here").release()


def test_a_lock_waits_for_another_run_to_end(tmp_path):
    held = FolderLock(tmp_path / "lock", "here")
    timer = threading.Timer(0.3, held.release)
    timer.start()
    FolderLock(tmp_path / "lock", "here", wait=30).release()
    held.release()
    assert (tmp_path / "lock").exists()
