"""``clean``, resumable: the same result whether it runs through or is cut off and goes on."""

from __future__ import annotations

import hashlib
import json
from contextlib import ExitStack
from typing import TYPE_CHECKING

from dashcam_pipeline.accounting import make_report
from dashcam_pipeline.assembly import (
    Leftover,
    available_threads,
    check_damage,
    encoder_settings,
    expected_frames,
    open_reader,
    prepare_chain,
    processing_tags,
)
from dashcam_pipeline.batch.lock import FolderLock
from dashcam_pipeline.batch.segmented import (
    PausingChain,
    Rest,
    SegmentPlan,
    SegmentSink,
    SegmentStore,
    unpack_state,
)
from dashcam_pipeline.errors import NotVideoError
from dashcam_pipeline.media import destination, encoders
from dashcam_pipeline.media.joiner import join
from dashcam_pipeline.media.partfile import check_output, part_of
from dashcam_pipeline.media.writer import Writer
from dashcam_pipeline.provenance import Keeper
from dashcam_pipeline.workers import Workers

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from dashcam_pipeline.config import CleanConfig
    from dashcam_pipeline.media.encoders import Encoder
    from dashcam_pipeline.media.segments import Segment
    from dashcam_pipeline.media.source import SourceInfo
    from dashcam_pipeline.media.written import WriteReport
    from dashcam_pipeline.report import RunReport
    from dashcam_pipeline.workers import Progress

LOCK_SECONDS: float = 30.0
"""How long to wait for a dying worker of an earlier run to let a recording go."""


def clean_resumable(
    source: Path,
    target: Path,
    *,
    config: CleanConfig,
    work: Path,
    recipe: str,
    segment_seconds: float,
    progress: Callable[[Progress], None] | None = None,
) -> RunReport:
    """Clean one recording, going on where an earlier run of the same was cut off.

    Args:
        source: the recording; only read.
        target: where the result goes.
        config: how.
        work: folder for its segments, of no other recording; the caller removes it once the result
            is on record.
        recipe: what the result depends on beside the source, as ``Recipe.digest``; segments of
            another one are not used.
        segment_seconds: length of a segment, the most work that can be lost.
        progress: as of ``clean``; frames of earlier runs are counted.

    Returns:
        as ``clean``; timings and the stages' facts are those of this run alone.

    Raises:
        DashcamError: as ``clean``; no output was written, whole segments stay in ``work``.
        KeyboardInterrupt: likewise.
    """
    check_output(source, target, overwrite=config.overwrite)
    with ExitStack() as cleanup:
        cleanup.enter_context(FolderLock(work / "lock", str(source), wait=LOCK_SECONDS))
        with ExitStack() as opened:
            threads = config.threads or available_threads()
            reader = open_reader(config, source, threads)
            opened.callback(reader.close)
            info = reader.info
            muxer = destination.muxer_of(target)
            settings = encoder_settings(config, threads)
            encoder = encoders.resolve(settings, info.video)
            key = _key(info, encoder, muxer, recipe, segment_seconds)
            store = SegmentStore(work, key)
            if store.threads is not None:
                settings = encoder_settings(config, store.threads)
                encoder = encoders.resolve(settings, info.video)
            plan = SegmentPlan.of(info.video, segment_seconds)
            keeper = Keeper(source, target, config)
            keeper.check()
            chain, device, keeper.overlay = prepare_chain(config, info)
            opened.callback(chain.close)
            chain.observer = keeper.changes
            if store.whole:
                last = store.whole[-1]
                chain.resume(unpack_state(last.meta, last.arrays))
                keeper.changes.restore(last.meta["notes"])
            tags = processing_tags(info.metadata, config, synthetic=chain.synthetic)

            def finish(segments: list[Segment]) -> WriteReport:
                _check_any(segments, source)
                with (
                    open_reader(config, source, 1) as again,
                    Writer(target, again.info, settings, audio=config.audio, tags=tags) as writer,
                ):
                    join(writer, again, segments)
                    return writer.finish(keeper.seal)

            pausing = PausingChain(chain, plan, keeper.changes.state)
            sink = SegmentSink(
                store,
                pausing,
                plan,
                video=info.video,
                encoder=encoder,
                muxer=muxer,
                finish=finish,
            )
            workers = Workers(
                Rest(reader, plan, store.last),
                pausing,
                sink,
                check=lambda: check_damage(reader.counts, source, strict=config.strict),
            )
            workers.progress.expected = expected_frames(info, config)
            workers.progress.frames = store.frames
            opened.pop_all()  # from here on, each thread closes its own
        with Leftover(part_of(target)):
            workers.run(progress)
        report = make_report(
            config=config,
            info=info,
            counts=reader.counts,
            workers=workers,
            cuts=chain.cuts,
            device=device,
        )
        return keeper.finish(report)


def _check_any(segments: list[Segment], source: Path) -> None:
    if not segments:
        raise NotVideoError(
            f"{source}: there is not one picture to write.",
            advice="Check that it plays in a media player, and that --start lies in it.",
        )


def _key(info: SourceInfo, encoder: Encoder, muxer: str, recipe: str, seconds: float) -> str:
    """What a segment depends on; encoder threads aside, which the segments themselves fix."""
    status = info.path.stat()
    parts = {
        "size": status.st_size,
        "mtime_ns": status.st_mtime_ns,
        "recipe": recipe,
        "encoder": encoder.label,
        "pixel_format": encoder.pixel_format,
        "options": dict(encoder.options),
        "muxer": muxer,
        "seconds": seconds,
    }
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()
