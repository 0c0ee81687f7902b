"""What an output may be, and what is said when it can't be written."""

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
from dashcam_pipeline.media.folders import check_folder, not_a_folder
from dashcam_pipeline.media.names import too_long
from dashcam_pipeline.translation import _

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

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
    try:
        same = target.exists() and source.exists() and target.samefile(source)
    except OSError as error:
        raise output_error(error, target) from error
    if same:
        raise OutputExistsError(
            _("{target} is the recording itself, which is never written to.", target=target),
            advice=_("Name another output."),
        )
    if target.is_dir():
        raise OutputError(_("{target} is a folder.", target=target), advice=_("Name a file in it."))
    check_folder(target.parent)
    if not overwrite and os.path.lexists(target):
        raise exists_error(target)


def need_empty(folder: Path, *, overwrite: bool = False) -> None:
    """Make sure that what is written into a folder overwrites nothing.

    Args:
        folder: need not exist.
        overwrite: True allows files in it to be replaced.

    Raises:
        OutputExistsError: the folder holds something, or is a file.
    """
    if folder.is_dir():
        in_the_way = any(folder.iterdir()) and not overwrite
    else:
        in_the_way = os.path.lexists(folder)
    if in_the_way:
        raise OutputExistsError(
            _("{folder} is there already", folder=folder), advice=_("Give a new or empty folder.")
        )


def need_new(paths: Iterable[Path], *, overwrite: bool) -> None:
    """Make sure that files can be written without replacing others.

    Raises:
        OutputExistsError: one of them exists, and ``overwrite`` is False.
    """
    for path in paths:
        if not overwrite and os.path.lexists(path):
            raise exists_error(path)


def exists_error(target: Path) -> OutputExistsError:
    """The error for a name that another file has."""
    return OutputExistsError(
        _("{target} exists already.", target=target),
        advice=_("Pass `overwrite=True` to replace it, or name another."),
    )


def no_folder(target: Path) -> OutputError:
    """The error for a file in a folder that isn't there."""
    return OutputError(
        _("the folder {folder} does not exist.", folder=target.parent),
        advice=_("Make it first (mkdir -p)."),
    )


def _began(error: Exception) -> Exception:
    """What began it: PyAV fails anew, with no reason, to close a file that couldn't be written."""
    first: BaseException | None = error
    while first is not None and getattr(first, "errno", None) not in errno.errorcode:
        first = first.__context__
    return first if isinstance(first, Exception) else error


def output_error(error: Exception, target: Path) -> OutputError:
    """Our error for what went wrong while writing."""
    error = _began(error)
    number = getattr(error, "errno", None)
    answer = OutputError(_("{target} can't be written: {error}.", target=target, error=error))
    if number in _FULL:
        answer = DiskFullError(
            _("no space left for {target}.", target=target),
            advice=_("Free some space, or name an output on another disk."),
        )
    elif number == errno.EFBIG:
        answer = FileTooLargeError(
            _(
                "{target} grew larger than a file may be there (FAT32 ends at 4 GB; a "
                "limit of the system may be lower).",
                target=target,
            ),
            advice=_("Name an output on another file system, or raise the limit (ulimit -f)."),
        )
    elif number in {errno.EACCES, errno.EPERM, errno.EROFS}:
        answer = OutputError(
            _("{target} can't be written: {reason}.", target=target, reason=_(os.strerror(number))),
            advice=_("Name an output in a folder of your own."),
        )
    elif number == errno.ENAMETOOLONG:
        answer = too_long(target)
    elif number == errno.ENOENT and not target.parent.is_dir():
        answer = no_folder(target)
    elif number == errno.ENOENT:
        answer = OutputError(
            _(
                "{target} can't be written: something else removed what was not whole yet.",
                target=target,
            ),
            advice=_("Run it again, and let nothing tidy up that folder meanwhile."),
        )
    elif number == errno.ENOTDIR:
        answer = not_a_folder(next(p for p in target.parents if p.exists()))
    return answer
