"""Flare7K and Flare7K++ (Dai et al., NeurIPS 2022 and arXiv 2306.04236).

The set is layers of light on black, to be added to pictures of one's own, and a real test set::

    DIR/Flare7K/Scattering_Flare/Compound_Flare/000000.png  5,000 flares, the lamp among them
    DIR/Flare7K/Scattering_Flare/Light_Source/000000.png    the lamp alone, which is to stay
    DIR/Flare7K/Reflective_Flare/000000.png                 2,000 ghosts
    DIR/Flare-R/Compound_Flare, Light_Source                962 flares taken in a dark room (++)
    DIR/test_data/real/input, gt, mask                      100 real pairs with masks

Any of ``DIR``, ``DIR/Flare7K`` and ``DIR/Flare-R`` may be given. The set's own name is written in
different ways (Flare7k, Flare7K), so folders are found whatever their case.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

from dashcam_pipeline.errors import InputError, InputMissingError
from dashcam_pipeline.training.data.pairs import (
    check_partners,
    pictures,
)

if TYPE_CHECKING:
    from pathlib import Path

FLARE, LAMP, GHOST = "Compound_Flare", "Light_Source", "Reflective_Flare"

ADVICE = (
    "Its folder holds Flare7K/Scattering_Flare/Compound_Flare and .../Light_Source, "
    "or Flare-R/Compound_Flare and Flare-R/Light_Source."
)


@dataclass(frozen=True, slots=True)
class FlareFiles:
    """Layers of one lamp: all of its light, and the lamp alone; one name, one size."""

    flare: Path
    lamp: Path


@dataclass(frozen=True, slots=True)
class Flare7K:
    """The layers of the set.

    Args:
        drawn: flares drawn by rule (Flare7K); may be empty.
        taken: flares taken with real lenses (Flare-R); may be empty.
        ghosts: reflective flares, which go with drawn ones; may be empty.
    """

    drawn: tuple[FlareFiles, ...]
    taken: tuple[FlareFiles, ...]
    ghosts: tuple[Path, ...]

    @classmethod
    def find(cls, folder: Path) -> Self:
        """The layers below a folder.

        Raises:
            InputError: it isn't a folder of the set, a layer has no lamp of its name, or a folder
                of layers is empty.
        """
        root = _child(folder, "Flare7K") or folder
        scattering = _child(root, "Scattering_Flare")
        taken = _child(folder, "Flare-R") or (folder if _child(folder, FLARE) else None)
        if taken is not None and taken.name.lower() == "scattering_flare":
            raise InputError(
                f"{folder} is one part of the set", advice=f"Give {folder.parent} instead."
            )
        if scattering is None and taken is None:
            raise _explain(folder)
        ghosts = _child(root, GHOST)
        return cls(
            _layers(scattering) if scattering else (),
            _layers(taken) if taken else (),
            tuple(pictures(ghosts, "").values()) if ghosts else (),
        )


def _child(folder: Path, name: str) -> Path | None:
    """A folder's folder of that name in any case, None where there is none."""
    return next(
        (p for p in sorted(folder.iterdir()) if p.is_dir() and p.name.lower() == name.lower()),
        None,
    )


def _explain(folder: Path) -> InputError:
    """What is wrong with a folder without layers."""
    if folder.name.lower() in {FLARE.lower(), LAMP.lower(), GHOST.lower()}:
        above = folder.parent
        root = above.parent if above.name.lower() == "scattering_flare" else above
        return InputError(f"{folder} is one part of the set", advice=f"Give {root} instead.")
    inner = sorted(p for p in folder.rglob("*") if p.is_dir() and p.name.lower() == FLARE.lower())
    if inner:
        above = inner[0].parent
        root = above.parent if above.name.lower() == "scattering_flare" else above
        return InputError(f"{folder} isn't the set's folder", advice=f"Did you mean {root}?")
    return InputMissingError(f"{folder} holds no flares of Flare7K", advice=ADVICE)


def _layers(folder: Path) -> tuple[FlareFiles, ...]:
    """Flares and lamps of one folder, by name."""
    flare, lamp = _child(folder, FLARE), _child(folder, LAMP)
    if flare is None or lamp is None:
        raise InputMissingError(
            f"{folder} has no {FLARE if flare is None else LAMP}/",
            advice="The lamps came with a later edition: fetch Flare7K++.",
        )
    sides = {FLARE: pictures(flare, ""), LAMP: pictures(lamp, "")}
    check_partners(folder, sides)
    return tuple(FlareFiles(sides[FLARE][n], sides[LAMP][n]) for n in sorted(sides[FLARE]))
