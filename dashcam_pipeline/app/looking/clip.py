"""A few seconds before and after, as two videos that any browser plays."""

from __future__ import annotations

from fractions import Fraction
from tempfile import gettempdir
from typing import TYPE_CHECKING, Final, Self

import av
import av.error

from dashcam_pipeline.app.looking.moments import WARM_UP, frame_seconds, frames_from
from dashcam_pipeline.compare.canvas import PIXEL_FORMAT, Developer, Size, shown_size
from dashcam_pipeline.errors import DiskFullError, OutputError
from dashcam_pipeline.media.atomic import atomic_file
from dashcam_pipeline.media.output_checks import output_error
from dashcam_pipeline.media.planes import to_video_frame
from dashcam_pipeline.translation import _

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path
    from types import TracebackType

    from dashcam_pipeline.app.looking.scene import Scene
    from dashcam_pipeline.engine.chain import Chain
    from dashcam_pipeline.frames import Frame

SECONDS: Final = 3.0
"""How long a clip is: at 1080p some seconds of work on two cores."""

BOUNDS: Final = (1280, 720)
"""Of its picture; the chain works on the whole one."""

_TICKS: Final = 90_000
_OPTIONS: Final = {"preset": "veryfast", "crf": "19", "g": "15"}


class _Video:
    """H.264 in MP4, from canvases, without sound; a context manager, whole when it is left."""

    def __init__(self, target: Path, scene: Scene, size: Size, threads: int) -> None:
        self._target = target
        self._file = atomic_file(target, overwrite=True)
        self._out = av.open(self._file, "w", format="mp4")
        info = scene.info
        stream = self._out.add_stream("libx264", rate=info.video.frame_rate or Fraction(30))
        context = stream.codec_context
        context.width, context.height, context.pix_fmt = size.width, size.height, PIXEL_FORMAT
        context.time_base = stream.time_base = Fraction(1, _TICKS)
        context.thread_count, context.options = threads, dict(_OPTIONS)
        info.video.color_decision.written.put_on(context)
        self._stream = stream
        self._develop = Developer(info.video, size, info.video.color)

    def add(self, frame: Frame, seconds: float) -> None:
        """Encode a frame, shown so many seconds after the first one."""
        picture = to_video_frame(self._develop(frame).as_frame(frame), PIXEL_FORMAT)
        picture.pts, picture.time_base = round(seconds * _TICKS), Fraction(1, _TICKS)
        self._out.mux(self._stream.encode(picture))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Finish it, or throw it away."""
        try:
            if error is None:
                self._out.mux(self._stream.encode(None))
            self._out.close()
            if error is None:
                self._file.commit()
            elif isinstance(error, OSError | av.error.FFmpegError):
                raise error  # what is read fails as one of our own errors
        except (OSError, av.error.FFmpegError) as fault:
            raise _unwritten(fault, self._target) from fault
        finally:
            self._file.discard()


def _unwritten(fault: Exception, target: Path) -> OutputError:
    """Why a clip can't be written; where it goes is none of the user's folders."""
    answer = output_error(fault, target)
    if not isinstance(answer, DiskFullError):
        return answer
    return DiskFullError(
        _("There is no space left for a preview of some seconds."),
        advice=_("Free some space in {folder}: temporary files go there.", folder=gettempdir()),
    )


def make_clip(
    scene: Scene,
    chain: Chain,
    start: float,
    folder: Path,
    *,
    threads: int,
    step: Callable[[int, int], None],
) -> list[float]:
    """Write ``before.mp4`` and ``after.mp4``.

    Args:
        scene: the recording.
        chain: of the settings; fed and finished here.
        start: seconds from the recording's first picture on.
        folder: that they go into.
        threads: for decoding and encoding.
        step: called with the frames that are done, and how many there will be about; what it raises
            ends the work.

    Returns:
        when each frame is shown, in seconds from the first one on.

    Raises:
        StageError: a stage failed.
        OutputError: they can't be written.
    """
    each = frame_seconds(scene.info)
    begin = max(0.0, start - (WARM_UP + 0.5) * each)
    size = shown_size(scene.info.video).fit(*BOUNDS)
    expected = max(1, round(SECONDS / each))
    waiting: dict[int, float] = {}
    times: list[float] = []
    first: float | None = None
    with (
        _Video(folder / "before.mp4", scene, size, threads) as before,
        _Video(folder / "after.mp4", scene, size, threads) as after,
    ):

        def show(done: list[Frame]) -> None:
            for frame in done:
                if frame.index in waiting:
                    after.add(frame, waiting.pop(frame.index))

        for when, frame in frames_from(scene.info, begin, threads):
            if when > start + SECONDS:
                break
            if when >= start - each / 2:
                first = when if first is None else first
                times.append(when - first)
                waiting[frame.index] = times[-1]
                before.add(frame, times[-1])
            step(len(times), expected)
            show(chain.feed(frame))
        show(chain.finish())
    return times
