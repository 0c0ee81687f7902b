"""Encoders: what is chosen, what is refused."""

from __future__ import annotations

import av
import pytest
from factory import Picture, make_clip
from pump import pump

from dashcam_pipeline.errors import EncoderError
from dashcam_pipeline.media.describe import probe
from dashcam_pipeline.media.encoders import EncoderSettings, lossless, resolve


@pytest.fixture(scope="module")
def clips(tmp_path_factory):
    folder = tmp_path_factory.mktemp("clips")
    return {
        name: probe(make_clip(folder / f"{name}.mkv", Picture(frames=2, pixel_format=name))).video
        for name in ("yuv420p", "yuvj420p", "yuv422p", "yuv444p", "yuv420p10le", "yuv422p10le")
    }


@pytest.mark.parametrize(
    ("source", "encoder", "pixel_format"),
    [
        ("yuv420p", "libx264", "yuv420p"),
        ("yuvj420p", "libx264", "yuvj420p"),
        ("yuv422p", "libx264", "yuv422p"),
        ("yuv444p", "libx264", "yuv444p"),
        ("yuv420p10le", "libx265", "yuv420p10le"),
        ("yuv422p10le", "libx265", "yuv422p10le"),
    ],
)
def test_auto_keeps_depth_and_subsampling(clips, source, encoder, pixel_format):
    chosen = resolve(EncoderSettings(), clips[source])
    assert (chosen.name, chosen.pixel_format) == (encoder, pixel_format)


def test_ten_bits_default_to_main_10(tmp_path):
    source = make_clip(tmp_path / "in.mp4", Picture(frames=4, pixel_format="yuv420p10le"))
    target = tmp_path / "out.mp4"

    _, report = pump(source, target, EncoderSettings())

    with av.open(str(target)) as container:
        context = container.streams.video[0].codec_context
        assert context.name == "hevc"
        assert context.profile == "Main 10"
        assert context.codec_tag == "hvc1", "players of one maker refuse hev1"
    assert report.encoder.endswith("libx265")


@pytest.mark.parametrize("codec", ["h264", "hevc", "av1", "libx264", "libx265", "x265", "H264"])
def test_families_and_names_are_understood(tmp_path, codec, capfd):
    source = make_clip(tmp_path / "in.mp4", frames=4)
    target = tmp_path / "out.mp4"

    pump(source, target, EncoderSettings(codec))

    with av.open(str(target)) as container:
        name = container.streams.video[0].codec_context.codec.canonical_name
    family = {"libx264": "h264", "libx265": "hevc", "x265": "hevc", "h264": "h264"}
    assert name == family.get(codec.lower(), codec)
    assert capfd.readouterr().err == "", "encoders don't chatter"


def test_quality_and_preset_reach_the_encoder(tmp_path):
    source = make_clip(tmp_path / "in.mp4", frames=8)
    sizes = {}
    for crf in (10, 40):
        _, report = pump(source, tmp_path / "out.mp4", EncoderSettings("h264", crf=crf))
        sizes[crf] = report.nbytes
        assert report.options["crf"] == str(crf)
    assert sizes[10] > 2 * sizes[40]
    slow = resolve(EncoderSettings("h264", preset="slow"), probe(source).video)
    assert slow.options["preset"] == "slow"


def test_options_win_and_parameter_strings_add_up(clips):
    chosen = resolve(EncoderSettings("h264", options={"crf": "7"}), clips["yuv420p"])
    assert chosen.options["crf"] == "7"
    chosen = resolve(
        EncoderSettings("hevc", options={"x265-params": "bframes=2"}), clips["yuv420p"]
    )
    assert chosen.options["x265-params"] == "log-level=error:bframes=2"
    chosen = resolve(EncoderSettings("h264", options={"b": "2M"}), clips["yuv420p"])
    assert "crf" not in chosen.options, "a bit rate was asked for"


@pytest.mark.parametrize(
    ("settings", "says"),
    [
        (EncoderSettings("h266"), "no encoder 'h266'"),
        (EncoderSettings("aac"), "for audio"),
        (EncoderSettings("h264", preset="warp"), "no preset 'warp'"),
        (EncoderSettings("ffv1", crf=20), "no constant quality"),
        (EncoderSettings("libx264", options={"speling": "1"}), "no option speling"),
        (EncoderSettings("libx264", options={"preset": "warp"}), "preset=warp"),
        (EncoderSettings("libx264", options={"crf": "good"}), "crf=good"),
    ],
)
def test_wrong_settings_are_named(tmp_path, settings, says):
    source = make_clip(tmp_path / "in.mp4", frames=2)
    target = tmp_path / "out.mp4"

    with pytest.raises(EncoderError) as caught:
        pump(source, target, settings)

    assert says in str(caught.value)
    assert caught.value.advice
    assert sorted(p.name for p in tmp_path.iterdir()) == ["in.mp4"]


def test_an_encoder_that_would_reduce_the_samples_is_refused(clips):
    with pytest.raises(EncoderError, match="yuv422p samples") as caught:
        resolve(EncoderSettings("av1"), clips["yuv422p"])
    assert "libx264" in caught.value.advice
    with pytest.raises(EncoderError, match="10 bits") as caught:
        resolve(EncoderSettings("mjpeg"), clips["yuv420p10le"])
    assert "libx265" in caught.value.advice


def test_a_container_that_cannot_hold_the_codec_is_named(tmp_path):
    source = make_clip(tmp_path / "in.mp4", frames=2)
    with pytest.raises(EncoderError, match="mpegts can't hold what ffv1 writes") as caught:
        pump(source, tmp_path / "out.ts", EncoderSettings("ffv1"))
    assert ".mkv" in caught.value.advice


def test_hardware_encoders_fail_with_advice(tmp_path):
    if "h264_nvenc" not in av.codec.codec.codecs_available:
        pytest.skip("this FFmpeg has no NVENC")
    source = make_clip(tmp_path / "in.mp4", frames=2)
    try:
        pump(source, tmp_path / "out.mp4", EncoderSettings("h264_nvenc"))
    except EncoderError as error:
        assert "driver" in error.advice  # noqa: PT017 - it works where there is such hardware


def test_lossless_is_refused_where_there_is_none():
    with pytest.raises(EncoderError, match="no lossless mode") as caught:
        lossless("libsvtav1")
    assert "libx264" in caught.value.advice
