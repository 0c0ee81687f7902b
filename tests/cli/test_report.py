from __future__ import annotations

import pages
import pytest

from dashcam_pipeline.stages.registry import BUILT_IN


@pytest.fixture
def cleaned(tmp_path, monkeypatch):
    monkeypatch.setitem(BUILT_IN, "dim", "toys:Dim")
    return pages.make_pair(tmp_path, frames=8)[1]


def test_a_page_beside_the_clip(dashcam, cleaned):
    code, out, err = dashcam("report", cleaned)
    assert (code, err) == (0, "")
    page = cleaned.with_name("night_clean_report.html")
    assert str(page) in out
    assert page.with_name("night_clean_report_files").is_dir()


def test_it_opens_in_the_language_that_was_asked_for(dashcam, cleaned, tmp_path):
    page = tmp_path / "p.html"
    assert dashcam("report", cleaned, "-o", page, "--language", "ko", "-q") == (0, "", "")
    assert 'data-language="ko"' in page.read_text(encoding="utf-8")


def test_opened_when_asked(dashcam, cleaned, tmp_path, monkeypatch):
    opened = []
    monkeypatch.setattr("click.launch", opened.append)
    page = tmp_path / "p.html"
    assert dashcam("report", cleaned, "-o", page, "--open")[0] == 0
    assert opened == [str(page)]


@pytest.mark.parametrize(
    ("args", "code", "said"),
    [
        (("no.mp4",), 3, "does not exist"),
        (("--language", "fr"), 2, "fr"),
        (("-o", "page.txt"), 4, "HTML"),
        (("-o", "night.mp4/page.html"), 4, "is a file, and results go into a folder"),
        (("--original", "nothing.mp4"), 3, "does not exist"),
    ],
)
def test_what_goes_wrong_is_a_sentence(  # noqa: PLR0917 - fixtures and cases
    dashcam, cleaned, tmp_path, monkeypatch, args, code, said
):
    monkeypatch.chdir(tmp_path)
    target = () if args[0] == "no.mp4" else (cleaned,)
    found, _, err = dashcam("report", *target, *args)
    assert found == code
    assert said in err


def test_a_missing_folder_is_made(dashcam, cleaned, tmp_path):
    page = tmp_path / "new/pages/p.html"
    assert dashcam("report", cleaned, "-o", page, "-q") == (0, "", "")
    assert page.is_file()
