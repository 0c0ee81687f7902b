from __future__ import annotations

import re

import pytest

from dashcam_pipeline.compare.page.hangul import (
    NAMES,
    TEXTS,
    font_faces,
    font_file,
    hangul_in,
    in_texts,
)
from dashcam_pipeline.compare.page.model import Clip
from dashcam_pipeline.compare.page.render import asset, load_texts, render


def fonts(page):
    return re.findall(r'@font-face \{ font-family: "([^"]+)".*?url\("([^"]{0,30})', page)


def test_every_korean_text_of_the_page_can_be_drawn():
    missing = hangul_in(load_texts()["ko"].values()) - in_texts()
    assert not missing, "python tests/tools/hangul.py makes the fonts anew"


def test_an_english_page_links_the_font_and_does_not_grow():
    page = render([Clip(title="night.mp4")], "night.mp4", font="p_files/texts.woff2")
    assert fonts(page) == [("Dashcam Hangul", "p_files/texts.woff2")]
    assert "data:font" not in page


def test_a_korean_page_brings_it():
    page = render([Clip(title="night.mp4")], "night.mp4", "ko")
    assert [family for family, _ in fonts(page)] == ["Dashcam Hangul"]
    assert len(page) > len(render([Clip(title="night.mp4")], "night.mp4")) + len(font_file(TEXTS))


@pytest.mark.parametrize(
    ("name", "families"),
    [
        ("재생.mp4", ["Dashcam Hangul"]),
        ("쫄.mp4", ["Dashcam Hangul Names"]),
        ("재생 쫄.mp4", ["Dashcam Hangul", "Dashcam Hangul Names"]),
        ("뷁.mp4", []),  # no syllable of KS X 1001
    ],
)
def test_a_name_brings_what_it_needs(name, families):
    page = render([Clip(title=name)], name)
    assert [family for family, _ in fonts(page)] == families
    assert page.count("data:font/woff2") == len(families)


def test_the_fonts_are_whole_small_and_have_their_licence():
    for name in (TEXTS, NAMES):
        data = font_file(name)
        assert data[:4] == b"wOF2"
        assert int.from_bytes(data[8:12], "big") == len(data)
        assert len(data) < 150_000
    assert "SIL Open Font License" in asset("hangul/OFL.txt")


def test_together_they_draw_ks_x_1001_and_its_letters():
    common = {chr(c) for c in range(0xAC00, 0xD7A4) if len(chr(c).encode("euc_kr")) == 2}
    assert len(common) == 2350
    for char in sorted(common | {chr(c) for c in range(0x3131, 0x3164)})[::50]:
        assert "@font-face" in font_faces({char}, korean=False), char


def test_without_hangul_there_is_no_font():
    assert font_faces(hangul_in(["night.mp4"]), korean=False) == ""
