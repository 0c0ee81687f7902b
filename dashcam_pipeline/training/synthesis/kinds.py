"""All kinds of glare by name, and how often each occurs.

Kinds of the scatter kernel are drawn per lens (``psf``); the others per sample (``Chances``). Every
one is drawn from the sample's own seed and can be switched off: a kernel's kind by leaving it out
of ``KernelBank.kinds``, another by a chance of 0.
"""

from __future__ import annotations

from dataclasses import dataclass

KERNEL = {
    "moffat": "core glow and near bloom round a lamp",
    "veil": "wide haze of one lamp, falling off with the distance",
    "shimmer": "fine spokes all around",
    "fan": "the bundle of streaks across the wiper's direction",
    "streaks": "single thin lines, plain or in rainbow colours",
    "aperture": "|FFT|^2 of a dirty aperture over three bands of wavelengths",
    "rings": "coloured rings, as in mist or on fogged glass",
    "freeform": "any profile along radius and angle, so that no look is relied on",
}
"""What a lens does to every point of light; all lamps of a picture share it."""

MEASURED = {
    "corona": "coloured diffraction rings of droplets",
    "anamorphic": "a level, mostly blue band through every lamp",
}
"""Kinds of the kernel that no training uses: models are measured on them."""

BESIDE = {
    "ghosts": "reflections between lens surfaces, mirrored through the centre",
    "moon": "the moon, half a degree wide, with its halo",
    "haze": "an even grey veil over the whole glass",
}
"""What comes beside the kernel."""

SCENE = {
    "reflections": "lamps mirrored in a wet road: no glare, they stay in the target",
    "clutter": "posts, wires and lane marks: bright lines that are no glare and stay",
}
"""Light that looks like glare and belongs to the scene."""

ALL = {**KERNEL, **MEASURED, **BESIDE, **SCENE}
"""All kinds."""


@dataclass(frozen=True, slots=True)
class Chances:
    """How often what is not of the kernel occurs; 0 is never, 1 is always and on any background.

    Between the two, lamps, moon and lamps off the frame are rarer on backgrounds that have their
    own lamps.

    Args:
        lamps: painted lamps in the frame: street lamps, cars, signals.
        off_frame: a lamp outside the frame that shines in.
        moon, ghosts, haze: as in ``BESIDE``.
        reflections, clutter: as in ``SCENE``.
    """

    lamps: float = 1.0
    off_frame: float = 0.14
    moon: float = 0.06
    ghosts: float = 0.15
    haze: float = 0.2
    reflections: float = 0.05
    clutter: float = 0.1


def select(names: tuple[str, ...]) -> tuple[tuple[str, ...], Chances]:
    """The kernel's kinds and the chances that show just the named kinds, each as often as it can.

    Args:
        names: of ``ALL``; what isn't named does not occur.
    """
    sure = {name: float(name in names) for name in (*BESIDE, *SCENE)}
    kernel = tuple(name for name in (*KERNEL, *MEASURED) if name in names)
    return kernel, Chances(**sure)
