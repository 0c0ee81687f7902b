"""The chain: frames in, frames out, through the stages in between.

The chain gives each stage batches of the size it likes, bounded by bytes; it ends a batch at a
scene cut (the stages give back what they hold and forget the past) and where size, layout or colour
change (the stages are opened anew). It trusts no stage: whatever comes out must be the frames that
went in, in order, with their times. Boxes under protection are put back from the original planes
after the last stage.

Not thread-safe: one thread feeds it. After an error only ``close`` is left.
"""

from __future__ import annotations

import time
from collections import deque
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final

from dashcam_pipeline.engine.cuts import CutDetector
from dashcam_pipeline.engine.protection import boxes_of, protected, with_rim
from dashcam_pipeline.engine.report import StageFact
from dashcam_pipeline.errors import DashcamError, StageError, UsageError
from dashcam_pipeline.frames import FrameBatch
from dashcam_pipeline.stages.base import StreamInfo
from dashcam_pipeline.translation import _

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    import numpy.typing as npt

    from dashcam_pipeline.engine.cuts import Thumbnail
    from dashcam_pipeline.frames import Frame
    from dashcam_pipeline.stages.base import Box, Stage
    from dashcam_pipeline.stages.share import Share

MAX_BATCH_BYTES: Final = 64 << 20
"""Planes that wait for one batch: 21 frames of 1080p, 2 of 4K at 10 bits."""


@dataclass(frozen=True, slots=True)
class ChainState:
    """What a chain remembers between two frames; plain data.

    Args:
        geometry: of the frames so far, for comparison only; empty before the first one.
        cuts: indices of the frames that opened a new scene so far.
        thumbnail: of the last frame, as the cut detector keeps it.
        stages: what each stage remembers.
    """

    geometry: str = ""
    cuts: tuple[int, ...] = ()
    thumbnail: Thumbnail | None = None
    stages: tuple[dict[str, npt.NDArray[Any]], ...] = ()


class _Link:
    """One stage with the frames that wait for it and those it holds back."""

    def __init__(self, stage: Stage) -> None:
        self.stage = stage
        self.seconds = 0.0
        self._batch_size = max(1, stage.requirements.batch_size)
        self._lookahead = max(0, stage.requirements.lookahead)
        self._waiting: list[Frame] = []
        self._waiting_bytes = 0
        self._held: deque[Frame] = deque()

    def open(self, info: StreamInfo) -> None:
        """Tell the stage what comes."""
        self._call(lambda: self.stage.open(info))
        # What a stage needs may depend on the frames' size.
        self._batch_size = max(1, self.stage.requirements.batch_size)
        self._lookahead = max(0, self.stage.requirements.lookahead)

    def survey(self, frames: list[Frame]) -> None:
        """Let the stage see frames all over the recording, where there are any."""
        if frames:
            self._call(lambda: self.stage.survey(frames))

    def feed(self, frames: Iterable[Frame]) -> list[Frame]:
        """Frames that come out of the stage now."""
        done: list[Frame] = []
        for frame in frames:
            self._waiting.append(frame)
            self._waiting_bytes += frame.nbytes
            full = self._waiting_bytes + frame.nbytes > MAX_BATCH_BYTES
            if full or len(self._waiting) >= self._batch_size:
                done += self._process()
        return done

    def flush(self, frames: Iterable[Frame], *, forget: bool = True) -> list[Frame]:
        """The same, and all that still waits or is held back.

        Args:
            frames: to be fed before.
            forget: True lets the stage forget the past.
        """
        done = self.feed(frames)
        if self._waiting:
            done += self._process()
        last = self._call(self.stage.flush)
        if last is not None:
            done += self._take(last)
        if self._held:
            raise self._broken(
                f"never returned {len(self._held)} of its frames, "
                f"the first being {self._held[0].index}"
            )
        if forget:
            self._call(self.stage.reset)
        return done

    def state(self) -> Mapping[str, npt.NDArray[Any]]:
        """What the stage remembers."""
        state: Mapping[str, npt.NDArray[Any]] = self._call(self.stage.state)
        return state

    def restore(self, state: Mapping[str, npt.NDArray[Any]]) -> None:
        """Let the stage remember."""
        self._call(lambda: self.stage.restore(state))

    def discard(self) -> None:
        """Drop all frames, and let the stage forget the past."""
        self._waiting, self._waiting_bytes = [], 0
        self._held.clear()
        self._call(self.stage.flush)
        self._call(self.stage.reset)

    def _process(self) -> list[Frame]:
        batch = FrameBatch(tuple(self._waiting))
        self._held.extend(batch)
        self._waiting, self._waiting_bytes = [], 0
        done = self._take(self._call(lambda: self.stage.process(batch)))
        if len(self._held) > self._lookahead:
            raise self._broken(
                f"holds back {len(self._held)} frames, more than its look-ahead "
                f"of {self._lookahead}"
            )
        return done

    def _take(self, result: object) -> list[Frame]:
        """Check what the stage gave back against what it was given."""
        if not isinstance(result, FrameBatch):
            raise self._broken(f"returned a {type(result).__name__} instead of a FrameBatch")
        for frame in result:
            if not self._held:
                raise self._broken(f"returned a frame too many (index {frame.index})")
            given = self._held.popleft()
            if frame.index != given.index:
                raise self._broken(f"returned frame {frame.index} where {given.index} was due")
            if (frame.pts, frame.time_base) != (given.pts, given.time_base):
                raise self._broken(f"moved frame {given.index} from pts {given.pts} to {frame.pts}")
            if _geometry(frame) != _geometry(given):
                raise self._broken(f"changed size, layout or colour of frame {given.index}")
        return list(result)

    def _call(self, function: Callable[[], Any]) -> Any:  # noqa: ANN401 - hands on what it calls
        """Call into the stage: time it, and name it in what it raises."""
        begin = time.perf_counter()
        try:
            return function()
        except DashcamError:
            raise
        except Exception as error:
            raise StageError(
                _(
                    "The stage {name} failed: {kind}: {error}",
                    name=repr(self.stage.name),
                    kind=type(error).__name__,
                    error=error,
                ),
                advice=_("This is a fault of the stage, not of the recording."),
            ) from error
        finally:
            self.seconds += time.perf_counter() - begin

    def _broken(self, what: str) -> StageError:
        return StageError(
            _("The stage {name} {what}.", name=repr(self.stage.name), what=what),
            advice=_("A stage must return every frame it is given, in order, its time unchanged."),
        )


def _geometry(frame: Frame) -> StreamInfo:
    return StreamInfo(frame.width, frame.height, frame.layout, frame.color)


class Chain:
    """Stages in order.

    Args:
        stages: made, not yet opened; the chain closes them. None of them: every frame comes out as
            it went in, the very same object.
        protect: parts of the picture that come out as they went in.
        feather: luma samples around them over which a change fades in, so that no seam shows.
    """

    def __init__(
        self,
        stages: Sequence[Stage],
        *,
        protect: Sequence[Box | Share] = (),
        feather: int = 0,
    ) -> None:
        self._links = [_Link(stage) for stage in stages]
        self._places = tuple(protect) if stages else ()
        self._protect: tuple[Box, ...] = ()  # the same in pixels, once the frames' size is known
        self._feather = feather
        self._originals: deque[Frame] = deque()
        self._detector = CutDetector()
        self._geometry: StreamInfo | None = None
        self._resumed: ChainState | None = None
        self.cuts: list[int] = []
        """Indices of the frames that open a new scene."""
        self.survey: tuple[Frame, ...] = ()
        """Frames all over the recording, shown to the stages when a stream like them opens."""
        self.observer: Callable[[Frame, Frame], None] | None = None
        """Called with every frame as it was and as it comes out, in order."""

    def feed(self, frame: Frame) -> list[Frame]:
        """Give a frame; get those that are done, in order.

        Raises:
            StageError: a stage failed or broke its contract.
            UsageError: a protected box lies outside the picture.
        """
        if not self._links:
            if self.observer is not None:
                self.observer(frame, frame)
            return [frame]
        done: list[Frame] = []
        geometry = _geometry(frame)
        if geometry != self._geometry:
            done += self._flush()
            self._detector.reset()
            self._protect = self._boxes(geometry)
            self._geometry = geometry
            opened = replace(geometry, protected=with_rim(self._protect, self._feather))
            survey = [f for f in self.survey if _geometry(f) == geometry]
            for link in self._links:
                link.open(opened)
                link.survey(survey)
            self._restore_state(geometry)
        if self._detector.opens_scene(frame):
            done += self._flush()
            self.cuts.append(frame.index)
        if self._protect or self.observer is not None:
            self._originals.append(frame)
        frames = [frame]
        for link in self._links:
            frames = link.feed(frames)
        return done + self._restore(frames)

    def finish(self) -> list[Frame]:
        """All frames that are not out yet; afterwards another stream may be fed.

        Raises:
            StageError: a stage failed, or lost frames.
        """
        done = self._flush()
        self._geometry = None
        return done

    def pause(self) -> tuple[list[Frame], ChainState]:
        """All frames that are not out yet, and what is needed to go on in another process.

        The stages keep their past. Frames fed after this come out as they would from a chain of the
        same configuration that was given the state by ``resume``, to the last bit.

        Raises:
            StageError: a stage failed, or lost frames.
        """
        if not self._links or self._geometry is None:
            return [], ChainState()
        frames = self._flush(forget=False)
        return frames, ChainState(
            geometry=repr(self._geometry),
            cuts=tuple(self.cuts),
            thumbnail=self._detector.last,
            stages=tuple(dict(link.state()) for link in self._links),
        )

    def resume(self, state: ChainState) -> None:
        """Go on where another chain paused; before the first frame is fed."""
        self._resumed = state
        self.cuts = list(state.cuts)

    def discard(self) -> None:
        """Drop all frames that are not out yet; another stream may be fed then."""
        self._originals.clear()
        self._geometry = None
        for link in self._links:
            link.discard()

    @property
    def synthetic(self) -> bool:
        """Whether a stage shows what the camera never saw."""
        return any(link.stage.synthetic for link in self._links)

    def close(self) -> None:
        """Free what the stages hold, every one of them, whatever another one raises."""
        failures: list[tuple[str, Exception]] = []
        for link in self._links:
            try:
                link.stage.close()
            except Exception as error:  # noqa: BLE001 - foreign code; the rest must still close
                failures.append((link.stage.name, error))
        self._originals.clear()
        self._links = []
        if failures:
            name, first = failures[0]
            raise StageError(
                _(
                    "The stage {name} failed as it closed: {kind}: {first}",
                    name=repr(name),
                    kind=type(first).__name__,
                    first=first,
                )
            ) from first

    def stage_facts(self) -> list[StageFact]:
        """What every stage did so far; ask before ``close``."""
        return [
            StageFact(
                name=link.stage.name,
                seconds=link.seconds,
                parts=dict(link.stage.report.seconds),
                facts=dict(link.stage.report.facts),
                synthetic=link.stage.synthetic,
            )
            for link in self._links
        ]

    def _restore_state(self, geometry: StreamInfo) -> None:
        state, self._resumed = self._resumed, None
        if state is None or state.geometry != repr(geometry):
            return
        self._detector.last = state.thumbnail
        for link, past in zip(self._links, state.stages, strict=True):
            link.restore(past)

    def _flush(self, *, forget: bool = True) -> list[Frame]:
        if self._geometry is None:
            return []
        frames: list[Frame] = []
        for link in self._links:
            frames = link.flush(frames, forget=forget)
        return self._restore(frames)

    def _boxes(self, info: StreamInfo) -> tuple[Box, ...]:
        """What is protected, in pixels."""
        boxes = boxes_of(self._places, info.width, info.height)
        for box in boxes:
            if box.x >= info.width or box.y >= info.height:
                raise UsageError(
                    _(
                        "The protected box {box} lies outside the picture ({width}x{height}).",
                        box=box,
                        width=info.width,
                        height=info.height,
                    ),
                    advice=_(
                        "A box is x,y,w,h from the top left of the stored picture, in pixels "
                        "or per cent (0,96%,100%,4%), or a strip along an edge (bottom:4%)."
                    ),
                )
        return boxes

    def _restore(self, frames: list[Frame]) -> list[Frame]:
        """Put the protected boxes back, and show the observer what became of each frame."""
        if not self._protect and self.observer is None:
            return frames
        done = []
        for frame in frames:
            original = self._originals.popleft()
            result = frame
            if self._protect:
                result = protected(frame, original, self._protect, feather=self._feather)
            if self.observer is not None:
                self.observer(original, result)
            done.append(result)
        return done
