from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import av
import pytest
from factory import Picture, Sound, make_clip

import dashcam_pipeline
from dashcam_pipeline.cli import main
from dashcam_pipeline.errors import ModelError
from dashcam_pipeline.inference.manifest import load_manifest
from dashcam_pipeline.stages.registry import BUILT_IN

PACKAGE = Path(dashcam_pipeline.__file__).parent.parent
TESTS = Path(__file__).parent.parent


@pytest.fixture(autouse=True)
def toy_stages(monkeypatch):
    for name in ("toy", "dim"):
        monkeypatch.setitem(BUILT_IN, name, f"toys:{name.title()}")


@pytest.fixture
def clip(tmp_path):
    return make_clip(tmp_path / "night.mp4", Picture(frames=12), sounds=[Sound(seconds=0.4)])


def stage_of(report: Path):
    (stage,) = json.loads(report.read_text(encoding="utf-8"))["stages"]
    return stage


def test_the_summary_on_stdout_and_nothing_on_stderr(dashcam, clip):
    code, out, err = dashcam("clean", clip, "--stage", "toy")
    assert (code, err) == (0, "")
    assert "night_clean.mp4" in out
    assert "12 of 12, every time kept" in out
    assert "#1 audio aac" in out
    assert clip.with_name("night_clean.mp4").exists()


def test_without_options_glare_is_taken_away(dashcam, clip):
    try:
        load_manifest().get("glare-open").read()
    except ModelError as error:
        pytest.skip(f"no weights: {error}")
    report = clip.with_name("r.json")
    code, out, err = dashcam("clean", clip, "--quality", "fast", "--report", report)
    assert (code, err) == (0, "")
    assert "glare, on " in out
    stage = stage_of(report)
    assert stage["facts"]["model"] == "glare-open-int8"
    assert len(stage["facts"]["sha256"]) == 64
    assert {"shrink", "network", "render"} <= set(stage["parts"])


def test_quiet_says_nothing_and_verbose_says_more(dashcam, clip):
    assert dashcam("clean", clip, "--stage", "toy", "-q") == (0, "", "")
    code, out, _ = dashcam("clean", clip, "--stage", "toy", "-v", "--overwrite")
    assert code == 0
    assert "stage toy: " in out
    assert "encoder options: " in out
    code, _, err = dashcam("clean", clip, "-q", "-v")
    assert code == 2
    assert "exclude each other" in err


def test_every_option_reaches_the_run(dashcam, clip, tmp_path):
    report = tmp_path / "r.json"
    code, _, err = dashcam(
        "clean", clip, "-o", tmp_path / "o.mkv", "--stage", "dim:amount=0.5", "--stage", "toy",
        "--strength", "0.5", "--quality", "best", "--device", "cpu", "--codec", "libx264",
        "--crf", "30", "--encoder-preset", "ultrafast", "--encoder-option", "tune=grain",
        "--protect", "0,0,16,16", "--protect", "32,0,16,16", "--start", "0.1", "--end",
        "00:00:00.300", "--no-audio", "--threads", "1", "--deterministic", "--report", report,
    )  # fmt: skip
    assert (code, err) == (0, "")
    data = json.loads(report.read_text(encoding="utf-8"))
    settings = data["settings"]
    assert settings["stages"] == [
        {"name": "dim", "options": {"amount": "0.5"}},
        {"name": "toy", "options": {}},
    ]
    assert (settings["strength"], settings["quality"], settings["crf"]) == (0.5, "best", 30)
    assert settings["protect"][1] == {"x": 32, "y": 0, "width": 16, "height": 16}
    assert (settings["start"], settings["end"]) == (0.1, 0.3)
    assert (settings["threads"], settings["deterministic"]) == (1, True)
    assert data["encoder_options"]["crf"] == "30"
    assert data["encoder_options"]["tune"] == "grain"
    assert [s["track"] for s in data["not_carried"]] == ["#1 audio aac"]
    assert data["output"]["container"] == "matroska"
    with av.open(str(tmp_path / "o.mkv")) as container:
        assert [s.type for s in container.streams] == ["video"]


def test_a_file_gives_the_settings_and_the_command_line_wins(dashcam, clip, tmp_path):
    toml = tmp_path / "pipeline.toml"
    toml.write_text('strength = 0.25\naudio = false\n[[stage]]\nname = "dim"\namount = 0.5\n')
    report = tmp_path / "r.json"
    code, _, _ = dashcam(
        "clean", clip, "--config", toml, "--report", report, "--strength", "1", "--audio"
    )
    assert code == 0
    assert stage_of(report)["options"] == {"amount": 0.5}
    settings = json.loads(report.read_text())["settings"]
    assert (settings["strength"], settings["audio"]) == (1, True)
    dashcam("clean", clip, "--config", toml, "--report", report, "--stage", "toy", "--overwrite")
    assert stage_of(report)["name"] == "toy"
    code, out, _ = dashcam("clean", clip, "--config", toml, "--no-stages", "--overwrite")
    assert code == 0
    assert "no stages" in out


@pytest.mark.parametrize(
    ("args", "says"),
    [
        (["--strength", "2"], "--strength = '2' is not possible; allowed: 0 to 1."),
        (["--crf", "x"], "--crf = 'x' is not possible; allowed: 0 to 63."),
        (["--stage", "dim:amount"], "--stage[1] = 'dim:amount': a stage's option is written"),
        (["--stage", "dim:amount=7"], "stage dim: amount = '7' is not possible; allowed: 0 to 1"),
        (["--stage", "zebra"], "There is no stage called 'zebra'."),
        (["--protect", "1,2"], "--protect[1] = '1,2': a box is four numbers: x,y,w,h."),
        (["--start", "soon"], "--start = 'soon': a time is seconds"),
        (["--start", "9", "--end", "3"], "End (3 s) must come after start (9 s)."),
        (["--encoder-option", "a"], "--encoder-option = 'a': an encoder option is written"),
        (["--device", "gpu"], "--device = 'gpu' is not possible."),
        (["--quality", "god"], "'god' is not one of 'fast', 'balanced', 'best'"),
        (["--no-stages", "--stage", "toy"], "exclude each other"),
        (["--stregth", "1"], "No such option"),
        (["--report", "/dev/null/r.json"], "--report: /dev/null is a file, and results go into"),
    ],
)
def test_wrong_usage_is_a_sentence_and_exit_code_2(dashcam, clip, args, says):
    code, out, err = dashcam("clean", clip, *args)
    assert (code, out) == (2, "")
    assert says in err
    assert sorted(p.name for p in clip.parent.iterdir()) == ["night.mp4"]


def test_a_wrong_file_names_file_key_and_range(dashcam, clip, tmp_path):
    toml = tmp_path / "p.toml"
    toml.write_text("strenght = 1")
    code, _, err = dashcam("clean", clip, "--config", toml)
    assert code == 2
    assert f"{toml}: strenght is not known. Did you mean strength?" in err


def test_the_report_must_not_replace_a_recording(dashcam, clip):
    before = clip.read_bytes()
    code, _, err = dashcam("clean", clip, "--report", clip)
    assert code == 2
    assert "is the recording itself" in err
    link = clip.with_name("link.json")
    link.symlink_to(clip)
    assert dashcam("clean", clip, "--report", link)[0] == 2
    assert clip.read_bytes() == before


def test_a_cuda_device_that_is_not_there_is_exit_code_9(dashcam, clip, monkeypatch):
    monkeypatch.setattr("dashcam_pipeline.inference.devices.cuda_devices", lambda: 0)
    code, _, err = dashcam("clean", clip, "--stage", "toy", "--device", "cuda:5")
    assert code == 9
    assert "--device cpu" in err


def test_an_encoder_that_is_not_there_is_exit_code_8(dashcam, clip):
    code, _, err = dashcam("clean", clip, "--no-stages", "--codec", "libzebra")
    assert code == 8
    assert "libzebra" in err
    assert sorted(p.name for p in clip.parent.iterdir()) == ["night.mp4"]


def test_a_failing_stage_is_exit_code_7(dashcam, clip, monkeypatch):
    monkeypatch.setattr("toys.Toy.process", lambda *_: 1 / 0)
    code, _, err = dashcam("clean", clip, "--stage", "toy")
    assert code == 7
    assert "The stage 'toy' failed: ZeroDivisionError" in err
    assert sorted(p.name for p in clip.parent.iterdir()) == ["night.mp4"]


def test_the_unexpected_is_a_sentence_and_a_traceback_only_on_demand(clip, monkeypatch, capsys):
    def crash(*_args, **_kwargs):
        raise LookupError("lost my way")

    monkeypatch.setattr("dashcam_pipeline.pipeline.clean", crash)
    monkeypatch.delenv("DASHCAM_DEBUG", raising=False)
    assert main(["clean", str(clip)]) == 1
    err = capsys.readouterr().err
    assert "unexpected LookupError: lost my way" in err
    assert "DASHCAM_DEBUG=1" in err
    assert "Traceback" not in err
    monkeypatch.setenv("DASHCAM_DEBUG", "1")
    assert main(["clean", str(clip)]) == 1
    assert "Traceback" in capsys.readouterr().err


def test_a_report_that_can_not_be_written_in_the_end_is_a_warning(dashcam, clip, monkeypatch):
    def fail(*_args, **_kwargs):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("dashcam_pipeline.engine.report.RunReport.write_json", fail)
    code, _, err = dashcam("clean", clip, "--no-stages", "--report", clip.with_name("r.json"))
    assert code == 0
    assert "warning: " in err
    assert "No space left" in err
    assert clip.with_name("night_clean.mp4").exists()


class Terminal:
    """A stderr that says it is a terminal."""

    def __init__(self):
        self.text = ""

    def isatty(self):
        return True

    def write(self, text):
        self.text += text

    def flush(self):
        pass


def test_on_a_terminal_there_is_a_bar_and_quiet_hides_it(clip, monkeypatch):
    from dashcam_pipeline.cli.progress import ProgressBar  # noqa: PLC0415 - only here
    from dashcam_pipeline.engine.workers import Progress  # noqa: PLC0415 - only here

    for enabled in (True, False):
        terminal = Terminal()
        monkeypatch.setattr(sys, "stderr", terminal)
        with ProgressBar("night.mp4", enabled=enabled) as bar:
            bar(Progress(frames=3, expected=12, elapsed_s=1))
            bar(Progress(frames=14, expected=12, elapsed_s=2, paused=True))
        if enabled:
            assert "night.mp4:" in terminal.text
            assert "3/12 frames" in terminal.text
            assert "14/14 frames" in terminal.text
            assert "left" in terminal.text
            assert "paused" in terminal.text
        else:
            assert terminal.text == ""


def test_off_a_terminal_there_is_a_line_every_ten_seconds(capsys, monkeypatch):
    from dashcam_pipeline.cli.progress import ProgressBar  # noqa: PLC0415 - only here
    from dashcam_pipeline.engine.workers import Progress  # noqa: PLC0415 - only here

    now = [0.0]
    monkeypatch.setattr("time.monotonic", lambda: now[0])
    for enabled in (True, False):
        with ProgressBar("night.mp4", enabled=enabled) as bar:
            for tenth in range(251):
                now[0] = tenth / 10
                bar(Progress(frames=2 * tenth, expected=1000, elapsed_s=now[0]))
        said = capsys.readouterr().err.splitlines()
        assert said == enabled * [
            "dashcam: night.mp4: 20%, 200/1000 frames, 20.0 a second, 40 s left",
            "dashcam: night.mp4: 40%, 400/1000 frames, 20.0 a second, 30 s left",
        ]


def start(*args):
    """The command line in a process of its own, with the toy stages."""
    code = (
        "import sys; from dashcam_pipeline.stages.registry import BUILT_IN; "
        "BUILT_IN['slow'] = 'toys:Slow'; from dashcam_pipeline.cli import main; "
        "print('ready', flush=True); sys.exit(main(sys.argv[1:]))"
    )
    return subprocess.Popen(
        [sys.executable, "-c", code, *map(str, args)],
        env={**os.environ, "PYTHONPATH": os.pathsep.join((str(PACKAGE), str(TESTS)))},
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip


@pytest.mark.skipif(os.name != "posix", reason="signals as POSIX has them")
@pytest.mark.parametrize("name", ["SIGINT", "SIGTERM"])
@pytest.mark.parametrize("pause", [0, 0.004, 0.3])
def test_ctrl_c_and_terminate_say_one_sentence_and_leave_nothing(tmp_path, name, pause):
    clip = make_clip(tmp_path / "a.mp4", Picture(frames=150))
    process = start("clean", clip, "--stage", "slow")
    deadline = time.monotonic() + 60
    while not (parts := list(tmp_path.glob("a_clean.mp4.*.part"))) and time.monotonic() < deadline:
        time.sleep(0.02)
    assert parts
    time.sleep(pause)
    process.send_signal(getattr(signal, name))
    _, err = process.communicate(timeout=30)
    assert process.returncode == 130
    assert err.split("\n") == ["", "dashcam: interrupted; nothing was written.", ""]
    assert sorted(p.name for p in tmp_path.iterdir()) == ["a.mp4"]


def test_python_m_is_the_same_command(tmp_path):
    run = subprocess.run(
        [sys.executable, "-m", "dashcam_pipeline", "--version"],
        env={**os.environ, "PYTHONPATH": str(PACKAGE)},
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert run.stdout.strip() == f"dashcam, version {dashcam_pipeline.__version__}"
