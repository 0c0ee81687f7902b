"""Cutting out many events, each once: what is there already is left as it is."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

from dashcam_pipeline.errors import DashcamError, DiskFullError, InputError
from dashcam_pipeline.excerpts.cut import cut, mark_of, span_of
from dashcam_pipeline.media.destination import choose_output_path
from dashcam_pipeline.media.folders import made_folder
from dashcam_pipeline.media.header import read_header
from dashcam_pipeline.media.output_checks import exists_error
from dashcam_pipeline.media.probe import probe
from dashcam_pipeline.media.write_report import COPIED
from dashcam_pipeline.provenance.record import record_path
from dashcam_pipeline.provenance.verify import read_record

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from dashcam_pipeline.excerpts.plan import Excerpt

Fate: TypeAlias = Literal["made", "there", "failed"]


@dataclass(frozen=True, slots=True)
class Exported:
    """What became of an excerpt.

    Args:
        excerpt: likewise.
        fate: ``there`` is one that an earlier run made.
        path: where it lies, or would; None if the recording can't be read.
        reason: why it failed.
        advice: what to do about it.
    """

    excerpt: Excerpt
    fate: Fate
    path: Path | None
    reason: str = ""
    advice: str = ""

    def to_dict(self) -> dict[str, Any]:
        """JSON-able."""
        return {
            "event": self.excerpt.event.start.isoformat(timespec="milliseconds"),
            "kind": self.excerpt.event.kind,
            "camera": self.excerpt.camera,
            "clips": [clip.name for clip in self.excerpt.clips],
            "fate": self.fate,
            "path": None if self.path is None else str(self.path),
            "reason": self.reason,
            "advice": self.advice,
        }


def export(
    excerpts: Sequence[Excerpt],
    folder: Path,
    *,
    exact: bool = False,
    overwrite: bool = False,
    progress: Callable[[str, int, int], None] | None = None,
) -> Iterator[Exported]:
    """Cut excerpts out, one after the other; one that fails costs itself alone.

    Args:
        excerpts: as ``plan`` made them.
        folder: where they go; made if it isn't there.
        exact, overwrite: as of ``cut``.
        progress: called with the name of one, its number and the number of them.

    Yields:
        what became of each.

    Raises:
        DiskFullError: no space left; no other one would do better.
        OutputError: the folder can't be made.
    """
    with made_folder(folder):
        for number, excerpt in enumerate(excerpts):
            if progress is not None:
                progress(excerpt.name, number, len(excerpts))
            yield _one(excerpt, folder, exact=exact, overwrite=overwrite)


def _one(excerpt: Excerpt, folder: Path, *, exact: bool, overwrite: bool) -> Exported:
    path: Path | None = None
    try:
        suffix = choose_output_path(probe(excerpt.clips[0].path)).suffix
        path = folder / f"{excerpt.name}{suffix.lower()}"
        own = False
        if os.path.lexists(path) and not overwrite:
            if _was_made(path, excerpt, exact=exact):
                return Exported(excerpt, "there", path)
            own = _was_begun(path, excerpt)
            if not own:
                raise exists_error(path)
        cut(excerpt, path, exact=exact, overwrite=overwrite, own=own)
    except DiskFullError:
        raise
    except DashcamError as error:
        return Exported(excerpt, "failed", path, error.args[0], error.advice)
    return Exported(excerpt, "made", path)


def _was_made(path: Path, excerpt: Excerpt, *, exact: bool) -> bool:
    """Whether a file is this very excerpt, as its record says."""
    try:
        record = read_record(record_path(path))
        size = path.stat().st_size
    except (InputError, OSError):
        return False  # none, or somebody else's file
    output, source, settings = (record.get(key, {}) for key in ("output", "input", "settings"))
    span = span_of(excerpt, exact=exact)
    return bool(
        output.get("name") == path.name
        and output.get("bytes") == size
        and (output.get("codec") == COPIED) != exact
        and source.get("name") == excerpt.clips[0].path.name
        and (settings.get("start"), settings.get("end")) == (span.start or None, span.end)
    )


def _was_begun(path: Path, excerpt: Excerpt) -> bool:
    """Whether a file without its record is this excerpt of a run that was killed just then."""
    if os.path.lexists(record_path(path)):
        return False
    try:
        said = read_header(path).metadata.values()
    except InputError:
        return False
    return any(mark_of(excerpt) in text for text in said)
