"""Which recordings lie in a folder, and which of them are wanted.

::

    tree = discover(Path("SDCARD"))
    chosen = select(tree, Selection(camera="front", events_only=True))

Nothing is opened here: names, sizes and times are all that is looked at.
"""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from datetime import datetime
from fnmatch import fnmatch
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from dashcam_pipeline.dashcam.names import Camera, ClipName, parse_name
from dashcam_pipeline.dashcam.sidecars import is_hidden, is_sidecar
from dashcam_pipeline.errors import InputMissingError, UsageError
from dashcam_pipeline.media.containers import is_recording
from dashcam_pipeline.provenance.companions import companions_among

if TYPE_CHECKING:
    from collections.abc import Iterator


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
        return self.name.recorded or datetime.fromtimestamp(self.mtime_ns / 1e9)  # noqa: DTZ006 - as the camera's clock


@dataclass(slots=True)
class Tree:
    """What lies in a folder.

    Args:
        root: the folder.
        clips: recordings, in order of their paths.
        sidecars: what belongs to them.
        others: files that are neither, which are left alone.
        unreadable: folders that could not be listed, and why.
    """

    root: Path
    clips: list[TreeFile] = field(default_factory=list)
    sidecars: list[TreeFile] = field(default_factory=list)
    others: int = 0
    unreadable: list[tuple[str, str]] = field(default_factory=list)


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
    """

    camera: Camera | None = None
    since: datetime | None = None
    until: datetime | None = None
    events_only: bool = False
    include: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()

    def refuses(self, clip: TreeFile) -> str:
        """Why a recording isn't wanted; empty if it is."""
        reasons = (
            (
                self.camera is not None and (clip.name.camera or "front") != self.camera,
                f"not the {self.camera} camera",
            ),
            (self.since is not None and clip.recorded < self.since, f"before {self.since}"),
            (self.until is not None and clip.recorded >= self.until, f"not before {self.until}"),
            (self.events_only and not clip.name.is_event, "no event"),
            (bool(self.include) and not _matches(clip.path, self.include), "not included"),
            (_matches(clip.path, self.exclude), "excluded"),
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
    """

    clips: list[TreeFile]
    sidecars: dict[str, list[TreeFile]]
    refused: dict[str, int]


def discover(root: Path) -> Tree:
    """Look through a folder.

    Args:
        root: a folder, or one recording in it.

    Raises:
        InputMissingError: it doesn't exist or can't be listed.
    """
    if root.is_file():
        tree = Tree(root.parent)
        _sort_in(tree, _found(root, root.name))
        return tree
    try:
        os.scandir(root).close()
    except OSError as error:
        raise InputMissingError(
            f"{root} can't be listed: {error.strerror}.",
            advice="Check the name, and whether the card is mounted.",
        ) from error
    tree = Tree(root)
    for found in _walk(root, "", tree):
        _sort_in(tree, found)
    # What belongs to an output of ours is made anew with the next one, and has its very name.
    companions = companions_among(f.path for f in (*tree.clips, *tree.sidecars))
    tree.others += sum(1 for f in tree.sidecars if f.path in companions)
    tree.sidecars = [f for f in tree.sidecars if f.path not in companions]
    tree.clips.sort(key=lambda f: f.path)
    tree.sidecars.sort(key=lambda f: f.path)
    return tree


def select(tree: Tree, selection: Selection) -> Chosen:
    """Choose among the recordings of a tree; sidecars go with theirs."""
    clips, refused = [], dict[str, int]()
    for clip in tree.clips:
        reason = selection.refuses(clip)
        if reason:
            refused[reason] = refused.get(reason, 0) + 1
        else:
            clips.append(clip)
    return Chosen(clips, _sidecars(tree, clips), refused)


def _sidecars(tree: Tree, wanted: list[TreeFile]) -> dict[str, list[TreeFile]]:
    known = {(clip.folder, clip.name.recording) for clip in tree.clips}
    owner: dict[tuple[str, str], str] = {}
    for clip in wanted:
        owner.setdefault((clip.folder, clip.name.recording), clip.path)
    sidecars: dict[str, list[TreeFile]] = {}
    for sidecar in tree.sidecars:
        key = (sidecar.folder, sidecar.name.recording)
        if key in owner:
            sidecars.setdefault(owner[key], []).append(sidecar)
        elif key not in known:  # of a whole folder, or of the card
            sidecars.setdefault("", []).append(sidecar)
    return sidecars


def check_folders(root: Path, output: Path) -> None:
    """Refuse an output folder that lies in the input tree, or around it.

    Raises:
        UsageError: likewise.
    """
    source, target = root.resolve(), output.resolve()
    if target == source or source in target.parents:
        raise UsageError(
            f"{output} lies in {root}, and nothing is ever written into the input.",
            advice="Name a folder outside it.",
        )
    if target in source.parents:
        raise UsageError(
            f"{root} lies in {output}: results could end up among the originals.",
            advice="Name a folder beside it.",
        )


def _walk(folder: Path, prefix: str, tree: Tree) -> Iterator[TreeFile]:
    try:
        entries = sorted(os.scandir(folder), key=lambda e: e.name)
    except OSError as error:
        tree.unreadable.append((prefix or ".", error.strerror or str(error)))
        return
    for entry in entries:
        if is_hidden(entry.name):
            continue
        path = f"{prefix}{entry.name}"
        try:
            if entry.is_dir(follow_symlinks=False):
                yield from _walk(folder / entry.name, f"{path}/", tree)
            elif entry.is_file():
                yield _found(folder / entry.name, path)
        except OSError as error:
            tree.unreadable.append((path, error.strerror or str(error)))


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


def _matches(path: str, patterns: tuple[str, ...]) -> bool:
    lowered = path.lower()
    name = PurePosixPath(lowered).name
    return any(
        fnmatch(lowered, pattern.lower()) or fnmatch(name, pattern.lower()) for pattern in patterns
    )
