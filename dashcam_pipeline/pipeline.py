"""A recording in, a recording out; and the chain alone, for arrays in a notebook.

::

    report = clean("night.mp4")                       # writes night_clean.mp4 beside it
    report = clean("night.mp4", "out.mp4", config=CleanConfig(strength=0.8))

    with Pipeline(CleanConfig(quality="fast")) as pipeline:
        cleaned = pipeline.process_rgb(frames)        # uint8, (N, H, W, 3)

Decoding untrusted files: FFmpeg runs inside this process, and a hostile or unlucky file can crash
it. Decided so: ``clean`` decodes in the calling process, because for one file a crash costs no more
than a failed run would (the source is only read, the output appears only when whole), and a child
would double start-up time and memory. A run over many files must survive any of them, so ``batch``
runs each in a worker process: ``clean_job`` takes and returns plain data, raises exceptions that
pickle, and needs nothing of its parent.
"""

from __future__ import annotations

from contextlib import ExitStack
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Self

from dashcam_pipeline.accounting import make_report
from dashcam_pipeline.assembly import (
    Leftover,
    Output,
    available_threads,
    build_chain,
    check_damage,
    encoder_settings,
    expected_frames,
    find_protection,
    open_reader,
    open_writer,
    prepare_chain,
    processing_tags,
)
from dashcam_pipeline.config import CleanConfig, make_config
from dashcam_pipeline.workers import Workers

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping
    from types import TracebackType

    import numpy as np
    import numpy.typing as npt

    from dashcam_pipeline.frames import Frame
    from dashcam_pipeline.report import RunReport
    from dashcam_pipeline.workers import Progress

__all__ = [
    "Output",
    "Pipeline",
    "available_threads",
    "build_chain",
    "check_damage",
    "clean",
    "clean_job",
    "encoder_settings",
    "expected_frames",
    "find_protection",
    "open_writer",
    "processing_tags",
]
_RGB_AXES: Final = 4
_RGB_TICK: Final = Fraction(1, 30)
"""Time base of arrays that come without times."""


class Pipeline:
    """The chain of a configuration, for frames and arrays in memory.

    Not thread-safe. Use it as a context manager, or call ``close``.

    Args:
        config: stages, strength, quality, device, threads and boxes are used; the default cleans
            glare.

    Raises:
        DashcamError: as ``build_chain``.
    """

    def __init__(self, config: CleanConfig | None = None) -> None:
        self.config = config or CleanConfig()
        self._chain, self.device = build_chain(self.config)

    def process(self, frames: Iterable[Frame]) -> Iterator[Frame]:
        """Send frames through the chain.

        Args:
            frames: of one recording, indices rising by one.

        Yields:
            as many frames, in order, pts unchanged; some may come only after others went in.

        Raises:
            StageError: a stage failed or broke its contract.
        """
        whole = False
        try:
            for frame in frames:
                yield from self._chain.feed(frame)
            yield from self._chain.finish()
            whole = True
        finally:
            if not whole:  # given up half-way: the next recording must not see this one's past
                self._chain.discard()

    def process_rgb(self, frames: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint8]:
        """Send pictures through the chain.

        Args:
            frames: consecutive pictures of one recording, gamma-encoded (sRGB or BT.709) R'G'B',
                uint8, shape (N, H, W, 3), 0 to 255. Read only.

        Returns:
            a new array of the same shape and type. Pictures that no stage changed are equal to the
            input to the last bit.

        Raises:
            TypeError: not uint8.
            ValueError: not of shape (N, H, W, 3).
            StageError: a stage failed or broke its contract.
        """
        import numpy as np  # noqa: PLC0415 - only here

        from dashcam_pipeline.rgb import frame_to_rgb, rgb_to_frame  # noqa: PLC0415 - only here

        if frames.dtype != np.uint8:
            raise TypeError(f"frames must be uint8 (0 to 255), not {frames.dtype}")
        if frames.ndim != _RGB_AXES or frames.shape[-1] != 3:  # noqa: PLR2004 - R, G and B
            raise ValueError(f"frames must have the shape (N, H, W, 3), not {frames.shape}")
        made = (
            rgb_to_frame(picture, index=i, pts=i, time_base=_RGB_TICK)
            for i, picture in enumerate(frames)
        )
        result = np.empty_like(frames)
        for i, frame in enumerate(self.process(made)):
            result[i] = frame_to_rgb(frame)
        return result

    def close(self) -> None:
        """Free the stages' networks."""
        self._chain.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()


def clean(
    input: str | Path,  # noqa: A002 - the word that the command line has
    output: str | Path | None = None,
    *,
    config: CleanConfig | Mapping[str, Any] | None = None,
    progress: Callable[[Progress], None] | None = None,
) -> RunReport:
    """Clean one recording.

    Args:
        input: the recording; only read.
        output: where the result goes; None is ``NAME_clean`` beside the input, in a container that
            holds every track.
        config: how; a mapping is checked as ``CleanConfig`` is.
        progress: called in this thread about ten times a second; what it raises ends the run.

    Returns:
        what was done and kept. The output exists, whole, when this returns.

    Raises:
        DashcamError: one of its kinds, see ``dashcam_pipeline.errors``; no output was written.
        KeyboardInterrupt: Ctrl-C; all threads have ended, and no output was written.
    """
    # Imported here: `dashcam --help` and the array API need no codecs.
    from dashcam_pipeline.media.destination import choose_output_path  # noqa: PLC0415
    from dashcam_pipeline.media.partfile import check_output, part_of  # noqa: PLC0415
    from dashcam_pipeline.media.writer import Writer  # noqa: PLC0415
    from dashcam_pipeline.provenance import Keeper  # noqa: PLC0415

    if not isinstance(config, CleanConfig):
        config = make_config(config or {})
    source, target = Path(input), None if output is None else Path(output)
    if target is not None:
        check_output(source, target, overwrite=config.overwrite)
    with ExitStack() as cleanup:
        threads = config.threads or available_threads()
        reader = open_reader(config, source, threads)
        cleanup.callback(reader.close)
        target = choose_output_path(reader.info, target)
        check_output(source, target, overwrite=config.overwrite)
        keeper = Keeper(source, target, config)
        keeper.check()
        chain, device, keeper.overlay = prepare_chain(config, reader.info)
        cleanup.callback(chain.close)
        chain.observer = keeper.changes
        settings = encoder_settings(config, threads)
        tags = processing_tags(reader.info.metadata, config, synthetic=chain.synthetic)
        # Registered before the writer is made, so that Ctrl-C in the middle of that leaves nothing.
        leftover = cleanup.enter_context(Leftover(part_of(target)))
        info = reader.info
        writer = open_writer(lambda: Writer(target, info, settings, audio=config.audio, tags=tags))
        workers = Workers(
            reader,
            chain,
            Output(writer, source, target, keeper.seal),
            check=lambda: check_damage(reader.counts, source, strict=config.strict),
        )
        workers.progress.expected = expected_frames(reader.info, config)
        cleanup.pop_all()  # from here on, each thread closes its own
        with leftover:
            workers.run(progress)
    report = make_report(
        config=config,
        info=reader.info,
        counts=reader.counts,
        workers=workers,
        cuts=chain.cuts,
        device=device,
    )
    return keeper.finish(report)


def clean_job(job: Mapping[str, Any]) -> dict[str, Any]:
    """``clean`` as one unit of plain data, for another process.

    Args:
        job: ``input``, and where they differ from the defaults ``output`` and ``config`` (a
            mapping of ``CleanConfig``'s fields); all picklable and JSON-able.

    Returns:
        ``RunReport.to_dict()``.

    Raises:
        DashcamError: as ``clean``; its kinds survive pickling.
    """
    return clean(job["input"], job.get("output"), config=job.get("config")).to_dict()
