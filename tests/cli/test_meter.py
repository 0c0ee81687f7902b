from __future__ import annotations

import pytest
from tqdm.utils import disp_len

from dashcam_pipeline.cli.meter import Meter, frames


def meter(**facts):
    given = {
        "title": "night.mp4", "done": 27, "total": 60, "things": frames,
        "elapsed": 2.5, "rate": 10.7,
    }  # fmt: skip
    return Meter(**given | facts)


@pytest.mark.parametrize(
    ("width", "line"),
    [
        (
            120,
            "night.mp4: 45% |" + "#" * 14 + " " * 16 + "| 27/60 frames, 10.7 a second, 3 s left",
        ),
        (
            80,
            "night.mp4: 45% |" + "#" * 11 + " " * 14 + "| 27/60 frames, 10.7 a second, 3 s left",
        ),
        (60, "night.mp4: 45%, 27/60 frames, 10.7 a second, 3 s left"),
        (40, "night.mp4: 45%, 27/60 frames, 3 s left"),
        (30, "45%, 27/60 frames, 3 s left"),
        (20, "45%, 3 s left"),
        (10, "3 s left"),
        (4, "3 s "),
    ],
)
def test_the_time_that_is_left_goes_last(width, line):
    assert meter().line(width) == line
    assert len(line) <= width


@pytest.mark.parametrize("width", range(5, 130))
@pytest.mark.parametrize("title", ["야간 주행 녹화.mp4", "x" * 90, ""])
def test_it_never_is_wider_than_the_terminal(width, title):
    line = meter(title=title, more="3 failed").line(width)
    assert disp_len(line) <= width
    assert "3 s left"[: max(0, width - 1)] in line


def test_a_line_off_a_terminal_says_all_of_it():
    assert meter().line() == "night.mp4: 45%, 27/60 frames, 10.7 a second, 3 s left"
    assert meter(more="1 failed").line().endswith("10.7 a second, 1 failed, 3 s left")


@pytest.mark.parametrize(
    ("facts", "said"),
    [
        ({"total": 1, "done": 0}, "0/1 frame, "),
        ({"total": None, "done": 1}, "night.mp4: 1 frame, 10.7 a second, 2 s so far"),
        ({"total": None, "rate": None}, "night.mp4: 27 frames, 2 s so far"),
        (
            {"share": 0.25, "elapsed": 60.0},
            "night.mp4: 25%, 27/60 frames, 10.7 a second, 3:00 min left",
        ),
        ({"done": 0, "rate": None}, "night.mp4: 0%, 0/60 frames, 2 s so far"),
        ({"done": 60}, "60/60 frames, 10.7 a second, 0 s left"),
    ],
)
def test_units_plurals_and_what_is_not_known(facts, said):
    assert said in meter(**facts).line()
