"""The folder of pictures and proxies beside a page: it appears with it, whole."""

from __future__ import annotations

import os
import secrets
from glob import escape
from shutil import rmtree
from typing import TYPE_CHECKING, Final, Self

from dashcam_pipeline.errors import OutputExistsError
from dashcam_pipeline.inference.digest import short_name
from dashcam_pipeline.media.interrupts import deferred_interrupts
from dashcam_pipeline.media.names import check_name, cut
from dashcam_pipeline.media.output_checks import output_error
from dashcam_pipeline.media.part_file import PART
from dashcam_pipeline.translation import _

if TYPE_CHECKING:
    from pathlib import Path

    from dashcam_pipeline.media.claim import Claim

_READABLE: Final = 80
"""Bytes of the folder's own name in the one it has until it is whole."""


class PageFiles:
    """The folder of a page's files: it gets its name with the page, unless it has it already.

    Only with the page's claim; what a run that was killed left of it is removed.

    Args:
        folder: its name.
        page: that it is of.
        ours: True if a folder of that name is of a page of ours, or may be written into.

    Raises:
        OutputExistsError: a folder of somebody else's lies there, or a link.
        OutputError: it can't be made.
    """

    def __init__(self, folder: Path, page: Path, *, ours: bool) -> None:
        self.folder = folder
        """As the page names it."""
        self.place = folder
        """Where it is now."""
        try:
            check_name(folder, page)
            there = os.path.lexists(folder)
            if there and (folder.is_symlink() or (not ours and any(folder.iterdir()))):
                raise OutputExistsError(
                    _("{folder} exists already and is not of a page of this tool.", folder=folder),
                    advice=_(
                        "Pass `overwrite=True` to write into it, name another page, or remove "
                        "the link."
                    ),
                )
            begin = f"{cut(folder.name, _READABLE)}.{short_name(os.fsencode(folder.name))}."
            for left in page.parent.glob(f"{escape(begin)}*{PART}"):
                rmtree(left, ignore_errors=True)  # never through a link
            if not there:
                place = folder.with_name(f"{begin}{secrets.token_hex(4)}{PART}")
                place.mkdir()
                self.place = place
        except OSError as error:
            raise output_error(error, folder) from error

    def __enter__(self) -> Self:
        """Made already."""
        return self

    def __exit__(self, *_: object) -> None:
        """Remove it, unless it has its name."""
        if self.place != self.folder:
            rmtree(self.place, ignore_errors=True)

    def commit(self, claim: Claim) -> None:
        """Give the page its name, and then the folder; a page without one is made anew.

        Raises:
            OSError: it failed.
        """
        with deferred_interrupts():
            claim.commit()
            if self.place != self.folder:
                self.place.rename(self.folder)
                self.place = self.folder
