"""SHA-256, in hexadecimal: of files, of bytes, and short as a name."""

from __future__ import annotations

import errno
import hashlib
from stat import S_ISREG
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    import os
    from collections.abc import Iterable
    from pathlib import Path

_SHORT: Final = 16
"""Digits that tell the recordings of any card apart: 64 bits."""


def ordinary(path: Path) -> os.stat_result:
    """The status of a file that is about to be read: a pipe would be waited for for ever.

    Raises:
        OSError: it isn't there, or is a pipe, a device or a folder.
    """
    status = path.stat()
    if not S_ISREG(status.st_mode):
        raise OSError(errno.EINVAL, "not an ordinary file", str(path))
    return status


def sha256_of(path: Path) -> str:
    """Of a file's bytes, 64 digits; the file is never whole in memory.

    Raises:
        OSError: it can't be read, or is no ordinary file.
    """
    ordinary(path)
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def sha256_of_pieces(pieces: Iterable[bytes]) -> str:
    """Of pieces one after the other, 64 digits; only one of them is in memory."""
    digest = hashlib.sha256()
    for piece in pieces:
        digest.update(piece)
    return digest.hexdigest()


def short_name(key: bytes) -> str:
    """The first 16 digits: a name for a file or a folder that depends on the key alone."""
    return sha256_of_pieces([key])[:_SHORT]
