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
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Final

from dashcam_pipeline.compare import labels
from dashcam_pipeline.compare.canvas import (
    PIXEL_FORMAT,
    Canvas,
    Developer,
    Size,
    shown_size,
)
from dashcam_pipeline.compare.layouts import Layout, make_layout
from dashcam_pipeline.compare.options import PreviewOptions
from dashcam_pipeline.compare.pairs import ChainMatcher, FileMatcher
from dashcam_pipeline.config import CleanConfig
from dashcam_pipeline.media import planes
from dashcam_pipeline.media.containers import choose_output_path
from dashcam_pipeline.media.encoders import EncoderSettings
from dashcam_pipeline.media.partfile import check_output
from dashcam_pipeline.media.reader import Reader
from dashcam_pipeline.media.writer import Writer
from dashcam_pipeline.pipeline import (
    Output,
    available_threads,
    build_chain,
    expected_frames,
    processing_tags,
)
from dashcam_pipeline.workers import Workers

if TYPE_CHECKING:
    from collections.abc import Callable

    from dashcam_pipeline.chain import StageOutcome
    from dashcam_pipeline.compare.options import Language
    from dashcam_pipeline.compare.pairs import Matcher, Pair
    from dashcam_pipeline.config import Box
    from dashcam_pipeline.frames import Frame
    from dashcam_pipeline.media.source import SourceInfo, VideoTrack
    from dashcam_pipeline.media.writer import WriteReport
    from dashcam_pipeline.workers import Progress

TITLES: Final[dict[Language, tuple[str, str]]] = {
    "en": ("Before", "After"),
    "ko": ("처리 전", "처리 후"),
}
"""What the two pictures are called."""

ENDING: Final = "_before_after"

_MARGIN: Final = 0.5
"""Between a label and the picture's edge, in heights of its text."""


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
    """

    path: Path
    size: Size
    frames: int
    layout: str
    seconds: float
    box: Box | None = None
    notes: tuple[str, ...] = ()

    def summary(self) -> str:
        """For people, without a newline at the end."""
        zoom = f", box {self.box}" if self.box else ""
        return (
            f"wrote  {self.path} ({self.size.width}x{self.size.height}, {self.layout}{zoom}, "
            f"{self.frames} frames)"
        )


class Show:
    """Makes one frame of each pair; stands where the chain stands in a run.

    Args:
        matcher: finds the counterparts; closed with this.
        before, after: what the frames come from.
        layout: puts them together.
        options: labels and language.
    """

    def __init__(
        self, matcher: Matcher, before: SourceInfo, after: SourceInfo, layout: Layout
    ) -> None:
        self._matcher, self._layout = matcher, layout
        color = before.video.color
        self._developers = [Developer(info.video, layout.pane, color) for info in (before, after)]
        self._labels = _Labels(layout, before, after) if layout.options.labels else None
        self._first: float | None = None

    def feed(self, frame: Frame) -> list[Frame]:
        """Give a frame; get the composed ones that are done."""
        return [self._compose(pair) for pair in self._matcher.feed(frame)]

    def finish(self) -> list[Frame]:
        """Those that are left."""
        return [self._compose(pair) for pair in self._matcher.finish()]

    def outcomes(self) -> list[StageOutcome]:
        """What stages did on the way."""
        return self._matcher.outcomes()

    def close(self) -> None:
        """Close the matcher."""
        self._matcher.close()

    def _compose(self, pair: Pair) -> Frame:
        before = pair[0]
        if self._first is None:
            self._first = before.seconds
        panes = [develop(frame) for develop, frame in zip(self._developers, pair, strict=True)]
        canvas = self._layout.compose(panes[0], panes[1], before.seconds - self._first)
        if self._labels is not None:
            self._labels.lay(canvas)
        return canvas.as_frame(before)


class _Labels:
    """The two labels, drawn once."""

    def __init__(self, layout: Layout, before: SourceInfo, after: SourceInfo) -> None:
        view = layout.view.width, layout.view.height
        whole = layout.corners[1][0] == 1.0  # both labels share one picture's width
        room = (view[0] // 2 if whole else view[0], view[1])
        same = before.path == after.path
        details = before.path.name, "" if same else after.path.name
        self._plates = [
            labels.plate(title, detail, pane=room)
            for title, detail in zip(TITLES[layout.options.language], details, strict=True)
        ]
        margin = round(labels.main_size(view[1]) * _MARGIN)
        self._places = []
        for plate, (x, y) in zip(self._plates, layout.corners, strict=True):
            left = layout.size.width * x + (margin if x < 1 else -plate.width - margin)
            self._places.append(
                (round(left / 2) * 2, round((layout.size.height * y + margin) / 2) * 2)
            )

    def lay(self, canvas: Canvas) -> None:
        for plate, (x, y) in zip(self._plates, self._places, strict=True):
            plate.lay(canvas, x, y)


def preview(
    input: str | Path,  # noqa: A002 - the word that the command line has
    cleaned: str | Path | None = None,
    *,
    output: str | Path | None = None,
    options: PreviewOptions | None = None,
    config: CleanConfig | None = None,
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
    options, config = options or PreviewOptions(), config or CleanConfig()
    source, other = Path(input), None if cleaned is None else Path(cleaned)
    begin = time.perf_counter()
    with ExitStack() as cleanup:
        threads = config.threads or available_threads()
        reader = _open(source, config, config.track, threads)
        cleanup.callback(reader.close)
        info = reader.info
        target = _target(info, other, output)
        for path in (source, other):
            if path is not None:
                check_output(path, target, overwrite=config.overwrite)
        matcher, after, tags = _matcher(info, other, config, threads)
        cleanup.callback(matcher.close)
        layout = make_layout(shown_size(info.video), options)
        shown = replace(info, video=_canvas_track(info, layout.size))
        settings = EncoderSettings(
            codec=config.codec,
            crf=config.crf,
            preset=config.preset,
            options=config.encoder_options,
            threads=threads,
        )
        writer = Writer(target, shown, settings, audio=config.audio, tags=tags)
        show = Show(matcher, info, after, layout)
        workers = Workers(reader, show, Output(writer, source, target))
        workers.progress.expected = expected_frames(info, config)
        cleanup.pop_all()  # from here on, each thread closes its own
    workers.run(progress)
    written: WriteReport = workers.sink_report
    return PreviewReport(
        path=target,
        size=layout.size,
        frames=written.frames,
        layout=options.layout,
        seconds=time.perf_counter() - begin,
        notes=tuple(f"{track.label} is not in it: {why}" for track, why in written.not_carried),
    )


def _open(path: Path, config: CleanConfig, track: int | None, threads: int) -> Reader:
    return Reader(path, track=track, start=config.start, end=config.end, threads=threads)


def _target(info: SourceInfo, cleaned: Path | None, output: str | Path | None) -> Path:
    if output is not None:
        return choose_output_path(info, Path(output))
    own = choose_output_path(info, ending=ENDING)
    return own if cleaned is None else cleaned.with_name(own.name)


def _matcher(
    info: SourceInfo, cleaned: Path | None, config: CleanConfig, threads: int
) -> tuple[Matcher, SourceInfo, dict[str, str]]:
    """What finds the counterparts, what they are stored as, and the result's tags."""
    if cleaned is None:
        chain, _ = build_chain(config)
        tags = processing_tags(info.metadata, config, synthetic=chain.synthetic)
        return ChainMatcher(chain), info, _as_comparison(tags, "before/after")
    reader = _open(cleaned, config, None, threads)
    try:
        matcher = FileMatcher(info, reader)
    except BaseException:
        reader.close()
        raise
    tags = processing_tags(reader.info.metadata, CleanConfig(stages=()))
    return matcher, reader.info, _as_comparison(tags, f"before/after of {info.path.name}")


def _as_comparison(tags: dict[str, str], what: str) -> dict[str, str]:
    return {**tags, "comment": f"{tags['comment']}; {what}"}


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
