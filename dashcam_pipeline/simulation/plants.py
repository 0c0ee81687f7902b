"""Trees, bushes and hedges: trunks with boughs and clouds of leaf cards."""

from __future__ import annotations

import numpy as np

from dashcam_pipeline.simulation.mesh import Array, Mesh, lathe

GREENS = (
    (0.05, 0.10, 0.025),
    (0.07, 0.12, 0.03),
    (0.04, 0.085, 0.03),
    (0.16, 0.10, 0.02),
    (0.19, 0.07, 0.015),
)

TREE_CARDS = 3600
BUSH_CARDS = 700
"""Leaf cards of a tree and of a bush; each stands for a twig with its leaves."""


def make_tree(
    rng: np.random.Generator,
    *,
    height: float,
    bare: bool = False,
    conifer: bool = False,
) -> Mesh:
    """A tree at the origin.

    Args:
        rng: decides its shape and colour.
        height: metres.
        bare: no leaves (winter).
        conifer: a spruce rather than a broad crown.
    """
    mesh = Mesh()
    green = np.array(GREENS[int(rng.integers(5 if rng.random() < 0.3 else 3))])  # share in autumn
    trunk = height * (0.25 if conifer else 0.38)
    girth = 0.018 * height + 0.06
    lean = rng.normal(0, 0.04 * height, 2)
    knots = np.linspace(0, 1, 5)
    core = np.stack([lean[0] * knots**2, lean[1] * knots**2, knots * height * 0.85], -1)
    bark = (*(np.array((0.09, 0.07, 0.055)) * rng.uniform(0.7, 1.4)), 0.0)
    lathe(mesh, core, girth * (1 - 0.85 * knots), "bark", bark, sides=7)
    if conifer:
        z = trunk * 0.4 + (height - trunk * 0.4) * (1 - np.sqrt(rng.random(TREE_CARDS)))
        reach = (height - z) * 0.28 * (0.75 + 0.25 * np.sin(z * 5.0))
        turn = rng.uniform(0, 2 * np.pi, TREE_CARDS)
        r = reach * np.sqrt(rng.random(TREE_CARDS))
        centres = np.stack([r * np.cos(turn), r * np.sin(turn), z - 0.15 * r], -1)
        _cards(mesh, rng, centres, 0.27, green * 0.6)
        return mesh
    tips = _boughs(mesh, rng, core, height, girth, bark, twigs=bare)
    if not bare:
        which = rng.integers(len(tips), size=TREE_CARDS)
        spread = height * 0.11 * rng.normal(0, 0.62, (TREE_CARDS, 3))
        _cards(mesh, rng, tips[which] + spread, 0.16 + 0.013 * height, green)
    return mesh


def _boughs(
    mesh: Mesh,
    rng: np.random.Generator,
    core: Array,
    height: float,
    girth: float,
    bark: tuple[float, ...],
    *,
    twigs: bool,
) -> Array:
    """Boughs off the trunk and branches off them; the places where leaves gather (n, 3)."""
    tips = [core[-1]]
    for k in range(11):
        start = core[2] * 0.45 + (core[-1] - core[2] * 0.45) * (k / 11)
        angle = k * 2.4 + rng.normal(0, 0.3)
        reach = height * 0.26 * (1.15 - 0.6 * k / 11) * rng.uniform(0.7, 1.15)
        out = np.array([np.cos(angle), np.sin(angle), rng.uniform(0.35, 0.9)]) * reach
        middle = start + out * 0.5 + (0, 0, 0.06 * height * rng.random())
        end = start + out
        lathe(mesh, [start, middle, end], [girth * 0.4, girth * 0.24, 0.02], "bark", bark, sides=5)
        tips += [middle, end, end]
        for _ in range(6 if twigs else 2):
            base = start + (end - start) * rng.uniform(0.4, 1.0)
            tip = base + out * 0.35 + rng.normal(0, 0.09 * height, 3)
            lathe(mesh, [base, tip], [girth * 0.13, 0.012], "bark", bark, sides=4)
            tips.append(tip)
    return np.array(tips)


def _cards(mesh: Mesh, rng: np.random.Generator, centres: Array, size: float, green: Array) -> None:
    """Diamond-shaped leaf cards turned at random, darker towards the inside."""
    n = len(centres)
    u, v = rng.normal(size=(n, 3)), rng.normal(size=(n, 3))
    u /= np.linalg.norm(u, axis=1, keepdims=True)
    v -= u * (u * v).sum(1, keepdims=True)
    v /= np.linalg.norm(v, axis=1, keepdims=True)
    half = size * rng.uniform(0.5, 1.1, (n, 1))
    corners = np.stack(
        [
            centres - u * half,
            centres - v * half * 0.5,
            centres + u * half,
            centres + v * half * 0.5,
        ],
        1,
    )
    tint = np.concatenate([green * rng.uniform(0.6, 1.35, (n, 1)), np.zeros((n, 1))], 1)
    mesh.quads(corners, "leaf", tint)


def make_bush(rng: np.random.Generator, *, length: float = 1.5, height: float = 1.1) -> Mesh:
    """A bush or a stretch of hedge along local y."""
    mesh = Mesh()
    green = np.array(GREENS[int(rng.integers(3))])
    spot = rng.normal(0, 1, (BUSH_CARDS, 3))
    spot /= np.linalg.norm(spot, axis=1, keepdims=True) + 1e-9
    spot *= rng.uniform(0.6, 1.05, (BUSH_CARDS, 1))
    _cards(
        mesh,
        rng,
        spot * (height * 0.5, length * 0.5, height * 0.5) + (0, 0, height * 0.5),
        0.13,
        green,
    )
    return mesh
