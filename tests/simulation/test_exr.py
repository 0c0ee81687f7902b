import struct

import numpy as np
import pytest

from dashcam_pipeline.simulation.exr import read_exr


def exr_bytes(channels: dict[str, np.ndarray]) -> bytes:
    """An uncompressed scan-line file, after the published layout."""
    names = sorted(channels)
    height, width = channels[names[0]].shape
    kind = {"float16": 1, "float32": 2}
    listing = b"".join(
        n.encode() + b"\0" + struct.pack("<iB3xii", kind[channels[n].dtype.name], 0, 1, 1)
        for n in names
    )
    window = struct.pack("<4i", 0, 0, width - 1, height - 1)
    head = b"\x76\x2f\x31\x01" + struct.pack("<i", 2)
    for name, type_, value in (
        ("channels", "chlist", listing + b"\0"),
        ("compression", "compression", b"\0"),
        ("dataWindow", "box2i", window),
    ):
        head += name.encode() + b"\0" + type_.encode() + b"\0" + struct.pack("<i", len(value))
        head += value
    head += b"\0"
    rows = [b"".join(channels[n][y].tobytes() for n in names) for y in range(height)]
    table, body, place = b"", b"", len(head) + 8 * height
    for y, row in enumerate(rows):
        table += struct.pack("<Q", place + len(body))
        body += struct.pack("<ii", y, len(row)) + row
    return head + table + body


def test_every_channel_comes_back(tmp_path):
    rng = np.random.default_rng(1)
    wanted = {
        "View.Combined.R": rng.normal(size=(5, 7)).astype(np.float32),
        "View.mask.G": rng.normal(size=(5, 7)).astype(np.float16),
    }
    file = tmp_path / "a.exr"
    file.write_bytes(exr_bytes(wanted))
    got = read_exr(file)
    assert set(got) == set(wanted)
    for name, values in wanted.items():
        assert np.array_equal(got[name], values.astype(np.float32))


def test_a_cut_file_is_refused(tmp_path):
    file = tmp_path / "a.exr"
    file.write_bytes(exr_bytes({"R": np.ones((4, 4), np.float32)})[:-9])
    with pytest.raises(ValueError, match="truncated"):
        read_exr(file)


def test_another_kind_of_file_is_refused(tmp_path):
    file = tmp_path / "a.exr"
    file.write_bytes(b"\x89PNG\r\n\x1a\n")
    with pytest.raises(ValueError, match="not an OpenEXR"):
        read_exr(file)
