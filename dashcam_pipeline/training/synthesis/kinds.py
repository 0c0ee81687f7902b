"""All kinds of glare by name, and how often those occur that are not of the kernel.

A kind is one function with a decorator (``kind``); this module loads the modules that have one.
Kinds of the scatter kernel are drawn per lens (``lens``); the others per sample (``Chances``). Each
is drawn from the sample's own seed and can be switched off: a kernel's kind by leaving it out
of ``KernelBank.kinds``, another by a chance of 0.
"""

from __future__ import annotations

from dataclasses import dataclass

# Modules whose kinds register themselves.
from dashcam_pipeline.training.synthesis import (
    clutter,
    ghosts,
    haze,
    lamplight,
    lens,
    moon,
    motorway,
    reflections,
)
from dashcam_pipeline.training.synthesis.kind import named

__all__ = ["ALL", "BESIDE", "KERNEL", "MEASURED", "SCENE", "Chances", "select"]

LOADED = (lens, ghosts, moon, haze, reflections, clutter, lamplight, motorway)
"""Where kinds come from."""

KERNEL = named("kernel")
"""What a lens does to every point of light; all lamps of a picture share it."""

MEASURED = named("kernel", held_out=True)
"""Kinds of the kernel that no training uses: models are measured on them."""

BESIDE = named("beside")
"""What comes beside the kernel."""

SCENE = named("scene")
"""Light that looks like glare and belongs to the scene."""

ALL = {**KERNEL, **MEASURED, **BESIDE, **SCENE}
"""All kinds, with a description each."""


@dataclass(frozen=True, slots=True)
class Chances:
    """How often what is not of the kernel occurs; 0 is never, 1 is always and on any background.

    Between the two, lamps and moon are rarer on backgrounds that have their own lamps.

    Args:
        lamps: painted lamps in the frame: street lamps, cars, signals.
        off_frame: a lamp outside the frame that shines in.
        moon, ghosts, haze, film: as in ``BESIDE``.
        reflections, clutter, lamplight, motorway: as in ``SCENE``.
    """

    lamps: float = 1.0
    off_frame: float = 0.3
    moon: float = 0.06
    ghosts: float = 0.12
    haze: float = 0.2
    film: float = 0.45
    reflections: float = 0.1
    clutter: float = 0.25
    lamplight: float = 0.35
    motorway: float = 0.2


def select(names: tuple[str, ...]) -> tuple[tuple[str, ...], Chances]:
    """The kernel's kinds and the chances that show just the named kinds, each as often as it can.

    Args:
        names: of ``ALL``; what isn't named does not occur.
    """
    sure = {name: float(name in names) for name in (*BESIDE, *SCENE)}
    kernel = tuple(name for name in (*KERNEL, *MEASURED) if name in names)
    return kernel, Chances(**sure)
