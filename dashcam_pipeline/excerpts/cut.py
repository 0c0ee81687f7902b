"""Cutting an excerpt out: packets copied from key frame to key frame, or pictures encoded."""

from __future__ import annotations

from dataclasses import dataclass, replace
from fractions import Fraction
from functools import partial
from pathlib import Path
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
from dashcam_pipeline.media.copied_packets import CopiedPackets
from dashcam_pipeline.media.joined.likeness import why_not_copied
from dashcam_pipeline.media.output_checks import check_output
from dashcam_pipeline.media.probe import probe
from dashcam_pipeline.media.reader import Reader
from dashcam_pipeline.media.seeking import keys_around
from dashcam_pipeline.provenance import Keeper
from dashcam_pipeline.translation import _

if TYPE_CHECKING:
    from collections.abc import Callable

    from dashcam_pipeline.engine.report import RunReport
    from dashcam_pipeline.excerpts.plan import Excerpt
    from dashcam_pipeline.join.gathering import Gathered
    from dashcam_pipeline.media.joined.place import Joined
    from dashcam_pipeline.media.joined.reader import JoinedReader
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
    excerpt: Excerpt,
    target: Path,
    *,
    exact: bool = False,
    overwrite: bool = False,
    own: bool = False,
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


def span_of(excerpt: Excerpt, *, exact: bool) -> Span:
    """What of its clips an excerpt holds.

    Args:
        excerpt: likewise.
        exact: as of ``cut``.

    Raises:
        InputError: a clip can't be read.
    """
    if len(excerpt.clips) > 1:
        return _span_of_several(excerpt, _gathered(excerpt).joined, exact=exact)
    info = probe(excerpt.clips[0].path)
    span = _asked(excerpt, info.duration_s)
    return span if exact else _at_keys(span, info.path, info.video)


def _span_of_several(excerpt: Excerpt, joined: Joined, *, exact: bool) -> Span:
    span = _asked(excerpt, joined.info.duration_s)
    return span if exact else _at_joined_keys(span, joined)


def _gathered(excerpt: Excerpt) -> Gathered:
    return gather(Selection(runs=((excerpt.camera, excerpt.clips),)), excerpt.camera, "close")


def _of_one(
    excerpt: Excerpt, target: Path, *, exact: bool, overwrite: bool, own: bool
) -> RunReport:
    path = excerpt.clips[0].path
    config = _config(span_of(excerpt, exact=exact), overwrite=overwrite)
    with Run.open(config, path, target, own=own) as run:
        keeper = Keeper(path, run.target, config, more=_beside(excerpt))
        return _run(run, keeper, excerpt, exact=exact)


def _of_several(
    excerpt: Excerpt, target: Path, *, exact: bool, overwrite: bool, own: bool
) -> RunReport:
    gathered = _gathered(excerpt)
    if not exact and (why := why_not_copied(gathered.clips)):
        raise UsageError(
            _("these clips can't be cut as they are: {why}.", why=why),
            advice=_("Pass `exact=True` to encode their pictures anew."),
        )
    joined = gathered.joined
    span = _span_of_several(excerpt, joined, exact=exact)
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
        return _run(
            run, keeper, excerpt, exact=exact, facts=partial(_facts, joined, span, exact=exact)
        )


def _run(
    run: Run,
    keeper: Keeper,
    excerpt: Excerpt,
    *,
    exact: bool,
    facts: Callable[[JoinedReader], JoinFacts] | None = None,
) -> RunReport:
    chain = run.prepare(keeper)
    tags = marked(run.info.metadata, mark_of(excerpt))
    source = None if exact else CopiedPackets(run.reader)
    run.run(chain, run.output(tags=tags, copied=not exact), source=source)
    if facts is None or isinstance(run.reader, Reader):
        return run.report()
    return run.report(facts(run.reader))


def _config(span: Span, *, overwrite: bool) -> CleanConfig:
    return CleanConfig(stages=(), start=span.start or None, end=span.end, overwrite=overwrite)


def _asked(excerpt: Excerpt, duration: float | None) -> Span:
    """What was asked for, as far as the recording reaches."""
    end = excerpt.end
    if duration is not None and end >= duration - _WHOLE:
        return Span(min(excerpt.start, max(0.0, duration - 1.0)), None)
    return Span(excerpt.start, end)


def _at_keys(span: Span, path: Path, video: VideoTrack) -> Span:
    """The whole groups of pictures of one recording that show a span."""
    origin, base = video.start_pts or 0, video.time_base
    begin = origin + round(Fraction(span.start) / base)
    end = origin + round(Fraction(span.end or 0.0) / base)
    key, behind = keys_around(path, video.index, begin, end)
    start = 0.0 if key is None else max(0.0, float((key - origin) * base))
    if span.end is None or behind is None:
        return Span(start, None)
    return Span(start, float((behind - origin) * base))


def _at_joined_keys(span: Span, joined: Joined) -> Span:
    """The same of clips that were joined, each of which begins with a key frame."""
    start, end = 0.0, None
    for one in joined.clips:
        video = one.clip.info.video
        offset = float((one.begin - joined.clips[0].begin) * joined.time_base)
        begins = offset <= span.start < offset + float(one.length)
        ends = span.end is not None and offset < span.end <= offset + float(one.length)
        own = Span(max(0.0, span.start - offset), (span.end or 0.0) - offset if ends else None)
        if begins or ends:
            found = _at_keys(own, one.clip.path, video)
            start = offset + found.start if begins else start
            end = offset + found.end if ends and found.end is not None else end
    return Span(start, end)


def _facts(joined: Joined, span: Span, reader: JoinedReader, *, exact: bool) -> JoinFacts:
    """Of which clips an excerpt over a seam was made, and where they lie in it."""
    base = joined.time_base
    whole = span.end if span.end is not None else float("inf")
    clips = []
    for one in joined.clips:
        begin = float((one.begin - joined.clips[0].begin) * base)
        end = min(begin + float(one.length), whole)
        clips.append(
            ClipFact(
                path=str(one.clip.path),
                begin_s=max(0.0, begin - span.start),
                end_s=end - span.start,
                overlap_s=float(one.overlap),
            )
        )
    problems = {c.clip.path: n.problem for c, n in zip(joined.clips, reader.clips, strict=True)}
    clips = [replace(fact, problem=problems[Path(fact.path)]) for fact in clips]
    return JoinFacts(clips=tuple(clips), copied=not exact, checked=exact)


def _beside(excerpt: Excerpt) -> dict[str, bytes]:
    """The still, if there is a picture to be had."""
    clip, second = excerpt.still
    picture = still(clip.path, second)
    return {} if picture is None else {STILL_ENDING: picture}
