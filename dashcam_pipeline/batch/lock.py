"""A lock that a dead process can't hold: the kernel lets it go with the process."""

from __future__ import annotations

import os
import sys
import time
from typing import TYPE_CHECKING, Final, Self

from dashcam_pipeline.errors import OutputError

if TYPE_CHECKING:
    from pathlib import Path
    from types import TracebackType

_POLL_SECONDS: Final = 0.1


class FolderLock:
    """One process at a time; a context manager.

    Args:
        path: the lock file; it stays behind, empty of meaning.
        what: what is locked, for the message.
        wait: seconds to wait for another process to end.

    Raises:
        OutputError: another process holds it.
    """

    def __init__(self, path: Path, what: str, *, wait: float = 0.0) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        # Not inherited by children (PEP 446), so none of them can outlive us with it.
        self._handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o666)
        deadline = time.monotonic() + wait
        while not _take(self._handle):
            if time.monotonic() >= deadline:
                os.close(self._handle)
                raise OutputError(
                    f"{what} is in use by another run.",
                    advice="Wait for it to end, or name another output folder.",
                )
            time.sleep(_POLL_SECONDS)

    def release(self) -> None:
        """Let it go; harmless when repeated."""
        if self._handle >= 0:
            os.close(self._handle)
            self._handle = -1

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.release()


if sys.platform == "win32":
    import msvcrt

    def _take(handle: int) -> bool:
        try:
            msvcrt.locking(handle, msvcrt.LK_NBLCK, 1)
        except OSError:
            return False
        return True

else:
    import fcntl

    def _take(handle: int) -> bool:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True
