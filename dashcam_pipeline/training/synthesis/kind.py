"""What a kind of glare is: one function, and a decorator that names it.

    @glare_kind("moffat", "core glow and near bloom", lenses={"hazy": (0.9, 0.3, 2.0)})
    def moffat(rng: Generator, p: Polar) -> Grid: ...

A kind of the scatter kernel takes (rng, ``Polar``) and gives what a point of light adds round
itself, shape (N, N) or (3, N, N), in any unit; ``lens`` mixes the kinds. Other kinds have arguments
of their own and are called by ``glare``. ``kinds`` has the list of all.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    Share = tuple[float, float, float]

Part = Literal["kernel", "beside", "scene"]
"""Where a kind belongs: to the scatter kernel that all lamps of a picture share, to what comes
beside it, or to the scene, as light that only looks like glare and stays."""

Maker = TypeVar("Maker", bound="Callable[..., Any]")


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of glare.

    Args:
        name: on the command line and in ``kinds.csv``.
        description: what is seen, in a line.
        make: the generator.
        part: see ``Part``.
        held_out: no training uses it; models are measured on it.
        lenses: by family of lenses its chance, and its smallest and largest share of the light.
    """

    name: str
    description: str
    make: Callable[..., Any]
    part: Part = "kernel"
    held_out: bool = False
    lenses: Mapping[str, Share] = field(default_factory=dict)


REGISTERED: dict[str, Kind] = {}
"""Kinds by name, in the order in which their modules were loaded."""


def glare_kind(
    name: str,
    description: str,
    *,
    part: Part = "kernel",
    held_out: bool = False,
    lenses: Mapping[str, Share] | None = None,
) -> Callable[[Maker], Maker]:
    """Register a generator; see ``Kind`` for the arguments.

    Raises:
        ValueError: the name is taken, or a held-out kind would occur in lenses.
    """
    if name in REGISTERED:
        raise ValueError(f"there are two kinds of glare named {name!r}")
    if held_out and lenses:
        raise ValueError(f"{name!r} is held out and can't be part of training's lenses")

    def register(make: Maker) -> Maker:
        REGISTERED[name] = Kind(name, description, make, part, held_out, dict(lenses or {}))
        return make

    return register


def named(part: Part, *, held_out: bool = False) -> dict[str, str]:
    """Descriptions by name of the kinds of one part that are registered by now."""
    return {
        kind.name: kind.description
        for kind in REGISTERED.values()
        if kind.part == part and kind.held_out == held_out
    }
