"""Taking layers of light away on a GPU: planes go up, and cleaned planes come down.

``glare-render.onnx`` is ``subtract_light`` for a batch of frames. It holds no weights, so one file
serves all models, and decides nothing: every number that ``subtract_light`` decides is handed to
it here. Its inputs:

=============  =====================================================================
luma, cb, cr   uint8 (N, H, W) and (N, ceil(H/2), ceil(W/2))
layer          float32 (N, 5, h, w): share; floor of R, G and B, linear light; blown
codes          float32 (4,): ``code_scale``
kr_kb          float32 (2,): ``KR_KB``
clipped_kept   float32 (3,): ``CLIPPED`` and ``KEPT`` of ``subtract``
gain           float32 (N,): of what is left, 1 and up; linear light
=============  =====================================================================

Its outputs: clean_luma, clean_cb, clean_cr, and changed (N,), whether a sample changed.

A device that runs out of memory gets smaller batches, for the rest of the run.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from dashcam_pipeline.errors import DeviceError, ModelError
from dashcam_pipeline.frames import KR_KB, PixelLayout
from dashcam_pipeline.inference.manifest import models_folder
from dashcam_pipeline.inference.session import open_session, out_of_memory
from dashcam_pipeline.stages.glare.subtract import CLIPPED, KEPT
from dashcam_pipeline.stages.shrink import code_scale
from dashcam_pipeline.translation import _, system_reason

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy.typing as npt

    from dashcam_pipeline.frames import Frame
    from dashcam_pipeline.stages.glare.layer import GlareLayer

_LOG: Final = logging.getLogger(__name__)

FILE: Final = "glare-render.onnx"
"""The graph, beside the package's own weights."""

LAYOUT: Final = PixelLayout(8, (1, 1))
"""What the graph takes; streams of another layout are rendered on the CPU."""


class DeviceRenderer:
    """``subtract_light`` on a device.

    Args:
        device: ``cuda`` or ``cuda:N``; ``cpu`` gives the same, slowly.
        threads: CPU threads it may keep busy.

    Raises:
        ModelError: the graph is missing or not usable.
        DeviceError: the device's provider can't be loaded.
    """

    def __init__(self, *, device: str, threads: int) -> None:
        path = models_folder() / FILE
        try:
            data = path.read_bytes()
        except OSError as error:
            raise ModelError(
                _("{path} can't be read: {reason}.", path=path, reason=system_reason(error)),
                advice=_("Install the package again; it holds this file."),
            ) from error
        self._session = open_session(data, str(path), device, threads)
        self._device = device
        self._largest: int | None = None
        self.notes: list[str] = []
        """What had to be given up for lack of memory, a sentence each."""

    def __call__(self, frames: Sequence[Frame], layers: Sequence[GlareLayer]) -> list[Frame]:
        """Take light away.

        Args:
            frames: of ``LAYOUT``, and of one size and colour.
            layers: one for each, all of one size.

        Returns:
            the changed frames; where no sample changed, the frame itself.

        Raises:
            DeviceError: not even one frame fits into the device's memory.
        """
        done = list(frames)
        places = [number for number, layer in enumerate(layers) if layer.lit.any()]
        while places:
            part = places[: self._largest]
            try:
                rendered = self._render([frames[i] for i in part], [layers[i] for i in part])
            except Exception as error:  # ONNX Runtime has no kind of its own for this
                if not out_of_memory(error):
                    raise
                self._make_do(len(part), error)
                continue
            for place, frame in zip(part, rendered, strict=True):
                done[place] = frame
            places = places[len(part) :]
        return done

    def _render(self, frames: Sequence[Frame], layers: Sequence[GlareLayer]) -> list[Frame]:
        color = frames[0].color
        luma, cb, cr = (np.stack([frame.planes[i] for frame in frames]) for i in range(3))
        layer = np.stack([each.planes for each in layers])
        numbers = {
            "codes": code_scale(LAYOUT, color),
            "kr_kb": KR_KB[color.matrix],
            "clipped_kept": (*CLIPPED, KEPT),
            "gain": [each.gain for each in layers],
        }
        feeds: dict[str, npt.NDArray[Any]] = {"luma": luma, "cb": cb, "cr": cr, "layer": layer}
        feeds |= {name: np.asarray(values, np.float32) for name, values in numbers.items()}
        names = ["clean_luma", "clean_cb", "clean_cr", "changed"]
        return [
            frame.with_planes((y, cb, cr)) if changed else frame
            for frame, y, cb, cr, changed in zip(
                frames, *self._session.run(names, feeds), strict=True
            )
        ]

    def _make_do(self, rows: int, error: Exception) -> None:
        """Ask for less memory from now on."""
        if rows == 1:
            raise DeviceError(
                _("{device} has not enough memory to render one frame.", device=self._device),
                advice=_('Close other programs, or take `device="cpu"`.'),
            ) from error
        self._largest = rows // 2
        note = _(
            "{device} is short of memory: batches of {largest} from now on.",
            device=self._device,
            largest=self._largest,
        )
        _LOG.warning(note)
        self.notes.append(note)
