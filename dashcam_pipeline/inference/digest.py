"""SHA-256, in hexadecimal: of files, of bytes, and short as a name."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

_SHORT: Final = 16
"""Digits that tell the recordings of any card apart: 64 bits."""


def sha256_of(path: Path) -> str:
    """Of a file's bytes, 64 digits; the file is never whole in memory.

    Raises:
        OSError: it can't be read.
    """
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
