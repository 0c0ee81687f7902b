"""Files that were dropped on the page. Browsers don't say where they lie: they are looked for.

A file is known by its name, its size and its fingerprint (``batch.fingerprint``), which the page
takes of three pieces of it. What lies below the roots is used where it is; only what lies elsewhere
is sent, once, and kept in a folder of its own.
"""

from __future__ import annotations

import os
import shutil
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from dashcam_pipeline.batch.fingerprint import fingerprint
from dashcam_pipeline.dashcam.sidecars import is_hidden
from dashcam_pipeline.errors import DiskFullError, NotVideoError, UsageError
from dashcam_pipeline.media.atomic import atomic_file
from dashcam_pipeline.media.containers import is_recording
from dashcam_pipeline.media.output_checks import output_error
from dashcam_pipeline.translation import _

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

    from dashcam_pipeline.app.roots import Roots

SEARCH_SECONDS: Final = 4.0
"""How long a dropped file is looked for at most; then it is sent."""

_ALIKE: Final = 1000
"""Files of one name, at most."""

SPARE_BYTES: Final = 256 << 20
"""That stay free when a file is sent."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """A dropped file, as the page knows it.

    Args:
        name: without a folder.
        size: in bytes.
        print: its fingerprint.
    """

    name: str
    size: int
    print: str

    def is_at(self, path: Path) -> bool:
        """Whether a file is this one."""
        try:
            return path.stat().st_size == self.size and fingerprint(path) == self.print
        except OSError:
            return False


def find(roots: Roots, wanted: Wanted) -> Path | None:
    """Where a dropped file lies below the roots; None if it isn't found in time."""
    deadline = time.monotonic() + SEARCH_SECONDS
    for root in roots.folders:
        for path in _named(root, wanted.name, deadline):
            if wanted.is_at(path) and roots.holds(path.resolve()):
                return path
    return None


def _named(root: Path, name: str, deadline: float) -> Iterator[Path]:
    for folder, folders, files in os.walk(root):
        folders[:] = [entry for entry in folders if not is_hidden(entry)]
        if name in files:
            yield Path(folder, name)
        if time.monotonic() > deadline:
            return


class Inbox:
    """A folder for files that were sent; no content lies in it twice.

    Args:
        folder: made when the first file comes.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def find(self, wanted: Wanted) -> Path | None:
        """Where a file that was sent before lies."""
        if not self.folder.is_dir():
            return None
        return next((path for path in self.folder.iterdir() if wanted.is_at(path)), None)

    async def take(self, wanted: Wanted, body: AsyncIterator[bytes]) -> Path:
        """Write what is sent; it appears when it is whole.

        Raises:
            NotVideoError: by its name it is no recording.
            UsageError: something else came than was said.
            OutputError: it can't be written, or there is no space.
        """
        plain = wanted.name.replace("\\", "/").rpartition("/")[2]
        odd = plain != wanted.name or "\0" in plain
        if odd or not is_recording(Path(plain)) or is_hidden(plain):
            raise NotVideoError(_("{name} is no recording.", name=repr(wanted.name)))
        self.folder.mkdir(parents=True, exist_ok=True)
        if shutil.disk_usage(self.folder).free < wanted.size + SPARE_BYTES:
            raise DiskFullError(
                _("There is no space for {name}.", name=wanted.name),
                advice=_("Start `dashcam app FOLDER` with the folder that it lies in."),
            )
        target = self._free(plain)
        file = atomic_file(target, overwrite=False)
        try:
            received = 0
            async for chunk in body:
                received += len(chunk)
                if received > wanted.size:
                    break
                file.write(chunk)
            if received != wanted.size or fingerprint(file.path) != wanted.print:
                raise UsageError(
                    _("{name} didn't arrive whole.", name=wanted.name),
                    advice=_("Drop it again."),
                )
            file.commit()
        except OSError as error:
            raise output_error(error, target) from error
        finally:
            file.discard()
        return target

    def _free(self, name: str) -> Path:
        """A name that no other file has."""
        path = Path(name)
        others = (f"{path.stem} ({n}){path.suffix}" for n in range(2, _ALIKE))
        for candidate in (name, *others):
            if not os.path.lexists(self.folder / candidate):
                return Path(self.folder, candidate)
        raise UsageError(_("Too many files are called {name}.", name=name))
