"""Parts of the picture that no stage may change: burned-in text, a plate, a face."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

import numpy as np

from dashcam_pipeline.stages.share import Share

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from dashcam_pipeline.frames import Frame, Plane
    from dashcam_pipeline.stages.base import Box

Area: TypeAlias = tuple[int, int, int, int]
"""Left, top, right, bottom in samples of a plane; the last two exclusive."""


def protected(frame: Frame, original: Frame, boxes: Sequence[Box], *, feather: int = 0) -> Frame:
    """A frame whose boxes show the original's samples.

    Args:
        frame: after the stages.
        original: before them, of the same size and layout.
        boxes: in luma samples; rounded outward to the chroma grid, clipped to the picture.
        feather: luma samples around each box over which the change fades in linearly.

    Returns:
        ``frame`` itself where none of its planes is another array than the original's.
    """
    log2_x, log2_y = frame.layout.log2_chroma
    planes: list[Plane] = []
    for index, (new, old) in enumerate(zip(frame.planes, original.planes, strict=True)):
        if new is old:
            planes.append(new)
            continue
        # The stage may still hold its own plane (as the past of a temporal filter).
        plane = new.copy()
        up = (log2_x, log2_y) if index == 0 else (0, 0)
        down = (0, 0) if index == 0 else (log2_x, log2_y)
        ring = (feather >> down[0], feather >> down[1])
        areas = [_area(box, (log2_x, log2_y), up, old.shape) for box in boxes]
        if feather:
            for area in areas:
                _fade(plane, old, area, ring)
        for left, top, right, bottom in areas:  # after all fading: what is inside stays exact
            plane[top:bottom, left:right] = old[top:bottom, left:right]
        planes.append(plane)
    luma, cb, cr = planes
    return frame.with_planes((luma, cb, cr))


def boxes_of(places: Iterable[Box | Share], width: int, height: int) -> tuple[Box, ...]:
    """Parts of a picture in pixels.

    Args:
        places: boxes, or what is relative to the picture's size.
        width, height: of the picture.
    """
    return tuple(
        place.box(width, height) if isinstance(place, Share) else place for place in places
    )


def with_rim(boxes: Sequence[Box], rim: int) -> tuple[Box, ...]:
    """Boxes grown by so many luma samples on every side, but not over the upper left edges."""
    return tuple(_grown(box, rim) for box in boxes)


def _grown(box: Box, rim: int) -> Box:
    x, y = max(0, box.x - rim), max(0, box.y - rim)
    width, height = box.x + box.width + rim - x, box.y + box.height + rim - y
    return box.model_copy(update={"x": x, "y": y, "width": width, "height": height})


def _area(box: Box, log2: tuple[int, int], up: tuple[int, int], shape: tuple[int, ...]) -> Area:
    left, top = box.x >> log2[0] << up[0], box.y >> log2[1] << up[1]
    right = -(-(box.x + box.width) >> log2[0]) << up[0]
    bottom = -(-(box.y + box.height) >> log2[1]) << up[1]
    return left, top, min(right, shape[1]), min(bottom, shape[0])


def _fade(plane: Plane, old: Plane, area: Area, ring: tuple[int, int]) -> None:
    """Mix the original into the ring around an area: all of it inside, none at the outer edge.

    Args:
        plane: as changed, (H, W) uint8 or uint16; written into.
        old: the original, the same.
        area: left, top, right, bottom in samples of the plane.
        ring: its width across and down, samples.
    """
    left, top, right, bottom = area
    x0, y0 = max(0, left - ring[0]), max(0, top - ring[1])
    x1, y1 = min(plane.shape[1], right + ring[0]), min(plane.shape[0], bottom + ring[1])
    across = _ramp(np.arange(x0, x1), left, right, ring[0])
    down = _ramp(np.arange(y0, y1), top, bottom, ring[1])
    share = np.minimum(across[None, :], down[:, None])
    before = old[y0:y1, x0:x1].astype(np.float32)
    after = plane[y0:y1, x0:x1].astype(np.float32)
    plane[y0:y1, x0:x1] = np.rint(after + (before - after) * share).astype(plane.dtype)


def _ramp(
    places: np.ndarray[tuple[int], np.dtype[np.int_]], begin: int, end: int, length: int
) -> np.ndarray[tuple[int], np.dtype[np.float32]]:
    """1 from ``begin`` to ``end`` (exclusive), falling to 0 over ``length`` samples outside.

    Args:
        places: (n,) int, in samples like the others.

    Returns:
        (n,) float32 in [0, 1].
    """
    outside = np.maximum(begin - places, places - end + 1).clip(0)
    return (1 - outside / (length + 1)).astype(np.float32)
