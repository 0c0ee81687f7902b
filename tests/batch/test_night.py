from __future__ import annotations

import av
import numpy as np
import pytest
from factory import make_clip

from dashcam_pipeline.batch.night import glimpses, is_bright
from dashcam_pipeline.errors import NotVideoError


def street(path, sky, road, frames=20):
    """A clip whose upper half has one level and the lower another."""
    with av.open(str(path), "w") as out:
        stream = out.add_stream("libx264", rate=10)
        stream.width, stream.height, stream.pix_fmt = 64, 48, "yuv420p"
        picture = np.full((48, 64, 3), road, np.uint8)
        picture[:24] = sky
        for _ in range(frames):
            out.mux(stream.encode(av.VideoFrame.from_ndarray(picture, format="rgb24")))
        out.mux(stream.encode(None))
    return path


@pytest.mark.parametrize(
    ("sky", "road", "bright"),
    [(10, 40, False), (60, 20, False), (200, 90, True), (230, 220, True), (60, 160, False)],
    ids=["night", "dusk", "day", "snow", "lifted night"],
)
def test_day_and_night(tmp_path, sky, road, bright):
    assert is_bright(street(tmp_path / "a.mp4", sky, road)) is bright


def test_levels_are_full_range(tmp_path):
    pictures = glimpses(street(tmp_path / "a.mp4", 255, 0))
    assert len(pictures) == 5
    assert (pictures[0].max(), pictures[0].min()) == (255, 0)


def test_what_is_no_video_is_said(tmp_path):
    path = tmp_path / "a.mp4"
    path.write_text("notes")
    with pytest.raises(NotVideoError):
        is_bright(path)


def test_one_frame_tells_too(tmp_path):
    assert len(glimpses(make_clip(tmp_path / "a.mkv", frames=1))) >= 1
