"""One moment and a few seconds, rendered in a child by the real chain."""

from __future__ import annotations

import asyncio
import errno
import json
import os
import signal
from tempfile import gettempdir

import av
import cv2
import numpy as np
import pytest
from asking import PATIENCE, wait_for
from factory import Picture, make_clip
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dashcam_pipeline.app.looking import clip
from dashcam_pipeline.app.looking.client import Looker, Superseded
from dashcam_pipeline.app.looking.moments import WARM_UP, moment_at
from dashcam_pipeline.app.looking.renderer import Renderer
from dashcam_pipeline.app.roots import id_of
from dashcam_pipeline.compare.sources import Comparison
from dashcam_pipeline.config import make_config
from dashcam_pipeline.engine.build_chain import prepare_chain
from dashcam_pipeline.errors import DashcamError, DiskFullError
from dashcam_pipeline.frames import Frame
from dashcam_pipeline.media.atomic import atomic_file
from dashcam_pipeline.media.probe import probe
from dashcam_pipeline.media.reader import Reader

FAST = {"quality": "fast"}


def nothing(*_args):
    """Takes a part, or checks nothing."""


@pytest.fixture(scope="module")
def recording(tmp_path_factory):
    return make_clip(tmp_path_factory.mktemp("c") / "long.mp4", Picture(frames=45, gop=12))


class _Whole(tuple):
    """A recording and all its frames; short where Hypothesis tells of it."""

    __slots__ = ()

    def __repr__(self):
        return "whole"


@pytest.fixture(scope="module")
def whole(recording):
    with Reader(recording) as reader:
        return _Whole((recording, [item for item in reader if isinstance(item, Frame)]))


@pytest.fixture(scope="module")
def renderer():
    return Renderer()


def picture(jpeg):
    return cv2.imdecode(np.frombuffer(jpeg, np.uint8), cv2.IMREAD_COLOR).astype(int)


@settings(
    max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(seconds=st.floats(0, 2))
def test_a_moment_is_the_picture_that_a_player_shows_and_those_before_it(whole, seconds):
    recording, every_frame = whole
    info = probe(recording)
    moment = moment_at(info, seconds, threads=1, check=nothing)
    times = [float(frame.seconds) - float(every_frame[0].seconds) for frame in every_frame]
    shown = max((n for n, t in enumerate(times) if t <= seconds + 1e-4), default=0)
    assert moment.seconds == pytest.approx(times[shown], abs=1e-3)
    wanted = every_frame[max(0, shown - WARM_UP) : shown + 1]
    assert len(moment.frames) == len(wanted)
    for found, expected in zip(moment.frames, wanted, strict=True):
        assert np.array_equal(found.planes[0], expected.planes[0])


def test_what_is_seen_is_what_the_chain_of_a_run_makes(recording, renderer):
    parts = []
    given_ = {"path": str(recording), "seconds": 1.0, "settings": FAST, "width": 320}
    seen = renderer.do("see", given_, parts.append, nothing)
    info = probe(recording)
    moment = moment_at(info, 1.0, threads=1, check=nothing)
    chain, _device, _overlay = prepare_chain(make_config(FAST), info)
    done = [frame for one in moment.frames for frame in chain.feed(one)] + chain.finish()
    chain.close()
    scene = renderer._scenes.of(str(recording))
    assert seen["jpeg"] == scene.jpeg(done[-1], 320)
    assert parts[0]["jpeg"] == scene.jpeg(moment.frames[-1], 320)
    assert picture(seen["jpeg"]).shape == (180, 320, 3)


def test_settings_change_the_picture_and_cost_no_network(recording, renderer):
    def see(**choices):
        given_ = {"path": str(recording), "seconds": 0.5, "width": 320, "settings": choices}
        return picture(renderer.do("see", given_, nothing, nothing)["jpeg"])

    dirty = "glare:glass=dirty"
    usual = see(stages=[dirty], **FAST)
    (network,) = {id(n): n for n in renderer._networks._open.values()}.values()
    asked = []
    network._predict = lambda pictures: asked.append(len(pictures))
    none = see(stages=[f"{dirty},streaks=0,veil=0"], **FAST)
    bright = see(stages=[f"{dirty},exposure=1"], **FAST)
    half = see(stages=[f"{dirty},exposure=0.5"], **FAST)
    del network._predict
    assert asked == []
    assert none.mean() > usual.mean() + 1
    assert usual.mean() < half.mean() < bright.mean()


def test_the_picture_before_is_the_one_that_a_comparison_shows(recording, renderer):
    parts = []
    given_ = {"path": str(recording), "seconds": 0.7, "settings": FAST, "width": 320}
    renderer.do("see", given_, parts.append, nothing)
    comparison = Comparison(recording, None, make_config({"stages": []}))
    ((when, (frame, _same)),) = comparison.pairs_at([parts[0]["seconds"] - 1e-3])
    assert when == pytest.approx(parts[0]["seconds"], abs=1e-3)
    assert parts[0]["jpeg"] == renderer._scenes.of(str(recording)).jpeg(frame, 320)


def test_a_clip_is_two_videos_in_step(recording, renderer, tmp_path):
    steps = []
    given_ = {"path": str(recording), "seconds": 1.0, "settings": FAST, "folder": str(tmp_path)}
    made = renderer.do("clip", given_, steps.append, nothing)
    counts = []
    for name in ("before.mp4", "after.mp4"):
        with av.open(str(tmp_path / name)) as container:
            pts = [float(f.pts * f.time_base) for f in container.decode(video=0)]
        counts.append(len(pts))
        assert pts == pytest.approx(made["times"], abs=1e-3)
    assert counts == [15, 15]
    assert steps[-1]["done"] <= steps[-1]["total"]


class _EndedError(Exception):
    pass


def test_a_clip_that_nobody_wants_any_more_leaves_nothing(recording, renderer, tmp_path):
    calls = []

    def check():
        calls.append(1)
        if len(calls) > 8:
            raise _EndedError

    given_ = {"path": str(recording), "seconds": 0.0, "settings": FAST, "folder": str(tmp_path)}
    with pytest.raises(_EndedError):
        renderer.do("clip", given_, nothing, check)
    assert list(tmp_path.iterdir()) == []


class _Full:
    """A file on a full disk."""

    def __init__(self, file):
        self._file = file

    def __getattr__(self, name):
        return getattr(self._file, name)

    def write(self, _data):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def test_a_clip_for_which_there_is_no_space_is_said_with_advice(
    recording, renderer, tmp_path, monkeypatch
):
    monkeypatch.setattr(clip, "atomic_file", lambda *a, **k: _Full(atomic_file(*a, **k)))
    given_ = {"path": str(recording), "seconds": 0.0, "settings": FAST, "folder": str(tmp_path)}
    with pytest.raises(DiskFullError, match="no space left for a preview") as caught:
        renderer.do("clip", given_, nothing, nothing)
    assert gettempdir() in caught.value.advice
    assert list(tmp_path.iterdir()) == []


def lines(reply):
    return [json.loads(line) for line in reply.text.splitlines()]


def see(server, name="night.mp4", seconds=0.2, tab="1", **choices):
    return server.client.post(
        "api/see",
        json={
            "id": id_of(server.root / name), "seconds": seconds, "width": 320, "tab": tab,
            "choices": {"quality": "fast", **choices},
        },
    )  # fmt: skip


def test_the_page_gets_before_and_then_after(server):
    before, after = lines(see(server))
    for part, side in ((before, "before"), (after, "after")):
        reply = server.client.get(part[side])
        assert reply.headers["content-type"] == "image/jpeg"
        assert picture(reply.content).shape == (180, 320, 3)
    assert server.client.get("api/picture/none").status_code == 404


def test_what_cannot_be_opened_is_said_with_advice_in_the_language(server):
    reply = see(server, "broken.mp4")
    (line,) = lines(reply)
    assert "broken.mp4" in line["error"]["message"]
    korean = server.client.get(
        f"api/facts?id={id_of(server.root / 'broken.mp4')}", headers={"X-Language": "ko"}
    )
    assert korean.status_code == 422
    assert any("가" <= letter <= "힣" for letter in korean.json()["error"]["message"])
    assert (
        server.client.get(f"api/thumbnail?id={id_of(server.root / 'broken.mp4')}").status_code
        == 404
    )


def test_files_are_named_from_their_root_on(server):
    asked = id_of(server.root / "broken.mp4")
    damaged = server.client.get(f"api/groups?tab=1&id={id_of(server.root)}").json()["damaged"]
    facts = server.client.get(f"api/facts?id={asked}").json()["error"]
    (seen,) = lines(see(server, "broken.mp4"))
    for said in (damaged[0]["reason"], facts["message"], seen["error"]["message"]):
        assert said.startswith("card/broken.mp4 is not a video recording")


@pytest.mark.parametrize(
    "wrong", [{"seconds": -1}, {"seconds": "x"}, {"width": None}, {"choices": 3}]
)
def test_asks_that_cannot_be_are_refused(server, wrong):
    asked = {
        "id": id_of(server.root / "night.mp4"),
        "seconds": 0,
        "width": 320,
        "tab": "1",
        "choices": {},
    }
    reply = server.client.post("api/see", json={**asked, **wrong})
    assert reply.status_code == 422
    assert server.client.post("api/see", content=b"{").status_code == 422


def run(work):
    return asyncio.run(asyncio.wait_for(work, PATIENCE))


def test_the_newest_ask_of_a_tab_wins_and_other_tabs_get_theirs(recording):
    async def work():
        looker = Looker("test")

        def ask(seconds, tab):
            asked = {"path": str(recording), "seconds": seconds, "settings": FAST, "width": 320}
            return asyncio.create_task(looker.answer("see", asked, of=tab))

        try:
            first = ask(1.4, "a")
            await asyncio.sleep(0.1)
            second, other = ask(0.9, "a"), ask(0.3, "b")
            await asyncio.sleep(0.1)
            third = ask(0.6, "a")
            return await asyncio.gather(first, second, other, third, return_exceptions=True)
        finally:
            looker.close()

    first, second, other, third = run(work())
    assert isinstance(first, Superseded)
    assert isinstance(second, Superseded)
    assert other["seconds"] == pytest.approx(0.3, abs=0.02)
    assert third["seconds"] == pytest.approx(0.6, abs=0.02)


def test_a_child_that_is_killed_is_said_and_the_next_ask_gets_another(recording):
    async def work():
        looker = Looker("test")
        asked = {"path": str(recording)}
        try:
            assert (await looker.answer("facts", asked))["width"] == 320
            pid = looker._process.pid
            slow = asyncio.create_task(
                looker.answer("see", {**asked, "seconds": 1.0, "settings": FAST, "width": 320})
            )
            await asyncio.sleep(0.05)
            os.kill(pid, signal.SIGKILL)
            with pytest.raises(DashcamError, match="crashed"):
                await slow
            assert (await looker.answer("facts", asked))["height"] == 180
            assert looker._process.pid != pid
        finally:
            looker.close()
        assert looker._process is None

    run(work())


def test_thumbnails_are_small_and_asked_for_once(server):
    address = f"api/thumbnail?id={id_of(server.root / 'night.mp4')}"
    first = server.client.get(address)
    assert picture(first.content).shape == (180, 320, 3)
    server.app.looker.close()
    assert wait_for(lambda: server.client.get(address).content == first.content)
    assert server.app.looker._process is None
