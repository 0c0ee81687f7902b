"""What became of a batch: a table for people, JSON and CSV for machines."""

from __future__ import annotations

import csv
import io
import json
import os
from dataclasses import asdict, dataclass, field, fields, replace
from typing import TYPE_CHECKING, Any, Final, Literal, TypeAlias

from dashcam_pipeline._version import __version__
from dashcam_pipeline.engine.readable import duration, one_line
from dashcam_pipeline.engine.report import SYNTHETIC
from dashcam_pipeline.engine.size_plan import is_much_larger
from dashcam_pipeline.errors import BatchError, OutputExistsError
from dashcam_pipeline.inference.digest import ordinary
from dashcam_pipeline.media.atomic import write_whole
from dashcam_pipeline.translation import _, _n, joined

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

Fate: TypeAlias = Literal["done", "damaged", "skipped", "bright", "failed", "not reached"]

FATES: Final[dict[Fate, str]] = {
    "done": _("cleaned"),
    "damaged": _("cleaned as far as the damage allowed"),
    "skipped": _("done before"),
    "bright": _("left out: taken by day"),
    "failed": _("failed"),
    "not reached": _("not reached: the run ended before"),
}
"""What a recording's fate is called, in the order of the table."""

SCHEMA_VERSION: Final = 1

JSON_NAME: Final = "report.json"
CSV_NAME: Final = "report.csv"

_NAMED: Final = 20
"""Recordings named in the table; the files name all of them."""


@dataclass(frozen=True, slots=True)
class ClipResult:
    """What became of a recording.

    Args:
        path: relative to the input.
        status: its fate.
        reason: why, where that isn't clear.
        output: relative to the output folder; empty without one.
        recorded: ISO 8601, the camera's clock.
        camera: empty where the name doesn't say.
        frames: written in this run.
        seconds: that it took in this run.
        attempts: in this run.
        sha256: of the source, empty if it wasn't read to the end.
        source_bytes, output_bytes: sizes of both files, where it was cleaned in this run.
        held: share of the time in which quality was given up for a size, 0 to 1.
        not_kept: tracks that its container can't hold, and why; empty if there are none.
        advice: what to do about a failure; not in the table.
    """

    path: str
    status: Fate
    reason: str = ""
    output: str = ""
    recorded: str = ""
    camera: str = ""
    frames: int = 0
    seconds: float = 0.0
    attempts: int = 0
    sha256: str = ""
    source_bytes: int = 0
    output_bytes: int = 0
    held: float = 0.0
    not_kept: str = ""
    advice: str = ""


_FIELDS: Final = tuple(f.name for f in fields(ClipResult) if f.name != "advice")

_HEAD: Final = ",".join(_FIELDS[: _FIELDS.index("sha256") + 1]).encode()
"""How a table of ours begins, also one that an earlier version wrote."""

_KEYS: Final = (b'"schema_version"', b'"exit_code"', b'"counts"')
"""What a report of ours has at its beginning."""

_LOOK: Final = 4096


@dataclass(slots=True)
class BatchReport:
    """What became of a batch.

    Args:
        input, output: the two folders.
        clips: in order of their paths.
        refused: recordings that were not wanted, by reason.
        sidecars: copied along in this run.
        warnings: what the user should know.
        seconds: wall time.
        workers: that shared the work.
        settings: of ``CleanConfig``.
        recipe: its digest.
        synthetic: True if a stage shows what the camera never saw.
        interrupted: True if the run was ended before its time; another one goes on.
        stopped_by: why nothing more was begun: ``disk`` (full), ``card`` (taken out); else empty.
    """

    input: str
    output: str
    clips: list[ClipResult] = field(default_factory=list)
    refused: dict[str, int] = field(default_factory=dict)
    sidecars: int = 0
    warnings: list[str] = field(default_factory=list)
    seconds: float = 0.0
    workers: int = 1
    settings: dict[str, Any] = field(default_factory=dict)
    recipe: str = ""
    interrupted: bool = False
    synthetic: bool = False
    stopped_by: Literal["", "disk", "card"] = ""

    @property
    def counts(self) -> dict[Fate, int]:
        """Recordings by fate."""
        counts = dict.fromkeys(FATES, 0)
        for clip in self.clips:
            counts[clip.status] += 1
        return counts

    @property
    def exit_code(self) -> int:
        """0 only if nothing failed and all was reached."""
        counts = self.counts
        return BatchError.exit_code if counts["failed"] or counts["not reached"] else 0

    def to_dict(self) -> dict[str, Any]:
        """JSON-able."""
        return {
            "schema_version": SCHEMA_VERSION,
            "version": __version__,
            "exit_code": self.exit_code,
            "counts": self.counts,
            **asdict(self),
        }

    def after(self, earlier: BatchReport) -> BatchReport:
        """This report together with that of an earlier part of the same run.

        What the earlier part made is not "done before".
        """
        clips = {clip.path: clip for clip in earlier.clips}
        made = {clip.path for clip in earlier.clips if clip.status in {"done", "damaged"}}
        clips |= {
            clip.path: clip
            for clip in self.clips
            if clip.status != "skipped" or clip.path not in made
        }
        refused = dict(earlier.refused)
        for reason, count in self.refused.items():
            refused[reason] = refused.get(reason, 0) + count
        return replace(
            self,
            clips=sorted(clips.values(), key=lambda clip: clip.path),
            refused=refused,
            sidecars=self.sidecars + earlier.sidecars,
            warnings=list(dict.fromkeys((*earlier.warnings, *self.warnings))),
            seconds=self.seconds + earlier.seconds,
            interrupted=any(clip.status == "not reached" for clip in clips.values()),
        )

    def write(self, folder: Path) -> None:
        """Write ``report.json`` and ``report.csv``; each appears only when it is whole.

        Raises:
            OutputError: they can't be written.
        """
        text = json.dumps(self.to_dict(), indent=1, ensure_ascii=False)
        rows = io.StringIO(newline="")
        writer = csv.DictWriter(rows, _FIELDS, extrasaction="ignore")
        writer.writeheader()
        writer.writerows(asdict(clip) for clip in self.clips)
        write_whole(folder / JSON_NAME, f"{text}\n", overwrite=True)
        write_whole(folder / CSV_NAME, rows.getvalue(), overwrite=True)

    def table(self) -> str:
        """What was done, for people; several lines."""
        counts = self.counts
        rows = [(str(counts[fate]), words) for fate, words in FATES.items() if counts[fate]]
        rows += [
            (str(count), _("left out: {reason}", reason=one_line(reason)))
            for reason, count in self.refused.items()
        ]
        if self.sidecars:
            words = _n("sidecar copied along", "sidecars copied along", self.sidecars)
            rows.append((str(self.sidecars), words))
        width = max((len(count) for count, _words in rows), default=1)
        lines: list[str] = [joined("  ", (f"{count:>{width}}", words)) for count, words in rows]
        lines = lines or [_("no recordings")]
        for fate, heading in (("failed", _("failed")), ("damaged", _("damaged"))):
            lines += _named(heading, [(c.path, c.reason) for c in self.clips if c.status == fate])
        lines += _named(_("not kept"), [(c.path, c.not_kept) for c in self.clips if c.not_kept])
        lines += self._sizes()
        if self.synthetic and counts["done"] + counts["damaged"] + counts["skipped"]:
            lines.append(joined(": ", (_("synthetic"), SYNTHETIC)))
        frames = sum(clip.frames for clip in self.clips)
        if frames and self.seconds > 0:
            lines.append(
                _n(
                    "{n} frame in {time} ({rate:.1f} a second, {workers} at a time)",
                    "{n} frames in {time} ({rate:.1f} a second, {workers} at a time)",
                    frames,
                    time=duration(self.seconds),
                    rate=frames / self.seconds,
                    workers=self.workers,
                )
            )
        return joined("\n", lines)

    def _sizes(self) -> list[str]:
        """What is to be said of results' sizes."""
        lines: list[str] = []
        if held := sum(1 for clip in self.clips if clip.held):
            lines.append(
                _n(
                    "quality was given up in {n} recording, to keep to {size}",
                    "quality was given up in {n} recordings, to keep to {size}",
                    held,
                    size=self.settings.get("max_size"),
                )
            )
        grown = [c for c in self.clips if is_much_larger(c.output_bytes, c.source_bytes)]
        if grown:
            lines.append(
                _n(
                    "{n} result is more than twice as large as its source; "
                    "`max_size=1x` keeps it from growing",
                    "{n} results are more than twice as large as their sources; "
                    "`max_size=1x` keeps them from growing",
                    len(grown),
                )
            )
        return lines


def _named(heading: str, clips: Sequence[tuple[str, str]]) -> list[str]:
    """Recordings and what is to be said of each, as far as a table goes."""
    lines = [one_line(joined(": ", (heading, *clip))) for clip in clips[:_NAMED]]
    if len(clips) > _NAMED:
        more = _("{n} more, all of them in {file}", n=len(clips) - _NAMED, file=CSV_NAME)
        lines.append(joined(": ", (heading, more)))
    return lines


def is_report(path: Path) -> bool:
    """Whether a file is the report of a batch, or its table."""
    try:
        ordinary(path)
        with path.open("rb") as file:
            begin = file.read(_LOOK)
    except OSError:
        return False
    return begin.startswith(_HEAD) or all(key in begin for key in _KEYS)


def check_reports(folder: Path, *, overwrite: bool = False) -> None:
    """Refuse to replace other files that have the reports' names.

    Args:
        folder: of the results.
        overwrite: True allows it.

    Raises:
        OutputExistsError: there is one, or a folder, which nothing replaces.
    """
    for path in (folder / JSON_NAME, folder / CSV_NAME):
        if path.is_dir() and not path.is_symlink():
            raise OutputExistsError(
                _("{path} is a folder, and a report of the batch goes there.", path=path),
                advice=_("Move it away, or name another output folder."),
            )
        if not overwrite and os.path.lexists(path) and not is_report(path):
            raise OutputExistsError(
                _("{path} is there already, and is no report of a batch.", path=path),
                advice=_("Move it away, name another output folder, or pass `overwrite=True`."),
            )
