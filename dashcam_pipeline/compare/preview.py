"""Before and after in one video, in sync, with the recording's own timing and sound.

::

    preview("night.mp4")                                   # the chain runs on the fly
    preview("night.mp4", "night_clean.mp4", options=PreviewOptions(layout="wipe"))
    preview("night.mp4", config=CleanConfig(start=60, end=70))   # seeks; starts at once

The result is for looking at: 8 bits, 4:2:0, upright, square pixels, one video track; the sound and
the recording's other tracks are copied where the container holds them. It is never a substitute
for the cleaned recording.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from dashcam_pipeline.compare.canvas import PIXEL_FORMAT, Size
from dashcam_pipeline.compare.composer import Composer
from dashcam_pipeline.compare.options import PreviewOptions
from dashcam_pipeline.compare.sources import Comparison
from dashcam_pipeline.config import CleanConfig
from dashcam_pipeline.engine.report import wrote
from dashcam_pipeline.engine.run import Run
from dashcam_pipeline.media import planes
from dashcam_pipeline.media.destination import choose_output_path
from dashcam_pipeline.media.output_checks import check_output
from dashcam_pipeline.provenance.companions import former_companions
from dashcam_pipeline.translation import _, _n

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from dashcam_pipeline.compare.pairs import Matcher, Pair
    from dashcam_pipeline.engine.report import StageFact
    from dashcam_pipeline.engine.workers import Progress
    from dashcam_pipeline.frames import Frame
    from dashcam_pipeline.media.frame_counts import ReadCounts
    from dashcam_pipeline.media.source import SourceInfo, VideoTrack
    from dashcam_pipeline.media.write_report import WriteReport
    from dashcam_pipeline.stages.base import Box

ENDING: Final = "_before_after"


@dataclass(frozen=True, slots=True)
class PreviewReport:
    """What was written.

    Args:
        path: the result.
        size: of its picture.
        frames: pairs in it.
        layout: how they were put together.
        seconds: wall time.
        box: what ``crop`` shows.
        notes: what the user should know.
        synthetic: True if it shows what the camera never saw.
    """

    path: Path
    size: Size
    frames: int
    layout: str
    seconds: float
    box: Box | None = None
    notes: tuple[str, ...] = ()
    synthetic: bool = False

    def summary(self) -> str:
        """For people, without a newline at the end."""
        facts = [
            f"{self.size.width}x{self.size.height}",
            self.layout,
            *([_("box {box}", box=self.box)] if self.box else []),
            _n("{n} frame", "{n} frames", self.frames),
        ]
        return wrote(self.path, facts, synthetic=self.synthetic)


class Show:
    """Makes one frame of each pair; stands where the chain stands in a run.

    Args:
        matcher: finds the counterparts; closed with this.
        compose: makes one picture of a pair.
    """

    def __init__(self, matcher: Matcher, compose: Composer) -> None:
        self._matcher, self._compose = matcher, compose
        self._first: float | None = None

    def feed(self, frame: Frame) -> list[Frame]:
        """Give a frame; get the composed ones that are done."""
        return [self._show(pair) for pair in self._matcher.feed(frame)]

    def finish(self) -> list[Frame]:
        """Those that are left."""
        return [self._show(pair) for pair in self._matcher.finish()]

    def stage_facts(self) -> list[StageFact]:
        """What stages did on the way."""
        return self._matcher.stage_facts()

    def close(self) -> None:
        """Close the matcher."""
        self._matcher.close()

    def _show(self, pair: Pair) -> Frame:
        before = pair[0]
        if self._first is None:
            self._first = before.seconds
        return self._compose(pair, before.seconds - self._first).as_frame(before)


def preview(
    input: str | Path,  # noqa: A002 - the word that the command line has
    cleaned: str | Path | None = None,
    *,
    output: str | Path | None = None,
    options: PreviewOptions | Mapping[str, Any] | None = None,
    config: CleanConfig | Mapping[str, Any] | None = None,
    progress: Callable[[Progress], None] | None = None,
) -> PreviewReport:
    """Show before and after in one video.

    Args:
        input: the recording; only read.
        cleaned: what was made of it; None runs the configuration's chain on the fly.
        output: where the video goes; None is ``NAME_before_after`` beside ``cleaned`` or ``input``.
        options: layout, size, labels.
        config: the chain, the part (``start``, ``end``), and how to encode.
        progress: called in this thread about ten times a second; what it raises ends the run.

    Returns:
        what was written. It exists, whole, when this returns.

    Raises:
        UsageError: the two recordings' frames don't match.
        DashcamError: another of its kinds, see ``dashcam_pipeline.errors``; nothing was written.
        KeyboardInterrupt: Ctrl-C; nothing was written.
    """
    options, config = PreviewOptions.of(options), CleanConfig.of(config)
    begin = time.perf_counter()
    comparison = Comparison(Path(input), None if cleaned is None else Path(cleaned), config)
    target = choose_target(comparison, output)
    with Run(comparison.reader(), target, config) as run:
        for former in former_companions(target):  # of a result that it replaces
            run.claim.drop(former)
        matcher, tags = comparison.matcher()
        run.on_failure(matcher.close)
        compose = Composer(comparison, options)
        track = _canvas_track(run.info, compose.size)
        run.run(Show(matcher, compose), run.output(video=track, tags=tags), progress)
    return PreviewReport(
        path=target,
        size=compose.size,
        frames=run.written.frames,
        layout=options.layout,
        seconds=time.perf_counter() - begin,
        box=compose.box,
        notes=_notes(run.reader.counts, run.written),
        synthetic=comparison.synthetic,
    )


def _notes(counts: ReadCounts, written: WriteReport) -> tuple[str, ...]:
    notes = [
        _("{label} is not in it: {why}", label=track.label, why=why)
        for track, why in written.not_carried
    ]
    if counts.frames.damaged:
        notes.append(
            _(
                "the source is damaged (missing frames: {missing}, patched up: "
                "{concealed}); what can be decoded is in it.",
                missing=counts.frames.missing,
                concealed=counts.frames.concealed,
            )
        )
    return tuple(notes)


def choose_target(
    comparison: Comparison, output: str | Path | None, *, suffix: str | None = None
) -> Path:
    """Where a result goes.

    Args:
        comparison: what is compared.
        output: what the user named; None is a name beside the cleaned recording or the source.
        suffix: of a picture; None for a video, in the source's container.

    Raises:
        OutputExistsError: it is one of the recordings, or there already.
        OutputError: it can't be written there, or not in that format.
    """
    source, cleaned, info = comparison.source, comparison.cleaned, comparison.before
    if suffix is None:
        target = choose_output_path(info, None if output is None else Path(output), ending=ENDING)
    else:
        target = Path(output) if output else source.with_name(f"{source.stem}{ENDING}{suffix}")
    if output is None and cleaned is not None:
        target = cleaned.with_name(target.name)
    for path in (source, cleaned):
        if path is not None:
            check_output(path, target, overwrite=comparison.config.overwrite)
    return target


def _canvas_track(info: SourceInfo, size: Size) -> VideoTrack:
    """The video track as the result has it: upright, square pixels, 8-bit 4:2:0."""
    return replace(
        info.video,
        width=size.width,
        height=size.height,
        pixel_format=planes.pixel_format(PIXEL_FORMAT),
        display_matrix=None,
        rotation=0,
        sample_aspect_ratio=None,
    )
