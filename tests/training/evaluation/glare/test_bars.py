from __future__ import annotations

import math

import pytest

from dashcam_pipeline.training.evaluation.glare.bars import Bar, bars_table
from dashcam_pipeline.training.evaluation.glare.flicker import (
    ClipFlicker,
    FlickerReport,
    FlickerRow,
)
from dashcam_pipeline.training.evaluation.glare.nights import NightScore, NightsReport
from dashcam_pipeline.training.evaluation.glare.pair_folder import Pair
from dashcam_pipeline.training.evaluation.glare.pairs import measure_pairs

from .conftest import Fake, street, with_glare
from .test_pairs import half_way


@pytest.mark.parametrize(
    ("value", "side", "met"),
    [
        (2.0, "least", True),
        (1.9, "least", False),
        (2.0, "most", True),
        (2.1, "most", False),
        (math.nan, "least", False),
        (math.nan, "most", False),
    ],
)
def test_a_limit_may_be_reached_and_nothing_measured_is_not_met(value, side, met):
    assert Bar("a", "x", value, side, 2.0, ".1f").met is met


def test_the_table_says_what_was_wanted():
    text = bars_table([Bar("a", "x", 1.25, "least", 2, "+.2f"), Bar("a", "y", 0, "most", 1, ".0%")])
    assert "| a | x | +1.25 | ≥ +2.00 | **not met** |" in text
    assert "| a | y | 0% | ≤ 100% | met |" in text


def test_pairs_are_judged_by_what_they_win_over_doing_nothing():
    pair = Pair("a.png", "s", with_glare(street()), street())
    report = measure_pairs([pair], {"half": Fake(half_way(pair.clear)), "same": Fake(lambda p: p)})
    assert {(b.row, b.what): b.met for b in report.bars()} == {
        ("half", "glare region, dB"): True,
        ("half", "whole, dB"): True,
        ("half", "rest, dB"): True,
        ("half", "made worse"): True,
        ("same", "glare region, dB"): False,
        ("same", "whole, dB"): False,
        ("same", "rest, dB"): True,
        ("same", "made worse"): True,
    }


def test_nights_may_not_get_brighter_or_darker_far_from_lamps():
    scores = {"a": NightScore(-0.3, 0.06, 0, 0.97, 0.8), "b": NightScore(-0.3, 0.06, 0, 0.97, 0.8)}
    met = {b.what: b.met for b in NightsReport({"m": scores}).bars()}
    assert met == {
        "haze in the ring": True,
        "far from lamps, either way": False,
        "newly black": True,
        "lamps still lit": True,
    }


def test_flicker_is_judged_for_models_alone():
    rows = (FlickerRow("doing nothing", 2, 1.0, 0), FlickerRow("m", 2.2, 1.1, 1))
    (bar,) = FlickerReport((ClipFlicker("clip", 3, 0, 1.0, rows),)).bars()
    assert (bar.row, bar.met) == ("m", False)
