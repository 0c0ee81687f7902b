"""A lock on a target, that a dead process can't hold."""

from __future__ import annotations

import errno
import glob
import os
from contextlib import suppress
from typing import TYPE_CHECKING, Final

from filelock import FileLock, SoftFileLock, Timeout

from dashcam_pipeline.errors import OutputError
from dashcam_pipeline.translation import _

if TYPE_CHECKING:
    from pathlib import Path

    from filelock import BaseFileLock

_POLL_SECONDS: Final = 0.05

NO_LOCKS: Final = frozenset(
    (errno.ENOSYS, errno.ENOLCK, errno.ENOTSUP, errno.EOPNOTSUPP, errno.EINVAL, errno.ENOTTY)
)
"""What file systems without locks say to one."""

_SOFT: Final = ".held"


def kernel_lock(path: Path, wait: float, *, stays: bool = False) -> FileLock:
    """A lock that the kernel lets go with its process; not taken yet.

    Taking it raises Timeout where another process holds it, and an OSError of ``NO_LOCKS`` where
    the file system knows no locks.

    Args:
        path: of its file.
        wait: seconds to wait for another process to let it go.
        stays: the file is left there without meaning, and not removed, when the lock is let go.
    """
    return FileLock(
        path,
        timeout=wait,
        poll_interval=_POLL_SECONDS,
        thread_local=False,
        fallback_to_soft=False,  # a mere file outlives a process that was killed
        preserve_lock_file=stays,
    )


class TargetLock:
    """One writer at a time.

    The kernel lets a lock go with its process. Where the file system knows no locks, a file beside
    it says which process holds it, and counts for nothing once that is dead.

    Args:
        path: of the lock; there as long as it is held.
        target: what is written, for the message.
    """

    def __init__(self, path: Path, target: Path) -> None:
        self._path, self._target = path, target
        self._lock: BaseFileLock | None = None

    def acquire(self, wait: float = 0.0) -> None:
        """Take it.

        Args:
            wait: seconds to wait for another process to let it go.

        Raises:
            OutputError: another process holds it.
            OSError: the lock can't be made.
        """
        advice = _("Wait for it to end, or name another output.")
        try:
            try:
                self._take(kernel_lock(self._path, wait))
            except OSError as error:
                if error.errno not in NO_LOCKS:
                    raise
                self._path.unlink(missing_ok=True)
                soft = self._path.with_name(self._path.name + _SOFT)
                advice = _(
                    "Wait for it to end, or name another output. If there is none any more, "
                    "delete {lock}.",
                    lock=soft,
                )
                self._take(
                    SoftFileLock(
                        soft, timeout=wait, poll_interval=_POLL_SECONDS, thread_local=False
                    )
                )
        except Timeout:
            if not any(self._path.parent.glob(f"{glob.escape(self._path.name)}*")):
                # Somewhere no file can be made and that is not said: in /proc, for one.
                raise OSError(errno.EACCES, os.strerror(errno.EACCES)) from None
            raise OutputError(
                _("{target} is being written by another run.", target=self._target), advice=advice
            ) from None

    def release(self) -> None:
        """Let it go; harmless when repeated."""
        if self._lock is None:
            return
        if isinstance(self._lock, FileLock):
            # While it is held: whoever opened the file meanwhile sees that it has no name any more.
            with suppress(OSError):
                self._path.unlink(missing_ok=True)
        with suppress(OSError):  # its folder may be gone
            self._lock.release(force=True)
        self._lock = None

    def _take(self, lock: BaseFileLock) -> None:
        lock.acquire()
        self._lock = lock
