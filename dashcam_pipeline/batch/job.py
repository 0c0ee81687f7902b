"""One recording of a batch, as plain data in and out: the same on this machine and on a cluster."""

from __future__ import annotations

import os
import time
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Literal, TypeAlias

from dashcam_pipeline.batch.night import is_bright
from dashcam_pipeline.batch.resumable import clean_resumable
from dashcam_pipeline.config import make_config
from dashcam_pipeline.errors import (
    DamagedError,
    DashcamError,
    DiskFullError,
    InputError,
    OutputExistsError,
    UsageError,
)
from dashcam_pipeline.media.destination import choose_output_path
from dashcam_pipeline.media.output_checks import check_output
from dashcam_pipeline.media.probe import probe
from dashcam_pipeline.provenance import sha256_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from dashcam_pipeline.engine.workers import Progress

OutcomeStatus: TypeAlias = Literal["done", "damaged", "bright", "unchanged", "failed"]

_FINAL: Final = (InputError, UsageError, DiskFullError, OutputExistsError, DamagedError)
"""Trying again changes nothing; other failures get a second try."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """A recording to be cleaned.

    Args:
        path: relative to the input tree; the name of the job.
        source: absolute path.
        folder: absolute, where the output goes; made if it isn't there.
        work: absolute, for segments of this recording alone.
        config: a mapping of ``CleanConfig``'s fields.
        recipe: digest.
        segment_seconds: length of a segment.
        ending: added to the output's stem, where two recordings would have the same name.
        known_sha256: of the source on record; if it still is that, nothing is done.
        night_only: True leaves out what was taken by day.
        may_replace: True if an output of this name is ours.
    """

    path: str
    source: str
    folder: str
    work: str
    config: dict[str, Any]
    recipe: str
    segment_seconds: float
    ending: str = ""
    known_sha256: str = ""
    night_only: bool = False
    may_replace: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What became of a job.

    Args:
        status: ``done``, ``damaged`` (done, but parts of the source were lost), ``bright`` (left
            out), ``unchanged`` (the source is the one on record) or ``failed``.
        reason: for people.
        size, mtime_ns: of the source, as it was before the work began.
        sha256: of the source; empty if it wasn't read to the end.
        output: absolute path; empty without one.
        output_size, output_mtime_ns: of the output.
        frames: written.
        seconds: that it took.
        exit_code: of the failure.
        retry: True if a second try could help.
        disk_full: True if nothing more can be written where the output goes.
        report: ``RunReport.to_dict()``; empty without one.
    """

    status: OutcomeStatus
    reason: str = ""
    size: int = 0
    mtime_ns: int = 0
    sha256: str = ""
    output: str = ""
    output_size: int = 0
    output_mtime_ns: int = 0
    frames: int = 0
    seconds: float = 0.0
    exit_code: int = 0
    retry: bool = False
    disk_full: bool = False
    report: dict[str, Any] | None = None

    def to_dict(self) -> dict[str, Any]:
        """JSON-able."""
        return asdict(self)


def run_job(
    data: Mapping[str, Any], progress: Callable[[Progress], None] | None = None
) -> dict[str, Any]:
    """Do a job.

    Args:
        data: ``asdict`` of a ``Job``.
        progress: as of ``clean``.

    Returns:
        ``Outcome.to_dict()``; what goes wrong with a recording is an outcome, not an exception.
    """
    begin = time.perf_counter()
    job = Job(**data)
    try:
        outcome = _run(job, progress)
    except DashcamError as error:
        outcome = Outcome(
            status="failed",
            reason=error.args[0],
            exit_code=error.exit_code,
            retry=not isinstance(error, _FINAL),
            disk_full=isinstance(error, DiskFullError),
        )
    except OSError as error:
        outcome = Outcome(
            status="failed",
            reason=f"{job.source}: {error.strerror or error}",
            exit_code=1,
            retry=True,
        )
    return outcome.to_dict() | {"seconds": time.perf_counter() - begin}


def _run(job: Job, progress: Callable[[Progress], None] | None) -> Outcome:
    source = Path(job.source)
    info = probe(source)  # says clearly what is wrong with a file that can't be read
    status = source.stat()
    facts = Outcome(
        status="unchanged",
        size=status.st_size,
        mtime_ns=status.st_mtime_ns,
        sha256=sha256_of(source),
    )
    if facts.sha256 == job.known_sha256:
        return facts
    if job.night_only and is_bright(source):
        return replace(facts, status="bright", reason="taken by day")
    folder = Path(job.folder)
    folder.mkdir(parents=True, exist_ok=True)
    target = folder / choose_output_path(info, None, ending=job.ending).name
    own = _claimed(job, target)
    report = clean_resumable(
        source,
        target,
        config=make_config(job.config),
        own=own,
        work=Path(job.work),
        recipe=job.recipe,
        segment_seconds=job.segment_seconds,
        progress=progress,
    )
    # File managers and cameras' apps sort by it.
    os.utime(target, ns=(status.st_atime_ns, status.st_mtime_ns))
    made = target.stat()
    return replace(
        facts,
        status="damaged" if report.frames.damaged else "done",
        reason=" ".join(report.warnings),
        output=str(target),
        output_size=made.st_size,
        output_mtime_ns=made.st_mtime_ns,
        frames=report.frames.written,
        report=report.to_dict(),
    )


def _claimed(job: Job, target: Path) -> bool:
    """Claim an output's name; True if what has it already is ours: an interrupted run made it.

    Between an output's appearance and its entry in the journal lies a moment in which all can be
    cut off. So the name is claimed beforehand, once it is known that nobody else's file has it.
    """
    config = make_config(job.config)
    claim = Path(job.work) / "claim"
    ours = claim.exists() and claim.read_text(encoding="utf-8", errors="replace") == target.name
    if not (ours or job.may_replace):
        check_output(Path(job.source), target, overwrite=config.overwrite)
    claim.parent.mkdir(parents=True, exist_ok=True)
    claim.write_text(target.name, encoding="utf-8", errors="replace")
    return True
