"""Names of results: no two of a tree alike, on any file system, and the same in every run."""

from __future__ import annotations

import unicodedata
from itertools import chain, count
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from dashcam_pipeline.media.containers import is_recording

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from dashcam_pipeline.batch.discovery import TreeFile
    from dashcam_pipeline.batch.journal import Entry


def name_results(clips: Iterable[TreeFile], entries: Mapping[str, Entry]) -> dict[str, str]:
    """What is added to each recording's stem, so that its result has a name of its own.

    Without their extensions no two names are alike: which container a result goes into is only
    known when its recording is open. A name on record stays; the others are given out in the order
    of paths, those first that need no ending.

    Args:
        clips: all of a tree.
        entries: what is on record, by path, also of recordings that aren't in the tree any more.

    Returns:
        endings by path, mostly empty.
    """
    clips = sorted(clips, key=lambda clip: clip.path)
    folders = {parent for clip in clips for parent in PurePosixPath(clip.path).parents}
    taken = {_bare(path) for path in folders if is_recording(path)}
    taken |= {_bare(PurePosixPath(entry.output)) for entry in entries.values() if entry.output}
    endings: dict[str, str] = {}
    crowded = []
    for clip in clips:
        path = PurePosixPath(clip.path)
        recorded = _recorded(path, entries.get(clip.path))
        if recorded is not None:
            endings[clip.path] = recorded
        elif (name := _bare(path)) not in taken:
            taken.add(name)
            endings[clip.path] = ""
        else:
            crowded.append(path)
    for path in crowded:
        first = f"_{path.suffix[1:].lower()}"
        for ending in chain((first,), (f"{first}_{number}" for number in count(2))):
            name = _bare(path.with_name(f"{path.stem}{ending}{path.suffix}"))
            if name not in taken:
                taken.add(name)
                endings[str(path)] = ending
                break
    return endings


def _recorded(path: PurePosixPath, entry: Entry | None) -> str | None:
    """The ending that a result on record has; None without one."""
    if entry is None or not entry.output:
        return None
    output = PurePosixPath(entry.output)
    if output.parent != path.parent or not output.stem.startswith(path.stem):
        return None
    return output.stem[len(path.stem) :]


def _bare(path: PurePosixPath) -> str:
    """A path without its extension, as the file system sees it that tells fewest names apart.

    Cards and many disks don't tell case, Apple's not how an accented letter is composed.
    """
    decomposed = unicodedata.normalize("NFD", str(path.with_suffix("")))
    return unicodedata.normalize("NFD", decomposed.casefold())
