from __future__ import annotations

import pytest

from dashcam_pipeline.engine.recalled import recalled
from dashcam_pipeline.translation import _, _n, catalogue, in_language

KOREAN = catalogue("ko")


@pytest.mark.parametrize(
    "text",
    [
        _("{path} does not exist.", path="a {b} c.mp4"),
        _("{path} is a folder.", path="x/y"),
        _n("{n} clip", "{n} clips", 3),
        _n("{n} clip", "{n} clips", 1),
        _("taken by day"),
        _("lost on the cluster: {reason}", reason=_("taken by day")),
        _("{dirt}, streaks at {angle:.0f} degrees", dirt="dirt unknown", angle=42.6),
    ],
)
def test_what_was_written_in_english_is_said_in_korean(text):
    assert recalled(str(text), "ko") == in_language(text, KOREAN) != str(text)


def test_sentences_are_recalled_one_by_one_and_others_stay():
    first, second = _("{path} is a folder.", path="a.mp4"), _("Check the name.")
    korean = f"{in_language(first, KOREAN)} Nobody ever wrote this. {in_language(second, KOREAN)}"
    assert recalled(f"{first} Nobody ever wrote this. {second}", "ko") == korean


def test_what_no_template_gives_stays():
    for text in ("", "3", "a: b", "no such words of ours"):
        assert recalled(text, "ko") == text
        assert recalled(text, "xx") == text


def test_a_word_is_recalled_as_what_it_means_there():
    assert recalled("clean", "ko", context="glass") != recalled("clean", "ko")
