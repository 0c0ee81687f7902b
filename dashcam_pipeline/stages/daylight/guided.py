"""A small picture's translation, rendered on the full-resolution frame it was made of.

A network translates a small picture I into O. What the small picture can't hold, the *detail*
d = F - up(I) of a full-resolution frame F, is the frame's own, and is taken over by local gains
(by bilinear enlarging ``up``):

    F' = up(O) + up(g) d

g is the slope of the local affine map from I to O: a linear regression in windows, as the guided
filter fits it (He, Sun and Tang, *Guided Image Filtering*, 2013, equations 5 and 6). Its ridge
pulls windows without contrast towards the ratio of the means, by which reflectances scale, for
luma, and towards nothing for chroma. So edges and text keep their place and sharpness, and no
full-resolution sample is invented.

What is about as weak as noise is never amplified: a gain above 1 counts only as far as the
detail rises above ``NOISE``.

All of it is done in Y'CbCr, since an affine map of R'G'B' is one of Y'CbCr: luma on luma's grid
and each chroma plane on its own, and no conversion to R'G'B' and back touches the picture.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import cv2
import numpy as np

from dashcam_pipeline.frames import KR_KB
from dashcam_pipeline.stages.shrink import code_scale

if TYPE_CHECKING:
    import numpy.typing as npt

    from dashcam_pipeline.frames import Frame, Matrix, Plane

    Map = npt.NDArray[np.floating[Any]]

WINDOW = 7
"""Side of the regression's windows in samples of the small picture: the smaller, the fewer edges
share one; with fewer samples than this, noise decides."""

RIDGE = 0.01**2
"""Variance (code value in [0, 1]) at which a window's own slope counts half: about noise."""

LUMA_GAIN = (-0.5, 3.0)
"""Bounds of luma's gain. Above, blocks of the codec would show; a dark seam where a lit place turns
dark by day needs little below zero, and lamps would turn into black specks with more."""

SEEN = 2.0
"""Ratio of the means up to which luma's detail follows it. What is brightened more was hardly seen,
like a black sky that becomes a day's: there the answer is invented and the detail is noise, and the
more so the less of it is followed."""

CHROMA_GAIN = (-0.5, 1.25)
"""Bounds of chroma's gain."""

BLACK = 0.02
"""The least mean that a ratio of means divides by."""

NOISE = 0.012
"""Detail (code value in [0, 1]) of which half is amplified: three codes of eight bits."""

FLAT = 0.015**2
"""Variance (code value in [0, 1]) of which half is taken for noise in the small picture."""

STRIP = 64
"""Rows worked on at a time, few enough for the cache."""


@dataclass(frozen=True, slots=True)
class Translation:
    """What became of a small picture, and by how much detail is to follow.

    Args:
        seen: (3, h, w) float32 Y' in [0, 1], Cb and Cr in [-0.5, 0.5]: the small picture.
        shown: the same of the picture that it was turned into.
        luma_gain, chroma_gain: (h, w) float32.
    """

    seen: Map
    shown: Map
    luma_gain: Map
    chroma_gain: Map


def without_noise(picture: Map) -> Map:
    """A small picture whose flat places are averaged, and whose edges stay.

    A generator multiplies noise as it multiplies light. The guided filter with the picture as its
    own guide (He et al., 2013, 3.2); ``FLAT`` is its epsilon.

    Args:
        picture: (3, h, w) in [0, 1].

    Returns:
        (3, h, w) float32.
    """
    channels = []
    for channel in picture:
        mean = _mean(channel)
        variance = np.maximum(_mean(channel * channel) - mean * mean, 0)
        slope = variance / (variance + FLAT)
        channels.append(_mean(slope) * channel + _mean(mean - slope * mean))
    return np.stack(channels).astype(np.float32)


def to_ycbcr(rgb: Map, matrix: Matrix) -> Map:
    """Y'CbCr of R'G'B'.

    Args:
        rgb: (3, h, w) in [0, 1].
        matrix: luma weights.

    Returns:
        (3, h, w) float32, Y' in [0, 1], Cb and Cr in [-0.5, 0.5].
    """
    kr, kb = KR_KB[matrix]
    luma = kr * rgb[0] + (1 - kr - kb) * rgb[1] + kb * rgb[2]
    cb, cr = (rgb[2] - luma) / (2 * (1 - kb)), (rgb[0] - luma) / (2 * (1 - kr))
    return np.stack((luma, cb, cr)).astype(np.float32)


def fit(seen: Map, shown: Map, matrix: Matrix, *, strength: float = 1.0) -> Translation:
    """Fit the local maps from one small picture to another.

    Args:
        seen: (3, h, w) R'G'B' code values in [0, 1].
        shown: what it was turned into, the same.
        matrix: of the frames that it will be rendered on.
        strength: how far to go, 0 (the frame stays as it is) to 1.
    """
    before, after = to_ycbcr(seen, matrix), to_ycbcr(shown, matrix)
    ratio = np.maximum(_mean(after[0]), 0) / np.maximum(_mean(before[0]), BLACK)
    prior = np.minimum(ratio, SEEN**2 / np.maximum(ratio, SEEN))
    luma = _slope(before[:1], after[:1], prior, LUMA_GAIN)
    chroma = _slope(before[1:], after[1:], np.zeros_like(prior), CHROMA_GAIN)
    return Translation(
        seen=before,
        shown=before + strength * (after - before),
        luma_gain=1 + strength * (luma - 1),
        chroma_gain=1 + strength * (chroma - 1),
    )


def _mean(channel: Map) -> Map:
    """Mean over ``WINDOW`` x ``WINDOW`` samples around each, (h, w) float32; mirrored at edges."""
    return np.asarray(cv2.blur(channel, (WINDOW, WINDOW), borderType=cv2.BORDER_REFLECT_101))


def _slope(before: Map, after: Map, prior: Map, bounds: tuple[float, float]) -> Map:
    """One slope for all channels by ridge regression in windows, then its mean over windows.

    He et al., "Guided image filtering" (2010), with a ridge that draws the slope to ``prior``.

    Args:
        before, after: channels of guide and answer, (C, h, w) float32 in [0, 1].
        prior: slope where the guide has no texture, (h, w) float32.
        bounds: least and most slope.

    Returns:
        (h, w) float32, code values of the answer by code value of the guide.
    """
    covariance, variance = np.zeros_like(prior), np.zeros_like(prior)
    for x, y in zip(before, after, strict=True):
        mean = _mean(x)
        covariance += _mean(x * y) - mean * _mean(y)
        variance += np.maximum(_mean(x * x) - mean * mean, 0)
    slope = (covariance + RIDGE * prior) / (variance + RIDGE)
    return _mean(np.clip(slope, *bounds))


def render(frame: Frame, translation: Translation, hold: Map | None = None) -> Frame:
    """Render a translation on the frame that its small picture was made of.

    Args:
        frame: any layout.
        translation: of it.
        hold: (h, w) float32 in [0, 1] at any size: where the frame stays as it is (1).

    Returns:
        a frame with planes of its own.
    """
    luma_offset, luma_span, chroma_offset, chroma_span = code_scale(frame.layout, frame.color)
    planes: list[Plane] = []
    for number, plane in enumerate(frame.planes):
        is_luma = number == 0
        size = plane.shape[1], plane.shape[0]
        span = luma_span if is_luma else chroma_span
        offset = luma_offset if is_luma else chroma_offset
        planes.append(
            _render_plane(
                plane,
                _enlarged(translation.seen[number] * span + offset, size),
                _enlarged(translation.shown[number] * span + offset, size),
                _enlarged(translation.luma_gain if is_luma else translation.chroma_gain, size),
                None if hold is None else _enlarged(hold, size),
                noise=NOISE * span if is_luma else 0.0,
                top=float(frame.layout.max_value),
            )
        )
    luma, cb, cr = planes
    return frame.with_planes((luma, cb, cr))


def _enlarged(small: Map, size: tuple[int, int]) -> Map:
    """A map (h, w) float32 at another size (width, height), bilinearly."""
    return np.asarray(cv2.resize(small, size, interpolation=cv2.INTER_LINEAR))


def _render_plane(
    plane: Plane,
    seen: Map,
    shown: Map,
    gain: Map,
    hold: Map | None,
    *,
    noise: float,
    top: float,
) -> Plane:
    """One plane; maps are float32 (H, W) on its grid, in its code values, ``gain`` a factor.

    Args:
        plane: the frame's own, (H, W) uint8 or uint16.
        seen, shown, gain, hold: as in ``Translation`` and ``render``.
        noise: detail of which half is amplified; 0 amplifies all of it.
        top: the largest code value.
    """
    result = np.empty_like(plane)
    for begin in range(0, plane.shape[0], STRIP):
        rows = slice(begin, begin + STRIP)
        own = plane[rows].astype(np.float32)
        detail = own - seen[rows]
        factor = gain[rows]
        if noise:
            square = detail * detail
            square /= square + noise * noise
            square *= np.maximum(factor - 1, 0)
            square += np.minimum(factor, 1)
            factor = square
        detail *= factor
        detail += shown[rows]
        if hold is not None and hold[rows].any():
            own -= detail
            own *= hold[rows]
            detail += own
        np.rint(detail, out=detail)
        np.clip(detail, 0, top, out=detail)
        result[rows] = detail
    return result
