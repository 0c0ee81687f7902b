"""Which files of a tree are no longer written to: a recording that still grows is nobody's yet.

A file has settled when two looks, a while apart, saw the same size and time, and when it is whole,
as far as its container tells: an MP4 has its index, and nothing ends before it says so. One that
never becomes whole was cut short; it has settled once nobody wrote to it for ``CUT_SHORT_SECONDS``.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from dashcam_pipeline.media.extent import declared_size, lacks_index

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from dashcam_pipeline.batch.discovery import Tree, TreeFile

CUT_SHORT_SECONDS: Final = 60.0
"""Nobody wrote to a file for so long: it won't become whole any more."""


@dataclass(slots=True)
class _Seen:
    """How a file was seen last, and since when it is so."""

    size: int
    mtime_ns: int
    since: float


class Settling:
    """Looks at a tree again and again.

    Args:
        apart: seconds that two looks have to lie apart for a file to have settled.
    """

    def __init__(self, apart: float) -> None:
        self._apart = apart
        self._seen: dict[str, _Seen] = {}
        self._first: set[str] = set()

    def forget(self) -> None:
        """What was seen is of another time: the folder went away."""
        self._seen.clear()

    def look(self, tree: Tree) -> None:
        """See how the files of a tree are now."""
        now = time.monotonic()
        before, self._seen = self._seen, {}
        for file in (*tree.clips, *tree.sidecars):
            seen = before.get(file.path)
            if seen is None or (seen.size, seen.mtime_ns) != (file.size, file.mtime_ns):
                seen = _Seen(file.size, file.mtime_ns, now)
            self._seen[file.path] = seen
        self._first = self._seen.keys() - before.keys()

    def is_first(self, file: TreeFile) -> bool:
        """Whether the last look was the first one that saw it: nothing can be told of it yet."""
        return file.path in self._first

    def steady(self, files: Iterable[TreeFile]) -> list[TreeFile]:
        """Those files that two looks saw alike, whether they are whole or not."""
        return [file for file in files if self._still(file) >= self._apart]

    def settled(self, clips: Iterable[TreeFile], root: Path) -> list[TreeFile]:
        """Those recordings that have settled.

        Args:
            clips: of the tree.
            root: of the tree.
        """
        return [
            clip
            for clip in self.steady(clips)
            if _is_whole(root / clip.path) or self._is_abandoned(clip)
        ]

    def _still(self, file: TreeFile) -> float:
        """Seconds since it was first seen as it is; less than none if it wasn't."""
        seen = self._seen.get(file.path)
        return -1.0 if seen is None else time.monotonic() - seen.since

    def _is_abandoned(self, clip: TreeFile) -> bool:
        # A camera's clock may be years off: then the file's time says that nobody writes to it now.
        idle = abs(time.time() - clip.mtime_ns / 1e9)
        return max(idle, self._still(clip)) >= CUT_SHORT_SECONDS


def _is_whole(path: Path) -> bool:
    """Whether a recording is as long as it says, and can be opened, as far as its bytes tell."""
    try:
        size = path.stat().st_size
        declared = declared_size(path)
        return size > 0 and not lacks_index(path) and (declared is None or declared <= size)
    except OSError:
        return False  # it went away, or can't be read now
