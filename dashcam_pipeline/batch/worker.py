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

if TYPE_CHECKING:
    from multiprocessing.connection import Connection
    from types import FrameType

    from dashcam_pipeline.engine.workers import Progress

REPORT_SECONDS: Final = 0.25
"""How often a worker says how far it is."""

ORPHANED: Final = 17
"""Exit code of a worker whose parent died."""


def work(pipe: Connection) -> None:
    """Run jobs until the pipe closes or says so.

    Args:
        pipe: brings ``Job`` mappings, and None to end; takes ``("progress", frames, expected)`` and
            ``("done", outcome)``.
    """
    # Ctrl-C goes to the whole group; it is the parent that decides what becomes of us.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, _terminate)
    parent = multiprocessing.parent_process()
    if parent is not None:
        threading.Thread(target=_die_with, args=(parent.sentinel,), daemon=True).start()
    try:
        while (data := pipe.recv()) is not None:
            pipe.send(("done", run_job(data, _Reporter(pipe))))
    except (EOFError, OSError):
        return  # the pipe ended: the parent is gone, or has given us up
    except KeyboardInterrupt:
        # Threads inside native calls would hold up an orderly end; everything of ours is safe.
        os._exit(128 + signal.SIGTERM)


class _Reporter:
    """Hands progress on, not too often."""

    def __init__(self, pipe: Connection) -> None:
        self._pipe = pipe
        self._next = 0.0

    def __call__(self, progress: Progress) -> None:
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
