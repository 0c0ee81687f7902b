"""Texts in two languages: English as a str, Korean where it is shown, and none is missing."""

from __future__ import annotations

import ast
import copy
import gettext
import io
import json
import pickle
import re
import string
import sys
from pathlib import Path

import pytest

import dashcam_pipeline
from dashcam_pipeline import errors
from dashcam_pipeline.engine.readable import duration, one_line, table
from dashcam_pipeline.translation import (
    FOLDER,
    Message,
    _,
    _n,
    _p,
    catalogue,
    in_language,
    joined,
    system_reason,
)

sys.path.insert(0, str(Path(__file__).parent / "tools"))
babel = pytest.importorskip("babel", reason="reads the catalogue as translators write it")
import catalogue as tool  # noqa: E402 - of the folder added above

KO = catalogue("ko")
ROOT = Path(dashcam_pipeline.__file__).parent

EXTRAS = re.compile(r"^(training|simulation)/|^cli/(train|synth|evaluate|export|simulate|extras)")
"""What stays English: commands of the extras, and what they run."""

A_WORD = 12
"""Letters that several English words may share."""

FORMAL = re.compile(r"(니다|세요|니까)[.?!]|(니다|세요)$")


def test_a_message_is_english_and_says_itself_in_korean():
    text = _("{path} is a folder.", path=Path("a/b"))
    assert text == "a/b is a folder."
    assert isinstance(text, str)
    assert json.dumps([text]) == '["a/b is a folder."]'
    assert in_language(text, KO) == "a/b: 폴더입니다."
    assert in_language("a plain one", KO) == "a plain one"


@pytest.mark.parametrize(
    ("text", "english", "korean"),
    [
        (_n("{n} frame", "{n} frames", 1), "1 frame", "프레임 1개"),
        (_n("{n} frame", "{n} frames", 2), "2 frames", "프레임 2개"),
        (_n("{n} frame", "{n} frames", 60, n="27/60"), "27/60 frames", "프레임 27/60개"),
        (_p("glass", "clean"), "clean", "깨끗함"),
        (_p("batch", "clean"), "clean", "처리"),
        (duration(12), "12 s", "12초"),
        (duration(62.0), "1:02 min", "1분 02초"),
        (duration(5025), "1:23:45", "1:23:45"),
        (_("{time} left", time=duration(12)), "12 s left", "12초 남음"),
        (joined(", ", ("a", _("none"))), "a, none", "a, 없음"),
        (one_line(_("{why}: it is replaced", why="a\nb")), r"a\nb: it is replaced",
         r"a\nb: 새 결과로 바꿉니다"),
        (system_reason(PermissionError(13, "Permission denied")), "Permission denied", "권한 없음"),
        (system_reason(OSError(5, "Something new")), "Something new", "Something new"),
        (_("of {braces} and 100%"), "of {braces} and 100%", "of {braces} and 100%"),
        (_(""), "", ""),
    ],
)  # fmt: skip
def test_texts_within_texts_and_numbers_of_things(text, english, korean):
    for one in (text, pickle.loads(pickle.dumps(text)), copy.deepcopy(text)):  # noqa: S301 - ours
        assert (str(one), in_language(one, KO)) == (english, korean)


def test_columns_of_a_table_stand_under_one_another_in_korean_too():
    rows = table([(_("wrote"), "a"), (_("took"), "b"), (_("synthetic"), "c")])
    assert rows.splitlines() == ["wrote      a", "took       b", "synthetic  c"]
    assert in_language(rows, KO).splitlines() == ["저장       a", "처리 시간  b", "합성       c"]


def test_a_message_keeps_what_it_was_told():
    names = ["a"]
    text = _("Presets: {presets}.", presets=names)
    names.append("b")
    assert in_language(text, KO) == "프리셋: ['a']."


def test_no_text_of_the_package_lacks_its_translation_and_none_is_left_over():
    stored, wanted = tool.stored(), tool.marked()
    there = {(m.id, m.context) for m in stored if m.id}
    asked = {(m.id, m.context) for m in wanted if m.id}
    assert asked - there == set(), "run `make locale` and translate"
    assert there - asked == set(), "run `make locale`"
    assert [m.id for m in stored if m.id and not tool.translated(m)] == []


def fields(text):
    """Names in braces with how they are shown, and old-style placeholders."""
    named = {
        (name, spec, conversion)
        for _text, name, spec, conversion in string.Formatter().parse(text)
        if name
    }
    return named, sorted(re.findall(r"%(?:\(\w+\))?[sr]", text))


def has_fields(text):
    """Whether a text is filled in; braces in TOML are its own."""
    return bool(re.search(r"\{[a-z]\w*[!:}]|%[s(]", text))


def test_translations_have_the_same_fields():
    for message in tool.stored():
        for korean in message.string if isinstance(message.string, tuple) else [message.string]:
            english = message.id[-1] if isinstance(message.id, tuple) else message.id
            if message.id and has_fields(english):
                names, old = fields(english)
                found, found_old = fields(korean)
                extra = {("len", "", None)}  # of click, where Korean needs no number
                assert found <= names, english
                assert names - found <= extra | {n for n in names if n[0] == "nargs"}, english
                assert found_old == old, english


def test_no_two_sentences_have_one_translation():
    """A translator's slip of the clipboard, which no other check sees."""
    said = {}
    for message in tool.stored():
        korean = message.string[0] if isinstance(message.string, tuple) else message.string
        if len(korean) > A_WORD:
            said.setdefault(korean, set()).add(str(message.id))
    assert not {korean: texts for korean, texts in said.items() if len(texts) > 1}


def test_translations_keep_code_and_are_polite():
    for message in tool.stored():
        texts = message.id if isinstance(message.id, tuple) else (message.id,)
        if not message.id:
            continue
        korean = message.string[0] if isinstance(message.string, tuple) else message.string
        code = re.findall(r"`[^`]+`|--[a-z][a-z-]+", texts[-1])
        assert sorted(code) == sorted(re.findall(r"`[^`]+`|--[a-z][a-z-]+", korean)), texts
        assert not re.search(r"(한다|된다|있다|없다|이다|해라)[.!]", korean), korean


def test_what_is_committed_is_what_the_translators_wrote():
    compiled = gettext.GNUTranslations(io.BytesIO(tool.compiled(tool.stored())))
    committed = gettext.GNUTranslations(io.BytesIO(tool.MO.read_bytes()))
    ours, theirs = ({k: v for k, v in c._catalog.items() if k} for c in (compiled, committed))
    assert ours == theirs, "run `make locale`"
    assert len(theirs) > 700
    assert tool.MO == FOLDER / "ko" / "LC_MESSAGES" / "dashcam.mo"


def raised():
    """Every error that is made in the package for users, and the texts it is given."""
    kinds = {
        kind.__name__
        for kind in vars(errors).values()
        if isinstance(kind, type) and issubclass(kind, errors.DashcamError)
    } - {"ArgumentError"}  # of Python callers alone
    for path in sorted(ROOT.rglob("*.py")):
        if EXTRAS.search(path.relative_to(ROOT).as_posix()):
            continue
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") in kinds:
                texts = [*node.args[:1], *(k.value for k in node.keywords if k.arg == "advice")]
                yield f"{path.relative_to(ROOT)}:{node.lineno}", texts


def plain(text):
    """Whether a text is written down without being marked."""
    if isinstance(text, ast.IfExp):
        return plain(text.body) or plain(text.orelse)
    return isinstance(text, ast.JoinedStr | ast.BinOp) or (
        isinstance(text, ast.Constant) and bool(text.value)
    )


def test_every_error_that_users_see_can_be_translated():
    found = list(raised())
    assert len(found) > 120
    frozen = "stages/settings.py"  # of Python callers alone
    assert [
        place for place, texts in found if any(map(plain, texts)) and not place.startswith(frozen)
    ] == []


def test_fragments_are_not_glued():
    """A text within an f-string is English for ever; it is handed over as a field."""
    marks = {"_", "_n", "_p"}
    for path in sorted(ROOT.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            parts = node.values if isinstance(node, ast.JoinedStr) else []
            glued = [
                inner
                for part in parts
                for inner in ast.walk(part)
                if isinstance(inner, ast.Call) and getattr(inner.func, "id", "") in marks
            ]
            assert glued == [], f"{path}:{node.lineno}"


def test_an_error_is_english_for_python():
    error = errors.OutputError(_("{path} is a folder.", path="x"), advice=_("Name a file in it."))
    assert str(error) == "x is a folder.\nName a file in it."
    assert isinstance(error.args[0], Message)
    assert in_language(error.advice, KO) == "그 안의 파일을 지정하세요."


def test_the_wheel_holds_the_catalogue():
    wheel = pytest.importorskip("hatchling.builders.wheel", reason="builds the wheel")
    held = {
        f.distribution_path for f in wheel.WheelBuilder(str(ROOT.parent)).recurse_included_files()
    }
    assert "dashcam_pipeline/locale/ko/LC_MESSAGES/dashcam.mo" in held
