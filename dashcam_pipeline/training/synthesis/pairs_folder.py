"""Samples written out as pictures: pairs to look at, and to train on again as ``pairs:``.

A folder::

    input/0000.png    what a camera records: glare, noise, compression
    target/0000.png   without glare; the lamps stay
    layer/0000.png    the light that was added, as a picture of its own (the square root of it)
    lamps/0000.png    where light sources are, grey
    kinds.csv         which kinds of glare each one has
    sheet.jpg         the first of them side by side: input, target, layer
"""

from __future__ import annotations

import csv
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import cv2
import numpy as np

from dashcam_pipeline.errors import InputError, OutputError
from dashcam_pipeline.media.atomic import write_whole
from dashcam_pipeline.media.output_checks import need_empty

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    import numpy.typing as npt
    from torch import Tensor

    from dashcam_pipeline.training.synthesis.glare import GlareSynthesizer, Sample

    Picture = npt.NDArray[np.uint8]

TRIES = 50
"""Samples drawn until one has glare: some scenes have no lamp at all."""

SHEET = 48
"""Samples on the sheet."""

CELL = 320
"""Width of a picture on the sheet, pixels."""

LABEL = 22
"""Height of a label on the sheet, pixels."""


@dataclass(frozen=True, slots=True)
class Page:
    """One sample as uint8 RGB pictures (H, W, 3); ``lamps`` is (H, W)."""

    name: str
    kinds: tuple[str, ...]
    input: Picture
    target: Picture
    layer: Picture
    lamps: Picture

    @classmethod
    def of(cls, name: str, sample: Sample) -> Page:
        """From a sample."""
        layer = sample.structured + sample.veil
        target = (sample.glare.square() - layer).clamp(min=0).sqrt()
        return cls(
            name,
            sample.kinds,
            _bytes(sample.picture),
            _bytes(target),
            _bytes(layer.sqrt()),
            _bytes(sample.lamps)[..., 0],
        )


def write_album(
    source: GlareSynthesizer, folder: Path, count: int, seed: int, size: tuple[int, int]
) -> Iterator[int]:
    """Write samples with glare, and the sheet at the end.

    Args:
        source: draws the samples.
        folder: new or empty.
        count: how many.
        seed: of all of them; the same seed and source give the same pictures.
        size: (height, width), multiples of 8.

    Yields:
        how many are written, after each.

    Raises:
        OutputExistsError: the folder holds something.
        OutputError: a picture can't be written.
        InputError: the source gives no glare.
    """
    need_empty(folder)
    for side in ("input", "target", "layer", "lamps"):
        (folder / side).mkdir(parents=True)
    shown: list[Page] = []
    with (folder / "kinds.csv").open("x", encoding="utf-8", newline="") as file:
        rows = csv.writer(file, lineterminator="\n")
        rows.writerow(("name", "kinds"))
        for i in range(count):
            page = Page.of(f"{i:04}", _with_glare(source, (seed, i), size))
            for side in ("input", "target", "layer", "lamps"):
                _write(folder / side / f"{page.name}.png", getattr(page, side))
            rows.writerow((page.name, " ".join(page.kinds)))
            if i < SHEET:
                shown.append(page)
            yield i + 1
    _write(folder / "sheet.jpg", contact_sheet(shown))


def contact_sheet(pages: list[Page], *, columns: int = 2) -> Picture:
    """Input, target and layer of each sample side by side, its kinds above; uint8 RGB."""
    cells = [_cell(page) for page in pages]
    cells += [np.zeros_like(cells[0])] * (-len(cells) % columns)
    lines = [np.concatenate(cells[i : i + columns], 1) for i in range(0, len(cells), columns)]
    return np.concatenate(lines)


def _cell(page: Page) -> Picture:
    height, width = page.input.shape[:2]
    size = (CELL, round(height * CELL / width))
    pictures = [
        cv2.resize(p, size, interpolation=cv2.INTER_AREA)
        for p in (page.input, page.target, page.layer)
    ]
    label = np.zeros((LABEL, 3 * CELL, 3), np.uint8)
    text = f"{page.name}  {', '.join(page.kinds)}"
    cv2.putText(label, text, (4, 16), cv2.FONT_HERSHEY_SIMPLEX, 0.45, (230,) * 3, 1, cv2.LINE_AA)
    return np.concatenate([label, np.concatenate(pictures, 1)]).astype(np.uint8)


def _with_glare(source: GlareSynthesizer, seed: tuple[int, ...], size: tuple[int, int]) -> Sample:
    """The first sample of a seed that shows any kind of glare."""
    for attempt in range(TRIES):
        sample = source.sample((*seed, attempt), size)
        if sample.kinds:
            return sample
    raise InputError(
        f"no glare in {TRIES} samples",
        advice="Are there lamps in the pictures? Give night: pictures, or other kinds of glare.",
    )


def _bytes(picture: Tensor) -> Picture:
    """(C, H, W) in [0, 1] to uint8 (H, W, C)."""
    return np.round(picture.permute(1, 2, 0).numpy() * 255).clip(0, 255).astype(np.uint8)


def _write(path: Path, picture: npt.NDArray[Any]) -> None:
    """Write RGB or grey."""
    bgr = picture if picture.ndim == 2 else picture[..., ::-1]  # noqa: PLR2004 - grey has no third
    made, data = cv2.imencode(path.suffix, np.ascontiguousarray(bgr))
    if not made:
        raise OutputError(f"{path} can't be made of a picture of {picture.shape}.")
    write_whole(path, data.tobytes(), overwrite=False)
