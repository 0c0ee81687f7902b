"""How long a reader is patient, and where it gives up."""

from __future__ import annotations

from fractions import Fraction
from types import SimpleNamespace

import av
import pytest
from factory import Picture, make_clip, picture

from dashcam_pipeline.errors import NotVideoError
from dashcam_pipeline.frames import Frame
from dashcam_pipeline.media.decoder import KeyGate
from dashcam_pipeline.media.opening import open_source
from dashcam_pipeline.media.probe import Timing
from dashcam_pipeline.media.reader import Reader

GOOD = 5


def bad_in_the_middle(path, bad):
    """Five pictures, so many packets that aren't any, and five pictures more."""
    with av.open(str(path), "w") as out:
        stream = out.add_stream("mjpeg", rate=30)
        stream.width = stream.height = 16
        stream.pix_fmt = "yuvj420p"
        stream.codec_context.thread_count = 1
        (packet,) = stream.encode(picture(0, Picture(size=(16, 16), pixel_format="yuvj420p")))
        whole = bytes(packet)
        for index in range(2 * GOOD + bad):
            is_good = index < GOOD or index >= GOOD + bad
            packet = av.Packet(whole if is_good else bytes(8))
            packet.stream, packet.time_base = stream, Fraction(1, 30)
            packet.pts = packet.dts = index
            packet.is_keyframe = True
            out.mux_one(packet)
    return path


@pytest.mark.parametrize(("bad", "decoded"), [(2990, 2 * GOOD), (3010, GOOD)])
def test_after_3000_packets_in_vain_the_decoder_is_not_asked_any_more(tmp_path, bad, decoded):
    """A hundred seconds; a shorter stretch of damage is got over."""
    source = bad_in_the_middle(tmp_path / "a.avi", bad)
    with Reader(source, threads=1) as reader:
        frames = sum(isinstance(item, Frame) for item in reader)
    assert frames == decoded
    assert reader.counts.frames.damaged_packets == bad + 2 * GOOD - decoded
    gave_up = any("too many failures" in message for message in reader.counts.errors)
    assert gave_up == (decoded == GOOD)


def test_a_first_key_frame_is_waited_for_for_ten_seconds():
    gate = KeyGate()
    packets = [SimpleNamespace(is_keyframe=False, number=i) for i in range(302)]
    admitted = [gate.admit(packet) for packet in packets]
    assert admitted[:299] == [[]] * 299
    assert admitted[299] == packets[:300]
    assert admitted[300:] == [[packets[300]], [packets[301]]]
    assert gate.dropped == 0


def test_twenty_messages_are_kept_word_for_word(tmp_path):
    with Reader(make_clip(tmp_path / "a.mp4", Picture(frames=3, size=(64, 48)))) as reader:
        for number in range(40):
            reader.counts.note(f"message {number // 2}")
            reader.counts.note("message 0")
        reader.counts.note("one too many")
    assert reader.counts.errors == [f"message {number}" for number in range(20)]


@pytest.mark.parametrize(
    ("ticks", "constant"),
    [([0, 33, 67, 100, 133], True), ([0, 33, 68, 101], False), ([0], True), ([3, 1, 2], True)],
)
def test_a_rate_is_constant_if_distances_differ_by_the_clocks_rounding_alone(ticks, constant):
    timing = Timing.of(ticks, Fraction(1, 1000))
    assert timing.constant == constant
    assert timing.frames == len(ticks)


@pytest.mark.parametrize(("tracks", "opens"), [(100, True), (101, False)])
def test_a_file_of_more_than_a_hundred_tracks_is_no_recording(tmp_path, tracks, opens):
    path = tmp_path / "a.mkv"
    with av.open(str(path), "w") as out:
        streams = [out.add_mux_stream("subrip") for _ in range(tracks)]
        for stream in streams:
            stream.time_base = Fraction(1, 1000)
        out.start_encoding()
        packet = av.Packet(b"a")
        packet.stream, packet.time_base = streams[0], Fraction(1, 1000)
        packet.pts = packet.dts = 0
        out.mux_one(packet)
    if opens:
        with open_source(path) as container:
            assert len(container.streams) == tracks
    else:
        with pytest.raises(NotVideoError, match="more than 100 tracks"):
            open_source(path)
