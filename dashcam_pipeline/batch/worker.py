"""A worker process: takes jobs from a pipe, sends back what happens, and dies with its parent."""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
import time
from multiprocessing.connection import wait
from typing import TYPE_CHECKING, Final

from dashcam_pipeline.batch.job import run_job
from dashcam_pipeline.engine.control import Control

if TYPE_CHECKING:
    from multiprocessing.connection import Connection
    from types import FrameType

    from dashcam_pipeline.engine.workers import Progress

REPORT_SECONDS: Final = 0.25
"""How often a worker says how far it is."""

ORPHANED: Final = 17
"""Exit code of a worker whose parent died."""

PAUSE: Final = "pause"
RESUME: Final = "resume"
"""Words that a worker obeys, also in the middle of a job."""


def work(pipe: Connection) -> None:
    """Run jobs until the pipe closes or says so.

    Args:
        pipe: brings ``Job`` mappings, ``PAUSE``, ``RESUME``, and None to end; takes
            ``("progress", frames, expected)`` and ``("done", outcome)``.
    """
    # What goes to the whole group (Ctrl-C does) is for the parent, who decides what becomes of us.
    for name in ("SIGINT", "SIGUSR1", "SIGUSR2"):
        if hasattr(signal, name):  # Windows has the first alone
            signal.signal(getattr(signal, name), signal.SIG_IGN)
    signal.signal(signal.SIGTERM, _terminate)
    parent = multiprocessing.parent_process()
    if parent is not None:
        threading.Thread(target=_die_with, args=(parent.sentinel,), daemon=True).start()
    control = Control()
    try:
        while (said := pipe.recv()) is not None:
            if not _obey(control, said):
                pipe.send(("done", run_job(said, _Reporter(pipe, control), control)))
    except (EOFError, OSError):
        return  # the pipe ended: the parent is gone, or has given us up
    except KeyboardInterrupt:
        # Threads inside native calls would hold up an orderly end; everything of ours is safe.
        os._exit(128 + signal.SIGTERM)


def _obey(control: Control, said: object) -> bool:
    """Do what a word says; False if it is none."""
    if said == PAUSE:
        control.pause()
    elif said == RESUME:
        control.resume()
    else:
        return False
    return True


class _Reporter:
    """Hands progress on, not too often, and hears meanwhile whether to stand still."""

    def __init__(self, pipe: Connection, control: Control) -> None:
        self._pipe, self._control = pipe, control
        self._next = 0.0

    def __call__(self, progress: Progress) -> None:
        while self._pipe.poll():
            _obey(self._control, self._pipe.recv())
        now = time.monotonic()
        if now >= self._next:
            self._next = now + REPORT_SECONDS
            self._pipe.send(("progress", progress.frames, progress.expected))


def _terminate(_signal: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt


def _die_with(sentinel: int) -> None:
    """End at once when the parent does: an orphan must not write beside the next run."""
    wait([sentinel])
    os._exit(ORPHANED)
