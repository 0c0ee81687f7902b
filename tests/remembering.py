"""A stage whose every frame shows all those before it, so that a lost past is seen."""

from __future__ import annotations

import numpy as np

from dashcam_pipeline.frames import FrameBatch
from dashcam_pipeline.stages import registry
from dashcam_pipeline.stages.base import Requirements, Stage


class Remember(Stage):
    """A running mean of the luma, three frames a batch."""

    name = "remember"
    summary = "Mixes each frame with those before it."

    def __init__(self, options, context):
        super().__init__(options, context)
        self.mean = None

    @property
    def requirements(self):
        return Requirements(batch_size=3)

    def process(self, batch):
        return FrameBatch(tuple(self._mix(frame) for frame in batch))

    def _mix(self, frame):
        luma, cb, cr = frame.planes
        past = luma.astype(np.float64) if self.mean is None else self.mean
        self.mean = 0.9 * past + 0.1 * luma
        return frame.with_planes((np.rint(self.mean).astype(np.uint8), cb, cr))

    def reset(self):
        self.mean = None

    def state(self):
        return {} if self.mean is None else {"mean": self.mean}

    def restore(self, state):
        self.mean = state.get("mean")


def register():
    """Make the stage known, as an entry point would."""
    registry.BUILT_IN["remember"] = "remembering:Remember"
