"""What dashcam itself made, among recordings: results, comparisons, and what goes along with them.

A name tells it, a record beside the file, or the mark that every run leaves in the metadata. Where
a container keeps no metadata (transport streams), name and record are all there is.
"""

from __future__ import annotations

import os
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any, Final

from dashcam_pipeline.batch.fingerprint import pieces_of
from dashcam_pipeline.engine.output import MARK
from dashcam_pipeline.errors import InputError
from dashcam_pipeline.media.containers import is_recording
from dashcam_pipeline.provenance.companions import ENDINGS as COMPANIONS
from dashcam_pipeline.provenance.companions import former_companions
from dashcam_pipeline.provenance.record import ENDING as RECORD_ENDING
from dashcam_pipeline.provenance.verify import read_record
from dashcam_pipeline.translation import _

if TYPE_CHECKING:
    from collections.abc import Collection
    from pathlib import Path, PurePath

COMPARISON: Final = "_before_after"
ENDINGS: Final = ("_clean", COMPARISON)
"""Of the stems of results and comparisons that were given no other name."""

PAGE: Final = ".html"
FILES: Final = "_files"
"""Ending of the folder beside a page that holds its pictures and videos, as browsers name it."""

LEFT_OUT: Final = _("made by dashcam (`include_results=True` cleans it again)")
"""Why a product isn't cleaned."""


def is_product(path: Path) -> bool:
    """Whether a recording was made here, as far as can be told without opening it as a video.

    Args:
        path: of the recording; if it can't be read, its name alone tells.
    """
    return path.stem.lower().endswith(ENDINGS) or _is_on_record(path) or _seems_marked(path)


def is_comparison(path: PurePath) -> bool:
    """Whether a file, such as a still, is a comparison that was given no other name."""
    return path.stem.lower().endswith(COMPARISON)


def is_of_a_page(folder: str, beside: Collection[str]) -> bool:
    """Whether a folder holds what belongs to a page, a report's or one that a browser saved.

    Args:
        folder: its name.
        beside: names of what lies beside it.
    """
    return folder.endswith(FILES) and folder.removesuffix(FILES) + PAGE in beside


def companion_of(path: str) -> str:
    """The recording that a file would go along with, by its name; empty if none.

    Args:
        path: ``a/b.mp4.gpx`` is a companion of ``a/b.mp4``.
    """
    owners = (path[: -len(end)] for end in COMPANIONS if path.lower().endswith(end))
    return next((owner for owner in owners if is_recording(PurePosixPath(owner))), "")


def is_own_companion(path: Path) -> bool:
    """Whether a file lies beside a recording of ours as its companion: then it is no sidecar."""
    owner = companion_of(path.name)
    return bool(owner) and _record_of(path.with_name(owner)) is not None


def companions(target: Path) -> tuple[Path, ...]:
    """What goes along with a result, whether it is there or not."""
    return tuple(target.with_name(target.name + ending) for ending in COMPANIONS)


def in_the_way(target: Path) -> Path | None:
    """The first file that a new result would replace: its own name, or a companion's.

    What an earlier result left behind, as its record says, is no obstacle: the result is gone.
    """
    if os.path.lexists(target):
        return target
    own = former_companions(target)
    there = (path for path in companions(target) if os.path.lexists(path))
    return next((path for path in there if path not in own), None)


def _is_on_record(path: Path) -> bool:
    record = _record_of(path)
    try:
        return record is not None and record["output"].get("bytes") == path.stat().st_size
    except OSError:
        return False


def _record_of(path: Path) -> dict[str, Any] | None:
    try:
        return read_record(path.with_name(path.name + RECORD_ENDING))
    except InputError:  # none, or somebody else's file
        return None


def _seems_marked(path: Path) -> bool:
    try:
        return any(MARK.search(piece.decode("latin-1")) for piece in pieces_of(path))
    except OSError:
        return False  # its job will say what is wrong with it
