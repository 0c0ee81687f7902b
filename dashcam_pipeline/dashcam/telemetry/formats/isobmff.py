"""Boxes of an MP4 or MOV (ISO/IEC 14496-12, 4.2), read with limits: a file may be hostile.

Nothing is trusted: sizes are bounded by the parent's, depth and number of boxes by ``Limits``, and
what is read into memory by ``Limits.payload``.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import TYPE_CHECKING, BinaryIO, Final

from dashcam_pipeline.dashcam.telemetry.limits import LIMITS, Limits

if TYPE_CHECKING:
    from collections.abc import Iterator

HEADER: Final = 8
_LARGE_HEADER: Final = 16


@dataclass(frozen=True, slots=True)
class Node:
    """A box: its type, where its header begins, its header's and its whole length."""

    kind: bytes
    offset: int
    header: int
    size: int

    @property
    def end(self) -> int:
        """Where the next one begins."""
        return self.offset + self.size

    @property
    def name(self) -> str:
        """Its type as text; bytes that are not printable as their hexadecimal codes."""
        return "".join(chr(c) if 32 <= c < 127 else f"\\x{c:02x}" for c in self.kind)  # noqa: PLR2004 - ASCII


def children(file: BinaryIO, begin: int, end: int, *, most: int = LIMITS.boxes) -> Iterator[Node]:
    """Boxes one after the other; ends silently at the first impossible one.

    Args:
        file: seekable.
        begin, end: the parent's payload, in bytes from the file's beginning.
        most: boxes looked at.
    """
    offset = begin
    for _ in range(most):
        if offset + HEADER > end:
            return
        file.seek(offset)
        header = file.read(_LARGE_HEADER)
        if len(header) < HEADER:
            return
        size, kind = struct.unpack(">I4s", header[:HEADER])
        length = HEADER
        if size == 1 and len(header) == _LARGE_HEADER:
            (size,) = struct.unpack(">Q", header[HEADER:])
            length = _LARGE_HEADER
        elif size == 0:  # reaches to the end of its parent
            size = end - offset
        if size < length or offset + size > end:
            return
        yield Node(kind, offset, length, size)
        offset += size


def find(
    file: BinaryIO, begin: int, end: int, *path: bytes, limits: Limits = LIMITS
) -> Node | None:
    """The first box along a path of types, or None.

    Args:
        file: seekable.
        begin, end: where to look.
        path: types from the outside in; no longer than ``limits.depth``.
        limits: bounds.
    """
    node: Node | None = None
    for kind in path[: limits.depth]:
        boxes = children(file, begin, end, most=limits.boxes)
        node = next((c for c in boxes if c.kind == kind), None)
        if node is None:
            return None
        begin, end = node.offset + node.header, node.end
    return node


def payload(file: BinaryIO, node: Node, *, limits: Limits = LIMITS) -> bytes | None:
    """What a box holds, or None if that is more than ``limits.payload``."""
    if node.size - node.header > limits.payload:
        return None
    file.seek(node.offset + node.header)
    return file.read(node.size - node.header)


def whole(file: BinaryIO, node: Node, *, limits: Limits = LIMITS) -> bytes | None:
    """A box with its header, or None if it is larger than ``limits.payload``.

    A size of 0, "up to the end", is written out: in another place it would swallow what follows.
    """
    if node.size > limits.payload:
        return None
    file.seek(node.offset)
    data = file.read(node.size)
    return data if any(data[:4]) else node.size.to_bytes(4, "big") + data[4:]


def box(kind: bytes, content: bytes) -> bytes:
    """A box to be written.

    Raises:
        ValueError: not a four-byte type.
    """
    if len(kind) != 4:  # noqa: PLR2004 - a four-character code
        raise ValueError(f"a box's type has four bytes, not {kind!r}")
    return struct.pack(">I4s", len(content) + HEADER, kind) + content
