"""Which files belong to which recordings, by their names: the one place that knows.

::

    belongs(Path("20240101_120000_N.gps"), Path("20240101_120000_NR.mp4"))  # True: of all cameras

A file belongs to a recording of its own stem. It also belongs to every camera's recording of one
moment where it names no camera, or the same one, and says nothing else that differs.
"""

from __future__ import annotations

from pathlib import PurePath
from typing import TYPE_CHECKING, TypeVar

from dashcam_pipeline.dashcam.names import parse_name

if TYPE_CHECKING:
    from collections.abc import Iterable

P = TypeVar("P", bound=PurePath)


def belongs(file: PurePath, recording: PurePath) -> bool:
    """True if a file beside a recording belongs to it; their folders are not compared.

    Args:
        file: its name; it is no recording itself.
        recording: the recording's name.
    """
    stem, clip = file.stem.lower(), parse_name(PurePath(recording.name))
    if stem in {recording.stem.lower(), clip.shared}:
        return True
    name = parse_name(PurePath(file.name))
    if name.recorded is None or name.recorded != clip.recorded:
        return False
    if name.brand != clip.brand and not recording.stem.lower().startswith(stem):
        return False  # it says more than a time, in a way that isn't known
    said = (
        (_own_camera(name.camera, name.shared, stem), clip.camera),
        (name.mode, clip.mode),
        (name.sequence, clip.sequence),
    )
    return all(mine is None or mine == theirs for mine, theirs in said)


def closest(files: Iterable[P], recording: PurePath) -> P | None:
    """Of the files that belong to a recording, the one whose name is most like its own.

    Args:
        files: of one kind, beside the recording.
        recording: its name.
    """
    own = [file for file in files if belongs(file, recording)]
    stem = recording.stem.lower()
    shared = parse_name(PurePath(recording.name)).shared
    ranks = {stem: 0, shared: 1}
    return min(own, key=lambda f: (ranks.get(f.stem.lower(), 2), f.name), default=None)


def recording_keys(path: PurePath) -> tuple[str, ...]:
    """What files that belong together have in common, for finding them without trying all pairs.

    Args:
        path: of a recording, or of a file beside it.

    Returns:
        a file that belongs to a recording shares at least one of them with it.
    """
    name = parse_name(PurePath(path.name))
    return tuple(dict.fromkeys((name.recording.lower(), name.shared, path.stem.lower())))


def _own_camera(camera: str | None, shared: str, stem: str) -> str | None:
    """The camera that a name itself names; None for what is only supposed of a maker's files."""
    return camera if shared != stem else None
