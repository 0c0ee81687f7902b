"""What a resumable run cleans: one file, or clips joined to one recording."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from dashcam_pipeline.engine.run import Run, open_reader
from dashcam_pipeline.provenance import Keeper

if TYPE_CHECKING:
    from pathlib import Path

    from dashcam_pipeline.batch.segmented import Pausable
    from dashcam_pipeline.config import CleanConfig
    from dashcam_pipeline.engine.chain import Chain
    from dashcam_pipeline.engine.join_facts import JoinFacts
    from dashcam_pipeline.media.joined.reader import JoinedReader
    from dashcam_pipeline.media.reader import Reader
    from dashcam_pipeline.media.source import Chapter, SourceInfo, VideoTrack


class Origin(Protocol):
    """Where pictures come from; only read."""

    @property
    def name(self) -> str:
        """For messages."""

    def run(self, config: CleanConfig, target: Path, *, own: bool) -> Run:
        """Open it for a run.

        Args:
            config, target, own: as of ``Run``.

        Raises:
            DashcamError: it can't be read, or the output can't go there.
        """

    def reader(self, config: CleanConfig, target: Path) -> Reader | JoinedReader:
        """Open it once more, for what is carried: no picture will be decoded.

        Raises:
            DashcamError: it can't be read.
        """

    def keeper(self, target: Path, config: CleanConfig) -> Keeper:
        """What goes along with the output."""

    def state(self) -> list[tuple[int, int]]:
        """Size and time of change of each file, in nanoseconds."""

    def shown(self, info: SourceInfo) -> VideoTrack:
        """The video track as it is written.

        Args:
            info: of what is read.
        """

    def chapters(self, info: SourceInfo, reader: Reader | JoinedReader) -> tuple[Chapter, ...]:
        """Chapters as they are written, once all was read.

        Args:
            info: of what is read.
            reader: the run's.
        """

    def middle(self, chain: Chain) -> Pausable:
        """What frames go through: the chain, or what shows its work with something else."""

    def facts(self, reader: Reader | JoinedReader) -> JoinFacts | None:
        """Of what it is joined; None for one file.

        Args:
            reader: the run's, read to its end.
        """


class OneFile:
    """A recording that is one file.

    Args:
        path: of it.
    """

    def __init__(self, path: Path) -> None:
        self._path = path

    @property
    def name(self) -> str:
        """Its path."""
        return str(self._path)

    def run(self, config: CleanConfig, target: Path, *, own: bool) -> Run:
        """As of ``Origin``."""
        return Run.open(config, self._path, target, own=own)

    def reader(self, config: CleanConfig, target: Path) -> Reader:
        """As of ``Origin``."""
        return open_reader(config, self._path, target=target, threads=1)

    def keeper(self, target: Path, config: CleanConfig) -> Keeper:
        """As of ``Origin``."""
        return Keeper(self._path, target, config)

    def state(self) -> list[tuple[int, int]]:
        """As of ``Origin``."""
        status = self._path.stat()
        return [(status.st_size, status.st_mtime_ns)]

    def shown(self, info: SourceInfo) -> VideoTrack:
        """As it is read."""
        return info.video

    def chapters(self, info: SourceInfo, reader: Reader | JoinedReader) -> tuple[Chapter, ...]:  # noqa: ARG002 - as of Origin
        """As they are read."""
        return info.chapters

    def middle(self, chain: Chain) -> Chain:
        """The chain alone."""
        return chain

    def facts(self, reader: Reader | JoinedReader) -> None:  # noqa: ARG002 - as of Origin
        """Of nothing."""
        return
