"""An example stage of another package: ``dashcam clean night.mp4 --stage dim:amount=0.3``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from pydantic import Field

from dashcam_pipeline.frames import FrameBatch
from dashcam_pipeline.stages.base import Stage, StageOptions

if TYPE_CHECKING:
    from dashcam_pipeline.frames import Frame


class Dim(Stage):
    """Takes luma away."""

    name = "dim"
    summary = "Takes luma away (an example of a stage in another package)."
    strengths = ("amount",)

    class Options(StageOptions):
        """Options of ``dim``."""

        amount: float = Field(0.5, ge=0, le=1, description="Share of the luma to take away.")

    options: Options

    def process(self, batch: FrameBatch) -> FrameBatch:
        """Dim every frame; new planes, as the given ones may be the decoder's memory."""
        keep = 1 - min(self.options.amount * self.context.strength, 1.0)
        return FrameBatch(tuple(self._dimmed(frame, keep) for frame in batch))

    @staticmethod
    def _dimmed(frame: Frame, keep: float) -> Frame:
        luma, cb, cr = frame.planes
        black = 0 if frame.color.full_range else 16 << (frame.layout.bits - 8)
        dimmed = black + (luma.astype(np.float32) - black) * keep
        return frame.with_planes((np.rint(dimmed.clip(0)).astype(luma.dtype), cb, cr))
