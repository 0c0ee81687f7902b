"""Damage that knows a format: at the borders of its fields, not anywhere.

::

    bytes -> a format's reader -> spans: numbers, texts, units -> damage one -> bytes

A reader lists what it finds: ``Span`` is a number of so many bytes, a text between two commas, or a
unit (a box, a packet, a line) with the places of the sizes that count it. A unit may be removed,
doubled, moved or emptied with those sizes mended, so that what lies around it is still understood.
Readers are lenient: what they can't read, they leave out.
"""

from __future__ import annotations

import json
import re
import struct
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from mutate import mutate
from records import DEEP, ODD_VALUES, places

if TYPE_CHECKING:
    import random
    from collections.abc import Callable, Iterator


@dataclass(frozen=True)
class Span:
    """A part of the bytes.

    Args:
        begin, end: of it.
        kind: ``number``, ``text`` or ``unit``.
        sizes: of a unit: (place, bytes, order) of each size that counts it.
    """

    begin: int
    end: int
    kind: str = "number"
    sizes: tuple[tuple[int, int, str], ...] = ()


Reader = "Callable[[bytes], Iterator[Span]]"

TEXTS = [
    b"", b"0", b"-1", b"nan", b"inf", b"1e999", b"9" * 12, b"9" * 40, b"-0.0", b"0.000001",
    b"310224", b"996199", b"A", b"V", b"\xff", b"\0", b"\xed\xa0\x80", b",", b"\r\n",
]  # fmt: skip

PARENTS = {
    b"moov", b"trak", b"mdia", b"minf", b"dinf", b"stbl", b"edts", b"udta", b"mvex", b"moof",
    b"traf", b"DEVC", b"STRM", b"free", b"gmhd", b"tref", b"meta", b"ilst",
}  # fmt: skip


def numbers(begin: int, end: int, size: int = 4, most: int = 24) -> Iterator[Span]:
    """Numbers one after the other."""
    for at in range(begin, min(end - size + 1, begin + size * most), size):
        yield Span(at, at + size)


def boxes(data: bytes) -> Iterator[Span]:
    """MP4 and MOV: boxes in boxes, and the words that they begin with."""
    yield from _boxes(data, 0, len(data), (), 0)


def _boxes(
    data: bytes, begin: int, end: int, sizes: tuple[tuple[int, int, str], ...], depth: int
) -> Iterator[Span]:
    at = begin
    while at + 8 <= end:
        size, kind = struct.unpack_from(">I4s", data, at)
        if size < 8 or at + size > end:
            return
        yield Span(at, at + size, "unit", sizes)
        yield Span(at, at + 4)
        yield Span(at + 4, at + 8)
        inner = at + 8 + 4 * (kind == b"meta")
        if kind in PARENTS and depth < 8 and at + size - inner >= 8:
            yield from _boxes(data, inner, at + size, (*sizes, (at, 4, "big")), depth + 1)
        elif kind != b"mdat":
            yield from numbers(at + 8, at + size)
        else:
            yield from freegps(data, at + 8, at + size)
        at += size


def freegps(data: bytes, begin: int, end: int) -> Iterator[Span]:
    """Blocks of Novatek and 70mai, in media data or alone."""
    for match in re.finditer(rb"freeGPS ", data[begin:end]):
        at = begin + match.start() - 4
        yield from numbers(max(0, at), min(end, at + 128), most=32)
        yield from (Span(i, i + 1) for i in range(at + 28, min(end, at + 34)))


def mdpm(data: bytes) -> Iterator[Span]:
    """AVCHD's packs, in the messages of pictures or alone: a count, then numbers of four bytes."""
    for match in re.finditer(rb"MDPM", data):
        at = match.end()
        yield Span(at, at + 1)
        for entry in range(at + 1, min(len(data) - 4, at + 1 + 5 * data[at]), 5):
            yield Span(entry, entry + 5, "unit")
            yield from (Span(entry, entry + 1), Span(entry + 1, entry + 2))
            yield from (Span(entry + 1, entry + 3), Span(entry + 3, entry + 5))


def gpmf(data: bytes, begin: int = 0, end: int | None = None, *, depth: int = 0) -> Iterator[Span]:
    """GoPro's items: key, type, size, count, values."""
    at, end = begin, len(data) if end is None else end
    while at + 8 <= end and depth < 6:
        kind, size, count = data[at + 4], data[at + 5], int.from_bytes(data[at + 6 : at + 8], "big")
        length = 8 + -(-size * count // 4) * 4
        yield Span(at, min(end, at + length), "unit")
        yield from (Span(at, at + 4), Span(at + 4, at + 5), Span(at + 5, at + 6))
        yield Span(at + 6, at + 8)
        if kind == 0:
            yield from gpmf(data, at + 8, min(end, at + length), depth=depth + 1)
        else:
            yield from numbers(at + 8, min(end, at + length), most=8)
        at += length


def sentences(data: bytes) -> Iterator[Span]:
    """Lines of texts between commas, and their parts."""
    for line in re.finditer(rb"[^\n]*\n?", data):
        if line.end() > line.start():
            yield Span(line.start(), line.end(), "unit")
    for part in re.finditer(rb"[^,\[\]*$\r\n;]+", data):
        yield Span(part.start(), part.end(), "text")


def words(data: bytes) -> Iterator[Span]:
    """Records of four-byte numbers, and halves of them."""
    for shift in (0, 1, 2, 3):
        yield from numbers(shift, len(data), most=64)
    yield from numbers(0, len(data), 2, 64)
    for at in range(0, len(data), 36):
        yield Span(at, min(len(data), at + 36), "unit")


def transport(data: bytes) -> Iterator[Span]:
    """Transport packets: header, adaptation field, and the header of a PES packet or a table."""
    yield from (span for span in mdpm(data) if span.kind == "number")
    for at in range(0, len(data) - 187, 188):
        yield Span(at, at + 188, "unit")
        yield Span(at + 1, at + 3)
        yield Span(at + 3, at + 4)
        control = data[at + 3] >> 4 & 3
        begin = at + 4
        if control & 2:
            yield from (Span(i, i + 1) for i in range(at + 4, at + 12))
            begin = at + 5 + data[at + 4]
        if data[at + 1] & 0x40 and begin < at + 180:
            yield from (Span(i, i + 1) for i in range(begin, min(at + 188, begin + 24)))
            yield Span(begin + 4, begin + 6)


def elements(data: bytes) -> Iterator[Span]:
    """Matroska: elements in elements (RFC 8794)."""
    yield from _elements(data, 0, len(data), 0)


_MASTERS = {
    0x18538067, 0x1549A966, 0x1654AE6B, 0xAE, 0xE0, 0xE1, 0x1F43B675, 0x1C53BB6B, 0xBB, 0xB7,
    0x114D9B74, 0x4DBB, 0x1941A469, 0x61A7, 0x1254C367, 0x7373, 0x63C0, 0x67C8, 0xA0, 0x1043A770,
}  # fmt: skip


def _elements(data: bytes, begin: int, end: int, depth: int) -> Iterator[Span]:
    at = begin
    while at + 2 <= end and data[at]:
        width = 9 - data[at].bit_length()
        size_at = at + width
        if size_at >= end or not data[size_at]:
            return
        length = 9 - data[size_at].bit_length()
        size = int.from_bytes(data[size_at : size_at + length], "big") & ((1 << 7 * length) - 1)
        inner = size_at + length
        if inner > end:
            return  # damage left a part of it
        stop = min(end, inner + size)
        yield Span(at, stop, "unit")
        yield Span(size_at, inner)
        if int.from_bytes(data[at:size_at], "big") in _MASTERS and depth < 8:
            yield from _elements(data, inner, stop, depth + 1)
        elif stop > inner:
            yield Span(inner, min(stop, inner + 8))
        at = stop


def chunks(data: bytes) -> Iterator[Span]:
    """AVI: chunks in lists."""
    yield from _chunks(data, 0, len(data), (), 0)


def _chunks(
    data: bytes, begin: int, end: int, sizes: tuple[tuple[int, int, str], ...], depth: int
) -> Iterator[Span]:
    at = begin
    while at + 8 <= end:
        kind, size = struct.unpack_from("<4sI", data, at)
        stop = min(end, at + 8 + size + size % 2)
        yield Span(at, stop, "unit", sizes)
        yield Span(at, at + 4)
        yield Span(at + 4, at + 8)
        if kind in {b"RIFF", b"LIST"} and depth < 6:
            deeper = (*sizes, (at + 4, 4, "little"))
            yield from _chunks(data, at + 12, stop, deeper, depth + 1)
        elif kind[2:] not in {b"dc", b"wb"}:
            yield from numbers(at + 8, stop)
        at = stop


def damage(
    data: bytes, chance: random.Random, read: Callable[[bytes], Iterator[Span]] | None
) -> bytes:
    """One to four changes at the borders of fields; now and then a blind one.

    Args:
        data: an input that is accepted, or was before it was damaged.
        chance: decides.
        read: the format's reader; None for blind damage alone.
    """
    if read is None or chance.randrange(6) == 0:
        return mutate(data, chance)
    for _ in range(chance.choice((1, 1, 1, 2, 4))):
        # sizes that are damaged already lead behind the end, or before the beginning
        spans = [span for span in read(data) if span.begin < span.end <= len(data)]
        if not spans:
            return mutate(data, chance)
        # as many changes to units as to numbers, of which there are many more
        kind = chance.choice(sorted({span.kind for span in spans}))
        span = chance.choice([one for one in spans if one.kind == kind])
        if kind == "number":
            data = _number(data, span, chance)
        elif kind == "text":
            data = data[: span.begin] + chance.choice(TEXTS) + data[span.end :]
        else:
            data = _unit(data, span, [s for s in spans if s.kind == "unit"], chance)
    return data


def _number(data: bytes, span: Span, chance: random.Random) -> bytes:
    size = span.end - span.begin
    old = int.from_bytes(data[span.begin : span.end], "big")
    top = (1 << 8 * size) - 1
    values = [
        v.to_bytes(size, order)
        for v in (
            0, 1, 2, 7, 8, top, top - 1, top >> 1, (top >> 1) + 1, old + 1, old - 1, old * 2,
            old ^ 1 << chance.randrange(8 * size), chance.randrange(top + 1),
        )
        if 0 <= v <= top
        for order in ("big", "little")
    ]  # fmt: skip
    if size == 4:
        floats = (float("nan"), float("inf"), float("-inf"), 3e38, -1.0, 1e-40)
        values += [struct.pack(f"{order}f", v) for v in floats for order in "<>"]
    return data[: span.begin] + chance.choice(values) + data[span.end :]


def _unit(data: bytes, span: Span, units: list[Span], chance: random.Random) -> bytes:
    piece = data[span.begin : span.end]
    match chance.randrange(7):
        case 0:
            new = b""
        case 1:
            new = piece * chance.choice((2, 2, 3, 50))
        case 2:
            other = chance.choice(units)
            new = data[other.begin : other.end]
        case 3:
            other = chance.choice(units)
            new = piece + data[other.begin : other.end]
        case 4:
            new = piece[:8]
        case 5:
            new = piece[: chance.randrange(len(piece) + 1)]
        case _:
            return data[: span.begin + chance.randrange(len(piece) + 1)]  # power was lost
    if len(data) + len(new) > 4 << 20:
        return data
    if chance.randrange(4):
        data = _mended(data, span, len(new) - len(piece))
    return data[: span.begin] + new + data[span.end :]


def _mended(data: bytes, span: Span, more: int) -> bytes:
    mended = bytearray(data)
    for place, size, order in span.sizes:
        value = int.from_bytes(mended[place : place + size], order) + more
        if 0 <= value < 1 << 8 * size:
            mended[place : place + size] = value.to_bytes(size, order)
    return bytes(mended)


def damage_json(data: bytes, chance: random.Random) -> bytes:
    """Values of JSON: odd ones, missing ones, deep ones."""
    try:
        value: Any = json.loads(data)
    except (ValueError, RecursionError):
        return mutate(data, chance)
    if chance.randrange(8) == 0:
        return mutate(data, chance, [b"[" * 2000, b'{"a":' * DEEP, b"\\ud800", b"NaN", b"1" * 5000])
    for _ in range(chance.choice((1, 1, 2, 4))):
        found = list(places(value))
        if not found:
            break
        place = chance.choice(found)
        holder = value
        for key in place[:-1]:
            holder = holder[key]
        match chance.randrange(5):
            case 0 if isinstance(holder, dict):
                del holder[place[-1]]
            case 1 if isinstance(holder, list):
                holder.extend(holder[:1] * chance.choice((1, 5, 2000)))
            case _:
                odd = [*ODD_VALUES, *(json.loads(json.dumps(v)) for v in (0, 1e9, "a.mp4", "."))]
                holder[place[-1]] = json.loads(json.dumps(chance.choice(odd)))
    return json.dumps(value).encode()
