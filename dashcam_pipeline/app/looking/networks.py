"""Networks that stay open, and remember what they answered.

Which settings are tried changes nothing of what a network sees: the same pictures go in, and only
what is made of its answers differs. So a slider that moves costs no network.
"""

from __future__ import annotations

from collections import OrderedDict
from typing import TYPE_CHECKING, Final

import numpy as np

from dashcam_pipeline.inference.digest import short_name
from dashcam_pipeline.inference.session import Network

if TYPE_CHECKING:
    import numpy.typing as npt

    from dashcam_pipeline.inference.manifest import ModelEntry

    Pictures = npt.NDArray[np.float32]

ANSWERS: Final = 96
"""Answers that are kept: some moments of a recording, and its survey. About 200 MB."""


class RememberingNetwork(Network):
    """A network that answers the same picture only once."""

    def __init__(self, entry: ModelEntry, *, device: str, threads: int) -> None:
        super().__init__(entry, device=device, threads=threads)
        self._answers: OrderedDict[str, Pictures] = OrderedDict()

    def run(self, pictures: Pictures) -> Pictures:
        """Predict what was not asked before; shapes as of ``Network.run``."""
        keys = [short_name(np.ascontiguousarray(picture).tobytes()) for picture in pictures]
        new = [place for place, key in enumerate(keys) if key not in self._answers]
        if new:
            for place, answer in zip(new, super().run(pictures[new]), strict=True):
                self._answers[keys[place]] = answer
        found = np.stack([self._answers[key] for key in keys])
        for key in keys:
            self._answers.move_to_end(key)
        while len(self._answers) > ANSWERS:
            self._answers.popitem(last=False)
        return found


class Networks:
    """Opens each model once; what ``StageContext.networks`` takes."""

    def __init__(self) -> None:
        self._open: dict[tuple[str, str, int], RememberingNetwork] = {}

    def __call__(self, entry: ModelEntry, device: str, threads: int) -> RememberingNetwork:
        """The network of a model, opened before or now.

        Raises:
            ModelError: as of ``Network``.
            DeviceError: likewise.
        """
        key = (entry.sha256, device, threads)
        if key not in self._open:
            self._open[key] = RememberingNetwork(entry, device=device, threads=threads)
        return self._open[key]
