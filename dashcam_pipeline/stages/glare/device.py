"""``glare`` on a GPU: whole batches of planes go up, and cleaned planes come down.

One graph does what the stage does frame by frame on a CPU. It decides nothing by itself: every
number that ``glare``, ``smoothing`` and ``subtract`` decide is handed to it here. Its inputs:

==================================  ==============================================================
luma, cb, cr                        uint8 (N, H, W) and (N, ceil(H/2), ceil(W/2))
weight                              float32 (N,): weight of the past at each frame; 0 after a cut
past_picture, past_maps             float32 (3, h, w) and (7, h, w): what ``MotionGate`` remembers
codes, kr_kb                        float32 (4,) and (2,): ``code_scale`` and ``KR_KB``
luma_halvings, chroma_halvings      int64: how often ``shrink_rgb`` halves such a plane
luma_rows, luma_columns             int64 (2, h) and (2, w): the two samples between which OpenCV
                                    samples a plane that was halved; the same for chroma
luma_rows_weights, ...              float32, same shapes: their weights, of 11 bits
still_moving, change_blur           float32 (2,) and (k,): of ``MotionGate``
window_radius, window_blur          int64 and float32 (k,): of ``surroundings``
even_count, even_between            int64 (1,) and float32 (1,): of the quantile of the veil
streaks_veil                        float32 (2,): strengths
dead_weber                          float32 (2,): the dead zone, its share of the light around
clipped_kept                        float32 (3,): of ``subtract_light``
==================================  ==============================================================

Its outputs: clean_luma, clean_cb, clean_cr, and changed (N,), next_picture, next_maps.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, Final

import cv2
import numpy as np

from dashcam_pipeline.errors import ModelError
from dashcam_pipeline.frames import KR_KB, PixelLayout
from dashcam_pipeline.inference.device_graph import DeviceGraph
from dashcam_pipeline.stages import shrink, smoothing
from dashcam_pipeline.stages.glare import stage as glare
from dashcam_pipeline.stages.glare import subtract

if TYPE_CHECKING:
    from collections.abc import Mapping

    import numpy.typing as npt

    from dashcam_pipeline.frames import Frame, FrameBatch
    from dashcam_pipeline.inference.manifest import ModelEntry
    from dashcam_pipeline.stages.base import StreamInfo

    Array = npt.NDArray[Any]

LAYOUT: Final = PixelLayout(8, (1, 1))
"""What the graph takes; streams of another layout are rendered on the CPU."""

MAPS: Final = 7
"""Channels of the network's answer."""

VEIL_STEP: Final = 4
"""Every so many samples of the veil count for its quantile."""


class DeviceGlare:
    """The glare stage's work on one stream.

    Args:
        entry: of a model that has a device graph.
        device: ``cuda`` or ``cuda:N``; ``cpu`` gives the same, slowly.
        threads: CPU threads it may keep busy.

    Raises:
        ModelError: the graph is missing, changed, not usable or another model's.
        DeviceError: the device's provider can't be loaded.
    """

    def __init__(self, entry: ModelEntry, *, device: str, threads: int) -> None:
        data = entry.read_device_graph()
        self._graph = DeviceGraph(data, str(entry.device_graph), device=device, threads=threads)
        if self._graph.facts.get("network_sha256") != entry.sha256:
            raise ModelError(
                f"{entry.device_graph} was made of other weights than {entry.file}.",
                advice="Export it again; see docs/gpu.md.",
            )
        self._amount = 0.0
        self._size = (0, 0)
        self._fresh = True

    @property
    def notes(self) -> list[str]:
        """What had to be given up for lack of memory, a sentence each."""
        return self._graph.notes

    def open(
        self,
        info: StreamInfo,
        size: tuple[int, int],
        *,
        strengths: tuple[float, float],
        amount: float,
    ) -> None:
        """A stream begins.

        Args:
            info: its layout must be ``LAYOUT``.
            size: (h, w) that the network sees frames in.
            strengths: of streaks and veil, 0 to 1.
            amount: weight of the past where nothing moves.
        """
        self._size, self._amount = size, amount
        self._graph.configure(_constants(info, size, strengths), {})
        self.reset()

    def reset(self) -> None:
        """Forget the past at a cut."""
        self._fresh = True
        self._graph.restore(
            {
                "picture": np.zeros((3, *self._size), np.float32),
                "maps": np.zeros((MAPS, *self._size), np.float32),
            }
        )

    def state(self) -> dict[str, Array]:
        """The past as ``MotionGate`` gives it; empty where there is none."""
        return {} if self._fresh else self._graph.state()

    def restore(self, state: Mapping[str, Array]) -> None:
        """Take over the past that ``state`` gave, here or of ``MotionGate``."""
        if "picture" not in state:
            self.reset()
            return
        self._fresh = False
        self._graph.restore({name: state[name] for name in ("picture", "maps")})

    def __call__(self, batch: FrameBatch) -> list[Frame]:
        """Clean frames.

        Args:
            batch: frames after those of the last call, or the first ones after a cut.

        Returns:
            the changed frames; where no sample changed, the frame itself.

        Raises:
            DeviceError: not even one frame fits into the device's memory.
        """
        weight = np.full(len(batch), self._amount, np.float32)
        if self._fresh:
            weight[0] = 0
        feeds = {
            name: np.stack([frame.planes[number] for frame in batch])
            for number, name in enumerate(("luma", "cb", "cr"))
        }
        answers = self._graph.run(feeds | {"weight": weight})
        self._fresh = False
        clean = zip(*(answers[f"clean_{name}"] for name in feeds), strict=True)
        return [
            frame.with_planes((y, cb, cr)) if changed else frame
            for frame, (y, cb, cr), changed in zip(batch, clean, answers["changed"], strict=True)
        ]


def gaussian(sigma: float) -> Array:
    """The kernel that OpenCV's GaussianBlur of floats takes when only sigma is given; (k,)."""
    side = round(sigma * 8 + 1) | 1
    return np.asarray(cv2.getGaussianKernel(side, sigma, cv2.CV_32F)[:, 0], np.float32)


def _constants(
    info: StreamInfo, size: tuple[int, int], strengths: tuple[float, float]
) -> dict[str, Array]:
    """What stays the same for a stream, by input name."""
    height, width = size
    window = glare.excess_window(*size)
    samples = -(-height // VEIL_STEP) * -(-width // VEIL_STEP)
    place = glare.EVEN_SHARE * (samples - 1)
    rank = min(math.floor(place), samples - 2)
    chroma = LAYOUT.chroma_shape(info.height, info.width)
    floats = {
        "codes": shrink.code_scale(info.layout, info.color),
        "kr_kb": KR_KB[info.color.matrix],
        "still_moving": (smoothing.STILL, smoothing.MOVING),
        "change_blur": gaussian(smoothing.BLUR),
        "window_blur": gaussian(window / 8),
        "even_between": (place - rank,),
        "streaks_veil": strengths,
        "dead_weber": (glare.DEAD_ZONE**2, glare.WEBER),
        "clipped_kept": (*subtract.CLIPPED, subtract.KEPT),
    }
    counts = {
        "window_radius": window // 2,
        "even_count": (rank + 2,),
    }
    return {
        **_sampling("luma", (info.height, info.width), size),
        **_sampling("chroma", chroma, size),
        **{name: np.asarray(value, np.float32) for name, value in floats.items()},
        **{name: np.asarray(value, np.int64) for name, value in counts.items()},
    }


def _sampling(name: str, plane: tuple[int, int], size: tuple[int, int]) -> dict[str, Array]:
    """How a plane is shrunk, by input name."""
    times = shrink.halvings(plane, size)
    rows, row_weights = taps(plane[0] >> times, size[0], inside=False)
    columns, column_weights = taps(plane[1] >> times, size[1], inside=True)
    return {
        f"{name}_halvings": np.asarray(times, np.int64),
        f"{name}_rows": rows,
        f"{name}_columns": columns,
        f"{name}_rows_weights": row_weights,
        f"{name}_columns_weights": column_weights,
    }


def taps(length: int, wanted: int, *, inside: bool) -> tuple[Array, Array]:
    """Between which samples OpenCV samples bytes bilinearly, and how much each counts.

    Args:
        length: of the axis.
        wanted: samples of the result.
        inside: beyond the first and the last sample these count whole, as along rows; else both
            neighbours are the same sample and keep their weights, as along columns (which differs
            by what their product loses).

    Returns:
        int64 and float32 (2, wanted): places, and weights in 2048ths.
    """
    places = ((np.arange(wanted) + 0.5) * (length / wanted) - 0.5).astype(np.float32)
    first = np.floor(places).astype(np.int64)
    share = (places - first).astype(np.float32)
    if inside:
        share[(first < 0) | (first >= length - 1)] = 0
    weights = np.rint(np.stack([1 - share, share]) * 2048)
    return np.clip(np.stack([first, first + 1]), 0, length - 1), weights.astype(np.float32)
