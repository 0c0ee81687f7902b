"""An empty pass through a lossless encoder changes no sample, whatever the format."""

from __future__ import annotations

import gc
from dataclasses import replace
from fractions import Fraction

import av
import judge
import numpy as np
import pytest
from factory import Picture, make_clip, picture
from hypothesis import given
from hypothesis import strategies as st
from pump import pump

from dashcam_pipeline.frames import KR_KB, Color, Frame, PixelLayout
from dashcam_pipeline.media import planes
from dashcam_pipeline.media.describe import probe
from dashcam_pipeline.media.encoders import EncoderSettings, lossless
from dashcam_pipeline.media.reader import Reader
from dashcam_pipeline.media.writer import Writer

FULL, LIMITED = (2, 2, 2, 2), (2, 2, 2, 1)


@pytest.mark.parametrize(
    ("codec", "pixel_format", "color"),
    [
        ("libx264", "yuv420p", LIMITED),
        ("libx264", "yuvj420p", FULL),
        ("libx264", "yuv422p", LIMITED),
        ("libx264", "yuvj422p", FULL),
        ("libx264", "yuv444p", LIMITED),
        ("libx264", "yuv420p10le", LIMITED),
        ("libx264", "yuv422p10le", LIMITED),
        ("libx265", "yuv420p", LIMITED),
        ("libx265", "yuv420p10le", LIMITED),
        ("libx265", "yuv444p10le", LIMITED),
        ("libx265", "yuv420p12le", LIMITED),
        ("mjpeg", "yuvj420p", FULL),
        ("mjpeg", "yuvj422p", FULL),
        ("mjpeg", "yuvj444p", FULL),
    ],
)
@pytest.mark.parametrize(
    "size", [(320, 180), (101, 67), (90, 160)], ids=["16:9", "odd", "portrait"]
)
def test_samples_come_through_bit_exactly(tmp_path, codec, pixel_format, color, size):
    sampled = pixel_format.removeprefix("yuvj").removeprefix("yuv")[:3]
    if size[0] % 2 and sampled != "444" and codec != "mjpeg":
        size = (102, 68 if sampled == "420" else 67)
    source = make_clip(
        tmp_path / "in.mkv",
        Picture(frames=8, codec=codec, pixel_format=pixel_format, color=color, size=size),
    )
    target = tmp_path / "out.mkv"
    bits = int(pixel_format.partition("p")[2].removesuffix("le") or 8)

    pump(source, target, lossless("ffv1" if size[0] % 2 else "auto"))

    before, after = judge.frames(source), judge.frames(target)
    assert judge.same_pictures(before, after)
    assert before[0].format.name.replace("yuvj", "yuv") == after[0].format.name.replace(
        "yuvj", "yuv"
    )
    assert probe(target).video.layout.bits == bits
    assert probe(target).video.color.full_range is (color == FULL)
    assert judge.seconds(target) == judge.seconds(source)


@pytest.mark.parametrize("codec", ["h264", "hevc", "ffv1"])
def test_each_lossless_encoder_is_lossless(tmp_path, codec):
    source = make_clip(tmp_path / "in.mkv", frames=8)
    target = tmp_path / "out.mkv"

    pump(source, target, lossless(codec))

    assert judge.same_pictures(judge.frames(source), judge.frames(target))


def raw_clip(path, pixel_format, size=(64, 48)):
    return make_clip(
        path, Picture(frames=3, codec="rawvideo", pixel_format=pixel_format, size=size)
    )


@pytest.mark.parametrize(
    ("pixel_format", "bits", "shift"), [("nv12", 8, 0), ("p010le", 10, 6), ("p012le", 12, 4)]
)
def test_semi_planar_samples_are_taken_apart_losslessly(pixel_format, bits, shift):
    original = picture(0, Picture(pixel_format=pixel_format, size=(64, 48)))
    luma, chroma = judge.samples(original)
    form = planes.pixel_format(pixel_format)

    ours = planes.planes_of(original, form, Color())

    assert form.layout == PixelLayout(bits, (1, 1))
    assert not form.converted
    assert np.array_equal(ours[0], luma >> shift)
    assert np.array_equal(ours[1], chroma[:, 0::2] >> shift)
    assert np.array_equal(ours[2], chroma[:, 1::2] >> shift)
    frame = Frame(ours, 0, Fraction(1, 30), 0, form.layout)
    back = judge.samples(planes.to_video_frame(frame, pixel_format))
    assert np.array_equal(back[0], luma)
    assert np.array_equal(back[1], chroma)


def test_a_semi_planar_recording_is_read(tmp_path):
    source = raw_clip(tmp_path / "in.nut", "nv12")
    target = tmp_path / "out.mkv"

    pump(source, target)

    for a, b in zip(judge.frames(source), judge.frames(target), strict=True):
        (luma, chroma), (y, cb, cr) = judge.samples(a), judge.samples(b)
        assert np.array_equal(y, luma)
        assert np.array_equal(cb, chroma[:, 0::2])
        assert np.array_equal(cr, chroma[:, 1::2])


def test_gray_gets_neutral_colour(tmp_path):
    source = raw_clip(tmp_path / "in.nut", "gray")
    target = tmp_path / "out.mkv"

    pump(source, target)

    before, after = judge.frames(source), judge.frames(target)
    for a, b in zip(before, after, strict=True):
        luma, cb, cr = judge.samples(b)
        assert np.array_equal(luma, judge.samples(a)[0])
        assert (cb == 128).all()
        assert (cr == 128).all()


@pytest.mark.parametrize("height", [96, 720], ids=["BT.601", "BT.709"])
def test_rgb_is_converted_once_by_the_named_matrix(tmp_path, height):
    source = raw_clip(tmp_path / "in.nut", "rgb24", (64, height))
    rgb = judge.samples(judge.frames(source)[0])[0].reshape(height, 64, 3).astype(float)

    with Reader(source) as reader:
        frame = next(item for item in reader if isinstance(item, Frame))

    assert frame.layout == PixelLayout(8, (0, 0))
    assert frame.color == Color("bt709" if height == 720 else "bt601", full_range=True)
    kr, kb = KR_KB[frame.color.matrix]
    luma = kr * rgb[..., 0] + (1 - kr - kb) * rgb[..., 1] + kb * rgb[..., 2]
    cb = (rgb[..., 2] - luma) / (2 * (1 - kb)) + 128
    cr = (rgb[..., 0] - luma) / (2 * (1 - kr)) + 128
    for ours, exact in zip(frame.planes, (luma, cb, cr), strict=True):
        assert np.abs(ours - exact).max() < 1.02, "swscale truncates"


@pytest.mark.parametrize("pixel_format", ["yuyv422", "yuv440p", "yuv411p", "pal8"])
def test_any_other_format_is_read(tmp_path, pixel_format):
    source = tmp_path / "in.nut"
    if pixel_format == "pal8":
        with av.open(str(source), "w", format="nut") as out:
            stream = out.add_stream("rawvideo", rate=30)
            stream.width, stream.height, stream.pix_fmt = 64, 48, "pal8"
            indices = np.zeros((48, 64), np.uint8)
            palette = np.tile(np.uint8([255, 200, 30, 40]), (256, 1))
            frame = av.VideoFrame.from_ndarray((indices, palette), "pal8")
            out.mux(stream.encode(frame))
            out.mux(stream.encode(None))
    else:
        raw_clip(source, pixel_format)

    with Reader(source) as reader:
        frames = [item for item in reader if isinstance(item, Frame)]

    assert reader.info.video.pixel_format.converted
    assert frames
    assert all(f.layout == PixelLayout(8, (0, 0)) for f in frames)
    assert all(f.source is None for f in frames)


def test_planes_are_views_and_outlive_the_reader(tmp_path):
    source = make_clip(tmp_path / "in.mp4", Picture(frames=4, size=(326, 180)))
    originals = judge.frames(source)

    with Reader(source) as reader:
        frames = [item for item in reader if isinstance(item, Frame)]
    del reader
    gc.collect()

    for frame, original in zip(frames, originals, strict=True):
        assert frame.planes[0].base is not None
        assert frame.planes[0].strides[0] > 326, "the decoder's padding is honoured, not copied"
        with pytest.raises(ValueError, match="read-only"):
            frame.planes[0][0, 0] = 1
        for ours, theirs in zip(frame.planes, judge.samples(original), strict=True):
            assert np.array_equal(ours, theirs)


def test_changed_planes_reach_the_encoder_bit_exactly(tmp_path):
    source = make_clip(tmp_path / "in.mp4", Picture(frames=6, pixel_format="yuv420p10le"))
    target = tmp_path / "out.mkv"
    wanted = []
    with Reader(source) as reader, Writer(target, reader.info, lossless("ffv1")) as writer:
        for item in reader:
            if isinstance(item, Frame):
                luma, cb, cr = item.planes
                new = item.with_planes((np.ascontiguousarray(luma[::-1]), cb, cr))
                wanted.append(new.planes)
                writer.write(new)
        writer.finish()

    for seen, expected in zip(judge.frames(target), wanted, strict=True):
        for ours, theirs in zip(judge.samples(seen), expected, strict=True):
            assert np.array_equal(ours, theirs)


@given(
    st.sampled_from([(8, "420"), (8, "422"), (8, "444"), (10, "420"), (10, "422"), (16, "444")]),
    st.integers(2, 70),
    st.integers(2, 40),
    st.integers(0, 2**32 - 1),
)
def test_planes_survive_the_way_to_a_picture_and_back(kind, width, height, seed):
    bits, sampled = kind
    layout = PixelLayout(bits, {"420": (1, 1), "422": (1, 0), "444": (0, 0)}[sampled])
    rng = np.random.default_rng(seed)
    dtype = np.uint8 if bits == 8 else np.uint16
    luma = rng.integers(0, layout.max_value + 1, (height, width), dtype)
    cb, cr = (
        rng.integers(0, layout.max_value + 1, layout.chroma_shape(height, width), dtype)
        for _ in range(2)
    )
    frame = Frame((luma, cb, cr), 0, Fraction(1, 30), 0, layout)
    name = planes.format_of(layout)

    picture = planes.to_video_frame(frame, name)

    back = planes.planes_of(picture, planes.pixel_format(name), Color())
    assert all(np.array_equal(a, b) for a, b in zip(back, frame.planes, strict=True))


def test_a_change_of_resolution_is_converted_and_counted(tmp_path):
    tick = Fraction(1, 90000)
    parts = [
        make_clip(tmp_path / "a.ts", Picture(frames=12, time_base=tick)),
        make_clip(tmp_path / "b.ts", Picture(frames=12, time_base=tick, size=(256, 144))),
    ]
    source = tmp_path / "in.ts"
    source.write_bytes(b"".join(p.read_bytes() for p in parts))
    target = tmp_path / "out.ts"

    counts, report = pump(source, target)

    assert report.frames == 24
    assert counts.frames.converted == 12
    assert any("256x144" in message for message in counts.errors)
    assert {(f.width, f.height) for f in judge.frames(target)} == {(320, 180)}


@pytest.mark.parametrize("codec", ["h264", "hevc", "mjpeg", "lossless", "ffv1"])
@pytest.mark.parametrize(
    ("pixel_format", "size"), [("yuvj420p", (101, 67)), ("yuvj422p", (101, 66))]
)
def test_odd_sizes_are_written_without_loss(tmp_path, codec, pixel_format, size):
    source = make_clip(
        tmp_path / "in.avi",
        Picture(
            frames=4, codec="mjpeg", pixel_format=pixel_format, size=size, time_base=Fraction(1, 30)
        ),
    )
    target = tmp_path / "out.mkv"

    pump(source, target, EncoderSettings(codec))

    before, after = judge.frames(source), judge.frames(target)
    assert {(f.width, f.height) for f in after} == {size}
    for a, b in zip(before, after, strict=True):
        theirs, ours = judge.samples(a), judge.samples(b)
        if b.format.name.startswith("yuv444") or b.format.name.startswith("yuvj444"):
            step = -(-size[1] // theirs[1].shape[0])
            ours[1:] = [plane[::step, ::2] for plane in ours[1:]]
        close = 0 if codec in {"lossless", "ffv1"} else 4
        for x, y in zip(theirs, ours, strict=True):
            assert np.abs(x.astype(int) - y.astype(int)).mean() <= close


def test_the_decoders_picture_types_do_not_reach_the_encoder(tmp_path):
    source = make_clip(tmp_path / "in.mp4", Picture(frames=30, gop=1))
    target = tmp_path / "out.mp4"

    pump(source, target, EncoderSettings(options={"g": "30", "sc_threshold": "0"}))

    with av.open(str(target)) as container:
        keys = [p.is_keyframe for p in container.demux(video=0) if p.size]
    assert sum(keys) == 1


def test_frames_carry_what_the_source_says(tmp_path):
    source = make_clip(tmp_path / "in.mp4", Picture(pts=[100, 612, 1500]))

    with Reader(source) as reader:
        frames = [item for item in reader if isinstance(item, Frame)]

    assert [f.pts for f in frames] == [100, 612, 1500]
    assert [f.index for f in frames] == [0, 1, 2]
    assert {f.time_base for f in frames} == {Fraction(1, 15360)}
    assert replace(frames[0], pts=0).source is frames[0].source
