"""Reader into writer, with nothing in between."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dashcam_pipeline.media.encoders import EncoderSettings, lossless
from dashcam_pipeline.media.reader import Reader
from dashcam_pipeline.media.writer import Writer, WriteReport

if TYPE_CHECKING:
    from pathlib import Path

    from dashcam_pipeline.media.frame_counts import ReadCounts


def pump(
    source: Path,
    target: Path,
    settings: EncoderSettings | None = None,
    *,
    audio: bool = True,
    track: int | None = None,
    start: float | None = None,
    end: float | None = None,
) -> tuple[ReadCounts, WriteReport]:
    """Write a recording anew; losslessly unless other settings are given."""
    with (
        Reader(source, track=track, start=start, end=end) as reader,
        Writer(target, reader.info, settings or lossless(), audio=audio) as writer,
    ):
        for item in reader:
            writer.write(item)
        return reader.counts, writer.finish()
