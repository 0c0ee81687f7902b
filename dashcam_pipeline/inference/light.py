"""The one transfer function between code values and linear light.

The *square law*: L = v^2, v = sqrt(L), for R', G', B' in [0, 1]. It is the pure-power
approximation of the camera side of video: the BT.709 OETF, a 0.45 power with a linear toe, is
within a few per cent an overall 0.5 power (Poynton, Digital Video and HD, 2nd ed., chapter 27).
Training, export and rendering all use it, and it costs one multiplication and one square root.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    import numpy.typing as npt

NAME = "square law (L = v^2, the pure-power approximation of the BT.709 OETF)"


def to_linear(coded: npt.NDArray[np.floating[Any]]) -> npt.NDArray[np.floating[Any]]:
    """Code values in [0, 1] to linear light in [0, 1]; any shape."""
    return np.asarray(np.square(coded))


def to_coded(linear: npt.NDArray[np.floating[Any]]) -> npt.NDArray[np.floating[Any]]:
    """Linear light in [0, 1] to code values in [0, 1]; negative light is black; any shape."""
    return np.asarray(np.sqrt(np.maximum(linear, 0)))
