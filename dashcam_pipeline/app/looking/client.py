"""The server's side of a child process that looks at recordings.

::

    looker = Looker("pictures")
    async for part in looker.ask("see", {...}, of="tab 1"):   # the newest ask of a tab wins
        ...
"""

from __future__ import annotations

import asyncio
import multiprocessing
import threading
from collections import OrderedDict
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import count
from typing import TYPE_CHECKING, Any, Final

from dashcam_pipeline.app.looking.process import serve
from dashcam_pipeline.errors import DashcamError
from dashcam_pipeline.translation import _

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from multiprocessing.connection import Connection
    from multiprocessing.context import SpawnProcess

_GRACE_SECONDS: Final = 1.0

_END: Final = frozenset(("done", "failed", "dropped", "died"))


class Superseded(Exception):  # noqa: N818 - no error: a newer ask took its place
    """A newer ask of the same tab took the place of this one."""


@dataclass(slots=True)
class _Ask:
    number: int
    task: str
    given: dict[str, Any]
    of: str
    answers: asyncio.Queue[tuple[Any, ...]] = field(default_factory=asyncio.Queue)


class Looker:
    """A child process that is started when it is first asked, and again if a recording crashes it.

    One ask is with the child at a time; the others wait here, so that those that nobody wants any
    more cost nothing. To be used in one event loop.

    Args:
        name: of the process.
    """

    def __init__(self, name: str) -> None:
        self._name = name
        self._numbers = count()
        self._waiting: OrderedDict[int, _Ask] = OrderedDict()
        self._current: _Ask | None = None
        self._process: SpawnProcess | None = None
        self._pipe: Connection | None = None

    async def ask(
        self, task: str, given: dict[str, Any], *, of: str = ""
    ) -> AsyncIterator[dict[str, Any]]:
        """Have something done.

        Args:
            task: of ``Renderer``.
            given: its arguments.
            of: who asks; an earlier ask of the same one is given up. Empty: all asks are answered.

        Yields:
            what comes before the end, and at last the answer.

        Raises:
            DashcamError: it failed; a sentence, and advice.
            Superseded: a newer ask took its place.
        """
        asked = _Ask(next(self._numbers), task, given, of)
        if of:
            self.give_up(of)
        self._waiting[asked.number] = asked
        self._begin()
        try:
            while True:
                kind, *rest = await asked.answers.get()
                if kind == "part":
                    yield rest[0]
                elif kind == "done":
                    yield rest[0]
                    return
                elif kind == "dropped":
                    raise Superseded
                elif kind == "failed":
                    raise DashcamError(rest[0], advice=rest[1])
                else:
                    raise DashcamError(
                        _("This recording crashed what looked at it."),
                        advice=_("It is damaged in a way that decoders can't stand. Clean others."),
                    )
        finally:
            self._cancel(asked)

    async def answer(self, task: str, given: dict[str, Any], *, of: str = "") -> dict[str, Any]:
        """``ask`` where only the answer counts."""
        last: dict[str, Any] = {}
        async for part in self.ask(task, given, of=of):
            last = part
        return last

    def close(self) -> None:
        """End the child, also in the middle of a task."""
        process, pipe = self._process, self._pipe
        self._process = self._pipe = None
        if pipe is not None:
            with suppress(OSError):
                pipe.send(None)
        if process is not None:
            process.terminate()
            process.join(_GRACE_SECONDS)
            if process.is_alive():
                process.kill()
                process.join()
        if pipe is not None:
            pipe.close()

    @property
    def is_busy(self) -> bool:
        """Whether anything is asked for."""
        return bool(self._current or self._waiting)

    def give_up(self, of: str) -> None:
        """Let whoever asks for it have no answer: it raises ``Superseded`` there."""
        for asked in [*self._waiting.values(), *([self._current] if self._current else [])]:
            if asked.of == of:
                self._cancel(asked)
                asked.answers.put_nowait(("dropped",))

    def _cancel(self, asked: _Ask) -> None:
        self._waiting.pop(asked.number, None)
        if asked is self._current and self._pipe is not None:
            with suppress(OSError):  # it died, which its thread will say
                self._pipe.send(("cancel", asked.number))

    def _begin(self) -> None:
        """Hand the next ask to the child, if it has none."""
        if self._current is not None or not self._waiting:
            return
        _number, asked = self._waiting.popitem(last=False)
        self._current = asked
        with suppress(OSError):  # likewise
            self._connection().send(("ask", asked.number, asked.task, asked.given))

    def _connection(self) -> Connection:
        if self._pipe is not None:
            return self._pipe
        context = multiprocessing.get_context("spawn")
        ours, theirs = context.Pipe()
        self._process = context.Process(
            target=serve, args=(theirs,), name=f"dashcam-{self._name}", daemon=True
        )
        self._process.start()
        theirs.close()  # so that the pipe ends with the process
        self._pipe = ours
        loop = asyncio.get_running_loop()
        threading.Thread(target=self._listen, args=(ours, loop), daemon=True).start()
        return ours

    def _listen(self, pipe: Connection, loop: asyncio.AbstractEventLoop) -> None:
        """Hand what the child says to the loop; a thread for each child."""
        try:
            while True:
                loop.call_soon_threadsafe(self._hear, pipe, pipe.recv())
        except (EOFError, OSError, RuntimeError):  # the child, or the loop, has ended
            with suppress(RuntimeError):
                loop.call_soon_threadsafe(self._bury, pipe)

    def _hear(self, pipe: Connection, word: tuple[Any, ...]) -> None:
        kind, number, *rest = word
        asked = self._current
        if pipe is not self._pipe or asked is None or asked.number != number:
            return
        asked.answers.put_nowait((kind, *rest))
        if kind in _END:
            self._current = None
            self._begin()

    def _bury(self, pipe: Connection) -> None:
        if pipe is not self._pipe:
            return
        if self._process is not None:
            self._process.join(_GRACE_SECONDS)
        pipe.close()
        self._process = self._pipe = None
        asked, self._current = self._current, None
        if asked is not None:
            asked.answers.put_nowait(("died",))
        self._begin()
