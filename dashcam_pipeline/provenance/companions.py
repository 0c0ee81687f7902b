"""Files that belong to an output: which they are, and that they are told from the user's own."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from dashcam_pipeline.errors import InputError
from dashcam_pipeline.inference.digest import sha256_of
from dashcam_pipeline.provenance.record import ENDING
from dashcam_pipeline.provenance.verify import read_record

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

GPX_ENDING: Final = ".gpx"
RAW_ENDING: Final = ".telemetry.zip"

ENDINGS: Final = (GPX_ENDING, RAW_ENDING, ENDING)
"""What is added to an output's whole name; the record comes last."""


def former_companions(output: Path, endings: Sequence[str] = ENDINGS) -> set[Path]:
    """Files beside an output, or beside where it was, that its record says are its own.

    Args:
        output: need not exist.
        endings: of what may go along with it.

    Returns:
        the record, and what it lists that is still as it was written; empty where the record is
        missing, or is not of an output of this name.
    """
    record = output.with_name(output.name + ENDING)
    try:
        found = read_record(record)
    except InputError:
        return set()
    if record.is_symlink() or found["output"]["name"] != output.name:
        return set()
    names = {output.name + ending: output.with_name(output.name + ending) for ending in endings}
    own = {record}
    for entry in found["companions"]:
        path = names.get(entry["name"])
        if path is not None and _is(path, entry["sha256"]):
            own.add(path)
    return own


def _is(path: Path, sha256: str) -> bool:
    """Whether a file has a recorded content; a link is never one of ours."""
    try:
        return not path.is_symlink() and sha256_of(path) == sha256.lower()
    except OSError:
        return False
