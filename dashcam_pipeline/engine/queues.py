"""A queue between two threads, bounded by bytes, that a failure anywhere can end.

``queue.Queue`` counts items, and a thread that waits in it can't be told that nobody will come.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from typing import TYPE_CHECKING, Generic, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable

Item = TypeVar("Item")


class Aborted(Exception):  # noqa: N818 - a signal between threads, not an error of the user's
    """The other side has failed or gives up: stop, there is nothing left to do."""


class ByteQueue(Generic[Item]):
    """First in, first out, holding at most ``max_bytes`` (but always room for one item).

    Args:
        max_bytes: how much may wait.
        clock: tells how long was waited, in seconds.
    """

    def __init__(self, max_bytes: int, clock: Callable[[], float] = time.perf_counter) -> None:
        self._max_bytes, self._clock = max_bytes, clock
        self._items: deque[tuple[Item, int]] = deque()
        self._bytes = 0
        self._closed = False
        self._aborted = False
        self._changed = threading.Condition()
        self.put_seconds = 0.0
        """How long the giving thread waited for room."""
        self.get_seconds = 0.0
        """How long the taking thread waited for items."""

    def put(self, item: Item, nbytes: int) -> None:
        """Add an item, waiting for room.

        Raises:
            Aborted: the queue was aborted, before or while waiting.
        """
        begin = self._clock()
        with self._changed:
            self._changed.wait_for(
                lambda: self._aborted or not self._items or self._bytes + nbytes <= self._max_bytes
            )
            self.put_seconds += self._clock() - begin
            if self._aborted:
                raise Aborted
            if self._closed:
                raise RuntimeError("put into a closed queue")
            self._items.append((item, nbytes))
            self._bytes += nbytes
            self._changed.notify_all()

    def get(self) -> Item | None:
        """The next item, waiting for one; None at the end.

        Raises:
            Aborted: the queue was aborted, before or while waiting.
        """
        begin = self._clock()
        with self._changed:
            self._changed.wait_for(lambda: self._aborted or self._items or self._closed)
            self.get_seconds += self._clock() - begin
            if self._aborted:
                raise Aborted
            if not self._items:
                return None
            item, nbytes = self._items.popleft()
            self._bytes -= nbytes
            self._changed.notify_all()
            return item

    def close(self) -> None:
        """No more items will come; those that wait can still be taken."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()

    def abort(self) -> None:
        """Drop everything and wake whoever waits on either side."""
        with self._changed:
            self._aborted = True
            self._items.clear()
            self._bytes = 0
            self._changed.notify_all()
