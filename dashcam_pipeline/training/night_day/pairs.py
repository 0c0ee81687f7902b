"""Aligned examples: the same view by night and by day.

Real ones don't exist: nothing stands still from noon to midnight. Two kinds are made:

- *simulated* scenes, rendered twice; their lamps have true radiance, and a lens and a camera are
  put before them,
- *darkened days*: real days with their sky found and put out, lamps and their glare added, filmed
  by a camera at its limits. The network learns to undo what we did; that its day is a real one
  matters more than that our night is not.

Lamps and signals that are lit at night are lit in the day's picture as well: their glow is to go,
the lamp isn't, and nobody can know what lies behind it.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import cv2
import numpy as np
import torch

from dashcam_pipeline.simulation.optics import Glare, Sensor, develop, draw_optics, expose, tone
from dashcam_pipeline.simulation.pack import load_pack
from dashcam_pipeline.training.night_day.data import windows
from dashcam_pipeline.training.synthesis.camera import add_noise, block_compress
from dashcam_pipeline.training.synthesis.glare import KernelBank, scatter
from dashcam_pipeline.training.synthesis.lamps import Lamp, paint_lamps, sample_lamps

if TYPE_CHECKING:
    from pathlib import Path

    import numpy.typing as npt

    from dashcam_pipeline.training.night_day.data import RGB

    Image = npt.NDArray[np.float32]

LENSES = 16
"""Lenses that simulated scenes are seen through; a spectrum of each is kept."""

KINDS = ("moffat", "veil", "shimmer", "rings", "fan")
"""Of ``lens.KINDS``: what lies round a lamp, not what crosses half the frame."""

SKY_TINTS = ((1.0, 0.75, 0.45), (1.0, 0.85, 0.7), (0.6, 0.75, 1.0), (0.9, 1.0, 0.9))
"""What a town's light makes of the sky: sodium, warm, blue hour, mercury."""


@dataclass(frozen=True, slots=True)
class Pair:
    """An aligned example; both (H, W, 3) float32 in [0, 1].

    Args:
        night: filmed, with glare, noise and compression.
        day: the truth.
        simulated: whether both sides were rendered; otherwise the day is a real one.
    """

    night: Image
    day: Image
    simulated: bool


def find_sky(picture: RGB) -> Image:
    """Where the sky is in a picture by day, (H, W) float32 in [0, 1].

    Bright or blue, smooth, and connected with the picture's upper edge.
    """
    h, w = picture.shape[:2]
    small = cv2.resize(picture, (192, 128), interpolation=cv2.INTER_AREA).astype(np.float32)
    luma = small.mean(2)
    bright = luma > max(120.0, 0.72 * float(np.percentile(luma[:48], 95)))
    blue = (small[..., 2] > small[..., 0] + 18) & (luma > 70)  # noqa: PLR2004 - codes
    gx, gy = (cv2.Sobel(luma, cv2.CV_32F, *d) / 4 for d in ((1, 0), (0, 1)))
    flat = np.hypot(gx, gy) < 14  # noqa: PLR2004 - codes a pixel
    wanted = ((bright | blue) & flat).astype(np.uint8)
    wanted[96:] = 0
    wanted = cv2.morphologyEx(wanted, cv2.MORPH_OPEN, np.ones((3, 3), np.uint8))
    _, labels = cv2.connectedComponents(wanted, connectivity=4)
    top = set(np.unique(labels[:4])) - {0}
    mask = np.isin(labels, list(top)).astype(np.uint8)
    if not mask.any():
        return np.zeros((h, w), np.float32)
    # Between twigs it is not smooth: near found sky, whatever has its colour is sky as well.
    near = cv2.resize(cv2.dilate(mask, np.ones((25, 25), np.uint8)), (w, h))
    large = cv2.resize(mask, (w, h))
    code = picture.astype(np.float32)
    off = np.abs(code - np.median(code[large > 0], axis=0)).max(2)
    alike = np.clip((75 - off) / 30, 0, 1) * near
    bright_as = np.clip(code.mean(2) / float(np.median(code[large > 0])) - 0.6, 0, 0.2) * 5
    return np.asarray(np.maximum(alike, large * bright_as), np.float32)


def simulated_pairs(path: Path, seed: int) -> list[tuple[RGB, RGB]]:
    """All scenes of a pack, developed: (night, day), uint8 RGB."""
    pairs = []
    lenses: list[Glare] = []
    for i, scene in enumerate(load_pack(path)):
        rng = np.random.default_rng((seed, i))
        if len(lenses) < LENSES:
            heavy = rng.random() < 0.4  # noqa: PLR2004 - two windscreens in five are dirty
            lenses.append(Glare(draw_optics(rng, heavy=heavy), *scene.night.shape[:2]))
        light = scene.night + lenses[i % len(lenses)](scene.night)
        light += np.exp(rng.uniform(-7, -3)) * np.array(SKY_TINTS[int(rng.integers(4))], np.float32)
        gain = expose(light, float(rng.uniform(0.12, 0.32)))
        sensor = Sensor(
            gain=gain,
            shot=float(rng.uniform(0.0002, 0.004)),
            read=float(rng.uniform(0.0003, 0.006)),
            vignette=float(rng.uniform(0, 0.25)),
            black=float(max(rng.normal(0, 0.006), 0)),
            seed=i,
        )
        night = develop(light.astype(np.float32), sensor, 0)
        cover = scene.mask[..., :2].max(2, keepdims=True)
        lamps = tone(scene.night * np.float32(gain))
        day = tone(scene.day * np.float32(rng.uniform(0.7, 1.1)))
        lit = day + cover * (np.maximum(lamps, day) - day)
        pairs.append((night, np.round(lit * 255).astype(np.uint8)))
    return pairs


def darken_day(
    rng: np.random.Generator, day: Image, sky: Image, bank: KernelBank
) -> tuple[Image, Image]:
    """Film a day as if it were night.

    Args:
        rng: draws everything.
        day: (H, W, 3) in [0, 1].
        sky: (H, W) in [0, 1], see ``find_sky``.
        bank: lenses.

    Returns:
        the night, and the day with the night's lamps lit; both (H, W, 3) float32 in [0, 1].
    """
    h, w = day.shape[:2]
    lamps = sample_lamps(rng, h, w)
    albedo = np.power(np.maximum(day, 1e-3), rng.uniform(1.5, 2.4))
    # By day the scene lies in one light; at night each lamp lights its own surroundings.
    y, x = np.mgrid[0:h, 0:w].astype(np.float32)
    ambient = math.exp(rng.uniform(math.log(0.004), math.log(0.1)))
    tint = np.array(SKY_TINTS[int(rng.integers(4))], np.float32)
    light = np.full((h, w, 3), ambient, np.float32) * (0.7 + 0.3 * tint)
    pool = math.exp(rng.uniform(math.log(0.05), math.log(0.8)))
    total = sum(lamp.flux for lamp in lamps) + 1e-6
    for lamp in lamps[:8]:
        reach = h * rng.uniform(0.1, 0.6)
        below = y - lamp.y - h * rng.uniform(0, 0.25)
        fall = 1 / (1 + ((x - lamp.x) ** 2 + below**2) / reach**2)
        light += pool * math.sqrt(lamp.flux / total) * fall[..., None] * np.array(lamp.color)
    if rng.random() < 0.6:  # noqa: PLR2004 - headlights of one's own
        cx, cy = w * rng.uniform(0.35, 0.65), h * rng.uniform(0.7, 1.0)
        beam = ((x - cx) / (w * rng.uniform(0.2, 0.45))) ** 2
        beam += ((y - cy) / (h * rng.uniform(0.15, 0.35))) ** 2
        warm = np.array([1, rng.uniform(0.8, 1), rng.uniform(0.6, 1.05)], np.float32)
        light += rng.uniform(0.1, 0.8) * np.exp(-beam)[..., None] * warm
    scene = albedo * light * (1 - sky[..., None])
    glow = math.exp(rng.uniform(math.log(0.0005), math.log(0.06)))
    fade = 0.4 + 0.6 * np.clip(y / (0.6 * h), 0, 1)[..., None]
    scene += sky[..., None] * glow * fade * tint
    painted, cover = paint_lamps(lamps, h, w)
    night = _film(rng, scene.astype(np.float32), lamps, (painted, cover), bank)
    lit = day + cover[..., None] * (tone(painted.transpose(1, 2, 0)) - day)
    return night, np.asarray(lit, np.float32)


def _film(
    rng: np.random.Generator,
    scene: Image,
    lamps: list[Lamp],
    shown: tuple[Image, Image],
    bank: KernelBank,
) -> Image:
    """Lens, haze, exposure, tone curve, colour cast, noise and compression.

    Args:
        rng: seeded generator.
        scene: linear light, (H, W, 3) float32.
        lamps: that shine in it.
        shown: the lamps' own light, (3, H, W), and how much they cover, (H, W) in [0, 1].
        bank: of scatter kernels.

    Returns:
        code values, (H, W, 3) float32 in [0, 1].
    """
    h, w = scene.shape[:2]
    painted, cover = shown
    source = torch.from_numpy(scene).permute(2, 0, 1) * (1 - torch.from_numpy(cover)) + (
        torch.from_numpy(painted)
    )
    layer = scatter(lamps, bank.draw(rng), h, w)
    ring = torch.quantile(layer.mean(0)[::4, ::4].flatten(), 0.95)
    level = math.exp(rng.uniform(math.log(0.002), math.log(0.12)))
    light = (source + layer * (level / (ring + 1e-9))).numpy().transpose(1, 2, 0)
    gain = expose(light.astype(np.float32), float(rng.uniform(0.1, 0.4)))
    code = tone((light * min(gain, 40.0)).astype(np.float32))
    code = np.power(np.maximum(code, 1e-4), rng.uniform(0.85, 1.25))
    cast = np.exp(rng.normal(0, 0.08, 3)) * (1 - np.array([0.2, 0, 0.25]) * rng.binomial(1, 0.2))
    haze = max(rng.normal(0, 0.12), 0) * np.exp(rng.normal(0, 0.06, 3))
    code = np.clip((haze + (1 - haze) * code) * cast / cast.max(), 0, 1).astype(np.float32)
    picture = torch.from_numpy(code).permute(2, 0, 1)
    generator = torch.Generator().manual_seed(int(rng.integers(1 << 31)))
    picture = add_noise(picture, rng, generator)
    if rng.random() < 0.6:  # noqa: PLR2004 - most recordings show their blocks
        picture = block_compress(picture, float(rng.uniform(25, 90)))
    return picture.permute(1, 2, 0).contiguous().numpy()


def unit(codes: npt.NDArray[np.uint8]) -> Image:
    """Code values as float32 in [0, 1]; any shape."""
    return codes.astype(np.float32) / np.float32(255)


def other_camera(rng: np.random.Generator, night: Image) -> Image:
    """Another camera's tone curve, haze, cast and compression over a night that was filmed.

    Args:
        rng: draws them.
        night: (H, W, 3) float32 in [0, 1].

    Returns:
        the same shape and range.
    """
    haze = max(rng.normal(0, 0.1), 0) * np.exp(rng.normal(0, 0.06, 3))
    cast = np.exp(rng.normal(0, 0.15, 3))
    code = np.power(night, rng.uniform(0.7, 1.4)) * (1 - haze) + haze
    code = np.clip(code * cast / cast.max(), 0, 1).astype(np.float32)
    picture = torch.from_numpy(np.ascontiguousarray(code.transpose(2, 0, 1)))
    picture = block_compress(picture, float(rng.uniform(30, 95)))
    return picture.permute(1, 2, 0).contiguous().numpy()


@dataclass(slots=True)
class PairMaker:
    """Draws aligned examples.

    Args:
        scenes: simulated (night, day), uint8.
        days: real days to darken, uint8.
        seed: of the lenses.
    """

    scenes: list[tuple[RGB, RGB]]
    days: list[RGB]
    seed: int = 0
    _skies: list[npt.NDArray[np.uint8]] = field(init=False)
    _bank: KernelBank | None = field(init=False, default=None)

    def __post_init__(self) -> None:
        """Find every day's sky once."""
        self._skies = [np.round(find_sky(day) * 255).astype(np.uint8) for day in self.days]
        if self.days:
            self._bank = KernelBank(seed=self.seed, count=24, size=640, kinds=KINDS)

    def __bool__(self) -> bool:
        return bool(self.scenes or self.days)

    def sample(self, rng: np.random.Generator, height: int, width: int) -> Pair:
        """One example of (height, width)."""
        share = 0.4 if self.scenes and self.days else float(bool(self.scenes))
        if rng.random() < share:
            scene = self.scenes[int(rng.integers(len(self.scenes)))]
            night, day = (unit(cut) for cut in windows(rng, scene, height, width))
            return Pair(other_camera(rng, night), day, simulated=True)
        i = int(rng.integers(len(self.days)))
        both = (self.days[i], self._skies[i])
        day, sky = (unit(cut) for cut in windows(rng, both, height, width))
        assert self._bank is not None  # noqa: S101 - there are days
        night, lit = darken_day(rng, day, sky, self._bank)
        return Pair(night, lit, simulated=False)
