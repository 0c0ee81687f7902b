"""Where a batch stands, as its journal has it: while it runs, after it was killed, when it is done.

::

    status = read_status(Path("CLEAN"))
    status.state        # "running", "paused", "waiting", "finished", "interrupted" or "killed"

``StateKeeper`` writes it while the batch runs; anybody may read it meanwhile, and nothing on the
disk changes by that.
"""

from __future__ import annotations

import json
import os
import platform
import time
from contextlib import suppress
from dataclasses import asdict, dataclass, field, fields, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final, Literal, TypeAlias

import psutil

from dashcam_pipeline.batch.events import (
    BatchFinished,
    BatchStarted,
    ClipDone,
    ClipFailed,
    ClipLeft,
    ClipProgressed,
    ClipRetried,
    ClipStarted,
    Paused,
    Resumed,
    Waiting,
)
from dashcam_pipeline.batch.journal import Journal, journal_path
from dashcam_pipeline.errors import BatchError, CancelledError, InputMissingError, OutputError
from dashcam_pipeline.translation import _

if TYPE_CHECKING:
    from pathlib import Path

    from dashcam_pipeline.batch.events import Event

State: TypeAlias = Literal["running", "paused", "waiting", "finished", "interrupted", "killed"]

SCHEMA_VERSION: Final = 1

EVERY_SECONDS: Final = 2.0
"""How often the journal hears how far recordings are."""

NAMED: Final = 100
"""Failures that are kept by name; ``report.csv`` has all of them."""

_SAME_START: Final = 5.0
"""Seconds that two readings of when a process began may lie apart: the clock was set meanwhile."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ClipState:
    """A recording that is at work, or was when the batch ended.

    Args:
        path: relative to the input.
        worker: that does it.
        bytes: of it.
        frames: written so far.
        expected: frames there will be; None where nothing tells.
    """

    path: str
    worker: int = 0
    bytes: int = 1
    frames: int = 0
    expected: int | None = None

    @property
    def share(self) -> float:
        """That is done of it, 0 to 1."""
        return min(1.0, self.frames / self.expected) if self.expected else 0.0


@dataclass(slots=True, kw_only=True)
class BatchStatus:
    """Where the last run into an output folder stands.

    Args:
        state: ``waiting`` is that of a watched folder with nothing to do; ``killed`` that of a run
            which ended without a word: by a power cut, or a signal that leaves none.
        input: what it cleans.
        host, pid, born: the process, and when it began in seconds since 1970.
        started, updated: ISO 8601, UTC; when it began, and was last heard of.
        clips, bytes: that there was something to do with, when it began.
        settled, settled_bytes: of them; their fate is known.
        counts: recordings by fate, also of those that there was nothing to do with.
        running: recordings at work.
        failed: path and reason of those that failed in this run, of the first ``NAMED``.
        exit_code: None while it runs, or if it was killed.
        watches: True of a folder that is watched: it ends when somebody ends it.
        planned: False until it is known what there is to do.
    """

    state: State = "running"
    input: str = ""
    host: str = ""
    pid: int = 0
    born: float = 0.0
    started: str = ""
    updated: str = ""
    clips: int = 0
    bytes: int = 0
    settled: int = 0
    settled_bytes: int = 0
    counts: dict[str, int] = field(default_factory=dict)
    running: list[ClipState] = field(default_factory=list)
    failed: list[tuple[str, str]] = field(default_factory=list)
    exit_code: int | None = None
    watches: bool = False
    planned: bool = True

    @property
    def share(self) -> float | None:
        """That is done of the work, 0 to 1, by bytes; None where there is none."""
        if not self.bytes:
            return None
        part = sum(clip.bytes * clip.share for clip in self.running)
        return min(1.0, (self.settled_bytes + part) / self.bytes)

    def to_dict(self) -> dict[str, Any]:
        """JSON-able."""
        return {"schema_version": SCHEMA_VERSION, "share": self.share, **asdict(self)}


def read_status(output: Path) -> BatchStatus:
    """Where the last run into an output folder stands; nothing is written.

    Args:
        output: folder of the results.

    Raises:
        InputMissingError: no batch has written there.
        OutputError: the journal can't be read.
    """
    path = journal_path(output)
    if not path.exists():
        raise InputMissingError(
            _("{output} holds no journal of a batch.", output=output),
            advice=_("Name the folder that `dashcam batch` writes into."),
        )
    with Journal(path, writable=False) as journal:
        text = journal.state
        if not text:
            raise InputMissingError(
                _("the journal in {output} is of an older version, or new.", output=output),
                advice=_("Run the batch again: what is done is skipped."),
            )
        status = _read(text, path)
    at_work = status.state in {"running", "paused", "waiting"}
    if at_work and status.host == platform.node() and not _lives(status.pid, status.born):
        status.state = "killed"
    return status


def _read(text: str, path: Path) -> BatchStatus:
    try:
        facts = json.loads(text)
        known = {f.name for f in fields(BatchStatus)}
        facts["running"] = [ClipState(**clip) for clip in facts["running"]]
        return BatchStatus(**{name: value for name, value in facts.items() if name in known})
    except (ValueError, TypeError, KeyError) as error:
        raise OutputError(
            _("the journal {path} can't be read: {error}.", path=path, error=error),
            advice=_("Run the batch again: what is done is skipped."),
        ) from error


def _lives(pid: int, born: float) -> bool:
    """Whether a process is the one that it was, and at work: not dead with nobody told yet."""
    try:
        process = psutil.Process(pid)
        same = abs(process.create_time() - born) < _SAME_START
        return same and process.status() != psutil.STATUS_ZOMBIE
    except psutil.Error:
        return False


class StateKeeper:
    """Keeps the journal's word of where a batch stands; called with each ``Event``.

    Args:
        journal: of the batch.
        source: what it cleans.
        watches: True if it is watched.
    """

    def __init__(self, journal: Journal, source: Path, *, watches: bool = False) -> None:
        self._journal, self._before = journal, journal.state
        now = _now()
        self._status = BatchStatus(
            input=str(source.absolute()),
            host=platform.node(),
            pid=os.getpid(),
            born=psutil.Process().create_time(),
            started=now,
            watches=watches,
            planned=watches,
        )
        self._running: dict[str, ClipState] = {}
        self._next = 0.0
        self._write()  # looking at what there is to do takes minutes, and may be cut off

    def __call__(self, event: Event) -> None:
        """Note what happened; how far recordings are, only every few seconds."""
        match event:
            case ClipProgressed() if event.path in self._running:
                self._running[event.path] = replace(
                    self._running[event.path], frames=event.frames, expected=event.expected
                )
            case ClipStarted():
                self._running[event.path] = ClipState(
                    path=event.path, worker=event.worker, bytes=event.bytes
                )
            case ClipRetried() | ClipLeft():
                self._running.pop(event.path, None)
            case ClipDone() | ClipFailed():
                self._settle(event)
            case _:
                self._note(event)
        if not isinstance(event, ClipProgressed) or time.monotonic() >= self._next:
            self._write()

    def give_up(self, *, interrupted: bool) -> None:
        """Say that it ended before it was known what there is to do; nothing once it was.

        Args:
            interrupted: by Ctrl-C. Else it was refused, and the run before it has the last word.
        """
        if self._status.planned:
            return
        if interrupted:
            self._status.state, self._status.exit_code = "interrupted", CancelledError.exit_code
            self._write()
            return
        with suppress(OutputError):
            self._journal.state = self._before

    def _note(self, event: Event) -> None:
        """What the run as a whole does."""
        status = self._status
        match event:
            case BatchStarted():
                status.state, status.exit_code, status.planned = "running", None, True
                # of a watched folder there are several; what the last one left is in the next
                status.clips = status.settled + event.clips
                status.bytes = status.settled_bytes + event.bytes
            case Paused():
                status.state = "paused"
            case Resumed():
                status.state = "running"
            case Waiting():
                status.state, status.exit_code = "waiting", None
            case BatchFinished():
                broken_off = event.exit_code not in {0, BatchError.exit_code}
                status.state = "interrupted" if broken_off else "finished"
                status.exit_code = event.exit_code
                status.counts = {fate: n for fate, n in event.counts.items() if n}

    def _settle(self, event: ClipDone | ClipFailed) -> None:
        status = self._status
        clip = self._running.pop(event.path, None)
        if clip is not None:
            status.settled += 1
            status.settled_bytes += clip.bytes
        fate = "failed" if isinstance(event, ClipFailed) else event.status
        status.counts[fate] = status.counts.get(fate, 0) + 1
        if isinstance(event, ClipFailed) and len(status.failed) < NAMED:
            status.failed.append((event.path, event.reason))

    def _write(self) -> None:
        self._next = time.monotonic() + EVERY_SECONDS
        self._status.running = list(self._running.values())
        self._status.updated = _now()
        # A full disk is said by the recording that meets it, whose work is worth more than this.
        with suppress(OutputError):
            self._journal.state = json.dumps(asdict(self._status))


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")
