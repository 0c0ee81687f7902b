"""The one way in which files are written: whole, or not at all.

::

    with Claim(target, overwrite=False) as claim:     # a second run on the same target is refused
        part = claim.part()                           # NAME.DIGEST.TOKEN.part, for this run alone
        part.write(...)
        claim.part(".gpx").write(...)                 # what goes along with it
        claim.commit()                                # all of them get their names, or none does

    write_whole(path, data, overwrite=True)           # a small file by itself

How a set is kept together is told in ``claim``, how a file is written in ``part_file``.
"""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

from dashcam_pipeline.media.claim import Claim
from dashcam_pipeline.media.output_checks import output_error

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from dashcam_pipeline.media.part_file import PartFile

_SHORTLY: Final = 10.0
"""Seconds to wait for another writer of a small file."""


def atomic_file(target: Path, *, overwrite: bool, wait: float = 0.0) -> PartFile:
    """A file by itself, to be written, and then committed or discarded.

    Raises:
        OutputError: as of ``Claim``.
    """
    claim = Claim(target, overwrite=overwrite, wait=wait)
    try:
        return claim.part()
    except BaseException:
        claim.release()
        raise


@contextmanager
def atomic(target: Path, *, overwrite: bool) -> Iterator[PartFile]:
    """A file by itself, whole when the block ends, gone if it fails.

    Raises:
        OutputError: it can't be written; likewise for every OSError of the block.
    """
    with Claim(target, overwrite=overwrite, wait=_SHORTLY) as claim:
        try:
            yield claim.part()
            claim.commit()
        except OSError as error:
            raise output_error(error, target) from error


def write_whole(target: Path, data: bytes | str, *, overwrite: bool) -> None:
    """Write a small file by itself.

    Args:
        target: its name.
        data: text is written as UTF-8; what of a file name is none, as JSON's escapes.
        overwrite: True replaces what has that name.

    Raises:
        OutputError: it can't be written.
    """
    content = data.encode("utf-8", "backslashreplace") if isinstance(data, str) else data
    with atomic(target, overwrite=overwrite) as part:
        part.write(content)
