"""A run pauses and goes on by a key of the terminal, and by signals.

::

    with pausing(control):
        clean("night.mp4", control=control)

``p`` or the space bar pauses and goes on. ``SIGUSR1`` pauses and ``SIGUSR2`` goes on, each harmless
when repeated; Windows has the key alone.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Iterator

    from dashcam_pipeline.engine.control import Control

KEYS: Final = frozenset("pP ")

LOOK_SECONDS: Final = 0.2
"""How often the terminal is asked for a key."""


@contextmanager
def pausing(control: Control, *, keys: bool = True) -> Iterator[None]:
    """Let keys and signals pause a run meanwhile.

    Args:
        control: of the run.
        keys: False leaves the terminal alone.
    """
    with ExitStack() as opened:
        opened.enter_context(_signals(control))
        if keys and sys.stdin is not None and sys.stdin.isatty():
            ended = threading.Event()
            reader = threading.Thread(target=_read_keys, args=(control, ended), daemon=True)
            reader.start()
            opened.callback(reader.join)
            opened.callback(ended.set)
        yield


@contextmanager
def _signals(control: Control) -> Iterator[None]:
    """Python hears signals in the main thread alone; elsewhere there are none."""
    wanted = {"SIGUSR1": control.pause, "SIGUSR2": control.resume}
    before: dict[int, Any] = {}
    if threading.current_thread() is threading.main_thread():
        for name, change in wanted.items():
            number = getattr(signal, name, None)
            if number is not None:
                before[number] = signal.signal(number, lambda *_, change=change: change())
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


if sys.platform == "win32":
    import msvcrt

    def _read_keys(control: Control, ended: threading.Event) -> None:
        """Toggle at each key, until it has ended."""
        while not ended.wait(LOOK_SECONDS):
            while msvcrt.kbhit():
                if msvcrt.getwch() in KEYS:
                    control.toggle()

else:
    import select
    import termios

    def _read_keys(control: Control, ended: threading.Event) -> None:
        """Toggle at each key, until it has ended; then the terminal is as it was before."""
        terminal = sys.stdin.fileno()
        before: list[Any] | None = None
        try:
            while not ended.is_set():
                if not _is_ours(terminal):  # in the background: asking would stop the program
                    ended.wait(LOOK_SECONDS)
                    continue
                mode = termios.tcgetattr(terminal)
                if mode[3] & termios.ICANON:  # at first, and after a shell had the terminal
                    before = before or mode
                    _take_single_keys(terminal, mode)
                if select.select([terminal], [], [], LOOK_SECONDS)[0]:
                    pressed = os.read(terminal, 64)
                    if not pressed:
                        return  # it was hung up
                    for key in pressed.decode(errors="replace"):
                        if key in KEYS:
                            control.toggle()
        except (OSError, termios.error):
            return  # the terminal is gone; the work goes on without it
        finally:
            if before is not None:
                _give_back(terminal, before)

    def _is_ours(terminal: int) -> bool:
        """Whether the program runs in the foreground of its terminal."""
        return os.tcgetpgrp(terminal) == os.getpgrp()

    def _take_single_keys(terminal: int, mode: list[Any]) -> None:
        """Hand on keys as they are pressed, unseen; Ctrl-C and Ctrl-Z stay what they are."""
        single = [*mode[:3], mode[3] & ~(termios.ICANON | termios.ECHO), *mode[4:]]
        termios.tcsetattr(terminal, termios.TCSADRAIN, single)

    def _give_back(terminal: int, mode: list[Any]) -> None:
        try:
            if _is_ours(terminal):  # else it is its shell's, which has set it as it wants it
                termios.tcsetattr(terminal, termios.TCSADRAIN, mode)
        except (OSError, termios.error):
            return  # gone, and nobody is there to miss it
