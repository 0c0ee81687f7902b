"""Folders that outputs go to: made when something is written there, checked before."""

from __future__ import annotations

import os
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

from dashcam_pipeline.errors import OutputError
from dashcam_pipeline.translation import _, system_reason

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
                raise _not_made(folder, _("Permission denied"))
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
        raise _not_made(folder, _("nothing can be written there")) from error
    except OSError as error:
        raise _not_made(folder, system_reason(error)) from error


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
        _("{path} is a file, and results go into a folder.", path=path),
        advice=_("Name a folder, or a new one."),
    )


def _not_made(folder: Path, why: str) -> OutputError:
    return OutputError(
        _("the folder {folder} can't be written: {why}.", folder=folder, why=why),
        advice=_("Name a folder of your own."),
    )
