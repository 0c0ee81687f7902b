"""Two cameras in one picture: where each one lies, and how large."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from dashcam_pipeline.compare.canvas import Canvas, Developer, Size, shown_size

if TYPE_CHECKING:
    from dashcam_pipeline.frames import Color, Frame
    from dashcam_pipeline.join.options import Layout
    from dashcam_pipeline.media.source import VideoTrack

LARGEST: Final = (3840, 2160)
"""Width and height that a result has at most; larger ones are shrunk as a whole."""

INSET: Final = 0.3
"""Height, and width, of the small picture at most, as a share of the large one's."""

_MARGIN: Final = 0.02
"""Between the small picture and the corner, as a share of the large one's height."""

_RIM: Final = 2
"""Pixels of the line round the small picture."""

_GREY: Final = 0.35


@dataclass(frozen=True, slots=True)
class Place:
    """Where a camera's picture lies.

    Args:
        x, y: of its upper left corner, even.
        size: of it.
    """

    x: int
    y: int
    size: Size


@dataclass(frozen=True, slots=True)
class Plan:
    """A layout for two cameras.

    Args:
        size: of the result.
        front, other: where they lie; the latter is drawn over the former.
    """

    size: Size
    front: Place
    other: Place


def plan(layout: Layout, front: VideoTrack, other: VideoTrack) -> Plan:
    """Where two cameras' pictures lie.

    Args:
        layout: its name.
        front, other: the tracks; pictures are shown upright and with square pixels.
    """
    ahead, back = shown_size(front), shown_size(other)
    if layout == "pip":
        whole = ahead.fit(*LARGEST)
        small = back.fit(whole.width * INSET, whole.height * INSET)
        margin = round(whole.height * _MARGIN / 2) * 2
        corner = Place(whole.width - small.width - margin, margin, small)
        return Plan(whole, Place(0, 0, whole), corner)
    beside = layout == "side-by-side"
    # Both have the same height side by side, and the same width one above the other.
    share = ahead.height / back.height if beside else ahead.width / back.width
    width, height = back.width * share, back.height * share
    total = (ahead.width + width, ahead.height) if beside else (ahead.width, ahead.height + height)
    factor = min(1.0, LARGEST[0] / total[0], LARGEST[1] / total[1])
    first = Size.even(ahead.width * factor, ahead.height * factor)
    if beside:
        second = Size.even(width * factor, first.height)
        size = Size(first.width + second.width, first.height)
        return Plan(size, Place(0, 0, first), Place(first.width, 0, second))
    second = Size.even(first.width, height * factor)
    size = Size(first.width, first.height + second.height)
    return Plan(size, Place(0, 0, first), Place(0, first.height, second))


class TwoCameras:
    """Makes one picture of two.

    Args:
        layout: its name.
        front, other: the tracks that frames come from.
    """

    def __init__(self, layout: Layout, front: VideoTrack, other: VideoTrack) -> None:
        self.plan = plan(layout, front, other)
        self._color: Color = front.color
        self._rim = layout == "pip"
        self._ahead = Developer(front, self.plan.front.size, self._color)
        self._back = Developer(other, self.plan.other.size, self._color)

    def __call__(self, front: Frame, other: Frame | None) -> Frame:
        """Compose.

        Args:
            front: gives its time.
            other: None leaves its place black.
        """
        canvas = Canvas.blank(self.plan.size, self._color)
        canvas.paste(self._ahead(front), self.plan.front.x, self.plan.front.y)
        place = self.plan.other
        if self._rim:
            rim = Size(place.size.width + 2 * _RIM, place.size.height + 2 * _RIM)
            canvas.paste(Canvas.blank(rim, self._color, _GREY), place.x - _RIM, place.y - _RIM)
        small = Canvas.blank(place.size, self._color) if other is None else self._back(other)
        canvas.paste(small, place.x, place.y)
        return canvas.as_frame(front)
