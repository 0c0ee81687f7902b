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
runs each in a worker process; what ``clean`` takes, returns and raises can be pickled.
"""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Self

from dashcam_pipeline.config import CleanConfig
from dashcam_pipeline.engine.build_chain import build_chain, warn_of_order
from dashcam_pipeline.errors import ArgumentError
from dashcam_pipeline.frames import Frame

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping
    from types import TracebackType

    import numpy as np
    import numpy.typing as npt

    from dashcam_pipeline.engine.control import Control
    from dashcam_pipeline.engine.report import RunReport
    from dashcam_pipeline.engine.workers import Progress
    from dashcam_pipeline.media.source import SourceInfo
    from dashcam_pipeline.stages.glare.glass import Glass

_RGB_AXES: Final = 4
_RGB_TICK: Final = Fraction(1, 30)
"""Time base of arrays that come without times."""


class Pipeline:
    """The chain of a configuration, for frames and arrays in memory.

    Not thread-safe. Use it as a context manager, or call ``close``.

    Args:
        config: stages, strength, quality, device, threads and boxes are used; the default cleans
            glare. A mapping is checked as ``CleanConfig`` is.

    Raises:
        DashcamError: as ``build_chain``.
    """

    def __init__(self, config: CleanConfig | Mapping[str, Any] | None = None) -> None:
        self.config = CleanConfig.of(config)
        warn_of_order(self.config)
        self._chain, self.device = build_chain(self.config)

    def process(self, frames: Iterable[Frame]) -> Iterator[Frame]:
        """Send frames through the chain.

        Args:
            frames: of one recording, indices rising by one.

        Yields:
            as many frames, in order, pts unchanged; some may come only after others went in.

        Raises:
            ArgumentError: something else than frames.
            StageError: a stage failed or broke its contract.
        """
        whole = False
        try:
            for frame in frames:
                if not isinstance(frame, Frame):
                    raise ArgumentError(
                        f"process takes Frames, not a {type(frame).__name__}.",
                        advice="For arrays there is process_rgb.",
                    )
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
            ArgumentError: no array of uint8 and shape (N, H, W, 3).
            StageError: a stage failed or broke its contract.
        """
        import numpy as np  # noqa: PLC0415 - only here

        from dashcam_pipeline.engine.rgb import (  # noqa: PLC0415 - only here
            SAMPLES,
            frame_to_rgb,
            rgb_to_frame,
        )

        wanted = "frames must be a NumPy array of uint8 (0 to 255) and shape (N, H, W, 3), not"
        if not isinstance(frames, np.ndarray):
            raise ArgumentError(
                f"{wanted} a {type(frames).__name__}.", advice="np.stack makes one of pictures."
            )
        if frames.dtype != np.uint8:
            raise ArgumentError(f"{wanted} of {frames.dtype}.")
        if frames.ndim != _RGB_AXES or frames.shape[-1] != 3:  # noqa: PLR2004 - R, G and B
            raise ArgumentError(f"{wanted} {frames.shape}.")

        def frame(number: int) -> Frame:
            return rgb_to_frame(frames[number], index=number, pts=number, time_base=_RGB_TICK)

        count = len(frames)
        looks = min(SAMPLES, count) if count > 1 else 0  # one picture alone is seen anyway
        self._chain.survey = tuple(frame((2 * k + 1) * count // (2 * looks)) for k in range(looks))
        result = np.empty_like(frames)
        try:
            for i, cleaned in enumerate(self.process(map(frame, range(count)))):
                result[i] = frame_to_rgb(cleaned)
        finally:
            self._chain.survey = ()
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
    control: Control | None = None,
) -> RunReport:
    """Clean one recording.

    Args:
        input: the recording; only read.
        output: where the result goes; None is ``NAME_clean`` beside the input, in a container that
            holds every track.
        config: how; a mapping is checked as ``CleanConfig`` is.
        progress: called in this thread about ten times a second; what it raises ends the run.
        control: pauses, resumes or cancels it, from any other thread or a signal handler.

    Returns:
        what was done and kept. The output exists, whole, when this returns.

    Raises:
        DashcamError: one of its kinds, see ``dashcam_pipeline.errors``; no output was written.
        KeyboardInterrupt: Ctrl-C; all threads have ended, and no output was written, unless it came
            when names were given: then all is whole, as ``media.claim.GIVEN`` says.
    """
    # Imported here: the array API needs no codecs.
    from dashcam_pipeline.engine.run import Run  # noqa: PLC0415
    from dashcam_pipeline.provenance import Keeper  # noqa: PLC0415

    config = CleanConfig.of(config)
    source, target = Path(input), None if output is None else Path(output)
    warn_of_order(config)
    with Run.open(config, source, target) as run:
        chain = run.prepare(Keeper(source, run.target, config))
        run.run(chain, run.output(), progress, control=control)
        return run.report()


def look_at_glass(recording: str | Path | SourceInfo) -> Glass:
    """How dirty the windscreen of a recording was, as the stage ``glare`` would see it.

    Args:
        recording: a file, or what ``probe`` said of one.

    Raises:
        DashcamError: the recording can't be opened, or weights are missing.
    """
    # Imported here: the array API needs no codecs.
    from dashcam_pipeline.media.probe import probe  # noqa: PLC0415
    from dashcam_pipeline.media.sampling import sample_frames  # noqa: PLC0415
    from dashcam_pipeline.stages.base import StageContext, StreamInfo  # noqa: PLC0415
    from dashcam_pipeline.stages.glare.stage import GlareStage  # noqa: PLC0415

    info = probe(Path(recording)) if isinstance(recording, str | Path) else recording
    stage = GlareStage(GlareStage.Options(), StageContext(threads=CleanConfig().thread_count))
    video = info.video
    stage.open(StreamInfo(video.width, video.height, video.layout, video.color))
    stage.survey(sample_frames(info))
    stage.close()
    return stage.glass
