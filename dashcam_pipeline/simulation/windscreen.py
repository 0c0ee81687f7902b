"""Windscreens to judge by: what they do to a simulated drive, by laws that no training uses.

Weights that were trained on one kind of made-up glare score well on that kind. So the clips of the
windscreen judge are filmed through another: the scatter depends on where on the glass a lamp's
light comes through, since dirt is not spread evenly; streaks are arcs in two bundles, as two wipers
leave them; the core is a stretched exponential and the haze a sum of wide Gaussians and an even
film; and the camera is a plain one, that clips each channel and takes the root. ``training`` must
never import this module, nor the scenes of ``SCENES`` be trained on; a test holds both.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from math import ceil
from typing import TYPE_CHECKING

import cv2
import numpy as np
import numpy.typing as npt

from dashcam_pipeline._version import __version__
from dashcam_pipeline.media.atomic import write_whole
from dashcam_pipeline.simulation.build import build_scene
from dashcam_pipeline.simulation.clip import START, burn_in, gps_fix
from dashcam_pipeline.simulation.film import write_film
from dashcam_pipeline.simulation.optics import GAMMA, expose
from dashcam_pipeline.simulation.pack import write_masks
from dashcam_pipeline.simulation.rain import add_rain
from dashcam_pipeline.simulation.recipe import make_recipe
from dashcam_pipeline.simulation.views import load_view

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from dashcam_pipeline.simulation.clip import Job

Image = npt.NDArray[np.float32]

SCENES = (
    ("city", 9003),
    ("city", 9004),
    ("rainy-city", 9001),
    ("rainy-city", 9004),
    ("highway", 9003),
    ("highway", 9008),
    ("country-moon", 9006),
    ("tunnel", 9002),
)
"""Kind and seed of every scene of the judge; trainings use none of these seeds."""

OTHER_SCENES = (
    ("city", 9101),
    ("city", 9102),
    ("rainy-city", 9101),
    ("rainy-city", 9102),
    ("highway", 9101),
    ("highway", 9102),
    ("country-moon", 9101),
    ("tunnel", 9101),
)
"""Others, to see what was won by choosing on the judge's own; trainings use none of them either."""

CLEAN_SCENES = (("city", 9004), ("highway", 9003))
"""Those that are filmed behind clean glass as well, as controls."""

PATCHES = 3
"""Kinds of dirt on one windscreen, each with a kernel of its own."""

CLEAN = 0.012
"""How much of a dirty windscreen's scatter a clean one has."""


@dataclass(frozen=True, slots=True)
class Dirt:
    """One kind of dirt; lengths are parts of the picture's width.

    Args:
        core: share of light in the core, and its scale.
        power: of the stretched exponential.
        haze: share of light in the wide haze, and its width.
        film: share of light that is spread evenly over the picture.
        streaks: share of light in each bundle.
        angles: of both bundles, degrees from the horizontal.
        bend: of their arcs, 1 / width.
        rays: in a bundle.
        spread: between the rays of a bundle, degrees.
        seed: of the rays.
    """

    core: tuple[float, float]
    power: float
    haze: tuple[float, float]
    film: float
    streaks: tuple[float, float]
    angles: tuple[float, float]
    bend: tuple[float, float]
    rays: int
    spread: float
    seed: int


@dataclass(frozen=True, slots=True)
class Windscreen:
    """The glass of one clip.

    Args:
        dirt: its kinds.
        seed: of where they lie.
        clean: it was washed a minute ago.
    """

    dirt: tuple[Dirt, ...]
    seed: int
    clean: bool


def draw_windscreen(seed: int, *, clean: bool = False) -> Windscreen:
    """Draw one from a seed; ``clean`` scatters next to nothing."""
    rng = np.random.default_rng([700, seed])
    less = CLEAN if clean else 1.0
    # The wipers leave the same two directions all over the glass, here more and there less.
    angles = (float(rng.uniform(25, 80)), float(rng.uniform(100, 155)))
    bend = (float(rng.uniform(-0.8, 0.8)), float(rng.uniform(-0.8, 0.8)))
    rays, spread = int(rng.integers(5, 12)), float(rng.uniform(1.5, 5))
    dirt = tuple(
        Dirt(
            core=(less * float(rng.uniform(0.08, 0.2)), float(rng.uniform(0.0006, 0.002))),
            power=float(rng.uniform(0.45, 0.65)),
            haze=(less * float(rng.uniform(0.03, 0.1)), float(rng.uniform(0.08, 0.25))),
            film=less * float(rng.uniform(0.01, 0.05)),
            streaks=(less * float(rng.uniform(0.005, 0.05)), less * float(rng.uniform(0, 0.03))),
            angles=angles,
            bend=bend,
            rays=rays,
            spread=spread,
            seed=int(rng.integers(1 << 30)),
        )
        for _ in range(PATCHES)
    )
    return Windscreen(dirt, seed, clean)


def make_kernel(dirt: Dirt, height: int, width: int) -> Image:
    """The point spread of light scattered by one kind of dirt, without its even film.

    Returns:
        (2 * height - 1, 2 * width - 1) float32, not negative, the centre in the middle; it sums to
        the shares of core, haze and streaks.
    """
    y, x = np.mgrid[1 - height : height, 1 - width : width].astype(np.float32) / np.float32(width)
    r = np.hypot(x, y)
    rng = np.random.default_rng([701, dirt.seed])
    parts = [
        (np.exp(-((r / dirt.core[1]) ** dirt.power)), dirt.core[0]),
        (
            np.exp(-0.5 * (r / dirt.haze[1]) ** 2)
            + 0.3 * np.exp(-0.5 * (r / (3 * dirt.haze[1])) ** 2),
            dirt.haze[0],
        ),
    ]
    for share, angle, bend in zip(dirt.streaks, dirt.angles, dirt.bend, strict=True):
        parts.append((_bundle(rng, dirt, x, y, angle, bend), share))
    total: Image = np.zeros_like(r)
    for layer, share in parts:
        total += layer * np.float32(share / max(float(layer.sum(dtype=np.float64)), 1e-9))
    return np.asarray(total, np.float32)


def _bundle(
    rng: np.random.Generator, dirt: Dirt, x: Image, y: Image, angle: float, bend: float
) -> Image:
    """Arcs through the centre, nearly parallel: lines that bend away from their tangent."""
    total = np.zeros_like(x)
    pixel = 2.0 / (x.shape[1] + 1)
    for _ in range(dirt.rays):
        turn = np.radians(angle + rng.normal(0, dirt.spread))
        along = x * np.cos(turn) - y * np.sin(turn)
        across = x * np.sin(turn) + y * np.cos(turn) - np.float32(bend) * along * along
        wide = max(float(rng.uniform(0.0007, 0.0025)), 0.7 * pixel) + 0.006 * np.abs(along)
        reach = float(rng.uniform(0.05, 0.35))
        side = np.where(along > 0, rng.uniform(0.2, 1), rng.uniform(0.2, 1))
        fade = np.exp(-((np.abs(along) / reach) ** 0.8)) / (np.abs(along) + 0.01)
        total += (
            rng.uniform(0.3, 1) * side * fade / wide * np.exp(-((across / wide) ** 2))
        ).astype(np.float32)
    return total


class Scatter:
    """The light that one windscreen adds to pictures of one size.

    Args:
        glass: its dirt.
        height, width: of the pictures, pixels.
    """

    def __init__(self, glass: Windscreen, height: int, width: int) -> None:
        self._glass, self._size = glass, (height, width)
        self._fast = tuple(cv2.getOptimalDFTSize(2 * n) for n in self._size)
        self._places = _places(glass, height, width)
        self._spectra = [self._transform(make_kernel(d, height, width)) for d in glass.dirt]

    def __call__(self, radiance: Image) -> Image:
        """What to add to a picture (H, W, 3) of linear light; of the same shape, float32."""
        height, width = self._size
        total = np.zeros_like(radiance)
        for dirt, place, spectrum in zip(
            self._glass.dirt, self._places, self._spectra, strict=True
        ):
            for i in range(3):
                through = radiance[..., i] * place
                full = np.fft.irfft2(self._transform(through) * spectrum, self._fast)
                part = full[height - 1 : 2 * height - 1, width - 1 : 2 * width - 1]
                total[..., i] += np.maximum(part, 0) + np.float32(dirt.film) * through.mean()
        return total

    def _transform(self, plane: Image) -> npt.NDArray[np.complexfloating]:
        return np.asarray(np.fft.rfft2(plane, self._fast))


def _places(glass: Windscreen, height: int, width: int) -> Image:
    """Where each kind of dirt lies: (PATCHES, H, W), 0 to 1, sums to 1 everywhere."""
    rng = np.random.default_rng([702, glass.seed])
    noise = rng.standard_normal((len(glass.dirt), 5, 8)).astype(np.float32)
    fields = np.stack(
        [cv2.resize(n, (width, height), interpolation=cv2.INTER_CUBIC) for n in noise]
    )
    weights = np.exp(2.0 * fields)
    return np.asarray(weights / weights.sum(axis=0), np.float32)


def develop_plainly(
    radiance: Image, gain: float, noise: tuple[float, float], key: tuple[int, int]
) -> npt.NDArray[np.uint8]:
    """Film a picture with a plain camera: gain, noise, clip, root, eight bits.

    Args:
        radiance: (H, W, 3), linear.
        gain: radiance times gain has its white at 1.
        noise: variance a unit of signal, and standard deviation in the dark.
        key: of the noise: seed and frame.

    Returns:
        (H, W, 3) uint8, R'G'B'.
    """
    signal = np.minimum(radiance * np.float32(gain), 1e4).astype(np.float32)
    grain = np.random.default_rng([703, *key]).standard_normal(signal.shape, np.float32)
    grain = 1.4 * cv2.GaussianBlur(grain, (0, 0), 0.6)
    noisy = signal + grain * np.sqrt(noise[0] * np.minimum(signal, 1) + noise[1] ** 2)
    return np.asarray(np.rint(np.clip(noisy, 0, 1) ** (1 / GAMMA) * 255), np.uint8)


def film_windscreen(
    job: Job, rendered: Path, out: Path, glass: Windscreen, *, crf: int = 22
) -> None:
    """Film rendered views behind a windscreen and without it.

    Args:
        job: as rendered.
        rendered: folder of ``render_frames``.
        out: folder of the clip: night-glare.mp4, night-truth.mp4, masks.mkv, truth.json.
        glass: in front of the camera.
        crf: of x264.
    """
    scene = build_scene(make_recipe(job.kind, job.seed))
    views = [rendered / "frames" / f"{i:05d}.night.npz" for i in range(job.count)]
    scatter = Scatter(glass, job.height, job.width)
    rng = np.random.default_rng([704, job.seed])
    # Exposed for what the camera sees, which is the glare as well.
    seen = [load_view(view)[0] for view in (views[0], views[-1])]
    brightness = float(rng.uniform(0.28, 0.36))
    gain = min(expose(light + scatter(light), brightness) for light in seen)
    noise = float(rng.uniform(4e-4, 1.5e-3)), float(rng.uniform(1e-3, 2.5e-3))
    fixes = [gps_fix(scene, s) for s in range(ceil(job.count / job.fps))]
    facts = {"creation_time": START.isoformat(), "comment": "simulated, not recorded"}

    def pictures(*, behind: bool) -> Iterator[npt.NDArray[np.uint8]]:
        for i, view in enumerate(views):
            light = add_rain(load_view(view)[0], scene.recipe, i, job.time(i))
            if behind:
                light = light + scatter(light)
            picture = develop_plainly(light, gain, noise, (job.seed, i))
            yield burn_in(picture, fixes[int(job.time(i))])

    out.mkdir(parents=True, exist_ok=True)
    for name, behind in (("night-glare.mp4", True), ("night-truth.mp4", False)):
        write_film(
            out / name, pictures(behind=behind), job.fps, fixes=fixes, crf=crf, metadata=facts
        )
    write_masks(out / "masks.mkv", (load_view(view)[1] for view in views), job.fps)
    truth = {
        "version": __version__,
        "scene": job.kind,
        "seed": job.seed,
        "frames": job.count,
        "fps": str(job.fps),
        "glass": asdict(glass),
        "gain": gain,
        "noise": noise,
    }
    write_whole(out / "truth.json", json.dumps(truth, indent=1) + "\n", overwrite=True)
