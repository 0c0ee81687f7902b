"""Fields of interlaced pictures: two moments, half a picture each, that must not be mixed."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, cast

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from dashcam_pipeline.frames import Frame, Plane


def fields_of(frame: Frame) -> list[Frame]:
    """A picture's fields in the order in which they are shown, (H / 2, W) each.

    Args:
        frame: any; a progressive one, or one whose lines can't be parted evenly, stays whole.
    """
    if frame.first_field is None or any(plane.shape[0] % 2 for plane in frame.planes):
        return [frame]
    rows = (0, 1) if frame.first_field == "top" else (1, 0)
    try:
        return [
            replace(frame, planes=_rows(frame, row), source=None, first_field=None) for row in rows
        ]
    except ValueError:
        return [frame]  # half its lines are no whole number of chroma samples


def woven(frame: Frame, fields: Sequence[Frame]) -> Frame:
    """A picture of changed fields; itself where none of them is.

    Args:
        frame: the picture.
        fields: as of ``fields_of``, in its order.
    """
    if len(fields) == 1:
        return fields[0]
    rows = (0, 1) if frame.first_field == "top" else (1, 0)
    planes = []
    for number, plane in enumerate(frame.planes):
        parts = [field.planes[number] for field in fields]
        if all(np.array_equal(part, plane[row::2]) for part, row in zip(parts, rows, strict=True)):
            planes.append(plane)
            continue
        whole = np.empty_like(plane)
        for part, row in zip(parts, rows, strict=True):
            whole[row::2] = part
        planes.append(whole)
    return frame.with_planes(cast("tuple[Plane, Plane, Plane]", tuple(planes)))


def _rows(frame: Frame, first: int) -> tuple[Plane, Plane, Plane]:
    return cast("tuple[Plane, Plane, Plane]", tuple(p[first::2] for p in frame.planes))
