"""What no encoder wrote is told by the outer form of packets."""

from __future__ import annotations

import av
import pytest
from factory import Picture, make_clip

from dashcam_pipeline.media import nal


@pytest.fixture(params=[("libx264", ".mp4"), ("libx264", ".ts"), ("libx265", ".mp4")])
def packets(request, tmp_path):
    codec, suffix = request.param
    clip = make_clip(tmp_path / f"a{suffix}", Picture(codec=codec, frames=12))
    with av.open(str(clip)) as container:
        context = container.streams.video[0].codec_context
        name = context.name
        length = nal.length_size(name, bytes(context.extradata or b""))
        return name, length, [bytes(p) for p in container.demux(video=0) if p.size]


def test_what_an_encoder_wrote_is_whole(packets):
    codec, length, made = packets
    assert not any(nal.is_torn(data, codec, length) for data in made)
    assert not any(nal.is_torn(data + bytes(9), codec, length) for data in made if not length)


def test_zeros_and_cut_units_are_not(packets):
    codec, length, made = packets
    data = max(made, key=len)
    middle = len(data) // 2
    assert nal.is_torn(data[:middle] + b"\0\0\2" + data[middle + 3 :], codec, length)
    assert nal.is_torn(data[:middle] + bytes(40) + data[middle + 40 :], codec, length)
    if length:
        assert nal.is_torn(data[:-5], codec, length)
