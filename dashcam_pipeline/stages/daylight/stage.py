"""``night-to-day`` and ``day-to-night``: the scene as it might look at another time of day.

The frame is shrunk to a work size; the generator of a CycleGAN translates that small picture; its
answer, smoothed in time, is rendered on the full-resolution frame by local gains, so that edges and
text stay where and as sharp as they were (``guided``). Lit signals stay as they are (``lit``), and
a small mark says that the picture is synthetic (``mark``).

What the result shows was never seen by the camera. It is no evidence.
"""

from __future__ import annotations

import math
import time
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
from pydantic import Field

from dashcam_pipeline.errors import ModelError
from dashcam_pipeline.frames import FrameBatch
from dashcam_pipeline.inference.manifest import find_model, load_manifest
from dashcam_pipeline.inference.worksize import work_size
from dashcam_pipeline.stages.base import (
    Quality,
    Requirements,
    Stage,
    StageContext,
    StageOptions,
    StreamInfo,
)
from dashcam_pipeline.stages.daylight.guided import fit, render, without_noise
from dashcam_pipeline.stages.daylight.lit import KEPT, clipped_lamps, lit_signals
from dashcam_pipeline.stages.daylight.mark import Mark, make_mark
from dashcam_pipeline.stages.shrink import shrink_rgb
from dashcam_pipeline.stages.smoothing import MotionGate
from dashcam_pipeline.translation import _

if TYPE_CHECKING:
    from collections.abc import Mapping

    import numpy.typing as npt

    from dashcam_pipeline.frames import Frame
    from dashcam_pipeline.inference.manifest import ModelEntry

AREA_SHARE: dict[Quality, float] = {"fast": 0.5, "balanced": 1.0, "best": 1.0}
"""Work area at each level, as a share of the area the model was made for; more than that shows
the network what it was not trained on."""

BORDER = 8
"""Reflected samples round what the network sees, within its work size: its convolutions see zeros
beyond the border, and without these a frame would show round a dark picture."""

CHANNELS = 3
"""Of a generator's answer: R', G' and B' of the translated picture."""


class TranslationOptions(StageOptions):
    """Options that both directions share."""

    strength: float = Field(
        1.0, ge=0, le=1, description="How far to go: 0 leaves the picture as it is."
    )
    smoothing: float = Field(
        0.8, ge=0, le=0.95, description="Weight of the past where the picture stands still."
    )
    mark: bool = Field(
        default=True, description="Draw a small mark that says that the picture is synthetic."
    )


class TranslationStage(Stage):
    """What both directions share; see the module."""

    strengths = ("strength",)
    synthetic = True

    mark_text: ClassVar[str]
    """What the mark says."""

    options: Any  # TranslationOptions, with a ``model``

    def __init__(self, options: StageOptions, context: StageContext) -> None:
        super().__init__(options, context)
        entry = self._find_model()
        self._network = context.network(entry)
        self._gate = MotionGate(self.options.smoothing)
        self._size = (0, 0)
        self._mark: Mark | None = None
        self._changed = 0
        self.report.facts.update(
            model=entry.name, sha256=entry.sha256, marked=self.options.mark, frames_changed=0
        )

    def _find_model(self) -> ModelEntry:
        """The weights asked for.

        Raises:
            ModelError: there are none, or they do something else.
        """
        wanted = self.options.model
        if wanted == self.name and all(e.name != wanted for e in load_manifest().models):
            raise ModelError(
                _(
                    "The stage {name} needs the weights {wanted}, and they are not installed.",
                    name=self.name,
                    wanted=repr(wanted),
                ),
                advice=_(
                    "Make some with `dashcam train night-day` and `dashcam export`, and "
                    'name them: `stages=["{name}:model=FILE.onnx"]`',
                    name=self.name,
                ),
            )
        entry = find_model(wanted)
        if entry.maps != CHANNELS:
            raise ModelError(
                _(
                    "The model {model} answers with {maps} maps; {name} needs one that "
                    "answers with a picture of {channels}.",
                    model=repr(entry.name),
                    maps=entry.maps,
                    name=self.name,
                    channels=CHANNELS,
                ),
                advice=_("It serves the stage {stage}.", stage=entry.stage),
            )
        return entry

    @property
    def requirements(self) -> Requirements:
        """Frame by frame on a CPU, where a batch gains nothing; batches on a GPU."""
        return Requirements(batch_size=1 if self.context.device == "cpu" else 16)

    def open(self, info: StreamInfo) -> None:
        """Choose the work size and draw the mark for the stream's geometry."""
        entry = self._network.entry
        area = math.ceil(entry.work_area * AREA_SHARE[self.context.quality])
        self._size = entry.size or work_size(
            info.height, info.width, area=area, multiple=entry.multiple
        )
        self._gate.reset()
        self._mark = make_mark(self.mark_text, info) if self.options.mark else None
        self.report.facts["work_size"] = f"{self._size[1]}x{self._size[0]}"

    def process(self, batch: FrameBatch) -> FrameBatch:
        """Translate a batch."""
        strength = min(self.context.strength * self.options.strength, 1.0)
        if strength == 0:
            return batch
        start = time.perf_counter()
        height, width = (side - 2 * BORDER for side in self._size)
        pictures = np.stack([without_noise(shrink_rgb(frame, height, width)) for frame in batch])
        shrunk = time.perf_counter()
        answers = self._predict(pictures)
        predicted = time.perf_counter()
        frames = tuple(
            # the root shows the gate what moves in the dark, which the answer shows brightly
            self._render(frame, picture, self._gate(np.sqrt(picture), answer), strength)
            for frame, picture, answer in zip(batch, pictures, answers, strict=True)
        )
        self.report.count("shrink", shrunk - start)
        self.report.count("network", predicted - shrunk)
        self.report.count("render", time.perf_counter() - predicted)
        return FrameBatch(frames)

    def _predict(self, pictures: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
        """The network's answers, (N, 3, h, w) in [0, 1] as the pictures."""
        margin = (BORDER, BORDER)
        pictures = np.pad(pictures, ((0, 0), (0, 0), margin, margin), mode="reflect")
        if self.context.device == "cpu":  # alone each, so that a batch's size changes no bit
            answers = np.concatenate([self._network.run(p[None]) for p in pictures])
        else:
            answers = self._network.run(pictures)
        if self._network.notes:
            self.report.facts["memory"] = list(self._network.notes)
        return np.asarray(np.clip(answers[..., BORDER:-BORDER, BORDER:-BORDER], 0, 1))

    def _render(
        self,
        frame: Frame,
        picture: npt.NDArray[np.floating[Any]],
        answer: npt.NDArray[np.floating[Any]],
        strength: float,
    ) -> Frame:
        """One frame translated; picture and answer are (3, h, w) float32 in [0, 1]."""
        translation = fit(picture, answer, frame.color.matrix, strength=strength)
        result = render(frame, translation, lit_signals(frame))
        if self._mark is not None:
            result = self._mark.lay(result)
        self._changed += 1
        self.report.facts["frames_changed"] = self._changed
        return result

    def reset(self) -> None:
        """Forget the past at a cut."""
        self._gate.reset()

    def state(self) -> Mapping[str, npt.NDArray[Any]]:
        """What the smoothing remembers, and the count so far."""
        return {**self._gate.state(), "changed": np.array(self._changed)}

    def restore(self, state: Mapping[str, npt.NDArray[Any]]) -> None:
        """Go on where another instance paused."""
        self._gate.restore(state)
        self._changed = int(state["changed"])
        self.report.facts["frames_changed"] = self._changed


class NightToDayStage(TranslationStage):
    """Night into day."""

    name = "night-to-day"
    summary = "Shows a night as it might look by day: generated, never evidence."
    models = ("night-to-day",)
    mark_text = "synthetic daylight"

    class Options(TranslationOptions):
        """Options of ``night-to-day``."""

        model: str = Field(
            "night-to-day",
            description="A model of `dashcam models`, or an ONNX file with its manifest.",
        )

    def _predict(self, pictures: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
        """Lamps stay lit: nobody knows what is behind them, but a dark disc isn't.

        Args:
            pictures: (N, 3, h, w) float32 in [0, 1].

        Returns:
            the answers, of the same shape and range.
        """
        lamps = np.stack([clipped_lamps(picture.max(0)) for picture in pictures])
        answers = super()._predict(pictures)
        return np.asarray(np.maximum(answers, KEPT * lamps[:, None] * pictures))


class DayToNightStage(TranslationStage):
    """Day into night."""

    name = "day-to-night"
    summary = "Shows a day as it might look at night: generated, never evidence."
    models = ("day-to-night",)
    mark_text = "synthetic night"

    class Options(TranslationOptions):
        """Options of ``day-to-night``."""

        model: str = Field(
            "day-to-night",
            description="A model of `dashcam models`, or an ONNX file with its manifest.",
        )
