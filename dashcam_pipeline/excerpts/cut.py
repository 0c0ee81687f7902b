"""Cutting an excerpt out: packets copied from key frame to key frame, or pictures encoded."""

from __future__ import annotations

from dataclasses import dataclass, replace
from fractions import Fraction
from functools import partial
from typing import TYPE_CHECKING, Final

from dashcam_pipeline.config import CleanConfig
from dashcam_pipeline.engine.join_facts import ClipFact, JoinFacts
from dashcam_pipeline.engine.output import marked
from dashcam_pipeline.engine.run import Run
from dashcam_pipeline.errors import UsageError
from dashcam_pipeline.excerpts.joined import PartReader
from dashcam_pipeline.excerpts.still import ENDING as STILL_ENDING
from dashcam_pipeline.excerpts.still import still
from dashcam_pipeline.join.gathering import gather
from dashcam_pipeline.join.selection import Selection
from dashcam_pipeline.join.telemetry import read_joined
from dashcam_pipeline.media.joined.likeness import why_not_copied
from dashcam_pipeline.media.output_checks import check_output
from dashcam_pipeline.media.probe import probe
from dashcam_pipeline.media.seeking import keys_around
from dashcam_pipeline.provenance import Keeper
from dashcam_pipeline.translation import _

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from dashcam_pipeline.engine.report import RunReport
    from dashcam_pipeline.excerpts.plan import Excerpt
    from dashcam_pipeline.media.carried import CarriedPacket
    from dashcam_pipeline.media.joined.place import Joined
    from dashcam_pipeline.media.reader import Reader
    from dashcam_pipeline.media.source import VideoTrack

_WHOLE: Final = 0.001
"""Seconds by which an end may miss that of the recording and still be it."""


@dataclass(frozen=True, slots=True)
class Span:
    """What is cut out, in seconds from the first clip's first picture on.

    Args:
        start: likewise.
        end: None for the recording's own.
    """

    start: float
    end: float | None


def mark_of(excerpt: Excerpt) -> str:
    """What an excerpt's metadata say that it is; another excerpt's say something else."""
    return f"{excerpt.name} of {excerpt.clips[0].path.name}"


def cut(
    excerpt: Excerpt, target: Path, *, exact: bool = False, overwrite: bool = False, own: bool = False
) -> RunReport:
    """Cut an excerpt out, with its GPX track, its raw telemetry, a still and a record beside it.

    Args:
        excerpt: what; its clips are only read.
        target: where it goes; its ending decides the container.
        exact: True encodes the pictures anew, from the very start to the very end. Otherwise
            packets are copied, from the key frame before the start to the one behind the end.
        overwrite: True replaces what has that name.
        own: True replaces what has that name, for it is our own.

    Returns:
        what was done. All files exist, whole, when this returns.

    Raises:
        UsageError: the clips of an excerpt over a seam differ too much to be copied.
        DashcamError: another of its kinds; nothing was written.
    """
    if len(excerpt.clips) == 1:
        return _of_one(excerpt, target, exact=exact, overwrite=overwrite, own=own)
    return _of_several(excerpt, target, exact=exact, overwrite=overwrite, own=own)


def _of_one(
    excerpt: Excerpt, target: Path, *, exact: bool, overwrite: bool, own: bool
) -> RunReport:
    path = excerpt.clips[0].path
    info = probe(path)
    span = _asked(excerpt, info.duration_s)
    if not exact:
        span = _at_keys(span, path, path, info.video)
    config = _config(span, overwrite=overwrite)
    with Run.open(config, path, target, own=own) as run:
        keeper = Keeper(path, run.target, config, more=_beside(excerpt))
        return _run(run, keeper, excerpt, exact=exact)


def _of_several(
    excerpt: Excerpt, target: Path, *, exact: bool, overwrite: bool, own: bool
) -> RunReport:
    camera = excerpt.camera
    gathered = gather(Selection(runs=((camera, excerpt.clips),)), camera, "close")
    if not exact and (why := why_not_copied(gathered.clips)):
        raise UsageError(
            _("these clips can't be cut as they are: {why}.", why=why),
            advice=_("Pass `exact=True` to encode their pictures anew."),
        )
    joined = gathered.joined
    span = _asked(excerpt, joined.info.duration_s)
    if not exact:
        span = _at_joined_keys(span, joined)
    config = _config(span, overwrite=overwrite)
    for path in gathered.paths:
        check_output(path, target, overwrite=overwrite or own)
    reader = PartReader(joined, start=span.start, end=span.end, threads=config.thread_count)
    with Run(reader, target, config, own=own) as run:
        keeper = Keeper(
            gathered.paths[0],
            target,
            config,
            clips=gathered.paths,
            read=lambda: read_joined(joined).within(span.start, span.end),
            more=_beside(excerpt),
        )
        return _run(run, keeper, excerpt, exact=exact, facts=partial(_facts, joined, span, exact=exact))


def _run(run, keeper, excerpt, *, exact, facts=None):
    chain = run.prepare(keeper)
    tags = marked(run.info.metadata, mark_of(excerpt))
    source = None if exact else _Packets(run.reader)
    run.run(chain, run.output(tags=tags, copied=not exact), source=source)
    return run.report(facts() if facts else None)
