"""Ctrl-C at every step of what is tried: the n-th call that changes a file, for every n."""

from __future__ import annotations

import os
import signal

CALLS = ("open", "close", "link", "rename", "replace", "unlink", "fdopen", "fsync")


class Striker:
    """Sends SIGINT before, or after, the n-th call.

    Args:
        monkeypatch: pytest's.
    """

    def __init__(self, monkeypatch):
        self.count = 0
        self._at = None
        # The disk's own time is not the matter here.
        monkeypatch.setattr(os, "fsync", lambda _: None)
        for name in CALLS:
            monkeypatch.setattr(os, name, self.watched(getattr(os, name)))

    def watched(self, call):
        """A call that is counted, and strikes when it is its turn."""

        def wrapped(*args, **kwargs):
            self._strike(+1)
            result = call(*args, **kwargs)
            self._strike(-1)
            return result

        return wrapped

    def _strike(self, side):
        if self._at is None:
            return
        self.count += side > 0
        if self.count * side == self._at:
            signal.raise_signal(signal.SIGINT)

    def during(self, do, at=0):
        """Do it with SIGINT at a call: before it, or, if negative, after it; 0 only counts.

        Returns:
            False if it was interrupted.
        """
        self.count, self._at = 0, at
        try:
            do()
        except KeyboardInterrupt:
            return False
        finally:
            self._at = None
        return True
