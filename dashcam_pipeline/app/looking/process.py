"""The child process: takes asks from a pipe, and answers them one after the other.

What it says, as tuples: ``("part", number, facts)``, ``("done", number, facts)``,
``("failed", number, message, advice)`` and ``("dropped", number)``.
"""

from __future__ import annotations

import multiprocessing
import os
import queue
import signal
import threading
from multiprocessing.connection import wait
from typing import TYPE_CHECKING, Any, Final

from dashcam_pipeline.translation import _

if TYPE_CHECKING:
    from multiprocessing.connection import Connection

    Ask = tuple[int, str, dict[str, Any]]

ORPHANED: Final = 17
"""Exit code of a child whose parent died."""


class _Dropped(Exception):  # noqa: N818 - no error: nobody wants the answer any more
    """Ends a task."""


class _Mail:
    """What the parent sends, taken in by a thread: a cancel must be seen while a task runs."""

    def __init__(self, pipe: Connection) -> None:
        self._pipe = pipe
        self._asks: queue.Queue[Ask | None] = queue.Queue()
        self._cancelled: set[int] = set()
        threading.Thread(target=self._take, daemon=True).start()

    def next(self) -> Ask | None:
        """The next ask; None at the end."""
        return self._asks.get()

    def is_cancelled(self, number: int) -> bool:
        """Whether nobody wants an answer any more."""
        return number in self._cancelled

    def _take(self) -> None:
        try:
            while (word := self._pipe.recv()) is not None:
                if word[0] == "cancel":
                    self._cancelled.add(word[1])
                else:
                    self._asks.put(word[1:])
        except (EOFError, OSError):
            os._exit(ORPHANED)  # a task may be in a native call, and writes nothing but a preview
        self._asks.put(None)


def serve(pipe: Connection) -> None:
    """Answer until the pipe ends or says so; the main function of the process.

    Args:
        pipe: brings ``("ask", number, task, given)``, ``("cancel", number)``, and None to end.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # it is the parent that decides
    parent = multiprocessing.parent_process()
    if parent is not None:
        threading.Thread(target=_die_with, args=(parent.sentinel,), daemon=True).start()
    mail = _Mail(pipe)
    # Imported here: the codecs of many megabytes are loaded while the page is already there.
    from dashcam_pipeline.app.looking.renderer import Renderer  # noqa: PLC0415

    renderer = Renderer()
    while (ask := mail.next()) is not None:
        _answer(renderer, mail, pipe, ask)


def _answer(renderer: Any, mail: _Mail, pipe: Connection, ask: Ask) -> None:  # noqa: ANN401 - a Renderer; its module is loaded late
    from dashcam_pipeline.errors import DashcamError  # noqa: PLC0415 - as above

    number, task, given = ask

    def check() -> None:
        if mail.is_cancelled(number):
            raise _Dropped

    try:
        check()
        facts = renderer.do(task, given, lambda part: pipe.send(("part", number, part)), check)
        pipe.send(("done", number, facts))
    except _Dropped:
        pipe.send(("dropped", number))
    except DashcamError as error:
        pipe.send(("failed", number, error.args[0], error.advice))
    except Exception as error:  # noqa: BLE001 - said on the page; the next ask may do better
        said = _("unexpected {kind}: {error}", kind=type(error).__name__, error=error)
        pipe.send(("failed", number, said, ""))


def _die_with(sentinel: int) -> None:
    """End at once when the parent does."""
    wait([sentinel])
    os._exit(ORPHANED)
