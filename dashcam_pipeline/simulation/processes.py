"""Several processes that render, and end with the one that started them."""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
from concurrent.futures import ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from multiprocessing.connection import wait
from typing import TYPE_CHECKING, TypeVar

from dashcam_pipeline.errors import DashcamError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from multiprocessing.connection import Connection

T = TypeVar("T")


def share_out(task: Callable[[T], object], items: Sequence[T], workers: int) -> Iterator[T]:
    """Do a task for every item, in processes of their own.

    Whatever ends this early (an error, Ctrl-C, a caller who has seen enough) ends them at once, in
    the middle of their tasks.

    Args:
        task: can be pickled.
        items: what it is called with.
        workers: processes.

    Yields:
        each item that is done, as it is done.

    Raises:
        DashcamError: a process was killed, for example because memory ran out.
        Exception: the first that the task raised.
    """
    # Spawned, not forked: the renderer can't be carried over into a child.
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    pool = ProcessPoolExecutor(workers, context, initializer=_begin, initargs=(theirs,))
    try:
        futures = {pool.submit(task, item): item for item in items}
        for future in as_completed(futures):
            future.result()
            yield futures[future]
    except BrokenProcessPool as error:
        raise DashcamError(
            "A rendering process was killed.",
            advice="Perhaps memory ran out: give fewer `workers=`. The same command goes on.",
        ) from error
    finally:
        ours.close()
        pool.shutdown(cancel_futures=True)
        theirs.close()


def _begin(pipe: Connection) -> None:
    """Prepare a worker: it lives as long as the other end of the pipe is open."""
    # Ctrl-C goes to the whole group; it is the parent that decides what becomes of us.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_die_with, args=(pipe,), daemon=True).start()


def _die_with(pipe: Connection) -> None:
    """End when the parent does: an orphan would render beside the next run, and never end."""
    wait([pipe])
    os._exit(1)
