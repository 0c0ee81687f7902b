"""What lies beside recordings: each folder is listed once, and each log read once, for all of them.

::

    neighbours = Neighbours()
    for clip in clips:                                   # of one card
        read_telemetry(clip, neighbours=neighbours)
"""

from __future__ import annotations

import os
from fnmatch import fnmatch
from typing import TYPE_CHECKING

from dashcam_pipeline.dashcam.belonging import closest, recording_keys

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from dashcam_pipeline.dashcam.telemetry.families.base import Family


class Neighbours:
    """What is known of folders; holds as long as nothing is added to them."""

    def __init__(self) -> None:
        self._names: dict[Path, tuple[str, ...]] = {}
        self._matching: dict[tuple[Path, str], list[Path]] = {}
        self._sidecars: dict[tuple[Path, str], dict[str, list[Path]]] = {}
        self._parts: dict[tuple[Path, str], Mapping[bytes, bytes] | None] = {}

    def closest(self, recording: Path, ending: str) -> Path | None:
        """Of the files beside a recording that belong to it, the one whose name is most like it.

        Args:
            recording: where it is.
            ending: of the file, lower case, with the dot.

        Raises:
            OSError: the folder can't be read, for another reason than that it may not be.
        """
        folder = recording.parent
        if (folder, ending) not in self._sidecars:
            by_key: dict[str, list[Path]] = {}
            for name in self._listed(folder):
                if (path := folder / name).suffix.lower() == ending:
                    for key in recording_keys(path):
                        by_key.setdefault(key, []).append(path)
            self._sidecars[folder, ending] = by_key
        by_key = self._sidecars[folder, ending]
        near = (path for key in recording_keys(recording) for path in by_key.get(key, ()))
        return closest(dict.fromkeys(near), recording)

    def matching(self, folder: Path, pattern: str) -> list[Path]:
        """Files of a folder by a pattern (as of ``fnmatch``), in order of their names."""
        if (folder, pattern) not in self._matching:
            names = [name for name in self._listed(folder) if fnmatch(name, pattern)]
            self._matching[folder, pattern] = [folder / name for name in names]
        return self._matching[folder, pattern]

    def part_of(self, log: Path, family: Family, clip: str) -> bytes:
        """What a card's log says about one clip, or all of it where it can't be parted.

        Args:
            log: the file.
            family: whose it is.
            clip: file name of the recording.

        Raises:
            OSError: it can't be read.
        """
        key = (log, family.name)
        if key not in self._parts:
            self._parts[key] = family.card_log_parts(log.read_bytes())
        parts = self._parts[key]
        return log.read_bytes() if parts is None else parts.get(os.fsencode(clip).upper(), b"")

    def _listed(self, folder: Path) -> tuple[str, ...]:
        """Names in a folder, in order."""
        if folder not in self._names:
            try:
                self._names[folder] = tuple(sorted(os.listdir(folder)))  # noqa: PTH208 - names alone
            except (PermissionError, FileNotFoundError):
                self._names[folder] = ()  # a recording may be readable in a folder that isn't
        return self._names[folder]
