"""Frames and stages small enough to reason about."""

from __future__ import annotations

import time
from fractions import Fraction
from typing import TYPE_CHECKING

import numpy as np
from pydantic import Field

from dashcam_pipeline.frames import Color, Frame, FrameBatch, PixelLayout
from dashcam_pipeline.stages.base import (
    Requirements,
    Stage,
    StageContext,
    StageOptions,
    StreamInfo,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

TICK = Fraction(1, 90000)


def make_frame(
    index: int = 0,
    *,
    pts: int | None = None,
    size: tuple[int, int] = (48, 32),
    layout: PixelLayout | None = None,
    level: int | None = None,
    luma: np.ndarray | None = None,
) -> Frame:
    """A frame of noise, of one level, or of the luma given; size is (width, height)."""
    layout = layout or PixelLayout()
    width, height = size if luma is None else luma.shape[::-1]
    dtype = np.uint8 if layout.bits == 8 else np.uint16
    rng = np.random.default_rng(index)
    if luma is None:
        luma = (
            rng.integers(16, 235, (height, width))
            if level is None
            else np.full((height, width), level)
        )
    chroma = layout.chroma_shape(height, width)
    planes = (
        luma.astype(dtype),
        rng.integers(16, 240, chroma).astype(dtype),
        rng.integers(16, 240, chroma).astype(dtype),
    )
    for plane in planes:
        plane.flags.writeable = False
    return Frame(planes, index * 3003 if pts is None else pts, TICK, index, layout, Color())


def make_frames(count: int, **kwargs) -> list[Frame]:
    return [make_frame(i, **kwargs) for i in range(count)]


def brightened(frame: Frame, by: int = 1) -> Frame:
    luma, cb, cr = frame.planes
    return frame.with_planes((luma + np.asarray(by, luma.dtype), cb.copy(), cr.copy()))


class Toy(Stage):
    """Keeps a diary of what it is called with, and changes nothing."""

    name = "toy"
    summary = "Changes nothing."

    def __init__(
        self,
        options: StageOptions | None = None,
        context: StageContext | None = None,
        *,
        batch_size: int = 1,
        lookahead: int = 0,
    ) -> None:
        super().__init__(options or self.Options(), context or StageContext())
        self.needs = Requirements(batch_size, lookahead)
        self.diary: list[object] = []

    @property
    def requirements(self) -> Requirements:
        return self.needs

    def open(self, info: StreamInfo) -> None:
        self.diary.append(("open", info.width, info.height))

    def process(self, batch: FrameBatch) -> FrameBatch:
        self.diary.append([frame.index for frame in batch])
        return batch

    def reset(self) -> None:
        self.diary.append("reset")

    def close(self) -> None:
        self.diary.append("close")

    @property
    def batches(self) -> list[list[int]]:
        return [entry for entry in self.diary if isinstance(entry, list)]


class Delay(Toy):
    """Holds frames back as far as it may."""

    name = "delay"
    summary = "Holds frames back."

    def __init__(self, *args, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        self.held: list[Frame] = []

    def process(self, batch: FrameBatch) -> FrameBatch:
        super().process(batch)
        self.held += batch
        ready = max(0, len(self.held) - self.needs.lookahead)
        done, self.held = self.held[:ready], self.held[ready:]
        return FrameBatch(tuple(done))

    def flush(self) -> FrameBatch | None:
        self.diary.append("flush")
        done, self.held = self.held, []
        return FrameBatch(tuple(done)) if done else None


class Slow(Toy):
    """Takes a thirtieth of a second for every frame."""

    name = "slow"
    summary = "Takes its time."

    def process(self, batch: FrameBatch) -> FrameBatch:
        time.sleep(len(batch) / 30)
        return batch


class Dim(Toy):
    """Takes luma away; what a real stage looks like."""

    name = "dim"
    summary = "Takes luma away."
    strengths = ("amount",)

    class Options(StageOptions):
        amount: float = Field(0.5, ge=0, le=1, description="Share of the luma to take away.")
        mode: str = Field("plain", description="How.")

    options: Options

    def process(self, batch: FrameBatch) -> FrameBatch:
        keep = 1 - min(self.options.amount * self.context.strength, 1.0)
        self.report.facts["frames"] = self.report.facts.get("frames", 0) + len(batch)
        return FrameBatch(tuple(self._dim(frame, keep) for frame in batch))

    @staticmethod
    def _dim(frame: Frame, keep: float) -> Frame:
        if keep == 1:
            return frame
        luma, cb, cr = frame.planes
        return frame.with_planes((np.rint(luma * keep).astype(luma.dtype), cb, cr))


class Dream(Toy):
    """Says that it shows what no camera saw."""

    name = "dream"
    summary = "Makes nothing up."
    synthetic = True


class Twisted(Toy):
    """Breaks the contract in the way it is told to."""

    name = "twisted"

    def __init__(self, how: str) -> None:
        withholds = how == "keeps the last"
        super().__init__(lookahead=int(withholds), batch_size=4 if withholds else 2)
        self.how = how

    def process(self, batch: FrameBatch) -> FrameBatch:  # noqa: PLR0911 - one way each
        frames: Sequence[Frame] = list(batch)
        match self.how:
            case "drops":
                return FrameBatch(tuple(frames[1:]))
            case "keeps the last":
                return FrameBatch(tuple(frames[:-1]))
            case "adds":
                extra = make_frame(frames[-1].index + 1)
                return FrameBatch((*frames, extra))
            case "moves":
                return FrameBatch(tuple(self._copy(f, pts=f.pts + 1) for f in frames))
            case "swaps":
                return FrameBatch(tuple(self._copy(frames[1], index=f.index) for f in frames))
            case "crops":
                return FrameBatch(tuple(make_frame(f.index, size=(32, 32)) for f in frames))
            case "returns a list":
                return frames
            case "writes":
                frames[0].planes[0][:] = 0
                return batch
        raise RuntimeError("out of luck")

    @staticmethod
    def _copy(frame: Frame, pts: int | None = None, index: int | None = None) -> Frame:
        return Frame(
            frame.planes,
            frame.pts if pts is None else pts,
            frame.time_base,
            frame.index if index is None else index,
            frame.layout,
            frame.color,
        )
