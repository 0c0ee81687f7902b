"""The glare stage with one model each, as users run it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from dashcam_pipeline.config import CleanConfig, StageSpec
from dashcam_pipeline.pipeline import Pipeline

if TYPE_CHECKING:
    from collections.abc import Mapping

    import numpy.typing as npt

    from dashcam_pipeline.stages.base import Quality

    RGB = npt.NDArray[np.uint8]


def cleaner(model: str, options: Mapping[str, float], quality: Quality = "best") -> Pipeline:
    """The stage for pictures: without temporal smoothing, as pictures have no past.

    Args:
        model: a name of `dashcam models` or an ONNX file with its manifest.
        options: of the stage, where they differ from its own.
        quality: level of the stage.
    """
    return clip_cleaner(model, {"smoothing": 0.0, **options}, quality)


def clip_cleaner(model: str, options: Mapping[str, float], quality: Quality) -> Pipeline:
    """The stage for clips: with its smoothing in time; arguments as for ``cleaner``."""
    spec = StageSpec(name="glare", options={"model": model, **options})
    return Pipeline(CleanConfig(stages=(spec,), quality=quality))


def clean_picture(pipeline: Pipeline, picture: RGB) -> RGB:
    """One (H, W, 3) uint8 picture through the stage."""
    return np.asarray(pipeline.process_rgb(picture[None])[0])


def short_name(model: str) -> str:
    """The name of a model without its folders and ending, for captions and files."""
    return model.replace("\\", "/").rsplit("/", 1)[-1].removesuffix(".onnx")
