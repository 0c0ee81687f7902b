"""Folders that outputs go to: made when something is written there, checked before."""

from __future__ import annotations

import os
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

from dashcam_pipeline.errors import OutputError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


def check_folder(folder: Path) -> None:
    """Make sure, without making it, that a folder is there or can be made.

    Raises:
        OutputError: it is a file, lies in one, or can't be made there.
    """
    for place in (folder.absolute(), *folder.absolute().parents):
        if place.is_dir():
            if place != folder.absolute() and not os.access(place, os.W_OK | os.X_OK):
                raise _not_made(folder, "permission denied")
            return
        if os.path.lexists(place):
            raise not_a_folder(place)


def make_folder(folder: Path) -> None:
    """Make a folder, and those that it lies in, unless it is there.

    Raises:
        OutputError: it can't be made.
    """
    check_folder(folder)
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except FileNotFoundError as error:  # as of /proc: what it lies in is there, and takes none
        raise _not_made(folder, "nothing can be written there") from error
    except OSError as error:
        raise _not_made(folder, error.strerror or str(error)) from error


@contextmanager
def made_folder(folder: Path) -> Iterator[None]:
    """Make a folder for a block; if that fails, remove again what was made, as far as it is empty.

    Raises:
        OutputError: it can't be made.
    """
    made = [place for place in (folder, *folder.parents) if not place.exists()]
    make_folder(folder)
    try:
        yield
    except BaseException:
        with suppress(OSError):  # something else was put there
            for place in made:
                place.rmdir()
        raise


def not_a_folder(path: Path) -> OutputError:
    """The error for a file where a folder is needed."""
    return OutputError(
        f"{path} is a file, and results go into a folder.", advice="Name a folder, or a new one."
    )


def _not_made(folder: Path, why: str) -> OutputError:
    return OutputError(
        f"the folder {folder} can't be written: {why}.", advice="Name a folder of your own."
    )
