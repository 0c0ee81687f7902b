"""Which clips a page is about, and the recording that each was made of.

A run's own report (``dashcam clean --report``) tells it; without one, ``original`` and names do.
"""

from __future__ import annotations

import os
from dataclasses import dataclass, field, replace
from pathlib import Path, PurePath
from typing import TYPE_CHECKING, Any, Final, TypeVar

from pydantic import ValidationError

from dashcam_pipeline.compare.page.record import (
    BatchClipRecord,
    BatchRecord,
    RunRecord,
    TimingsRecord,
    as_run,
)
from dashcam_pipeline.errors import InputMissingError, UsageError
from dashcam_pipeline.inference.digest import sha256_of
from dashcam_pipeline.media.containers import is_recording
from dashcam_pipeline.provenance.untrusted import inside, printable, read_object, what_is_wrong
from dashcam_pipeline.translation import _, system_reason

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

_Parsed = TypeVar("_Parsed")

ENDINGS: Final = ("_clean",)
"""What ``dashcam clean`` adds to a name."""

OURS: Final = ("_before_after",)
"""Endings of names that are comparisons, not results."""

BATCH: Final = "report.json"
"""What `dashcam batch` leaves in its output folder."""

_STATUS: Final = {
    "done": "done",
    "damaged": "damaged",
    "skipped": "done",  # done by an earlier run
    "bright": "skipped",
    "failed": "failed",
    "not reached": "skipped",
}
"""Fates of a batch's clips, and what the page calls them."""

_WHY: Final = {"bright": _("taken by day"), "not reached": _("the run ended before")}
"""Why a batch left a clip out, where it gives no reason of its own."""

FILES: Final = "_files"
"""Ending of the folder beside a page."""

_OTHER_MACHINES: Final = ("//", "\\\\")
"""How paths on other machines begin, in Windows."""

_MOST_NOTES: Final = 20
"""Of files that were left; a hostile folder has a million of them."""


@dataclass(frozen=True, slots=True)
class ClipFiles:
    """A clip for the page.

    Args:
        cleaned: the result; None where there is none.
        source: what it was made of; None where that isn't known.
        record: the run's own report, empty where there is none.
        name: how the page calls it.
        status: of a batch, empty where it isn't known.
        reason: of that status.
        advice: what to do about it.
        root: folder of the recordings, as a batch's report names it; nothing is opened there.
    """

    cleaned: Path | None
    source: Path | None
    record: RunRecord = field(default_factory=RunRecord)
    name: str = ""
    status: str = ""
    reason: str = ""
    advice: str = ""
    root: str = ""


def find_clips(
    target: Path, original: Path | None = None
) -> tuple[list[ClipFiles], tuple[str, ...]]:
    """What a page about a file or a folder shows.

    Args:
        target: a cleaned recording, or a folder of them (searched through).
        original: the recording, or the folder of recordings, that it was made of; None looks for
            it where the run's report says, and beside the result.

    Returns:
        the clips, and what was left and why, a sentence each.

    Raises:
        InputMissingError: there is nothing at ``target`` or ``original``.
        UsageError: a folder holds no cleaned recording, or ``original`` is of the wrong kind.
    """
    for path in (target, original):
        if path is not None and not path.exists():
            raise InputMissingError(
                _("{path} does not exist.", path=path), advice=_("Check the name.")
            )
    search = _Search(target.parent if target.is_file() else target)
    if target.is_file():
        if original is not None and original.is_dir():
            original = _by_name(target, search.videos(original))
        search.read_records(deep=False)
        clips = [search.found(target, original, target.name)]
    else:
        if original is not None and original.is_file():
            raise UsageError(
                _(
                    "{target} is a folder, but `original={original}` is a file.",
                    target=target,
                    original=original,
                ),
                advice=_("Name the folder of the recordings."),
            )
        search.read_records(deep=True)
        clips = search.in_folder(original)
    return clips, tuple(search.notes)


class _Search:
    """Looks for clips, their records and their originals in one folder.

    Records come from anyone: a file that one names is taken only if it lies in the folder, or is,
    bit for bit, the file whose hash the output's record holds. Whoever wrote a record can't name a
    file of somebody else's so.

    Args:
        folder: of the page's clips.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._records: dict[str, list[_Record]] = {}
        self._listed: dict[Path, list[Path]] = {}
        self.notes: list[str] = []

    def read_records(self, *, deep: bool) -> None:
        """Read the reports of runs, by the name of the file that was written."""
        pattern = self._folder.rglob("*.json") if deep else self._folder.glob("*.json")
        for file in sorted(pattern):
            run = self._read(file, as_run)
            if run is not None and run.output.path:
                record = _Record(file, run)
                self._records.setdefault(Path(run.output.path).name, []).append(record)

    def in_folder(self, original: Path | None) -> list[ClipFiles]:
        """All clips of the folder."""
        batch = self._read(self._folder / BATCH, _as_batch)
        if batch is not None:
            return self._of_batch(batch, original)
        originals = list(self.videos(original)) if original is not None else []
        mirrored = {p.relative_to(original).with_suffix(""): p for p in originals if original}
        found = []
        for video in self.videos(self._folder):
            place = video.relative_to(self._folder).with_suffix("")
            source = mirrored.get(place) or _by_name(video, originals)
            found.append(self.found(video, source, str(video.relative_to(self._folder))))
        sources = {clip.source.resolve() for clip in found if clip.source is not None}
        clips = [
            clip
            for clip in found
            if clip.cleaned is not None
            and clip.cleaned.resolve() not in sources
            and (clip.source is not None or clip.record.known)
        ]
        if not clips:
            raise UsageError(
                _(
                    "{folder} holds no cleaned recording whose original is known.",
                    folder=self._folder,
                ),
                advice=_("Name the folder of the originals: `original=FOLDER`."),
            )
        return sorted(clips, key=lambda clip: clip.name)

    def _of_batch(self, batch: BatchRecord, original: Path | None) -> list[ClipFiles]:
        """What a batch's own report lists, failures included."""
        if not batch.clips:
            raise UsageError(
                _("{folder} lists no clip.", folder=self._folder / BATCH),
                advice=_("Run the batch first."),
            )
        return [self._of_entry(entry, batch, original) for entry in batch.clips]

    def _of_entry(
        self, entry: BatchClipRecord, batch: BatchRecord, original: Path | None
    ) -> ClipFiles:
        status, reason = _STATUS.get(entry.status, "failed"), entry.reason or ""
        advice = entry.advice or ""
        if status == "skipped":
            reason = reason or _WHY.get(entry.status, "")
        cleaned = inside(self._folder, entry.output) if entry.output else None
        if cleaned is None:
            if status in {"done", "damaged"}:
                status = "failed"
                name = PurePath(entry.output or entry.path).name
                reason = _("{name} is not in this folder (any more).", name=name)
                advice = _("Put it back, or run the batch again.")
            told = (status, reason, advice, batch.input)
            return ClipFiles(None, None, RunRecord(), entry.path, *told)
        if original is not None:
            source = inside(original, entry.path)
        else:
            source = self._recorded(Path(batch.input) / entry.path, cleaned)
        clip = self.found(cleaned, source, entry.path)
        if entry.seconds and clip.record.timings.total is None:
            took = RunRecord(timings=TimingsRecord(total=entry.seconds))
            clip = replace(clip, record=clip.record.with_more(took))
        return replace(clip, status=status, reason=reason, advice=advice, root=batch.input)

    def found(self, cleaned: Path, source: Path | None, name: str) -> ClipFiles:
        """One clip with its report, and its original where it isn't known yet."""
        about = self._about(cleaned)
        for record in about:
            source = source or self._source(record, cleaned)
        if source is None:
            source = _by_name(cleaned, self._beside(cleaned.parent))
        # A run's own report knows more (how long it took) than the record beside the output.
        merged = RunRecord()
        for record in sorted(about, key=lambda r: r.run.timings.total is not None):
            merged = merged.with_more(record.run)
        return ClipFiles(cleaned, source, merged, name)

    def _about(self, cleaned: Path) -> list[_Record]:
        return [r for r in self._records.get(cleaned.name, []) if r.is_of(cleaned)]

    def _source(self, record: _Record, cleaned: Path) -> Path | None:
        """The recording, if it is beside the report or the result, or still where it was."""
        if not record.run.input.path:
            return None
        path = Path(record.run.input.path)
        for place in (
            record.file.parent / path,
            record.file.parent / path.name,
            cleaned.parent / path.name,
        ):
            near = self._within(place)
            if near is not None and not near.samefile(cleaned):
                return near
        return self._recorded(path, cleaned)

    def _recorded(self, path: Path, cleaned: Path) -> Path | None:
        """A recording elsewhere, if it is the very file that an output's record speaks of."""
        if str(path).startswith(_OTHER_MACHINES):
            return None  # only to ask for it would log in there
        near = self._within(path)
        if near is not None:
            return None if near.samefile(cleaned) else near
        path = path.absolute()
        file = inside(path.parent, path.name)
        if file is None:
            return None
        for record in self._about(cleaned):
            known = record.run.input
            if known.bytes == file.stat().st_size and known.sha256.lower() == sha256_of(file):
                return file
        return None

    def _within(self, path: Path) -> Path | None:
        """A file, if it lies in the folder."""
        return inside(self._folder.absolute(), path.absolute())

    def _beside(self, folder: Path) -> list[Path]:
        """Recordings of one folder, listed once: a batch asks for each of its clips."""
        if folder not in self._listed:
            self._listed[folder] = list(self.videos(folder, deep=False))
        return self._listed[folder]

    def videos(self, folder: Path, *, deep: bool = True) -> Iterable[Path]:
        """Recordings below a folder, in order; not hidden ones, comparisons, or a page's own.

        Links that lead out of it are none of its recordings.
        """
        for path in sorted(folder.rglob("*") if deep else folder.iterdir()):
            inner = path.relative_to(folder)
            if not is_recording(path) or path.stem.endswith(OURS):
                continue
            if any(p.startswith(".") for p in inner.parts):
                continue
            if any(p.endswith(FILES) for p in inner.parts[:-1]):
                continue
            if inside(folder, inner) is not None:
                yield path
            elif path.is_symlink():
                self._note(
                    _("{path} is a link that leads to another folder; it was left.", path=path)
                )

    def _read(self, file: Path, parse: Callable[[Mapping[str, Any]], _Parsed]) -> _Parsed | None:
        """A JSON file of ours; None, and a note, where it can't be used."""
        try:
            return parse(read_object(file))
        except FileNotFoundError:
            return None
        except OSError as error:
            self._note(_("{file} can't be read: {reason}.", file=file, reason=system_reason(error)))
        except ValidationError as error:
            self._note(
                _("{file} is no report of a run: {what}.", file=file, what=what_is_wrong(error))
            )
        except ValueError as error:
            self._note(_("{file} is no report of a run: {error}.", file=file, error=error))
        return None

    def _note(self, text: str) -> None:
        if text not in self.notes and len(self.notes) < _MOST_NOTES:
            self.notes.append(printable(text))


def _as_batch(data: Mapping[str, Any]) -> BatchRecord | None:
    return BatchRecord.model_validate(data) if "clips" in data else None


def _by_name(cleaned: Path, candidates: Iterable[Path]) -> Path | None:
    """A recording of the same name, or of the name without our ending."""
    names = [cleaned.stem] + [cleaned.stem.removesuffix(e) for e in ENDINGS]
    by_stem = {p.stem: p for p in candidates if p.resolve() != cleaned.resolve()}
    return next((by_stem[name] for name in reversed(names) if name in by_stem), None)


@dataclass(frozen=True, slots=True)
class _Record:
    """A run's report, and where it lies."""

    file: Path
    run: RunRecord

    def is_of(self, cleaned: Path) -> bool:
        """True if it lies beside a file of the name that was written, or names that very place."""
        if self.file.parent == cleaned.parent:
            return Path(self.run.output.path).name == cleaned.name
        written = self.file.parent / self.run.output.path
        return os.path.abspath(written) == os.path.abspath(cleaned)  # noqa: PTH100 - touches no file
