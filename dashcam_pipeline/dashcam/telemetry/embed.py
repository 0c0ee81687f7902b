"""Putting a camera's telemetry back into a written recording, where its own viewers look for it.

The file is whole already when this is called, but not yet under its name. How the bytes come into
it is their carriers' business; nothing that is in it moves.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from dashcam_pipeline.dashcam.telemetry.carriers import mp4_boxes, transport_stream
from dashcam_pipeline.media import containers
from dashcam_pipeline.translation import _

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from dashcam_pipeline.dashcam.telemetry.model import Telemetry


_CARRIERS: Final = frozenset(("block", "box", "packets"))
"""Those whose bytes can lie in a recording."""

_ROOM: Final = 184
"""Bytes of a transport packet: each piece may have one that it hardly fills. Boxes need less."""

_HEADERS: Final = 4
"""Bytes of each of those packets beside that."""


@dataclass(frozen=True, slots=True)
class Embedded:
    """What was put back.

    Args:
        places: names of the raw bytes that are in the output, each once.
        missing: (name, reason) of those that aren't; a sidecar keeps them.
    """

    places: tuple[str, ...] = ()
    missing: tuple[tuple[str, str], ...] = ()


def embed(telemetry: Telemetry, path: Path, muxer: str) -> Embedded:
    """Put blocks, boxes and packets back.

    Args:
        telemetry: of the source, cut to the part that was written.
        path: the written file; changed in place, or replaced.
        muxer: FFmpeg's, a container's name.

    Raises:
        OSError: writing failed.
    """
    own = [raw for raw in telemetry.raws if raw.carrier in _CARRIERS]
    known = [raw for raw in own if raw.understood]
    missing: list[tuple[str, str]] = [
        (raw.name, _("its layout isn't known")) for raw in own if not raw.understood
    ]
    if not known:
        return Embedded((), _once(missing))
    places = containers.named(muxer).telemetry
    if places == "boxes" and known[0].carrier != "packets":
        done, refused = mp4_boxes.put_back(known, path)
    elif places == "packets" and known[0].carrier == "packets":
        done, refused = transport_stream.put_back(known, path)
    else:
        done, refused = [], _("a {muxer} file has no place for it", muxer=muxer)
    missing += [(raw.name, refused) for raw in known if raw not in done]
    return Embedded(tuple(dict.fromkeys(place(raw.name) for raw in done)), _once(missing))


def added_bytes(telemetry: Telemetry) -> int:
    """How much longer a file becomes by ``embed``, at most.

    Args:
        telemetry: as for ``embed``.
    """
    own = [raw for raw in telemetry.raws if raw.carrier in _CARRIERS and raw.understood]
    return sum(_ROOM + len(raw.data) + len(raw.data) // _ROOM * _HEADERS for raw in own)


def place(name: str) -> str:
    """A raw name without its number: ``moov/gps [3]`` is in ``moov/gps``."""
    return name.partition(" [")[0]


def _once(missing: Sequence[tuple[str, str]]) -> tuple[tuple[str, str], ...]:
    return tuple(dict.fromkeys((place(name), reason) for name, reason in missing))
