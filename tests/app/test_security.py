"""Who is answered: our own page, with our own name, and with the token."""

from __future__ import annotations

import asyncio
import re
import socket

import pytest
from asking import PORT, TOKEN

from dashcam_pipeline.app.roots import id_of
from dashcam_pipeline.app.routes.pages import OWN
from dashcam_pipeline.app.security import Guard, new_token
from dashcam_pipeline.app.server import _listen, make_asgi

HERE = f"http://127.0.0.1:{PORT}"


def test_the_page_is_answered_with_a_policy_that_forbids_all_from_elsewhere(server):
    reply = server.client.get("")
    assert reply.status_code == 200
    policy = reply.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert "http" not in policy
    assert reply.headers["referrer-policy"] == "no-referrer"
    assert reply.headers["x-frame-options"] == "DENY"
    assert reply.headers["cache-control"] == "no-store"


def test_the_page_holds_nothing_inline_and_nothing_from_elsewhere():
    for file in OWN.iterdir():
        text = file.read_text(encoding="utf-8")
        assert not re.search(r"https?://(?!www\.w3\.org)", text), file.name
        assert "innerHTML" not in text, file.name
    page = (OWN / "index.html").read_text(encoding="utf-8")
    assert not re.search(r"<script(?![^>]*src=)|<style|\son\w+=|\sstyle=", page)


@pytest.mark.parametrize(
    "host", ["evil.example:8735", "127.0.0.1", "localhost:1", "", "[::1]:8735"]
)
def test_another_name_for_this_machine_is_refused(server, host):
    reply = server.client.get("api/begin", headers={"Host": host})
    assert reply.status_code == 421
    assert "card" not in reply.text


def test_localhost_is_a_name_of_ours(server):
    headers = {"Host": f"localhost:{PORT}", "Origin": f"http://localhost:{PORT}"}
    assert server.client.get("api/begin", headers=headers).status_code == 200


@pytest.mark.parametrize(
    "origin", ["http://evil.example", "null", f"https://127.0.0.1:{PORT}", "http://127.0.0.1:1"]
)
def test_another_page_may_neither_ask_nor_change(server, origin):
    headers = {"Origin": origin}
    assert server.client.get("api/begin", headers=headers).status_code == 403
    assert server.client.post("api/queue/pause", headers=headers).status_code == 403
    assert not server.app.foreman.queue.paused


def test_who_changes_something_says_where_from(server):
    del server.client.headers["Origin"]
    assert server.client.get("api/begin").status_code == 200
    assert server.client.post("api/queue/pause").status_code == 403


def test_a_page_of_another_site_may_not_read_without_an_origin_either(server):
    del server.client.headers["Origin"]
    for site in ("cross-site", "same-site"):
        headers = {"Sec-Fetch-Site": site, "Sec-Fetch-Mode": "no-cors", "Sec-Fetch-Dest": "script"}
        assert server.client.get("api/begin", headers=headers).status_code == 403


@pytest.mark.parametrize(
    "path", ["/", "/api/begin", "/wrong/api/begin", f"/{TOKEN}x/api/begin", "//"]
)
def test_without_the_token_nothing_is_said(server, path):
    for method in ("GET", "POST"):
        reply = server.client.request(method, HERE + path)
        assert reply.status_code == 403
        assert "card" not in reply.text


def test_tokens_are_long_and_never_the_same():
    assert len({new_token() for _n in range(100)}) == 100
    assert len(new_token()) >= 32


def test_the_server_listens_on_this_machine_alone():
    with _listen(None) as listening:
        assert listening.family == socket.AF_INET
        assert listening.getsockname()[0] == "127.0.0.1"


def test_websockets_are_refused():
    async def nobody(*_args):
        raise AssertionError("was reached")

    guard = Guard(nobody, token=TOKEN, port=PORT)
    assert guard._refused({"type": "websocket", "path": f"/{TOKEN}/", "headers": []})


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("POST", "api/see", b"[" * 200_000),
        ("POST", "api/jobs", b'{"a":' * 100_000),
        ("POST", "api/jobs", b'"' + b"a" * (5 << 20) + b'"'),
        ("POST", "api/pace", b"\xff\xfe{}"),
        ("POST", "api/queue/explode", b"{}"),
        ("GET", "assets/" + "a" * 5000 + ".js", None),
        ("GET", "assets/a%00.js", None),
        ("GET", "assets/index.html", None),
        ("PUT", "api/dropped?name=a.mp4&print=x&size=" + "9" * 5000, b"abc"),
        ("PUT", "api/dropped?name=a%00.mp4&print=x&size=3", b"abc"),
    ],
)
def test_what_our_page_never_asks_is_refused_and_is_no_fault(server, method, path, body):
    server.app.foreman.pause()
    reply = server.client.request(method, path, content=body)
    assert reply.status_code in {404, 422}
    assert server.app.foreman.queue.paused


def test_a_page_that_is_closed_while_it_sends_is_no_fault(server):
    sent = []

    async def receive():
        return {"type": "http.disconnect"}

    async def send(message):
        sent.append(message["type"])

    scope = {
        "type": "http", "method": "POST", "path": f"/{TOKEN}/api/pace", "query_string": b"",
        "headers": [(b"host", HERE[7:].encode()), (b"origin", HERE.encode())],
    }  # fmt: skip
    asyncio.run(make_asgi(server.app, token=TOKEN, port=PORT)(scope, receive, send))
    assert sent[0] == "http.response.start"


def test_a_name_that_is_markup_stays_text(server):
    view = server.client.get(f"api/groups?tab=1&id={id_of(server.root)}")
    assert view.headers["content-type"] == "application/json"
    names = re.findall(r'"name":"([^"]*)"', view.text)
    assert "<img src=x onerror=1>.mp4" in names


def test_files_below_the_roots_run_in_a_sandbox(server):
    (server.root / "report.html").write_text("<script>alert(1)</script>")
    reply = server.client.get(f"files{server.root}/report.html")
    assert reply.status_code == 200
    policy = reply.headers["content-security-policy"]
    assert policy.startswith("sandbox allow-scripts")
    assert "allow-same-origin" not in policy
    assert HERE in policy


def test_a_report_in_its_sandbox_may_read_fonts_and_nothing_else(server):
    (server.root / "texts.woff2").write_bytes(b"wOF2")
    headers = {"Origin": "null", "Sec-Fetch-Dest": "font", "Sec-Fetch-Site": "cross-site"}
    font = server.client.get(f"files{server.root}/texts.woff2", headers=headers)
    assert (font.status_code, font.headers["access-control-allow-origin"]) == (200, "null")
    for path in ("api/begin", f"files{server.root}/night.mp4", ""):
        reply = server.client.get(path, headers=headers)
        assert "access-control-allow-origin" not in reply.headers
    assert server.client.post("api/queue/pause", headers=headers).status_code == 403
    headers["Sec-Fetch-Dest"] = "empty"
    assert server.client.get("api/begin", headers=headers).status_code == 403
