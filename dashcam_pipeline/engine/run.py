"""One run: a recording in, a recording out, with whatever frames go through in between.

::

    with Run.open(config, source, target) as run:        # a reader; nothing is written yet
        chain = run.prepare(Keeper(source, run.target, config))
        run.run(chain, run.output(), progress)            # until the output is whole, and sealed
        return run.report()                               # it has its name, and all beside it

``pipeline.clean`` is just that; ``batch`` writes segments instead and joins them, and a preview
puts both pictures of a pair where the chain would be.
"""

from __future__ import annotations

import platform
from contextlib import ExitStack
from dataclasses import asdict, replace
from typing import TYPE_CHECKING, Any, Protocol, Self

import av
import numpy as np

from dashcam_pipeline._version import __version__
from dashcam_pipeline.engine.build_chain import prepare_chain
from dashcam_pipeline.engine.output import (
    Output,
    encoder_settings,
    no_pictures,
    open_writer,
    processing_tags,
)
from dashcam_pipeline.engine.report import FileFacts, RunReport, StreamFact, run_warnings
from dashcam_pipeline.engine.size_plan import growth, plan_size
from dashcam_pipeline.engine.workers import Workers
from dashcam_pipeline.errors import DamagedError
from dashcam_pipeline.media.claim import Claim
from dashcam_pipeline.media.destination import choose_output_path, longest_gap, muxer_of
from dashcam_pipeline.media.folders import made_folder
from dashcam_pipeline.media.look_back import look_back
from dashcam_pipeline.media.output_checks import check_output, output_error
from dashcam_pipeline.media.reader import Reader
from dashcam_pipeline.media.write_report import COPIED
from dashcam_pipeline.media.writer import Writer
from dashcam_pipeline.translation import _, _n, joined

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from pathlib import Path
    from types import TracebackType

    from dashcam_pipeline.config import CleanConfig
    from dashcam_pipeline.dashcam.overlay import Overlay
    from dashcam_pipeline.engine.chain import Chain
    from dashcam_pipeline.engine.control import Control
    from dashcam_pipeline.engine.join_facts import JoinFacts
    from dashcam_pipeline.engine.size_plan import SizePlan
    from dashcam_pipeline.engine.workers import Middle, Progress, Sink, Source
    from dashcam_pipeline.frames import Frame
    from dashcam_pipeline.media.frame_counts import ReadCounts
    from dashcam_pipeline.media.joined.reader import JoinedReader
    from dashcam_pipeline.media.source import Chapter, SourceInfo, VideoTrack
    from dashcam_pipeline.media.write_report import WriteReport


class RecordKeeper(Protocol):
    """What goes along with an output, as ``provenance.Keeper`` does it."""

    overlay: Overlay
    """What was protected; the run says it."""

    @property
    def changes(self) -> Callable[[Frame, Frame], None]:
        """Looks at every frame, before and after the chain."""

    def check(self, claim: Claim) -> None:
        """Claim what will lie beside the output; refuse to replace what may not be."""

    @property
    def nbytes(self) -> int:
        """How many bytes ``seal`` adds to the output at most."""

    def seal(self, part: Path) -> None:
        """Complete the output, before it gets its name."""

    def finish(self, report: RunReport) -> RunReport:
        """Write what will lie beside the output, as parts; the report with what is kept there."""


class Run:
    """One recording's way from file to file; a context manager, for one run.

    Left before ``run`` was called, it closes what was opened. Left by a failure at any time, it
    leaves no unfinished file behind.

    Args:
        reader: of the recording; closed with the run.
        target: where the output goes.
        config: how.
        own: True if an output of this name is our own, and may be replaced in any case.

    Raises:
        OutputError: another run is at work on the target, or it can't be written; the reader is
            closed.
    """

    def __init__(
        self, reader: Reader | JoinedReader, target: Path, config: CleanConfig, *, own: bool = False
    ) -> None:
        self.reader, self.target, self.config = reader, target, config
        self.info: SourceInfo = reader.info
        self.settings = encoder_settings(config)
        """Of the encoder."""
        self.tags = processing_tags(self.info.metadata, config)
        """Metadata that says what is done."""
        self.shown: VideoTrack = self.info.video
        """The video track as it is written."""
        self.size: SizePlan | None = None
        """What the output may have; None until ``keep_size``, and where nothing was asked for."""
        self._keeper: RecordKeeper | None = None
        self._chain: Chain | None = None
        self._device = "cpu"
        self._workers: Workers | None = None
        self._opened = ExitStack()
        self._opened.callback(reader.close)
        try:
            _fit(reader, target)
            with ExitStack() as folder:
                folder.enter_context(made_folder(target.parent))
                self.claim = Claim(target, overwrite=config.overwrite, own=own)
                """The target, and what goes along with it, for this run alone."""
                self._folder = folder.pop_all()
        except BaseException:
            self._opened.close()
            raise

    @classmethod
    def open(
        cls, config: CleanConfig, source: Path, target: Path | None = None, *, own: bool = False
    ) -> Self:
        """Open a recording, and decide where its output goes.

        Args:
            config: how; track, span and hardware decide what is read.
            source: the recording; only read.
            target: None is ``NAME_clean`` beside the source, in a container that holds every track.
            own: as of the class.

        Raises:
            DashcamError: the source can't be read, or the output can't go there.
        """
        if target is not None:
            check_output(source, target, overwrite=config.overwrite or own)
        reader = open_reader(config, source)
        try:
            target = choose_output_path(reader.info, target)
            check_output(source, target, overwrite=config.overwrite or own)
            return cls(reader, target, config, own=own)
        except BaseException:
            reader.close()
            raise

    def __enter__(self) -> Self:
        """Nothing more to open."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Close what no thread has taken over; remove what has no name yet."""
        try:
            self._opened.__exit__(kind, error, trace)
        finally:
            self.claim.release()
            self._folder.__exit__(kind, error, trace)

    def on_failure(self, close: Callable[[], None]) -> None:
        """Call this, too, if the run is left before ``run`` was called."""
        self._opened.callback(close)

    def keep_size(
        self,
        keeper: RecordKeeper | None = None,
        *,
        video: VideoTrack | None = None,
        piece: float | None = None,
    ) -> None:
        """Decide how the output keeps to the size that was asked for, if any, once.

        Args:
            keeper: knows what will be added to the output.
            video: the track as it is to be written; None is as it was read.
            piece: seconds of each piece that has an encoder of its own; None: there is one.

        Raises:
            SizeLimitError: no encoder could keep to it.
            InputError: the source can't be read.
        """
        if self.config.max_size is None or self.size is not None:
            return
        self.size = plan_size(
            self.config,
            self.info,
            muxer_of(self.target),
            video=video,
            extra=0 if keeper is None else keeper.nbytes,
            piece=piece,
        )
        self.settings = replace(self.settings, rate=self.size.rate)

    def prepare(self, keeper: RecordKeeper) -> Chain:
        """Make the configuration's chain, with what no stage may change under protection.

        Args:
            keeper: sees every frame, and seals the output.

        Raises:
            DashcamError: as ``build_chain`` and ``keep_size``, or something of the keeper's is in
                the way.
        """
        keeper.check(self.claim)
        self.keep_size(keeper)
        chain, self._device, keeper.overlay = prepare_chain(self.config, self.info)
        self.on_failure(chain.close)
        chain.observer = keeper.changes
        # Said now: once closed, a chain no longer knows its stages.
        self.tags = processing_tags(self.info.metadata, self.config, synthetic=chain.synthetic)
        self._keeper, self._chain = keeper, chain
        return chain

    def seal(self, part: Path) -> None:
        """Complete the unfinished output, as the keeper does it; nothing without one."""
        if self._keeper is not None:
            self._keeper.seal(part)

    def output(
        self,
        *,
        video: VideoTrack | None = None,
        tags: Mapping[str, str] | None = None,
        copied: bool = False,
        chapters: Callable[[], Iterable[Chapter]] | None = None,
    ) -> Output:
        """Open the output's file; what is written there appears as ``target`` when it is whole.

        Args:
            video: the track as it is to be written; None is as it was read.
            tags: metadata that says what is done; None is this run's own.
            copied: True writes pictures' packets as they are (``PicturePacket``); none is encoded.
            chapters: as of ``Writer``.

        Raises:
            OutputError: it can't be written, or not as small as was asked for.
            EncoderError: the encoder can't be opened.
        """
        self.keep_size(video=video)
        info = self.info if video is None else replace(self.info, video=video)
        said = self.tags if tags is None else tags
        part = self.claim.part()
        writer = open_writer(
            lambda: Writer(
                self.target,
                info,
                None if copied else self.settings,
                audio=self.config.audio,
                tags=said,
                part=part,
                chapters=chapters,
            )
        )
        output = Output(writer, no_pictures(info, self.config.start), self.seal)
        self.on_failure(output.abort)
        return output

    def run(
        self,
        middle: Middle,
        sink: Sink,
        progress: Callable[[Progress], None] | None = None,
        *,
        source: Source | None = None,
        done: int = 0,
        control: Control | None = None,
    ) -> None:
        """Send every frame through, from the source to an output that is whole.

        Args:
            middle: the chain, or what stands in its place; closed at the end.
            sink: where frames go; finished at the end, or aborted.
            progress: called in this thread about ten times a second; what it raises ends the run.
            source: the reader's frames, or those of them that are left; None is the reader.
            done: frames of earlier runs.
            control: pauses or cancels it.

        Raises:
            DashcamError: a part failed, or it was cancelled; there is no output.
            DashcamError: a part failed, or it came out too large; there is no output.
            KeyboardInterrupt: Ctrl-C, likewise.
        """
        counts, path, strict = self.reader.counts, self.info.path, self.config.strict
        workers = self._workers = Workers(
            source or self.reader,
            middle,
            sink,
            check=lambda: check_damage(counts, path, strict=strict),
            control=control,
        )
        workers.progress.expected = expected_frames(self.info, self.config)
        workers.progress.frames = done
        self._opened.pop_all()  # from here on, each thread closes its own
        workers.run(progress)
        if self.size is not None:
            self.size.check(self.written.nbytes, self.target)
        if self._keeper is None:
            self._commit()

    @property
    def written(self) -> WriteReport:
        """What is in the output; after ``run``."""
        report: WriteReport = self._finished.sink_report
        return report

    @property
    def _finished(self) -> Workers:
        if self._workers is None:
            raise RuntimeError("there was no run yet")
        return self._workers

    def report(self, joined: JoinFacts | None = None) -> RunReport:
        """What was done. After ``run``, once: the output gets its name, as all beside it does.

        Args:
            joined: of what the recording was joined.

        Raises:
            OutputError: something of it can't be written; there is nothing new.
        """
        config, info, counts = self.config, self.info, self.reader.counts
        workers, written = self._finished, self.written
        spanned = bool(config.start or config.end)
        expected = None if spanned else info.video.expected_frames
        found = look_back(counts.said, info, written, self.claim.unfinished)
        report = RunReport(
            input=FileFacts(
                path=str(info.path),
                size_bytes=info.size_bytes,
                container=info.container,
                codec=info.video.codec or "unknown",
                width=info.video.width,
                height=info.video.height,
                duration_s=info.duration_s,
                video=[t.index for t in info.tracks if t.moving].index(info.video.index),
            ),
            output=FileFacts(
                path=str(written.path),
                size_bytes=written.nbytes,
                container=written.container,
                codec=written.encoder,
                width=self.shown.width,
                height=self.shown.height,
                duration_s=None if spanned else info.duration_s,
                video=written.video,
                essence_sha256=found.essence,
            ),
            frames=replace(counts.frames, written=written.frames, expected=expected),
            carried=tuple(StreamFact(track.label) for track in written.carried),
            not_carried=tuple(StreamFact(track.label, why) for track, why in written.not_carried),
            lost=tuple(StreamFact(one.track, one.what) for one in found.lost),
            stages=tuple(
                replace(stage, options=dict(spec.options))
                for spec, stage in zip(config.stages, workers.stages, strict=True)
            ),
            cuts=() if self._chain is None else tuple(self._chain.cuts),
            timings=asdict(workers.timings),
            pace=tuple(workers.pace.points),
            settings=config.model_dump(mode="json"),
            encoder_options=dict(written.options),
            device=self._device,
            decoder=counts.decoder,
            holes=tuple(counts.holes),
            moved_s=written.moved_s,
            size=self._size_facts(),
            differences=written.differences,
            warnings=run_warnings(
                counts,
                packets_refused=written.packets_refused,
                packets_repaired=written.packets_repaired,
                differences=written.differences,
                growth=growth(written.nbytes, info.size_bytes * self._share),
                copied=written.encoder == COPIED,
            ),
            versions=_versions(),
            joined=joined,
        )
        if self._keeper is not None:
            report = self._keeper.finish(report)
            self._commit()
        return report

    @property
    def _share(self) -> float:
        """Of the source, that the output was made of, as far as times tell."""
        whole, config = self.info.duration_s, self.config
        if not whole or (config.start is None and config.end is None):
            return 1.0
        end = whole if config.end is None else min(config.end, whole)
        return max(0.0, end - (config.start or 0.0)) / whole

    def _size_facts(self) -> dict[str, Any]:
        """What was asked for, and what it took; empty where nothing was."""
        if self.size is None:
            return {}
        rate = self.size.rate.bits_per_second
        return {
            "limit_bytes": self.size.limit,
            "video_bits_per_second": rate,
            "held": self.written.held,
        }

    def _commit(self) -> None:
        try:
            self.claim.commit()
        except OSError as error:
            raise output_error(error, self.target) from error


def open_reader(
    config: CleanConfig, source: Path, *, threads: int | None = None, target: Path | None = None
) -> Reader:
    """Open a recording as a run reads it.

    Args:
        config: track, span and hardware are used.
        source: the recording.
        threads: for decoding; None is as many as the run.
        target: where it is written to, as far as known; a ``Run`` sees to that itself.

    Raises:
        DashcamError: as ``Reader``.
    """
    reader = Reader(
        source,
        track=config.track,
        start=config.start,
        end=config.end,
        threads=config.thread_count if threads is None else threads,
        hwaccel=config.hwaccel,
    )
    if target is not None:
        _fit(reader, target)
    return reader


def _fit(reader: Reader | JoinedReader, target: Path) -> None:
    """Have a recording read as its output can hold it."""
    reader.close_gaps(longest_gap(reader.info, muxer_of(target)))


def expected_frames(info: SourceInfo, config: CleanConfig) -> int | None:
    """How many frames will come, for the progress bar alone; None where nothing tells."""
    video = info.video
    if config.start is None and config.end is None and video.expected_frames:
        return video.expected_frames
    rate, duration = video.frame_rate, info.duration_s
    if rate is None or (duration is None and config.end is None):
        return None
    known = [bound for bound in (duration, config.end) if bound is not None]
    return max(0, round((min(known) - (config.start or 0.0)) * float(rate))) or None


def check_damage(counts: ReadCounts, source: Path, *, strict: bool) -> None:
    """Give up on a damaged source if asked to.

    Raises:
        DamagedError: parts of it were lost, or times had to be repaired, and ``strict``.
    """
    if strict and counts.repaired and not counts.frames.damaged:
        raise DamagedError(
            _("times in {source} jump or are missing; nothing was written.", source=source),
            advice=_("Run it without `strict=True` to have them repaired."),
        )
    if not (strict and counts.frames.damaged):
        return
    what = joined("; ", counts.errors[:2]) or _n(
        "{n} frame is missing", "{n} frames are missing", counts.frames.missing
    )
    raise DamagedError(
        _("{source} is damaged ({what}); nothing was written.", source=source, what=what),
        advice=_("Run it without `strict=True` to keep what can be decoded."),
    )


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
