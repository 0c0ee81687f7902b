"""README.ko.md tells all that README.md tells: the same sections, commands, links and tables."""

from __future__ import annotations

import re

import pytest
from documents import ROOT, fenced, spans, words

ENGLISH = (ROOT / "README.md").read_text(encoding="utf-8")
KOREAN = (ROOT / "README.ko.md").read_text(encoding="utf-8")


def sections(text):
    """What stands under each heading; the first has none."""
    return re.split(r"^## .*\n", text, flags=re.MULTILINE)


def commands(text):
    """The commands of all blocks, without their comments."""
    lines = [line for block in fenced(text) for line in block.splitlines()]
    return [line for line in map(words, lines) if line and line[0] in {"dashcam", "make", "pip"}]


def links(text):
    """Where links lead, but to the other language."""
    return sorted(re.findall(r"\]\((?!README)([^)]+)\)", text))


def shape(text):
    """Rows of tables, list items, numbered steps and markers."""
    beginnings = {
        "|": r"^\|",
        "-": r"^- ",
        "1": r"^\d\. ",
        "<": r"^<!-- [a-z/-]+ -->",
        "!": r"^!\[",
    }
    return {key: len(re.findall(form, text, re.MULTILINE)) for key, form in beginnings.items()}


def faults(english, korean):
    """What one tells and the other doesn't."""
    found = []
    if len(sections(english)) != len(sections(korean)):
        return ["another number of sections"]
    for place, (ours, theirs) in enumerate(zip(sections(english), sections(korean), strict=True)):
        other = [what.__name__ for what in (commands, links, shape) if what(ours) != what(theirs)]
        other += [f"`{span}`" for span in sorted(set(spans(ours)) ^ set(spans(theirs)))]
        found += [f"section {place}: {what}" for what in other]
    return found


def test_the_korean_readme_tells_what_the_english_one_tells():
    assert faults(ENGLISH, KOREAN) == []


@pytest.mark.parametrize(
    ("text", "without"),
    [
        ("dashcam verify night_clean.mp4", "commands"),
        ("(docs/gpu.md)", "links"),
        ("| AVI", "shape"),
        ("\n## ", "sections"),
        ("`glare-open`", "`glare-open`"),
    ],
)
def test_the_test_sees_what_is_missing(text, without):
    less = ENGLISH.replace(text, "x") if text != "| AVI" else ENGLISH.replace("\n| containers", "")
    assert any(without in fault for fault in faults(ENGLISH, less))


def test_the_example_of_a_summary_has_the_lines_that_are_printed():
    ours, theirs = (
        next(b for b in fenced(text) if b.startswith("$ dashcam clean"))
        for text in (ENGLISH, KOREAN)
    )
    assert len(ours.splitlines()) == len(theirs.splitlines())
    numbers = [re.findall(r"\d[\d.,]*\d|\d", text) for text in (ours, theirs)]
    assert sorted(numbers[0]) == sorted(numbers[1])
