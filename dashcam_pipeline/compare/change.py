"""What was taken away: measured, found, and shown as a heat map with its scale.

The measure is the difference of luma, before minus after, in 8-bit code values of full range
(0 to 255): what a viewer sees get darker. Where a stage made the picture brighter it is negative.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import cv2
import numpy as np
import numpy.typing as npt

from dashcam_pipeline.compare.canvas import Canvas
from dashcam_pipeline.stages.base import Box

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from dashcam_pipeline.compare.canvas import Size

Map = npt.NDArray[np.floating[Any]]

_STEPS: Final = (2, 4, 8, 16, 32, 64, 128, 255)
"""Ends that a scale may have: powers of two are easy to compare from one map to the next."""

_NEARLY_ALL: Final = 99.8
"""Percentile that the scale must reach; single pixels beyond it don't count."""

_LOOK: Final = 160
"""Columns at which the strongest change is looked for: finer than any box, free of noise."""

_DIMMED: Final = 0.45
"""How bright the picture stays under the map."""


@dataclass(frozen=True, slots=True)
class Scale:
    """How a map's values become colours.

    Args:
        limit: code values at full colour.
        both: True if something got brighter too.
    """

    limit: int
    both: bool = False


def change_of(before: Canvas, after: Canvas) -> Map:
    """The measure of this module.

    Args:
        before, after: of one size and colour.

    Returns:
        float32, shape (h, w), -255 to 255.
    """
    span = 1.0 if before.color.full_range else 255 / 219
    difference = before.planes[0].astype(np.float32) - after.planes[0]
    return np.asarray(difference * np.float32(span))


def light_change_of(before: Canvas, after: Canvas) -> Map:
    """How much light was taken away, by the square law (L = v^2), on the scale of code values.

    Haze over a dark dashboard is many codes and hardly any light; what glares is both.

    Args:
        before, after: of one size and colour.

    Returns:
        float32, shape (h, w), -255 to 255.
    """
    low, span = (0, 255) if before.color.full_range else (16, 219)
    light = [
        np.square(np.clip((c.planes[0].astype(np.float32) - low) / span, 0, 1))
        for c in (before, after)
    ]
    return np.asarray((light[0] - light[1]) * np.float32(255))


def choose_scale(maps: Iterable[Map]) -> Scale:
    """A scale that fits all of some maps of ``change_of``, (h, w) float32 in code values."""
    limit, both = 0.0, False
    for values in maps:
        limit = max(limit, float(np.percentile(np.abs(values), _NEARLY_ALL)))
        both = both or float(np.percentile(values, 100 - _NEARLY_ALL)) <= -_STEPS[0]
    return Scale(next(step for step in _STEPS if step >= min(limit, _STEPS[-1])), both)


def strongest(maps: Sequence[Map], shown: Size, zoom: float) -> Box:
    """Where the most was changed, over all of some maps.

    Args:
        maps: of ``light_change_of``, for pictures of the size ``shown``; one at least.
        shown: that size.
        zoom: the box is so many times smaller than the picture.

    Returns:
        a box inside the picture; the middle one where nothing was changed.
    """
    height = max(2, round(_LOOK * shown.height / shown.width))
    total = np.zeros((height, _LOOK), np.float32)
    for values in maps:
        total += cv2.resize(np.abs(values), (_LOOK, height), interpolation=cv2.INTER_AREA)
    window = max(1, round(_LOOK / zoom)), max(1, round(height / zoom))
    sums = cv2.boxFilter(total, -1, window, anchor=(0, 0), normalize=True)
    sums = sums[: height - window[1] + 1, : _LOOK - window[0] + 1]
    width, rows = max(2, int(shown.width / zoom) & ~1), max(2, int(shown.height / zoom) & ~1)
    if float(sums.max()) < 1 / 255:
        x, y = (shown.width - width) / 2, (shown.height - rows) / 2
    else:
        row, column = np.unravel_index(int(np.argmax(sums)), sums.shape)
        x, y = int(column) * shown.width / _LOOK, int(row) * shown.height / height
    return Box(
        x=int(min(x, shown.width - width)) & ~1,
        y=int(min(y, shown.height - rows)) & ~1,
        width=width,
        height=rows,
    )


def heat_map(before: Canvas, values: Map, scale: Scale) -> Canvas:
    """The map over a dimmed, colourless picture.

    Args:
        before: the picture that it lies on.
        values: of ``change_of``, (h, w) of the picture.
        scale: what full colour means.
    """
    share = np.clip(values / scale.limit, -1, 1)
    strength = np.abs(share)[..., None]
    low, span = (0, 255) if before.color.full_range else (16, 219)
    grey = (before.planes[0].astype(np.float32) - low) * (255 / span) * _DIMMED
    # A square root lets faint changes show; the scale is drawn by the same rule.
    weight = np.sqrt(strength)
    rgb = grey[..., None] * (1 - weight) + colors(share) * weight
    return Canvas.from_rgb(np.rint(rgb).clip(0, 255).astype(np.uint8), before.color)


def colors(share: Map) -> Map:
    """Colours of a share of the scale.

    Args:
        share: -1 (brighter) to 1 (darker); any shape.

    Returns:
        float32 R'G'B', 0 to 255, with an axis of three added: from deep violet over orange to
        pale yellow (OpenCV's "inferno") for what was taken away, blue to cyan for what was added.
    """
    index = np.rint(np.abs(share) * 255).astype(np.uint8)
    flat = np.ascontiguousarray(index.reshape(-1, 1))
    warm = cv2.applyColorMap(flat, cv2.COLORMAP_INFERNO)[:, 0, ::-1]
    ramp = flat.astype(np.float32)
    cold = np.concatenate((ramp * 0.2, 60 + ramp * 0.7, 120 + ramp * 0.53), axis=1)
    chosen = np.where(share.reshape(-1, 1) < 0, cold, warm.astype(np.float32))
    return np.asarray(chosen.reshape(*share.shape, 3), np.float32)


def legend_bar(scale: Scale, width: int, height: int) -> npt.NDArray[np.uint8]:
    """The scale as a strip.

    Returns:
        uint8 R'G'B', shape (height, width, 3); from left: brighter (where ``both``), nothing, all.
    """
    share = np.linspace(-1.0 if scale.both else 0.0, 1.0, width, dtype=np.float32)
    weight = np.sqrt(np.abs(share))[:, None]
    row = colors(share) * weight
    return np.broadcast_to(np.rint(row).astype(np.uint8), (height, width, 3)).copy()
