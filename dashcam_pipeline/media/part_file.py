"""An unfinished file: written under a name of its own, on the disk before it gets its real one."""

from __future__ import annotations

import os
import threading
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Final, Protocol

from dashcam_pipeline.media.interrupts import deferred_interrupts

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path
    from typing import BinaryIO

PART: Final = ".part"
"""What an unfinished file's name ends in."""


class Owner(Protocol):
    """What a part belongs to: see ``media.claim.Claim``."""

    def commit(self) -> None:
        """Give all of its parts their names."""

    def release(self) -> None:
        """Remove what has none."""


class PartFile:
    """A seekable binary file for a muxer, that gets the target's name when it is whole.

    Args:
        claim: that it belongs to.
        path: where it lies until it is whole.
        target: the name it gets.
    """

    def __init__(self, claim: Owner, path: Path, target: Path) -> None:
        self._claim, self.path, self.target = claim, path, target
        self._file: BinaryIO | None = None
        self._writing = threading.Lock()
        self.name = str(target)

    def open(self) -> None:
        """Create it; never through a link, never over another file.

        Raises:
            OSError: it can't be created.
        """
        with deferred_interrupts():
            self._file = create_new(self.path)

    @property
    def file(self) -> BinaryIO:
        """What is written to."""
        if self._file is None:
            raise ValueError(f"{self.path} was never opened")
        return self._file

    @property
    def closed(self) -> bool:
        """True once whole or removed; a muxer then leaves its trailer out."""
        return self._file is None or self._file.closed

    def write(self, data: bytes) -> int:
        """Write all of it; a raw file may take less at a time."""
        rest = memoryview(data)
        with self._writing:
            while rest:
                rest = rest[self.file.write(rest) :]
        return len(data)

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        """As of files."""
        return self.file.seek(offset, whence)

    def tell(self) -> int:
        """As of files."""
        return self.file.tell()

    def complete(self) -> int:
        """Bring it to the disk, and close it; whoever else wrote to its path has closed it before.

        Returns:
            its size in bytes.
        """
        if self.file.closed:  # maybe replaced meanwhile, under the same name
            with deferred_interrupts():
                handle = os.open(self.path, os.O_RDWR | getattr(os, "O_NOFOLLOW", 0))
                self._file = os.fdopen(handle, "r+b", buffering=0)
        size = self.file.seek(0, os.SEEK_END)
        os.fsync(self.file.fileno())
        self.file.close()
        return size

    def close(self) -> None:
        """Close it, so that others may change it by its path; ``complete`` opens it again."""
        self.file.close()

    def commit(self) -> int:
        """Complete it, and all of its claim; let the claim go.

        Returns:
            its size in bytes.
        """
        size = self.complete()
        self._claim.commit()
        self._claim.release()
        return size

    def discard(self) -> None:
        """Give the claim up; harmless when repeated or after ``commit``."""
        self._claim.release()

    def remove(self) -> None:
        """Close and remove it; a thread that is stuck in writing to it closes it later."""
        # Closed under a thread's hands, its descriptor could be another file's when it goes on.
        if self._file is not None and self._writing.acquire(blocking=False):
            self._file.close()
            self._writing.release()
        # Windows refuses while a stuck thread has it open; whatever failed matters more.
        with suppress(PermissionError):
            self.path.unlink(missing_ok=True)


@contextmanager
def rewritten(part: Path) -> Iterator[BinaryIO]:
    """A new file that takes the place of a part, when the block ends.

    Raises:
        OSError: it can't be written.
    """
    anew = part.with_name(f"{part.name.removesuffix(PART)}.anew{PART}")
    try:
        with create_new(anew) as file:
            yield file
        anew.replace(part)
    finally:
        anew.unlink(missing_ok=True)


def create_new(path: Path) -> BinaryIO:
    """A new file to write to: never through a link, never over another file.

    Raises:
        OSError: likewise, or it can't be created.
    """
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL
    for extra in ("O_NOFOLLOW", "O_CLOEXEC", "O_BINARY"):
        flags |= getattr(os, extra, 0)
    return os.fdopen(os.open(path, flags, 0o666), "wb", buffering=0)
