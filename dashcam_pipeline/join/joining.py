"""From clips to one recording: copied as they are, or through the chain."""

from __future__ import annotations

import json
import logging
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from dashcam_pipeline.batch.lock import FolderLock
from dashcam_pipeline.batch.recipe import make_recipe
from dashcam_pipeline.batch.resumable import clean_resumable, was_made_here
from dashcam_pipeline.config import CleanConfig
from dashcam_pipeline.engine.build_chain import warn_of_order
from dashcam_pipeline.engine.output import marked
from dashcam_pipeline.errors import OutputError, UsageError
from dashcam_pipeline.inference.digest import short_name
from dashcam_pipeline.join.gathering import gather, need_all, need_upright
from dashcam_pipeline.join.options import JoinOptions
from dashcam_pipeline.join.origin import JoinedClips
from dashcam_pipeline.join.selection import choose
from dashcam_pipeline.join.two_cameras import TwoCameraClips
from dashcam_pipeline.media.copied_packets import CopiedPackets
from dashcam_pipeline.media.folders import made_folder
from dashcam_pipeline.media.joined.likeness import why_not_copied
from dashcam_pipeline.translation import _

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from dashcam_pipeline.engine.control import Control
    from dashcam_pipeline.engine.report import RunReport
    from dashcam_pipeline.engine.workers import Progress
    from dashcam_pipeline.join.gathering import Gathered

logger = logging.getLogger(__name__)

COPY: Final = CleanConfig(stages=())
"""Settings of a join that says nothing else: no stage at work."""

_OF_THE_ENCODER: Final = ("codec", "crf", "preset", "encoder_options", "hwaccel")
"""Settings that a copy has no use for."""

_OURS: Final = ("*.seg", "*.part", "made.json", "lock")
"""What lies in a folder of work."""


def join(
    inputs: Sequence[str | Path],
    output: str | Path,
    *,
    options: JoinOptions | Mapping[str, Any] | None = None,
    config: CleanConfig | Mapping[str, Any] | None = None,
    progress: Callable[[Progress], None] | None = None,
    control: Control | None = None,
) -> RunReport:
    """Join the clips of a drive to one recording.

    Without stages the pictures are copied as they are. With stages they go through the chain as
    one recording does, whose memory is kept over the seams; cut off, such a run goes on from its
    segments, which lie in a hidden folder beside the output.

    Args:
        inputs: one folder, or clips; only read.
        output: where the result goes; its ending decides the container.
        options: which clips, and how; a mapping is checked as ``JoinOptions`` is.
        config: the chain, and how to encode; without it nothing is encoded.
        progress: called in this thread about ten times a second; what it raises ends the run.
        control: pauses or cancels it.

    Returns:
        what was done and kept; ``joined`` says what became of each clip. The output exists, whole,
        when this returns.

    Raises:
        UsageError: the clips can't be joined so; the advice says how else.
        DashcamError: another of its kinds, see ``dashcam_pipeline.errors``; no output was written.
        KeyboardInterrupt: Ctrl-C, likewise.
    """
    options = JoinOptions.of(options)
    config = COPY if config is None else CleanConfig.of(config)
    target = Path(output)
    warn_of_order(config)
    selection = choose([Path(path) for path in inputs], options)
    camera = selection.leading(options.camera)
    gathered = gather(selection, camera, options.gaps, beside=options.layout is not None)
    need_all(gathered.left_out, config)
    need_upright(gathered.clips)
    if options.layout is not None:
        both = TwoCameraClips(gathered, selection, options, config)
        return _through_chain(gathered, both, target, options, config, progress, control)
    if config.stages or options.reencode:
        origin = JoinedClips(gathered, checked=options.check)
        return _through_chain(gathered, origin, target, options, config, progress, control)
    return _copied(gathered, target, options, config, progress, control)


def _copied(  # noqa: PLR0917 - what a run needs
    gathered: Gathered,
    target: Path,
    options: JoinOptions,
    config: CleanConfig,
    progress: Callable[[Progress], None] | None,
    control: Control | None,
) -> RunReport:
    """Copy packets."""
    why = why_not_copied(gathered.clips)
    if why:
        raise UsageError(
            _("these clips can't be joined as they are: {why}.", why=why),
            advice=_("Pass `reencode=True` to encode their pictures anew."),
        )
    idle = [name for name in _OF_THE_ENCODER if name in config.model_fields_set]
    if idle:
        logger.warning(
            _(
                "Pictures are copied: {names} has no effect without `reencode=True`.",
                names=", ".join(f"`{name}`" for name in idle),
            )
        )
    origin = JoinedClips(gathered, copied=True, checked=options.check)
    with origin.run(config, target) as run:
        chain = run.prepare(origin.keeper(target, config))
        tags = marked(run.info.metadata, f"joined of {len(gathered.clips)} clips")
        source = CopiedPackets(run.reader, check=options.check)
        chapters = partial(origin.chapters, run.info, run.reader)
        sink = run.output(tags=tags, copied=True, chapters=chapters)
        run.run(chain, sink, progress, source=source, control=control)
        return run.report(origin.facts(run.reader))


def _through_chain(  # noqa: PLR0917 - what a run needs
    gathered: Gathered,
    origin: JoinedClips,
    target: Path,
    options: JoinOptions,
    config: CleanConfig,
    progress: Callable[[Progress], None] | None,
    control: Control | None,
) -> RunReport:
    """Decode, run the chain and encode, in segments that survive a power cut."""
    work = target.with_name(f".{target.name}.join")
    recipe = _recipe(gathered, options, config)
    with made_folder(target.parent):
        try:
            report = clean_resumable(
                origin,
                target,
                config=config,
                work=work,
                recipe=recipe,
                segment_seconds=options.segment_seconds,
                progress=progress,
                control=control,
                own=was_made_here(work, target, recipe),
            )
        except BaseException:
            if not _removed(work, with_segments=False):
                logger.warning(
                    _(
                        "What is done is kept in {work}; the same command goes on with it.",
                        work=work,
                    )
                )
            raise
    _removed(work, with_segments=True)
    return report


def _recipe(gathered: Gathered, options: JoinOptions, config: CleanConfig) -> str:
    """What the result depends on, beside the files."""
    places = [
        [one.clip.path.name, one.begin, one.until, str(one.clip.time_base)]
        for one in gathered.joined.clips
    ]
    parts = {
        "recipe": make_recipe(config).digest,
        "options": options.model_dump(mode="json", exclude={"check"}),
        "places": places,
    }
    return short_name(json.dumps(parts, sort_keys=True).encode(errors="surrogatepass"))


def _removed(work: Path, *, with_segments: bool) -> bool:
    """Remove a folder of work, and nothing that somebody else put into it.

    Args:
        work: the folder; it need not be there.
        with_segments: False leaves one that another run can go on from.

    Returns:
        False if there is something to go on from.
    """
    if not work.is_dir():
        return True
    try:
        lock = FolderLock(work / "lock", str(work))
    except OutputError:
        return True  # another run is at work in it
    with lock:
        if not with_segments and any(work.glob("*.seg")):
            return False
        for pattern in _OURS:
            for path in work.glob(pattern):
                path.unlink(missing_ok=True)
    with suppress(OSError):  # it holds something else
        work.rmdir()
    return True
