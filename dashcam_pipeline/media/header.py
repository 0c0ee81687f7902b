"""What a recording's header alone says: enough to put a thousand clips in order within a minute.

``probe`` says more, and decodes a picture for it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import av

from dashcam_pipeline.media import containers, extent
from dashcam_pipeline.media.describe import choose_video, creation_time, decoder_of
from dashcam_pipeline.media.opening import open_source

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime
    from pathlib import Path

    from av.container import InputContainer
    from av.video.stream import VideoStream


@dataclass(frozen=True, slots=True)
class Header:
    """What the header says.

    Args:
        container: as of ``SourceInfo``.
        codec: of the picture; None where FFmpeg has no name for it.
        width, height: of the stored picture.
        duration_s: of the picture, else of the file; None where neither is said.
        created: as of ``SourceInfo.creation_time``.
        metadata: the container's own.
        texts: True if there are tracks of subtitles or data.
        whole: False if the file is shorter than it says itself.
    """

    container: str
    codec: str | None
    width: int
    height: int
    duration_s: float | None
    created: datetime | None
    metadata: Mapping[str, str]
    texts: bool
    whole: bool


def read_header(path: Path) -> Header:
    """Read the header of a recording; no picture is decoded by us.

    Args:
        path: the file; only read.

    Raises:
        InputError: or one of its kinds, if it can't be opened or holds no video.
    """
    with open_source(path) as container:
        stream = choose_video(container, path)
        context = decoder_of(stream)
        brand = container.metadata.get("major_brand", "").strip()
        kind = containers.identify(container.format.name, brand=brand, suffix=path.suffix)
        return Header(
            container=kind.name,
            codec=context.name if context is not None else None,
            width=stream.width,
            height=stream.height,
            duration_s=_duration(container, stream),
            created=creation_time(container.metadata),
            metadata=dict(container.metadata),
            texts=any(s.type in {"data", "subtitle"} for s in container.streams),
            whole=(extent.declared_size(path) or 0) <= path.stat().st_size,
        )


def _duration(container: InputContainer, stream: VideoStream) -> float | None:
    if stream.duration and stream.time_base:
        return float(stream.duration * stream.time_base)
    return container.duration / av.time_base if container.duration else None
