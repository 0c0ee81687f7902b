"""Real processes: paused by a signal or a key, asked where they stand, gone on with, killed."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import judge
import psutil
import pytest
from factory import Picture, make_clip

import dashcam_pipeline
from dashcam_pipeline.batch.status import read_status
from dashcam_pipeline.cli.pausing import pausing
from dashcam_pipeline.engine.control import Control

TESTS = Path(__file__).parents[1]
PACKAGE = Path(dashcam_pipeline.__file__).parent.parent
BOUND_SECONDS = 120.0

pytestmark = pytest.mark.skipif(
    os.name != "posix", reason="signals and terminals as POSIX has them"
)


def start(*args, **settings):
    return subprocess.Popen(
        [sys.executable, TESTS / "slowly.py", *map(str, args)],
        env={**os.environ, "PYTHONPATH": str(PACKAGE)},
        **{"stdout": subprocess.DEVNULL, "stderr": subprocess.PIPE, "text": True, **settings},
    )


class Lines:
    """Events of a process, as its stderr has them."""

    def __init__(self, process):
        self.process, self.told = process, []
        self.thread = threading.Thread(target=self.read, daemon=True)
        self.thread.start()

    def read(self):
        for line in self.process.stderr:
            self.told.append(json.loads(line))

    def until(self, **facts):
        """Wait for an event from here on that has these facts."""
        begin, deadline = len(self.told), time.monotonic() + BOUND_SECONDS
        while not any(facts.items() <= event.items() for event in self.told[begin:]):
            assert time.monotonic() < deadline, self.told[-3:]
            time.sleep(0.02)

    def frames(self):
        return max((e["frames"] for e in self.told if e["event"] == "clip_progress"), default=0)

    def until_frames(self, more_than):
        deadline = time.monotonic() + BOUND_SECONDS
        while self.frames() <= more_than:
            assert time.monotonic() < deadline
            assert self.process.poll() is None
            time.sleep(0.02)


def test_a_batch_is_paused_by_a_signal_goes_on_is_killed_and_goes_on(tmp_path):
    card, out = tmp_path / "card", tmp_path / "out"
    card.mkdir()
    make_clip(card / "a.mp4", Picture(size=(64, 48), frames=100))
    settings = ("--stage", "slow", "--workers", "1", "--segment-seconds", "1")
    process = start("batch", card, out, *settings, "--progress", "json")
    lines = Lines(process)
    lines.until_frames(more_than=0)
    process.send_signal(signal.SIGUSR1)
    lines.until(event="paused")
    time.sleep(1.0)
    stood = lines.frames()
    assert read_status(out).state == "paused"
    time.sleep(0.7)
    assert lines.frames() == stood < 100
    process.send_signal(signal.SIGUSR1)  # harmless
    process.send_signal(signal.SIGUSR2)
    lines.until(event="resumed")
    lines.until_frames(more_than=stood)
    process.send_signal(signal.SIGUSR1)
    lines.until(event="paused")
    process.kill()
    while psutil.Process(process.pid).status() != psutil.STATUS_ZOMBIE:
        time.sleep(0.02)
    assert read_status(out).state == "killed"  # though nobody was told of it yet
    process.wait(BOUND_SECONDS)
    status = read_status(out)
    assert (status.state, status.clips, status.settled) == ("killed", 1, 0)
    assert [clip.path for clip in status.running] == ["a.mp4"]
    assert not (out / "a.mp4").exists()

    done = start("batch", card, out, *settings)
    assert done.wait(BOUND_SECONDS) == 0, done.stderr.read()
    assert read_status(out).state == "finished"
    assert judge.ticks(out / "a.mp4") == judge.ticks(card / "a.mp4")


def test_clean_is_paused_by_a_signal_too(tmp_path):
    clip = make_clip(tmp_path / "a.mp4", Picture(size=(64, 48), frames=60))
    process = start("clean", clip, "--stage", "slow", "--progress", "json")
    lines = Lines(process)
    lines.until_frames(more_than=0)
    process.send_signal(signal.SIGUSR1)
    lines.until(event="paused")
    time.sleep(0.7)
    stood = lines.frames()
    time.sleep(0.7)
    assert lines.frames() == stood < 60
    process.send_signal(signal.SIGUSR2)
    assert process.wait(BOUND_SECONDS) == 0
    lines.thread.join(BOUND_SECONDS)
    kinds = [event["event"] for event in lines.told if event["event"] != "clip_progress"]
    assert kinds == ["started", "clip_started", "paused", "resumed", "clip_done", "finished"]
    assert len(judge.ticks(tmp_path / "a_clean.mp4")) == 60


def test_watch_ends_with_ctrl_c(tmp_path):
    process = start("watch", tmp_path / "card", tmp_path / "out", "--every", "0.1")
    for line in process.stderr:
        if "waiting" in line:
            process.send_signal(signal.SIGINT)
            break
    _, said = process.communicate(timeout=BOUND_SECONDS)
    assert process.returncode == 130
    assert said == "dashcam: interrupted; run it again to go on where it was.\n"
    assert read_status(tmp_path / "out").state == "interrupted"


def test_a_key_pauses_and_the_terminal_is_given_back(tmp_path):
    import pty  # noqa: PLC0415 - POSIX has it
    import termios  # noqa: PLC0415 - likewise

    clip = make_clip(tmp_path / "a.mp4", Picture(size=(64, 48), frames=90))
    ours, theirs = pty.openpty()
    before = termios.tcgetattr(theirs)
    termios.tcsetwinsize(theirs, (24, 80))
    process = start(
        "--own-terminal", "clean", clip, "--stage", "slow", start_new_session=True,
        stdin=theirs, stdout=theirs, stderr=theirs,
    )  # fmt: skip
    shown = []

    def read():
        try:
            while data := os.read(ours, 4096):
                shown.append(data.decode(errors="replace"))
        except OSError:
            return  # the other side is closed

    def until(word):
        begin, deadline = len("".join(shown)), time.monotonic() + BOUND_SECONDS
        while word not in "".join(shown)[begin:]:
            assert time.monotonic() < deadline, "".join(shown)
            time.sleep(0.02)

    threading.Thread(target=read, daemon=True).start()
    until("frames")
    os.write(ours, b"xp")
    until("paused")
    assert not termios.tcgetattr(theirs)[3] & termios.ICANON
    os.write(ours, b" ")
    assert process.wait(BOUND_SECONDS) == 0, "".join(shown)
    assert termios.tcgetattr(theirs) == before
    os.close(theirs)
    os.close(ours)


def test_what_signals_did_before_they_do_again():
    before = [signal.getsignal(number) for number in (signal.SIGUSR1, signal.SIGUSR2)]
    control = Control()
    with pausing(control):
        signal.raise_signal(signal.SIGUSR1)
        assert control.paused
        signal.raise_signal(signal.SIGUSR2)
        assert not control.paused
    assert [signal.getsignal(number) for number in (signal.SIGUSR1, signal.SIGUSR2)] == before
    thread = threading.Thread(target=lambda: pausing(control).__enter__())
    thread.start()  # where Python hears no signals
    thread.join()
