"""Moments in which Ctrl-C has to wait."""

from __future__ import annotations

import signal
import threading
from contextlib import contextmanager
from multiprocessing import resource_tracker
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Iterator

_SIGNALS: Final = (signal.SIGINT, signal.SIGTERM)


@contextmanager
def deferred_interrupts() -> Iterator[None]:
    """Hold back Ctrl-C and SIGTERM; they strike when the block has ended.

    For what takes milliseconds and must not be cut in two. Python runs signal handlers in the main
    thread alone: in any other one there is nothing to hold back.

    Raises:
        KeyboardInterrupt: what was held back, as the program handles it.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    struck: list[int] = []

    def hold(number: int, _frame: object) -> None:
        struck.append(number)

    before: dict[signal.Signals, Any] = {}
    try:
        for number in _SIGNALS:
            # None: set by something that isn't Python, which could not be put back
            if (handler := signal.getsignal(number)) is not None:
                before[number] = handler
                signal.signal(number, hold)
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
        if struck:
            signal.raise_signal(signal.Signals(struck[0]))


@contextmanager
def unborn_interrupts() -> Iterator[None]:
    """Keep Ctrl-C, and the signals that pause, from processes that begin in the block.

    A terminal sends Ctrl-C to all of them, and one that still imports would print a traceback; the
    others would end it. Here they strike when the block has ended.
    """
    if not hasattr(signal, "pthread_sigmask"):  # Windows
        yield
        return
    resource_tracker.ensure_running()  # beginning it would let signals through again
    before = signal.pthread_sigmask(
        signal.SIG_BLOCK, {signal.SIGINT, signal.SIGUSR1, signal.SIGUSR2}
    )
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
