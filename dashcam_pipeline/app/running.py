"""One job of the queue at work: a batch in a child process, driven as the command line drives it.

The child says what happens, as events of ``batch.events``; the batch's journal keeps it. A child
whose server is gone ends in an orderly way: the next one goes on where it was.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from dashcam_pipeline.errors import DashcamError, DiskFullError, InputMissingError
from dashcam_pipeline.translation import _

if TYPE_CHECKING:
    from collections.abc import Callable
    from multiprocessing.connection import Connection
    from multiprocessing.context import SpawnProcess

    from dashcam_pipeline.engine.control import Control

ORPHAN_SECONDS: Final = 15.0
"""How long a child whose server is gone may take to end in an orderly way."""

LOCK_SECONDS: Final = 20.0
"""How long a job waits for a run on its output folder to end: that of a killed server."""

GRACE_SECONDS: Final = 8.0
"""How long a child may take to end when the server does."""

SAME_SECONDS: Final = 2.0
"""By which a file's time may differ and be the same: as exact as a card's file system has it."""

MISSING: Final = (
    _("It is no longer in its folder."),
    _("Put it back, or take the job off the list."),
)
"""What is said of a recording that went away while it waited, and what to do about it."""

_LAST: Final = frozenset(("ended", "failed"))
"""Words after which a child says nothing more."""


class Running:
    """A job under way.

    Args:
        work: ``folder``, ``paths``, ``stamps``, ``output``, ``settings``: plain data.
        tell: called from a thread with each word of the child: ``("event", event)``,
            ``("replaced", paths)`` of recordings that are others than those that were queued, and
            once, at the end, ``("ended", interrupted, stopped_by)``, ``("failed", message,
            advice)`` or ``("died",)``.
    """

    def __init__(self, work: dict[str, Any], tell: Callable[[tuple[Any, ...]], None]) -> None:
        context = multiprocessing.get_context("spawn")
        self._pipe, theirs = context.Pipe()
        # Not a daemon: it has children of its own.
        self._process: SpawnProcess = context.Process(
            target=_run, args=(theirs, work), name="dashcam-batch"
        )
        self._process.start()
        theirs.close()  # so that the pipe ends with the process
        self._tell = tell
        threading.Thread(target=self._listen, daemon=True).start()

    def say(self, word: str) -> None:
        """``pause``, ``resume`` or ``cancel``; nothing to a child that has ended."""
        try:
            self._pipe.send(word)
        except OSError:
            return  # its thread says so

    def close(self) -> None:
        """End it in an orderly way, or else at all."""
        self.say("cancel")
        self._process.join(GRACE_SECONDS)
        if self._process.is_alive():
            self._process.kill()
            self._process.join()

    def _listen(self) -> None:
        last: tuple[Any, ...] = ("died",)
        try:
            while last[0] not in _LAST:
                word = self._pipe.recv()
                if word[0] in _LAST:
                    last = word
                else:
                    self._tell(word)
        except (EOFError, OSError):
            pass  # it ended without its last word
        self._process.join()
        self._tell(last)


def _run(pipe: Connection, work: dict[str, Any]) -> None:
    """The main function of the child."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # it is the server that decides
    # Imported here: the server starts without codecs.
    from dashcam_pipeline.batch.events import ClipFailed  # noqa: PLC0415
    from dashcam_pipeline.engine.control import Control  # noqa: PLC0415

    control = Control()
    threading.Thread(target=_obey, args=(pipe, control), daemon=True).start()
    try:
        found = _look(Path(work["folder"]), work["stamps"])
        _say(pipe, "replaced", found.replaced)
        for path in found.missing:
            _say(pipe, "event", ClipFailed(path=path, reason=MISSING[0], advice=MISSING[1]))
        ended = bool(found.there) and _clean(pipe, work, found.there, control)
    except DashcamError as error:
        _say(pipe, "failed", error.args[0], error.advice)
    except Exception as error:  # noqa: BLE001 - said on the page
        said = _("unexpected {kind}: {error}", kind=type(error).__name__, error=error)
        _say(pipe, "failed", said, "")
    else:
        _say(pipe, "ended", ended)


def _say(pipe: Connection, *word: Any) -> None:  # noqa: ANN401 - of each word its own
    """Tell the server something; if it is gone, ``_obey`` ends the work in an orderly way."""
    with suppress(OSError):
        pipe.send(word)


@dataclass(frozen=True, slots=True)
class _Found:
    """What has become of recordings while they waited; their paths."""

    there: list[str]
    missing: list[str]
    replaced: list[str]


def _look(folder: Path, stamps: dict[str, tuple[int, float]]) -> _Found:
    """Look at recordings again.

    Args:
        folder: that they lie in.
        stamps: size and time of each by its path, as it was queued.

    Raises:
        InputMissingError: the folder is gone, or the card that was mounted there.
    """
    from dashcam_pipeline.batch.session import is_gone  # noqa: PLC0415 - as above

    if is_gone(folder):
        raise _gone(folder)
    found = _Found([], [], [])
    for path, (size, seconds) in stamps.items():
        try:
            status = (folder / path).stat()
        except OSError:
            found.missing.append(path)
            continue
        found.there.append(path)
        if status.st_size != size or abs(status.st_mtime - seconds) > SAME_SECONDS:
            found.replaced.append(path)
    return found


def _clean(pipe: Connection, work: dict[str, Any], paths: list[str], control: Control) -> bool:
    """Clean recordings; whether that was ended before its time.

    Raises:
        DashcamError: nothing could be done, or nothing more.
    """
    from dashcam_pipeline.batch.discovery import Selection  # noqa: PLC0415 - as above
    from dashcam_pipeline.batch.driver import run_batch  # noqa: PLC0415
    from dashcam_pipeline.batch.journal import work_folder  # noqa: PLC0415
    from dashcam_pipeline.batch.lock import FolderLock  # noqa: PLC0415
    from dashcam_pipeline.batch.session import BatchOptions  # noqa: PLC0415
    from dashcam_pipeline.media.folders import make_folder  # noqa: PLC0415

    output = Path(work["output"])
    make_folder(output)
    make_folder(work_folder(output))
    with FolderLock(work_folder(output) / "lock", str(output), wait=LOCK_SECONDS):
        pass
    report = run_batch(
        work["folder"],
        output,
        config=work["settings"],
        options=BatchOptions(selection=Selection(paths=frozenset(paths))),
        observer=lambda event: _say(pipe, "event", event),
        control=control,
    )
    if report.stopped_by == "card":
        raise _gone(Path(work["folder"]))
    if report.stopped_by == "disk":
        raise DiskFullError(
            _("There is no space left for the results."),
            advice=_("Free some space on their disk, and go on: what is done stays done."),
        )
    return report.interrupted


def _gone(folder: Path) -> InputMissingError:
    return InputMissingError(
        _("{folder} is gone, or empty.", folder=folder.name or folder),
        advice=_("Put the card back, or the folder, and go on: what is done stays done."),
    )


def _obey(pipe: Connection, control: Control) -> None:
    """Do what the server says; end when it is gone."""
    does = {"pause": control.pause, "resume": control.resume, "cancel": control.cancel}
    try:
        while True:
            does[pipe.recv()]()
    except (EOFError, OSError):
        control.resume()
        control.cancel()
        time.sleep(ORPHAN_SECONDS)
        os._exit(1)  # something holds it up; its workers die with it, and whole segments stay
