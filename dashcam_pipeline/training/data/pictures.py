"""Background pictures for synthesis, by kind.

A source is written ``KIND:PATH`` or ``KIND:PATH@LIST``, where LIST is a text file with one file
name a line:

=============  =====================================================================
``night``      real night pictures, nearly free of glare; their lamps stay and shine
``day``        pictures by day: darkened to nights, or used as glare-free examples; of a pack of
               scenes its days
``hdr``        Radiance panoramas with true radiance: views are cut out of them
``simulated``  the simulator's pack of scenes, whose lamps have their true radiance
=============  =====================================================================

Pictures are kept in memory, shrunk to about the size they are needed in. ``sources`` has the kinds
that are no backgrounds.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, TypeVar, get_args

import cv2
import numpy as np

from dashcam_pipeline.errors import InputError, InputMissingError, UsageError
from dashcam_pipeline.simulation.pack import is_pack, load_pack

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy.typing as npt

T = TypeVar("T")
Kind = Literal["night", "day", "hdr", "simulated", "pairs", "dacon", "flare7k"]
BACKGROUNDS: tuple[Kind, ...] = ("night", "day", "hdr", "simulated")
MIDDLE = 0.22
"""Linear light of a developed day's median: a little above the middle grey of 0.18."""
SUFFIXES = {".jpg", ".jpeg", ".png", ".webp", ".bmp", ".hdr"}


@dataclass(frozen=True, slots=True)
class PictureSource:
    """One ``KIND:PATH[@LIST]``."""

    kind: Kind
    folder: Path
    names: Path | None = None

    @classmethod
    def parse(cls, text: str) -> PictureSource:
        """Read the command line's form.

        Raises:
            UsageError: the form or the kind is unknown.
            InputMissingError: no such folder or list.
        """
        kind, colon, rest = text.partition(":")
        if not colon or kind not in get_args(Kind):
            known = ", ".join(get_args(Kind))
            raise UsageError(
                f"{text!r} is no data source", advice=f"Write KIND:PATH; KIND is one of {known}."
            )
        folder, _, names = rest.partition("@")
        source = cls(kind, Path(folder), Path(names) if names else None)  # type: ignore[arg-type] # checked above
        if not source.folder.is_dir():
            raise InputMissingError(f"{source.folder} is not a folder")
        if source.names is not None and not source.names.is_file():
            raise InputMissingError(f"{source.names} is not a file")
        return source

    def files(self) -> list[Path]:
        """All pictures, sorted by name.

        Raises:
            InputError: a listed file is missing, or there are no pictures at all.
        """
        if self.names is not None:
            wanted = [line.strip() for line in self.names.read_text().splitlines() if line.strip()]
            found = [self.folder / name for name in wanted]
            missing = [path for path in found if not path.is_file()]
            if missing:
                raise InputError(
                    f"{len(missing)} of {len(found)} listed pictures are missing: {missing[0]}"
                )
        else:
            found = sorted(p for p in self.folder.rglob("*") if p.suffix.lower() in SUFFIXES)
        if not found:
            raise InputError(f"{self.folder} holds no pictures ({', '.join(sorted(SUFFIXES))})")
        return found


@dataclass(frozen=True, slots=True)
class Picture:
    """One background: uint8 RGB (H, W, 3), or float32 linear RGB for ``hdr`` and ``simulated``."""

    kind: Kind
    pixels: npt.NDArray[Any]


def load_picture(path: Path, kind: Kind, max_side: int) -> Picture:
    """Read one picture as RGB, its longer side at most ``max_side`` (panoramas as they are).

    Raises:
        InputError: the file can't be decoded.
    """
    bgr = cv2.imread(str(path), cv2.IMREAD_UNCHANGED if kind == "hdr" else cv2.IMREAD_COLOR)
    if bgr is None:
        raise InputError(f"{path} can't be read as a picture")
    scale = max_side / max(bgr.shape[:2])
    if kind != "hdr" and scale < 1:
        bgr = cv2.resize(bgr, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    rgb = np.ascontiguousarray(bgr[..., ::-1])
    return Picture(kind, rgb.astype(np.float32) if kind == "hdr" else rgb)


def spread(found: Sequence[T], most: int | None) -> Sequence[T]:
    """At most so many of a list, evenly spread over it; all if None."""
    return found if most is None else found[:: max(len(found) // most, 1)][:most]


def load_pictures(
    sources: list[PictureSource], *, max_side: int = 720, most: int | None = None
) -> list[Picture]:
    """Read the pictures of all sources into memory.

    Args:
        sources: backgrounds.
        max_side: pictures are shrunk to this longer side, pixels (panoramas and scenes are not).
        most: of each source, where a few will do; scenes are then the first ones of the pack.

    Raises:
        UsageError: a source is no background.
        InputError: a picture is missing or can't be decoded.
    """
    pictures = []
    for source in sources:
        if source.kind not in BACKGROUNDS:
            raise UsageError(
                f"{source.kind}: is no background", advice=f"Give {', '.join(BACKGROUNDS)}."
            )
        scenes = islice(load_pack(source.folder), most)
        if source.kind == "simulated":
            pictures += [Picture("simulated", scene.night) for scene in scenes]
        elif source.kind == "day" and is_pack(source.folder):
            pictures += [Picture("day", develop_day(scene.day)) for scene in scenes]
        else:
            files = spread(source.files(), most)
            pictures += [load_picture(file, source.kind, max_side) for file in files]
    return pictures


def develop_day(radiance: npt.NDArray[np.float32]) -> npt.NDArray[np.uint8]:
    """A rendered day as a camera shows it: its median exposed to ``MIDDLE``, then a tone curve.

    The curve is a film's, 1 - exp(-x), under a gamma of 2.2; it is none of those that clips for
    evaluation are filmed with.

    Args:
        radiance: (H, W, 3), any unit.

    Returns:
        (H, W, 3) uint8.
    """
    gain = MIDDLE / max(float(np.median(radiance.mean(axis=2))), 1e-6)
    coded = np.power(-np.expm1(-radiance * np.float32(gain)), 1 / 2.2)
    return np.asarray(np.rint(coded * 255), np.uint8)


def panorama_view(
    rng: np.random.Generator, panorama: npt.NDArray[np.float32], height: int, width: int
) -> npt.NDArray[np.float32]:
    """Cut a level perspective view out of an equirectangular panorama.

    Args:
        rng: draws heading, pitch, field of view (50 to 90 degrees across) and exposure.
        panorama: (h, 2h, 3) linear radiance.
        height, width: of the view.

    Returns:
        (height, width, 3) linear radiance, exposed so that most of it lies below 1.
    """
    half = np.tan(np.radians(rng.uniform(50, 90)) / 2)
    x, y = np.meshgrid(
        np.linspace(-half, half, width, dtype=np.float32),
        np.linspace(-half, half, height, dtype=np.float32) * height / width,
    )
    pitch, heading = np.radians(rng.uniform(-12, 12)), rng.uniform(0, 2 * np.pi)
    z = np.cos(pitch) - y * np.sin(pitch)
    up = -(y * np.cos(pitch) + np.sin(pitch))
    longitude = np.mod(np.arctan2(x, z) + heading, 2 * np.pi)
    latitude = np.arctan2(up, np.hypot(x, z))
    h, w = panorama.shape[:2]
    view = cv2.remap(
        panorama,
        (longitude / (2 * np.pi) * w).astype(np.float32),
        ((0.5 - latitude / np.pi) * h).astype(np.float32),
        cv2.INTER_LINEAR,
        borderMode=cv2.BORDER_WRAP,
    )
    exposure = rng.uniform(0.1, 0.6) / (np.percentile(view.mean(axis=2), 80) + 1e-6)
    return np.asarray(view * exposure, np.float32)
