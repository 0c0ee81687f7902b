"""All that ``--data KIND:PATH`` can name: backgrounds, real pairs, and layers of flares.

=============  =====================================================================
``night``      backgrounds, see ``pictures``
``day``
``hdr``
``simulated``
``pairs``      a folder of pairs, see ``pairs``
``dacon``      pairs of DACON 235746, see ``dacon``
``flare7k``    layers of Flare7K and Flare7K++, see ``flare7k``; needs backgrounds beside it
=============  =====================================================================

    data = load_data(["simulated:samples/pack", "pairs:MY/PAIRS"])
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING

from dashcam_pipeline.errors import UsageError
from dashcam_pipeline.training.data.dacon import find_dacon
from dashcam_pipeline.training.data.flare7k import Flare7K
from dashcam_pipeline.training.data.pairs import Pair, PairFiles, find_pairs, read_pair
from dashcam_pipeline.training.data.pictures import (
    BACKGROUNDS,
    Picture,
    PictureSource,
    load_pictures,
    spread,
)

if TYPE_CHECKING:
    from collections.abc import Iterable

MAX_SIDE = 720
"""Longer side of the pictures that are kept, pixels; larger ones are shrunk."""

READERS = 4
"""Threads that decode pictures: the files are large, and decoding leaves Python's lock alone."""


@dataclass(frozen=True, slots=True)
class TrainingData:
    """What was loaded: backgrounds and pairs in memory, flares as files (there are thousands)."""

    pictures: list[Picture] = field(default_factory=list)
    pairs: list[Pair] = field(default_factory=list)
    flares: list[Flare7K] = field(default_factory=list)


def load_data(texts: Iterable[str], *, most: int | None = None) -> TrainingData:
    """Read all sources; pictures are kept shrunk to ``MAX_SIDE``.

    Args:
        texts: as ``KIND:PATH`` or ``KIND:PATH@LIST``; where LIST names some of the files (of
            pairs: their names).
        most: pictures or pairs of each source, where a few will do; all if None.

    Raises:
        UsageError: a form or kind is unknown, or flares come without backgrounds.
        InputError: a folder or file is missing or isn't what its kind says.
    """
    data = TrainingData()
    files: list[PairFiles] = []
    for source in [PictureSource.parse(text) for text in texts]:
        if source.kind == "pairs":
            files += spread(find_pairs(source.folder, source.names), most)
        elif source.kind == "dacon":
            files += spread(find_dacon(source.folder, source.names), most)
        elif source.kind == "flare7k":
            if source.names is not None:
                raise UsageError("flare7k: takes no list; its layers are drawn at random.")
            data.flares.append(Flare7K.find(source.folder))
        else:
            data.pictures.extend(load_pictures([source], max_side=MAX_SIDE, most=most))
    if data.flares and not data.pictures:
        raise UsageError(
            "flare7k: holds light on black, and there is no picture to add it to",
            advice=f"Give backgrounds as well: {', '.join(f'{kind}:' for kind in BACKGROUNDS)}.",
        )
    with ThreadPoolExecutor(READERS) as pool:
        data.pairs.extend(pool.map(partial(read_pair, max_side=MAX_SIDE), files))
    return data
