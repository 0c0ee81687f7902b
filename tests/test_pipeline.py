from __future__ import annotations

import _thread
import json
import pickle
import threading
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

import av
import numpy as np
import pytest
from factory import Picture, Sound, make_clip
from toys import make_frames

from dashcam_pipeline import CleanConfig, Pipeline, clean
from dashcam_pipeline.config import LOOKS
from dashcam_pipeline.errors import (
    ConfigError,
    DamagedError,
    DashcamError,
    InputMissingError,
    NotVideoError,
    OutputExistsError,
    StageError,
    UsageError,
)
from dashcam_pipeline.media.probe import probe
from dashcam_pipeline.pipeline import look_at_glass
from dashcam_pipeline.stages.registry import BUILT_IN


@pytest.fixture(autouse=True)
def toy_stages(monkeypatch):
    for name in ("toy", "dim", "delay", "slow"):
        monkeypatch.setitem(BUILT_IN, name, f"toys:{name.title()}")


@pytest.fixture
def clip(tmp_path):
    return make_clip(tmp_path / "night.mp4", Picture(frames=24), sounds=[Sound(seconds=0.8)])


def video_pts(path):
    with av.open(str(path)) as container:
        return sorted(p.pts for p in container.demux(video=0) if p.size)


def leftovers(folder):
    return [p.name for p in folder.iterdir() if p.name.endswith(".part")]


def test_a_recording_comes_out_beside_the_input_with_every_frame_and_time(clip):
    report = clean(clip, config={"stages": ["toy"]})
    output = clip.with_name("night_clean.mp4")
    assert report.output.path == str(output)
    assert video_pts(output) == video_pts(clip)
    assert (report.frames.read, report.frames.written, report.frames.expected) == (24, 24, 24)
    assert not report.frames.damaged
    assert [s.track for s in report.carried] == ["#1 audio aac"]
    assert [s.name for s in report.stages] == ["toy"]
    assert report.output.size_bytes == output.stat().st_size
    assert json.loads(json.dumps(report.to_dict()))["schema_version"] == 1
    assert leftovers(clip.parent) == []


def test_progress_ends_at_the_last_frame(clip, tmp_path):
    seen = []
    clean(
        clip, tmp_path / "o.mp4", config=CleanConfig(stages=()),
        progress=lambda p: seen.append((p.frames, p.expected)),
    )  # fmt: skip
    assert seen[-1] == (24, 24)


def test_stages_change_the_picture_and_boxes_are_spared(clip, tmp_path):
    lossless = {"codec": "libx264", "encoder_options": {"qp": "0"}}
    config = {"stages": ["dim:amount=1"], "protect": ["10,11,40,30"], **lossless}
    output = tmp_path / "o.mkv"
    clean(clip, output, config=config)
    with av.open(str(clip)) as a, av.open(str(output)) as b:
        for old, new in zip(a.decode(video=0), b.decode(video=0), strict=True):
            before, after = (f.to_ndarray()[:180] for f in (old, new))
            assert (after[10:42, 10:50] == before[10:42, 10:50]).all()
            assert not after[:10].any()
            assert not after[42:].any()


def test_a_strip_along_an_edge_is_spared_in_any_size(clip, tmp_path):
    lossless = {"codec": "libx264", "encoder_options": {"qp": "0"}}
    config = {"stages": ["dim:amount=1"], "protect": ["bottom:10%"], **lossless}
    output = tmp_path / "o.mkv"
    report = clean(clip, output, config=config)
    assert report.protected == ("0,162,320,18",)
    with av.open(str(clip)) as a, av.open(str(output)) as b:
        for old, new in zip(a.decode(video=0), b.decode(video=0), strict=True):
            before, after = (f.to_ndarray()[:180] for f in (old, new))
            assert (after[162:] == before[162:]).all()
            assert not after[:162].any()
    whole = Pipeline(CleanConfig(stages=("dim:amount=1",), protect=("left:50%",)))
    with whole as pipeline:
        shown = pipeline.process_rgb(np.full((2, 16, 32, 3), 200, np.uint8))
    assert (shown[:, :, :16] > 190).all()
    assert (shown[:, :, 16:] < 30).all()


def test_the_output_says_that_it_was_processed_and_keeps_the_own_comment(tmp_path):
    clip = make_clip(tmp_path / "a.mp4", Picture(frames=3), metadata={"comment": "my drive"})
    clean(clip, tmp_path / "o.mp4", config={"stages": ["dim:amount=0.5"]})
    with av.open(str(tmp_path / "o.mp4")) as container:
        comment = container.metadata["comment"]
    assert comment.startswith("my drive; dashcam_pipeline ")
    assert comment.endswith(": dim:amount=0.5")


def test_a_span_keeps_what_lies_in_it(clip, tmp_path):
    report = clean(clip, tmp_path / "o.mp4", config={"stages": (), "start": "0.2", "end": 0.5})
    assert report.frames.written == len(video_pts(tmp_path / "o.mp4")) == 9
    assert report.frames.expected is None
    assert not report.warnings


def test_the_output_is_checked_before_the_input_is_read(tmp_path):
    (tmp_path / "o.mp4").write_bytes(b"mine")
    with pytest.raises(OutputExistsError):
        clean(tmp_path / "none.mp4", tmp_path / "o.mp4")
    assert (tmp_path / "o.mp4").read_bytes() == b"mine"


@pytest.mark.parametrize(
    ("config", "kind"),
    [
        ({"stages": ["zebra"]}, UsageError),
        ({"stages": ["dim:amount=2"]}, UsageError),
        ({"strength": 3}, UsageError),
        ({"stages": ["toy"], "protect": ["5000,0,10,10"]}, UsageError),
        ({"stages": (), "start": 50}, DashcamError),
    ],
)
def test_nothing_is_left_behind_when_it_can_not_be_done(clip, config, kind):
    with pytest.raises(kind):
        clean(clip, config=config)
    assert sorted(p.name for p in clip.parent.iterdir()) == ["night.mp4"]


def test_an_existing_output_survives_a_failure_even_with_overwrite(clip, tmp_path):
    target = tmp_path / "o.mp4"
    target.write_bytes(b"mine")
    with pytest.raises(DashcamError):
        clean(clip, target, config={"stages": (), "start": 50, "overwrite": True})
    assert target.read_bytes() == b"mine"
    assert leftovers(tmp_path) == []


def test_ctrl_c_leaves_nothing_behind(tmp_path):
    clip = make_clip(tmp_path / "a.mp4", Picture(frames=60))
    with pytest.raises(KeyboardInterrupt):
        clean(clip, config={"stages": ["slow"]}, progress=lambda _: _thread.interrupt_main())
    assert sorted(p.name for p in tmp_path.iterdir()) == ["a.mp4"]
    assert not [t for t in threading.enumerate() if t.name.startswith("dashcam-")]


def damage(path):
    """Flip bits in the middle half of a file, its index left alone."""
    data = bytearray(path.read_bytes())
    start = data.find(b"mdat")
    rng = np.random.default_rng(1)
    for place in rng.integers(start + len(data) // 4, start + len(data) // 2, 60):
        data[place] ^= 0xFF
    path.write_bytes(data)
    return path


def test_a_damaged_source_gives_an_output_and_a_warning(tmp_path):
    clip = damage(make_clip(tmp_path / "a.mp4", Picture(frames=60)))
    report = clean(clip, tmp_path / "o.mp4", config={"stages": ["toy"]})
    assert report.frames.damaged
    assert report.exit_code == 0
    assert report.frames.written == len(video_pts(tmp_path / "o.mp4"))
    assert "the source is damaged" in report.warnings[0]


def test_strict_refuses_a_damaged_source(tmp_path):
    clip = damage(make_clip(tmp_path / "a.mp4", Picture(frames=60)))
    with pytest.raises(DamagedError) as caught:
        clean(clip, config={"stages": (), "strict": True})
    assert "`strict=True`" in caught.value.advice
    assert sorted(p.name for p in tmp_path.iterdir()) == ["a.mp4"]


def test_strict_is_content_with_a_whole_source(clip):
    assert clean(clip, config={"stages": (), "strict": True}).frames.written == 24


def test_a_run_in_another_process_takes_and_returns_plain_data(clip, tmp_path):
    config = json.loads(json.dumps(CleanConfig(stages=()).model_dump(mode="json")))
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        done = pool.submit(clean, str(clip), str(tmp_path / "o.mp4"), config=config)
        data = json.loads(json.dumps(done.result(timeout=60).to_dict()))
        assert data["frames"]["written"] == 24
        failure = pool.submit(clean, str(tmp_path / "none.mp4")).exception(60)
    assert isinstance(failure, InputMissingError)
    assert failure.advice


@pytest.mark.parametrize("kind", [ConfigError, StageError, NotVideoError, DashcamError])
def test_errors_survive_pickling(kind):
    error = pickle.loads(pickle.dumps(kind("what", advice="do")))  # noqa: S301 - our own bytes
    assert (type(error), str(error), error.advice) == (kind, "what\ndo", "do")


# --- arrays ---------------------------------------------------------------------------------


def pictures(count=5, height=30, width=42):
    rng = np.random.default_rng(0)
    still = rng.integers(0, 256, (height, width, 3))
    grain = rng.integers(-2, 3, (count, height, width, 3))
    return np.clip(still + grain, 0, 255).astype(np.uint8)


@pytest.mark.parametrize("stages", [(), ("toy",), ("delay", "dim:amount=0")])
def test_pictures_that_no_stage_changes_come_back_to_the_last_bit(stages):
    frames = pictures()
    with Pipeline(CleanConfig.model_validate({"stages": stages})) as pipeline:
        result = pipeline.process_rgb(frames)
    assert result is not frames
    assert (result == frames).all()
    assert result.dtype == np.uint8


def test_strength_scales_and_pictures_get_darker():
    frames = pictures()
    config = CleanConfig.model_validate({"stages": ["dim:amount=1"], "strength": 0.5})
    with Pipeline(config) as pipeline:
        once = pipeline.process_rgb(frames)
        again = pipeline.process_rgb(frames)
    assert once.mean() < 0.75 * frames.mean()
    assert (once == again).all()


@pytest.mark.parametrize(
    ("frames", "kind", "says"),
    [
        ([[1, 2, 3]], TypeError, r"NumPy array of uint8 \(0 to 255\) and shape .*, not a list"),
        (np.zeros((2, 8, 8, 3), np.float32), TypeError, r"array of uint8 .* not of float32"),
        (np.zeros((8, 8, 3), np.uint8), ValueError, r"\(N, H, W, 3\), not \(8, 8, 3\)"),
        (np.zeros((1, 8, 8, 4), np.uint8), ValueError, r"not \(1, 8, 8, 4\)"),
    ],
)
def test_wrong_arrays_are_refused_with_their_shape(frames, kind, says):
    with Pipeline(CleanConfig(stages=())) as pipeline:
        with pytest.raises(kind, match=says) as caught:
            pipeline.process_rgb(frames)
        assert isinstance(caught.value, DashcamError)


def test_arrays_in_place_of_frames_are_shown_the_way():
    with (
        Pipeline({"stages": []}) as pipeline,
        pytest.raises(
            TypeError, match=r"takes Frames, not a ndarray.\nFor arrays there is process_rgb"
        ),
    ):
        list(pipeline.process(np.zeros((1, 8, 8, 3), np.uint8)))


def test_a_pipeline_and_clean_say_which_configuration_they_take(clip):
    for start in (Pipeline, lambda config: clean(clip, config=config)):
        with pytest.raises(DashcamError, match=r"CleanConfig is wanted, .*, not 'fast'"):
            start("fast")


def test_no_pictures_are_no_error():
    with Pipeline(CleanConfig(stages=())) as pipeline:
        assert pipeline.process_rgb(np.zeros((0, 8, 8, 3), np.uint8)).shape == (0, 8, 8, 3)


def test_a_run_given_up_half_way_does_not_leak_into_the_next():
    config = CleanConfig.model_validate({"stages": ["delay"]})
    with Pipeline(config) as pipeline:
        frames = make_frames(6, level=80)
        run = pipeline.process(frames)
        next(run)
        run.close()
        assert [f.index for f in pipeline.process(frames)] == list(range(6))


SAMPLES = Path(__file__).parents[1] / "samples/windscreens"


@pytest.mark.parametrize("given", ["text", "path", "probed"])
def test_how_dirty_a_windscreen_was_is_told_from_a_recording(given):
    clip = SAMPLES / "city-9003/night-glare.mp4"
    glass = look_at_glass({"text": str(clip), "path": clip, "probed": probe(clip)}[given])
    assert glass.words.startswith("dirty")
    assert 0 < glass.frames <= 6
    assert 0.2 < glass.haze < 1


def test_how_clean_a_windscreen_was():
    assert look_at_glass(SAMPLES / "city-9004-clean/night-glare.mp4").dirt < 0.2


def test_a_run_starts_with_the_glass_that_a_look_at_the_recording_tells(tmp_path):
    clip = SAMPLES / "city-9003/night-glare.mp4"
    report = clean(clip, tmp_path / "a.mp4", config={"end": 0.1, "protect": []})
    (stage,) = report.stages
    assert stage.facts["glass"]["words"].startswith("dirty")
    assert stage.facts["glass"]["frames"] > look_at_glass(clip).frames
    assert "glass " in report.summary()


def test_the_glass_of_what_is_no_recording(tmp_path):
    with pytest.raises(InputMissingError):
        look_at_glass(tmp_path / "none.mp4")
    (tmp_path / "text.mp4").write_text("dear diary")
    with pytest.raises(NotVideoError):
        look_at_glass(tmp_path / "text.mp4")


@pytest.mark.parametrize("look", LOOKS)
def test_the_look_of_a_run_is_in_its_settings(clip, tmp_path, look):
    output = tmp_path / f"{look}.mp4"
    report = clean(clip, output, config={"stages": ["dim:amount=0.5"], "look": look})
    assert report.settings["look"] == look
