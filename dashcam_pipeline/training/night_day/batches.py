"""What a step is shown. Everything drawn depends on (seed, step) alone."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import Tensor

from dashcam_pipeline.training.night_day.data import Domain, to_tensor, windows
from dashcam_pipeline.training.night_day.pairs import other_camera, unit

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy.typing as npt

    from dashcam_pipeline.training.night_day.config import NightDayConfig
    from dashcam_pipeline.training.night_day.data import RGB
    from dashcam_pipeline.training.night_day.pairs import PairMaker

OTHER_CAMERA = 0.5
"""How often a varied night is filmed by another camera."""


@dataclass(frozen=True, slots=True)
class Side:
    """A batch of one domain: (N, 3, H, W) in [0, 1], and (N,) families."""

    picture: Tensor
    family: Tensor


@dataclass(frozen=True, slots=True)
class Aligned:
    """A batch of aligned examples, (N, 3, H, W) in [0, 1]."""

    night: Tensor
    day: Tensor


@dataclass(frozen=True, slots=True)
class Batches:
    """Draws batches.

    Args:
        config: of the run.
        a, b: the domains.
        pairs: aligned examples, or None.
        device: where batches go.
    """

    config: NightDayConfig
    a: Domain
    b: Domain
    pairs: PairMaker | None
    device: torch.device

    def nights(self, step: int, *, varied: bool = False) -> Side:
        """The nights whose turn it is; if varied, some as other cameras would have filmed them.

        There are few cameras among the pictures, and the stage is to serve all. Another camera has
        no days of its own here: its nights are of family 0, like the days of no family.
        """
        chosen = self._turn(self.a, step, 0)
        pictures = [unit(night) for night in self._windows(self.a, chosen, step, 0)]
        families = [self.a.families[i] for i in chosen]
        if varied:
            rng = np.random.default_rng((self.config.seed, step, 4))
            for i, night in enumerate(pictures):
                if rng.random() < OTHER_CAMERA:
                    pictures[i], families[i] = other_camera(rng, night), 0
        return self._side(pictures, families)

    def days(self, step: int, *, like: Side | None = None) -> Side:
        """The days whose turn it is, or any days of the families of some nights."""
        chosen = self._turn(self.b, step, 1)
        if like is not None:
            rng = np.random.default_rng((self.config.seed, step, 3))
            chosen = [self.b.of_family(rng, family) for family in like.family.tolist()]
        return self._side(
            self._windows(self.b, chosen, step, 1), [self.b.families[i] for i in chosen]
        )

    def aligned(self, step: int, count: int) -> Aligned | None:
        """Aligned examples; None if there are none."""
        if not self.pairs:
            return None
        drawn = [
            self.pairs.sample(
                np.random.default_rng((self.config.seed, step, 2, i)), *self.config.size
            )
            for i in range(count)
        ]
        night = to_tensor([pair.night for pair in drawn]).to(self.device)
        day = to_tensor([pair.day for pair in drawn]).to(self.device)
        return Aligned(night, day)

    def _turn(self, domain: Domain, step: int, salt: int) -> list[int]:
        n = self.config.batch
        return [domain.index(self.config.seed + salt, step * n + i) for i in range(n)]

    def _windows(self, domain: Domain, chosen: list[int], step: int, salt: int) -> list[RGB]:
        rng = np.random.default_rng((self.config.seed, step, salt))
        return [windows(rng, [domain.pictures[i]], *self.config.size)[0] for i in chosen]

    def _side(self, pictures: Sequence[npt.NDArray[Any]], families: list[int]) -> Side:
        return Side(to_tensor(pictures).to(self.device), torch.tensor(families, device=self.device))
