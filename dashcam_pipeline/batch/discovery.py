"""Which recordings lie in a folder, and which of them are wanted.

::

    tree = discover(Path("SDCARD"))
    chosen = select(tree, Selection(camera="front", events_only=True))

Names, sizes and times are looked at, and what tells a result of dashcam from a recording; nothing
is opened as a video here.
"""

from __future__ import annotations

import errno
import os
import stat
from dataclasses import dataclass, field
from datetime import datetime
from fnmatch import fnmatch
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from dashcam_pipeline.batch import products, result
from dashcam_pipeline.batch.result import CSV_NAME, JSON_NAME
from dashcam_pipeline.dashcam.belonging import belongs, recording_keys
from dashcam_pipeline.dashcam.names import Camera, ClipName, parse_name
from dashcam_pipeline.dashcam.sidecars import is_hidden, is_sidecar
from dashcam_pipeline.errors import InputMissingError, UsageError
from dashcam_pipeline.media.containers import is_recording
from dashcam_pipeline.translation import _, system_reason

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator


@dataclass(frozen=True, slots=True)
class TreeFile:
    """A file of the input tree.

    Args:
        path: relative to the tree, with forward slashes.
        size: in bytes.
        mtime_ns: when it was written.
        name: what its name says.
    """

    path: str
    size: int
    mtime_ns: int
    name: ClipName

    @property
    def folder(self) -> str:
        """Its folder, relative to the tree; ``.`` for the tree itself."""
        return str(PurePosixPath(self.path).parent)

    @property
    def recorded(self) -> datetime:
        """Local time: its name's, or else the file's."""
        return self.name.recorded or _local_time(self.mtime_ns)


@dataclass(slots=True)
class Tree:
    """What lies in a folder.

    Args:
        root: the folder.
        clips: recordings, in order of their paths.
        sidecars: what belongs to them.
        others: files that are neither, which are left alone.
        unreadable: folders that could not be listed, and why.
        links: sidecars that are links; they may lead anywhere, and aren't followed.
        skipped: what has the name of a recording and is none, and why; also links to folders.
        named: True if the user named one recording, and no folder.
    """

    root: Path
    clips: list[TreeFile] = field(default_factory=list)
    sidecars: list[TreeFile] = field(default_factory=list)
    others: int = 0
    unreadable: list[tuple[str, str]] = field(default_factory=list)
    links: list[str] = field(default_factory=list)
    skipped: list[tuple[str, str]] = field(default_factory=list)
    named: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Selection:
    """Which recordings are wanted; all by default.

    Args:
        camera: only this one's. Recordings whose name says no camera count as ``front``.
        since: not older than this, by name or else by file time, as the camera's local time.
        until: older than this.
        events_only: only where something happened or the driver pressed the button.
        include: glob patterns, one of which must match the path in the tree, or the bare name; case
            ignored.
        exclude: glob patterns, none of which may match.
        results: True takes results of dashcam for recordings, too.
        paths: these alone, relative to the tree; only their folders are looked at then.
    """

    camera: Camera | None = None
    since: datetime | None = None
    until: datetime | None = None
    events_only: bool = False
    include: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    results: bool = False
    paths: frozenset[str] = frozenset()

    def __post_init__(self) -> None:
        """Refuse paths that lead out of the tree."""
        for path in map(PurePosixPath, self.paths):
            if path.is_absolute() or ".." in path.parts:
                raise UsageError(
                    _("{path} leads out of the folder.", path=path),
                    advice=_("Name recordings relative to it."),
                )

    def refuses(self, clip: TreeFile) -> str:
        """Why a recording isn't wanted; empty if it is."""
        reasons = (
            (
                self.camera is not None and (clip.name.camera or "front") != self.camera,
                _("not the {camera} camera", camera=self.camera),
            ),
            (
                self.since is not None and clip.recorded < self.since,
                _("before {since}", since=self.since),
            ),
            (
                self.until is not None and clip.recorded >= self.until,
                _("not before {until}", until=self.until),
            ),
            (self.events_only and not clip.name.is_event, _("no event")),
            (bool(self.include) and not _matches(clip.path, self.include), _("not included")),
            (_matches(clip.path, self.exclude), _("excluded")),
            (bool(self.paths) and clip.path not in self.paths, _("not chosen")),
        )
        return next((reason for refused, reason in reasons if refused), "")


@dataclass(slots=True)
class Chosen:
    """A tree after selection.

    Args:
        clips: wanted recordings.
        sidecars: that come along, by the recording they belong to; those of no recording are under
            the empty path.
        refused: how many recordings were refused, by reason.
        results: True if results of dashcam are among those that are wanted.
        withheld: sidecars that have the name of what goes along with a result, or of a report.
    """

    clips: list[TreeFile]
    sidecars: dict[str, list[TreeFile]]
    refused: dict[str, int]
    results: bool = False
    withheld: list[str] = field(default_factory=list)


def discover(root: Path, paths: Collection[str] = ()) -> Tree:
    """Look through a folder.

    Args:
        root: a folder, or one recording in it.
        paths: recordings that are wanted, relative to the folder; those folders alone that they lie
            in are looked at then. Empty: all of it.

    Raises:
        InputMissingError: it doesn't exist or can't be listed.
    """
    if root.is_file():
        tree = Tree(root.parent, named=True)
        _sort_in(tree, _found(root, root.name))
        return tree
    try:
        os.scandir(root).close()
    except OSError as error:
        raise InputMissingError(
            _("{root} can't be listed: {reason}.", root=root, reason=system_reason(error)),
            advice=_("Check the name, and whether the card is mounted."),
        ) from error
    tree = Tree(root)
    for found in _near(root, paths, tree) if paths else _walk(root, "", tree):
        _sort_in(tree, found)
    tree.clips.sort(key=lambda f: f.path)
    tree.sidecars.sort(key=lambda f: f.path)
    return tree


def select(tree: Tree, selection: Selection) -> Chosen:
    """Choose among the recordings of a tree; sidecars go with theirs.

    A result of dashcam is only cleaned again if the selection says so, or if it was named itself.
    """
    clips, refused = [], dict[str, int]()
    results = selection.results or tree.named
    for clip in tree.clips:
        reason = selection.refuses(clip)
        if not reason and not results and products.is_product(tree.root / clip.path):
            reason = products.LEFT_OUT
        if reason:
            refused[reason] = refused.get(reason, 0) + 1
        else:
            clips.append(clip)
    found, withheld = sidecars_of(tree, clips)
    return Chosen(clips, found, refused, results, withheld)


def sidecars_of(
    tree: Tree, wanted: Iterable[TreeFile]
) -> tuple[dict[str, list[TreeFile]], list[str]]:
    """Sidecars of a tree that come along with some of its recordings.

    Args:
        tree: all that tells whose a sidecar is.
        wanted: recordings that are.

    Returns:
        as ``Chosen`` has them: ``sidecars`` and ``withheld``.
    """
    paths = {clip.path for clip in tree.clips}
    together: dict[tuple[str, str], list[TreeFile]] = {}
    for clip in tree.clips:
        for key in recording_keys(PurePosixPath(clip.path)):
            together.setdefault((clip.folder, key), []).append(clip)
    chosen = {clip.path for clip in wanted}
    sidecars: dict[str, list[TreeFile]] = {}
    withheld: list[str] = []
    for sidecar in tree.sidecars:
        is_report = sidecar.path.lower() in {JSON_NAME, CSV_NAME}
        path = PurePosixPath(sidecar.path)
        own = result.is_report if is_report else products.is_own_companion
        if own(tree.root / sidecar.path) or products.is_comparison(path):
            continue
        if is_report or products.companion_of(sidecar.path) in paths:
            withheld.append(sidecar.path)
            continue
        near = [c for k in recording_keys(path) for c in together.get((sidecar.folder, k), ())]
        # of no recording: of a whole folder, or of the card
        owners = [c.path for c in near if belongs(path, PurePosixPath(c.path))] or [""]
        owner = next((path for path in owners if path in chosen or not path), None)
        if owner is not None:
            sidecars.setdefault(owner, []).append(sidecar)
    return sidecars, withheld


def check_folders(root: Path, output: Path, paths: Collection[str] = ()) -> None:
    """Refuse an output folder that lies in the input tree, or around it.

    Args:
        root: the input tree.
        output: folder of the results.
        paths: recordings that are wanted; where they are named, the input is their folders, and not
            what lies below these.

    Raises:
        UsageError: likewise.
    """
    for folder in {(root / path).parent for path in paths}:
        if folder.resolve() == output.resolve() or output.resolve() in folder.resolve().parents:
            raise UsageError(
                _(
                    "{root} lies in {output}: results could end up among the originals.",
                    root=folder,
                    output=output,
                ),
                advice=_("Name a folder beside it."),
            )
    if paths:
        return
    source, target = root.resolve(), output.resolve()
    if target == source or source in target.parents:
        raise UsageError(
            _(
                "{output} lies in {root}, and nothing is ever written into the input.",
                output=output,
                root=root,
            ),
            advice=_("Name a folder outside it."),
        )
    if target in source.parents:
        raise UsageError(
            _(
                "{root} lies in {output}: results could end up among the originals.",
                root=root,
                output=output,
            ),
            advice=_("Name a folder beside it."),
        )


def _near(root: Path, paths: Collection[str], tree: Tree) -> Iterator[TreeFile]:
    """What lies in the folders of some recordings, and not below them."""
    for folder in sorted({str(PurePosixPath(path).parent) for path in paths}):
        prefix = "" if folder == "." else f"{folder}/"
        yield from _walk(root / folder, prefix, tree, deep=False)


def _walk(folder: Path, prefix: str, tree: Tree, *, deep: bool = True) -> Iterator[TreeFile]:
    try:
        entries = sorted(os.scandir(folder), key=lambda e: e.name)
    except OSError as error:
        tree.unreadable.append((prefix or ".", system_reason(error)))
        return
    names = {entry.name for entry in entries}
    for entry in entries:
        if is_hidden(entry.name):
            continue
        path = f"{prefix}{entry.name}"
        try:
            if entry.is_dir(follow_symlinks=False):
                if not deep or products.is_of_a_page(entry.name, names):
                    continue
                yield from _walk(folder / entry.name, f"{path}/", tree)
            elif entry.is_symlink() and is_sidecar(PurePosixPath(path)):
                tree.links.append(path)
            elif why := _no_file(entry):
                if entry.is_symlink() or is_recording(PurePosixPath(path)):
                    tree.skipped.append((path, why))
            else:
                yield _found(folder / entry.name, path)
        except OSError as error:
            tree.unreadable.append((path, system_reason(error)))


def _no_file(entry: os.DirEntry[str]) -> str:
    """Why something can't be a recording, whatever its name; empty if it can.

    Returns:
        a sentence, with ``{path}`` for its path.

    Raises:
        OSError: that can't be told.
    """
    try:
        mode = entry.stat().st_mode
    except OSError as error:
        if not entry.is_symlink() or error.errno not in {errno.ENOENT, errno.ENOTDIR, errno.ELOOP}:
            raise
        return _("{path} is a link that leads nowhere; left out.")
    if stat.S_ISREG(mode):
        return ""
    if stat.S_ISDIR(mode):
        return _("{path} is a link to a folder; left out.")
    return _("{path} is no ordinary file; left out.")


def _found(file: Path, path: str) -> TreeFile:
    status = file.stat()
    return TreeFile(path, status.st_size, status.st_mtime_ns, parse_name(PurePosixPath(path)))


def _sort_in(tree: Tree, found: TreeFile) -> None:
    path = PurePosixPath(found.path)
    if is_recording(path):
        tree.clips.append(found)
    elif is_sidecar(path):
        tree.sidecars.append(found)
    else:
        tree.others += 1


def _local_time(ns: int) -> datetime:
    """A file's time on the camera's clock; the nearest that can be said where it is no date."""
    try:
        return datetime.fromtimestamp(ns / 1e9)  # noqa: DTZ006 - as the camera's clock
    except (OverflowError, ValueError, OSError):
        return datetime(1, 1, 1) if ns < 0 else datetime(9999, 12, 31)  # noqa: DTZ001 - likewise


def _matches(path: str, patterns: tuple[str, ...]) -> bool:
    lowered = path.lower()
    name = PurePosixPath(lowered).name
    return any(
        fnmatch(lowered, pattern.lower()) or fnmatch(name, pattern.lower()) for pattern in patterns
    )
