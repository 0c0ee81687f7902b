"""What a run is put together from: chain, encoder settings, tags, output; and what it must not be.

``pipeline.clean`` uses these, and so does any other runner (a preview, a resumable job).
"""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Final, Self

from dashcam_pipeline._version import __version__
from dashcam_pipeline.engine.chain import Chain
from dashcam_pipeline.errors import DamagedError, NotVideoError
from dashcam_pipeline.frames import Frame
from dashcam_pipeline.stages.base import StageContext
from dashcam_pipeline.stages.registry import create_stage

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from types import TracebackType

    from dashcam_pipeline.config import CleanConfig, StageSpec
    from dashcam_pipeline.dashcam.overlay import Overlay
    from dashcam_pipeline.media.carried import CarriedPacket
    from dashcam_pipeline.media.encoders import EncoderSettings
    from dashcam_pipeline.media.read_counts import ReadCounts
    from dashcam_pipeline.media.reader import Reader
    from dashcam_pipeline.media.source import SourceInfo
    from dashcam_pipeline.media.writer import Writer, WriteReport
    from dashcam_pipeline.stages.base import Stage

SOFTWARE: Final = f"dashcam_pipeline {__version__}"


def available_threads() -> int:
    """Processors that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def open_reader(config: CleanConfig, source: Path, threads: int) -> Reader:
    """Open a recording as a run reads it.

    Args:
        config: track, span and hardware are used.
        source: the recording.
        threads: for decoding.

    Raises:
        DashcamError: as ``Reader``.
    """
    from dashcam_pipeline.media.reader import Reader  # noqa: PLC0415 - as in ``clean``

    return Reader(
        source,
        track=config.track,
        start=config.start,
        end=config.end,
        threads=threads,
        hwaccel=config.hwaccel,
    )


def find_protection(config: CleanConfig, info: SourceInfo) -> Overlay:
    """What no stage may change: the boxes that were named, else burned-in text that is found.

    Args:
        config: stages and boxes are used.
        info: of the recording; a dozen of its pictures are looked at.
    """
    from dashcam_pipeline.dashcam.overlay import Overlay, find_overlay  # noqa: PLC0415 - OpenCV

    if config.protect is not None or not config.stages:
        return Overlay(config.protect or ())
    return find_overlay(info)


def build_chain(config: CleanConfig, overlay: Overlay | None = None) -> tuple[Chain, str]:
    """Make the stages of a configuration.

    Args:
        config: stages, strength, quality, device, threads and boxes are used.
        overlay: as ``find_protection`` gave it; the configuration's boxes alone if None.

    OpenCV is told to keep to one thread, in the whole process, where there is any stage.

    Returns:
        the chain, not yet opened, and the device that ``auto`` came to.

    Raises:
        UsageError: an unknown stage, or a wrong option of one.
        StageError: a plug-in can't be loaded.
        ModelError: weights are missing or changed.
        DeviceError: the device asked for isn't usable.
    """
    stages, device = _make_stages(config)
    if overlay is None:
        return Chain(stages, protect=config.protect or ()), device
    return Chain(stages, protect=overlay.boxes, feather=overlay.feather), device


def prepare_chain(config: CleanConfig, info: SourceInfo) -> tuple[Chain, str, Overlay]:
    """``build_chain`` with what ``find_protection`` finds, both at once.

    Looking for text decodes pictures, and loading networks reads files: a run begins sooner.

    Returns:
        the chain, the device, and what is protected.

    Raises:
        DashcamError: as ``build_chain``.
    """
    with ThreadPoolExecutor(1, thread_name_prefix="dashcam-overlay") as pool:
        finding = pool.submit(find_protection, config, info)
        stages, device = _make_stages(config)
        try:
            overlay = finding.result()
        except BaseException:
            Chain(stages).close()
            raise
    chain = Chain(stages, protect=overlay.boxes, feather=overlay.feather)
    return chain, device, overlay


def _make_stages(config: CleanConfig) -> tuple[list[Stage], str]:
    """The stages, and the device that they are on."""
    if not config.stages:
        return [], "cpu"
    # Imported here: an empty chain needs no networks.
    import cv2  # noqa: PLC0415

    from dashcam_pipeline.inference.devices import decide_device  # noqa: PLC0415

    # OpenCV's own threads would spin beside the codec's and the network's; for the small pictures
    # that stages give it they gain nothing.
    cv2.setNumThreads(1)
    device = decide_device(config.device)
    context = StageContext(
        device=device,
        quality=config.quality,
        threads=config.threads or available_threads(),
        strength=config.strength,
        deterministic=config.deterministic,
    )
    stages: list[Stage] = []
    try:
        for spec in config.stages:
            stages.append(create_stage(spec.name, spec.options, context))  # noqa: PERF401 - those made must close
    except BaseException:
        Chain(stages).close()
        raise
    return stages, device


class Output:
    """The writer as the last thread sees it: ``abort`` works at any time.

    Args:
        writer: of the output.
        source: the recording, for messages.
        target: where the output appears when it is whole.
        seal: called with the unfinished file's path before that, as of ``Writer.finish``.
    """

    def __init__(
        self,
        writer: Writer,
        source: Path,
        target: Path,
        seal: Callable[[Path], object] | None = None,
    ) -> None:
        self._writer = writer
        self._seal = seal
        self._source = source
        self._target = target
        self._empty = True
        self._finished = False

    def write(self, item: Frame | CarriedPacket) -> None:
        """Take the next item."""
        self._writer.write(item)
        self._empty = self._empty and not isinstance(item, Frame)

    def finish(self) -> WriteReport:
        """Make the output whole.

        Raises:
            NotVideoError: not one frame came.
        """
        if self._empty:
            raise NotVideoError(
                f"{self._source}: there is not one picture to write.",
                advice="Check that it plays in a media player, and that --start lies in it.",
            )
        report = self._writer.finish(self._seal)
        self._finished = True
        return report

    def abort(self) -> None:
        """Leave nothing behind, also after ``finish``."""
        if self._finished:
            self._target.unlink(missing_ok=True)
        else:
            self._writer.abort()


def open_writer(make: Callable[[], Writer]) -> Writer:
    """Make a writer where Ctrl-C can't strike.

    A writer's header goes through PyAV's Python callbacks, which swallow what is raised in them: an
    interrupt there would be lost, and the bytes with it. Interrupts are raised in the main thread
    alone, so the writer is made in another one.

    Args:
        make: makes the writer.

    Raises:
        Exception: what ``make`` raises.
        KeyboardInterrupt: it came meanwhile; the writer was aborted.
    """
    pool = ThreadPoolExecutor(1, thread_name_prefix="dashcam-open")
    future = pool.submit(make)
    try:
        return future.result()
    except BaseException:
        wait([future])
        if future.exception() is None:
            future.result().abort()
        raise
    finally:
        pool.shutdown(wait=False)


class Leftover:
    """Removes an unfinished file on the way out of a failure, whoever has it still open.

    Args:
        part: the unfinished file.
    """

    def __init__(self, part: Path) -> None:
        self._part = part

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if kind is not None:
            # Windows refuses while a stuck thread has it open; the failure itself matters more.
            with suppress(PermissionError):
                self._part.unlink(missing_ok=True)


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


def encoder_settings(config: CleanConfig, threads: int) -> EncoderSettings:
    """What a run asks of the encoder.

    Args:
        config: of the run.
        threads: that the encoder may use; 0 lets it decide.
    """
    from dashcam_pipeline.media.encoders import EncoderSettings  # noqa: PLC0415 - as in ``clean``

    return EncoderSettings(
        codec=config.codec,
        crf=config.crf,
        preset=config.preset,
        options=config.encoder_options,
        threads=threads,
        deterministic=config.deterministic,
        hardware=config.hwaccel != "none",
    )


def processing_tags(
    metadata: Mapping[str, str], config: CleanConfig, *, synthetic: bool = False
) -> dict[str, str]:
    """Container metadata that says what was done; a comment of the source stays in front of it.

    Args:
        metadata: of the source.
        config: of the run.
        synthetic: True if a stage shows what the camera never saw.
    """
    chain = " > ".join(_named(spec) for spec in config.stages) or "no stages"
    mark = f"{SOFTWARE}: {chain}{' (synthetic picture)' if synthetic else ''}"
    for key, before in metadata.items():  # under the source's own spelling: MKV has COMMENT
        if key.lower() == "comment" and before.strip():
            return {key: f"{before.rstrip()}; {mark}"}
    return {"comment": mark}


def _named(spec: StageSpec) -> str:
    """A stage and its options, of files only their names: folders are the user's own business."""
    options = {
        key: Path(value).name if isinstance(value, str) else value
        for key, value in spec.options.items()
    }
    return str(spec.model_copy(update={"options": options}))


def check_damage(counts: ReadCounts, source: Path, *, strict: bool) -> None:
    """Give up on a damaged source if asked to.

    Raises:
        DamagedError: parts of it were lost, and ``strict``.
    """
    if not (strict and counts.damaged):
        return
    what = "; ".join(counts.errors[:2]) or f"{counts.frames_missing} frames are missing"
    raise DamagedError(
        f"{source} is damaged ({what}); nothing was written.",
        advice="Run it without --strict to keep what can be decoded.",
    )
