"""Clips, frame by frame: a recording, or a folder of pictures in the order of their names."""

from __future__ import annotations

from itertools import islice, tee
from typing import TYPE_CHECKING

import numpy as np

from dashcam_pipeline.engine.rgb import frame_to_rgb
from dashcam_pipeline.errors import InputError
from dashcam_pipeline.training.evaluation.common.motion import Motion
from dashcam_pipeline.training.evaluation.glare.flicker import read_clip
from dashcam_pipeline.training.evaluation.night_day.flicker import Meter, local_contrast
from dashcam_pipeline.training.evaluation.night_day.pictures import luma

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    import numpy.typing as npt

    from dashcam_pipeline.training.evaluation.night_day.translators import Translator

    RGB = npt.NDArray[np.uint8]


def read_rgb_clip(path: Path, frames: int) -> Iterator[RGB]:
    """The first frames of a clip, (H, W, 3) uint8; see ``evaluation.flicker.read_clip``.

    Args:
        path: a recording, or a folder of pictures.
        frames: how many at most.

    Raises:
        InputError: it can't be read.
    """
    return map(frame_to_rgb, islice(read_clip(path), frames))


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
    before: RGB | None = None
    count = 0
    for picture, *results in zip(source, *rows, strict=True):
        gray = luma(picture).astype(np.uint8)
        motion = None if before is None else Motion.between(before, gray)
        contrast = local_contrast(picture)
        for meter, result in zip(meters.values(), results, strict=True):
            meter.add(result, motion, contrast)
        before = gray
        count += 1
    if count < 2:  # noqa: PLR2004 - a difference needs two
        raise InputError(
            f"the clip has {count} frames; flicker takes at least two",
            advice="Give another clip, or more `frames=`.",
        )
    return meters
