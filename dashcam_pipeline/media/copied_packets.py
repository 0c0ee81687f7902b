"""A recording's packets as they are, where a run expects frames."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from dashcam_pipeline.media.carried import CarriedPacket
    from dashcam_pipeline.media.joined.reader import JoinedReader
    from dashcam_pipeline.media.reader import Reader


class CopiedPackets:
    """What a reader gives when no picture is asked for.

    Args:
        reader: closed with this.
        check: True has it look for damage in the pictures, as of ``Reader.copied``.
    """

    def __init__(self, reader: Reader | JoinedReader, *, check: bool = False) -> None:
        self._reader, self._check = reader, check

    def __iter__(self) -> Iterator[CarriedPacket]:
        return self._reader.copied(check=self._check)

    def close(self) -> None:
        """Close the reader."""
        self._reader.close()
