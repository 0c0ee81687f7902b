"""What lies in a folder, as drives and cameras; headers are opened here, in the child."""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from dashcam_pipeline.app.roots import id_of
from dashcam_pipeline.batch.discovery import discover
from dashcam_pipeline.dashcam.sidecars import is_hidden
from dashcam_pipeline.drives import Clip, Damaged, Drive, survey
from dashcam_pipeline.drives.finder import in_order, look_at
from dashcam_pipeline.drives.grouping import group
from dashcam_pipeline.media.containers import is_recording

if TYPE_CHECKING:
    from collections.abc import Callable

MOST_ENTRIES: Final = 4000
"""Files and folders up to which all below a folder is looked through; a card has some hundreds."""

MOST_SECONDS: Final = 1.5
"""The same for slow disks."""


def groups(folder: Path, check: Callable[[], None]) -> dict[str, Any]:
    """The drives of a folder; of one that holds too much, those of its own files alone.

    Args:
        folder: to be looked at.
        check: called on the way; what it raises ends the work.

    Returns:
        JSON-able: ``drives``, ``damaged``, ``notes``, and whether it is ``deep``.

    Raises:
        InputMissingError: it can't be listed.
    """
    deep = _is_small(folder)
    if deep:
        found = survey(folder, progress=lambda _done, _all: check())
        drives, damaged, notes = found.drives, found.damaged, found.notes
    else:
        drives, damaged, notes = _shallow(folder, check)
    shown = [_drive(folder, drive) for drive in drives]
    return {
        "deep": deep,
        "drives": shown,
        "damaged": [_damaged(one) for one in damaged],
        "notes": list(notes),
    }


def _is_small(folder: Path) -> bool:
    """Whether all that lies below a folder can be looked through while somebody waits."""
    entries, deadline = 0, time.monotonic() + MOST_SECONDS
    for _path, folders, files in os.walk(folder):
        folders[:] = [name for name in folders if not is_hidden(name)]
        entries += len(folders) + len(files)
        if entries > MOST_ENTRIES or time.monotonic() > deadline:
            return False
    return True


def _shallow(
    folder: Path, check: Callable[[], None]
) -> tuple[tuple[Drive, ...], tuple[Damaged, ...], tuple[str, ...]]:
    clips: list[Clip] = []
    damaged: list[Damaged] = []
    for entry in sorted(os.scandir(folder), key=lambda entry: entry.name):
        if is_hidden(entry.name) or not is_recording(Path(entry.name)) or not entry.is_file():
            continue
        check()
        tree = discover(folder / entry.name)
        for file in tree.clips:
            found = look_at(tree.root, file)
            if isinstance(found, Clip):
                clips.append(found)
            else:
                damaged.append(found)
    return tuple(group(in_order(clips), ".", damaged=damaged)), tuple(damaged), ()


def _drive(folder: Path, drive: Drive) -> dict[str, Any]:
    return {
        "kind": drive.kind,
        "card": "" if drive.card == "." else drive.card,
        "start": drive.start.isoformat(timespec="seconds"),
        "end": drive.end.isoformat(timespec="seconds"),
        "length": drive.length,
        "cameras": [
            {"camera": run.camera, "clips": [_clip(folder, clip) for clip in run.clips]}
            for run in drive.cameras
        ],
        "copies": [_clip(folder, clip) for clip in drive.copies],
    }


def _clip(folder: Path, clip: Clip) -> dict[str, Any]:
    path = Path(os.path.abspath(folder / clip.name))  # noqa: PTH100 - links are followed when it is asked for
    return {
        "id": id_of(path),
        "name": path.name,
        "place": "" if path.parent == folder else str(path.parent.relative_to(folder)),
        "camera": clip.camera,
        "mode": clip.mode,
        "start": clip.start.isoformat(timespec="seconds"),
        "duration": clip.duration,
        "size": clip.size,
        "width": clip.width,
        "height": clip.height,
        "whole": clip.whole,
        "result": clip.result,
    }


def _damaged(one: Damaged) -> dict[str, Any]:
    return {"name": one.name, "reason": one.reason, "advice": one.advice}
