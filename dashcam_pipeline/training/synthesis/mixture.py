"""Samples from everything there is: synthesis on backgrounds, real pairs, layers of Flare7K."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from dashcam_pipeline.training.synthesis.glare import SHAPES, GlareSynthesizer, KernelBank, Sample
from dashcam_pipeline.training.synthesis.kinds import Chances
from dashcam_pipeline.training.synthesis.photographs import flare_sample, pair_sample

if TYPE_CHECKING:
    from dashcam_pipeline.training.data.sources import TrainingData

WEIGHTS = {"synthesis": 0.5, "pairs": 0.3, "flares": 0.2}
"""How often each is drawn where all are there; what isn't leaves its share to the others."""


class MixedSynthesizer(GlareSynthesizer):
    """Draws samples of all kinds of data; with backgrounds alone it is a ``GlareSynthesizer``.

    Args:
        data: what there is; at least backgrounds or pairs.
        bank: scatter kernels.
        glare_free: share of samples without any glare, of synthesis and of pairs.
        chances: of what is not of the kernel, in synthesis.
    """

    def __init__(
        self,
        data: TrainingData,
        bank: KernelBank,
        *,
        glare_free: float = 0.15,
        chances: Chances = Chances(),  # noqa: B008 - frozen, so one serves all
    ) -> None:
        super().__init__(data.pictures, bank, glare_free=glare_free, chances=chances)
        self.data = data
        there = {"synthesis": data.pictures, "pairs": data.pairs, "flares": data.flares}
        self._ways = [way for way in WEIGHTS if there[way]]

    def sample(self, seed: tuple[int, ...], shape: tuple[int, int] | None = None) -> Sample:
        """Make one sample; see ``GlareSynthesizer.sample``."""
        if self._ways == ["synthesis"]:
            return super().sample(seed, shape)
        rng = np.random.default_rng((*seed, 1))  # another stream than the synthesis of this seed
        weights = np.array([WEIGHTS[way] for way in self._ways])
        way = self._ways[int(rng.choice(len(self._ways), p=weights / weights.sum()))]
        if way == "synthesis":
            return super().sample(seed, shape)
        height, width = shape or SHAPES[int(rng.integers(len(SHAPES)))]
        if way == "pairs":
            pair = self.data.pairs[int(rng.integers(len(self.data.pairs)))]
            free = rng.random() < self.glare_free
            return pair_sample(rng, pair, height, width, free=free)
        flares = self.data.flares[int(rng.integers(len(self.data.flares)))]
        scene, _ = self._scene(rng, height, width, lit=True)
        return flare_sample(rng, flares, scene)
