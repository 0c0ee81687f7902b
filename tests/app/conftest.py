"""The server on real clips: asked as a browser would ask it, with children of its own."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

pytest.importorskip("starlette", reason="needs the extra app")
pytest.importorskip("uvicorn", reason="needs the extra app")

from asking import PORT, TOKEN
from factory import Picture, make_clip
from starlette.testclient import TestClient

from dashcam_pipeline.app.core import App
from dashcam_pipeline.app.dropped import Inbox
from dashcam_pipeline.app.roots import Roots
from dashcam_pipeline.app.server import make_asgi


@pytest.fixture(scope="session")
def clip_bytes(tmp_path_factory):
    path = make_clip(tmp_path_factory.mktemp("clip") / "a.mp4", Picture(frames=12, gop=6))
    return path.read_bytes()


@pytest.fixture
def place(tmp_path, clip_bytes):
    """A root with a recording, one whose name is markup, a file that is none, and a secret."""
    root = tmp_path / "card"
    root.mkdir()
    (root / "night.mp4").write_bytes(clip_bytes)
    (root / "<img src=x onerror=1>.mp4").write_bytes(clip_bytes)
    (root / "broken.mp4").write_bytes(b"no video" * 200)
    (root / "notes.txt").write_text("not for the page")
    secret = tmp_path / "secret"
    secret.mkdir()
    (secret / "other.mp4").write_bytes(clip_bytes)
    return SimpleNamespace(
        root=root, secret=secret, state=tmp_path / "state", inbox=tmp_path / "in"
    )


@pytest.fixture
def start(place):
    """Start a server on the place; as often as wanted, one after the other."""
    opened = []

    def begin():
        app = App(Roots.of([place.root]), place.state, Inbox(place.inbox))
        client = TestClient(
            make_asgi(app, token=TOKEN, port=PORT),
            base_url=f"http://127.0.0.1:{PORT}/{TOKEN}/",
            headers={"Origin": f"http://127.0.0.1:{PORT}"},
        )
        client.__enter__()
        opened.append(client)
        return SimpleNamespace(app=app, client=client, **vars(place), end=lambda: end(client))

    def end(client):
        opened.remove(client)
        client.__exit__(None, None, None)

    yield begin
    for client in opened[:]:
        end(client)


@pytest.fixture
def server(start):
    return start()
