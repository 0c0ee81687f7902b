"""Night-like clips for the benchmarks: a drive past lamps, with glare, noise and H.264.

The street is a texture that comes nearer (a zoom into the vanishing point), so that every pixel
moves; lamps come out of the vanishing point with halos and a streak each, some of them clipped;
the noise is new in every frame. A clip is the same whenever it is made.
"""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING

import av
import cv2
import numpy as np

if TYPE_CHECKING:
    from pathlib import Path

    import numpy.typing as npt

RATE = 30
GLOW_ROWS = 270
"""Light is made at this height and enlarged: it is smooth."""

PERIOD = 90
"""Frames from the vanishing point to the edge of the picture, for a lamp and for the street."""

LAMPS = 9
NOISE = 2.5
"""Standard deviation of the noise in codes."""

_ENCODER = {"preset": "veryfast", "crf": "20", "g": str(RATE)}
"""As cameras do it: a key frame a second."""


def size_of(text: str) -> tuple[int, int]:
    """Width and height of a text such as ``1920x1080``."""
    width, height = map(int, text.split("x"))
    return width, height


def make_clip(path: Path, *, width: int, height: int, frames: int) -> Path:
    """Write a clip of H.264 in MP4 at 30 frames a second.

    Args:
        path: of the clip.
        width, height: even.
        frames: how many.
    """
    rng = np.random.default_rng(0)
    street = _street(rng, height, width)
    grains = [
        np.rint(rng.normal(0, NOISE, (height * 3 // 2, width))).astype(np.int16) for _ in range(5)
    ]
    lamps = _lamps(rng)
    with av.open(str(path), "w") as out:
        stream = out.add_stream("libx264", rate=RATE, options=_ENCODER)
        stream.width, stream.height, stream.pix_fmt = width, height, "yuv420p"
        stream.time_base = Fraction(1, RATE)
        stream.codec_context.thread_count = 1  # the same bytes on every machine
        for index in range(frames):
            picture = _picture(street, lamps, index)
            planes = cv2.cvtColor(picture, cv2.COLOR_RGB2YUV_I420).astype(np.int16)
            grain = np.roll(grains[index % len(grains)], int(rng.integers(width)), axis=1)
            samples = np.clip(planes + grain, 16, 235).astype(np.uint8)
            frame = av.VideoFrame.from_ndarray(samples, format="yuv420p")
            frame.pts, frame.time_base = index, Fraction(1, RATE)
            out.mux(stream.encode(frame))
        out.mux(stream.encode(None))
    return path


def _street(rng: np.random.Generator, height: int, width: int) -> npt.NDArray[np.uint8]:
    """Dark texture of several scales, with a paler road."""
    texture = np.zeros((height, width), np.float32)
    for cells in (8, 32, 128, 512):
        small = rng.random((max(cells * height // width, 1), cells)).astype(np.float32)
        texture += cv2.resize(small, (width, height), interpolation=cv2.INTER_LINEAR)
    road = np.zeros_like(texture)
    corners = np.array([[width // 2, height // 2], [width, height], [0, height]])
    cv2.fillPoly(road, [corners], 1.0)
    luma = 8 + 9 * texture * (0.5 + 0.5 * road)
    return np.stack([luma * k for k in (1.0, 0.95, 1.1)], axis=-1).astype(np.uint8)


def _lamps(rng: np.random.Generator) -> npt.NDArray[np.float32]:
    """Direction, first place on the way, brightness, warmth; one row each."""
    angles = rng.uniform(-0.9 * np.pi, -0.1 * np.pi, LAMPS)
    angles[::3] = rng.uniform(0.05 * np.pi, 0.3 * np.pi, len(angles[::3]))  # oncoming cars
    rows = (angles, rng.random(LAMPS), rng.uniform(0.5, 2.0, LAMPS), rng.random(LAMPS))
    return np.stack(rows, axis=1).astype(np.float32)


def _picture(
    street: npt.NDArray[np.uint8], lamps: npt.NDArray[np.float32], index: int
) -> npt.NDArray[np.uint8]:
    """One (H, W, 3) picture."""
    height, width = street.shape[:2]
    zoom = 1 + (index % PERIOD) / PERIOD
    matrix = np.array(
        [[1 / zoom, 0, width / 2 * (1 - 1 / zoom)], [0, 1 / zoom, height / 2 * (1 - 1 / zoom)]]
    )
    scene = cv2.warpAffine(
        street, matrix, (width, height), flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    )
    rows, columns = GLOW_ROWS, GLOW_ROWS * width // height
    light = np.zeros((rows, columns, 3), np.float32)
    y, x = np.mgrid[0:rows, 0:columns].astype(np.float32)
    for angle, phase, power, warmth in lamps:
        way = (index / PERIOD + phase) % 1
        cx = columns / 2 + np.cos(angle) * way**2 * columns * 0.7
        cy = rows / 2 + np.sin(angle) * way**2 * rows * 0.8
        size = 0.6 + 5 * way**2
        distance = (x - cx) ** 2 + (y - cy) ** 2
        glow = power * (0.02 + 0.3 * way) / (1 + distance / (4 + 6 * size) ** 2) ** 1.3
        glow += (
            power
            * 0.12
            * way
            * np.exp(-np.abs((x - cx) * 0.9 + (y - cy) * 0.4) / 1.2)
            / (1 + distance / 900)
        )
        glow += 2.0 * (distance < size**2)
        light += glow[..., None] * np.array([1.0, 0.95 - 0.25 * warmth, 0.9 - 0.6 * warmth])
    codes = np.sqrt(np.clip(light, 0, 1)) * 255  # the square law
    glare = cv2.resize(codes.astype(np.uint8), (width, height), interpolation=cv2.INTER_LINEAR)
    lit = cv2.addWeighted(scene, 0.9, glare, 0.8, 0)
    return np.asarray(cv2.max(lit, scene), np.uint8)
