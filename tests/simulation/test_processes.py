"""Tasks are functions of the standard library: a worker can import them wherever tests lie."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from dashcam_pipeline.errors import DashcamError
from dashcam_pipeline.simulation.processes import share_out

WAITING = """
import time
from dashcam_pipeline.simulation.processes import share_out
if __name__ == "__main__":
    list(share_out(time.sleep, [60] * 4, 2))
"""


def test_every_item_is_done_once(tmp_path):
    folders = [tmp_path / str(i) for i in range(5)]
    assert sorted(share_out(os.mkdir, folders, 2)) == folders
    assert all(folder.is_dir() for folder in folders)


def test_the_first_failure_comes_through(tmp_path):
    with pytest.raises(FileExistsError):
        list(share_out(os.mkdir, [tmp_path] * 3, 2))


def test_a_killed_worker_is_told_and_nothing_waits_for_it():
    with pytest.raises(DashcamError, match="was killed") as told:
        list(share_out(os._exit, [9, 9], 2))
    assert "`workers=`" in told.value.advice


def test_who_has_seen_enough_does_not_wait_for_the_rest():
    begun = time.monotonic()
    done = share_out(time.sleep, [0, 100, 100, 100], 2)
    assert next(done) == 0
    done.close()
    assert time.monotonic() - begun < 100


@pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc")
@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGINT])
def test_workers_end_with_their_parent(tmp_path, number):
    script = tmp_path / "waiting.py"
    script.write_text(WAITING)
    parent = subprocess.Popen([sys.executable, str(script)], stderr=subprocess.DEVNULL)
    wait_for(lambda: len(children(parent.pid)) == 3, "two workers and their resource tracker")
    family = children(parent.pid)
    parent.send_signal(number)
    assert parent.wait(60) != 0
    wait_for(lambda: not any(alive(child) for child in family), "an orphan lives on")


def children(process: int) -> list[int]:
    return [int(p) for p in Path(f"/proc/{process}/task/{process}/children").read_text().split()]


def alive(process: int) -> bool:
    try:
        return "Z" not in Path(f"/proc/{process}/stat").read_text().rpartition(")")[2][:3]
    except FileNotFoundError:
        return False


def wait_for(condition, what: str) -> None:
    end = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < end, what
        time.sleep(0.05)
