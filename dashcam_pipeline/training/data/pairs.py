"""Pairs of pictures: one with glare, one without, of the same view.

A folder of pairs has one folder a side, and the same name in each::

    DIR/input/a.png    with glare          also found: flare/ and clear/,
    DIR/target/a.jpg   without             and input/ and gt/ with mask/ (Flare7K's real test set)

Names match without their suffix, and without the side's own name in front: ``input_000003.png``
belongs to ``gt_000003.png``.

    for files in find_pairs(Path("DIR")):
        pair = read_pair(files, max_side=720)
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import cv2
import numpy as np

from dashcam_pipeline.errors import InputError, InputMissingError
from dashcam_pipeline.training.data.align import align

if TYPE_CHECKING:
    from pathlib import Path

    import numpy.typing as npt

    RGB = npt.NDArray[np.uint8]

LAYOUTS = (("input", "target"), ("flare", "clear"), ("input", "gt"))
"""Names of the two sides: with glare, without."""

MASK = "mask"
"""Name of the folder of masks, where there is one."""

SUFFIXES = {".bmp", ".jpeg", ".jpg", ".png", ".tif", ".tiff", ".webp"}
"""Of pictures."""

ADVICE = (
    "A folder of pairs holds input/ (with glare) and target/ (without), "
    "with the same file names in both."
)


@dataclass(frozen=True, slots=True)
class PairFiles:
    """Where the pictures of a pair lie."""

    name: str
    input: Path
    target: Path
    mask: Path | None = None


@dataclass(frozen=True, slots=True)
class Pair:
    """A pair: two uint8 RGB pictures of one size, (H, W, 3)."""

    name: str
    input: RGB
    target: RGB


def find_pairs(folder: Path, names: Path | None = None) -> list[PairFiles]:
    """The pairs of a folder, sorted by name.

    Args:
        folder: with two sides as in ``LAYOUTS``.
        names: text file with a pair's name a line (what follows a blank is not read); all if None.

    Raises:
        InputError: a side is missing or empty, a picture has no partner, a listed pair isn't there,
            or the folder is one side of the pairs or holds them deeper down.
    """
    layout = layout_of(folder)
    if layout is None:
        raise explain(folder)
    sides = {side: pictures(folder / side, side) for side in layout}
    with_glare, without = (sides[side] for side in layout)
    check_partners(folder, sides)
    masks = pictures(folder / MASK, MASK) if (folder / MASK).is_dir() else None
    if masks is not None:
        check_partners(folder, {layout[0]: with_glare, MASK: masks})
    pairs = [
        PairFiles(name, with_glare[name], without[name], masks[name] if masks else None)
        for name in sorted(with_glare)
    ]
    return pairs if names is None else select(pairs, names)


def layout_of(folder: Path) -> tuple[str, str] | None:
    """The names of the two sides in a folder, None where it has none."""
    return next((pair for pair in LAYOUTS if all((folder / s).is_dir() for s in pair)), None)


def explain(folder: Path) -> InputError:
    """Why a folder holds no pairs, and which one was probably meant."""
    sides = {side for layout in LAYOUTS for side in layout}
    if folder.name in sides and layout_of(folder.parent):
        return InputError(
            f"{folder} is one side of a folder of pairs", advice=f"Give {folder.parent} instead."
        )
    found = sorted(side for side in sides if (folder / side).is_dir())
    if found:
        others = sorted({o for lay in LAYOUTS if set(found) & set(lay) for o in lay} - set(found))
        return InputMissingError(
            f"{folder} has {found[0]}/ but no {'/ or '.join(others)}/", advice=ADVICE
        )
    inner = sorted(path for path in folder.rglob("*") if path.is_dir() and layout_of(path))
    if inner:
        return InputError(f"{folder} holds no pairs itself", advice=f"Did you mean {inner[0]}?")
    return InputMissingError(f"{folder} holds no pairs", advice=ADVICE)


def pictures(folder: Path, side: str) -> dict[str, Path]:
    """The pictures of one side by their pair's name; hidden files are passed over.

    Raises:
        InputError: there are none, or two have the same name.
    """
    found: dict[str, Path] = {}
    for path in sorted(folder.iterdir()):
        if path.suffix.lower() not in SUFFIXES or path.name.startswith("."):
            continue
        name = path.stem.removeprefix(f"{side}_")
        if name in found:
            raise InputError(
                f"{folder} has two pictures called {name!r}: {found[name].name} and {path.name}",
                advice="Keep one of them: which belongs to the other side can't be told.",
            )
        found[name] = path
    if not found:
        raise InputError(f"{folder} holds no pictures ({', '.join(sorted(SUFFIXES))})")
    return found


def check_partners(folder: Path, sides: dict[str, dict[str, Path]]) -> None:
    """Make sure that every picture of one side has its partner on the other.

    Raises:
        InputError: some have none; the first of them is named.
    """
    (one, first), (other, second) = sides.items()
    for here, there, side in ((first, second, other), (second, first, one)):
        alone = sorted(here.keys() - there.keys())
        if alone:
            raise InputError(
                f"{len(alone)} of {len(here)} pictures have no partner in {folder / side}: "
                f"{here[alone[0]]}",
                advice="Give both sides of a pair the same file name, or remove what is alone.",
            )


def select(pairs: list[PairFiles], names: Path) -> list[PairFiles]:
    """The pairs that a list names, in its order; names may carry a suffix.

    Raises:
        InputError: a name is no pair, or the list is empty.
    """
    by_name = {key: pair for pair in pairs for key in (pair.name, pair.input.name)}
    wanted = [line.split()[0] for line in names.read_text("utf-8").splitlines() if line.strip()]
    missing = [name for name in wanted if name not in by_name]
    if missing:
        raise InputError(f"{len(missing)} of {len(wanted)} listed pairs are missing: {missing[0]}")
    if not wanted:
        raise InputError(f"{names} names no pairs")
    return [by_name[name] for name in wanted]


def read_rgb(path: Path) -> RGB:
    """A picture as uint8 RGB (H, W, 3).

    Raises:
        InputError: it can't be decoded.
    """
    bgr = cv2.imread(str(path), cv2.IMREAD_COLOR)
    if bgr is None:
        raise InputError(f"{path} can't be read as a picture", advice="Is the file whole?")
    return np.ascontiguousarray(bgr[..., ::-1], dtype=np.uint8)


def read_pair(files: PairFiles, max_side: int) -> Pair:
    """Read a pair, its longer side at most ``max_side``; a small shift between the two is undone.

    Raises:
        InputError: a picture can't be decoded, or the two differ in size.
    """
    first, second = (read_rgb(path) for path in (files.input, files.target))
    if first.shape != second.shape:
        sizes = [f"{p.shape[1]}x{p.shape[0]}" for p in (first, second)]
        raise InputError(
            f"{files.input} is {sizes[0]}, but {files.target} is {sizes[1]}",
            advice="Both must show the same view at the same size.",
        )
    return Pair(files.name, *align(shrink(first, max_side), shrink(second, max_side)))


def shrink(picture: RGB, max_side: int) -> RGB:
    """Average (H, W, 3) uint8 down until the longer side is at most ``max_side`` pixels."""
    scale = max_side / max(picture.shape[:2])
    if scale >= 1:
        return picture
    small = cv2.resize(picture, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    return np.asarray(small, np.uint8)
