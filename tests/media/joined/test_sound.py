from __future__ import annotations

import itertools
from fractions import Fraction

import av
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dashcam_pipeline.media.joined.sound import HELD, SoundLine

BASE = Fraction(1, 48000)
STEP = 1024
AAC = {"codec": "aac", "header": b"\x11\x88", "rate": 48000, "layout": "mono"}
PLAIN = {"codec": "pcm_s16le", "header": b"", "rate": 48000, "layout": "mono"}


def packet(time, step=STEP, payload=b"\xde\x04\x00"):
    made = av.Packet(payload)
    made.time_base, made.pts, made.dts, made.duration = BASE, time, time, step
    return made


def joined(clips, parameters=AAC, step=STEP, payload=b"\xde\x04\x00"):
    """(what came out, by clip) of clips given as (length of the picture, first time, packets)."""
    line, out, begin = SoundLine(BASE, parameters), [], 0
    for number, (length, first, count) in enumerate(clips):
        later = clips[number + 1] if number + 1 < len(clips) else None
        limit = None if later is None else (begin + length + later[1]) * BASE
        line.enter(begin * BASE, limit)
        for k in range(count):
            admitted = line.admit(packet(first + k * step, step, payload))
            out += [(number, p.pts, p.duration, bytes(p)) for p in admitted]
        begin += length
    return out, line


clips = st.lists(
    st.tuples(st.integers(30 * STEP, 60 * STEP), st.integers(0, 3 * STEP), st.integers(20, 70)),
    min_size=1,
    max_size=12,
)


@given(clips)
def test_sound_goes_on_without_a_hole_and_never_drifts(given_clips):
    out, line = joined(given_clips)
    begin, begins = 0, []
    for length, first, _count in given_clips:
        begins.append(begin + first)
        begin += length
    for before, after in itertools.pairwise(out):
        assert after[1] == before[1] + before[2], "a hole, or two at once"
    for number, wanted in enumerate(begins):
        own = [pts for clip, pts, _length, payload in out if clip == number]
        if number and own:
            heard = min(own, key=lambda pts: abs(pts - wanted))
            assert abs(heard - wanted) <= STEP / 2
    assert all(abs(offset) <= float(BASE) * STEP / 2 for offset in line.patched.offsets)


def test_what_one_encoder_wrote_stays_as_it_is():
    """60 packets and a bit more than 60 packets of picture, each clip on a clock of its own."""
    out, line = joined([(61440, 0, 60), (61440, 0, 60), (61440, 0, 60)])
    assert (line.patched.dropped, line.patched.held, line.patched.filled) == (0, 0, 0)
    assert [pts for _clip, pts, *_rest in out] == [k * STEP for k in range(180)]


def test_a_packet_too_many_is_left_out_and_one_too_few_held():
    out, line = joined([(60 * STEP, 0, 61), (60 * STEP, 0, 59), (60 * STEP, 0, 60)])
    assert (line.patched.dropped, line.patched.held, line.patched.filled) == (1, 1, 0)
    assert len(out) == 180


def test_a_gap_is_filled_with_silence_that_decodes():
    out, line = joined([(100 * STEP, 0, 60), (60 * STEP, 0, 60)])
    assert (line.patched.held, line.patched.filled) == (HELD, 40 - HELD)
    silent = out[60 + HELD][3]
    decoder = av.CodecContext.create("aac", "r")
    decoder.extradata = AAC["header"]
    frames = [f for _ in range(4) for f in decoder.decode(av.Packet(silent))]
    assert max(abs(frame.to_ndarray()).max() for frame in frames) < 1e-4


def test_plain_samples_are_cut_to_the_sample():
    out, _line = joined([(48000, 0, 51), (48000, 0, 50)], PLAIN, 1000, bytes(2000))
    assert next(pts for clip, pts, *_rest in out if clip == 1) == 48000
    assert sum(length for _clip, _pts, length, _payload in out) == 98000
    assert all(len(payload) == 2 * length for *_rest, length, payload in out)


def test_plain_samples_that_are_lacking_are_silent():
    out, line = joined([(48000, 0, 24), (48000, 0, 48)], PLAIN, 1000, b"\x01\x02" * 1000)
    assert line.patched.filled > 0
    assert sum(length for _clip, _pts, length, _payload in out) == 96000
    assert b"".join(p for *_rest, p in out)[48000:96000] == bytes(48000)


@pytest.mark.parametrize("codec", ["opus", "mp3float"])
def test_where_no_silence_can_be_made_the_hole_is_told(codec):
    out, line = joined([(100 * STEP, 0, 60), (60 * STEP, 0, 60)], AAC | {"codec": codec})
    assert line.patched.holes == pytest.approx(40 * STEP / 48000)
    assert out[60][1] == 100 * STEP


@pytest.mark.parametrize(("header", "samples"), [(b"\x11\x88", 1024), (b"\x11\x8c", 960)])
def test_a_last_packet_that_says_less_than_it_decodes_to_lasts_as_long_as_that(header, samples):
    """As programs write it that let sound end with the picture: half of the last packet is cut."""
    line, length = SoundLine(BASE, AAC | {"header": header}), 60 * samples + samples // 2
    out = []
    for clip in range(4):
        begin = clip * length
        line.enter(begin * BASE, None if clip == 3 else (begin + length) * BASE)
        for k in range(61):
            step = samples if k < 60 else samples // 2
            out += line.admit(packet(k * samples, step))
    assert [p.pts for p in out] == [k * samples for k in range(len(out))]
    assert {p.duration for p in out[:-1]} == {samples}
    assert out[-1].duration == samples // 2  # nothing follows
    assert max(map(abs, line.patched.offsets)) <= float(BASE) * samples / 2
