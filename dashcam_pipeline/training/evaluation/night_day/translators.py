"""The rows of an evaluation: ways to turn a picture or a clip into another.

A model runs in the very stage that users run; its mark is left off, for it is no part of the scene.
"""

from __future__ import annotations

from fractions import Fraction
from itertools import chain, islice
from typing import TYPE_CHECKING, Final, Protocol

import numpy as np

from dashcam_pipeline.config import CleanConfig, StageSpec
from dashcam_pipeline.engine.rgb import frame_to_rgb, rgb_to_frame
from dashcam_pipeline.inference.manifest import find_model
from dashcam_pipeline.pipeline import Pipeline
from dashcam_pipeline.stages.registry import stage_class
from dashcam_pipeline.training.evaluation.night_day.tone_curve import Look, ToneCurve

if TYPE_CHECKING:
    from collections.abc import Iterator

    import numpy.typing as npt

    from dashcam_pipeline.stages.base import Quality

    RGB = npt.NDArray[np.uint8]

NOTHING: Final = "doing nothing"
TONE_CURVE: Final = "tone curve"

FITTED: Final = 15
"""Frames of a clip on which its tone curve is fitted."""

_TICK: Final = Fraction(1, 30)


class Translator(Protocol):
    """One row."""

    @property
    def name(self) -> str:
        """What the table calls it."""

    def picture(self, picture: RGB) -> RGB:
        """One picture without a past, (H, W, 3) uint8."""

    def clip(self, frames: Iterator[RGB]) -> Iterator[RGB]:
        """Consecutive frames, (H, W, 3) uint8; as many come out, some later than they went in."""


class Nothing:
    """The source itself."""

    name = NOTHING

    def picture(self, picture: RGB) -> RGB:
        """The same picture, (H, W, 3) uint8."""
        return picture

    def clip(self, frames: Iterator[RGB]) -> Iterator[RGB]:
        """The same frames, (H, W, 3) uint8."""
        return frames


class Curve:
    """A tone curve for each picture, and one for a whole clip."""

    name = TONE_CURVE

    def __init__(self, look: Look) -> None:
        self.look = look

    def picture(self, picture: RGB) -> RGB:
        """A picture (H, W, 3) uint8 through a curve of its own."""
        return ToneCurve.fit([picture], self.look).apply(picture)

    def clip(self, frames: Iterator[RGB]) -> Iterator[RGB]:
        """Frames (H, W, 3) uint8, all through the curve of the first ones."""
        first = list(islice(frames, FITTED))
        if first:
            curve = ToneCurve.fit(first, self.look)
            yield from (curve.apply(frame) for frame in chain(first, frames))


class StageModel:
    """A model in its stage.

    Args:
        name: of the row.
        pipeline: the stage alone.
    """

    def __init__(self, name: str, pipeline: Pipeline) -> None:
        self.name = name
        self.pipeline = pipeline

    @classmethod
    def of(cls, model: str, quality: Quality = "balanced") -> StageModel:
        """Open a model.

        Args:
            model: of ``dashcam models``, or an ONNX file with its manifest beside it.
            quality: level of the stage.

        Raises:
            ModelError: there is no such model.
        """
        stage = find_model(model).stage
        options: dict[str, object] = {"model": model}
        if "mark" in stage_class(stage).Options.model_fields:
            options["mark"] = False
        spec = StageSpec(name=stage, options=options)
        return cls(_title(model), Pipeline(CleanConfig(stages=(spec,), quality=quality)))

    def picture(self, picture: RGB) -> RGB:
        """One picture, (H, W, 3) uint8; the stage forgets it afterwards."""
        return np.asarray(self.pipeline.process_rgb(picture[None])[0])

    def clip(self, frames: Iterator[RGB]) -> Iterator[RGB]:
        """Frames (H, W, 3) uint8, with the stage's memory of those before."""
        made = (
            rgb_to_frame(frame, index=i, pts=i, time_base=_TICK) for i, frame in enumerate(frames)
        )
        return (frame_to_rgb(frame) for frame in self.pipeline.process(made))


def _title(model: str) -> str:
    """Its name, or its file without folder and ending."""
    return model.replace("\\", "/").rpartition("/")[2].removesuffix(".onnx")
