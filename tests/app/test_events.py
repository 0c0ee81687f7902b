"""What pages are told, and by whom."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
from pathlib import Path

import pytest
from asking import TOKEN
from click.testing import CliRunner

from dashcam_pipeline.app.events import MOST_PAGES, Hub
from dashcam_pipeline.app.instance import Claim, Instance, state_folder
from dashcam_pipeline.cli.serve import app as command


def test_a_page_gets_all_of_it_at_once_and_again_when_something_changes():
    async def work():
        hub, states = Hub(), iter(range(9))
        stream = hub.stream(lambda: {"n": next(states)})
        first = await anext(stream)
        assert hub.pages == 1
        hub.changed()
        hub.changed()
        second = await asyncio.wait_for(anext(stream), 5)
        hub.close()
        with pytest.raises(StopAsyncIteration):
            await asyncio.wait_for(anext(stream), 5)
        return first, second, hub.pages

    first, second, pages = asyncio.run(work())
    assert first.startswith(b"event: queue\ndata: ")
    assert [json.loads(one.split(b"data: ")[1]) for one in (first, second)] == [{"n": 0}, {"n": 1}]
    assert pages == 0


def test_the_last_pages_to_come_are_told_and_the_others_know():
    async def work():
        hub = Hub()
        streams = [hub.stream(dict) for _page in range(MOST_PAGES + 2)]
        first = [await anext(stream) for stream in streams]
        assert hub.pages == MOST_PAGES
        for stream in streams[:2]:
            assert (await asyncio.wait_for(anext(stream), 5)).startswith(b"event: elsewhere")
            with pytest.raises(StopAsyncIteration):
                await anext(stream)
        hub.changed()
        return first + [await asyncio.wait_for(anext(stream), 5) for stream in streams[2:]]

    told = asyncio.run(work())
    assert all(each.startswith(b"event: queue") for each in told)


def test_the_second_to_come_finds_the_first(tmp_path):
    first, second = Claim(tmp_path / "s"), Claim(tmp_path / "s")
    assert first.take()
    first.publish(Instance(1234, TOKEN, ("/card",)))
    assert not second.take()
    assert second.other() == Instance(1234, TOKEN, ("/card",))
    assert (tmp_path / "s").stat().st_mode & 0o777 == 0o700
    assert not second.other().is_alive()
    first.release()
    assert second.take()
    assert second.other() is None
    second.release()


@pytest.fixture
def running(tmp_path, monkeypatch):
    """A server that runs already, and may look at one folder."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.setattr(Instance, "is_alive", lambda _self: True)
    claim = Claim(state_folder())
    assert claim.take()
    for name in ("card", "card/trip", "other"):
        (tmp_path / name).mkdir()
    claim.publish(Instance(1234, TOKEN, (str(tmp_path / "card"),)))
    yield tmp_path
    claim.release()


@pytest.mark.parametrize(
    ("named", "hidden"), [((), ()), (("card", "card/trip"), ()), (("card", "other"), ("other",))]
)
def test_a_second_start_says_which_folders_the_first_may_not_look_at(running, named, hidden):
    folders = [str(running / name) for name in named]
    result = CliRunner().invoke(command, [*folders, "--no-open"])
    assert result.exit_code == 0
    assert f"http://127.0.0.1:1234/{TOKEN}/" in result.stdout
    said = [f"It may not look at {running / name}." for name in hidden]
    assert [line.split(" To see")[0] for line in result.stderr.splitlines()] == said


def test_a_file_that_is_no_instance_is_none(tmp_path):
    claim = Claim(tmp_path)
    for text in ("", "{}", "[1]", '{"port": "x", "token": 1, "roots": []}'):
        (tmp_path / "instance.json").write_text(text)
        assert claim.other() is None


def python(code, **env):
    return subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True,
        env={"PYTHONPATH": str(Path(__file__).parents[2]), "PATH": "", "DASHCAM_LANG": "en", **env},
    ).stdout  # fmt: skip


def test_the_server_starts_without_networks_and_the_command_line_without_the_server():
    server = python("import dashcam_pipeline.app.server, sys; print(*sys.modules)").split()
    assert "starlette" in server
    assert not {"onnxruntime", "cv2", "torch"} & set(server)
    line = (
        "from dashcam_pipeline.cli import main; import sys; main(['--help']); print(*sys.modules)"
    )
    assert not {"starlette", "uvicorn", "numpy"} & set(python(line).split())


def test_without_the_extra_the_command_says_how_to_get_it():
    code = (
        "import sys; sys.modules['uvicorn'] = None\n"
        "import importlib.util as u; find = u.find_spec\n"
        "u.find_spec = lambda name, *a: None if name == 'uvicorn' else find(name, *a)\n"
        "from dashcam_pipeline.cli import main\n"
        "sys.stderr = sys.stdout\n"
        "print(main(['app', '--no-open']))"
    )
    said = python(code)
    assert "pip install 'dashcam-pipeline[app]'" in said
    assert said.split()[-1] == "2"
