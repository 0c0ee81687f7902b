"""How a lens and a windscreen scatter one point of light: a mixture of kinds of glare.

A *scatter kernel* is what a point source adds around itself, in linear light, without the point
itself: shape (3, N, N), float32, non-negative, normalised so that its mean luma on the circle of
radius ``REFERENCE_RADIUS`` is 1. A lamp's strength is then chosen where it can be seen, and
kernels of every shape become comparable.

Each kind is a function of ``Polar`` coordinates with a decorator that says in which families of
lenses it occurs (``bloom``, ``streaks``, ``diffraction``; ``held_out`` for those that training
never uses); ``sample_lens`` draws a mixture of them as one glass would show it.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

# Modules whose kinds register themselves.
from dashcam_pipeline.training.synthesis import bloom, diffraction, held_out, streaks
from dashcam_pipeline.training.synthesis.kind import REGISTERED, named
from dashcam_pipeline.training.synthesis.polar import Polar, log_uniform

if TYPE_CHECKING:
    from dashcam_pipeline.training.synthesis.kind import Kind
    from dashcam_pipeline.training.synthesis.polar import Generator, Grid

__all__ = ["HELD_OUT", "KINDS", "LENSES", "bloom", "diffraction", "held_out", "streaks"]

KINDS = tuple(named("kernel"))
"""Kinds of the kernel that trainings use."""

HELD_OUT = tuple(named("kernel", held_out=True))
"""Kinds of the kernel that no training uses."""

LENSES = {"any": 0.3, "smeared": 0.4, "hazy": 0.3}
"""How often each family of lenses is drawn.

*any*: all kinds; *smeared*: a wiped lens or glass, lines through every lamp and little bloom;
*hazy*: a film of dirt or breath, bloom and haze, few lines. Phone cameras with a finger's smear,
wipers' arcs and fogged windscreens look so different that one mixture of everything shows none of
them.
"""

FADE = 0.6
"""Frame heights over which a kernel ends, so that a strong lamp off the frame shows no border."""

BRIGHTEST = 3e4
"""A kernel's largest value: a source's own pixels hold the source, not what it scatters."""


def sample_lens(
    rng: Generator, size: int, frame_height: int, kinds: tuple[str, ...] = KINDS
) -> tuple[Grid, tuple[str, ...]]:
    """One lens on one night: a mixture of kinds.

    Args:
        rng: seeded generator.
        size: side of the square in pixels (even).
        frame_height: height of the frames the kernel will serve, in pixels.
        kinds: which kinds may occur, of ``KINDS``; those of ``HELD_OUT`` occur if they are named.

    Returns:
        float32 array of shape (3, size, size), mean luma 1 at ``REFERENCE_RADIUS``, and the kinds
        that it is made of.
    """
    p = Polar.square(size, frame_height, wiper=rng.normal(math.pi / 2, 0.5))
    weights = np.array(list(LENSES.values()))
    family = list(LENSES)[int(rng.choice(len(weights), p=weights / weights.sum()))]
    asked = [kind for kind in REGISTERED.values() if kind.name in kinds and kind.part == "kernel"]
    total = np.zeros((3, size, size), np.float32)
    drawn: list[str] = []
    for kind in asked:
        chance, low, high = (1.0, 0.3, 2.0) if kind.held_out else kind.lenses.get(family, (0, 1, 1))
        if rng.random() < chance:
            total += _share(rng, p, kind) * np.float32(log_uniform(rng, low, high))
            drawn.append(kind.name)
    if not drawn:  # the lens drawn has none of the kinds asked for
        fallback = next(iter(asked), REGISTERED["moffat"])
        total += _share(rng, p, fallback)
        drawn.append(fallback.name)
    total /= total[:, p.ring].mean()
    # The finite square must not end in an edge.
    reach = size / 2 / frame_height
    edge = np.clip((reach - p.radius) / min(FADE, reach / 2), 0, 1) ** 2
    return np.minimum(total * edge, BRIGHTEST).astype(np.float32), tuple(drawn)


def _share(rng: Generator, p: Polar, kind: Kind) -> Grid:
    """A kind's light, a little tinted, 1 at the reference radius; (3, N, N)."""
    light = np.asarray(kind.make(rng, p), np.float32)
    light = light if light.ndim == 3 else light[None]  # noqa: PLR2004 - (3, N, N) or (N, N)
    tint = np.exp(rng.normal(0, 0.1, (3, 1, 1))).astype(np.float32)
    return np.asarray(tint * light / (light[:, p.ring].mean() + 1e-6), np.float32)
