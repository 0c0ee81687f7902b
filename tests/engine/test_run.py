from __future__ import annotations

import pytest
from factory import Picture, make_clip

from dashcam_pipeline.config import CleanConfig
from dashcam_pipeline.dashcam.overlay import Overlay
from dashcam_pipeline.engine.chain import Chain
from dashcam_pipeline.engine.run import Run, expected_frames
from dashcam_pipeline.errors import OutputExistsError, StageError
from dashcam_pipeline.media.probe import probe
from dashcam_pipeline.stages.registry import BUILT_IN

EMPTY = CleanConfig(stages=())


@pytest.fixture(autouse=True)
def toy_stages(monkeypatch):
    monkeypatch.setitem(BUILT_IN, "dim", "toys:Dim")


@pytest.fixture
def clip(tmp_path):
    return make_clip(tmp_path / "night.mp4", Picture(frames=24))


class Keeper:
    """Writes down what a run asks of it."""

    def __init__(self, target):
        self.target, self.overlay, self.diary = target, Overlay(), []
        self.seen = []

    def changes(self, before, after):
        self.seen.append((before.pts, after.pts))

    def check(self, claim):
        self.diary.append(f"check {claim.target.name}")

    def seal(self, part):
        self.diary.append(f"seal {part.suffix}, {self.target.exists()}")

    def finish(self, report):
        self.diary.append(f"finish {report.frames.written}, {self.target.exists()}")
        return report


def test_a_keeper_sees_every_frame_and_seals_the_output_before_it_appears(clip, tmp_path):
    target = tmp_path / "o.mp4"
    keeper = Keeper(target)
    with Run.open(CleanConfig(stages=("dim",), protect=()), clip, target) as run:
        chain = run.prepare(keeper)
        assert keeper.diary == ["check o.mp4"]
        run.run(chain, run.output())
        report = run.report()
    assert keeper.diary == ["check o.mp4", "seal .part, False", "finish 24, False"]
    assert target.exists()
    assert [before for before, _ in keeper.seen] == [after for _, after in keeper.seen]
    assert len(keeper.seen) == report.frames.written == run.written.frames == 24
    assert [stage.name for stage in report.stages] == ["dim"]


def test_that_a_picture_is_synthetic_is_still_known_once_the_chain_is_closed(
    clip, tmp_path, monkeypatch
):
    monkeypatch.setattr("toys.Dim.synthetic", True)
    with Run.open(CleanConfig(stages=("dim",), protect=()), clip, tmp_path / "o.mp4") as run:
        chain = run.prepare(Keeper(tmp_path / "o.mp4"))
        run.run(chain, run.output())
        assert "(synthetic picture)" in run.tags["comment"]
        assert run.report().stages[0].synthetic


def test_anything_may_stand_in_the_chain_s_place_and_nobody_need_keep(clip, tmp_path):
    with Run.open(EMPTY, clip, tmp_path / "o.mp4") as run:
        run.run(Chain([]), run.output(tags={"comment": "mine"}))
    assert run.written.frames == 24
    assert probe(tmp_path / "o.mp4").metadata["comment"] == "mine"


def test_a_run_left_before_it_began_closes_what_was_opened_and_leaves_no_file(clip, tmp_path):
    closed, outputs, run = [], [], Run.open(EMPTY, clip, tmp_path / "o.mp4")

    def give_up():
        with run:
            run.on_failure(lambda: closed.append(1))
            outputs.append(run.output())
            assert len(list(tmp_path.glob("o.mp4.*.part"))) == 1
            raise StageError("given up")

    with pytest.raises(StageError, match="given up"):
        give_up()
    assert closed == [1]
    assert list(run.reader) == []
    assert outputs[0]._writer._file.closed
    assert [path.name for path in tmp_path.iterdir()] == ["night.mp4"]


def test_once_begun_the_threads_close_what_was_opened(clip, tmp_path):
    class Broken(Chain):
        closed = 0

        def feed(self, _frame):
            raise StageError("broken")

        def close(self):
            self.closed += 1

    chain = Broken([])
    with Run.open(EMPTY, clip, tmp_path / "o.mp4") as run:
        run.on_failure(chain.close)
        with pytest.raises(StageError, match="broken"):
            run.run(chain, run.output())
    assert chain.closed == 1
    assert [path.name for path in tmp_path.iterdir()] == ["night.mp4"]


def test_a_target_that_is_there_is_refused_before_anything_is_opened(clip, tmp_path):
    (tmp_path / "o.mp4").write_bytes(b"mine")
    with pytest.raises(OutputExistsError):
        Run.open(EMPTY, clip, tmp_path / "o.mp4")
    assert (tmp_path / "o.mp4").read_bytes() == b"mine"


def test_frames_of_earlier_runs_are_counted_and_a_source_of_one_s_own_is_read(clip, tmp_path):
    seen = []
    with Run.open(EMPTY, clip, tmp_path / "o.mp4") as run:

        class Rest:
            def __iter__(self):
                return (item for item in run.reader if item.index >= 10)

            def close(self):
                run.reader.close()

        run.run(Chain([]), run.output(), seen.append, source=Rest(), done=10)
    assert run.written.frames == 14
    assert (seen[-1].frames, seen[-1].expected) == (24, 24)


def test_expected_frames_of_a_span_and_of_a_whole_clip(clip):
    info = probe(clip)
    assert expected_frames(info, CleanConfig()) == 24
    assert expected_frames(info, CleanConfig(start=0.2, end=0.5)) == 9
    assert expected_frames(info, CleanConfig(end=1e6)) == 24
    assert expected_frames(info, CleanConfig(start=50)) is None
