from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dashcam_pipeline.errors import DiskFullError
from dashcam_pipeline.media import part_file
from dashcam_pipeline.media.segments import (
    BrokenSegmentError,
    EncodedPacket,
    SegmentFile,
    decode_times,
    read_segment,
)

HEADER = {"codec": "h264", "extradata": "AAAA"}
PACKETS = [
    EncodedPacket(0, -512, 512, is_keyframe=True, payload=b"first"),
    EncodedPacket(1536, 0, 512, is_keyframe=False, payload=b""),
    EncodedPacket(2**40, 512, 0, is_keyframe=False, payload=bytes(70000)),
]


def write(path, packets=PACKETS):
    file = SegmentFile(path, HEADER)
    for packet in packets:
        file.add(packet)
    file.finish({"frames": 3}, {"gate": np.arange(6.0).reshape(2, 3)})
    return path


def test_a_segment_comes_back_as_it_was(tmp_path):
    segment = read_segment(write(tmp_path / "a.seg"))
    assert list(segment.packets()) == PACKETS
    assert segment.pts == (0, 1536, 2**40)
    assert segment.header == HEADER
    assert segment.meta == {"frames": 3}
    assert np.array_equal(segment.arrays["gate"], np.arange(6.0).reshape(2, 3))


def test_an_unfinished_segment_has_no_name(tmp_path):
    file = SegmentFile(tmp_path / "a.seg", HEADER)
    file.add(PACKETS[0])
    assert not (tmp_path / "a.seg").exists()
    file.discard()
    assert list(tmp_path.iterdir()) == []


@settings(deadline=None)
@given(cut=st.floats(0, 1, exclude_max=True))
def test_a_segment_cut_short_is_broken(tmp_path_factory, cut):
    path = write(tmp_path_factory.mktemp("seg") / "a.seg")
    data = path.read_bytes()
    path.write_bytes(data[: int(cut * len(data))])
    with pytest.raises(BrokenSegmentError):
        read_segment(path)


@given(place=st.floats(0, 1, exclude_max=True), bit=st.integers(0, 7))
def test_a_flipped_bit_is_found(tmp_path_factory, place, bit):
    path = write(tmp_path_factory.mktemp("seg") / "a.seg", PACKETS[:2])
    data = bytearray(path.read_bytes())
    data[int(place * len(data))] ^= 1 << bit
    path.write_bytes(data)
    with pytest.raises(BrokenSegmentError):
        read_segment(path)


def test_a_full_disk_is_said(tmp_path, monkeypatch):
    def full(_self, _data):
        raise OSError(28, "No space left on device")

    file = SegmentFile(tmp_path / "a.seg", HEADER)
    monkeypatch.setattr(part_file.PartFile, "write", full)
    with pytest.raises(DiskFullError):
        file.add(PACKETS[0])
    assert list(tmp_path.iterdir()) == []


@st.composite
def reordered(draw):
    """Presentation times in some decoding order, as segments of an encoder with B-frames."""
    times = sorted(draw(st.sets(st.integers(-(10**6), 10**9), min_size=1, max_size=60)))
    order = []
    while times:
        size = draw(st.integers(1, 8))
        group, times = times[:size], times[size:]
        order += draw(st.permutations(group))
    return order


@given(reordered())
def test_decoding_times_rise_and_are_never_late(pts):
    dts = decode_times(pts)
    assert len(dts) == len(pts)
    assert all(a < b for a, b in itertools.pairwise(dts))
    assert all(d <= p for d, p in zip(dts, pts, strict=True))


def test_decoding_times_without_reordering_are_the_pts():
    assert decode_times([3, 5, 9]) == [3, 5, 9]
    assert decode_times([]) == []


def test_decoding_times_are_those_of_x264():
    # I P B B at 10 ticks a frame: two frames of delay
    assert decode_times([0, 30, 20, 10]) == [-20, -10, 0, 10]
