"""Segments become a recording: video encoded apart, everything else straight from the source.

Sound, subtitles and data are muxed once, as the reader gives them, so that no priming and no edit
list is ever cut. Decoding times and durations of the video are computed anew over all segments.
"""

from __future__ import annotations

from dataclasses import replace
from itertools import chain, pairwise
from typing import TYPE_CHECKING

from dashcam_pipeline.errors import EncoderError
from dashcam_pipeline.media.encoding import last_duration
from dashcam_pipeline.media.segments import decode_times
from dashcam_pipeline.translation import _

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from fractions import Fraction

    from dashcam_pipeline.media.carried import CarriedPacket
    from dashcam_pipeline.media.joined.reader import JoinedReader
    from dashcam_pipeline.media.reader import Reader
    from dashcam_pipeline.media.segments import EncodedPacket, Segment
    from dashcam_pipeline.media.source import VideoTrack
    from dashcam_pipeline.media.writer import Writer


def join(writer: Writer, reader: Reader | JoinedReader, segments: Sequence[Segment]) -> None:
    """Write segments and the source's other tracks; ``writer.finish`` is left to the caller.

    Args:
        writer: fresh, with the settings that the segments were encoded with.
        reader: fresh, of the source, with the same track and span.
        segments: in order.

    Raises:
        EncoderError: the segments were made by another encoder.
        DiskFullError: no space left.
        OutputError: writing failed.
    """
    made_with = {segment.header["extradata"] for segment in segments}
    if made_with - {writer.extradata.hex()}:
        raise EncoderError(
            _(
                "The segments of {name} were made by another encoder, or with other settings.",
                name=reader.info.path.name,
            ),
            advice=_("Remove them and run it again."),
        )
    base = reader.info.video.time_base
    video = timed(segments, reader.info.video)
    pending = next(video, None)
    for carried in reader.carried():
        when = _when(carried)
        while pending is not None and when is not None and pending.dts * base <= when:
            writer.write_encoded(pending)
            pending = next(video, None)
        writer.write(carried)
    while pending is not None:
        writer.write_encoded(pending)
        pending = next(video, None)


def timed(segments: Sequence[Segment], video: VideoTrack) -> Iterator[EncodedPacket]:
    """All packets in decoding order, with decoding times and durations for the whole.

    Args:
        segments: in order.
        video: the source's track, for how long the last picture is shown.
    """
    pts = list(chain.from_iterable(segment.pts for segment in segments))
    shown = sorted(pts)
    durations = {a: b - a for a, b in pairwise(shown)}
    if shown:
        usual = durations.get(shown[-2], 0) if len(shown) > 1 else 0
        durations[shown[-1]] = last_duration(video, shown[-1]) or usual
    times = iter(decode_times(pts))
    for segment in segments:
        for packet in segment.packets():
            duration = durations[packet.pts] or packet.duration
            yield replace(packet, dts=next(times), duration=duration)


def _when(carried: CarriedPacket) -> Fraction | None:
    packet = carried.packet
    ticks = packet.dts if packet.dts is not None else packet.pts
    return None if ticks is None else ticks * packet.time_base
