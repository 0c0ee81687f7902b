"""What happens while recordings are cleaned: said to a program, or to whoever shows it.

::

    def show(event: Event) -> None:
        if isinstance(event, ClipProgressed):
            print(event.path, event.frames, event.expected)

    run_batch("SDCARD", "CLEAN", observer=show)

Of a batch there is one ``BatchStarted``, then what becomes of its recordings, then one
``BatchFinished``. Every recording ends once: done, failed or left. ``line`` makes of each event a
line of JSON, as ``--progress json`` writes them; docs/batch.md describes those. Fields may be added
in any version; ``SCHEMA_VERSION`` rises when one goes, or changes its meaning.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, ClassVar, Final, Literal, TypeAlias

if TYPE_CHECKING:
    from dashcam_pipeline.batch.result import Fate

SCHEMA_VERSION: Final = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchStarted:
    """The plan is made; the work begins.

    Args:
        clips: recordings that there is something to do with.
        bytes: of them all; a recording takes about as long as it is large.
        workers: recordings at a time.
    """

    kind: ClassVar[str] = "started"
    clips: int
    bytes: int
    workers: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ClipStarted:
    """A recording is begun, or gone on with.

    Args:
        path: relative to the input; of a single recording, as it was named.
        worker: which one does it, from 0.
        bytes: of the recording, at least 1.
    """

    kind: ClassVar[str] = "clip_started"
    path: str
    worker: int = 0
    bytes: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class ClipProgressed:
    """How far a recording is; a few times a second.

    Args:
        path: of the recording.
        worker: that does it.
        frames: written so far, those of earlier runs among them.
        expected: frames there will be, None where the source doesn't say.
    """

    kind: ClassVar[str] = "clip_progress"
    path: str
    worker: int = 0
    frames: int
    expected: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ClipRetried:
    """A try failed in a way that may pass; there will be another ``ClipStarted``.

    Args:
        path: of the recording.
        reason: why it failed.
    """

    kind: ClassVar[str] = "clip_retried"
    path: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ClipDone:
    """Nothing is left to do with a recording.

    Args:
        path: of the recording.
        status: ``done``; ``damaged`` (the source was, and what could be decoded is there);
            ``skipped`` (done before, or a result itself) or ``bright`` (left out, taken by day).
        reason: what is to be said of it; mostly empty.
        output: relative to the output folder; of a single recording, as it was named. Empty
            without one.
        frames: written.
        seconds: that it took.
        attempts: in this run; 0 of what was done before.
        not_kept: tracks that its container can't hold, and why; mostly empty.
    """

    kind: ClassVar[str] = "clip_done"
    path: str
    status: Fate
    reason: str = ""
    output: str = ""
    frames: int = 0
    seconds: float = 0.0
    attempts: int = 0
    not_kept: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ClipFailed:
    """A recording failed; there is no output of it.

    Args:
        path: of the recording.
        reason: why, a sentence.
        advice: what to do about it; empty where nothing helps.
        attempts: in this run; 0 of what was refused at once.
    """

    kind: ClassVar[str] = "clip_failed"
    path: str
    reason: str
    advice: str = ""
    attempts: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class ClipLeft:
    """A recording was begun and is left unfinished: a later run goes on with it.

    Args:
        path: of the recording.
        reason: why.
    """

    kind: ClassVar[str] = "clip_left"
    path: str
    reason: str


@dataclass(frozen=True, slots=True)
class Paused:
    """The work stands still, once the frames that are at work are done."""

    kind: ClassVar[str] = "paused"


@dataclass(frozen=True, slots=True)
class Resumed:
    """The work goes on."""

    kind: ClassVar[str] = "resumed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """There is nothing to do at the moment; only where a folder is watched.

    Args:
        wanted: ``card`` (the folder isn't there) or ``clips`` (nothing new is in it).
        growing: recordings that are still being written.
    """

    kind: ClassVar[str] = "waiting"
    wanted: Literal["card", "clips"]
    growing: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Warned:
    """Something that the user should know.

    Args:
        text: a sentence.
    """

    kind: ClassVar[str] = "warning"
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchFinished:
    """The work has ended; ``report.json`` is written.

    Args:
        exit_code: of the command line.
        counts: recordings by fate, as in the report.
        seconds: that it took, pauses left out.
        interrupted: True if it was ended before its time; another run goes on.
    """

    kind: ClassVar[str] = "finished"
    exit_code: int
    counts: dict[Fate, int] = field(default_factory=dict)
    seconds: float = 0.0
    interrupted: bool = False


Event: TypeAlias = (
    BatchStarted
    | ClipStarted
    | ClipProgressed
    | ClipRetried
    | ClipDone
    | ClipFailed
    | ClipLeft
    | Paused
    | Resumed
    | Waiting
    | Warned
    | BatchFinished
)


def line(event: Event) -> str:
    """An event as JSON in one line of ASCII, whatever a file is called."""
    return json.dumps({"event": event.kind, "version": SCHEMA_VERSION, **asdict(event)})
