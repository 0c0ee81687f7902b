from __future__ import annotations

import av
import cv2
import pytest
from factory import Picture, Sound, make_clip

from dashcam_pipeline.stages.registry import BUILT_IN

QUARTER_TURN = (0, 65536, 0, -65536, 0, 0, 180 << 16, 0, 1 << 30)


@pytest.fixture(autouse=True)
def toy_stages(monkeypatch):
    monkeypatch.setitem(BUILT_IN, "dim", "toys:Dim")


@pytest.fixture
def clip(tmp_path):
    return make_clip(tmp_path / "야간 주행.mp4", Picture(frames=10), sounds=[Sound(seconds=0.3)])


def test_a_preview_beside_the_recording(dashcam, clip):
    code, out, err = dashcam("preview", clip, "--stage", "dim", "--no-protect")
    assert (code, err) == (0, "")
    made = clip.with_name("야간 주행_before_after.mp4")
    assert str(made) in out
    assert "644x180, side-by-side, 10 frames" in out
    with av.open(str(made)) as container:
        assert container.streams.audio
        assert "before/after" in container.metadata["comment"]


def test_quiet_says_nothing(dashcam, clip, tmp_path):
    out = tmp_path / "o.mp4"
    assert dashcam("preview", clip, "--no-stages", "-o", out, "-q") == (0, "", "")
    assert out.exists()


def test_all_options_of_a_layout(dashcam, clip, tmp_path):
    out = tmp_path / "o.mp4"
    code, text, _ = dashcam(
        "preview", clip, "--no-stages", "-o", out, "--layout", "wipe", "--period", "3",
        "--height", "90", "--no-labels", "--language", "ko", "--start", "0:00.1", "--end", "0.2",
    )  # fmt: skip
    assert code == 0
    assert "160x90, wipe, 3 frames" in text


@pytest.mark.parametrize(
    ("box", "shown"),
    [
        ("10,20,80,60", "10,20,80,60"),
        ("50%,0,50%,50%", "160,0,160,90"),
        ("bottom:25%", "0,135,320,45"),
        ("left:40", "0,0,40,180"),
    ],
)
def test_a_box_for_crop_is_written_as_for_protect(dashcam, clip, tmp_path, box, shown):
    code, text, _ = dashcam(
        "preview", clip, "--no-stages", "-o", tmp_path / "o.mp4",
        "--layout", "crop", "--box", box, "--height", "120",
    )  # fmt: skip
    assert code == 0
    assert f"x120, crop, box {shown}" in text
    if box == shown:
        assert "324x120" in text


def test_a_box_in_per_cent_is_of_the_upright_picture(dashcam, tmp_path):
    turned = make_clip(tmp_path / "turned.mp4", Picture(frames=3, matrix=QUARTER_TURN))
    options = ("--layout", "crop", "--box", "0,50%,100%,50%", "--frame", "0", "-o", "o.png")
    code, text, _ = dashcam("preview", turned, "--no-stages", *options[:-1], tmp_path / "o.png")
    assert code == 0
    assert "box 0,160,180,160" in text


def test_one_frame_and_a_sheet(dashcam, clip, tmp_path):
    for name, option in (("f.png", ("--frame", "0:00.2")), ("s.jpg", ("--contact-sheet", 4))):
        code, text, _ = dashcam("preview", clip, "--no-stages", "-o", tmp_path / name, *option)
        assert code == 0
        assert name in text
        assert cv2.imread(str(tmp_path / name)) is not None


def test_the_result_is_opened_when_asked(dashcam, clip, tmp_path, monkeypatch):
    opened = []
    monkeypatch.setattr("click.launch", opened.append)
    out = tmp_path / "f.png"
    assert dashcam("preview", clip, "--no-stages", "--frame", 0, "-o", out, "--open")[0] == 0
    assert opened == [str(out)]


@pytest.mark.parametrize(
    ("args", "said"),
    [
        (("--layout", "diagonal"), "diagonal"),
        (("--height", "9"), "--height"),
        (("--height", "many"), "--height"),
        (("--zoom", "99"), "--zoom"),
        (("--box", "1,2"), "--box"),
        (("--box", "middle:4%"), "a box is x,y,w,h, in pixels or per cent"),
        (("--frame", "soon"), "--frame"),
        (("--frame", "1", "--contact-sheet", "3"), "exclude each other"),
        (("--contact-sheet", "0"), "contact-sheet"),
        (("--start", "3", "--end", "2"), "must come after"),
    ],
)
def test_wrong_usage_is_named_and_writes_nothing(dashcam, clip, args, said):
    code, out, err = dashcam("preview", clip, "--no-stages", *args)
    assert code == 2
    assert out == ""
    assert said in err
    assert [p.name for p in clip.parent.iterdir()] == [clip.name]


def test_recordings_that_do_not_match(dashcam, clip, tmp_path):
    other = make_clip(tmp_path / "other.mp4", Picture(frames=7))
    code, _, err = dashcam("preview", clip, other)
    assert code == 2
    assert "different times" in err


@pytest.mark.parametrize("command", ["preview", "report"])
def test_help_reads_like_a_manual(dashcam, command):
    code, out, _ = dashcam(command, "--help")
    assert code == 0
    assert "Examples:" in out
    for line in out.splitlines():
        assert len(line) <= 100
