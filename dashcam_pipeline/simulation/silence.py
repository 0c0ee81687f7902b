"""Keeps the renderer's own words off the terminal: a line a picture, and more when it is loaded."""

from __future__ import annotations

import os
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator


@contextmanager
def silence(*descriptors: int) -> Iterator[None]:
    """Let what this process writes to some file descriptors vanish for a while.

    The renderer writes past ``sys.stdout``, so the descriptor itself is pointed elsewhere. What
    Python has written before still comes out. Exceptions are not touched.

    Args:
        descriptors: 1 for standard output, 2 for errors.
    """
    sys.stdout.flush()
    sys.stderr.flush()
    kept = [(number, os.dup(number)) for number in descriptors]
    nothing = os.open(os.devnull, os.O_WRONLY)
    try:
        for number in descriptors:
            os.dup2(nothing, number)
        yield
        sys.stdout.flush()
        sys.stderr.flush()
    finally:
        os.close(nothing)
        for number, copy in kept:
            os.dup2(copy, number)
            os.close(copy)
