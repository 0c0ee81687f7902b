"""What pictures and tracks say beside samples is carried, or named."""

from __future__ import annotations

import struct
from dataclasses import replace
from fractions import Fraction

import av
import cameras
import pytest
from av.sidedata.sidedata import Type
from factory import Picture, Sound, insert_boxes, insert_messages, make_clip

from dashcam_pipeline import clean
from dashcam_pipeline.media.describe import probe
from dashcam_pipeline.stages import registry

EMPTY = {"stages": ()}
TICK = Fraction(1, 90_000)
HDR = "master-display=G(13250,34500)B(7500,3000)R(34000,16000)WP(15635,16450)L(10000000,1)"
X265 = {"x265-params": f"log-level=error:{HDR}:max-cll=1000,400"}
DEEP = Picture(frames=10, codec="libx265", pixel_format="yuv420p10le", options=X265)


def caption(index):
    return bytes([0xFC, 0x80 | index, 0xA0])


def captioned(path):
    """Pictures that each carry a caption of their own."""
    clip = make_clip(path, Picture(pts=[130_000 + i * 3000 for i in range(12)], time_base=TICK))
    said = [[(4, b"\xb5\0\x31GA94\3\x41\xff" + caption(i) + b"\xff")] for i in range(12)]
    return insert_messages(clip, said)


def captions(path):
    with av.open(str(path)) as container:
        return [bytes(f.side_data[Type.A53_CC]) for f in container.decode(video=0)]


def losses(report):
    return [(one.track, one.reason) for one in report.lost]


@pytest.fixture(params=["as they are", "changed"])
def config(request, monkeypatch):
    if request.param == "as they are":
        return EMPTY
    monkeypatch.setitem(registry.BUILT_IN, "dim", "toys:Dim")
    return {"stages": ("dim",)}


@pytest.mark.parametrize("suffix", [".mp4", ".mkv", ".ts"])
def test_captions_stay_with_their_pictures(tmp_path, suffix, config):
    source = captioned(tmp_path / f"in{suffix}")
    assert captions(source) == [caption(i) for i in range(12)]
    target = tmp_path / f"out{suffix}"

    report = clean(source, target, config=config)

    assert captions(target) == captions(source)
    assert losses(report) == []


def test_captions_reach_hevc(tmp_path):
    source = captioned(tmp_path / "in.mp4")
    clean(source, tmp_path / "out.mp4", config={**EMPTY, "codec": "hevc"})
    assert captions(tmp_path / "out.mp4") == captions(source)


def test_captions_that_a_codec_cannot_hold_are_named(tmp_path):
    source = captioned(tmp_path / "in.mkv")
    report = clean(source, tmp_path / "out.mkv", config={**EMPTY, "codec": "ffv1"})
    assert losses(report) == [("#0 video h264", "closed captions")]
    assert "not said   #0 video h264: closed captions" in report.summary()
    assert report.to_dict()["lost"][0]["reason"] == "closed captions"


@pytest.mark.parametrize("suffix", [".mp4", ".mkv"])
def test_mastering_display_and_light_level_are_carried(tmp_path, suffix):
    source = make_clip(tmp_path / f"in{suffix}", DEEP)
    target = tmp_path / f"out{suffix}"

    report = clean(source, target, config=EMPTY)

    for kind in (Type.MASTERING_DISPLAY_METADATA, Type.CONTENT_LIGHT_LEVEL):
        with av.open(str(source)) as a, av.open(str(target)) as b:
            before, after = (next(c.decode(video=0)).side_data[kind] for c in (a, b))
            assert bytes(before) == bytes(after)
    assert losses(report) == []


def test_hdr_that_only_the_container_tells_is_carried(tmp_path):
    clip = make_clip(tmp_path / "in.mp4", replace(DEEP, options={}))
    mdcv = struct.pack(">8H2I", 13250, 34500, 7500, 3000, 34000, 16000, 15635, 16450, 10**7, 1)
    clli = struct.pack(">2H", 1000, 400)
    source = insert_boxes(clip, entry=[(b"mdcv", mdcv), (b"clli", clli)])
    target = tmp_path / "out.mkv"

    report = clean(source, target, config=EMPTY)

    with av.open(str(target)) as container:
        found = {d.type: bytes(d) for d in next(container.decode(video=0)).side_data}
    assert struct.unpack("=2I", found[Type.CONTENT_LIGHT_LEVEL]) == (1000, 400)
    light = struct.unpack("=22i", found[Type.MASTERING_DISPLAY_METADATA])
    assert (light[18] / light[19], light[16] / light[17]) == (1000.0, 0.0001)
    assert losses(report) == []


SV3D = cameras.box(b"svhd", bytes(4) + b"camera\0") + cameras.box(
    b"proj", cameras.box(b"prhd", bytes(16)) + cameras.box(b"equi", bytes(20))
)
ST3D = bytes(4) + b"\2"
XML = bytes.fromhex("ffcc8263f8554a938814587a02521fdd") + b"<rdf:SphericalVideo/>"


def test_boxes_of_360_degrees_are_carried(tmp_path):
    source = insert_boxes(
        make_clip(tmp_path / "in.mp4", Picture(frames=20), sounds=[Sound(seconds=0.5)]),
        entry=[(b"st3d", ST3D), (b"sv3d", SV3D)],
        track=[(b"uuid", XML)],
    )
    target = tmp_path / "out.mp4"

    report = clean(source, target, config=EMPTY)

    data = target.read_bytes()
    for kind, content in ((b"st3d", ST3D), (b"sv3d", SV3D), (b"uuid", XML)):
        assert data.count(cameras.box(kind, content)) == 1
    with av.open(str(target)) as container:
        found = {d.type for d in next(container.decode(video=0)).side_data}
        assert sum(1 for _ in container.decode(audio=0)) > 0
    assert {Type.SPHERICAL, Type.STEREO3D} <= found
    assert losses(report) == []

    report = clean(source, tmp_path / "out.mkv", config=EMPTY)
    # the encoder says the layout of unchanged pictures in a message of its own
    assert losses(report) == [
        ("#0 video h264", "360-degree projection"),
        ("#1 audio aac", "trimmed samples at its ends"),
    ]


def test_a_box_that_nobody_knows_is_named(tmp_path):
    clip = make_clip(tmp_path / "in.mp4", sounds=[Sound()])
    insert_boxes(clip, entry=[(b"zzz1", b"?")], track=[(b"zzz2", b"??")])
    source = insert_boxes(clip, entry=[(b"zzz3", b"?")], index=1)

    report = clean(source, tmp_path / "out.mp4", config=EMPTY)

    assert losses(report) == [
        ("#0 video h264", "box zzz1"),
        ("#0 video h264", "box zzz2"),
        ("#1 audio aac", "box zzz3"),
    ]


def test_a_message_that_nobody_knows_is_named(tmp_path):
    clip = make_clip(tmp_path / "in.mp4", Picture(frames=10))
    source = insert_messages(clip, [[]] * 7 + [[(222, b"?")]] + [[]] * 2)
    report = clean(source, tmp_path / "out.mp4", config=EMPTY)
    assert losses(report) == [("#0 video h264", "SEI message 222")]


def test_a_cameras_own_message_is_carried(tmp_path):
    own = (5, b"maker's own uuid" + bytes(300) + b"\0\0\1\0\0\3 and zeros \0\0\0")
    clip = make_clip(tmp_path / "in.mp4", Picture(frames=10))
    source = insert_messages(clip, [[own]] + [[]] * 9)
    target = tmp_path / "out.mp4"

    report = clean(source, target, config=EMPTY)

    with av.open(str(target)) as container:
        first = next(container.decode(video=0))
        assert own[1] in [bytes(d) for d in first.side_data if d.type == Type.SEI_UNREGISTERED]
    assert losses(report) == []


@pytest.mark.parametrize("codec", ["libx264", "libx265"])
@pytest.mark.parametrize("place", ["center", "topleft", "top"])
def test_the_place_of_chroma_is_kept(tmp_path, codec, place):
    picture = Picture(frames=5, codec=codec, options={"chroma_sample_location": place})
    source = make_clip(tmp_path / "in.mp4", picture)
    assert probe(source).video.chroma_place == place
    target = tmp_path / "out.mp4"

    report = clean(source, target, config={**EMPTY, "codec": codec})

    assert probe(target).video.chroma_place == place
    assert losses(report) == []


FIELDS = {"flags": "+ilme+ildct"}


@pytest.mark.parametrize("suffix", [".mp4", ".mkv", ".ts"])
@pytest.mark.parametrize("first", ["top", "bottom"])
def test_interlaced_pictures_stay_interlaced(tmp_path, suffix, first, config):
    options = {"x264-params": f"{'tff' if first == 'top' else 'bff'}=1", **FIELDS}
    pts = [130_000 + i * 3000 for i in range(12)]
    picture = Picture(pts=pts, first_field=first, options=options, time_base=TICK)
    source = make_clip(tmp_path / f"in{suffix}", picture)
    target = tmp_path / f"out{suffix}"
    assert probe(source).video.first_field == first

    report = clean(source, target, config=config)

    assert probe(target).video.first_field == first
    with av.open(str(target)) as container:
        assert all(frame.interlaced_frame for frame in container.decode(video=0))
    assert losses(report) == []


def test_interlaced_pictures_that_a_codec_makes_progressive_are_named(tmp_path):
    picture = Picture(frames=5, first_field="top", options={"x264-params": "tff=1", **FIELDS})
    source = make_clip(tmp_path / "in.mp4", picture)
    report = clean(source, tmp_path / "out.mp4", config={**EMPTY, "codec": "hevc"})
    assert losses(report) == [("#0 video h264", "interlaced scan")]


@pytest.mark.parametrize(
    ("codec", "options"),
    [
        ("libx265", {"x265-params": "interlace=tff:log-level=none"}),
        ("libsvtav1", {"field_order": "tt"}),
        ("libvpx-vp9", {"field_order": "bb"}),
    ],
)
@pytest.mark.parametrize("suffix", [".mp4", ".mkv", ".ts"])
def test_fields_apart_and_fields_that_only_a_container_tells_are_named(
    tmp_path, codec, options, suffix
):
    """HEVC codes each field as a picture: two of them in one would be four."""
    picture = Picture(frames=6, codec=codec, b_frames=0, options=options)
    source = make_clip(tmp_path / "in.mkv", picture)
    target = tmp_path / f"out{suffix}"

    report = clean(source, target, config=EMPTY)

    assert (report.lost[0].track[:8], report.lost[0].reason) == ("#0 video", "interlaced scan")
    with av.open(str(target)) as container:
        assert not any(frame.interlaced_frame for frame in container.decode(video=0))


def test_attached_files_that_are_kept_are_not_called_lost(tmp_path):
    files = [("a.ttf", "font/ttf", b"font" * 9), ("b.txt", "text/plain", b"words" * 9)]
    source = make_clip(tmp_path / "in.mkv", Picture(frames=5), attachments=files)
    report = clean(source, tmp_path / "out.mkv", config=EMPTY)
    assert losses(report) == []
    assert all(content in (tmp_path / "out.mkv").read_bytes() for _, _, content in files)
    report = clean(source, tmp_path / "out.mp4", config=EMPTY)
    assert [fact.track for fact in report.not_carried] == [
        f"#{index} attachment unknown" for index in (1, 2)
    ]


def test_marks_of_tracks_are_named_where_they_get_lost(tmp_path):
    picture = Picture(frames=20, disposition=int(av.stream.Disposition.hearing_impaired))
    source = make_clip(tmp_path / "in.mkv", picture)
    assert losses(clean(source, tmp_path / "out.mkv", config=EMPTY)) == []
    lost = losses(clean(source, tmp_path / "out.ts", config=EMPTY))
    assert ("#0 video h264", "mark hearing_impaired") in lost


def test_metadata_and_chapters_without_a_place_are_named(tmp_path):
    source = make_clip(
        tmp_path / "in.mp4", metadata={"title": "A drive"}, chapters=[(0, 1, "night")]
    )
    report = clean(source, tmp_path / "out.ts", config=EMPTY)
    assert losses(report) == [("", "chapters"), ("", "metadata title")]
    assert "not said   of the file: chapters, metadata title" in report.summary()


@pytest.mark.parametrize("suffix", [".mp4", ".mkv", ".ts"])
def test_an_ordinary_recording_loses_nothing(tmp_path, suffix):
    picture = Picture(pts=[130_000 + i * 3000 for i in range(20)], time_base=Fraction(1, 90_000))
    source = make_clip(tmp_path / f"in{suffix}", picture, sounds=[Sound(start=Fraction(13, 9))])
    report = clean(source, tmp_path / f"out{suffix}", config=EMPTY)
    assert report.lost == ()
    assert "not said" not in report.summary()


def test_captions_of_mpeg_2_become_messages(tmp_path):
    """MPEG-2 has them in user data of the picture (A/53 part 4, 6.2.3)."""
    picture = Picture(frames=12, codec="mpeg2video", time_base=Fraction(1, 30))
    said = [[(4, b"GA94\3\x41\xff" + caption(i) + b"\xff")] for i in range(12)]
    source = insert_messages(make_clip(tmp_path / "in.mkv", picture), said)
    assert captions(source) == [caption(i) for i in range(12)]

    report = clean(source, tmp_path / "out.mkv", config=EMPTY)

    assert captions(tmp_path / "out.mkv") == captions(source)
    track = "#0 video mpeg2video"  # which says two more things that H.264 has no like of here
    assert losses(report) == [(track, "side data panscan"), (track, "time code of pictures")]
