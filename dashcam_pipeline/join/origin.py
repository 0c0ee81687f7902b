"""Joined clips as what a run reads: resumable as one file is."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from dashcam_pipeline.engine.run import Run
from dashcam_pipeline.join.facts import chapters_of, facts_of
from dashcam_pipeline.join.telemetry import read_joined
from dashcam_pipeline.media.destination import longest_gap, muxer_of
from dashcam_pipeline.media.joined.reader import JoinedReader
from dashcam_pipeline.media.output_checks import check_output
from dashcam_pipeline.provenance import Keeper

if TYPE_CHECKING:
    from pathlib import Path

    from dashcam_pipeline.batch.segmented import Pausable
    from dashcam_pipeline.config import CleanConfig
    from dashcam_pipeline.engine.chain import Chain
    from dashcam_pipeline.engine.join_facts import JoinFacts
    from dashcam_pipeline.join.gathering import Gathered
    from dashcam_pipeline.media.reader import Reader
    from dashcam_pipeline.media.source import Chapter, SourceInfo, VideoTrack


class JoinedClips:
    """One camera's clips; see ``batch.origin.Origin``.

    Args:
        gathered: the clips in their places.
        copied: True if pictures are copied, and not encoded anew.
        checked: False if nobody looks whether what is copied is damaged.
    """

    def __init__(self, gathered: Gathered, *, copied: bool = False, checked: bool = True) -> None:
        self._gathered, self._copied, self._checked = gathered, copied, checked

    @property
    def paths(self) -> tuple[Path, ...]:
        """Of all clips that are read."""
        return self._gathered.paths

    @property
    def name(self) -> str:
        """The first clip's path."""
        return str(self._gathered.paths[0])

    def run(self, config: CleanConfig, target: Path, *, own: bool = False) -> Run:
        """As of ``Origin``."""
        muxer_of(target)
        for path in self._gathered.sources:
            check_output(path, target, overwrite=config.overwrite or own)
        reader = self._open(config, config.thread_count, listen=self._checked)
        return Run(reader, target, config, own=own)

    def reader(self, config: CleanConfig, target: Path) -> JoinedReader:
        """As of ``Origin``."""
        reader = self._open(config, 1)
        reader.close_gaps(longest_gap(reader.info, muxer_of(target)))
        return reader

    def keeper(self, target: Path, config: CleanConfig) -> Keeper:
        """As of ``Origin``."""
        paths = self.paths
        read = partial(read_joined, self._gathered.joined)
        return Keeper(paths[0], target, config, clips=paths, read=read)

    def state(self) -> list[tuple[int, int]]:
        """As of ``Origin``."""
        found = [path.stat() for path in self.paths]
        return [(status.st_size, status.st_mtime_ns) for status in found]

    def shown(self, info: SourceInfo) -> VideoTrack:
        """As it is read."""
        return info.video

    def chapters(self, info: SourceInfo, reader: Reader | JoinedReader) -> tuple[Chapter, ...]:
        """As of ``Origin``."""
        return chapters_of(info, reader) if isinstance(reader, JoinedReader) else info.chapters

    def middle(self, chain: Chain) -> Pausable:
        """The chain alone."""
        return chain

    def facts(self, reader: Reader | JoinedReader) -> JoinFacts | None:
        """As of ``Origin``."""
        if not isinstance(reader, JoinedReader):
            return None
        return facts_of(self._gathered, reader, copied=self._copied, checked=self._checked)

    def _open(self, config: CleanConfig, threads: int, *, listen: bool = False) -> JoinedReader:
        return JoinedReader(
            self._gathered.joined, threads=threads, hwaccel=config.hwaccel, listen=listen
        )
