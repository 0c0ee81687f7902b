"""Hardware decoders and encoders; most of it without any hardware."""

from __future__ import annotations

import av
import numpy as np
import pytest
from factory import Picture, make_clip

from dashcam_pipeline import clean
from dashcam_pipeline.errors import DeviceError
from dashcam_pipeline.frames import Frame
from dashcam_pipeline.media import encoders, hardware, reader
from dashcam_pipeline.media.decoder import Decoder
from dashcam_pipeline.media.describe import probe
from dashcam_pipeline.media.encoders import EncoderSettings, resolve
from dashcam_pipeline.media.reader import Reader


def decoded(path, **options):
    with Reader(path, **options) as opened:
        frames = [item for item in opened if isinstance(item, Frame)]
    return frames, opened.counts


def assert_same(frames, others):
    assert [f.pts for f in frames] == [f.pts for f in others]
    for a, b in zip(frames, others, strict=True):
        assert all(np.array_equal(p, q) for p, q in zip(a.planes, b.planes, strict=True))


@pytest.fixture
def clip(tmp_path):
    return make_clip(tmp_path / "in.mp4", Picture(frames=12))


def test_auto_gives_the_same_pictures_on_any_machine(clip):
    frames, counts = decoded(clip, hwaccel="auto")
    plain, own = decoded(clip)
    assert_same(frames, plain)
    assert counts.frames.converted == 0
    assert counts.decoder in {"none", *hardware.kinds_built_in()}
    assert own.decoder == "none"


def test_hardware_that_is_not_there_is_said(clip):
    with pytest.raises(DeviceError, match=r"No nonsense device can decode .*in\.mp4"):
        Reader(clip, hwaccel="nonsense")


@pytest.mark.parametrize(("bits", "theirs"), [("yuv420p", "nv12"), ("yuv420p10le", "p010le")])
def test_the_hardware_s_order_of_samples_is_no_conversion(tmp_path, monkeypatch, bits, theirs):
    clip = make_clip(tmp_path / "in.mp4", Picture(frames=6, pixel_format=bits))
    plain, _ = decoded(clip)
    opened, feed, finish = reader.open_decoding, Decoder.feed, Decoder.finish

    def handed_over(frames):
        return [frame.reformat(format=theirs) for frame in frames]

    def pretended(path, index, _asked):
        return opened(path, index, "none")[0], "cuda"

    monkeypatch.setattr(reader, "open_decoding", pretended)
    monkeypatch.setattr(Decoder, "feed", lambda self, p: handed_over(feed(self, p)))
    monkeypatch.setattr(Decoder, "finish", lambda self: handed_over(finish(self)))
    frames, counts = decoded(clip, hwaccel="cuda")
    assert_same(frames, plain)
    assert (counts.frames.converted, counts.decoder) == (0, "cuda")


def test_encoders_are_tried_before_they_are_taken():
    assert hardware.can_encode("libx264", "yuv420p")
    assert not hardware.can_encode("libx264", "rgb24")
    assert not hardware.can_encode("no_such_encoder", "yuv420p")


def test_an_encoder_of_the_hardware_is_taken_where_nothing_speaks_against_it(clip, monkeypatch):
    video = probe(clip).video
    if "h264_nvenc" not in av.codec.codec.codecs_available:
        pytest.skip("this FFmpeg knows no NVENC")

    def chosen(**settings):
        return resolve(EncoderSettings(hardware=True, **settings), video)

    monkeypatch.setattr(encoders, "can_encode", lambda _name, _form: True)
    assert chosen().name == chosen(codec="h264").name == "h264_nvenc"
    assert chosen(crf=19).options["cq"] == "19"
    for settings in (
        {"codec": "libx264"},
        {"codec": "x264"},
        {"codec": "lossless"},
        {"preset": "fast"},
        {"deterministic": True},
    ):
        assert chosen(**settings).name == "libx264"
    monkeypatch.setattr(encoders, "can_encode", lambda _name, _form: False)
    assert chosen().name == "libx264"


def test_the_report_says_what_decoded(clip, tmp_path):
    report = clean(clip, tmp_path / "out.mp4", config={"stages": (), "hwaccel": "auto"})
    assert report.to_dict()["decoder"] == report.decoder
    assert report.frames.written == 12
