from __future__ import annotations

from pathlib import Path

from dashcam_pipeline.compare.page.words import Said, Teller, in_korean
from dashcam_pipeline.translation import _


def test_a_sentence_and_its_advice_are_told_in_both_languages():
    told = Teller([])(_("{path} is a folder.", path="a.mp4"), "", _("Check the name."))
    assert told == "a.mp4 is a folder. Check the name."
    assert told.korean == "a.mp4: 폴더입니다. 이름을 확인하세요."
    assert in_korean(told) == told.korean


def test_folders_of_this_machine_are_left_out():
    tell = Teller([Path("/media/card"), Path("/media/card/deep")])
    assert tell("/media/card/deep/a.mp4 and /media/card/b.mp4") == "a.mp4 and b.mp4"
    assert Teller([Path("/media/a card")])("/media/a card/b.mp4: no.") == "b.mp4: no."


def test_folders_that_nobody_named_are_left_out_too():
    tell = Teller([])
    assert tell("/srv/x/b.mp4 is gone; 'C:\\Users\\me\\c.mp4' too") == "b.mp4 is gone; 'c.mp4' too"
    for text in ("and/or 24/7", "see https://example.org/a/b", "a/b/c.mp4", "/ and //"):
        assert tell(text) == text


def test_what_would_turn_or_break_the_line_is_escaped():
    assert Teller([])("a\u202eb\nc\x07") == "a\\u202eb c\\x07"


def test_settings_get_the_words_of_the_reader():
    tell = Teller([], wording=str.upper)
    assert tell("pass it") == "PASS IT"


def test_a_text_that_knows_its_korean_is_a_text():
    text = Said("yes", "예")
    assert (text, text.korean) == ("yes", "예")
