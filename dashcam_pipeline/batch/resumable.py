"""``clean``, resumable: the same result whether it runs through or is cut off and goes on."""

from __future__ import annotations

import json
import os
import time
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Final

from dashcam_pipeline.batch.fingerprint import fingerprint
from dashcam_pipeline.batch.lock import FolderLock
from dashcam_pipeline.batch.origin import OneFile, Origin
from dashcam_pipeline.batch.segmented import (
    PausingChain,
    Rest,
    SegmentPlan,
    SegmentSink,
    SegmentStore,
    unpack_state,
)
from dashcam_pipeline.engine.output import no_pictures
from dashcam_pipeline.errors import InputError, InputMissingError
from dashcam_pipeline.inference.digest import sha256_of_pieces
from dashcam_pipeline.media import destination, encoders
from dashcam_pipeline.media.atomic import write_whole
from dashcam_pipeline.media.joiner import join
from dashcam_pipeline.media.writer import Writer
from dashcam_pipeline.translation import _

if TYPE_CHECKING:
    from collections.abc import Callable

    from dashcam_pipeline.config import CleanConfig
    from dashcam_pipeline.engine.control import Control
    from dashcam_pipeline.engine.report import RunReport
    from dashcam_pipeline.engine.run import Run
    from dashcam_pipeline.engine.workers import Progress
    from dashcam_pipeline.media.encoders import Encoder
    from dashcam_pipeline.media.segments import Segment
    from dashcam_pipeline.media.write_report import WriteReport

_MADE: Final = "made.json"
"""In a recording's work folder: the output that is about to get its name."""

GONE_SECONDS: Final = 2.0
"""After so long a card that was taken out is gone from its folder."""

LOCK_SECONDS: float = 30.0
"""How long to wait for a dying worker of an earlier run to let a recording go."""


def clean_resumable(
    source: Path | Origin,
    target: Path,
    *,
    config: CleanConfig,
    work: Path,
    recipe: str,
    segment_seconds: float,
    progress: Callable[[Progress], None] | None = None,
    control: Control | None = None,
    own: bool = False,
) -> RunReport:
    """Clean one recording, going on where an earlier run of the same was cut off.

    Args:
        source: the recording; only read. A path is one file.
        target: where the result goes.
        config: how.
        work: folder for its segments, of no other recording; the caller removes it once the result
            is on record.
        recipe: what the result depends on, beside the source's size and time; segments of another
            one are not used.
        segment_seconds: length of a segment, the most work that can be lost.
        progress, control: as of ``clean``; frames of earlier runs are counted.
        own: True if an output of this name is ours, and may be replaced; the user's own files in
            the place of what lies beside it may not.

    Returns:
        as ``clean``; timings and the stages' facts are those of this run alone.

    Raises:
        DashcamError: as ``clean``; no output was written, whole segments stay in ``work``.
        KeyboardInterrupt: likewise.
    """
    origin = OneFile(source) if isinstance(source, Path) else source
    before = origin.state()
    with (
        FolderLock(work / "lock", origin.name, wait=LOCK_SECONDS),
        origin.run(config, target, own=own) as run,
    ):
        video, muxer = origin.shown(run.info), destination.muxer_of(target)
        run.shown = video
        keeper = origin.keeper(target, config)
        run.keep_size(keeper, video=video, piece=segment_seconds)
        encoder = encoders.resolve(run.settings, video)
        store = SegmentStore(work, _key(origin, encoder, muxer, recipe, segment_seconds))
        if store.threads is not None:
            run.settings = replace(run.settings, threads=store.threads)
            encoder = encoders.resolve(run.settings, video)
        plan = SegmentPlan.of(video, segment_seconds)
        chain = run.prepare(keeper)
        if store.whole:
            last = store.whole[-1]
            chain.resume(unpack_state(last.meta, last.arrays))
            keeper.changes.restore(last.meta["notes"])
        pausing = PausingChain(origin.middle(chain), plan, keeper.changes.state)
        run.on_failure(pausing.close)

        def check() -> None:
            _need_as_before(origin, before, refused=run.reader.counts.refused)

        sink = SegmentSink(
            store,
            pausing,
            plan,
            video=video,
            encoder=encoder,
            muxer=muxer,
            check=check,
            finish=lambda segments: _joined(origin, run, segments, work, recipe, check),
        )
        rest = Rest(run.reader, plan, store.last)
        run.run(pausing, sink, progress, source=rest, done=store.frames, control=control)
        return run.report(origin.facts(run.reader))


def was_made_here(work: Path, target: Path, recipe: str | None = None) -> bool:
    """Whether a file is an output that a run of ours completed, and was cut off before it said so.

    Args:
        work: folder of the recording's segments.
        target: the file.
        recipe: as of ``clean_resumable``; None takes any.
    """
    try:
        note = json.loads((work / _MADE).read_bytes())
        found = _note(target, target.name, recipe if recipe is not None else note["recipe"])
    except (OSError, ValueError, KeyError, TypeError):
        return False  # no note, or no such file
    return bool(note == found)


def _note(file: Path, name: str, recipe: str) -> dict[str, str]:
    return {"name": os.fsencode(name).hex(), "fingerprint": fingerprint(file), "recipe": recipe}


def _joined(  # noqa: PLR0917 - one caller
    origin: Origin,
    run: Run,
    segments: list[Segment],
    work: Path,
    recipe: str,
    check: Callable[[], None],
) -> WriteReport:
    """Write the output from whole segments, and everything else from the source."""
    config = run.config

    def seal(part: Path) -> None:
        run.seal(part)
        check()
        # Before it gets its name: from then on it is known as ours, whenever all is cut off.
        note = json.dumps(_note(part, run.target.name, recipe))
        write_whole(work / _MADE, note, overwrite=True)

    if not segments:
        raise no_pictures(run.info, config.start)
    with (
        origin.reader(config, run.target) as again,
        Writer(
            run.target,
            replace(
                again.info,
                video=origin.shown(again.info),
                chapters=origin.chapters(again.info, run.reader),
            ),
            run.settings,
            audio=config.audio,
            tags=run.tags,
            part=run.claim.part(),
        ) as writer,
    ):
        join(writer, again, segments)
        # all packets of the source; an earlier process may have decoded some of them
        run.reader.counts.said.add(again.counts.said)
        run.reader.counts.refused |= again.counts.refused
        return writer.finish(seal)


def _need_as_before(origin: Origin, before: list[tuple[int, int]], *, refused: bool) -> None:
    """Give no output a name that was made of half a recording, or of two halves of it.

    Args:
        origin: of the output.
        before: its state when the work began.
        refused: True if the system refused to read some of it: a bad spot, or a card taken out.

    Raises:
        InputError: it went away, or was written to meanwhile.
    """
    if refused:
        time.sleep(GONE_SECONDS)
    try:
        now = origin.state()
    except OSError as error:
        raise InputMissingError(
            _("{source} went away while it was read.", source=origin.name),
            advice=_("Once it is back, running it again goes on where it was."),
        ) from error
    if now != before:
        raise InputError(
            _("{source} was written to while it was read.", source=origin.name),
            advice=_("Run it again once it is whole."),
        )


def _key(origin: Origin, encoder: Encoder, muxer: str, recipe: str, seconds: float) -> str:
    """What a segment depends on; encoder threads aside, which the segments themselves fix."""
    parts = {
        "files": origin.state(),
        "recipe": recipe,
        "encoder": encoder.label,
        "pixel_format": encoder.pixel_format,
        "options": dict(encoder.options),
        "muxer": muxer,
        "seconds": seconds,
    }
    return sha256_of_pieces([json.dumps(parts, sort_keys=True).encode()])
