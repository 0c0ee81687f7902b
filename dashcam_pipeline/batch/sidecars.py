"""Sidecars come along: copied once, whole, with their times."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

from dashcam_pipeline.errors import OutputError
from dashcam_pipeline.media.atomic import atomic

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
        output: folder of the results.
        overwrite: True replaces another file of that name; otherwise it stays, with a warning.

    Returns:
        how many were copied now, and a sentence for each that could not be.
    """
    copied, warnings = 0, []
    for sidecar in sidecars:
        target = output / sidecar.path
        try:
            if target.exists():
                status = target.stat()
                if (status.st_size, status.st_mtime_ns // 1000) == (
                    sidecar.size,
                    # Some file systems keep microseconds only.
                    sidecar.mtime_ns // 1000,
                ):
                    continue
                if not overwrite:
                    warnings.append(f"{target} is another file; the sidecar was not copied.")
                    continue
            target.parent.mkdir(parents=True, exist_ok=True)
            with atomic(target, overwrite=overwrite) as part:
                shutil.copy2(root / sidecar.path, part.path)
        except OutputError as error:
            warnings.append(f"{sidecar.path} was not copied: {error.args[0]}")
        except OSError as error:
            warnings.append(f"{sidecar.path} was not copied: {error.strerror or error}.")
        else:
            copied += 1
    return copied, warnings
