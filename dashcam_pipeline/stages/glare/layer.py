"""What a stage found to be glare, in a form that holds for every pixel of the full-size frame."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import cv2
import numpy as np

if TYPE_CHECKING:
    import numpy.typing as npt

    Light = npt.NDArray[np.floating[Any]]
    Mask = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class GlareLayer:
    """Light to take away, at the work size: max(share * light - floor, 0).

    With a floor of share * around - veil that is the veil and a share of what rises above its
    surroundings. A streak that is thinner than a sample of the work size then keeps its own width
    and colour, and what lies beside it, which rises above nothing, stays.

    Args:
        share: (h, w) float32 in [0, 1].
        floor: (3, h, w) float32, linear light; below 0 it is taken whatever the light is.
        gain: of what is left, in linear light, 1 and up (``exposure``).
        blown: (h, w) float32 in [0, 1], how far a sample that the sensor clipped is glare as well,
            and no lamp; None for nowhere.
        lamps: (h, w) float32 in [0, 1], how far a place is a lamp, that no more may be taken from;
            None for nowhere.
    """

    share: Light
    floor: Light
    gain: float = 1.0
    blown: Light | None = None
    lamps: Light | None = None

    @classmethod
    def plain(cls, light: Light) -> GlareLayer:
        """Light (3, h, w) to take away as it is."""
        return cls(np.zeros_like(light[0]), -light)

    @property
    def planes(self) -> Light:
        """(5, h, w) float32: share; floor of R, G and B; blown, 0 where it is nowhere."""
        blown = np.zeros_like(self.share) if self.blown is None else self.blown
        return np.stack([self.share, *self.floor, blown]).astype(np.float32, copy=False)

    @classmethod
    def of_planes(cls, planes: Light) -> GlareLayer:
        """A layer of such ``planes``, without a gain."""
        return cls(planes[0], planes[1:4], blown=planes[4])

    def with_light(self, light: Light) -> GlareLayer:
        """The same and light (3, h, w) beside it, nowhere negative, above the same floor.

        It may be of one sample, (3, 1, 1). None is taken of lamps.
        """
        if self.lamps is not None:
            light = light * (1 - self.lamps)
        return replace(self, floor=self.floor - light)

    @property
    def lit(self) -> Mask:
        """(h, w), where something may be taken."""
        return np.asarray((self.share > 0) | (self.floor < 0).any(axis=0))

    def enlarged(self, height: int, width: int) -> GlareLayer:
        """The same at another size, bilinearly."""
        blown = [] if self.blown is None else [self.blown]
        share, *others = (
            np.asarray(cv2.resize(values, (width, height), interpolation=cv2.INTER_LINEAR))
            for values in (self.share, *self.floor, *blown)
        )
        return GlareLayer(share, np.stack(others[:3]), self.gain, *others[3:])

    def of(self, light: Light) -> Light:
        """What is taken of linear light (3, h, w) of the layer's own size; float32, >= 0."""
        return np.asarray(np.maximum(self.share * light - self.floor, 0), np.float32)
