"""A lock that a dead process can't hold: the kernel lets it go with the process."""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

from filelock import Timeout

from dashcam_pipeline.errors import OutputError
from dashcam_pipeline.media.lock import NO_LOCKS, kernel_lock
from dashcam_pipeline.media.output_checks import output_error
from dashcam_pipeline.translation import _, system_reason

if TYPE_CHECKING:
    from pathlib import Path
    from types import TracebackType


class FolderLock:
    """One process at a time; a context manager.

    Args:
        path: the lock file; it stays behind, empty of meaning.
        what: what is locked, for the message.
        wait: seconds to wait for another process to end.

    Raises:
        OutputError: another process holds it, the file can't be made, or its file system knows no
            locks.
    """

    def __init__(self, path: Path, what: str, *, wait: float = 0.0) -> None:
        self._lock = kernel_lock(path, wait, stays=True)
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._lock.acquire()
        except Timeout:
            raise OutputError(
                _("{what} is in use by another run.", what=what),
                advice=_("Wait for it to end, or name another output folder."),
            ) from None
        except OSError as error:
            if error.errno not in NO_LOCKS:
                raise output_error(error, path) from error
            raise OutputError(
                _(
                    "{path} can't be locked: its file system knows no locks ({reason}).",
                    path=path,
                    reason=system_reason(error),
                ),
                advice=_(
                    "Without one, two runs could spoil each other's results; name an "
                    "output folder on another disk."
                ),
            ) from error

    def release(self) -> None:
        """Let it go; harmless when repeated."""
        self._lock.release(force=True)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.release()
