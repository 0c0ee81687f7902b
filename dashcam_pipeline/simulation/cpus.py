"""Keeps the renderer's thread pool small.

The renderer's libraries size their pools by the CPUs a process may use, and on a busy machine idle
workers spin (``sched_yield``) and burn more time than the picture takes: three quarters were
measured. A process that may use few CPUs while the pools are made gets few workers.
"""

from __future__ import annotations

import os
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

TASKS = Path("/proc/self/task")


@contextmanager
def few_cpus(count: int) -> Iterator[None]:
    """Let this process use ``count`` CPUs for a while, where the system can (Linux)."""
    if not hasattr(os, "sched_setaffinity") or not TASKS.is_dir():
        yield
        return
    before = os.sched_getaffinity(0)
    cpus = sorted(before)
    first = os.getpid() % len(cpus)  # workers have neighbouring numbers: each gets another CPU
    os.sched_setaffinity(0, [*cpus[first:], *cpus[:first]][:count])
    try:
        yield
    finally:
        for task in TASKS.iterdir():
            try:
                os.sched_setaffinity(int(task.name), before)
            except ProcessLookupError:
                continue  # a thread that has just ended
