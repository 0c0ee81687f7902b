from __future__ import annotations

import subprocess
import sys
import textwrap
import threading

import pytest

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


def test_a_newer_journal_is_said(tmp_path):
    with Journal(tmp_path / "j") as journal:
        journal._db.execute("PRAGMA user_version=99")
    with pytest.raises(OutputError, match="newer"):
        Journal(tmp_path / "j")


def test_whole_outputs_are_known(tmp_path):
    output = tmp_path / "b.mp4"
    output.write_bytes(b"abc")
    status = output.stat()
    entry = Entry("b.mp4", "done", 1, 1, "r", output="b.mp4", output_size=3,
                  output_mtime_ns=status.st_mtime_ns)  # fmt: skip
    assert entry.output_is_whole(tmp_path)
    output.write_bytes(b"abcd")
    assert not entry.output_is_whole(tmp_path)
    output.unlink()
    assert not entry.output_is_whole(tmp_path)


MOUNTS = """\
/dev/sda1 / ext4 rw 0 0
server:/x /mnt/share nfs4 rw 0 0
//nas/x /mnt/my\\040nas cifs rw 0 0
host: /mnt/ssh fuse.sshfs rw 0 0
/dev/sdb1 /mnt/share/local ext4 rw 0 0
"""


@pytest.mark.parametrize(
    ("folder", "local"),
    [("/home", True), ("/mnt/share/out", False), ("/mnt/my nas/out", False), ("/mnt/ssh", False),
     ("/mnt/share/local/out", True), ("/mnt/shared", True)],
)  # fmt: skip
def test_network_disks_are_told_apart(tmp_path, folder, local):
    from pathlib import Path  # noqa: PLC0415 - only here

    table = tmp_path / "mounts"
    table.write_text(MOUNTS)
    assert is_local(Path(folder), table) is local


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
