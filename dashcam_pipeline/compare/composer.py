"""From a pair of frames to one labelled picture."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Final

import cv2

from dashcam_pipeline.compare import fonts, labels
from dashcam_pipeline.compare.canvas import Canvas, Developer, shown_size
from dashcam_pipeline.compare.change import (
    change_of,
    choose_scale,
    heat_map,
    light_change_of,
    strongest,
)
from dashcam_pipeline.compare.layouts import make_layout
from dashcam_pipeline.compare.legend import legend
from dashcam_pipeline.compare.sources import no_frames
from dashcam_pipeline.engine.protection import boxes_of
from dashcam_pipeline.translation import _

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from dashcam_pipeline.compare.change import Map
    from dashcam_pipeline.compare.options import Language, PreviewOptions
    from dashcam_pipeline.compare.pairs import Pair
    from dashcam_pipeline.compare.sources import Comparison
    from dashcam_pipeline.media.source import SourceInfo
    from dashcam_pipeline.stages.base import Box

_LOG: Final = logging.getLogger(__name__)

TITLES: Final[dict[Language, tuple[str, str, str]]] = {
    "en": ("Before", "After", "Taken away"),
    "ko": ("처리 전", "처리 후", "제거된 빛"),
}
"""What before, after and the change map are called."""

SURVEY: Final = 6
"""Moments looked at to find the strongest change and the map's scale before anything is drawn."""

_MARGIN: Final = 0.5
"""Between a label and the picture's edge, in heights of its text."""


class Composer:
    """Makes one picture of each pair.

    Args:
        comparison: what the pairs come from.
        options: layout, size, labels, language, change map.
        moments: times to look at beforehand, where crop or the map's scale asks for that; spread
            over the asked part if None.

    Raises:
        UsageError: as ``Comparison.pairs_at``, for ``crop`` and change maps, which look ahead.
    """

    def __init__(
        self,
        comparison: Comparison,
        options: PreviewOptions,
        *,
        moments: Sequence[float] | None = None,
    ) -> None:
        before, after = comparison.before, comparison.after
        shown, color = shown_size(before.video), before.video.color
        self.box: Box | None = None
        if options.layout == "crop" and options.box is not None:
            (self.box,) = boxes_of((options.box,), shown.width, shown.height)
        scale = None
        if options.change_map or (options.layout == "crop" and self.box is None):
            changes: list[Map] = []
            lights: list[Map] = []
            for change, light in survey(comparison, moments):
                changes += [change] if options.change_map else []
                lights += [light] if options.layout == "crop" else []
            if options.change_map:
                scale = choose_scale(changes)
            if options.layout == "crop" and self.box is None:
                self.box = strongest(lights, shown, options.zoom)
        self.layout = make_layout(shown, options, self.box)
        self.size = self.layout.size
        language = _writable(options.language)
        first, second, taken = TITLES[language]
        self.titles = first, taken if options.change_map else second
        self._develop = [Developer(i.video, self.layout.pane, color) for i in (before, after)]
        self._scale = scale
        self._labels = _Labels(self, before, after) if options.labels else None
        self._legend = None
        if scale is not None:
            self._legend = legend(scale, self.layout.view, language)

    def __call__(self, pair: Pair, seconds: float) -> Canvas:
        """Compose.

        Args:
            pair: before and after.
            seconds: since the first pair; moves wipe's divider.
        """
        before, after = (make(frame) for make, frame in zip(self._develop, pair, strict=True))
        if self._scale is not None:
            after = heat_map(before, change_of(before, after), self._scale)
        canvas = self.layout.compose(before, after, seconds)
        if self._labels is not None:
            self._labels.lay(canvas)
        if self._legend is not None:
            strip = Canvas.from_rgb(self._legend, canvas.color)
            margin = labels.main_size(self.layout.view.height) // 4 * 2
            size = strip.size
            canvas.paste(
                strip,
                max(0, self.size.width - size.width - margin),
                max(0, self.size.height - size.height - margin),
            )
        return canvas


class _Labels:
    """The two labels, drawn once."""

    def __init__(self, composer: Composer, before: SourceInfo, after: SourceInfo) -> None:
        layout, view = composer.layout, composer.layout.view
        shared = layout.corners[1][0] == 1.0  # both labels lie on one picture
        room = (view.width // 2 if shared else view.width, view.height)
        details = before.path.name, "" if before.path == after.path else after.path.name
        self._plates = [
            labels.plate(title, detail, pane=room)
            for title, detail in zip(composer.titles, details, strict=True)
        ]
        margin = round(labels.main_size(view.height) * _MARGIN)
        self._places = []
        for plate, (x, y) in zip(self._plates, layout.corners, strict=True):
            left = layout.size.width * x + (margin if x < 1 else -plate.width - margin)
            top = layout.size.height * y + margin
            self._places.append((round(left / 2) * 2, round(top / 2) * 2))

    def lay(self, canvas: Canvas) -> None:
        for plate, (x, y) in zip(self._plates, self._places, strict=True):
            plate.lay(canvas, x, y)


def _writable(language: Language) -> Language:
    """English instead of a language whose letters can't be drawn, and a word about it."""
    if language == "en" or fonts.UNICODE:
        return language
    _LOG.warning(_("OpenCV %s draws Latin letters only: labels are English."), cv2.__version__)
    return "en"


def survey(
    comparison: Comparison, moments: Sequence[float] | None = None
) -> Iterator[tuple[Map, Map]]:
    """What changed in some moments, in code values and in light; at the size that is shown.

    Args:
        comparison: what is compared.
        moments: seconds from the first picture on; spread over the asked part if None.

    Raises:
        UsageError: there is no picture in it, or the two recordings' frames don't match.
    """
    before, after = comparison.before.video, comparison.after.video
    shown, color = shown_size(before), before.color
    develop = [Developer(video, shown, color) for video in (before, after)]
    found = False
    # The first moment is the beginning itself: a very short part may hold nothing else.
    times = moments or [comparison.span[0], *comparison.moments(SURVEY)[1:]]
    for _time, pair in comparison.pairs_at(times):
        first, second = (make(frame) for make, frame in zip(develop, pair, strict=True))
        found = True
        yield change_of(first, second), light_change_of(first, second)
    if not found:
        raise no_frames(comparison.before, times[0])
