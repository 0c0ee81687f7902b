"""How many workers a machine can feed, and what each may use."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import psutil

from dashcam_pipeline.config import available_threads

THREADS_EACH: Final = 4
"""Decoder, networks and encoder of one recording keep about so many threads busy; more processes
scale better than more threads from here on."""

MEMORY_EACH: Final = 1_500_000_000
"""Bytes that a worker is counted with: a 4K recording at 10 bits, its queues and a network."""

_SHARE: Final = 0.9


@dataclass(frozen=True, slots=True)
class Budget:
    """What a worker may use.

    Args:
        workers: processes.
        threads: of each.
        memory: bytes of each, None where the machine doesn't say how much it has; a worker above it
            is ended and its recording tried once more.
        devices: the networks' device of each worker, repeated in turn.
    """

    workers: int
    threads: int
    memory: int | None
    devices: tuple[str, ...]

    def device(self, slot: int) -> str:
        """Of a worker."""
        return self.devices[slot % len(self.devices)]


def plan_budget(device: str, *, workers: int = 0, threads: int = 0, jobs: int = 1) -> Budget:
    """Share the machine.

    Args:
        device: as the configuration has it.
        workers: asked for; 0 decides by cores, memory and jobs.
        threads: of each worker, asked for; 0 shares the cores out.
        jobs: there are no more workers than that.
    """
    cores = available_threads()
    memory = total_memory()
    if not workers:
        workers = max(1, cores // (threads or THREADS_EACH))
        if memory is not None:
            workers = max(1, min(workers, int(memory * _SHARE) // MEMORY_EACH))
        workers = min(workers, max(1, jobs))
    return Budget(
        workers=workers,
        threads=threads or max(1, cores // workers),
        memory=None if memory is None else int(memory * _SHARE) // workers,
        devices=_devices(device),
    )


def _devices(device: str) -> tuple[str, ...]:
    """Which devices workers take in turn: all GPUs, unless one was named."""
    from dashcam_pipeline.inference.devices import cuda_devices  # noqa: PLC0415 - asks the driver

    count = cuda_devices() if device in {"auto", "cuda"} else 0
    if count < 2:  # noqa: PLR2004 - with one or none there is nothing to take in turn
        return (device,)
    # With auto, a GPU that turns out unusable must fall back as it does for one recording.
    return tuple(f"cuda:{i}" for i in range(count)) if _usable(count) else (device,)


def _usable(count: int) -> bool:
    from dashcam_pipeline.inference.devices import cuda_refusal  # noqa: PLC0415 - asks the driver

    return not any(cuda_refusal(i) for i in range(count))


def total_memory() -> int | None:
    """Bytes that this process and its children may use together; None where nothing tells."""
    limits = []
    with suppress(OSError, RuntimeError):  # a sandbox without /proc
        limits.append(psutil.virtual_memory().total)
    with suppress(OSError, ValueError):  # no control group, or one without a limit ("max")
        limits.append(int(Path("/sys/fs/cgroup/memory.max").read_text(encoding="ascii")))
    return min(limits, default=None)


def resident_memory(pid: int) -> int | None:
    """Bytes of memory that a process holds; None where it has ended, or is not ours to ask."""
    try:
        return psutil.Process(pid).memory_info().rss
    except psutil.Error:
        return None
