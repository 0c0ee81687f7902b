"""A recording that was looked at once: what is needed again when settings change, or the moment."""

from __future__ import annotations

from collections import OrderedDict
from pathlib import Path
from typing import TYPE_CHECKING, Final

from dashcam_pipeline.app.looking.moments import Moment, moment_at
from dashcam_pipeline.compare.canvas import Canvas, Developer, Size, shown_size
from dashcam_pipeline.compare.stills import encode
from dashcam_pipeline.dashcam.overlay import Overlay
from dashcam_pipeline.engine.build_chain import chain_for, find_protection
from dashcam_pipeline.media.probe import probe
from dashcam_pipeline.media.sampling import sample_frames

if TYPE_CHECKING:
    from collections.abc import Callable

    from dashcam_pipeline.app.looking.networks import Networks
    from dashcam_pipeline.config import CleanConfig
    from dashcam_pipeline.engine.chain import Chain
    from dashcam_pipeline.frames import Frame

_KEPT: Final = 2
"""Recordings that are kept: twelve frames of each are in memory, 37 MB at 1080p."""

_MOMENTS: Final = 3
"""Moments of a recording that are kept, five frames each."""


class Scene:
    """One recording, looked at.

    Args:
        path: of the recording; only read.

    Raises:
        InputError: or one of its kinds, if there is nothing to read.
    """

    def __init__(self, path: Path) -> None:
        self.info = probe(path)
        self._frames: list[Frame] | None = None
        self._overlays: dict[str, Overlay] = {}
        self._moments: OrderedDict[float, Moment] = OrderedDict()
        self._before: dict[tuple[float, int], bytes] = {}
        """Of the moment that was looked at last."""

    def moment(self, seconds: float, threads: int, check: Callable[[], None]) -> Moment:
        """The frames up to a time; see ``moment_at``."""
        if seconds not in self._moments:
            found = moment_at(self.info, seconds, threads=threads, check=check)
            self._moments[seconds] = found
            while len(self._moments) > _MOMENTS:
                self._moments.popitem(last=False)
        self._moments.move_to_end(seconds)
        return self._moments[seconds]

    def samples(self) -> list[Frame]:
        """Frames all over it, as of ``sample_frames``."""
        if self._frames is None:
            self._frames = sample_frames(self.info)
        return self._frames

    def chain(self, config: CleanConfig, networks: Networks, check: Callable[[], None]) -> Chain:
        """The chain of a run with these settings; to be closed.

        Raises:
            DashcamError: as ``build_chain``.
        """
        overlay = self.look(config)
        check()
        return chain_for(config, self.samples(), overlay, networks=networks)

    def look(self, config: CleanConfig) -> Overlay:
        """Look all over the recording: what is protected with these settings."""
        key = f"{bool(config.stages)} {config.protect}"
        if key not in self._overlays:
            self._overlays[key] = find_protection(config, self.info, self.samples())
        return self._overlays[key]

    def before(self, moment: Moment, width: int) -> bytes:
        """The picture of a moment as it was recorded, as a file's bytes."""
        key = moment.seconds, width
        if key not in self._before:
            self._before = {key: self.jpeg(moment.frames[-1], width)}
        return self._before[key]

    def size(self, width: int) -> Size:
        """Of its pictures as they are shown, at most so many columns."""
        whole = shown_size(self.info.video)
        return whole.fit(width, whole.height)

    def canvas(self, frame: Frame, width: int) -> Canvas:
        """A frame as it is shown: upright, its pixels square."""
        return Developer(self.info.video, self.size(width), self.info.video.color)(frame)

    def jpeg(self, frame: Frame, width: int) -> bytes:
        """A frame as a file's bytes."""
        return encode(self.canvas(frame, width).to_rgb(), ".jpg")


def make_chain(config: CleanConfig, networks: Networks) -> Chain:
    """A chain without a recording, so that its networks are open.

    Raises:
        DashcamError: as ``build_chain``.
    """
    return chain_for(config, (), Overlay(()), networks=networks)


class Scenes:
    """The recordings that were looked at last; a file that changed is looked at again."""

    def __init__(self) -> None:
        self._kept: OrderedDict[tuple[str, int, int], Scene] = OrderedDict()

    def fresh(self, path: str) -> Scene:
        """A recording, to be looked at this once.

        Raises:
            InputError: or one of its kinds, if there is nothing to read.
        """
        kept = (scene for key, scene in self._kept.items() if key == _key(path))
        return next(kept, None) or Scene(Path(path))

    def of(self, path: str) -> Scene:
        """A recording, looked at before or now.

        Raises:
            InputError: or one of its kinds, if there is nothing to read.
        """
        key = _key(path)
        if key not in self._kept:
            self._kept[key] = Scene(Path(path))
            while len(self._kept) > _KEPT:
                self._kept.popitem(last=False)
        self._kept.move_to_end(key)
        return self._kept[key]


def _key(path: str) -> tuple[str, int, int]:
    """What a recording is known by; of one that can't be read, its name alone."""
    try:
        status = Path(path).stat()
    except OSError:
        return path, 0, 0  # opening it says what is wrong
    return path, status.st_size, status.st_mtime_ns
