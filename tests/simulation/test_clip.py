import json
import os
from fractions import Fraction

import av
import numpy as np
import pytest

from dashcam_pipeline.errors import UsageError
from dashcam_pipeline.simulation import clip
from dashcam_pipeline.simulation.cpus import few_cpus
from dashcam_pipeline.simulation.film import Fix
from dashcam_pipeline.simulation.views import load_view, save_view

JOB = clip.Job("city", 26, 0.8, 96, 54, Fraction(10), samples=1, day=True)


def view(index: int, *, night: bool = True):
    """A dim street with one lamp that moves; by day, bright and even."""
    light = np.full((54, 96, 3), 0.4 if night else 4000.0, np.float32)
    mask = np.zeros((54, 96, 3), np.float32)
    if night:
        light[20:24, 10 + 5 * index : 14 + 5 * index] = (20_000, 12_000, 5_000)
        mask[20:24, 10 + 5 * index : 14 + 5 * index, 0] = 1
        mask[40:44, 50:54, 1] = 1
    return light, mask


@pytest.fixture
def rendered(tmp_path):
    """A folder as the renderer leaves it."""
    frames = tmp_path / "frames"
    frames.mkdir()
    for i in range(JOB.count):
        save_view(frames / f"{i:05d}.night.npz", *view(i))
        save_view(frames / f"{i:05d}.day.npz", *view(i, night=False), night=False)
    return tmp_path


def pictures(path):
    with av.open(str(path)) as file:
        return [f.to_ndarray(format="rgb24").astype(int) for f in file.decode(video=0)]


@pytest.mark.parametrize("night", [True, False])
def test_a_view_keeps_its_radiance(tmp_path, night):
    light, mask = view(1, night=night)
    save_view(tmp_path / "a.npz", light, mask, night=night)
    again, mask_again = load_view(tmp_path / "a.npz")
    np.testing.assert_allclose(again, light, rtol=1e-3)
    assert np.array_equal(mask_again, mask)


def test_a_folder_with_all_views_needs_no_renderer(rendered):
    assert list(clip.render_frames(JOB, rendered)) == [8]


def test_frames_of_another_drive_are_not_mixed_in(rendered):
    list(clip.render_frames(JOB, rendered))
    other = clip.Job("city", 27, 0.8, 96, 54, Fraction(10), samples=1)
    with pytest.raises(UsageError, match="another drive"):
        list(clip.render_frames(other, rendered))


def test_the_films_differ_by_glare_alone(rendered):
    clip.film(JOB, rendered)
    glare, truth = (pictures(rendered / f"night-{n}.mp4") for n in ("glare", "truth"))
    assert len(glare) == len(truth) == len(pictures(rendered / "day.mp4")) == 8
    for index, (a, b) in enumerate(zip(glare, truth, strict=True)):
        x = 12 + 5 * index
        assert a[14:18, x - 3 : x + 3].mean() > b[14:18, x - 3 : x + 3].mean() + 20
        lamp_in_both = (a[21:23, x - 1 : x + 1].min(), b[21:23, x - 1 : x + 1].min())
        assert min(lamp_in_both) > 150
        assert (a - b)[:44].mean() > 0


def test_the_truth_names_lamps_camera_and_optics(rendered):
    clip.film(JOB, rendered)
    truth = json.loads((rendered / "truth.json").read_text())
    assert (truth["scene"], truth["seed"], truth["frames"]) == ("city", 26, 8)
    lamp = next(lamp for lamp in truth["lamps"][3] if lamp["kind"] == "lamp")
    assert (lamp["x"], lamp["y"], lamp["area"]) == (26.5, 21.5, 16)
    assert lamp["peak"] == pytest.approx(20_000, rel=1e-3)
    assert {lamp["kind"] for lamp in truth["lamps"][0]} == {"lamp", "signal"}
    steps = np.diff([c["at"] for c in truth["camera"]], axis=0)
    assert np.linalg.norm(steps, axis=1).mean() == pytest.approx(
        truth["recipe"]["speed"] / 10, rel=0.05
    )
    assert truth["optics"]["streaks"] > 0


def test_masks_come_without_loss(rendered):
    clip.film(JOB, rendered)
    masks = pictures(rendered / "masks.mkv")
    assert np.array_equal(masks[5], view(5)[1] * 255)


def test_a_finished_clip_gives_its_frames_up(rendered):
    list(clip.render_frames(JOB, rendered))
    clip.remove_frames(rendered)
    assert not (rendered / "frames").exists()


def test_date_and_speed_are_burned_in_white_on_a_dark_rim():
    fix = Fix(clip.START, 48.0, 9.0, 12.5, 0.0)
    picture = clip.burn_in(np.full((270, 480, 3), 90, np.uint8), fix)
    below = picture[240:]
    assert (below == 255).any()
    assert (below == 0).any()
    assert (picture[:240] == 90).all()


@pytest.mark.skipif(not hasattr(os, "sched_getaffinity"), reason="Linux only")
def test_cpus_are_given_back():
    before = os.sched_getaffinity(0)
    with few_cpus(1):
        assert len(os.sched_getaffinity(0)) == 1
    assert os.sched_getaffinity(0) == before
