"""Picture to frame: its time repaired, its samples as the first picture's, its place counted."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dashcam_pipeline.frames import Frame
from dashcam_pipeline.media import planes
from dashcam_pipeline.media.fitting import fitted
from dashcam_pipeline.media.hardware import NONE
from dashcam_pipeline.media.timing import Clock

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    import av

    from dashcam_pipeline.frames import Message
    from dashcam_pipeline.media.frame_counts import ReadCounts
    from dashcam_pipeline.media.source import VideoTrack
    from dashcam_pipeline.media.timing import HoleFinder
    from dashcam_pipeline.media.window import Window


class Framer:
    """Makes frames of one track's pictures, in presentation order.

    Args:
        video: the track, as its first picture is.
        window: which part is asked for.
        counts: of what is made here.
        holes: told where pictures are missing or damaged.
        messages: says what goes with a picture beside its samples.
        like: a track whose size, layout and colour frames get instead of the first picture's.
    """

    def __init__(
        self,
        video: VideoTrack,
        window: Window,
        counts: ReadCounts,
        holes: HoleFinder,
        messages: Callable[[av.VideoFrame], tuple[Message, ...]] = lambda _: (),
        *,
        like: VideoTrack | None = None,
    ) -> None:
        self._video, self._window, self._messages = video, window, messages
        self._like = like or video
        self._counts, self._holes = counts, holes
        self._clock = Clock.of(video)
        self._waiting: list[av.VideoFrame] = []
        self._repaired = 0
        self._other_formats: set[str] = set()
        self._index = 0

    @property
    def now(self) -> int:
        """Time of the last picture, in ticks; 0 before the first."""
        return self._clock.last or 0

    def frames(self, picture: av.VideoFrame) -> Iterator[Frame]:
        """Frames of a picture and those before it; where a time jumps, the next ones are awaited.

        Args:
            picture: the decoder's, of any size and pixel format.
        """
        self._waiting.append(picture)
        yield from self._settled()

    def finish(self) -> Iterator[Frame]:
        """Frames of the pictures that are left."""
        yield from self._settled(final=True)

    def _settled(self, *, final: bool = False) -> Iterator[Frame]:
        while self._waiting:
            found = [p.pts if p.pts is not None else p.dts for p in self._waiting]
            last = self._clock.last
            times = self._clock.settle(found, final=final)
            if not times:
                return
            self._counts.frames.times_repaired += self._clock.repaired - self._repaired
            self._repaired = self._clock.repaired
            for pts in times:
                picture = self._waiting.pop(0)
                if last is not None:
                    self._holes.look(last, pts, self._clock.mean, damaged=picture.is_corrupt)
                last = pts
                frame = self._frame(picture, pts)
                if frame is not None:
                    yield frame

    def _frame(self, picture: av.VideoFrame, pts: int) -> Frame | None:
        """Make a frame of a picture; None where it isn't asked for."""
        if not self._window.holds(pts):
            return None
        video, frames = self._video, self._counts.frames
        messages = self._messages(picture)
        woven = picture.interlaced_frame and not video.fields_apart
        field = (video.first_field or "top") if woven else None
        form = self._own_format(picture)
        like, size = self._like, (self._like.width, self._like.height)
        other = like.color != video.color
        concealed = picture.is_corrupt
        if form is None or other or (picture.width, picture.height) != size:
            frames.converted += 1
            self._note_other_format(picture, float(pts * video.time_base))
            samples, source = fitted(picture, video, like), None
        else:
            samples = planes.planes_of(picture, form, like.color)
            source = picture if form.planar else None
        frames.read += 1
        frames.concealed += concealed
        self._index += 1
        return Frame(
            planes=samples,
            pts=pts - self._window.start_ticks,
            time_base=video.time_base,
            index=self._index - 1,
            layout=like.layout,
            color=like.color,
            duration=max(0, picture.duration),
            source=source,
            concealed=concealed,
            messages=messages,
            first_field=field,
        )

    def _own_format(self, picture: av.VideoFrame) -> planes.PixelFormat | None:
        """How a picture's samples lie, if they are the recording's own."""
        known = self._like.pixel_format
        if picture.format.name == known.name:
            return known
        if self._counts.decoder == NONE:
            return None
        found = planes.pixel_format(picture.format.name)  # hardware has its own order of samples
        return found if found.layout == known.layout and not found.converted else None

    def _note_other_format(self, picture: av.VideoFrame, seconds: float) -> None:
        kind = f"{picture.width}x{picture.height} {picture.format.name}"
        if kind not in self._other_formats:
            self._other_formats.add(kind)
            self._counts.note(f"from {seconds:.3f} s on {kind}, converted to the first format")
