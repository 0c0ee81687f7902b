from fractions import Fraction

import av
import numpy as np
import pytest

from dashcam_pipeline.errors import InputError, InputMissingError
from dashcam_pipeline.simulation.pack import write_masks
from dashcam_pipeline.training.evaluation.glare.truth import (
    ClipRow,
    TruthReport,
    clip_table,
    evaluate_clip,
    find_clips,
)


class Fake:
    """Stands in for a pipeline."""

    def __init__(self, change):
        self.process_rgb = change


def film(path, frames):
    with av.open(str(path), "w") as out:
        stream = out.add_stream("libx264rgb", rate=10)
        stream.height, stream.width = frames[0].shape[:2]
        stream.pix_fmt = "rgb24"
        stream.options = {"crf": "0", "preset": "ultrafast"}
        for picture in frames:
            out.mux(stream.encode(av.VideoFrame.from_ndarray(picture, "rgb24")))
        out.mux(stream.encode(None))


@pytest.fixture
def folder(tmp_path):
    """Six frames: a haze of 40 codes on the left half, and a lamp in it."""
    truth = [np.full((32, 64, 3), 30, np.uint8) for _ in range(6)]
    masks = [np.zeros((32, 64, 3), np.float32) for _ in range(6)]
    for i in range(6):
        truth[i][10:14, 4 + i : 8 + i] = 200
        masks[i][10:14, 4 + i : 8 + i, 0] = 1
    hazy = [t.copy() for t in truth]
    for picture in hazy:
        picture[:, :32] += 40
    film(tmp_path / "night-truth.mp4", truth)
    film(tmp_path / "night-glare.mp4", hazy)
    write_masks(tmp_path / "masks.mkv", masks, Fraction(10))
    return tmp_path, np.stack(hazy), np.stack(truth)


def test_rows_tell_a_good_cleaner_from_a_flickering_one(folder):
    path, hazy, truth = folder
    half = np.round((hazy.astype(float) + truth) / 2).astype(np.uint8)
    flicker = half.copy()
    flicker[::2, :, :32] -= 8
    rows = evaluate_clip(
        path,
        {
            "perfect": Fake(lambda _frames: truth),
            "half": Fake(lambda _frames: half),
            "flickers": Fake(lambda _frames: flicker),
        },
    )
    by = {row.name: row for row in rows}
    assert [*by] == ["doing nothing", "perfect", "half", "flickers"]
    assert by["doing nothing"].glare == pytest.approx(20 * np.log10(255 / 40), abs=0.3)
    assert by["perfect"].whole > 60
    assert by["half"].glare == pytest.approx(by["doing nothing"].glare + 6.02, abs=0.3)
    assert by["half"].flicker == pytest.approx(0, abs=0.5)
    assert by["flickers"].flicker > 5
    assert by["doing nothing"].lamps == 0
    assert by["perfect"].lamps == pytest.approx(200 / 240 - 1, abs=0.02)
    assert "| half |" in clip_table(rows)


def test_what_flickers_at_a_clipped_lamp_says_nothing(folder):
    path, hazy, _truth = folder
    hazy[:, 20:24, 40:44] = 255
    film(path / "night-glare.mp4", list(hazy))
    lamp, beside = hazy.copy(), hazy.copy()
    lamp[::2, 20:24, 40:44] = 200
    beside[::2, 10:14, 50:54] = 60
    rows = evaluate_clip(path, {"lamp": Fake(lambda _: lamp), "beside": Fake(lambda _: beside)})
    nothing, at_the_lamp, beside_it = (row.flicker for row in rows)
    assert at_the_lamp == pytest.approx(nothing, abs=0.05)
    assert beside_it > nothing + 1


def test_a_line_that_glare_has_weakened_need_not_become_stronger(tmp_path):
    truth = np.full((6, 96, 160, 3), 30, np.uint8)
    truth[:, 60:63, 20:140] = 110
    hazy, faded = truth.copy(), truth.copy()
    hazy[:, :30, :40] += 40
    hazy[:, 60:63, 20:140] = 80
    faded[:, 60:63, 20:140] = 50
    film(tmp_path / "night-truth.mp4", list(truth))
    film(tmp_path / "night-glare.mp4", list(hazy))
    write_masks(tmp_path / "masks.mkv", [np.zeros((96, 160, 3), np.float32)] * 6, Fraction(10))
    rows = {"all of it": Fake(lambda _: truth), "faded": Fake(lambda _: faded)}
    nothing, whole, less = (row.lines for row in evaluate_clip(tmp_path, rows))
    assert nothing == pytest.approx(1, abs=0.02)
    assert whole == pytest.approx((110**2 - 30**2) / (80**2 - 30**2), abs=0.05)
    assert less == pytest.approx((50**2 - 30**2) / (80**2 - 30**2), abs=0.05)


def test_a_folder_without_truth_is_refused(tmp_path):
    with pytest.raises(InputMissingError, match=r"night-glare\.mp4"):
        evaluate_clip(tmp_path, {})


def test_films_of_different_length_are_refused(folder):
    path, _, truth = folder
    film(path / "night-truth.mp4", list(truth[:4]))
    with pytest.raises(InputError, match="differ in length"):
        evaluate_clip(path, {})


def test_a_folder_of_clips_is_all_of_them(tmp_path):
    for name in ("b", "a"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "night-glare.mp4").touch()
    assert find_clips([tmp_path]) == [tmp_path / "a", tmp_path / "b"]
    assert find_clips([tmp_path / "b"]) == [tmp_path / "b"]
    with pytest.raises(InputMissingError, match=r"night-glare\.mp4"):
        find_clips([tmp_path / "none"])


def row(name, whole, flicker=10.0, lines=1.0, least=1.0):
    return ClipRow(name, whole, whole, whole, flicker, 0.0, lines, least)


def test_controls_are_no_part_of_the_means_and_have_a_bar_of_their_own():
    report = TruthReport(
        {
            "a": (row("doing nothing", 15), row("ours", 21, 9.0, 0.99, 0.95)),
            "b": (row("doing nothing", 17), row("ours", 21, 9.0, 0.95, 0.80)),
            "a-clean": (row("doing nothing", 36), row("ours", 35.7)),
        }
    )
    nothing, ours = report.means()
    assert (nothing.whole, ours.whole) == (16, 21)
    assert (ours.lines, ours.lines_least) == (pytest.approx(0.97), 0.80)
    met = {bar.what: bar.met for bar in report.bars()}
    assert met == {
        "whole, dB over doing nothing": True,
        "flicker over the recording's": True,
        "lane marks and posts keep": True,
        "the same, of the worst frame": False,
        "whole on clean glass": False,
    }
    assert "All but the controls" in report.markdown()
    assert not TruthReport({"a": report.clips["a"]}).bars(), "one clip is no judge"
