"""The unfinished output: a file beside the target that takes its name when whole."""

from __future__ import annotations

import errno
import os
from typing import TYPE_CHECKING, Final

from dashcam_pipeline.errors import (
    DiskFullError,
    FileTooLargeError,
    OutputError,
    OutputExistsError,
)
from dashcam_pipeline.media.folders import check_folder, make_folder, not_a_folder

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

PART: Final = ".part"
"""What an unfinished file's name ends in."""

_FULL: Final = frozenset((errno.ENOSPC, errno.EDQUOT))


def check_output(source: Path, target: Path, *, overwrite: bool = False) -> None:
    """Refuse a target that would destroy something.

    Args:
        source: the recording that is read; never a valid target, whatever name leads to it.
        target: where the result goes.
        overwrite: True allows replacing another file.

    Raises:
        OutputExistsError: it is the source itself (by path, link or inode), or exists.
        OutputError: its folder can't be made or isn't one, or it is a folder.
    """
    part = part_of(target)
    for candidate in (target, part):
        if candidate.exists() and source.exists() and candidate.samefile(source):
            raise OutputExistsError(
                f"{target} is the recording itself, which is never written to.",
                advice="Name another output with -o.",
            )
    if target.is_dir():
        raise OutputError(f"{target} is a folder.", advice="Name a file in it.")
    check_folder(target.parent)
    if not overwrite and (target.exists() or target.is_symlink()):
        raise OutputExistsError(
            f"{target} exists already.", advice="Pass --overwrite to replace it, or name another."
        )


def part_of(target: Path) -> Path:
    """The unfinished file's path."""
    return target.with_name(target.name + PART)


def output_error(error: Exception, target: Path) -> OutputError:
    """Our error for what went wrong while writing."""
    number = getattr(error, "errno", None)
    if number in _FULL:
        return DiskFullError(
            f"no space left for {target}.",
            advice="Free some space, or name an output on another disk with -o.",
        )
    if number == errno.EFBIG:
        return FileTooLargeError(
            f"{target} grew larger than a file may be there (FAT32 ends at 4 GB; a limit of the "
            "system may be lower).",
            advice="Name an output on another file system with -o, or raise the limit (ulimit -f).",
        )
    if number in {errno.EACCES, errno.EPERM, errno.EROFS}:
        return OutputError(
            f"{target} can't be written: {os.strerror(number)}.",
            advice="Name an output in a folder of your own with -o.",
        )
    if number == errno.ENOENT:
        return OutputError(
            f"{target} can't be written: its folder takes no files, or went away.",
            advice="Name an output in a folder of your own.",
        )
    if number == errno.ENOTDIR:
        return not_a_folder(next(p for p in target.parents if p.exists()))
    return OutputError(f"{target} can't be written: {error}.")


class PartFile:
    """A seekable binary file for a muxer, named ``<target>.part`` until ``commit``.

    Args:
        target: the name it gets when whole.

    Raises:
        OutputError: it, or its folder, can't be created.
    """

    def __init__(self, target: Path) -> None:
        make_folder(target.parent)
        self._target = target
        self._part = part_of(target)
        try:
            self._file = self._part.open("wb", buffering=0)
        except OSError as error:
            raise output_error(error, target) from error
        self.name = str(target)

    @property
    def path(self) -> Path:
        """Where it lies until it is whole."""
        return self._part

    @property
    def closed(self) -> bool:
        """True once committed or discarded; a muxer then leaves its trailer out."""
        return self._file.closed

    def write(self, data: bytes) -> int:
        """Write all of it; a raw file may take less at a time."""
        rest = memoryview(data)
        while rest:
            rest = rest[self._file.write(rest) :]
        return len(data)

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        """As of files."""
        return self._file.seek(offset, whence)

    def tell(self) -> int:
        """As of files."""
        return self._file.tell()

    def commit(self, seal: Callable[[Path], object] | None = None) -> int:
        """Bring it to the disk and give it the target's name.

        Args:
            seal: called with the unfinished file's path once the muxer is done with it; may change
                or replace the file.

        Returns:
            its size in bytes.
        """
        if seal is not None:
            self._file.close()
            seal(self._part)
            self._file = self._part.open("r+b", buffering=0)
        size = self._file.seek(0, os.SEEK_END)
        os.fsync(self._file.fileno())
        self._file.close()
        self._part.replace(self._target)
        _sync_folder(self._target.parent)
        return size

    def discard(self) -> None:
        """Close and remove it; harmless when repeated or after ``commit``."""
        self._file.close()
        self._part.unlink(missing_ok=True)


def _sync_folder(folder: Path) -> None:
    """Make the new name itself survive a power cut, where folders can be synced."""
    if not hasattr(os, "O_DIRECTORY"):
        return
    try:
        handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    except OSError:
        return  # some network file systems don't open folders; the file itself is safe
    try:
        os.fsync(handle)
    except OSError:
        return  # likewise
    finally:
        os.close(handle)
