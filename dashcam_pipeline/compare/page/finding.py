"""Which clips a page is about, and the recording that each was made of.

A run's own report (``dashcam clean --report``) tells it; without one, ``original`` and names do.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from dashcam_pipeline.errors import InputMissingError, UsageError
from dashcam_pipeline.inference.digest import ordinary
from dashcam_pipeline.media.containers import is_recording

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

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

_WHY: Final = {"bright": "taken by day", "not reached": "the run ended before"}
"""Why a batch left a clip out, where it gives no reason of its own."""

PROVENANCE: Final = "dashcam_pipeline/provenance"
"""The schema of the record beside an output."""

FILES: Final = "_files"
"""Ending of the folder beside a page."""

_JSON_LIMIT: Final = 64 << 20


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
    """

    cleaned: Path | None
    source: Path | None
    record: Mapping[str, Any] = field(default_factory=dict)
    name: str = ""
    status: str = ""
    reason: str = ""


def find_clips(target: Path, original: Path | None = None) -> list[ClipFiles]:
    """What a page about a file or a folder shows.

    Args:
        target: a cleaned recording, or a folder of them (searched through).
        original: the recording, or the folder of recordings, that it was made of; None looks for
            it where the run's report says, and beside the result.

    Raises:
        InputMissingError: there is nothing at ``target`` or ``original``.
        UsageError: a folder holds no cleaned recording, or ``original`` is of the wrong kind.
    """
    for path in (target, original):
        if path is not None and not path.exists():
            raise InputMissingError(f"{path} does not exist.", advice="Check the name.")
    if target.is_file():
        if original is not None and original.is_dir():
            original = _by_name(target, _videos(original))
        records = _records(target.parent, deep=False)
        return [_found(target, original, records, target.name)]
    if original is not None and original.is_file():
        raise UsageError(
            f"{target} is a folder, but --original {original} is a file.",
            advice="Name the folder of the recordings.",
        )
    return _find_in(target, original)


def _find_in(folder: Path, original: Path | None) -> list[ClipFiles]:
    records = _records(folder, deep=True)
    batch = _read(folder / BATCH)
    if isinstance(batch.get("clips"), list):
        return _of_batch(folder, batch, original, records)
    videos = list(_videos(folder))
    originals = list(_videos(original)) if original is not None else []
    mirrored = {p.relative_to(original).with_suffix(""): p for p in originals if original}
    found = []
    for video in videos:
        place = video.relative_to(folder).with_suffix("")
        source = mirrored.get(place) or _by_name(video, originals)
        found.append(_found(video, source, records, str(video.relative_to(folder))))
    sources = {clip.source.resolve() for clip in found if clip.source is not None}
    clips = [
        clip
        for clip in found
        if clip.cleaned is not None
        and clip.cleaned.resolve() not in sources
        and (clip.source is not None or clip.record)
    ]
    if not clips:
        raise UsageError(
            f"{folder} holds no cleaned recording whose original is known.",
            advice="Name the folder of the originals with --original, or clean with --report.",
        )
    return sorted(clips, key=lambda clip: clip.name)


def _of_batch(
    folder: Path,
    batch: Mapping[str, Any],
    original: Path | None,
    records: Mapping[str, list[_Record]],
) -> list[ClipFiles]:
    """What a batch's own report lists, failures included."""
    came_from = original or Path(str(batch.get("input", "")))
    clips = []
    for entry in batch["clips"]:
        if not isinstance(entry, dict) or not isinstance(entry.get("path"), str):
            continue
        status = _STATUS.get(str(entry.get("status")), "failed")
        output, source = str(entry.get("output") or ""), came_from / entry["path"]
        reason = str(entry.get("reason") or "")
        if status == "skipped":
            reason = reason or _WHY.get(str(entry.get("status")), "")
        cleaned = folder / output if output and (folder / output).is_file() else None
        if cleaned is None and status in {"done", "damaged"}:
            status, reason = "failed", f"{output or entry['path']} is no longer there"
        known = source if source.is_file() else None
        clip = ClipFiles(None, known, {}, entry["path"], status, reason)
        if cleaned is not None:
            found = _found(cleaned, known, records, entry["path"])
            clip = replace(found, status=status, reason=reason)
        seconds = entry.get("seconds")
        if isinstance(seconds, int | float) and seconds > 0 and "timings" not in clip.record:
            timings = {"timings": {"total": seconds}}
            clip = replace(clip, record={**clip.record, **timings})
        clips.append(clip)
    if not clips:
        raise UsageError(f"{folder / BATCH} lists no clip.", advice="Run the batch first.")
    return clips


def _found(
    cleaned: Path, source: Path | None, records: Mapping[str, list[_Record]], name: str
) -> ClipFiles:
    about = [r for r in records.get(cleaned.name, []) if r.is_of(cleaned)]
    for record in about:
        source = source or record.source(cleaned)
    if source is None:
        source = _by_name(cleaned, _videos(cleaned.parent, deep=False))
    # A run's own report knows more (how long it took) than the record beside the output.
    merged: dict[str, Any] = {}
    for record in sorted(about, key=lambda r: "timings" in r.data):
        merged |= record.data
    return ClipFiles(cleaned, source, merged, name)


def _by_name(cleaned: Path, candidates: Iterable[Path]) -> Path | None:
    """A recording of the same name, or of the name without our ending."""
    names = [cleaned.stem] + [cleaned.stem.removesuffix(e) for e in ENDINGS]
    by_stem = {p.stem: p for p in candidates if p.resolve() != cleaned.resolve()}
    return next((by_stem[name] for name in reversed(names) if name in by_stem), None)


def _videos(folder: Path, *, deep: bool = True) -> Iterable[Path]:
    """Recordings below a folder, in order; not hidden ones, comparisons, or a page's own."""
    for path in sorted(folder.rglob("*") if deep else folder.iterdir()):
        inner = path.relative_to(folder).parts
        if not is_recording(path) or path.stem.endswith(OURS):
            continue
        if any(p.startswith(".") for p in inner) or any(p.endswith(FILES) for p in inner[:-1]):
            continue
        if path.is_file():
            yield path


@dataclass(frozen=True, slots=True)
class _Record:
    """A run's report, and where it lies."""

    file: Path
    data: Mapping[str, Any]

    def is_of(self, cleaned: Path) -> bool:
        """True unless it is about another file of the same name that exists elsewhere."""
        written = self._path("output")
        if written is None or written.name != cleaned.name:
            return False
        return (
            not written.exists() or written.samefile(cleaned) or self.file.parent == cleaned.parent
        )

    def source(self, cleaned: Path) -> Path | None:
        """The recording, if it is still where it was, or beside the report or the result."""
        path = self._path("input")
        if path is None:
            return None
        places = [path, self.file.parent / path, self.file.parent / path.name]
        for place in [*places, cleaned.parent / path.name]:
            if place.is_file() and not place.samefile(cleaned):
                return place
        return None

    def _path(self, which: str) -> Path | None:
        facts = self.data.get(which)
        path = facts.get("path") if isinstance(facts, dict) else None
        return Path(path) if isinstance(path, str) and path else None


def _records(folder: Path, *, deep: bool) -> dict[str, list[_Record]]:
    """Reports of runs below a folder, by the name of the file that was written."""
    found: dict[str, list[_Record]] = {}
    for file in sorted(folder.rglob("*.json") if deep else folder.glob("*.json")):
        data = _as_run(_read(file))
        output = data.get("output")
        path = output.get("path") if isinstance(output, dict) else None
        if isinstance(path, str) and isinstance(data.get("input"), dict):
            found.setdefault(Path(path).name, []).append(_Record(file, data))
    return found


def _as_run(data: Mapping[str, Any]) -> Mapping[str, Any]:
    """A provenance record in the words of a run's report; anything else as it is."""
    if data.get("schema") != PROVENANCE:
        return data
    both = ("input", "output")
    named: dict[str, Any] = {key: data[key] for key in both if isinstance(data.get(key), dict)}
    streams = data.get("streams")
    return {
        **data,
        **{key: {**facts, "path": facts.get("name")} for key, facts in named.items()},
        "not_carried": streams.get("not_carried") if isinstance(streams, dict) else [],
        "holes": data.get("holes_s"),
    }


def _read(file: Path) -> Mapping[str, Any]:
    """A JSON object; an empty one where the file is anything else."""
    try:
        if ordinary(file).st_size > _JSON_LIMIT:
            return {}
        data = json.loads(file.read_bytes())
    except (OSError, ValueError):
        return {}  # not ours: cameras and other tools keep JSON files too
    return data if isinstance(data, dict) else {}
