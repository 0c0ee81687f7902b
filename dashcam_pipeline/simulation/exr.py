"""Reads the uncompressed multi-layer OpenEXR files that the renderer writes.

Only what is needed: one part, scan lines, no compression, 16- or 32-bit floats
(file layout: https://openexr.com/en/latest/OpenEXRFileLayout.html).
"""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    from pathlib import Path

MAGIC = b"\x76\x2f\x31\x01"
DTYPES: dict[int, np.dtype[np.float16] | np.dtype[np.float32]] = {
    1: np.dtype("<f2"),
    2: np.dtype("<f4"),
}


def read_exr(path: Path) -> dict[str, npt.NDArray[np.float32]]:
    """Read all channels.

    Args:
        path: a file as described above.

    Returns:
        name ("ViewLayer.Combined.R", ...) to (height, width) float32.

    Raises:
        ValueError: another kind of file, or a truncated one.
    """
    data = path.read_bytes()
    if data[:4] != MAGIC:
        raise ValueError(f"not an OpenEXR file: {path}")
    position, attributes = 8, {}
    while data[position] != 0:
        name, position = _text(data, position)
        _, position = _text(data, position)
        (size,) = struct.unpack_from("<i", data, position)
        attributes[name] = data[position + 4 : position + 4 + size]
        position += 4 + size
    if attributes["compression"] != b"\x00":
        raise ValueError(f"compressed OpenEXR is not read here: {path}")
    x0, y0, x1, y1 = struct.unpack("<4i", attributes["dataWindow"])
    width, height = x1 - x0 + 1, y1 - y0 + 1
    channels = _channels(attributes["channels"])
    stride = sum(dtype.itemsize for _, dtype in channels) * width
    start = position + 1 + 8 * height
    if len(data) < start + height * (8 + stride):
        raise ValueError(f"truncated OpenEXR file: {path}")
    rows = np.frombuffer(data, np.uint8, height * (8 + stride), start).reshape(height, 8 + stride)
    result, at = {}, 8
    for name, dtype in channels:
        size = dtype.itemsize * width
        result[name] = np.ascontiguousarray(rows[:, at : at + size]).view(dtype).astype(np.float32)
        at += size
    return result


def _text(data: bytes, position: int) -> tuple[str, int]:
    """A zero-ended string and the position after it."""
    end = data.index(b"\x00", position)
    return data[position:end].decode("ascii"), end + 1


def _channels(data: bytes) -> list[tuple[str, np.dtype[np.float16] | np.dtype[np.float32]]]:
    """Names and types in file order."""
    position, channels = 0, []
    while data[position] != 0:
        name, position = _text(data, position)
        (kind,) = struct.unpack_from("<i", data, position)
        channels.append((name, DTYPES[kind]))
        position += 16
    return channels
