"""Frames all over a recording are shown to the stages before the first one is cleaned."""

from __future__ import annotations

from toys import Toy, make_frame, make_frames

from dashcam_pipeline.engine.chain import Chain
from dashcam_pipeline.frames import PixelLayout


class Curious(Toy):
    """Notes what it is shown, and remembers it."""

    name = "curious"

    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.known = ()

    def survey(self, frames):
        self.diary.append(("survey", [frame.index for frame in frames]))
        self.known = tuple(frame.index for frame in frames)

    def state(self):
        return {"known": self.known}

    def restore(self, state):
        self.diary.append("restore")
        self.known = state["known"]


def surveyed(*stages, frames):
    chain = Chain(stages)
    chain.survey = tuple(frames)
    return chain


def test_every_stage_sees_the_survey_once_after_it_opened_and_before_its_first_frame():
    first, second = Curious(), Curious()
    chain = surveyed(first, second, frames=[make_frame(40), make_frame(80)])
    for frame in make_frames(2, level=80):
        chain.feed(frame)
    chain.finish()
    for stage in (first, second):
        assert stage.diary[:4] == [("open", 48, 32), ("survey", [40, 80]), [0], [1]]


def test_frames_of_another_geometry_are_not_shown():
    odd = [
        make_frame(41, size=(32, 48)),
        make_frame(42, layout=PixelLayout(10, (1, 1))),
        make_frame(43, layout=PixelLayout(8, (0, 0))),
    ]
    stage = Curious()
    chain = surveyed(stage, frames=[make_frame(40), *odd])
    chain.feed(make_frame(0))
    assert ("survey", [40]) in stage.diary
    alone = Curious()
    surveyed(alone, frames=odd).feed(make_frame(0))
    assert alone.diary == [("open", 48, 32), [0]], "and none at all is no survey"


def test_a_stream_that_changes_its_size_is_surveyed_anew():
    stage = Curious()
    chain = surveyed(stage, frames=[make_frame(40), make_frame(41, size=(32, 48))])
    chain.feed(make_frame(0))
    chain.feed(make_frame(1, size=(32, 48)))
    assert [e for e in stage.diary if e[0] == "survey"] == [("survey", [40]), ("survey", [41])]


def test_a_stage_without_a_survey_is_not_bothered():
    plain, curious = Toy(), Curious()
    chain = surveyed(plain, curious, frames=[make_frame(40)])
    frame = make_frame(0)
    assert chain.feed(frame)[0] is frame
    assert plain.diary == [("open", 48, 32), [0]]
    assert curious.known == (40,)


def test_without_a_recording_there_is_no_survey():
    stage = Curious()
    Chain([stage]).feed(make_frame(0))
    assert stage.diary == [("open", 48, 32), [0]]


def test_what_a_pause_kept_wins_over_the_survey():
    before = surveyed(Curious(), frames=[make_frame(40)])
    before.feed(make_frame(0, level=80))
    _, state = before.pause()
    stage = Curious()
    chain = surveyed(stage, frames=[make_frame(90)])
    chain.resume(state)
    chain.feed(make_frame(1, level=80))
    assert stage.diary == [("open", 48, 32), ("survey", [90]), "restore", [1]]
    assert stage.known == (40,)
