"""Every frame with its counterpart: from a chain on the fly, or from a second recording."""

from __future__ import annotations

from collections import deque
from fractions import Fraction
from typing import TYPE_CHECKING, Final, Protocol, TypeAlias

from dashcam_pipeline.compare.canvas import shown_size
from dashcam_pipeline.errors import UsageError
from dashcam_pipeline.frames import Frame
from dashcam_pipeline.translation import _

if TYPE_CHECKING:
    from collections.abc import Iterator

    from dashcam_pipeline.engine.chain import Chain
    from dashcam_pipeline.engine.report import StageFact
    from dashcam_pipeline.media.reader import Reader
    from dashcam_pipeline.media.source import SourceInfo

Pair: TypeAlias = tuple[Frame, Frame]

_SAME_SHAPE: Final = 0.02
"""How far two aspect ratios may differ, relatively: a cropped row or two of padding."""


_ROUNDING: Final = Fraction(1, 100_000)
"""Seconds that floating-point times may be off."""


class Matcher(Protocol):
    """Finds the counterparts of frames that come in order."""

    def feed(self, frame: Frame) -> list[Pair]:
        """Give a frame; get the pairs that are complete."""

    def finish(self) -> list[Pair]:
        """The pairs that are left."""

    def stage_facts(self) -> list[StageFact]:
        """What stages did on the way."""

    def close(self) -> None:
        """Free everything."""


class ChainMatcher:
    """The counterpart is what the chain makes of a frame.

    Args:
        chain: closed with this.
    """

    def __init__(self, chain: Chain) -> None:
        self._chain = chain
        self._waiting: deque[Frame] = deque()

    def feed(self, frame: Frame) -> list[Pair]:
        """Send it through the chain."""
        self._waiting.append(frame)
        return self._pair(self._chain.feed(frame))

    def finish(self) -> list[Pair]:
        """What the chain still held."""
        return self._pair(self._chain.finish())

    def stage_facts(self) -> list[StageFact]:
        """Of the chain's stages."""
        return self._chain.stage_facts()

    def close(self) -> None:
        """Close the chain."""
        self._chain.close()

    def _pair(self, done: list[Frame]) -> list[Pair]:
        return [(self._waiting.popleft(), after) for after in done]


class FileMatcher:
    """The counterpart is the frame of another recording at the same time.

    Times count from each recording's own first picture, since a copy in another container may
    begin at another clock time.

    Args:
        before: what the fed frames come from.
        after: closed with this.
        shift: seconds by which the second is to be moved: where its reader starts, plus what of
            the first recording lies before the second's beginning, minus where the first's reader
            starts. 0 where both are whole and opened for the same part.

    Raises:
        UsageError: the two don't show the same shape of picture.
    """

    def __init__(self, before: SourceInfo, after: Reader, shift: float = 0.0) -> None:
        self._names = before.path.name, after.info.path.name
        _check_shapes(before, after.info)
        self._reader = after
        self._frames = _only_frames(after)
        self._origins = origin(before), origin(after.info) - Fraction(shift)
        ticks = before.video.time_base, after.info.video.time_base
        # Each clock rounds a time, and the cut to a part of it, by half a tick.
        self._tolerance = sum(ticks) + _ROUNDING
        self._count = 0

    def feed(self, frame: Frame) -> list[Pair]:
        """Read on to the frame of the same time.

        Raises:
            UsageError: there is none.
        """
        when = self._time(frame, 0)
        for after in self._frames:
            late = self._time(after, 1) - when
            if abs(late) <= self._tolerance:
                self._count += 1
                return [(frame, after)]
            if late > 0 or self._count:
                raise self._mismatch(
                    _("at {when:.3f} s, frame {index}", when=float(when), index=frame.index)
                )
            # Only before the first pair: one clock lets a frame more into the part than the other.
        raise self._mismatch(
            _(
                "the second ends before {when:.3f} s, frame {index}",
                when=float(when),
                index=frame.index,
            )
        )

    def finish(self) -> list[Pair]:
        """Nothing is held back.

        Raises:
            UsageError: the second recording goes on.
        """
        rest = next(self._frames, None)
        if rest is not None and next(self._frames, None) is not None:
            raise self._mismatch(_("the second goes on after frame {count}", count=self._count))
        return []

    def stage_facts(self) -> list[StageFact]:
        """No stage ran."""
        return []

    def close(self) -> None:
        """Close the second recording."""
        self._reader.close()

    def _time(self, frame: Frame, which: int) -> Fraction:
        return frame.pts * frame.time_base - self._origins[which]

    def _mismatch(self, where: str) -> UsageError:
        return UsageError(
            _(
                "{before} and {after} have frames at different times ({where}).",
                before=self._names[0],
                after=self._names[1],
                where=where,
            ),
            advice=_(
                "If the second was made of a part of the first, say which (`start` and "
                "`end`); or name only the recording: its chain is then run on the fly."
            ),
        )


def _only_frames(reader: Reader) -> Iterator[Frame]:
    return (item for item in reader if isinstance(item, Frame))


def origin(info: SourceInfo) -> Fraction:
    """When a recording's first picture is shown, in seconds of its own clock."""
    return (info.video.start_pts or 0) * info.video.time_base


def _check_shapes(before: SourceInfo, after: SourceInfo) -> None:
    sizes = shown_size(before.video), shown_size(after.video)
    a, b = (size.width / size.height for size in sizes)
    if abs(a / b - 1) > _SAME_SHAPE:
        (w, h), (v, g) = ((size.width, size.height) for size in sizes)
        raise UsageError(
            _(
                "{before} is shown as {w}x{h}, {after} as {v}x{g}: not the same picture.",
                before=before.path.name,
                w=w,
                h=h,
                after=after.path.name,
                v=v,
                g=g,
            ),
            advice=_("Compare a recording with what was made of it."),
        )
