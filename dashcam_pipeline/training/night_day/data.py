"""The two domains: folders of pictures, kept in memory, windows cut out of them.

A source is written ``PATH`` or ``PATH@RULE``:

==============  ====================================================================
``DIR@-21``     all but the last 21 by name: those are held out for evaluation
``DIR@FILE``    the names listed in a text file, one a line
``DIR@16:9``    pictures that were squashed are stretched to that aspect again
==============  ====================================================================

Sources of both sides that share their parent folder's name (``town/night`` and ``town/day``) are
one *family*: their nights are to become days of that camera and place. All others are family 0.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import cv2
import numpy as np
import torch

from dashcam_pipeline.errors import InputError, InputMissingError
from dashcam_pipeline.training.data.pictures import PictureSource

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    import numpy.typing as npt
    from torch import Tensor

    RGB = npt.NDArray[np.uint8]

DAYLIGHT = 0.45
"""Mean of a picture by day, at least."""

MAX_HEIGHT = 352
"""Pictures are kept no larger: a little above the work size."""


@dataclass(frozen=True, slots=True)
class DomainSource:
    """One ``PATH[@RULE]``.

    Args:
        folder: of pictures, searched through all its folders.
        held_out: so many pictures, the last by name, are left out.
        names: a text file with the names of those to take.
        aspect: width over height to stretch to.
    """

    folder: Path
    held_out: int = 0
    names: Path | None = None
    aspect: float | None = None

    @classmethod
    def parse(cls, text: str) -> DomainSource:
        """Read the command line's form.

        Raises:
            InputMissingError: no such folder or list.
        """
        path, at, rule = text.rpartition("@")
        folder = Path(path if at else text)
        if not folder.is_dir():
            raise InputMissingError(
                f"{folder} is not a folder", advice="Write PATH, PATH@-21, PATH@LIST or PATH@16:9."
            )
        if not at:
            return cls(folder)
        if match := re.fullmatch(r"-(\d+)", rule):
            return cls(folder, held_out=int(match[1]))
        if match := re.fullmatch(r"(\d+):(\d+)", rule):
            return cls(folder, aspect=int(match[1]) / int(match[2]))
        if not Path(rule).is_file():
            raise InputMissingError(f"{rule} is not a file", advice="@ takes -N, W:H or a list.")
        return cls(folder, names=Path(rule))

    def files(self) -> list[Path]:
        """The pictures, by name.

        Raises:
            InputError: none are left.
        """
        found = self._all()
        kept = found[: len(found) - self.held_out]
        if not kept:
            raise InputError(f"{self.folder} holds {len(found)} pictures, and all are held out")
        return kept

    def held(self) -> list[Path]:
        """The pictures that are held out."""
        found = self._all()
        return found[len(found) - self.held_out :]

    def _all(self) -> list[Path]:
        return PictureSource("day", self.folder, self.names).files()


def read_picture(path: Path, aspect: float | None = None) -> RGB:
    """A picture as uint8 RGB (H, W, 3), at most ``MAX_HEIGHT`` high.

    Raises:
        InputError: it can't be decoded.
    """
    bgr = cv2.imread(str(path), cv2.IMREAD_COLOR)
    if bgr is None:
        raise InputError(f"{path} can't be read as a picture")
    h, w = bgr.shape[:2]
    wide = round(h * aspect) if aspect else w
    scale = min(MAX_HEIGHT / h, 1.0)
    size = (max(round(wide * scale), 1), max(round(h * scale), 1))
    if size != (w, h):
        bgr = cv2.resize(bgr, size, interpolation=cv2.INTER_AREA)
    return np.ascontiguousarray(bgr[..., ::-1], np.uint8)


def brightened(picture: RGB, least: float) -> RGB:
    """A picture whose mean reaches at least ``least`` (of 1), by a power on its code values.

    Cameras that meter for the sky leave a street dim by day; who asks for a day wants to see it.

    Args:
        picture: (H, W, 3) uint8.
        least: mean code value, of 1.
    """
    codes = np.arange(256) / 255
    counts = np.bincount(picture.reshape(-1), minlength=256) / picture.size
    if counts @ codes >= least:
        return picture
    powers = np.linspace(1, 0.25, 76)
    power = next((p for p in powers if counts @ codes**p >= least), powers[-1])
    table = np.rint(255 * codes**power).astype(np.uint8)
    return np.asarray(table[picture], np.uint8)


def windows(
    rng: np.random.Generator, pictures: Sequence[npt.NDArray[Any]], height: int, width: int
) -> list[npt.NDArray[Any]]:
    """The same random part of aligned pictures at (height, width), mirrored by chance.

    Half of the windows show nearly the whole picture, the others down to two thirds of its height.
    """
    h, w = pictures[0].shape[:2]
    zoom = 1 + 0.5 * rng.uniform(0, 1) ** 2
    scale = max(height / h, width / w) * zoom
    ch, cw = min(math.ceil(height / scale), h), min(math.ceil(width / scale), w)
    y, x = int(rng.integers(0, h - ch + 1)), int(rng.integers(0, w - cw + 1))
    method = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
    turn = slice(None, None, -1 if rng.random() < 0.5 else 1)  # noqa: PLR2004 - a coin
    cut = (
        cv2.resize(p[y : y + ch, x : x + cw], (width, height), interpolation=method)
        for p in pictures
    )
    return [np.ascontiguousarray(part[:, turn]) for part in cut]


def to_tensor(pictures: Sequence[npt.NDArray[Any]]) -> Tensor:
    """uint8 (or float in [0, 1]) pictures (H, W, 3) to (N, 3, H, W) float32, channels last."""
    stack = np.stack(pictures)
    scale = 255 if stack.dtype == np.uint8 else 1
    tensor = torch.from_numpy(stack.astype(np.float32) / np.float32(scale)).permute(0, 3, 1, 2)
    return tensor.contiguous(memory_format=torch.channels_last)


@dataclass(frozen=True, slots=True)
class Domain:
    """One side.

    Args:
        pictures: uint8 RGB (H, W, 3).
        families: of each picture.
    """

    pictures: list[RGB]
    families: list[int]

    def __len__(self) -> int:
        return len(self.pictures)

    def index(self, seed: int, place: int) -> int:
        """The picture shown at a place of an endless order: each once a pass, passes shuffled."""
        turn, within = divmod(place, len(self.pictures))
        order = np.random.default_rng((seed, turn)).permutation(len(self.pictures))
        return int(order[within])

    def of_family(self, rng: np.random.Generator, family: int) -> int:
        """Any picture of a family, or any at all where the family has none here."""
        own = [i for i, f in enumerate(self.families) if f == family]
        return own[int(rng.integers(len(own)))] if own else int(rng.integers(len(self.pictures)))


def family_names(a: Iterable[DomainSource], b: Iterable[DomainSource]) -> list[str]:
    """Families, sorted; the first, "", is for what has no partner on the other side."""

    def parents(sources: Iterable[DomainSource]) -> set[str]:
        return {s.folder.resolve().parent.name for s in sources}

    return ["", *sorted(parents(a) & parents(b))]


def load_domain(
    sources: Sequence[DomainSource],
    families: Sequence[str],
    more: Sequence[Path] = (),
    *,
    least: float = 0,
) -> Domain:
    """Read one side into memory.

    Args:
        sources: its folders.
        families: names, see ``family_names``.
        more: further files, of family 0.
        least: mean that each picture reaches at least, of 1; see ``brightened``.
    """
    pictures, kinds = [], []
    for source in sources:
        name = source.folder.resolve().parent.name
        kind = families.index(name) if name in families else 0
        for file in source.files():
            pictures.append(read_picture(file, source.aspect))
            kinds.append(kind)
    pictures += [read_picture(file) for file in more]
    kinds += [0] * len(more)
    return Domain([brightened(picture, least) for picture in pictures], kinds)
