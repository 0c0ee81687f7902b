"""What another program says of a joined drive; skipped where ffprobe isn't installed."""

from __future__ import annotations

import json
import shutil
import subprocess

import pytest
from drives import split, whole_drive

from dashcam_pipeline.join.joining import join

pytestmark = pytest.mark.skipif(shutil.which("ffprobe") is None, reason="ffprobe isn't installed")


def probe(path, *asked):
    done = subprocess.run(
        ["ffprobe", "-v", "error", "-of", "json", *asked, path],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    return json.loads(done.stdout)


@pytest.mark.parametrize("again", [0, 1])
def test_packets_at_seams_and_the_ends_of_tracks(tmp_path, again):
    whole = whole_drive(tmp_path / "whole.mp4", b_frames=2)
    split(whole, tmp_path / "card", again=again)
    join([tmp_path / "card"], tmp_path / "drive.mp4")
    for stream in ("v:0", "a:0"):
        asked = ("-select_streams", stream, "-show_entries", "packet=pts,dts,duration,size")
        before, after = (probe(p, *asked)["packets"] for p in (whole, tmp_path / "drive.mp4"))
        assert after == before
    streams = probe(
        tmp_path / "drive.mp4", "-show_entries", "stream=codec_type,start_time,duration"
    )
    wanted = probe(whole, "-show_entries", "stream=codec_type,start_time,duration")["streams"]
    assert streams["streams"][:2] == wanted
    chapters = probe(tmp_path / "drive.mp4", "-show_chapters")["chapters"]
    assert [float(c["start_time"]) for c in chapters] == [0.0, 2.0 - again, 4.0 - again]
