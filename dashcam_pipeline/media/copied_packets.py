"""A recording's packets as they are, where a run expects frames."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from dashcam_pipeline.media.carried import CarriedPacket
    from dashcam_pipeline.media.joined.reader import JoinedReader
    from dashcam_pipeline.media.reader import Reader


class CopiedPackets:
    """What a reader gives when nothing is decoded.

    Args:
        reader: closed with this.
    """

    def __init__(self, reader: Reader | JoinedReader) -> None:
        self._reader = reader

    def __iter__(self) -> Iterator[CarriedPacket]:
        return self._reader.copied()

    def close(self) -> None:
        """Close the reader."""
        self._reader.close()
