"""A part of a recording whose pictures are copied: whole groups of pictures, and nothing else."""

from __future__ import annotations

import pytest
from factory import Picture, Sound, make_clip

from dashcam_pipeline.media.carried import PicturePacket
from dashcam_pipeline.media.reader import Reader
from dashcam_pipeline.media.seeking import keys_around


@pytest.fixture(scope="module", params=[".mp4", ".mkv", ".ts"])
def clip(request, tmp_path_factory):
    """Nine seconds of ten pictures; a key frame a second, with pictures that are reordered."""
    path = tmp_path_factory.mktemp("part") / f"a{request.param}"
    spec = Picture(frames=90, size=(64, 48), rate=10, gop=10, options={"x264-params": "scenecut=0"})
    return make_clip(path, spec, sounds=[Sound(seconds=9)])


def copied(path, start, end):
    with Reader(path, start=start, end=end) as reader:
        base = reader.info.video.time_base
        origin = reader.info.video.start_pts or 0
        items = list(reader.copied())
    pictures = [i for i in items if isinstance(i, PicturePacket)]
    times = sorted(float((p.packet.pts - origin) * base) for p in pictures)
    sounds = [float(i.packet.pts * i.packet.time_base) for i in items if i not in pictures]
    return pictures, times, [t - float(origin * base) for t in sounds]


@pytest.mark.parametrize(("start", "end"), [(3, 6), (3, None), (None, 6), (None, None)])
def test_from_key_frame_to_key_frame(clip, start, end):
    pictures, times, sounds = copied(clip, start, end)
    first, last = start or 0, 9 if end is None else end
    assert pictures[0].packet.is_keyframe
    assert times == pytest.approx([n / 10 for n in range((last - first) * 10)], abs=2e-3)
    assert min(sounds) == pytest.approx(0, abs=0.05)
    assert max(sounds) == pytest.approx(last - first, abs=0.05)


def test_what_lies_between_key_frames_is_rounded_to_groups(clip):
    pictures, times, _sounds = copied(clip, 2.5, 4.2)
    # the first group that begins behind the start, up to the one that begins behind the end
    assert pictures[0].packet.is_keyframe
    assert len(times) == 20


def test_the_key_frames_around_a_part_are_found(clip):
    with Reader(clip) as reader:
        video = reader.info.video
    origin = video.start_pts or 0

    def around(begin, end):
        ticks = [origin + round(s / video.time_base) for s in (begin, end)]
        found = keys_around(clip, video.index, *ticks)
        return [
            None if k is None else round(float((k - origin) * video.time_base), 2) for k in found
        ]

    assert around(2.5, 4.2) == [2, 5]
    assert around(3, 4) == [3, 4]
    assert around(0, 8.5) == [0, None]
