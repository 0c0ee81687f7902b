"""One recording of a batch, as plain data in and out: the same on this machine and on a cluster."""

from __future__ import annotations

import logging
import os
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from shutil import rmtree
from typing import TYPE_CHECKING, Any, Final, Literal, TypeAlias

from dashcam_pipeline.batch.fingerprint import fingerprint
from dashcam_pipeline.batch.night import is_bright
from dashcam_pipeline.batch.products import in_the_way
from dashcam_pipeline.batch.resumable import clean_resumable, was_made_here
from dashcam_pipeline.config import make_config
from dashcam_pipeline.engine.control import Control
from dashcam_pipeline.engine.output import is_marked
from dashcam_pipeline.errors import (
    DamagedError,
    DashcamError,
    DeviceError,
    DiskFullError,
    FileTooLargeError,
    InputError,
    ModelError,
    OutputError,
    OutputExistsError,
    SizeLimitError,
    UsageError,
)
from dashcam_pipeline.media.destination import choose_output_path
from dashcam_pipeline.media.output_checks import output_error
from dashcam_pipeline.media.probe import probe
from dashcam_pipeline.provenance import sha256_of
from dashcam_pipeline.translation import _, joined

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from dashcam_pipeline.engine.workers import Progress

logger = logging.getLogger(__name__)

OutcomeStatus: TypeAlias = Literal[
    "done", "damaged", "bright", "product", "unchanged", "refused", "failed"
]

_FINAL: Final = (
    *(InputError, UsageError, DiskFullError, FileTooLargeError, SizeLimitError, DamagedError),
)
"""Trying again changes nothing; other failures get a second try."""

_ELSEWHERE: Final = frozenset((UsageError.exit_code, ModelError.exit_code, DeviceError.exit_code))
"""Exit codes of what is wrong with the settings, or with the machine."""


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
        results: True cleans results of dashcam, too.
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
    results: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What became of a job.

    Args:
        status: ``done``, ``damaged`` (done, but parts of the source were lost), ``bright`` and
            ``product`` (left out), ``unchanged`` (the source is the one on record), ``refused``
            (something stands in the place of the result) or ``failed``.
        reason: for people.
        advice: what to do about it; empty where nothing helps.
        size, mtime_ns: of the source, as it was before the work began.
        sha256, fingerprint: of the source; empty if it wasn't read to the end.
        output: absolute path; empty without one.
        output_size, output_mtime_ns, output_fingerprint: of the output.
        frames: written.
        seconds: that it took.
        exit_code: of the failure.
        retry: True if a second try could help.
        disk_full: True if nothing more can be written where the output goes.
        report: ``RunReport.to_dict()``; empty without one.
    """

    status: OutcomeStatus
    reason: str = ""
    advice: str = ""
    size: int = 0
    mtime_ns: int = 0
    sha256: str = ""
    fingerprint: str = ""
    output: str = ""
    output_size: int = 0
    output_mtime_ns: int = 0
    output_fingerprint: str = ""
    frames: int = 0
    seconds: float = 0.0
    exit_code: int = 0
    retry: bool = False
    disk_full: bool = False
    report: dict[str, Any] | None = None

    @property
    def is_fault_of_recording(self) -> bool:
        """Whether it failed, and would fail again without any change to the recording or settings.

        Weights, a device, a full disk or a folder that can't be written to are others' faults; a
        recording that crashed its worker is to blame itself.
        """
        elsewhere = self.exit_code in _ELSEWHERE or self.disk_full
        unwritten = self.exit_code == OutputError.exit_code and self.retry
        return self.status == "failed" and not (elsewhere or unwritten)

    def to_dict(self) -> dict[str, Any]:
        """JSON-able."""
        return asdict(self)


def run_job(
    data: Mapping[str, Any],
    progress: Callable[[Progress], None] | None = None,
    control: Control | None = None,
) -> dict[str, Any]:
    """Do a job.

    Args:
        data: ``asdict`` of a ``Job``.
        progress, control: as of ``clean``.

    Returns:
        ``Outcome.to_dict()``; what goes wrong with a recording is an outcome, not an exception.
    """
    control = control or Control()
    begin = control.clock()
    job = Job(**data)
    try:
        outcome = _run(job, progress, control)
    except OutputExistsError as error:
        outcome = Outcome(
            status="refused",
            reason=error.args[0],
            advice=error.advice,
            exit_code=error.exit_code,
        )
    except DashcamError as error:
        if isinstance(error, FileTooLargeError | SizeLimitError):
            # They would be joined to no end, and fill the disk for the others.
            rmtree(job.work, ignore_errors=True)
        outcome = Outcome(
            status="failed",
            reason=error.args[0],
            advice=error.advice,
            exit_code=error.exit_code,
            retry=not isinstance(error, _FINAL),
            disk_full=isinstance(error, DiskFullError),
        )
    except OSError as error:
        outcome = Outcome(
            status="failed",
            reason=_("{source}: {reason}", source=job.source, reason=error.strerror or error),
            exit_code=DashcamError.exit_code,
            retry=True,
        )
    except Exception as error:  # whatever it is, it is this recording's alone
        logger.debug("%s", job.source, exc_info=True)
        outcome = Outcome(
            status="failed",
            reason=_("unexpected {kind}: {error}", kind=type(error).__name__, error=error),
            exit_code=DashcamError.exit_code,
            retry=True,
        )
    return outcome.to_dict() | {"seconds": control.clock() - begin}


def _run(job: Job, progress: Callable[[Progress], None] | None, control: Control | None) -> Outcome:
    source = Path(job.source)
    info = probe(source)  # says clearly what is wrong with a file that can't be read
    if not job.results and is_marked(info.metadata):
        return Outcome(status="product")
    status = source.stat()
    facts = Outcome(
        status="unchanged",
        size=status.st_size,
        mtime_ns=status.st_mtime_ns,
        sha256=sha256_of(source),
        fingerprint=fingerprint(source),
    )
    if facts.sha256 == job.known_sha256:
        return facts
    if job.night_only and is_bright(source):
        return replace(facts, status="bright", reason=_("taken by day"))
    # Segments and outputs that a run left behind are only of use to the same source.
    job = replace(job, recipe=f"{job.recipe} {facts.sha256}")
    target = Path(job.folder) / choose_output_path(info, None, ending=job.ending).name
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise output_error(error, target) from error
    config = make_config(job.config)
    report = clean_resumable(
        source,
        target,
        config=config,
        own=not config.overwrite and _is_own(job, target),
        work=Path(job.work),
        recipe=job.recipe,
        segment_seconds=job.segment_seconds,
        progress=progress,
        control=control,
    )
    warnings = (*report.warnings, *_keep_times(target, status))
    made = target.stat()
    return replace(
        facts,
        status="damaged" if report.frames.damaged else "done",
        reason=joined(" ", warnings),
        output=str(target),
        output_size=made.st_size,
        output_mtime_ns=made.st_mtime_ns,
        output_fingerprint=fingerprint(target),
        frames=report.frames.written,
        report=report.to_dict(),
    )


def _is_own(job: Job, target: Path) -> bool:
    """Whether a result of that name is our own: an interrupted run made it of this very recording.

    Between an output's appearance and its entry in the journal lies a moment in which all can be
    cut off. Such an output is known by what the run noted just before.

    Raises:
        OutputExistsError: another file has the name of the output, or of what goes along with it.
    """
    if was_made_here(Path(job.work), target, job.recipe):
        return True
    obstacle = in_the_way(target)
    if obstacle is not None:
        raise OutputExistsError(
            _(
                "{obstacle} is there already, and wasn't made of this recording with "
                "these settings; it is kept, unless `overwrite=True` is given",
                obstacle=obstacle,
            )
        )
    return False


def _keep_times(target: Path, status: os.stat_result) -> tuple[str, ...]:
    """Give an output its source's times, by which file managers and cameras' apps sort."""
    try:
        os.utime(target, ns=(status.st_atime_ns, status.st_mtime_ns))
    except (OSError, OverflowError) as error:  # a date that this file system can't hold
        return (f"its file time could not be kept: {error}.",)
    return ()
