"""From what the parts of a run counted to one report."""

from __future__ import annotations

import platform
from dataclasses import asdict
from typing import TYPE_CHECKING, Any, Final

import av
import numpy as np

from dashcam_pipeline._version import __version__
from dashcam_pipeline.engine.report import FileFacts, FrameCounts, RunReport, StageFact, StreamFact

if TYPE_CHECKING:
    from collections.abc import Sequence

    from dashcam_pipeline.config import CleanConfig
    from dashcam_pipeline.engine.workers import Workers
    from dashcam_pipeline.media.read_counts import ReadCounts
    from dashcam_pipeline.media.source import SourceInfo
    from dashcam_pipeline.media.writer import WriteReport

_HOLES_NAMED: Final = 3
"""Holes named in the warning; the report holds all of them."""


def make_report(
    *,
    config: CleanConfig,
    info: SourceInfo,
    counts: ReadCounts,
    workers: Workers,
    cuts: Sequence[int],
    device: str,
) -> RunReport:
    """Put the report of a finished run together.

    Args:
        config: of the run.
        info: the source.
        counts: what the reader counted.
        workers: finished; they hold timings, the stages' outcomes and the writer's report.
        cuts: indices of the frames that open a new scene.
        device: where the networks ran.
    """
    written: WriteReport = workers.sink_report
    video = info.video
    frames = FrameCounts(
        read=counts.frames_decoded,
        written=written.frames,
        expected=None if config.start or config.end else video.expected_frames,
        damaged_packets=counts.packets_failed,
        concealed=counts.frames_concealed,
        missing=counts.frames_missing,
        converted=counts.frames_converted,
        times_repaired=counts.pts_repaired,
        truncated=counts.truncated,
    )
    return RunReport(
        input=FileFacts(
            path=str(info.path),
            size_bytes=info.size_bytes,
            container=info.container,
            codec=video.codec or "unknown",
            width=video.width,
            height=video.height,
            duration_s=info.duration_s,
        ),
        output=FileFacts(
            path=str(written.path),
            size_bytes=written.nbytes,
            container=written.container,
            codec=written.encoder,
            width=video.width,
            height=video.height,
            duration_s=info.duration_s if not (config.start or config.end) else None,
        ),
        frames=frames,
        carried=tuple(StreamFact(track.label) for track in written.carried),
        not_carried=tuple(StreamFact(track.label, why) for track, why in written.not_carried),
        stages=tuple(
            StageFact(
                name=outcome.name,
                options=dict(spec.options),
                seconds=outcome.seconds,
                parts=outcome.parts,
                facts=outcome.facts,
                synthetic=outcome.synthetic,
            )
            for spec, outcome in zip(config.stages, workers.outcomes, strict=True)
        ),
        cuts=tuple(cuts),
        timings=asdict(workers.timings),
        pace=tuple(workers.pace.points),
        settings=config.model_dump(mode="json"),
        encoder_options=dict(written.options),
        device=device,
        decoder=counts.decoder,
        holes=tuple(counts.holes),
        warnings=run_warnings(frames, counts, written),
        versions=_versions(),
    )


def run_warnings(
    frames: FrameCounts, counts: ReadCounts, written: WriteReport | None = None
) -> tuple[str, ...]:
    """What the user should know, a sentence each.

    Args:
        frames: every frame accounted for.
        counts: what the reader counted.
        written: what the writer has to say.
    """
    said = []
    if frames.damaged:
        parts = [
            f"{count} {what}"
            for count, what in (
                (frames.missing, "frames are missing"),
                (frames.damaged_packets, "packets could not be decoded"),
                (frames.concealed, "frames were patched up by the decoder"),
            )
            if count
        ]
        if frames.truncated:
            parts.insert(0, "it ends too early")
        where = ", ".join(f"{a:.1f}-{b:.1f} s" for a, b in counts.holes[:_HOLES_NAMED])
        if len(counts.holes) > _HOLES_NAMED:
            where += ", ..."
        said.append(
            f"the source is damaged: {', '.join(parts)}{f' (holes at {where})' if where else ''}. "
            "Everything that could be decoded is in the output."
        )
    if frames.converted:
        said.append(
            f"{frames.converted} frames changed size or pixel format in mid-stream; "
            "they were converted to that of the first."
        )
    if written is not None and written.packets_refused:
        said.append(f"{written.packets_refused} packets of other tracks could not be written.")
    return tuple(said)


def _versions() -> dict[str, str]:
    """Of what did the work; ONNX Runtime's is among the facts of the stages that used it."""
    libraries: dict[str, Any] = av.library_versions
    return {
        "dashcam_pipeline": __version__,
        "python": platform.python_version(),
        "av": av.__version__,
        "numpy": np.__version__,
        **{name: ".".join(map(str, v)) for name, v in libraries.items() if name == "libavcodec"},
    }
