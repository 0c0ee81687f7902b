"""Names for files that are whole, also where a file system knows no hard links."""

from __future__ import annotations

import errno
import os
from typing import TYPE_CHECKING, Final

from dashcam_pipeline.media.output_checks import exists_error

if TYPE_CHECKING:
    from pathlib import Path

_NO_LINKS: Final = frozenset(
    (errno.EPERM, errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOSYS, errno.EMLINK, errno.EACCES)
)
"""What file systems without hard links say to one."""


def name_new(part: Path, target: Path) -> None:
    """Give a part its name, unless another file has got it meanwhile.

    Raises:
        OutputExistsError: one has.
        OSError: it failed.
    """
    try:
        if os.name == "nt":
            part.rename(target)  # refuses by itself
            return
        os.link(part, target, follow_symlinks=False)
    except FileExistsError:
        raise exists_error(target) from None
    except OSError as error:
        if error.errno not in _NO_LINKS:
            raise
        if os.path.lexists(target):
            raise exists_error(target) from None
        part.rename(target)
        return
    part.unlink()


def second_name(path: Path, kept: Path) -> bool:
    """Keep a file that is about to be replaced under another name as well.

    Args:
        path: its name; where links can't be made, it loses that.
        kept: the other one.

    Returns:
        False if there is no file.

    Raises:
        OSError: it failed.
    """
    if not os.path.lexists(path):
        return False
    try:
        os.link(path, kept, follow_symlinks=False)
    except OSError as error:
        if error.errno not in _NO_LINKS:
            raise
        path.rename(kept)  # put back by the next run if this one is killed right here
    return True


def sync_folder(folder: Path) -> None:
    """Make new names themselves survive a power cut, where folders can be synced."""
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
