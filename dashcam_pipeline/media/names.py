"""Names of files, tried before hours of work end at one."""

from __future__ import annotations

import errno
import os
import secrets
from contextlib import suppress
from typing import TYPE_CHECKING, Final

from dashcam_pipeline.errors import OutputError
from dashcam_pipeline.translation import _

if TYPE_CHECKING:
    from pathlib import Path

_SHORT: Final = 100
"""Bytes of a name that every file system takes."""

_ROOM: Final = 40
"""Bytes that an offered name leaves for what is added to it."""


def check_name(path: Path, output: Path | None = None) -> None:
    """Try whether a file may have a name, by giving one of the same length to an empty file.

    Args:
        path: what is to be written.
        output: what the user can name; ``path`` itself if None.

    Raises:
        OutputError: the name is too long here; a shorter one is offered.
        OSError: nothing can be created in that folder.
    """
    if len(os.fsencode(path.name)) <= _SHORT:
        return
    if not _fits(path):
        raise too_long(path, output or path)


def too_long(path: Path, output: Path | None = None) -> OutputError:
    """The error for a name that doesn't fit.

    Args:
        path: what is to be written.
        output: what the user can name; ``path`` itself if None.
    """
    output = output or path
    limit = _limit(path.parent)
    short = cut(output.stem, limit - _ROOM - len(os.fsencode(output.suffix))) + output.suffix
    return OutputError(
        _(
            "{path} can't be written: its name has {length} bytes, more than fit here.",
            path=path,
            length=len(os.fsencode(path.name)),
        ),
        advice=_("Name a shorter output, such as {shorter}.", shorter=output.with_name(short)),
    )


def cut(text: str, size: int) -> str:
    """As much of a name as fits into so many bytes, no character cut in two."""
    while len(os.fsencode(text)) > size:
        text = text[:-1]
    return text


def _fits(path: Path) -> bool:
    if len(os.fsencode(path.name)) > _limit(path.parent, unknown=0xFFFF):
        return False
    tail = len(path.name) - len(path.name.rstrip("".join(map(chr, range(128)))))
    tail = min(tail, 8)
    # Of the same length in every encoding; if it exists already, so much the better.
    trial = path.with_name(path.name[: len(path.name) - tail] + secrets.token_hex(4)[:tail])
    try:
        os.close(
            os.open(trial, os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_NOFOLLOW", 0))
        )
    except FileExistsError:
        return True
    except OSError as error:
        if error.errno == errno.ENAMETOOLONG:
            return False
        raise
    trial.unlink()
    return True


def _limit(folder: Path, *, unknown: int = 143) -> int:
    """Bytes of a name in a folder, as its file system says; not all of them say the truth."""
    with suppress(OSError, ValueError, AttributeError):
        return os.pathconf(folder, "PC_NAME_MAX")
    return unknown
