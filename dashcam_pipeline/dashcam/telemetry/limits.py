"""What a hostile file can make the search do, at most."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Limits:
    """Bounds on what a file can make us do.

    Args:
        depth: levels of boxes.
        boxes: boxes looked at, of one parent; real files have below a hundred.
        headers: boxes of the top level that are passed by; a recording in fragments of a tenth of a
            second has 72,000 an hour, and a million take two seconds.
        payload: bytes of one box, block or file that are read.
        total: bytes of all raw telemetry that are kept in memory.
        entries: blocks that an index may list, and boxes of the top level that may hold telemetry;
            3000 are ten a second for five minutes.
        places: kinds of pieces that are kept (boxes of one type, packets of one track); real files
            have below ten.
        rows: fixes, and accelerations, that are kept; 200 a second for an hour are 720,000.
        ends: bytes at either end of a transport stream that are looked at; None: all of it.
        tracks: False leaves announced tracks alone, where it is known that there are none.
        pictures: False leaves messages of pictures alone, for which they would have to be read.
    """

    depth: int = 8
    boxes: int = 4096
    headers: int = 1_000_000
    payload: int = 16 << 20
    total: int = 128 << 20
    entries: int = 100_000
    places: int = 1000
    rows: int = 1_000_000
    ends: int | None = None
    tracks: bool = True
    pictures: bool = True


LIMITS: Final = Limits()

QUICK: Final = Limits(ends=4 << 20, pictures=False)
"""For looking at a thousand clips: nothing for which all of a recording would have to be read. Four
megabytes hold two seconds of the largest streams (20 Mbit/s), and so at least one position."""
