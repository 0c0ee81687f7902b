"""Bringing a picture back to the brightness that it had with its haze.

Haze is light; without it a picture is darker, and a driver who wants to see more gets less. So the
median of what is left may be brought back to where it was, by a gain in linear light that spares
white:

    y = g x / (1 + (g - 1) x)

which has the slope g in the dark and maps 1 to 1, so that a median m that was M takes
g = M (1 - m) / (m (1 - M)) (the photographic operator of Reinhard, Stark,
Shirley and Ferwerda 2002, equation 3, scaled so that white stays white). The gain follows slowly,
so that nothing pumps.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import numpy as np
from pydantic import BeforeValidator

from dashcam_pipeline.translation import _

if TYPE_CHECKING:
    from collections.abc import Mapping

    import numpy.typing as npt

    from dashcam_pipeline.stages.glare.layer import GlareLayer

    Light = npt.NDArray[np.floating[Any]]

MODES: dict[str, float] = {"as-is": 0.0, "keep": 1.0}
"""Leave a picture as dark as it is without its haze, or keep the brightness that it had."""


def _share(value: object) -> object:
    """A share from a name or a number; what is neither is said with all that is allowed."""
    if not isinstance(value, str):
        return value
    try:
        return MODES[value] if value in MODES else float(value)
    except ValueError:
        raise ValueError(
            _("exposure is as-is, keep, or a share between them: 0 is as-is, 1 is keep")
        ) from None


ExposureShare = Annotated[float, BeforeValidator(_share)]
"""How far to go from ``as-is`` (0) to ``keep`` (1)."""

HIGHEST = 2.5
"""Gain at most: beyond it noise is what one sees."""

SPEED = 0.06
"""Share of the way to a frame's own gain that is gone at each frame: half of it in a third of a
second at 30 frames a second."""


class Exposure:
    """Follows the gain that keeps a recording as bright as it was.

    Args:
        share: of the way there, in stops: 1 is all of it.
    """

    def __init__(self, share: float = 1.0) -> None:
        self._share = share
        self._gain: float | None = None

    def gain(self, picture: Light, layer: GlareLayer) -> float:
        """The gain for the next frame.

        Args:
            picture: (3, h, w) code values in [0, 1].
            layer: what is taken from it.

        Returns:
            1 to ``HIGHEST``, of linear light.
        """
        light = np.square(picture)
        before = float(np.median(light.mean(axis=0)))
        left = float(np.median((light - layer.of(light)).mean(axis=0)))
        ratio = before * (1 - left) / max(left * (1 - before), 1e-5)
        wanted = min(max(ratio, 1.0), HIGHEST) ** self._share
        self._gain = wanted if self._gain is None else self._gain + SPEED * (wanted - self._gain)
        return self._gain

    def reset(self) -> None:
        """Forget the past: another scene has a brightness of its own."""
        self._gain = None

    def state(self) -> dict[str, npt.NDArray[Any]]:
        """The gain by now, as an array."""
        return {} if self._gain is None else {"gain": np.array(self._gain)}

    def restore(self, state: Mapping[str, npt.NDArray[Any]]) -> None:
        """Take over what ``state`` gave."""
        self._gain = float(state["gain"]) if "gain" in state else None
