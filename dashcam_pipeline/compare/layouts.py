"""How two pictures become one.

A layout is told once how large the recording is shown; it says which size both pictures must have
(``pane``) and how large the result is (``size``), and puts pairs together.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, ClassVar, Final

from dashcam_pipeline.compare.canvas import Canvas, Size, luma_code

if TYPE_CHECKING:
    from dashcam_pipeline.compare.options import LayoutName, PreviewOptions
    from dashcam_pipeline.stages.base import Box

GAP: Final = 4
"""Pixels between two panes, and the width of a divider."""

_GREY: Final = 0.35
_WHITE: Final = 1.0


class Layout(ABC):
    """Puts a pair together.

    Args:
        shown: the recording's size, upright and with square pixels.
        options: what the user wants.
    """

    side: ClassVar[tuple[int, int]] = (1920, 1080)
    """Bounds of the default pane (width, height): two of them fit a large screen."""

    def __init__(self, shown: Size, options: PreviewOptions) -> None:
        self.shown = shown
        self.options = options
        self.pane = self._pane(shown)

    def _pane(self, shown: Size) -> Size:
        height = self.options.height
        if height is None:
            return shown.fit(*self.side)
        return Size.even(shown.width * height / shown.height, height)

    @property
    def size(self) -> Size:
        """Of the result."""
        return self.pane

    @property
    def view(self) -> Size:
        """Of one picture as it is seen in the result, for its label."""
        return self.pane

    @property
    @abstractmethod
    def corners(self) -> tuple[tuple[float, float], tuple[float, float]]:
        """Where the labels go: (x, y) of before's, and of after's, as shares of the free room."""

    @abstractmethod
    def compose(self, before: Canvas, after: Canvas, seconds: float) -> Canvas:
        """One picture of two.

        Args:
            before, after: of size ``pane``; they may be drawn on.
            seconds: since the first pair.
        """


class SideBySide(Layout):
    """Before on the left, after on the right."""

    side = (1280, 1080)

    @property
    def size(self) -> Size:
        """Two panes and the gap."""
        return Size(2 * self.view.width + GAP, self.view.height)

    @property
    def corners(self) -> tuple[tuple[float, float], tuple[float, float]]:
        """The upper left corner of each."""
        return (0.0, 0.0), (self._right / self.size.width, 0.0)

    @property
    def _right(self) -> int:
        return self.view.width + GAP

    def compose(self, before: Canvas, after: Canvas, seconds: float) -> Canvas:  # noqa: ARG002 - others move
        """Put them beside each other."""
        canvas = Canvas.blank(self.size, before.color, _GREY)
        canvas.paste(before, 0, 0)
        canvas.paste(after, self._right, 0)
        return canvas


class Stacked(Layout):
    """Before above, after below."""

    side = (1920, 720)

    def _pane(self, shown: Size) -> Size:
        height = self.options.height
        if height is None:
            return shown.fit(*self.side)
        rows = (height - GAP) / 2
        return Size.even(shown.width * rows / shown.height, rows)

    @property
    def size(self) -> Size:
        """Two panes and the gap."""
        return Size(self.pane.width, 2 * self.pane.height + GAP)

    @property
    def corners(self) -> tuple[tuple[float, float], tuple[float, float]]:
        """The upper left corner of each."""
        return (0.0, 0.0), (0.0, (self.pane.height + GAP) / self.size.height)

    def compose(self, before: Canvas, after: Canvas, seconds: float) -> Canvas:  # noqa: ARG002 - others move
        """Put them above each other."""
        canvas = Canvas.blank(self.size, before.color, _GREY)
        canvas.paste(before, 0, 0)
        canvas.paste(after, 0, self.pane.height + GAP)
        return canvas


class Split(Layout):
    """One picture: before left of a divider, after right of it."""

    @property
    def corners(self) -> tuple[tuple[float, float], tuple[float, float]]:
        """The upper corners."""
        return (0.0, 0.0), (1.0, 0.0)

    def divider(self, seconds: float) -> float:  # noqa: ARG002 - wipe's moves
        """Where it stands: 0 (left) to 1 (right)."""
        return self.options.position

    def compose(self, before: Canvas, after: Canvas, seconds: float) -> Canvas:
        """Draw after's right part over before, and the divider."""
        width = self.pane.width
        x = round(self.divider(seconds) * width / 2) * 2
        if x < width:
            size = Size(width - x, self.pane.height)
            before.paste(after.part(x, 0, size), x, 0)
        left = min(max(x - GAP // 2, 0), width - GAP)
        before.planes[0][:, left : left + GAP] = luma_code(_WHITE, before.color)
        for plane in before.planes[1:]:
            plane[:, left // 2 : (left + GAP) // 2] = 128
        return before


class Wipe(Split):
    """The divider wanders from right to left and back, resting at neither end."""

    def divider(self, seconds: float) -> float:
        """A cosine: it begins at the right, where all is before."""
        return 0.5 + 0.5 * math.cos(2 * math.pi * seconds / self.options.period)


class Crop(SideBySide):
    """Side by side, zoomed into one part.

    Args:
        shown: the recording's size, upright and with square pixels.
        options: what the user wants.
        box: the part, in pixels of ``shown``.
    """

    def __init__(self, shown: Size, options: PreviewOptions, box: Box) -> None:
        super().__init__(shown, options)
        x, y = min(box.x & ~1, shown.width - 2), min(box.y & ~1, shown.height - 2)
        self._at = x, y
        self._part = Size.even(
            max(2, min(box.width, shown.width - x)) & ~1,
            max(2, min(box.height, shown.height - y)) & ~1,
        )
        height = options.height or min(720, max(360, self._part.height * round(options.zoom)))
        self._view = Size.even(self._part.width * height / self._part.height, height)

    def _pane(self, shown: Size) -> Size:
        return shown

    @property
    def view(self) -> Size:
        """The part, enlarged."""
        return self._view

    def compose(self, before: Canvas, after: Canvas, seconds: float) -> Canvas:
        """Cut out, enlarge, put beside each other."""
        cut = [c.part(*self._at, self._part).resized(self._view) for c in (before, after)]
        return super().compose(cut[0], cut[1], seconds)


_LAYOUTS: Final[dict[LayoutName, type[Layout]]] = {
    "side-by-side": SideBySide,
    "stacked": Stacked,
    "wipe": Wipe,
    "split": Split,
}


def make_layout(shown: Size, options: PreviewOptions, box: Box | None = None) -> Layout:
    """The layout that is asked for.

    Args:
        shown: the recording's size, upright and with square pixels.
        options: what the user wants.
        box: what ``crop`` shows.

    Raises:
        ValueError: ``crop`` without a box.
    """
    if options.layout == "crop":
        if box is None:
            raise ValueError("crop needs a box")
        return Crop(shown, options, box)
    return _LAYOUTS[options.layout](shown, options)
