"""A target and what goes along with it, written by one run alone, and named together.

A part's name is new each time and opened exclusively, so that neither another run nor a link that
lies there is ever written through. Names are given when every part is on the disk, in the order in
which the parts were begun: what is begun last completes the set. While that is done, Ctrl-C waits;
if it fails in the middle, everything is as it was. What runs that were killed left behind is
removed, or put back, by the next one on the same target, once their lock is free.
"""

from __future__ import annotations

import os
import secrets
from typing import TYPE_CHECKING, Final, Self

from dashcam_pipeline.errors import OutputError, OutputExistsError
from dashcam_pipeline.inference.digest import short_name
from dashcam_pipeline.media.given import GIVEN
from dashcam_pipeline.media.interrupts import deferred_interrupts
from dashcam_pipeline.media.lock import TargetLock
from dashcam_pipeline.media.names import check_name, cut
from dashcam_pipeline.media.output_checks import exists_error, no_folder, output_error
from dashcam_pipeline.media.part_file import PART, PartFile
from dashcam_pipeline.media.renaming import name_new, second_name, sync_folder
from dashcam_pipeline.translation import _

if TYPE_CHECKING:
    from pathlib import Path
    from types import TracebackType

_OLD: Final = f".old{PART}"
"""Ending of a replaced file until its replacement is complete."""

_LOCK: Final = ".lock"

_READABLE: Final = 80
"""Bytes of the target's own name in those of its parts: they fit where 143 bytes are allowed."""

_DIGITS: Final = 8


class Claim:
    """A target, and what goes along with it, that this run alone writes; a context manager.

    Args:
        target: the file's name when it is whole.
        overwrite: True replaces what has that name, or one of its companions' names.
        own: True replaces what has that name, for it is our own.
        wait: seconds to wait for another run on the same target.

    Raises:
        OutputExistsError: the target exists, and ``overwrite`` is False.
        OutputError: another run is at work on it, its name is too long here, or its folder can't be
            written to.
    """

    def __init__(
        self, target: Path, *, overwrite: bool, own: bool = False, wait: float = 0.0
    ) -> None:
        self.target = target
        self._overwrite = overwrite
        self._own = {target} if own else set()
        self._dropped: set[Path] = set()
        self.broken_off = False
        """True if a run was killed while it named its parts; what it named was its to write."""
        self._parts: list[PartFile] = []
        self._token = secrets.token_hex(_DIGITS // 2)
        _need_no_folder(target)
        if not target.parent.is_dir():
            raise no_folder(target)  # which the lock would make
        self._need_new()
        digest = short_name(os.fsencode(target.name))[:_DIGITS]
        self._prefix = f"{cut(target.name, _READABLE)}.{digest}."
        self._lock = TargetLock(target.with_name(self._prefix.rstrip(".") + _LOCK), target)
        try:
            with deferred_interrupts():
                self._lock.acquire(wait)
                self._clear()
                self._need_new()  # a run may have ended just then, or a former file be back
                check_name(target)
        except BaseException as error:
            self.release()
            if isinstance(error, OSError):
                raise output_error(error, target) from error
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.release()

    def include(self, ending: str, *, own: bool = False) -> Path:
        """Claim a companion's name as well: the target's, and an ending.

        Args:
            ending: such as ``.gpx``.
            own: True if a file of that name is the target's own, and may be replaced.

        Returns:
            the companion's path.

        Raises:
            OutputExistsError: it exists, is not the target's own, and may not be replaced.
            OutputError: its name is too long here.
        """
        path = self._path(ending)
        try:
            with deferred_interrupts():
                check_name(path, self.target)
        except OSError as error:
            raise output_error(error, path) from error
        _need_no_folder(path)
        if own:
            self._own.add(path)
        elif not self._overwrite and os.path.lexists(path):
            raise OutputExistsError(
                _("{path}, which goes along with the output, exists already.", path=path),
                advice=_("Pass `overwrite=True` to replace it, or name another output."),
            )
        return path

    def part(self, ending: str = "") -> PartFile:
        """Begin the target, or one of its companions.

        Raises:
            OutputError: it can't be created.
        """
        name = f"{self._prefix}{self._token}{ending}{PART}"
        part = PartFile(self, self.target.with_name(name), self._path(ending))
        self._parts.append(part)  # known before it exists, so that nothing is left behind
        try:
            part.open()
        except OSError as error:
            raise output_error(error, self.target) from error
        return part

    @property
    def unfinished(self) -> Path:
        """Where the target itself lies, as long as it has no name."""
        return next(part.path for part in self._parts if part.target == self.target)

    def drop(self, path: Path) -> None:
        """Have a former companion removed, unless another one takes its name."""
        self._dropped.add(path)

    def commit(self) -> None:
        """Give all parts their names, the one begun last at the end.

        Raises:
            OutputExistsError: a file has got one of the names meanwhile, and may not be replaced.
            OSError: it failed; every name has what it had before.
            KeyboardInterrupt: Ctrl-C, before anything was named; or after it, see ``GIVEN``.
        """
        if not self._parts:
            raise RuntimeError(f"there is nothing of {self.target} to name; it was given up")
        for part in self._parts:
            part.complete()
        with deferred_interrupts():
            self._rename()
            GIVEN.note(part.target for part in self._parts)
            self._parts.clear()
            sync_folder(self.target.parent)

    def release(self) -> None:
        """Remove what was not committed, and let others have the target; harmless when repeated."""
        with deferred_interrupts():
            for part in reversed(self._parts):  # the target last: see ``broken_off``
                part.remove()
            self._parts.clear()
            self._lock.release()

    def _need_new(self) -> None:
        if not (self._overwrite or self._own) and os.path.lexists(self.target):
            raise exists_error(self.target)

    def _path(self, ending: str) -> Path:
        return self.target.with_name(self.target.name + ending)

    def _rename(self) -> None:
        """Name all parts; on failure, undo what was done."""
        done: list[tuple[Path, Path | None]] = []  # a name, and where its former file is kept
        *first, last = self._parts
        try:
            for part in first:
                self._name(part, done)
            for path in self._dropped - {part.target for part in self._parts}:
                if (kept := self._keep(path)) is not None:
                    done.append((path, kept))
                    path.unlink(missing_ok=True)
            self._name(last, done)
        except BaseException:
            for path, kept in reversed(done):
                if kept is not None:
                    kept.replace(path)
                    kept.unlink(missing_ok=True)  # moving a file onto its other name leaves both
                else:
                    path.unlink(missing_ok=True)
            raise
        for _name, kept in done:
            if kept is not None:
                kept.unlink(missing_ok=True)

    def _name(self, part: PartFile, done: list[tuple[Path, Path | None]]) -> None:
        target = part.target
        if self._overwrite or target in self._own:
            if (kept := self._keep(target)) is not None:
                done.append((target, kept))
            part.path.replace(target)
            if kept is None:
                done.append((target, None))
        else:
            name_new(part.path, target)
            done.append((target, None))

    def _keep(self, path: Path) -> Path | None:
        """Another name for a file that is about to be replaced; None if there is none."""
        ending = path.name.removeprefix(self.target.name)
        kept = path.with_name(f"{self._prefix}{self._token}{ending}{_OLD}")
        return kept if second_name(path, kept) else None

    def _clear(self) -> None:
        """Remove the parts of dead runs; put back a former file that lost its name."""
        left: dict[str, set[str]] = {}  # endings of a dead run's parts, by its token
        for entry in list(os.scandir(self.target.parent)):
            name = entry.name
            if not (name.startswith(self._prefix) and name.endswith(PART)):
                continue
            if entry.is_dir(follow_symlinks=False):
                continue  # no run made it
            path = self.target.with_name(name)
            token, ending = name[len(self._prefix) :][:_DIGITS], name[len(self._prefix) + _DIGITS :]
            if name.endswith(_OLD):
                former = self._path(ending.removesuffix(_OLD))
                if not os.path.lexists(former):
                    path.rename(former)
                    continue
            else:
                left.setdefault(token, set()).add(ending.removesuffix(PART))
            path.unlink()
        self.broken_off = any("" not in endings for endings in left.values())


def _need_no_folder(path: Path) -> None:
    try:
        folder = path.is_dir() and not path.is_symlink()
    except OSError as error:
        raise output_error(error, path) from error
    if folder:
        raise OutputError(_("{path} is a folder.", path=path), advice=_("Name another output."))
