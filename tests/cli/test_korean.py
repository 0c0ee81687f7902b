"""The command line in Korean: chosen by the locale, whole, and within the terminal's columns."""

from __future__ import annotations

import io
import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from cameras import novatek_block, transplant
from factory import Picture, make_clip
from toys import Dim

import dashcam_pipeline
from dashcam_pipeline.cli.app import COMMANDS, HELP_GROUPS
from dashcam_pipeline.cli.language import language, shown, texts
from dashcam_pipeline.cli.meter import Meter, frames, frames_a_second, recordings
from dashcam_pipeline.engine.readable import columns
from dashcam_pipeline.stages.registry import BUILT_IN

USER_COMMANDS = (
    "clean", "batch", "watch", "join", "preview", "report", "app", "telemetry", "drive", "events",
    "probe", "verify", "presets", "models",
)  # fmt: skip

ENGLISH = re.compile(r"(?<![-/`'\w=.])[a-z]{2,}(?: [a-z]{2,}){2,}")
"""Three words of a sentence in a row."""


class Dream(Dim):
    """Shows what the camera never saw."""

    name = "dream"
    synthetic = True


@pytest.fixture
def korean(monkeypatch):
    monkeypatch.setenv("DASHCAM_LANG", "ko")


@pytest.fixture
def place(tmp_path, monkeypatch):
    monkeypatch.setitem(BUILT_IN, "dim", "toys:Dim")
    monkeypatch.setitem(BUILT_IN, "dream", f"{__name__}:Dream")
    monkeypatch.chdir(tmp_path)
    make_clip(tmp_path / "night.mp4", Picture(frames=12))
    return tmp_path


def is_korean(text):
    """Whether nothing but commands, names and values is English."""
    said = re.sub(r"^ +dashcam .*$|`[^`]*`|'[^']*'", "", text, flags=re.MULTILINE)
    return bool(re.search("[가-힣]", said)) and not ENGLISH.search(said)


@pytest.mark.parametrize(
    ("variables", "spoken"),
    [
        ({}, "en"),
        ({"LANG": "ko_KR.UTF-8"}, "ko"),
        ({"LANG": "en_US.UTF-8"}, "en"),
        ({"LANG": "kok_IN"}, "en"),
        ({"LANG": "en_US.UTF-8", "LC_MESSAGES": "ko_KR"}, "ko"),
        ({"LANG": "ko_KR.UTF-8", "LC_MESSAGES": "en_GB.UTF-8"}, "en"),
        ({"LC_MESSAGES": "en_GB.UTF-8", "LC_ALL": "ko"}, "ko"),
        ({"LC_ALL": "C.UTF-8", "LANG": "ko_KR.UTF-8"}, "en"),
        ({"LC_ALL": "", "LANG": "ko_KR.UTF-8"}, "ko"),
        ({"LANG": "ko_KR.UTF-8", "DASHCAM_LANG": "en"}, "en"),
        ({"LC_ALL": "en_US.UTF-8", "DASHCAM_LANG": "ko"}, "ko"),
        ({"DASHCAM_LANG": "KO"}, "ko"),
        ({"DASHCAM_LANG": "zebra"}, "en"),
    ],
)
def test_the_locale_chooses_the_language(monkeypatch, variables, spoken):
    for name in ("DASHCAM_LANG", "LC_ALL", "LC_MESSAGES", "LANG"):
        monkeypatch.delenv(name, raising=False)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    assert language() == spoken


def test_a_terminal_without_hangul_gets_english(monkeypatch, korean):
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(io.BytesIO(), encoding="latin-1"))
    assert language() == "en"


@pytest.mark.parametrize("width", [40, 80, 120])
@pytest.mark.parametrize("command", ["", *USER_COMMANDS])
@pytest.mark.parametrize("spoken", ["en", "ko"])
def test_help_fits_the_terminal(dashcam, monkeypatch, width, command, spoken):
    monkeypatch.setenv("COLUMNS", str(width))
    monkeypatch.setenv("DASHCAM_LANG", spoken)
    code, out, _ = dashcam(*command.split(), "--help")
    assert code == 0
    prose = [line for line in out.splitlines() if not line.strip().startswith(("dashcam ", "--"))]
    assert [line for line in prose if columns(line) > width and " " in line.strip()] == []


@pytest.mark.parametrize("command", ["", *USER_COMMANDS])
def test_help_is_korean(dashcam, korean, command):
    code, out, _ = dashcam(*command.split(), "--help")
    assert code == 0
    assert out.startswith("사용법: dashcam")
    assert is_korean(out), ENGLISH.findall(out)
    if not command:
        assert all(f"\n{shown(heading)}:\n" in out for heading in HELP_GROUPS)
        assert all(f"  {name} " in out for name in COMMANDS)


@pytest.mark.parametrize(
    ("args", "code", "said"),
    [
        (("celan",), 2, "혹시 `dashcam clean` 입니까?"),
        (("night.mp4",), 2, "혹시 `dashcam clean night.mp4` 입니까?"),
        (("clean",), 2, "빠진 인수"),
        (("clean", "night.mp4", "--zebra"), 2, "'--zebra': 그런 옵션이 없습니다."),
        (("clean", "night.mp4", "--crf"), 2, "'--crf' 옵션에는 값이 필요합니다."),
        (("clean", "night.mp4", "--quality", "god"), 2, "쓸 수 없는 값입니다. 허용: 'fast', 'bal"),
        (("clean", "night.mp4", "--strength", "2"), 2, "쓸 수 없는 값입니다. 허용: 0~1."),
        (("clean", "night.mp4", "--stregth", "2"), 2, "'--strength', '--strict' 입니까?"),
        (("clean", "night.mp4", "--start", "-1"), 2, "허용: 0 이상."),
        (("clean", "night.mp4", "--start", "soon"), 2, "시간은 초(90.5)"),
        (("clean", "night.mp4", "--start", "100"), 3, "영상의 길이는"),
        (
            ("clean", "night.mp4", "--stage", "day"),
            2,
            "혹시 night-to-day 또는 day-to-night 입니까?",
        ),
        (("clean", "night.mp4", "--protect", "1,2"), 2, "네 개의 수"),
        (("clean", "night.mp4", "--no-stages", "--stage", "dim"), 2, "함께 쓸 수 없습니다"),
        (("clean", "night.mp4", "-o", "night.mp4"), 4, "원본에는 절대 쓰지 않습니다"),
        (("clean", "there.mp4"), 3, "파일이 없습니다."),
        (("clean", "."), 3, "폴더 전체를 처리하려면: `dashcam batch ."),
        (("clean", "empty.mp4"), 3, "빈 파일입니다"),
        (("clean", "text.mp4"), 3, "영상이 아니거나"),
        (("verify", "night.mp4"), 3, "처리 기록이 없습니다"),
        (("verify", "."), 3, "폴더입니다"),
        (("telemetry", "night.mp4", "--gpx"), 3, "경로로 만들 위치가 없습니다"),
        (("telemetry", "night.mp4", "--gpx", "--csv"), 2, "하나만 고르세요."),
        (("batch", "there", "out"), 3, "목록을 읽을 수 없습니다 (그런 파일이나 폴더가 없음)."),
        (("batch", ".", "./out"), 2, "입력 폴더에는 아무것도 쓰지 않습니다"),
        (("preview", "night.mp4", "--frame", "-1"), 2, "허용: 0 이상"),
        (("preview", "night.mp4", "--no-stages", "-o", "o.txt"), 4, "확장자가 '.txt'"),
        (("report", "night.mp4"), 2, "보고할 내용이 없습니다"),
    ],
)
def test_mistakes_are_explained_in_korean(dashcam, place, korean, args, code, said):  # noqa: PLR0917
    (place / "empty.mp4").touch()
    (place / "text.mp4").write_text("zebra" * 100)
    found, out, err = dashcam(*args)
    assert (found, out) == (code, "")
    assert said in err
    assert is_korean(err), err


def test_summaries_are_korean(dashcam, place, korean):
    clip = make_clip(place / "gps.mp4", Picture(frames=12, size=(160, 90)))
    transplant(clip, blocks=[novatek_block(i) for i in range(3)])
    clean = dashcam("clean", "gps.mp4", "--stage", "dim", "-v")
    assert clean[0] == 0
    assert "프레임     12개 중 12개, 모든 시각 유지" in clean[1]
    assert "주행 기록  novatek: 위치 3개" in clean[1]
    for args in (
        ("probe", "gps.mp4"),
        ("telemetry", "gps.mp4"),
        ("verify", "gps_clean.mp4"),
        ("preview", "gps.mp4", "gps_clean.mp4", "-o", "o.mp4"),
        ("preview", "gps.mp4", "gps_clean.mp4", "-o", "o.png", "--frame", "0"),
        ("report", "gps_clean.mp4"),
        ("batch", ".", "../out", "--no-stages", "--dry-run"),
        ("batch", ".", "../out", "--no-stages", "-v"),
    ):
        code, out, err = dashcam(*args)
        assert (code, is_korean(out)) == (0, True), (out, err)
        assert not err or is_korean(err) or ": 완료" in err, err
    code, out, _ = dashcam("models")
    assert code == 0
    assert {"  단계       glare", "  매개변수   3,476,389"} & set(out.splitlines())
    with (place / "gps_clean.mp4").open("ab") as file:
        file.write(b"x")
    code, out, err = dashcam("verify", "gps_clean.mp4")
    assert code == 10
    assert "결과 파일  gps_clean.mp4: 바뀜!" in out
    assert "처리 기록과 다릅니다 (결과 파일 gps_clean.mp4 바뀜)." in err


def test_warnings_are_korean(dashcam, place, korean):
    code, out, err = dashcam("clean", "night.mp4", "--stage", "dream", "--stage", "dim")
    assert code == 0
    assert err.startswith("dashcam: 경고: dream 단계가 dim 앞에 있어")
    assert "합성       카메라가 실제로 보지 못한" in out


def test_a_failed_recording_of_a_batch_is_explained_in_korean(dashcam, place, korean):
    (place / "empty.mp4").touch()
    for more in (["--dry-run"], []):
        code, out, _ = dashcam("batch", ".", "../out", "--no-stages", *more)
        assert code == 11
        assert "empty.mp4: " in out
        assert "빈 파일입니다 (0바이트)." in out
        assert is_korean(out), out
    report = json.loads((place / "../out/report.json").read_text())
    reasons = {clip["path"]: clip["reason"] for clip in report["clips"]}
    assert reasons["empty.mp4"].endswith("empty.mp4 is empty (0 bytes).")


def test_files_and_json_stay_english(dashcam, place, monkeypatch):
    said = {}
    for spoken in ("en", "ko"):
        monkeypatch.setenv("DASHCAM_LANG", spoken)
        options = ("--no-stages", "--report", "r.json", "--overwrite", "-q")
        assert dashcam("clean", "night.mp4", *options) == (0, "", "")
        report = json.loads((place / "r.json").read_text())
        said[spoken] = (
            dashcam("probe", "night.mp4", "--json"),
            dashcam("verify", "night_clean.mp4", "--json")[1].count('"same"'),
            {k: report[k] for k in ("warnings", "frames", "stages", "settings", "carried")},
        )
    assert said["en"] == said["ko"]


@pytest.mark.parametrize("width", [24, 30, 40, 80, 120])
def test_the_meter_fits_its_columns_in_korean(korean, width):
    facts = {"title": "밤길 주행 영상.mp4", "done": 27, "total": 60, "elapsed": 5.0, "rate": 5.4}
    one = Meter(**facts, things=frames).line(width)
    assert columns(one) <= width
    assert one.endswith("6초 남음")
    many = Meter(**facts, things=recordings, share=0.4, rated=frames_a_second, more="실패 2개")
    assert columns(many.line(width)) <= width
    assert many.line(width).endswith(" 남음")


def test_the_meter_says_all_of_it_in_korean(korean):
    meter = Meter(title="a", done=27, total=60, elapsed=2.5, rate=10.8, things=frames)
    assert meter.line() == "a: 45%, 프레임 27/60개, 초당 10.8개, 3초 남음"
    assert "| 프레임 27/60개" in meter.line(120)


def test_english_is_the_default_and_costs_no_catalogue():
    code = (
        "import os, sys, io, contextlib\n"
        "from dashcam_pipeline.cli import main\n"
        "from dashcam_pipeline import translation\n"
        "with contextlib.redirect_stdout(io.StringIO()): main(['--help'])\n"
        "print(translation.catalogue.cache_info().currsize)"
    )
    names = ("DASHCAM_LANG", "LC_ALL", "LC_MESSAGES", "LANG", "LANGUAGE")
    clean = {k: v for k, v in os.environ.items() if k not in names}
    root = str(Path(dashcam_pipeline.__file__).parent.parent)
    for more, loaded in (({}, "0"), ({"LANG": "ko_KR.UTF-8"}, "1")):
        result = subprocess.run(
            [sys.executable, "-X", "utf8", "-c", code],
            env={**clean, "PYTHONPATH": root, **more},
            capture_output=True, text=True, check=True,
        )  # fmt: skip
        assert result.stdout.strip() == loaded


def test_the_environment_is_as_it_was(dashcam, korean, monkeypatch):
    monkeypatch.setenv("LANGUAGE", "de")
    dashcam("--help")
    assert os.environ["LANGUAGE"] == "de"
    monkeypatch.setenv("DASHCAM_LANG", "en")
    assert dashcam("--help")[1].startswith("Usage: ")
    assert texts().gettext("Options") == "Options"
