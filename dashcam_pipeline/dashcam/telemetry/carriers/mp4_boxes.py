"""Telemetry in boxes of an MP4 or MOV, and how it comes into an output.

What FFmpeg writes has ``moov`` last. Blocks, in an ``mdat`` of their own, and boxes go in front of
it, so that nothing in the file moves and its index stays true; a new ``gps `` index of the blocks'
places comes right behind ``moov``'s header: ExifTool looks at both only before it has seen a
metadata handler.
"""

from __future__ import annotations

import re
import struct
from typing import TYPE_CHECKING, BinaryIO, Final

from dashcam_pipeline.dashcam.telemetry.carriers import block_index
from dashcam_pipeline.dashcam.telemetry.formats import isobmff
from dashcam_pipeline.translation import _

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from dashcam_pipeline.dashcam.telemetry.findings import Findings
    from dashcam_pipeline.dashcam.telemetry.formats.isobmff import Node
    from dashcam_pipeline.dashcam.telemetry.model import Raw

PRIVATE_BOXES: Final = frozenset((b"infi",))
"""Boxes that hold what nobody wants to publish: NextBase writes the Wi-Fi name and password."""

_PRIVATE_WORDS: Final = re.compile(rb"ssid|passw|wi-?fi|wpa2?[-_ ]?(psk|key)", re.IGNORECASE)
"""What gives such a box of another camera away."""

_ORDINARY: Final = frozenset(
    (
        b"ftyp", b"moov", b"mdat", b"free", b"skip", b"wide", b"pnot", b"moof", b"mfra", b"sidx",
        b"ssix", b"styp", b"prft", b"meta", b"udta", b"mvhd", b"iods", b"trak", b"mvex", b"cmov",
        b"rmra", b"clip", b"ctab", b"PICT", b"junk", b"pdin", b"emsg",
    )
)  # fmt: skip
"""Boxes of the standards (ISO/IEC 14496-12, QuickTime) at the two upper levels."""

_PADDING: Final = "free"
"""The place of a standard's box that may hold anything, and with some cameras does."""

_XMP: Final = bytes.fromhex("be7acfcb97a942e89c71999491e3afac")

_MAX_MOOV: Final = 512 << 20


def collect(path: Path, findings: Findings) -> None:
    """Read the boxes of a file's two upper levels, and the blocks that an index lists.

    Args:
        path: the recording, of any container.
        findings: added to.

    Raises:
        OSError: it can't be read.
    """
    with path.open("rb") as file:
        size = path.stat().st_size
        boxes = isobmff.children(file, 0, size, most=findings.limits.headers)
        candidates = 0
        for number, node in enumerate(boxes, 1):
            if number == findings.limits.headers:
                findings.note(
                    _("more than {number} boxes; the rest was not looked at.", number=number)
                )
            if node.kind == b"moov":
                _moov(file, node, size, findings)
            elif _may_hold(node):
                candidates += 1
                if candidates > findings.limits.entries:
                    findings.note(
                        _(
                            "more than {entries} boxes that may hold telemetry; the rest was left.",
                            entries=findings.limits.entries,
                        )
                    )
                    return
                _box(file, node, node.name, findings)


def _may_hold(node: Node) -> bool:
    """True for a box of the top level that is to be looked into.

    A recording in fragments has hundreds of thousands of boxes of the standards, and telemetry may
    come behind them all.
    """
    return node.kind not in _ORDINARY or (node.kind == b"free" and node.size > node.header)


def _moov(file: BinaryIO, moov: Node, size: int, findings: Findings) -> None:
    limits = findings.limits
    begin = moov.offset + moov.header
    for number, node in enumerate(isobmff.children(file, begin, moov.end, most=limits.boxes), 1):
        if number == limits.boxes:
            findings.note(
                _("more than {number} boxes in moov; the rest was not looked at.", number=number)
            )
        if node.kind == block_index.KIND:
            header = isobmff.find(file, begin, moov.end, b"mvhd", limits=limits)
            table = isobmff.payload(file, node, limits=limits) or b""
            length = None if header is None else _duration(isobmff.payload(file, header) or b"")
            block_index.collect(file, size, table, length, findings)
        elif node.kind == b"udta":
            inner = node.offset + node.header
            for child in isobmff.children(file, inner, node.end, most=limits.boxes):
                if child.kind in PRIVATE_BOXES:
                    findings.withhold(f"moov/udta/{child.name}")
        else:
            _box(file, node, f"moov/{node.name}", findings)


def _box(file: BinaryIO, node: Node, place: str, findings: Findings) -> None:
    """A box: a family's, a standard's, or one to be kept unknown, unless it is private."""
    if node.kind in PRIVATE_BOXES:
        findings.withhold(place)
        return
    if node.kind in _ORDINARY and place != _PADDING:
        return
    content = isobmff.payload(file, node, limits=findings.limits) or b""
    if findings.recognise(lambda family: family.box(place, content)):
        _keep(file, node, place, findings)
    elif place == _PADDING or (node.kind == b"uuid" and content[:16] == _XMP):
        return
    elif _PRIVATE_WORDS.search(content):
        findings.withhold(place)
    else:
        _keep(file, node, place, findings, understood=False)


def _keep(
    file: BinaryIO, node: Node, place: str, findings: Findings, *, understood: bool = True
) -> None:
    data = isobmff.whole(file, node, limits=findings.limits)
    if data is None:
        findings.note(
            _(
                "{place}: {size} bytes are more than telemetry has; it was left.",
                place=place,
                size=node.size,
            )
        )
        return
    findings.keep(place, data, "box", understood=understood)


def _duration(mvhd: bytes) -> float | None:
    """Seconds, from a movie header (ISO/IEC 14496-12, 8.2.2)."""
    layout = (20, ">IQ", 20) if mvhd[:1] == b"\1" else (12, ">II", 12)
    begin, form, _ = layout
    if len(mvhd) < begin + struct.calcsize(form):
        return None
    scale, ticks = struct.unpack_from(form, mvhd, begin)
    return ticks / scale if scale and ticks else None


def put_back(raws: Sequence[Raw], path: Path) -> tuple[list[Raw], str]:
    """Put blocks and boxes into a written MP4 or MOV.

    Args:
        raws: of the source; those of other carriers are left out.
        path: changed in place.

    Returns:
        (what is in it now, why the rest isn't).

    Raises:
        OSError: writing failed.
    """
    with path.open("r+b") as file:
        size = file.seek(0, 2)
        moov = isobmff.find(file, 0, size, b"moov")
        if moov is None or moov.end != size or moov.size > _MAX_MOOV:
            return [], "the file's index isn't where it could be extended"
        inner = [raw for raw in raws if raw.carrier == "box" and raw.name.startswith("moov/")]
        outer = [raw for raw in raws if raw.carrier == "box" and raw not in inner]
        blocks, media, index = block_index.written(
            [raw for raw in raws if raw.carrier == "block"], moov.offset
        )
        file.seek(moov.offset + moov.header)
        content = file.read(moov.size - moov.header)
        file.seek(moov.offset)
        file.write(media)
        for raw in outer:
            file.write(raw.data)
        header = int.from_bytes(content[:4], "big")  # mvhd comes first (ISO/IEC 14496-12, 6.3.4)
        more = index + b"".join(raw.data for raw in inner)
        file.write(isobmff.box(b"moov", content[:header] + more + content[header:]))
    return [*blocks, *inner, *outer], block_index.REFUSED
