"""How a lens and a windscreen scatter one point of light.

A *scatter kernel* is what a point source adds around itself, in linear light, without the point
itself: shape (3, N, N), float32, non-negative, normalised so that its mean luma on the circle of
radius ``REFERENCE_RADIUS`` is 1. A lamp's strength is then chosen where it can be seen, and
kernels of every shape become comparable.

Each kind of glare is a function of polar coordinates (radius in frame heights, angle in radians)
and a generator; ``sample_kernel`` draws a mixture of them as a lens would show it.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    import numpy.typing as npt

    Grid = npt.NDArray[np.floating[Any]]
    Generator = np.random.Generator

REFERENCE_RADIUS = 0.06
"""Where a kernel's mean is 1, in frame heights: just outside the bloom of a near lamp."""

WAVELENGTHS = (0.620, 0.540, 0.460)
"""Micrometres: the centres of the red, green and blue bands; diffraction scales with them."""


@dataclass(frozen=True, slots=True)
class Polar:
    """Coordinates round the source: radius in frame heights, angle, and the two axes."""

    radius: Grid
    angle: Grid
    x: Grid
    y: Grid

    @classmethod
    def square(cls, size: int, frame_height: int) -> Polar:
        """Coordinates of a square of ``size`` pixels around a source at its centre."""
        axis = (np.arange(size, dtype=np.float32) - size // 2) / frame_height
        x, y = np.meshgrid(axis, axis)
        return cls(np.hypot(x, y), np.arctan2(y, x), x, y)


def log_uniform(rng: Generator, low: float, high: float) -> float:
    """Draw a number whose logarithm is uniform."""
    return float(math.exp(rng.uniform(math.log(low), math.log(high))))


def _angular_noise(rng: Generator, angle: Grid, sharpness: float) -> Grid:
    """Noise of mean about 1 that depends on the angle alone: where dirt and scratches lie."""
    count = 2048
    white = rng.standard_normal(count)
    frequency = np.fft.rfftfreq(count, 1 / count)
    cutoff = log_uniform(rng, 6, 200)
    smooth = np.fft.irfft(np.fft.rfft(white) * np.exp(-((frequency / cutoff) ** 2)), count)
    smooth /= smooth.std() + 1e-9
    ring = np.exp(sharpness * smooth)
    ring /= ring.mean()
    index = (angle + math.pi) / (2 * math.pi) * count
    return np.interp(index, np.arange(count + 1), np.append(ring, ring[0])).astype(np.float32)


def moffat(rng: Generator, p: Polar) -> Grid:
    """Core glow and bloom: the Moffat profile (1 + (r/a)^2)^-b, wide-winged as optics are."""
    width = log_uniform(rng, 0.006, 0.1)
    power = rng.uniform(1.2, 3.5)
    return np.power(1 + (p.radius / width) ** 2, -power, dtype=np.float32)


def veil(rng: Generator, p: Polar) -> Grid:
    """Wide haze: the heavy tail (r + r0)^-p of scatter in the lens and on the glass."""
    soft = log_uniform(rng, 0.02, 0.15)
    return np.power((p.radius + soft) / soft, -rng.uniform(1.2, 2.4), dtype=np.float32)


def shimmer(rng: Generator, p: Polar) -> Grid:
    """Spokes all around: angular noise that fades with the radius."""
    soft = log_uniform(rng, 0.005, 0.03)
    fall = np.power((p.radius + soft) / soft, -rng.uniform(1.3, 2.2), dtype=np.float32)
    return fall * _angular_noise(rng, p.angle, rng.uniform(0.5, 1.5))


def wiper_fan(rng: Generator, p: Polar, direction: float) -> Grid:
    """The fan that a wiper's fine arcs make: a bundle of streaks across the wiping direction."""
    spread = log_uniform(rng, 0.02, 0.2)
    turn = np.angle(np.exp(1j * 2 * (p.angle - direction))) / 2
    fan = np.exp(-(np.abs(turn / spread) ** rng.uniform(1.0, 2.0))).astype(np.float32)
    length = log_uniform(rng, 0.08, 0.7)
    fall = np.exp(-p.radius / length) / (p.radius + 0.01)
    lopsided = 1 + rng.uniform(-0.9, 0.9) * np.sign(np.cos(p.angle - direction))
    return (fan * fall * lopsided * _angular_noise(rng, p.angle, 0.7)).astype(np.float32)


def streak(rng: Generator, p: Polar, direction: float) -> Grid:
    """A thin line through the source, coloured where a smear acts as a grating.

    Returns shape (3, N, N): the orders of the grating lie at distances in proportion to the
    wavelength (the grating equation for small angles), so that the line turns into rainbows.
    """
    along = p.x * math.cos(direction) + p.y * math.sin(direction)
    across = np.abs(p.y * math.cos(direction) - p.x * math.sin(direction))
    curve = rng.normal(0, 0.05)
    across = np.abs(across + curve * along * along)
    # No thinner than a pixel at the work size, or a slanted line turns into dots.
    width = log_uniform(rng, 0.0025, 0.009) + np.abs(along) * log_uniform(rng, 0.0002, 0.015)
    profile = np.exp(-((across / width) ** 2)) * (0.004 / width) ** rng.uniform(0, 1)
    length = log_uniform(rng, 0.06, 4.0)
    distance = np.abs(along)
    fall = np.exp(-distance / length) * np.power(distance + 0.02, -rng.uniform(0.1, 1.1))
    side = np.where(along >= 0, 1.0, rng.choice([1.0, 1.0, rng.uniform(0, 1)]))
    line = (profile * fall * side).astype(np.float32)
    if rng.random() < 0.5:  # noqa: PLR2004 - a coin
        return np.repeat(line[None], 3, axis=0)
    period = log_uniform(rng, 0.02, 0.3)
    depth = rng.uniform(0.2, 0.95)
    phase = rng.uniform(0, 2 * math.pi)
    return np.stack(
        [
            line * (1 + depth * np.cos(2 * math.pi * distance / (period * w / 0.54) + phase))
            for w in WAVELENGTHS
        ]
    ).astype(np.float32)


def dirty_aperture(rng: Generator, size: int, frame_height: int) -> Grid:
    """Fraunhofer diffraction |FFT|^2 of a pupil with dust and scratches, over wavelengths.

    Returns shape (3, size, size). A pattern scales with the wavelength (Goodman, Introduction to
    Fourier Optics, 4.4), so the three bands are the same pattern at three sizes.
    """
    import cv2  # noqa: PLC0415 - kept out of the other kinds' way

    n = 512
    axis = np.linspace(-1, 1, n, dtype=np.float32)
    x, y = np.meshgrid(axis, axis)
    blades = int(rng.integers(5, 10))
    turn = rng.uniform(0, math.pi)
    angle = np.arctan2(y, x) + turn
    wedge = np.cos(np.mod(angle, 2 * math.pi / blades) - math.pi / blades)
    shape = np.hypot(x, y) * (wedge if rng.random() < 0.5 else 1.0)  # noqa: PLR2004 - a coin
    pupil = (shape < rng.uniform(0.25, 0.5)).astype(np.float32)
    for _ in range(int(rng.integers(0, 40))):
        centre = (int(rng.integers(0, n)), int(rng.integers(0, n)))
        cv2.circle(pupil, centre, int(rng.integers(1, 7)), float(rng.uniform(0, 0.9)), -1)
    direction = rng.uniform(0, math.pi)
    for _ in range(int(rng.integers(0, 60))):
        start = rng.uniform(0, n, 2)
        bend = direction + rng.normal(0, 0.15)
        step = np.array([math.cos(bend), math.sin(bend)]) * rng.uniform(20, 300)
        a, b = (tuple(int(v) for v in q) for q in (start, start + step))
        cv2.line(pupil, a, b, float(rng.uniform(0, 0.9)), int(rng.integers(1, 3)), cv2.LINE_AA)
    power = np.abs(np.fft.fftshift(np.fft.fft2(pupil))) ** 2
    power = np.maximum(power, 0).astype(np.float32)
    power /= power.max()
    base = rng.uniform(1.0, 2.5) * frame_height / 288
    bands = []
    for w in WAVELENGTHS:
        total = np.zeros((size, size), np.float32)
        for offset in (-0.05, -0.025, 0.0, 0.025, 0.05):
            zoom = base * (w + offset) / 0.54
            matrix = np.array(
                [[zoom, 0, size / 2 - zoom * n / 2], [0, zoom, size / 2 - zoom * n / 2]],
                np.float32,
            )
            total += cv2.warpAffine(power, matrix, (size, size), flags=cv2.INTER_LINEAR)
        bands.append(total / 5)
    return np.stack(bands)


def rings(rng: Generator, p: Polar) -> Grid:
    """Coloured rings, as a halo in mist or on a fogged glass; shape (3, N, N)."""
    radius = log_uniform(rng, 0.03, 0.3)
    width = radius * rng.uniform(0.06, 0.35)
    return np.stack(
        [
            np.exp(-(((p.radius - radius * (1 + 0.25 * (w - 0.54) / 0.16)) / width) ** 2))
            for w in WAVELENGTHS
        ]
    ).astype(np.float32)


def freeform(rng: Generator, p: Polar) -> Grid:
    """No lens in particular: any profile along the radius, any along the angle; (3, N, N).

    The logarithm of the light falls with that of the radius and wanders on its way, a little
    otherwise in each band; the whole is drawn out in some direction. What it looks like nobody has
    seen, which is the point: a network that knows it relies less on how the other kinds look.
    """
    turn, stretch = rng.uniform(0, math.pi), math.sqrt(log_uniform(rng, 1, 4))
    x = (p.x * math.cos(turn) + p.y * math.sin(turn)) / stretch
    y = (p.y * math.cos(turn) - p.x * math.sin(turn)) * stretch
    soft = log_uniform(rng, 0.005, 0.03)
    depth = np.log1p(np.hypot(x, y) / soft)
    knots = np.linspace(0, float(depth.max()), int(rng.integers(5, 25)))
    slope, depart, part = rng.uniform(1.2, 2.4), rng.uniform(0, 1), rng.uniform(0, 0.6)
    common = rng.standard_normal(len(knots))
    bands = []
    for _ in WAVELENGTHS:
        own = rng.standard_normal(len(knots))
        wander = depart * ((1 - part) * common + part * own)
        bands.append(np.exp(np.interp(depth, knots, wander - slope * knots)))
    light = np.stack(bands).astype(np.float32)
    if rng.random() < 0.5:  # noqa: PLR2004 - a coin
        light *= _angular_noise(rng, np.arctan2(y, x), rng.uniform(0.2, 1.0))
    return light


KINDS = ("moffat", "veil", "shimmer", "fan", "aperture", "rings", "streaks", "freeform")
"""Switchable kinds of glare that trainings use; ``held_out`` has those that they may not."""


@dataclass(frozen=True, slots=True)
class Lens:
    """One family of lenses: how often each kind occurs in it, and between which shares.

    Args:
        weight: how often the family is drawn.
        kinds: chance and smallest and largest share of each kind.
        streaks: fewest and most streaks through a source.
    """

    weight: float
    kinds: Mapping[str, tuple[float, float, float]]
    streaks: tuple[int, int]


LENSES = {
    "any": Lens(
        0.35,
        {
            "moffat": (0.9, 0.1, 2.0),
            "veil": (0.7, 0.1, 2.0),
            "shimmer": (0.6, 0.1, 2.0),
            "fan": (0.45, 0.2, 3.0),
            "aperture": (0.3, 0.1, 1.5),
            "rings": (0.12, 0.02, 0.3),
            "streaks": (0.65, 0.1, 2.0),
            "freeform": (0.4, 0.2, 3.0),
        },
        (1, 6),
    ),
    "smeared": Lens(  # a wiped lens or glass: a few long lines through every lamp, little bloom
        0.35,
        {
            "moffat": (0.5, 0.03, 0.5),
            "veil": (0.4, 0.03, 0.3),
            "shimmer": (0.35, 0.03, 0.5),
            "fan": (0.15, 0.1, 1.0),
            "streaks": (1.0, 0.3, 2.0),
        },
        (1, 4),
    ),
    "hazy": Lens(  # a film of dirt or breath: bloom and haze, few lines
        0.3,
        {
            "moffat": (0.9, 0.3, 2.0),
            "veil": (1.0, 0.3, 3.0),
            "shimmer": (0.25, 0.03, 0.4),
            "fan": (0.3, 0.1, 0.8),
            "rings": (0.05, 0.02, 0.2),
            "streaks": (0.15, 0.05, 0.4),
            "freeform": (0.3, 0.2, 2.0),
        },
        (1, 3),
    ),
}
"""Families of lenses. Phone cameras with a finger's smear, wipers' arcs and fogged windscreens look
so different that one mixture of everything shows none of them."""


def _draw_lens(rng: Generator) -> Lens:
    families = list(LENSES.values())
    weights = np.array([lens.weight for lens in families])
    return families[int(rng.choice(len(families), p=weights / weights.sum()))]


def sample_kernel(
    rng: Generator, size: int, frame_height: int, kinds: tuple[str, ...] = KINDS
) -> Grid:
    """The kernel of ``sample_lens`` alone."""
    return sample_lens(rng, size, frame_height, kinds)[0]


def sample_lens(
    rng: Generator, size: int, frame_height: int, kinds: tuple[str, ...] = KINDS
) -> tuple[Grid, tuple[str, ...]]:
    """One lens on one night: a mixture of kinds.

    Args:
        rng: seeded generator.
        size: side of the square in pixels (even).
        frame_height: height of the frames the kernel will serve, in pixels.
        kinds: which kinds may occur, of ``KINDS``; kinds of ``held_out`` occur if they are named.

    Returns:
        float32 array of shape (3, size, size), mean luma 1 at ``REFERENCE_RADIUS``, and the kinds
        that it is made of.
    """
    from dashcam_pipeline.training.synthesis.held_out import HELD_OUT  # noqa: PLC0415 - it imports us

    p = Polar.square(size, frame_height)
    at = np.abs(p.radius - REFERENCE_RADIUS) < 1.5 / frame_height
    total = np.zeros((3, size, size), np.float32)
    drawn: list[str] = []
    wiper = rng.normal(math.pi / 2, 0.35)
    lens = _draw_lens(rng)

    def add(layer: Grid, low: float, high: float, *, tint: float = 0.1) -> None:
        share = log_uniform(rng, low, high)
        layer = layer if layer.ndim == 3 else layer[None]  # noqa: PLR2004 - (3, N, N) or (N, N)
        colour = np.exp(rng.normal(0, tint, (3, 1, 1)))
        total[...] += share * colour * layer / (layer[:, at].mean() + 1e-6)

    def add_streaks(low: float, high: float) -> None:
        start = rng.uniform(0, math.pi)
        count = int(rng.integers(lens.streaks[0], lens.streaks[1] + 1))
        for i in range(count):
            regular = rng.random() < 0.5  # noqa: PLR2004 - a coin
            turn = start + (math.pi * i / count if regular else rng.uniform(0, math.pi))
            add(streak(rng, p, turn), low, high, tint=0.15)

    makers: dict[str, Callable[[float, float], None]] = {
        "moffat": lambda low, high: add(moffat(rng, p), low, high),
        "veil": lambda low, high: add(veil(rng, p), low, high),
        "shimmer": lambda low, high: add(shimmer(rng, p), low, high),
        "fan": lambda low, high: add(wiper_fan(rng, p, wiper), low, high),
        "aperture": lambda low, high: add(dirty_aperture(rng, size, frame_height), low, high),
        "rings": lambda low, high: add(rings(rng, p), low, high, tint=0.3),
        "streaks": add_streaks,
        "freeform": lambda low, high: add(freeform(rng, p), low, high),
    }
    for kind, (chance, low, high) in lens.kinds.items():
        if kind in kinds and rng.random() < chance:
            makers[kind](low, high)
            drawn.append(kind)
    for kind in kinds:
        if kind in HELD_OUT:
            add(HELD_OUT[kind](rng, p), 0.3, 2)
            drawn.append(kind)
    if not total.any():  # the lens drawn has none of the kinds asked for
        drawn.append(next((kind for kind in kinds if kind in makers), "moffat"))
        makers[drawn[0]](1.0, 1.0)
    total /= total[:, at].mean()
    # A source's own pixels hold the source; the finite square must not end in an edge.
    edge = np.clip((size / 2 / frame_height - p.radius) / 0.2, 0, 1) ** 2
    return np.minimum(total * edge, 3e4).astype(np.float32), tuple(drawn)
