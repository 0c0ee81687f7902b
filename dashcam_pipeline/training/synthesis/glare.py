"""Training samples: a scene, its lamps, one lens, one camera.

The light that a lens scatters is the sum over all sources of the same scatter kernel, shifted to
the source and scaled by its flux (a shift-invariant linear system); sources are small, so the sum
is taken directly instead of by a Fourier transform. Where dirt differs by place it is such a sum
for each of two or three kernels, mixed by smooth maps. The layer is then parted:

- *veil*: the wide part, the smoothed morphological opening of the layer with a window of
  ``VEIL_WINDOW`` of the frame (what is narrower than the window does not survive an opening),
- *structured*: the rest: streaks, spokes, near bloom.

All layers are in linear light by the square law of ``dashcam_pipeline.inference.light``: the
structured layer S and the veil V of an input v fulfil clean = sqrt(v^2 - S - V).
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import cv2
import numpy as np
import torch
import torch.nn.functional as nnf
from torch import Tensor

from dashcam_pipeline.training.data.pictures import Picture, panorama_view
from dashcam_pipeline.training.synthesis import camera, dirt, lens
from dashcam_pipeline.training.synthesis.clutter import clutter
from dashcam_pipeline.training.synthesis.ghosts import ghosts
from dashcam_pipeline.training.synthesis.haze import film, haze
from dashcam_pipeline.training.synthesis.kinds import Chances
from dashcam_pipeline.training.synthesis.lamplight import lamplight
from dashcam_pipeline.training.synthesis.lamps import (
    Lamp,
    find_lamps,
    paint_lamps,
    sample_lamps,
    sample_off_frame,
)
from dashcam_pipeline.training.synthesis.moon import halo, sample_moon
from dashcam_pipeline.training.synthesis.motorway import motorway
from dashcam_pipeline.training.synthesis.polar import log_uniform
from dashcam_pipeline.training.synthesis.reflections import reflect
from dashcam_pipeline.training.synthesis.vary import vary

if TYPE_CHECKING:
    import numpy.typing as npt

VEIL_WINDOW = 1 / 6
"""Side of the opening's window, in frame heights."""

SHAPES = ((288, 512), (288, 512), (320, 448), (288, 512), (448, 320), (384, 384))
"""Frame sizes (height, width) that samples are made in; wide ones most often, as dashcams are."""

FRAME_HEIGHT = 288
"""Pixels of the frames that kernels are made for."""

PAINTED = {"night": 0.5, "day": 1.0, "hdr": 0.5, "simulated": 0.0}
"""How often lamps are painted onto each kind of background: some bring their own."""

KIND_WEIGHTS = {"night": 0.35, "day": 0.25, "hdr": 0.1, "simulated": 0.3}
"""How often each kind of background is drawn."""

DUSK = 0.4
"""Share of the days that are made nights of which the lamps are lit before it is dark."""

LEVEL = (0.01, 1.2)
"""Range of what 99 of 100 pixels of the scattered light stay below, linear light."""

DIRTY = 0.6
"""Share of glasses whose dirt is stronger in some places, and of those that let less light through
in some."""

MIXED = (0.4, 0.35, 0.25)
"""How often a glass scatters everywhere alike, in two ways, and in three."""


@dataclass(frozen=True, slots=True)
class Sample:
    """One training sample; all (3, H, W) float32 in [0, 1] but ``lamps`` (1, H, W).

    Args:
        picture: what the camera recorded: glare, noise, compression.
        glare: the same without noise and compression.
        structured: the structured layer, linear light.
        veil: the veil, linear light.
        lamps: where light sources are, soft.
        kinds: names of the glare in it, as in ``kinds``, where they are known.
    """

    picture: Tensor
    glare: Tensor
    structured: Tensor
    veil: Tensor
    lamps: Tensor
    kinds: tuple[str, ...] = ()

    @property
    def affected(self) -> float:
        """How much glare there is: the mean of its code values."""
        return float((self.structured + self.veil).sqrt().mean())

    def crop(self, rng: np.random.Generator, height: int, width: int) -> Sample:
        """The same random window of everything, flipped by chance."""
        h, w = self.picture.shape[1:]
        y, x = int(rng.integers(0, h - height + 1)), int(rng.integers(0, w - width + 1))
        flip = rng.random() < 0.5  # noqa: PLR2004 - a coin

        def cut(t: Tensor) -> Tensor:
            t = t[:, y : y + height, x : x + width]
            return t.flip(2) if flip else t

        return replace(
            self,
            picture=cut(self.picture),
            glare=cut(self.glare),
            structured=cut(self.structured),
            veil=cut(self.veil),
            lamps=cut(self.lamps),
        )


def split_layer(layer: Tensor) -> tuple[Tensor, Tensor]:
    """Part a glare layer (3, H, W) into (structured, veil); both non-negative, their sum is it."""
    _, h, w = layer.shape
    step = 8
    small = nnf.avg_pool2d(layer[None], step, ceil_mode=True)
    k = max(round(VEIL_WINDOW * min(h, w) / step) // 2 * 2 + 1, 3)
    eroded = -nnf.max_pool2d(-small, k, 1, k // 2)
    opened = nnf.max_pool2d(eroded, k, 1, k // 2)
    padded = nnf.pad(opened, (k // 2,) * 4, mode="replicate")
    smooth = nnf.avg_pool2d(padded, k, 1)
    veil = nnf.interpolate(smooth, (h, w), mode="bilinear", align_corners=False)[0]
    veil = torch.minimum(veil, layer)
    return layer - veil, veil


def saturation(clean: Tensor) -> Tensor:
    """Where a picture (3, H, W) without glare is so bright that it is a lamp: (1, H, W), soft."""
    return ((clean.amax(0, keepdim=True) - 0.9) / 0.08).clamp(0, 1)


@dataclass(slots=True)
class KernelBank:
    """Scatter kernels made ahead, half precision, (count, 3, size, size).

    Args:
        seed: of the bank.
        count: how many lenses; with 0, nothing is scattered.
        size: side; at least twice the longest frame side serves every lamp in the frame.
        kinds: kinds of glare it may hold, of ``lens.KINDS``.
        varied: whether each one drawn is made another (``vary``), as trainings want it.
    """

    seed: int = 0
    count: int = 160
    size: int = 1024
    kinds: tuple[str, ...] = lens.KINDS
    varied: bool = False
    kernels: Tensor = field(init=False)
    shown: list[tuple[str, ...]] = field(init=False)
    """What each kernel is made of."""

    def __post_init__(self) -> None:
        """Make all kernels; about a third of a second each."""
        self.kernels = torch.empty(self.count, 3, self.size, self.size, dtype=torch.float16)
        self.shown = []
        for i in range(self.count):
            rng = np.random.default_rng((self.seed, i))
            kernel, shown = lens.sample_lens(rng, self.size, FRAME_HEIGHT, self.kinds)
            self.kernels[i] = torch.from_numpy(kernel)
            self.shown.append(shown)

    def draw(self, rng: np.random.Generator) -> Tensor:
        """One kernel, mirrored by chance (a view, where it isn't varied)."""
        return self.choose(rng)[0]

    def choose(self, rng: np.random.Generator) -> tuple[Tensor, tuple[str, ...]]:
        """One kernel, as ``draw`` gives it, and what it is made of."""
        index = int(rng.integers(self.count))
        kernel = self.kernels[index]
        if rng.random() < 0.5:  # noqa: PLR2004 - a coin
            kernel = kernel.flip(2)
        if rng.random() < 0.2:  # noqa: PLR2004 - streaks are seldom the other way up
            kernel = kernel.transpose(1, 2)
        if self.varied:
            kernel = vary(rng, kernel, FRAME_HEIGHT)
        return kernel, self.shown[index]


def scatter(lamps: list[Lamp], kernel: Tensor, height: int, width: int) -> Tensor:
    """Scattered light of all lamps, (3, H, W), for flux 1 = the kernel itself."""
    layer = torch.zeros(3, height, width, device=kernel.device)
    half = kernel.shape[-1] // 2
    for lamp in lamps:
        points = [(0.0, 0.0)]
        if lamp.radius > 3:  # noqa: PLR2004 - pixels; a disc is a few points
            r = 0.6 * lamp.radius
            points += [(r * math.cos(a), r * math.sin(a)) for a in np.arange(5) * 2 * math.pi / 5]
        share = lamp.flux / len(points)
        color = torch.tensor([c * share for c in lamp.color], device=kernel.device).view(3, 1, 1)
        for dx, dy in points:
            x, y = half - round(lamp.x + dx), half - round(lamp.y + dy)
            y0, x0 = max(-y, 0), max(-x, 0)
            y1 = min(height, kernel.shape[1] - y)
            x1 = min(width, kernel.shape[2] - x)
            if y0 >= y1 or x0 >= x1:
                continue
            # One pass over the memory: products and sums of their own would take ten times as long.
            part = kernel[:, y + y0 : y + y1, x + x0 : x + x1].float()
            layer[:, y0:y1, x0:x1].addcmul_(part, color)
    return layer


def fit(
    rng: np.random.Generator, pixels: npt.NDArray[Any], height: int, width: int
) -> npt.NDArray[Any]:
    """A random window of a picture at the asked shape, its scale varied a little."""
    h, w = pixels.shape[:2]
    scale = max(height / h, width / w) * rng.uniform(1.0, 1.4)
    ch, cw = min(round(height / scale), h), min(round(width / scale), w)
    y, x = int(rng.integers(0, h - ch + 1)), int(rng.integers(0, w - cw + 1))
    window = pixels[y : y + ch, x : x + cw]
    return cv2.resize(
        window, (width, height), interpolation=cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
    )


def darken(
    rng: np.random.Generator, linear: npt.NDArray[np.float32], lamps: list[Lamp]
) -> npt.NDArray[np.float32]:
    """Turn a day into a night: dim, dark sky, a cast, and pools of light under the lamps."""
    h, w = linear.shape[:2]
    y, x = np.arange(h, dtype=np.float32)[:, None], np.arange(w, dtype=np.float32)[None]
    light = np.full((h, w, 3), log_uniform(rng, 0.004, 0.35), np.float32)
    total = sum(lamp.flux for lamp in lamps) + 1e-6
    pool = rng.uniform(0, 0.8)
    for lamp in lamps[:8]:
        reach = h * rng.uniform(0.08, 0.5)
        below = y - np.float32(lamp.y + h * rng.uniform(0, 0.2))
        fall = 1 / (1 + (np.square(x - np.float32(lamp.x)) + np.square(below)) / reach**2)
        share = pool * math.sqrt(lamp.flux / total)
        light += fall[..., None] * (share * np.array(lamp.color)).astype(np.float32)
    sky = np.clip((h * rng.uniform(0.3, 0.6) - y) / (0.15 * h), 0, 1)[..., None]
    bright = np.clip((linear.mean(axis=2, keepdims=True) - 0.2) / 0.3, 0, 1)
    light *= 1 - sky * bright * np.float32(rng.uniform(0.7, 1.0))
    light *= np.exp(rng.normal(0, 0.15, 3)).astype(np.float32)
    return np.asarray(np.power(linear, rng.uniform(1.0, 1.5)) * light, np.float32)


def dusk(rng: np.random.Generator, linear: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    """A day when the lamps are lit: dimmer, of another cast, its sky as bright as ever.

    Streaks lie over what is bright, too; a room's lamps show them as well.
    """
    cast = np.exp(rng.normal(0, 0.12, 3))
    power = rng.uniform(1.0, 1.3)
    return np.asarray(np.power(linear, power) * (cast * log_uniform(rng, 0.1, 1.0)), np.float32)


class GlareSynthesizer:
    """Draws samples from backgrounds, lamps, lenses and cameras.

    Args:
        pictures: backgrounds by kind; drawn as often as ``KIND_WEIGHTS`` says.
        bank: scatter kernels.
        glare_free: share of samples without any glare, whose layers are zero.
        chances: of what is not of the kernel.
    """

    def __init__(
        self,
        pictures: list[Picture],
        bank: KernelBank,
        *,
        glare_free: float = 0.15,
        chances: Chances = Chances(),  # noqa: B008 - frozen, so one serves all
    ) -> None:
        self.by_kind = {kind: [p for p in pictures if p.kind == kind] for kind in KIND_WEIGHTS}
        self.by_kind = {kind: found for kind, found in self.by_kind.items() if found}
        self.bank = bank
        self.glare_free = glare_free
        self.chances = chances

    def sample(self, seed: tuple[int, ...], shape: tuple[int, int] | None = None) -> Sample:
        """Make one sample.

        Args:
            seed: makes it reproducible.
            shape: (height, width), multiples of 32; drawn of ``SHAPES`` if not given.
        """
        rng = np.random.default_rng(seed)
        height, width = shape or SHAPES[int(rng.integers(len(SHAPES)))]
        free = rng.random() < self.glare_free
        kinds: tuple[str, ...] = ()
        if rng.random() < self.chances.motorway:
            scene, lamps = motorway(rng, height, width)
            kinds = ("motorway",)
        else:
            scene, lamps = self._scene(rng, height, width, lit=not free)
        if lamps and rng.random() < self.chances.lamplight:
            scene = lamplight(rng, scene, lamps)
            kinds = (*kinds, "lamplight")
        if rng.random() < self.chances.clutter:
            scene = np.maximum(scene, clutter(rng, lamps, height, width))
            kinds = (*kinds, "clutter")
        light, cover = paint_lamps(lamps, height, width)
        source = torch.from_numpy(scene).permute(2, 0, 1).contiguous() + torch.from_numpy(light)
        curve, rule = camera.tone_curve(rng), camera.auto_exposure(rng)
        clear = dirt.transmission(rng, height, width) if rng.random() < DIRTY else None
        if lamps and rng.random() < self.chances.reflections:
            source = source + torch.from_numpy(reflect(rng, lamps, height, width))
            kinds = (*kinds, "reflections")
        if clear is not None:
            source = source * torch.from_numpy(clear)
        if free or not lamps:
            source = source * camera.exposure(source, curve, rule)
            clean = glare = camera.encode(source, curve)
        else:
            layer, shown = self._layer(rng, lamps, height, width)
            kinds = (*shown, *kinds)
            gain = camera.exposure(source + layer, curve, rule)
            clean = camera.encode(source * gain, curve)
            glare = camera.encode((source + layer) * gain, curve)
            if rng.random() < self.chances.haze:
                kinds = (*kinds, "haze")
                glare = haze(rng, glare)
        structured, veil = split_layer((glare.square() - clean.square()).clamp(min=0))
        lamp_map = torch.maximum(torch.from_numpy(cover)[None], saturation(clean))
        return Sample(camera.record(glare, rng), glare, structured, veil, lamp_map, kinds)

    def _scene(
        self, rng: np.random.Generator, height: int, width: int, *, lit: bool
    ) -> tuple[npt.NDArray[np.float32], list[Lamp]]:
        """Linear scene (H, W, 3) without painted lamps, and all lamps it is to have."""
        kinds = sorted(self.by_kind)
        weights = np.array([KIND_WEIGHTS[kind] for kind in kinds])
        kind = kinds[int(rng.choice(len(kinds), p=weights / weights.sum()))]
        pixels = self.by_kind[kind][int(rng.integers(len(self.by_kind[kind])))].pixels
        gain = float(rng.uniform(0.5, 1.2))
        if kind == "hdr":
            linear = panorama_view(rng, np.asarray(pixels, np.float32), height, width)
            linear *= math.exp(rng.uniform(math.log(0.1), math.log(0.8)))
            lamps = find_lamps(rng, linear, threshold=1.5)
            return linear, lamps + self._more_lamps(rng, kind, height, width)
        if kind == "simulated":
            linear = fit(rng, pixels, height, width)
            linear = linear * math.exp(rng.uniform(math.log(0.4), math.log(2.5)))
            lamps = find_lamps(rng, linear, threshold=1.5, limit=40)
            return linear, lamps + self._more_lamps(rng, kind, height, width)
        coded = fit(rng, pixels, height, width).astype(np.float32) / 255
        linear = np.power(coded, rng.uniform(1.8, 2.2), dtype=np.float32)
        if kind == "night":
            lamps = find_lamps(rng, linear)
            # One camera's cast must not be learnt as the colour of night: grey-world, by chance.
            means = linear.mean(axis=(0, 1)) + 1e-4
            cast = (means.mean() / means) ** rng.uniform(0, 1.2) * np.exp(rng.normal(0, 0.15, 3))
            gain = math.exp(rng.uniform(math.log(0.5), math.log(2.5)))
            linear = (linear * (cast * gain)).astype(np.float32)
            return linear, lamps + self._more_lamps(rng, kind, height, width)
        if not lit and rng.random() < 0.5:  # noqa: PLR2004 - days must come out as they went in
            return linear * gain, []
        lamps = self._more_lamps(rng, kind, height, width)
        if rng.random() < DUSK:
            return dusk(rng, linear), lamps
        return darken(rng, linear, lamps), lamps

    def _more_lamps(
        self, rng: np.random.Generator, kind: str, height: int, width: int
    ) -> list[Lamp]:
        """Painted lamps beside those of the picture: in the frame, off it, and the moon."""
        share = PAINTED[kind]
        lamps = []
        if rng.random() < share * self.chances.lamps:
            lamps = sample_lamps(rng, height, width)[: 3 if kind == "hdr" else None]
        if rng.random() < self.chances.off_frame:
            lamps.append(sample_off_frame(rng, height, width))
        moon = self.chances.moon
        if rng.random() < (moon if moon == 1 else moon * share):
            lamps.append(sample_moon(rng, height, width))
        return lamps

    def _layer(
        self, rng: np.random.Generator, lamps: list[Lamp], height: int, width: int
    ) -> tuple[Tensor, tuple[str, ...]]:
        """Scattered light (3, H, W) in display units, its level drawn where it can be seen.

        Returns:
            the light, and what it is made of.
        """
        layer = torch.zeros(3, height, width)
        kinds: tuple[str, ...] = ()
        if self.bank.count:
            layer, kinds = self._scattered(rng, lamps, height, width)
        for lamp in lamps:
            if lamp.halo:
                layer = layer + torch.from_numpy(halo(rng, lamp, height, width))
                kinds = (*kinds, "moon")
        ring = torch.quantile(layer.mean(0)[::4, ::4].flatten(), 0.99)
        level = log_uniform(rng, *LEVEL)
        layer = layer * (level / (ring + 1e-9))
        if rng.random() < self.chances.ghosts:
            layer = layer + ghosts(rng, lamps, height, width) * (level / 0.3)
            kinds = (*kinds, "ghosts")
        if rng.random() < self.chances.film:
            layer = layer + film(rng, lamps, height, width)
            kinds = (*kinds, "film")
        if rng.random() < DIRTY:
            layer = layer * torch.from_numpy(dirt.dirt(rng, height, width))
        return layer, kinds

    def _scattered(
        self, rng: np.random.Generator, lamps: list[Lamp], height: int, width: int
    ) -> tuple[Tensor, tuple[str, ...]]:
        """What one glass scatters, (3, H, W): one kernel, or two or three that differ by place.

        They differ by the place that a pixel is seen through, or by that of the lamp, whose light
        then carries its kernel to everywhere.
        """
        count = int(rng.choice(3, p=MIXED)) + 1
        drawn = [self.bank.choose(rng) for _ in range(count)]
        kinds = tuple(dict.fromkeys(kind for _, shown in drawn for kind in shown))
        if count == 1:
            return scatter(lamps, drawn[0][0], height, width), kinds
        layer = torch.zeros(3, height, width)
        maps = dirt.shares(rng, count, height, width)
        by_lamp = rng.random() < 0.5  # noqa: PLR2004 - a coin
        for (kernel, _), share in zip(drawn, maps, strict=True):
            if by_lamp:
                part = [_dimmed(lamp, share) for lamp in lamps]
                layer += scatter(part, kernel, height, width)
            else:
                layer += scatter(lamps, kernel, height, width) * torch.from_numpy(share)
        return layer, kinds


def _dimmed(lamp: Lamp, share: npt.NDArray[np.float32]) -> Lamp:
    """A lamp as bright as a map (H, W) says at its place, or at the nearest one in the frame."""
    h, w = share.shape
    y, x = min(max(round(lamp.y), 0), h - 1), min(max(round(lamp.x), 0), w - 1)
    return replace(lamp, radiance=lamp.radiance * float(share[y, x]))
