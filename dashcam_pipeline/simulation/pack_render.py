"""Renders the raw scenes of a pack, one file each, so that it can be stopped and taken up again."""

from __future__ import annotations

from contextlib import nullcontext
from typing import TYPE_CHECKING

import numpy as np

from dashcam_pipeline.simulation.build import build_scene
from dashcam_pipeline.simulation.cpus import few_cpus
from dashcam_pipeline.simulation.optics import expose
from dashcam_pipeline.simulation.pack import PackScene, save_raw
from dashcam_pipeline.simulation.recipe import SceneKind, make_recipe
from dashcam_pipeline.simulation.silence import silence

if TYPE_CHECKING:
    from collections.abc import Iterator
    from contextlib import AbstractContextManager
    from pathlib import Path

MIX: tuple[SceneKind, ...] = (
    "city", "rainy-city", "city", "highway", "country-moon",
    "city", "rainy-city", "city", "highway", "country-moon",
    "city", "rainy-city", "city", "highway", "tunnel",
)  # fmt: skip
"""Kinds in turn, so that a part of a pack is as mixed as the whole."""


def render_pack(
    out: Path, *, count: int, first_seed: int, size: tuple[int, int], samples: int, threads: int
) -> Iterator[Path]:
    """Render scenes that aren't there yet.

    Args:
        out: folder of the raw files.
        count: scenes in the whole pack.
        first_seed: scene i has the seed ``first_seed + i``.
        size: (width, height), pixels.
        samples: light paths per pixel by night; by day half as many do.
        threads: of the renderer.

    Yields:
        each file as it is written.
    """
    out.mkdir(parents=True, exist_ok=True)
    guard: AbstractContextManager[None] = few_cpus(threads)  # while the pools are made
    for i in range(count):
        kind = MIX[i % len(MIX)]
        file = out / f"{i:04d}-{kind}-{first_seed + i}.npz"
        if file.exists():
            continue
        with guard:
            save_raw(file, _render(kind, first_seed + i, size, samples, threads))
        guard = nullcontext()
        yield file


def _render(
    kind: SceneKind, seed: int, size: tuple[int, int], samples: int, threads: int
) -> PackScene:
    """One scene by night and by day, both exposed as a camera would."""
    with silence(1, 2):
        # Only here: the renderer makes its thread pools when it is imported.
        from dashcam_pipeline.simulation.blender import Renderer  # noqa: PLC0415

    recipe = make_recipe(kind, seed)
    width, height = size
    renderer = Renderer(
        build_scene(recipe), width=width, height=height, samples=samples, threads=threads
    )
    night = renderer.render()
    day = renderer.render(night=False, samples=max(1, samples // 2))
    rng = np.random.default_rng([200, seed])
    dark = kind in {"country-moon", "highway"}
    night_gain = expose(
        night.rgb, float(rng.uniform(0.2, 0.3) if dark else rng.uniform(0.24, 0.36))
    )
    day_gain = expose(day.rgb, float(rng.uniform(0.44, 0.54)))
    info = {
        "kind": kind,
        "seed": seed,
        "gain": night_gain,
        "day_gain": day_gain,
        "wetness": recipe.wetness,
        "fov": recipe.fov,
        "lamps": recipe.lamps.colour if recipe.lamps else None,
        "samples": samples,
    }
    return PackScene(
        (night.rgb * night_gain).astype(np.float32),
        night.mask,
        (day.rgb * day_gain).astype(np.float32),
        info,
    )
