"""Training samples from photographs: real pairs, and the layers of Flare7K on a background.

Both give what synthesis gives: the layer is the difference of the two pictures in linear light,
where it is positive, parted by ``split_layer``; lamps are where the picture without glare is
saturated.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import cv2
import numpy as np
import torch
from torch import Tensor

from dashcam_pipeline.training.data.pairs import read_rgb
from dashcam_pipeline.training.synthesis import camera
from dashcam_pipeline.training.synthesis.glare import Sample, fit, saturation, split_layer

if TYPE_CHECKING:
    from pathlib import Path

    import numpy.typing as npt

    from dashcam_pipeline.training.data.flare7k import Flare7K
    from dashcam_pipeline.training.data.pairs import Pair

    Light = npt.NDArray[np.float32]

PAPER_FRAME = 512
"""Side in pixels of the crops that Flare7K's layers are meant for, themselves 1440 pixels wide."""

NOISE = 1.0
"""Sigma in pixels of what evens out the noise of a pair's faint differences."""

FAINT = 0.015
"""Linear light; stronger differences are taken as they are, so that streaks keep their edges."""

GAMMA = (1.8, 2.2)
"""Range of the gamma between the layers' codes and linear light (Flare7K, section 4)."""


def sample_of(
    picture: Tensor, glare: Tensor, clean: Tensor, kinds: tuple[str, ...], *, smooth: float = 0.0
) -> Sample:
    """The sample of a picture with glare and the same without.

    Args:
        picture: what the network sees, (3, H, W).
        glare: the same without noise and compression.
        clean: without glare; where it is brighter than ``glare`` there is no layer.
        kinds: what is in it.
        smooth: sigma in pixels of a Gaussian over faint differences: two photographs differ by
            their noise, half of which would pass for light.
    """
    difference = glare.square() - clean.square()
    if smooth:
        planes = np.ascontiguousarray(difference.permute(1, 2, 0).numpy())
        even = _planes(cv2.GaussianBlur(planes, (0, 0), smooth))
        difference = even + (even / FAINT).clamp(0, 1) * (difference - even)
    layer = torch.minimum(difference.clamp(min=0), glare.square())
    structured, veil = split_layer(layer)
    return Sample(picture, glare, structured, veil, saturation(clean), kinds)


def pair_sample(
    rng: np.random.Generator, pair: Pair, height: int, width: int, *, free: bool
) -> Sample:
    """A window of a real pair, flipped, dimmed and compressed by chance.

    Args:
        rng: seeded generator.
        pair: its two pictures.
        height, width: of the sample.
        free: show the picture without glare, so that there is nothing to find.
    """
    place = int(rng.integers(2**62))  # the same window of both
    both = [fit(np.random.default_rng(place), p, height, width) for p in (pair.input, pair.target)]
    if rng.random() < 0.5:  # noqa: PLR2004 - a coin
        both = [p[:, ::-1] for p in both]
    exposure = math.sqrt(rng.uniform(0.5, 1.0))  # by the square law, the pair stays one
    glare, clean = (_planes(p) / 255 * exposure for p in both)
    if free:
        glare = clean
    picture = glare
    if rng.random() < 0.5:  # noqa: PLR2004 - its own noise and compression are there already
        picture = camera.block_compress(glare, float(rng.uniform(40, 95)))
    picture = torch.round(picture * 255) / 255
    return sample_of(picture, glare, clean, () if free else ("pair",), smooth=NOISE)


def flare_sample(rng: np.random.Generator, flares: Flare7K, scene: Light) -> Sample:
    """A flare of Flare7K added to a scene in linear light, as its authors do.

    One random affine map moves flare and lamp alike; the flare's own black is taken off, a drawn
    one gets a ghost by chance; input = scene + flare, target = scene + lamp, both clipped.

    Args:
        rng: seeded generator.
        flares: the layers; drawn and taken ones come equally often where there are both.
        scene: (H, W, 3) linear light.
    """
    height, width = scene.shape[:2]
    gamma = float(rng.uniform(*GAMMA))
    sets = [files for files in (flares.drawn, flares.taken) if files]
    chosen = sets[int(rng.integers(len(sets)))]
    files = chosen[int(rng.integers(len(chosen)))]
    unit = min(height, width) / PAPER_FRAME
    layer, lamp = (_linear(path, gamma, unit) for path in (files.flare, files.lamp))
    kinds: tuple[str, ...] = ("flare",)
    if chosen is flares.drawn and flares.ghosts and rng.random() < 0.5:  # noqa: PLR2004 - a coin
        ghost = _linear(flares.ghosts[int(rng.integers(len(flares.ghosts)))], gamma, unit)
        ghost = _fitted(ghost, layer.shape[0], layer.shape[1])
        layer = np.minimum(layer + ghost, 1)
        kinds = ("flare", "ghosts")
    matrix = _placement(rng, layer.shape[:2], height, width)
    sigma = max(float(rng.uniform(0.1, 3.0)) * unit, 0.05)
    moved = cv2.GaussianBlur(_moved(_without_black(layer), matrix, height, width), (0, 0), sigma)
    lamp = _moved(lamp, matrix, height, width)
    light = _planes(scene)
    curve = (gamma, 0.0, 0.0)
    clean = camera.encode(light + _planes(lamp), curve)
    glare = torch.maximum(camera.encode(light + _planes(moved), curve), clean)
    return sample_of(camera.record(glare, rng), glare, clean, kinds)


def _planes(light: npt.NDArray[Any]) -> Tensor:
    """(H, W, 3) to (3, H, W)."""
    return torch.from_numpy(np.ascontiguousarray(light, np.float32)).permute(2, 0, 1).contiguous()


def _linear(path: Path, gamma: float, scale: float) -> Light:
    """A layer in linear light, scaled."""
    light = np.power(read_rgb(path).astype(np.float32) / 255, gamma, dtype=np.float32)
    if scale < 1:
        light = _fitted(light, *(max(round(side * scale), 1) for side in light.shape[:2]))
    return light


def _fitted(light: Light, height: int, width: int) -> Light:
    """A layer at another size."""
    return np.asarray(cv2.resize(light, (width, height), interpolation=cv2.INTER_AREA), np.float32)


def _moved(light: Light, matrix: npt.NDArray[np.float64], height: int, width: int) -> Light:
    """A layer in the frame, black around it."""
    return np.asarray(cv2.warpAffine(light, matrix, (width, height)), np.float32)


def _without_black(light: Light) -> Light:
    """Stretch each channel so that its darkest pixel is black and its brightest stays."""
    low, high = light.min(axis=(0, 1)), light.max(axis=(0, 1))
    return np.asarray((light - low) * high / (high - low + 1e-7), np.float32)


def _placement(
    rng: np.random.Generator, shape: tuple[int, ...], height: int, width: int
) -> npt.NDArray[np.float64]:
    """Affine map (2, 3) that puts a layer's centre somewhere in the frame, or just off it."""
    scale, shear = rng.uniform(0.8, 1.5), math.tan(math.radians(rng.uniform(-20, 20)))
    turn = rng.uniform(0, 2 * math.pi)
    c, s = math.cos(turn), math.sin(turn)
    linear = scale * np.array([[c, -s], [s, c]]) @ np.array([[1, shear], [0, 1]])
    x, y = rng.uniform(-0.1, 1.1) * width, rng.uniform(-0.1, 0.8) * height
    centre = np.array([shape[1] / 2, shape[0] / 2])
    return np.column_stack([linear, np.array([x, y]) - linear @ centre])
