"""``glare``: take away the light that lamps, headlights and the moon scattered over the picture.

The frame is shrunk to a work size; a UNet++ predicts there, in linear light, a layer of
structured glare, a veil, and a soft mask of the lamps (carried along between the frames that it
sees, and smoothed in time). What of it is taken follows the glass, as the recording shows it
(``glass``, ``rule``); that is enlarged and subtracted from the frame's own samples in linear light
(``subtract``). The lamps themselves stay.

On a GPU the network and the subtraction run there (``device``); all else is the same.
"""

from __future__ import annotations

import math
import time
from collections import deque
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
from pydantic import Field

from dashcam_pipeline.errors import DeviceError
from dashcam_pipeline.frames import FrameBatch
from dashcam_pipeline.inference import light
from dashcam_pipeline.inference.manifest import GLARE, find_model
from dashcam_pipeline.inference.worksize import work_size
from dashcam_pipeline.stages.base import (
    Quality,
    Requirements,
    Stage,
    StageContext,
    StageOptions,
    StreamInfo,
)
from dashcam_pipeline.stages.fields import fields_of, woven
from dashcam_pipeline.stages.glare.carry import Carrier
from dashcam_pipeline.stages.glare.color_noise import without_color_noise
from dashcam_pipeline.stages.glare.device import FILE, LAYOUT, DeviceRenderer
from dashcam_pipeline.stages.glare.exposure import Exposure, ExposureShare
from dashcam_pipeline.stages.glare.glass import Glass, GlassMeter, GlassMode
from dashcam_pipeline.stages.glare.image_head import image_layer
from dashcam_pipeline.stages.glare.layer import GlareLayer
from dashcam_pipeline.stages.glare.rule import CLEAN, glare_layer
from dashcam_pipeline.stages.glare.subtract import subtract_light
from dashcam_pipeline.stages.shrink import shrink_rgb
from dashcam_pipeline.stages.smoothing import MotionGate

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import numpy.typing as npt

    from dashcam_pipeline.frames import Frame
    from dashcam_pipeline.inference.manifest import Head
    from dashcam_pipeline.stages.glare.carry import Look

    Light = npt.NDArray[np.floating[Any]]

AREA_SHARE: dict[Quality, float] = {"fast": 0.45, "balanced": 0.75, "best": 0.75}
"""Work area at each level, as a share of the area the model was made for; behind windscreens all of
it is no better than three quarters."""

EVERY: dict[Quality, int] = {"fast": 6, "balanced": 5, "best": 2}
"""The network sees one frame in so many on a CPU, and more where something appears; a GPU sees
every one. At 30 frames a second every fourth one gives the pictures that every third one gives, and
every fifth or sixth hardly others: what they differ by is the network's own trembling."""

QUICK: tuple[Quality, ...] = ("fast", "balanced")
"""Levels at which a CPU runs the weights' twin in int8: behind windscreens nobody can tell."""

SURPRISE = 0.28
"""Change of code value, motion apart, at which the network sees a frame out of turn: that of a lamp
that lights up. Texture that passes close by reaches it too, and carrying it would be least sure."""


SURVEYED = 4
"""Frames of a recording that are seen before its first one is cleaned, which that waits for. On the
way each frame that the network sees tells more."""


def head_layer(
    head: Head, picture: Light, maps: Light, *, dirt: float, streaks: float, veil: float
) -> GlareLayer:
    """The light to take away, by the kind of the network's head; arguments as ``glare_layer``'s.

    A clean picture isn't parted into kinds of glare: ``streaks`` alone is its strength.
    """
    if head == "image":
        return image_layer(picture, maps, min(streaks, 1.0), CLEAN.dead)
    return glare_layer(picture, maps, dirt=dirt, streaks=streaks, veil=veil)


@dataclass(slots=True)
class _Waiting:
    """A frame on its way through the stage."""

    frame: Frame
    picture: Light
    look: Look


@dataclass(slots=True)
class _Asked:
    """What the network was asked: of each group of frames it sees the last one."""

    groups: list[list[_Waiting]]
    answers: Future[npt.NDArray[np.float32]]


class GlareStage(Stage):
    """Takes scattered light away; see the module."""

    name = "glare"
    summary = "Takes away the glare of lamps, headlights and the moon; the lamps stay."
    strengths = ("streaks", "veil")
    models = (GLARE,)

    class Options(StageOptions):
        """Options of ``glare``."""

        streaks: float = Field(
            1.0, ge=0, le=1, description="How much of streaks, spokes and near bloom to take away."
        )
        veil: float = Field(
            1.0, ge=0, le=1.5, description="How much of the haze on dirty glass to take away."
        )
        glass: GlassMode = Field(
            "auto", description="How dirty the windscreen is; auto lets the recording say it."
        )
        exposure: ExposureShare = Field(
            0.0,
            ge=0,
            le=1,
            description="Keep the brightness that the picture had with its haze (keep, or 1), "
            "leave it (as-is, or 0), or go a share of the way.",
        )
        smoothing: float = Field(
            0.6, ge=0, le=0.95, description="Weight of the past where the picture stands still."
        )
        model: str = Field(
            GLARE, description="A model of `dashcam models`, or an ONNX file with its manifest."
        )

    options: Options

    def __init__(self, options: StageOptions, context: StageContext) -> None:
        super().__init__(options, context)
        entry = find_model(self.options.model)
        scale = entry.glass
        if context.device == "cpu" and context.quality in QUICK:
            entry = entry.quick_twin()
        self._scale = entry.glass or scale
        """At which readings glass is dirty; a twin reads as the network that it was made of."""
        self._network = context.network(entry)
        self._gate = MotionGate(self.options.smoothing)
        self._carrier = Carrier(
            EVERY[context.quality] if context.device == "cpu" else 1, surprise=SURPRISE
        )
        self._renderer: DeviceRenderer | None = None
        """What subtracts on a GPU."""
        self._waiting: list[_Waiting] = []
        """Frames after the last one that the network was asked of."""
        self._asked: deque[_Asked] = deque()
        self._ahead = 1 if context.threads > 1 else 0
        """Questions that the network works on while what it answered before is put to use."""
        self._begun = False
        """Whether a frame is cleaned: the first answer is waited for, so that it comes sooner."""
        self._worker = ThreadPoolExecutor(1, "dashcam-network") if self._ahead else None
        self._wholes: list[Frame] = []
        """Frames that came in and didn't go out yet."""
        self._parts: list[Frame] = []
        """Of the first of them, what is cleaned: fields of interlaced pictures go apart."""
        self._meter = GlassMeter(self.options.glass, self._scale)
        self._exposure = Exposure(self.options.exposure) if self.options.exposure else None
        self._size = (0, 0)
        self._changed = self._seen = 0
        self.report.facts.update(
            model=entry.name, sha256=entry.sha256, transfer=light.NAME, frames_changed=0
        )

    @property
    def requirements(self) -> Requirements:
        """Small batches on a CPU, where they only cost memory; larger ones on a GPU.

        Frames that the network doesn't see wait for the next one that it sees, and for its answer.
        """
        batch_size = 2 if self.context.device == "cpu" else 16
        group = self._carrier.every - 1
        return Requirements(batch_size, lookahead=group + self._ahead * (group + batch_size))

    def open(self, info: StreamInfo) -> None:
        """Choose the work size for the stream's geometry."""
        entry = self._network.entry
        area = math.ceil(entry.work_area * AREA_SHARE[self.context.quality])
        self._size = entry.size or work_size(
            info.height, info.width, area=area, multiple=entry.multiple
        )
        self._renderer = None
        self.report.facts.pop("device_graph", None)
        if self.context.device != "cpu" and info.layout == LAYOUT:
            self._renderer = DeviceRenderer(
                device=self.context.device, threads=self.context.threads
            )
            self.report.facts["device_graph"] = FILE
        self._meter = GlassMeter(self.options.glass, self._scale)
        self.reset()
        self.report.facts["work_size"] = f"{self._size[1]}x{self._size[0]}"

    def survey(self, frames: Sequence[Frame]) -> None:
        """See how dirty the glass is before the first frame is cleaned."""
        if self._network.entry.head == "image":
            return
        step = max(-(-len(frames) // SURVEYED), 1)
        seen = []
        for frame in frames[::step]:
            picture = shrink_rgb(fields_of(frame)[0], *self._size)
            maps = next(iter(self._network.run(picture[None])))
            self._meter.survey(picture, maps)
            seen.append((picture, maps))
        if self._meter.glass.dirt == 0:
            return  # of clean glass no film is taken: the first frame comes sooner
        for picture, maps in seen[::2]:  # the rule takes as long as the network: half of them do
            self._meter.look_at_rest(picture, self._layer(picture, maps))

    @property
    def glass(self) -> Glass:
        """How dirty the glass is, by what was seen yet."""
        return self._meter.glass

    def process(self, batch: FrameBatch) -> FrameBatch:
        """Clean a batch."""
        start = time.perf_counter()
        self._wholes += batch
        parts = [part for frame in batch for part in fields_of(frame)]
        # a field has half the lines, and is seen at the same size: its moment is not mixed
        pictures = [shrink_rgb(part, *self._size) for part in parts]
        shrunk = time.perf_counter()
        for frame, picture in zip(parts, pictures, strict=True):
            self._waiting.append(_Waiting(frame, picture, self._carrier.look(picture)))
        self.report.count("shrink", shrunk - start)
        self.report.count("carry", time.perf_counter() - shrunk)
        self._ask()
        cleaned = self._finished(ahead=self._ahead if self._begun else 0)
        self._begun |= len(cleaned) > 0
        return cleaned

    def flush(self) -> FrameBatch | None:
        """Clean the frames that wait; the network sees the last one."""
        if self._waiting:
            self._carrier.see(self._waiting[-1].look)
            self._ask()
        return self._finished(ahead=0) if self._asked else None

    def _ask(self) -> None:
        """Let the network see what it must of the frames that wait."""
        groups: list[list[_Waiting]] = [[]]
        for waiting in self._waiting:
            groups[-1].append(waiting)
            if waiting.look.key:
                groups.append([])
        self._waiting = groups.pop()
        if not groups:
            return
        seen = np.stack([group[-1].picture for group in groups])
        if self._worker is not None:
            answers = self._worker.submit(self._network.run, seen)
        else:
            answers = Future()
            start = time.perf_counter()
            answers.set_result(self._network.run(seen))
            self.report.count("network", time.perf_counter() - start)
        self._asked.append(_Asked(groups, answers))
        self._seen += len(groups)
        self.report.facts["frames_seen"] = self._seen

    def _finished(self, *, ahead: int) -> FrameBatch:
        """The frames of which the network has told, but for the last ``ahead`` questions."""
        frames: list[Frame] = []
        layers: list[GlareLayer] = []
        while len(self._asked) > ahead:
            asked = self._asked.popleft()
            start = time.perf_counter()
            answers = asked.answers.result()
            self.report.count("network", time.perf_counter() - start)
            for group, answer in zip(asked.groups, answers, strict=True):
                frames += [waiting.frame for waiting in group]
                layers += self._layers(group, answer)
        if self._network.notes:
            self.report.facts["memory"] = list(self._network.notes)
        start = time.perf_counter()
        self._parts += self._subtracted(frames, layers)
        cleaned = self._woven()
        self.report.facts["frames_changed"] = self._changed
        self.report.count("render", time.perf_counter() - start)
        return FrameBatch(tuple(cleaned))

    def _woven(self) -> list[Frame]:
        """The frames of which all parts are cleaned."""
        done = []
        while self._wholes:
            count = len(fields_of(self._wholes[0]))
            if len(self._parts) < count:
                break
            whole, parts = self._wholes.pop(0), self._parts[:count]
            self._parts = self._parts[count:]
            done.append(woven(whole, parts))
            self._changed += done[-1] is not whole
        return done

    def _layers(self, group: list[_Waiting], answer: Light) -> list[GlareLayer]:
        """What to take from frames of which the network saw the last one."""
        image = self._network.entry.head == "image"
        layers = (self._image_layers if image else self._carried_layers)(group, answer)
        if self._exposure is None:
            return layers
        gains = [
            self._exposure.gain(w.picture, each) for w, each in zip(group, layers, strict=True)
        ]
        return [replace(each, gain=gain) for each, gain in zip(layers, gains, strict=True)]

    def _image_layers(self, group: list[_Waiting], answer: Light) -> list[GlareLayer]:
        """``_layers`` of a network that paints a picture.

        Carried as what it takes away, so that edges stay where the frame has them.
        """
        start = time.perf_counter()
        looks = [waiting.look for waiting in group]
        taken = self._carrier.answers(looks, group[-1].picture - answer)
        carried = time.perf_counter()
        layers = [
            self._layer(w.picture, self._gate(w.picture, w.picture - each))
            for w, each in zip(group, taken, strict=True)
        ]
        self.report.count("carry", carried - start)
        self.report.count("rule", time.perf_counter() - carried)
        return layers

    def _carried_layers(self, group: list[_Waiting], answer: Light) -> list[GlareLayer]:
        """``_layers`` of a network that knows layers: the rule is asked where the network was.

        What comes of it is carried to the frames between, as the answer itself might be: that
        costs the rule for each frame, and gives pictures that nobody can tell from these.
        """
        start = time.perf_counter()
        picture = group[-1].picture
        self._meter.look(picture, answer)
        self.report.facts["glass"] = self._meter.glass.facts()
        layer = self._layer(picture, self._gate(picture, answer, steps=len(group)))
        self._meter.look_at_rest(picture, layer)
        layer = layer.with_light(self._meter.glass.film_light(picture, self._strengths[1]))
        ruled = time.perf_counter()
        carried = self._carrier.answers([waiting.look for waiting in group], layer.planes)
        self.report.count("rule", ruled - start)
        moved = time.perf_counter()
        self.report.count("carry", moved - ruled)
        layers = [*map(GlareLayer.of_planes, carried[:-1]), layer]
        # noise is another one in every frame
        layers = [
            without_color_noise(w.picture, each) for w, each in zip(group, layers, strict=True)
        ]
        self.report.count("rule", time.perf_counter() - moved)
        return layers

    def _layer(self, picture: Light, maps: Light) -> GlareLayer:
        """What to take from a frame, but for the even film of the glass."""
        streaks, veil = self._strengths
        dirt = self._meter.glass.dirt
        head = self._network.entry.head
        return head_layer(head, picture, maps, dirt=dirt, streaks=streaks, veil=veil)

    def _subtracted(self, frames: list[Frame], layers: list[GlareLayer]) -> list[Frame]:
        """Clean frames, on the GPU if there is one; where not even one fits, on the CPU."""
        renderer = self._renderer
        if renderer is not None:
            try:
                cleaned = renderer(frames, layers)
            except DeviceError as error:
                self._renderer = None
                del self.report.facts["device_graph"]
                self._network.notes += renderer.notes
                self._network.notes.append(f"{error} The frames are rendered on the CPU.")
                self.report.facts["memory"] = list(self._network.notes)
            else:
                if renderer.notes:
                    self.report.facts["memory"] = [*self._network.notes, *renderer.notes]
                return cleaned
        return [subtract_light(*each) for each in zip(frames, layers, strict=True)]

    @property
    def _strengths(self) -> tuple[float, float]:
        """Of streaks and veil."""
        factor = self.context.strength
        return factor * self.options.streaks, factor * self.options.veil

    def reset(self) -> None:
        """Forget the past at a cut."""
        self._gate.reset()
        self._carrier.reset()
        self._waiting, self._wholes, self._parts = [], [], []
        self._asked.clear()
        self._begun = False
        if self._exposure is not None:
            self._exposure.reset()

    def close(self) -> None:
        """Let the network's thread go."""
        if self._worker is not None:
            self._worker.shutdown(cancel_futures=True)

    def state(self) -> Mapping[str, npt.NDArray[Any]]:
        """What smoothing and carrying remember, and the counts so far."""
        carried = {f"carry_{key}": value for key, value in self._carrier.state().items()}
        counts = {"changed": np.array(self._changed), "seen": np.array(self._seen)}
        glass = {f"glass_{key}": value for key, value in self._meter.state().items()}
        exposure = {} if self._exposure is None else self._exposure.state()
        return {**self._gate.state(), **carried, **glass, **exposure, **counts}

    def restore(self, state: Mapping[str, npt.NDArray[Any]]) -> None:
        """Go on where another instance paused."""
        self._gate.restore(state)
        carried = {k.removeprefix("carry_"): v for k, v in state.items() if k.startswith("carry_")}
        self._carrier.restore(carried)
        glass = {k.removeprefix("glass_"): v for k, v in state.items() if k.startswith("glass_")}
        self._meter.restore(glass)
        if self._exposure is not None:
            self._exposure.restore(state)
        if self._network.entry.head != "image":
            self.report.facts["glass"] = self._meter.glass.facts()
        self._changed, self._seen = int(state["changed"]), int(state["seen"])
        self.report.facts.update(frames_changed=self._changed, frames_seen=self._seen)
