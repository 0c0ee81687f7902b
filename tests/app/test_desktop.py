"""What is said on the desktop, and the folder that is opened there; by programs that tell on it."""

from __future__ import annotations

import os
import sys

import pytest
from asking import job, queue, wait_for

from dashcam_pipeline.app import desktop
from dashcam_pipeline.translation import catalogue, in_language

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="other systems have other programs")


@pytest.fixture
def told(tmp_path, monkeypatch):
    """Words that each program was started with."""
    programs = tmp_path / "bin"
    programs.mkdir()
    for name in ("notify-send", "xdg-open"):
        program = programs / name
        program.write_text(f'#!/bin/sh\nprintf "%s\\n" "$@" > {tmp_path}/part.$$\n'
                           f'mv {tmp_path}/part.$$ {tmp_path}/{name}.txt\n')  # fmt: skip
        program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{programs}{os.pathsep}{os.environ['PATH']}")

    def words(name):
        file = tmp_path / f"{name}.txt"
        return file.read_text().splitlines() if file.exists() else None

    return words


def test_without_an_open_page_the_desktop_says_that_work_is_done(told, server):
    queue(server)
    said = wait_for(lambda: told("notify-send"))
    assert said == ["--app-name=dashcam", "--", "dashcam", "All recordings are clean."]


def test_the_desktop_is_told_in_the_users_language(told, server):
    server.app.shown_text = lambda text: in_language(text, catalogue("ko"))
    queue(server)
    assert "영상" in wait_for(lambda: told("notify-send"))[-1]


def test_with_an_open_page_the_page_says_it(told, server, monkeypatch):
    monkeypatch.setattr(type(server.app.hub), "pages", 1)
    identity = queue(server)
    wait_for(lambda: job(server, identity)["state"] == "done")
    assert told("notify-send") is None


def test_what_is_said_is_no_option(told):
    desktop.notify("--help", "-x $(touch no)")
    assert wait_for(lambda: told("notify-send"))[-2:] == ["--help", "-x $(touch no)"]


def test_the_folder_of_results_is_opened(told, server, monkeypatch):
    monkeypatch.setenv("DISPLAY", ":0")
    identity = queue(server)
    wait_for(lambda: job(server, identity)["state"] == "done")
    assert server.client.post("api/open", json={"job": identity}).status_code == 200
    assert wait_for(lambda: told("xdg-open")) == [str(server.root.with_name("card_clean"))]


def test_without_a_screen_the_folder_is_said(told, server, monkeypatch):
    monkeypatch.delenv("DISPLAY", raising=False)
    monkeypatch.delenv("WAYLAND_DISPLAY", raising=False)
    identity = queue(server)
    wait_for(lambda: job(server, identity)["state"] == "done")
    reply = server.client.post("api/open", json={"job": identity})
    assert reply.status_code == 422
    assert str(server.root.with_name("card_clean")) in reply.json()["error"]["advice"]
    assert told("xdg-open") is None
