"""Clips, frame by frame: a recording, or a folder of pictures in the order of their names."""

from __future__ import annotations

from itertools import islice, tee
from typing import TYPE_CHECKING

import cv2
import numpy as np

from dashcam_pipeline.errors import InputError
from dashcam_pipeline.frames import KR_KB, Frame
from dashcam_pipeline.media.reader import Reader
from dashcam_pipeline.training.night_day_evaluation.flicker import Meter, Motion, local_contrast
from dashcam_pipeline.training.night_day_evaluation.pictures import held_out, luma, read_rgb

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    import numpy.typing as npt

    from dashcam_pipeline.training.night_day_evaluation.translators import Translator

    RGB = npt.NDArray[np.uint8]


def to_rgb(frame: Frame) -> RGB:
    """A frame of any layout as R'G'B', (H, W, 3) uint8; matrices as in ``frames``."""
    kr, kb = KR_KB[frame.color.matrix]
    step = 1 << (frame.layout.bits - 8)
    scale, offset, chroma = (255, 0, 255) if frame.color.full_range else (219, 16, 224)
    light = (frame.planes[0].astype(np.float32) / step - offset) / scale
    cb, cr = (
        (
            cv2.resize(
                plane.astype(np.float32),
                (frame.width, frame.height),
                interpolation=cv2.INTER_LINEAR,
            )
            / step
            - 128
        )
        / chroma
        for plane in frame.planes[1:]
    )
    red, blue = light + 2 * (1 - kr) * cr, light + 2 * (1 - kb) * cb
    green = (light - kr * red - kb * blue) / (1 - kr - kb)
    values = np.stack((red, green, blue), axis=-1) * 255
    return np.asarray(np.clip(np.rint(values), 0, 255), np.uint8)


def read_clip(path: Path, frames: int) -> Iterator[RGB]:
    """The first frames of a clip, (H, W, 3) uint8.

    Args:
        path: a recording, or a folder of pictures.
        frames: how many at most.

    Raises:
        InputError: it can't be read.
    """
    if path.is_dir():
        yield from (read_rgb(file) for file in held_out(path)[:frames])
        return
    with Reader(path) as reader:
        yield from (to_rgb(i) for i in islice((i for i in reader if isinstance(i, Frame)), frames))


def measure_clip(frames: Iterator[RGB], translators: Sequence[Translator]) -> dict[str, Meter]:
    """Translate a clip by every row at once, and measure each along the source's motion.

    Args:
        frames: (H, W, 3) uint8, of one size.
        translators: the rows.

    Raises:
        InputError: fewer than two frames.
    """
    source, *copies = tee(frames, 1 + len(translators))
    rows = [t.clip(copy) for t, copy in zip(translators, copies, strict=True)]
    meters = {t.name: Meter() for t in translators}
    before: npt.NDArray[np.float32] | None = None
    count = 0
    for picture, *results in zip(source, *rows, strict=True):
        gray = luma(picture)
        motion = None if before is None else Motion.between(before, gray)
        contrast = local_contrast(picture)
        for meter, result in zip(meters.values(), results, strict=True):
            meter.add(result, motion, contrast)
        before = gray
        count += 1
    if count < 2:  # noqa: PLR2004 - a difference needs two
        raise InputError(
            f"the clip has {count} frames; flicker takes at least two",
            advice="Give another clip, or more --frames.",
        )
    return meters
