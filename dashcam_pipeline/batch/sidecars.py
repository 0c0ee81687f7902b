"""Sidecars come along: copied once, whole, with their times."""

from __future__ import annotations

import os
import shutil
from contextlib import suppress
from stat import S_ISREG
from typing import TYPE_CHECKING

from dashcam_pipeline.batch.fingerprint import fingerprint
from dashcam_pipeline.errors import OutputError
from dashcam_pipeline.media.atomic import atomic
from dashcam_pipeline.translation import _, system_reason

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from dashcam_pipeline.batch.discovery import TreeFile


def copy_sidecars(
    sidecars: Iterable[TreeFile], root: Path, output: Path, *, overwrite: bool = False
) -> tuple[int, list[str]]:
    """Copy sidecars to their place in the output tree.

    Args:
        sidecars: of the input tree.
        root: the input tree.
        output: folder of the results; no link in it is followed out of it.
        overwrite: True replaces another file of that name; otherwise it stays, with a warning.

    Returns:
        how many were copied now, and a sentence for each that could not be.
    """
    copied, warnings = 0, list[str]()
    for sidecar in sidecars:
        source, target = root / sidecar.path, output / sidecar.path
        try:
            if not target.parent.resolve().is_relative_to(output.resolve()):
                warnings.append(
                    _("{target} lies behind a link; the sidecar was not copied.", target=target)
                )
                continue
            if os.path.lexists(target):
                if _is_copy(source, target):
                    continue
                if not overwrite:
                    warnings.append(
                        _("{target} is another file; the sidecar was not copied.", target=target)
                    )
                    continue
            _copy(source, target, overwrite=overwrite)
        except OutputError as error:
            warnings.append(_("{path} was not copied: {why}", path=sidecar.path, why=error.args[0]))
        except OSError as error:
            warnings.append(
                _(
                    "{path} was not copied: {reason}.",
                    path=sidecar.path,
                    reason=system_reason(error),
                )
            )
        else:
            copied += 1
    return copied, warnings


def _is_copy(source: Path, target: Path) -> bool:
    """Whether a file is what a sidecar's copy would be."""
    return S_ISREG(target.lstat().st_mode) and fingerprint(target) == fingerprint(source)


def _copy(source: Path, target: Path, *, overwrite: bool) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    # A link is what a sidecar became since the tree was looked through.
    with os.fdopen(os.open(source, os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0)), "rb") as file:
        status = os.fstat(file.fileno())
        with atomic(target, overwrite=overwrite) as part:
            shutil.copyfileobj(file, part)
    with suppress(OSError, OverflowError):  # a date that this file system can't hold
        os.utime(target, ns=(status.st_atime_ns, status.st_mtime_ns))
