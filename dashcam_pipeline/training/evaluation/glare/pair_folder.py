"""Pictures with and without glare, read one pair at a time.

The layouts are those of ``dashcam_pipeline.training.data.pairs``: ``input/ target/``,
``flare/ clear/``, and ``input/ gt/ mask/`` as in Flare7K's real test set. Masks may lie beside any
of them.

A list of pairs holds a name a line and, if it is known, the scene behind it (``3.jpg scene-1``).
Without a list, pairs whose clear pictures are the same file are one scene.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from dashcam_pipeline.errors import InputError, InputMissingError
from dashcam_pipeline.inference.digest import sha256_of
from dashcam_pipeline.training.data.pairs import PairFiles, find_pairs, read_rgb, select

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    import numpy as np
    import numpy.typing as npt

    RGB = npt.NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class Pair:
    """One pair at full size, (H, W, 3) uint8 R'G'B'.

    Args:
        name: file name of the picture with glare.
        scene: what the picture shows; several pairs may share it.
        flare: with glare.
        clear: without.
        mask: glare region yellow (255, 255, 0), streaks red (255, 0, 0), light sources blue
            (0, 0, 255), as Flare7K paints them; or None.
    """

    name: str
    scene: str
    flare: RGB
    clear: RGB
    mask: RGB | None = None


class PairFolder:
    """Some pairs of a folder: has a length, and reads them as it is gone through.

    Args:
        files: of the pairs, in order.
        scenes: what each shows.
    """

    def __init__(self, files: Sequence[PairFiles], scenes: Sequence[str]) -> None:
        self._files = tuple(files)
        self._scenes = tuple(scenes)

    @classmethod
    def open(cls, folder: Path, lists: Sequence[Path] = ()) -> PairFolder:
        """Find the pairs of a folder.

        Args:
            folder: in one of the layouts.
            lists: text files with the pairs to take; all of the folder if there are none.

        Raises:
            InputMissingError: there is no such folder or list.
            InputError: no layout fits, a picture has no twin, or a listed pair is missing.
        """
        if not folder.is_dir():
            raise InputMissingError(f"{folder} is not a folder")
        pairs = sorted(find_pairs(folder), key=lambda p: (len(p.name), p.name))
        if not lists:
            return cls(pairs, _scenes(pairs))
        files, scenes = [], []
        for path in lists:
            if not path.is_file():
                raise InputMissingError(f"{path} is not a file")
            files += select(pairs, path)
            lines = [line.split() for line in path.read_text("utf-8").splitlines()]
            scenes += [words[1] if len(words) > 1 else words[0] for words in lines if words]
        return cls(files, scenes)

    def __len__(self) -> int:
        return len(self._files)

    def __iter__(self) -> Iterator[Pair]:
        for files, scene in zip(self._files, self._scenes, strict=True):
            flare, clear = read_rgb(files.input), read_rgb(files.target)
            mask = read_rgb(files.mask) if files.mask else None
            for other in (clear, mask):
                if other is not None and other.shape != flare.shape:
                    raise InputError(
                        f"the pair {files.name!r} differs in size: "
                        f"{flare.shape[1]}x{flare.shape[0]} and {other.shape[1]}x{other.shape[0]}",
                        advice="Both sides and the mask must show the same pixels.",
                    )
            yield Pair(files.input.name, scene, flare, clear, mask)


def _scenes(pairs: Sequence[PairFiles]) -> list[str]:
    """Pairs with the same clear picture are one scene, called by its first pair."""
    seen: dict[str, str] = {}
    return [seen.setdefault(sha256_of(p.target), p.name) for p in pairs]
