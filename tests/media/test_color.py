"""The colour rule, and tags that are kept and written."""

from __future__ import annotations

import av
import judge
import pytest
from factory import Picture, make_clip
from hypothesis import given
from hypothesis import strategies as st
from pump import pump

from dashcam_pipeline.frames import Color
from dashcam_pipeline.media.color import ColorTags, decide_color
from dashcam_pipeline.media.describe import probe
from dashcam_pipeline.media.encoders import EncoderSettings


@pytest.mark.parametrize(
    ("height", "matrix", "tag"),
    [(480, "bt601", 6), (576, "bt601", 5), (719, "bt601", 6), (720, "bt709", 1)],
)
def test_untagged_pictures_are_read_by_their_height(height, matrix, tag):
    decision = decide_color(ColorTags(), pixel_format="yuv420p", height=height)
    assert decision.color == Color(matrix, full_range=False)
    assert (decision.written.matrix, decision.written.range) == (tag, 1)
    assert decision.matrix_assumed
    assert decision.range_assumed


@pytest.mark.parametrize(
    ("tag", "matrix"),
    [(1, "bt709"), (5, "bt601"), (6, "bt601"), (7, "bt709"), (9, "bt2020"), (10, "bt2020")],
)
@pytest.mark.parametrize("height", [240, 1080])
def test_a_tag_wins_over_the_height(tag, matrix, height):
    decision = decide_color(ColorTags(matrix=tag), pixel_format="yuv420p", height=height)
    assert decision.color.matrix == matrix
    assert decision.written.matrix == tag
    assert not decision.matrix_assumed


@given(
    st.builds(
        ColorTags, st.integers(0, 22), st.integers(0, 18), st.integers(0, 14), st.integers(0, 2)
    ),
    st.sampled_from(["yuv420p", "yuvj420p", "yuv422p10le", "nv12", "gbrp", "gray"]),
    st.integers(16, 4320),
)
def test_what_is_written_reads_back_as_it_was_decided(tags, pixel_format, height):
    decision = decide_color(tags, pixel_format=pixel_format, height=height)
    again = decide_color(decision.written, pixel_format="yuv420p", height=height)
    assert again.color == decision.color
    assert not again.matrix_assumed
    assert not again.range_assumed
    assert (decision.written.primaries, decision.written.transfer) == (
        tags.primaries,
        tags.transfer,
    )


@pytest.mark.parametrize("suffix", [".mp4", ".mkv"])
@pytest.mark.parametrize(
    "settings", [EncoderSettings(), EncoderSettings("hevc")], ids=["auto", "hevc"]
)
@pytest.mark.parametrize(
    ("color", "pixel_format"),
    [
        ((6, 6, 6, 1), "yuv420p"),
        ((5, 6, 5, 1), "yuv420p"),
        ((1, 1, 1, 1), "yuv420p"),
        ((1, 1, 1, 2), "yuvj420p"),
        ((9, 14, 9, 1), "yuv420p10le"),
        ((9, 16, 9, 1), "yuv420p10le"),
    ],
    ids=["525", "625", "709", "709 full", "2020", "2020 PQ"],
)
def test_tags_are_kept(tmp_path, suffix, settings, color, pixel_format):
    picture = Picture(frames=4, color=color, pixel_format=pixel_format)
    source = make_clip(tmp_path / f"in{suffix}", picture)
    target = tmp_path / f"out{suffix}"

    pump(source, target, settings)

    before, after = probe(source).video.color_decision, probe(target).video.color_decision
    assert before.found == ColorTags(*color)
    assert after.found == before.found
    with av.open(str(target)) as container:
        context = container.streams.video[0].codec_context
        assert (
            context.color_primaries,
            context.color_trc,
            context.colorspace,
            context.color_range,
        ) == color


@pytest.mark.parametrize(("height", "matrix"), [(180, 6), (720, 1)])
def test_untagged_sources_are_tagged(tmp_path, height, matrix):
    source = make_clip(tmp_path / "in.mp4", Picture(frames=3, size=(64, height)))
    target = tmp_path / "out.mp4"

    pump(source, target)

    assert probe(source).video.color_decision.found == ColorTags()
    assert probe(target).video.color_decision.found == ColorTags(2, 2, matrix, 1)
    assert judge.same_pictures(judge.frames(source), judge.frames(target))
