"""Pictures and clips that were rendered, kept until they are fetched and a little longer."""

from __future__ import annotations

import json
import shutil
import tempfile
from collections import OrderedDict
from pathlib import Path
from typing import Any, Final

from dashcam_pipeline.inference.digest import short_name

KEPT: Final = 64
"""Pictures in memory: about 20 MB."""

CLIPS: Final = 8
"""Clips on the disk, two small videos each."""


def key_of(*parts: Any) -> str:  # noqa: ANN401 - JSON-able
    """A name for what some facts make."""
    return short_name(json.dumps(parts, sort_keys=True).encode())


class Pictures:
    """JPEGs by their keys; the oldest go first.

    Args:
        most: that are kept.
    """

    def __init__(self, most: int = KEPT) -> None:
        self._most = most
        self._kept: OrderedDict[str, bytes] = OrderedDict()

    def put(self, key: str, jpeg: bytes) -> None:
        """Keep one."""
        self._kept[key] = jpeg
        self._kept.move_to_end(key)
        while len(self._kept) > self._most:
            self._kept.popitem(last=False)

    def get(self, key: str) -> bytes | None:
        """The picture of a key, if it is still there."""
        return self._kept.get(key)


class Clips:
    """A folder of its own for each clip, below one that goes with the server."""

    def __init__(self) -> None:
        self._folder: Path | None = None
        self._kept: OrderedDict[str, dict[str, Any]] = OrderedDict()

    def folder(self, key: str) -> Path:
        """Where a clip's files go; made if it isn't there."""
        if self._folder is None:
            self._folder = Path(tempfile.mkdtemp(prefix="dashcam-app-"))
        folder = self._folder / key
        folder.mkdir(exist_ok=True)
        return folder

    def put(self, key: str, facts: dict[str, Any]) -> None:
        """It is whole."""
        self._kept[key] = facts
        self._kept.move_to_end(key)
        while len(self._kept) > CLIPS:
            old, _facts = self._kept.popitem(last=False)
            shutil.rmtree(self.folder(old), ignore_errors=True)

    def get(self, key: str) -> dict[str, Any] | None:
        """The facts of a clip, if it is still there."""
        return self._kept.get(key)

    def file(self, key: str, name: str) -> Path | None:
        """One of a clip's two files."""
        if key not in self._kept or name not in {"before.mp4", "after.mp4"}:
            return None
        return self.folder(key) / name

    def close(self) -> None:
        """Remove all of it."""
        if self._folder is not None:
            shutil.rmtree(self._folder, ignore_errors=True)
