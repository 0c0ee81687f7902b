from __future__ import annotations

import cv2
import numpy as np
import pytest
from factory import Picture, make_clip

from dashcam_pipeline.compare.options import PreviewOptions
from dashcam_pipeline.compare.stills import contact_sheet, still
from dashcam_pipeline.config import CleanConfig
from dashcam_pipeline.errors import OutputError, OutputExistsError, UsageError
from dashcam_pipeline.stages.registry import BUILT_IN

PLAIN = CleanConfig(stages=())
DIM = CleanConfig(stages=("dim:amount=0.5",), protect=())


@pytest.fixture(autouse=True)
def toy_stages(monkeypatch):
    monkeypatch.setitem(BUILT_IN, "dim", "toys:Dim")


@pytest.fixture
def clip(tmp_path):
    return make_clip(tmp_path / "night.mp4", Picture(frames=30))


@pytest.mark.parametrize(("at", "frame"), [(0, 0), (0.5, 15), (0.51, 16), (0.9, 27)])
def test_the_first_frame_from_there_on(clip, tmp_path, at, frame):
    out = tmp_path / "o.png"
    report = still(clip, at=at, output=out, config=PLAIN)
    assert report.times[0] == pytest.approx(frame / 30)
    picture = cv2.imread(str(out))
    assert picture.shape == (180, 644, 3)


def test_both_pictures_are_there(clip, tmp_path):
    out = tmp_path / "o.png"
    still(clip, at=0.5, output=out, options=PreviewOptions(labels=False), config=DIM)
    gray = cv2.imread(str(out), cv2.IMREAD_GRAYSCALE).astype(float)
    assert gray[:, 324:].mean() < 0.7 * gray[:, :320].mean()


@pytest.mark.parametrize("suffix", [".png", ".jpg", ".webp", ".JPG"])
def test_picture_formats(clip, tmp_path, suffix):
    out = tmp_path / f"o{suffix}"
    still(clip, at=0.1, output=out, config=PLAIN)
    assert cv2.imread(str(out)).shape == (180, 644, 3)


def test_an_unknown_format_is_named(clip, tmp_path):
    with pytest.raises(OutputError, match=r"\.bmp"):
        still(clip, at=0.1, output=tmp_path / "o.bmp", config=PLAIN)


def test_nothing_is_replaced_unasked(clip, tmp_path):
    out = tmp_path / "o.png"
    out.write_bytes(b"mine")
    with pytest.raises(OutputExistsError):
        still(clip, at=0.1, output=out, config=PLAIN)
    assert out.read_bytes() == b"mine"


def test_behind_the_end_there_is_no_picture(clip, tmp_path):
    with pytest.raises(UsageError, match="no picture at 7 s"):
        still(clip, at=7, output=tmp_path / "o.png", config=PLAIN)
    assert not (tmp_path / "o.png").exists()


def test_without_a_name_it_goes_beside_the_recording(clip):
    assert still(clip, at=0.1, config=PLAIN).path == clip.with_name("night_before_after.png")


@pytest.mark.parametrize("count", [1, 2, 5, 12])
def test_a_sheet_shows_moments_spread_over_the_part(clip, tmp_path, count):
    out = tmp_path / "sheet.jpg"
    config = CleanConfig(stages=(), start=0.2, end=0.8)
    report = contact_sheet(clip, count=count, output=out, config=config)
    assert len(report.times) == count
    assert all(0.2 <= t < 0.8 + 1 / 30 for t in report.times)
    assert list(report.times) == sorted(report.times)
    picture = cv2.imread(str(out))
    assert picture.shape[1::-1] == (report.size.width, report.size.height)
    assert report.size.width <= 2400


def test_a_change_map_with_its_scale(clip, tmp_path):
    out = tmp_path / "map.png"
    still(clip, at=0.5, output=out, options=PreviewOptions(change_map=True), config=DIM)
    picture = cv2.imread(str(out)).astype(int)
    assert np.ptp(picture[:, 324:], axis=-1).max() > 80
    assert np.ptp(picture[:, :320], axis=-1).max() < 80
