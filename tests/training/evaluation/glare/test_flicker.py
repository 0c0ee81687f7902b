from __future__ import annotations

from fractions import Fraction

import cv2
import numpy as np
import pytest
from factory import make_clip

from dashcam_pipeline.errors import InputError, InputMissingError
from dashcam_pipeline.frames import Color, Frame
from dashcam_pipeline.training.evaluation.glare.flicker import (
    SIDE,
    FlickerReport,
    measure_flicker,
    read_clip,
    small_luma,
)

from .conftest import save


class Changing:
    """Stands in for a pipeline: changes the luma of each frame, a few frames late."""

    def __init__(self, change, late=3):
        self.change = change
        self.late = late

    def process(self, frames):
        held = []
        for frame in frames:
            luma = np.clip(np.rint(self.change(frame)), 16, 235).astype(np.uint8)
            held.append(frame.with_planes((luma, *frame.planes[1:])))
            if len(held) > self.late:
                yield held.pop(0)
        yield from held


def frame(index, luma):
    chroma = np.full((luma.shape[0] // 2, luma.shape[1] // 2), 128, np.uint8)
    return Frame((luma, chroma, chroma), index, Fraction(1, 30), index)


def drive(count=6, seed=0):
    """A soft texture that moves by three pixels a frame."""
    rng = np.random.default_rng(seed)
    wide = cv2.resize(rng.integers(30, 200, (24, 60)).astype(np.uint8), (480, 192))
    for i in range(count):
        yield frame(i, np.ascontiguousarray(wide[:, 3 * i : 3 * i + 320]))


def rows(frames, **changes):
    found = measure_flicker("clip", frames, {n: Changing(c) for n, c in changes.items()})
    return found, {row.name: row for row in found.rows}


def luma(frame):
    return frame.planes[0].astype(float)


def test_motion_is_no_flicker_and_flicker_is():
    found, by = rows(
        drive(),
        same=luma,
        half=lambda f: 16 + (luma(f) - 16) / 2,
        blinks=lambda f: luma(f) - 12 * (f.index % 2),
    )
    assert [row.name for row in found.rows] == ["doing nothing", "same", "half", "blinks"]
    assert (found.pairs, found.cuts) == (5, 0)
    assert found.seen > 0.8
    assert by["doing nothing"].error < 3
    assert (by["same"].ratio, by["same"].added) == (1, 0)
    assert by["half"].ratio == pytest.approx(0.5, abs=0.1)
    assert by["blinks"].ratio > 2
    assert by["blinks"].added == pytest.approx(12 * 255 / 219, abs=1)


def test_a_cut_is_no_flicker():
    other = [frame(i + 3, 235 - f.planes[0] // 2) for i, f in enumerate(drive(3, seed=7))]
    found, by = rows([*drive(3), *other])
    assert (found.pairs, found.cuts) == (4, 1)
    assert by["doing nothing"].error < 3


def test_one_frame_is_no_clip():
    with pytest.raises(InputError, match="1 frames"):
        rows(drive(1))


def test_luma_is_read_in_its_own_range_and_shrunk():
    black = np.full((4, 1920), 16, np.uint8)
    assert small_luma(frame(0, black)).max() == 0
    assert small_luma(frame(0, np.full_like(black, 235))).min() == pytest.approx(1)
    chroma = np.full((2, 960), 128, np.uint8)
    full = Frame((black, chroma, chroma), 0, Fraction(1), 0, color=Color(full_range=True))
    assert small_luma(full).mean() == pytest.approx(16 / 255)
    assert small_luma(full).shape == (2, SIDE)


def test_recordings_folders_of_pictures_and_simulated_clips_are_read(tmp_path):
    clip = make_clip(tmp_path / "clip.mp4", frames=7)
    frames = list(read_clip(clip))
    assert len(frames) == 7
    assert [f.index for f in frames] == list(range(len(frames)))

    folder = tmp_path / "pictures"
    for i, f in enumerate(drive(3)):
        save(folder / f"{i:04}.png", np.repeat(f.planes[0][..., None], 3, axis=2))
    pictures = list(read_clip(folder))
    assert [f.pts for f in pictures] == [0, 1, 2]
    expected = next(drive(1)).planes[0] / 255
    assert np.abs(small_luma(pictures[0]) - expected).max() < 1 / 500

    simulated = tmp_path / "simulated"
    simulated.mkdir()
    clip.rename(simulated / "night-glare.mp4")
    assert len(list(read_clip(simulated))) == len(frames)


def test_what_is_no_clip_is_said(tmp_path):
    with pytest.raises(InputMissingError, match="neither a recording"):
        read_clip(tmp_path / "nothing.mp4")
    save(tmp_path / "a.png", np.zeros((32, 32, 3), np.uint8))
    save(tmp_path / "b.png", np.zeros((32, 48, 3), np.uint8))
    with pytest.raises(InputError, match="48x32, those before 32x32"):
        list(read_clip(tmp_path))


def test_the_report_has_a_line_for_each_clip_and_row():
    found, _ = rows(drive(3), same=luma)
    text = FlickerReport((found, found)).markdown()
    assert text.count("| clip | same | 2 |") == 2
    assert FlickerReport((found,)).to_dict()["clips"][0]["rows"][1]["ratio"] == 1
