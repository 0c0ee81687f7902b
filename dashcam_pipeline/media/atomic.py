"""The one way in which files are written: whole, or not at all.

::

    with Claim(target, overwrite=False) as claim:     # a second run on the same target is refused
        part = claim.part()                           # NAME.DIGEST.TOKEN.part, for this run alone
        part.write(...)
        claim.part(".gpx").write(...)                 # what goes along with it
        claim.commit()                                # all of them get their names, or none does

    write_whole(path, data, overwrite=True)           # a small file by itself

A part's name is new each time and opened exclusively, so that neither another run nor a link that
lies there is ever written through. Names are given when every part is on the disk, in the order in
which the parts were begun: what is begun last completes the set. While that is done, Ctrl-C waits;
if it fails in the middle, everything is as it was. What runs that were killed left behind is
removed, or put back, by the next one on the same target, once their lock is free.
"""

from __future__ import annotations

import errno
import os
import secrets
import threading
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Final, Self

from dashcam_pipeline.errors import OutputError, OutputExistsError
from dashcam_pipeline.inference.digest import short_name
from dashcam_pipeline.media.interrupts import deferred_interrupts
from dashcam_pipeline.media.lock import TargetLock
from dashcam_pipeline.media.names import check_name, cut
from dashcam_pipeline.media.output_checks import exists_error, no_folder, output_error
from dashcam_pipeline.translation import _

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path
    from types import TracebackType
    from typing import BinaryIO

PART: Final = ".part"
"""What an unfinished file's name ends in."""

_OLD: Final = f".old{PART}"
"""Ending of a replaced file until its replacement is complete."""

_LOCK: Final = ".lock"

_READABLE: Final = 80
"""Bytes of the target's own name in those of its parts: they fit where 143 bytes are allowed."""

_DIGITS: Final = 8

_SHORTLY: Final = 10.0
"""Seconds to wait for another writer of a small file."""

_NO_LINKS: Final = frozenset(
    (errno.EPERM, errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOSYS, errno.EMLINK, errno.EACCES)
)
"""What file systems without hard links say to one."""


class Given:
    """The names that this process has given to whole files, to say the truth after Ctrl-C."""

    def __init__(self) -> None:
        self.count = 0
        self.last: tuple[Path, ...] = ()
        """Of the last set."""

    def note(self, paths: Iterable[Path]) -> None:
        """Count a set of files that is complete."""
        self.last = tuple(paths)
        self.count += len(self.last)


GIVEN: Final = Given()


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
            _sync_folder(self.target.parent)

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
        for _given, kept in done:
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
            _name_new(part.path, target)
            done.append((target, None))

    def _keep(self, path: Path) -> Path | None:
        """Another name for a file that is about to be replaced; None if there is none."""
        if not os.path.lexists(path):
            return None
        ending = path.name.removeprefix(self.target.name)
        kept = path.with_name(f"{self._prefix}{self._token}{ending}{_OLD}")
        try:
            os.link(path, kept, follow_symlinks=False)
        except OSError as error:
            if error.errno not in _NO_LINKS:
                raise
            path.rename(kept)  # put back by the next run if this one is killed right here
        return kept

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


class PartFile:
    """A seekable binary file for a muxer, that gets the target's name when it is whole.

    Args:
        claim: that it belongs to.
        path: where it lies until it is whole.
        target: the name it gets.
    """

    def __init__(self, claim: Claim, path: Path, target: Path) -> None:
        self._claim, self.path, self.target = claim, path, target
        self._file: BinaryIO | None = None
        self._writing = threading.Lock()
        self.name = str(target)

    def open(self) -> None:
        """Create it; never through a link, never over another file.

        Raises:
            OSError: it can't be created.
        """
        with deferred_interrupts():
            self._file = create_new(self.path)

    @property
    def file(self) -> BinaryIO:
        """What is written to."""
        if self._file is None:
            raise ValueError(f"{self.path} was never opened")
        return self._file

    @property
    def closed(self) -> bool:
        """True once whole or removed; a muxer then leaves its trailer out."""
        return self._file is None or self._file.closed

    def write(self, data: bytes) -> int:
        """Write all of it; a raw file may take less at a time."""
        rest = memoryview(data)
        with self._writing:
            while rest:
                rest = rest[self.file.write(rest) :]
        return len(data)

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        """As of files."""
        return self.file.seek(offset, whence)

    def tell(self) -> int:
        """As of files."""
        return self.file.tell()

    def complete(self) -> int:
        """Bring it to the disk, and close it; whoever else wrote to its path has closed it before.

        Returns:
            its size in bytes.
        """
        if self.file.closed:  # maybe replaced meanwhile, under the same name
            with deferred_interrupts():
                handle = os.open(self.path, os.O_RDWR | getattr(os, "O_NOFOLLOW", 0))
                self._file = os.fdopen(handle, "r+b", buffering=0)
        size = self.file.seek(0, os.SEEK_END)
        os.fsync(self.file.fileno())
        self.file.close()
        return size

    def close(self) -> None:
        """Close it, so that others may change it by its path; ``complete`` opens it again."""
        self.file.close()

    def commit(self) -> int:
        """Complete it, and all of its claim; let the claim go.

        Returns:
            its size in bytes.
        """
        size = self.complete()
        self._claim.commit()
        self._claim.release()
        return size

    def discard(self) -> None:
        """Give the claim up; harmless when repeated or after ``commit``."""
        self._claim.release()

    def remove(self) -> None:
        """Close and remove it; a thread that is stuck in writing to it closes it later."""
        # Closed under a thread's hands, its descriptor could be another file's when it goes on.
        if self._file is not None and self._writing.acquire(blocking=False):
            self._file.close()
            self._writing.release()
        # Windows refuses while a stuck thread has it open; whatever failed matters more.
        with suppress(PermissionError):
            self.path.unlink(missing_ok=True)


def atomic_file(target: Path, *, overwrite: bool, wait: float = 0.0) -> PartFile:
    """A file by itself, to be written, and then committed or discarded.

    Raises:
        OutputError: as of ``Claim``.
    """
    claim = Claim(target, overwrite=overwrite, wait=wait)
    try:
        return claim.part()
    except BaseException:
        claim.release()
        raise


@contextmanager
def atomic(target: Path, *, overwrite: bool) -> Iterator[PartFile]:
    """A file by itself, whole when the block ends, gone if it fails.

    Raises:
        OutputError: it can't be written; likewise for every OSError of the block.
    """
    with Claim(target, overwrite=overwrite, wait=_SHORTLY) as claim:
        try:
            yield claim.part()
            claim.commit()
        except OSError as error:
            raise output_error(error, target) from error


def write_whole(target: Path, data: bytes | str, *, overwrite: bool) -> None:
    """Write a small file by itself.

    Args:
        target: its name.
        data: text is written as UTF-8; what of a file name is none, as JSON's escapes.
        overwrite: True replaces what has that name.

    Raises:
        OutputError: it can't be written.
    """
    content = data.encode("utf-8", "backslashreplace") if isinstance(data, str) else data
    with atomic(target, overwrite=overwrite) as part:
        part.write(content)


@contextmanager
def rewritten(part: Path) -> Iterator[BinaryIO]:
    """A new file that takes the place of a part, when the block ends.

    Raises:
        OSError: it can't be written.
    """
    anew = part.with_name(f"{part.name.removesuffix(PART)}.anew{PART}")
    try:
        with create_new(anew) as file:
            yield file
        anew.replace(part)
    finally:
        anew.unlink(missing_ok=True)


def create_new(path: Path) -> BinaryIO:
    """A new file to write to: never through a link, never over another file.

    Raises:
        OSError: likewise, or it can't be created.
    """
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL
    for extra in ("O_NOFOLLOW", "O_CLOEXEC", "O_BINARY"):
        flags |= getattr(os, extra, 0)
    return os.fdopen(os.open(path, flags, 0o666), "wb", buffering=0)


def _need_no_folder(path: Path) -> None:
    try:
        folder = path.is_dir() and not path.is_symlink()
    except OSError as error:
        raise output_error(error, path) from error
    if folder:
        raise OutputError(_("{path} is a folder.", path=path), advice=_("Name another output."))


def _name_new(part: Path, target: Path) -> None:
    """Give a part its name, unless another file has got it meanwhile.

    Raises:
        OutputExistsError: one has.
        OSError: it failed.
    """
    try:
        if os.name == "nt":
            part.rename(target)  # refuses by itself
            return
        os.link(part, target, follow_symlinks=False)
    except FileExistsError:
        raise exists_error(target) from None
    except OSError as error:
        if error.errno not in _NO_LINKS:
            raise
        if os.path.lexists(target):
            raise exists_error(target) from None
        part.rename(target)
        return
    part.unlink()


def _sync_folder(folder: Path) -> None:
    """Make new names themselves survive a power cut, where folders can be synced."""
    if not hasattr(os, "O_DIRECTORY"):
        return
    try:
        handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    except OSError:
        return  # some network file systems don't open folders; the file itself is safe
    try:
        os.fsync(handle)
    except OSError:
        return  # likewise
    finally:
        os.close(handle)
