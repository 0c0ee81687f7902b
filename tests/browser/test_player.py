"""The player alone, as another page uses it: pictures, real modules, a strict policy."""

from __future__ import annotations

import json
import shutil
import time
from importlib.resources import files

import cv2
import numpy as np
import pytest

from dashcam_pipeline.compare.page.render import PLAYER, load_texts

pytestmark = pytest.mark.browser

POLICY = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'"
HEIGHT, WIDTH = 90, 160

MAIN = """
import { createPlayer } from "./player.js";
const texts = await (await fetch("./texts.json")).json();
const t = (key, vars = {}) => texts[key].replace(/\\{(\\w+)\\}/g, (whole, name) => vars[name]);
const host = document.getElementById("host");
window.player = createPlayer(host, { t });
window.pair = (before, after) => ({
  before: { src: before, kind: "image" }, after: { src: after, kind: "image" },
  width: 160, height: 90,
});
window.loaded = 0;
host.addEventListener("loaded", () => { window.loaded += 1; });
window.ready = true;
"""


@pytest.fixture
def page(browser, served, tmp_path):
    assets = files("dashcam_pipeline.compare.page").joinpath("assets")
    for name in (*PLAYER, "player.css", "theme.css"):
        shutil.copyfile(assets.joinpath(name), tmp_path / name)
    (tmp_path / "texts.json").write_text(json.dumps(load_texts()["en"]), encoding="utf-8")
    (tmp_path / "main.js").write_text(MAIN, encoding="utf-8")
    (tmp_path / "index.html").write_text(
        '<!doctype html><html lang="en"><title>x</title>'
        '<link rel="stylesheet" href="theme.css"><link rel="stylesheet" href="player.css">'
        '<div id="host"></div><script type="module" src="main.js"></script>',
        encoding="utf-8",
    )
    for name, level in [("bright", 160), ("dark", 40), ("other", 220)]:
        cv2.imwrite(str(tmp_path / f"{name}.png"), np.full((HEIGHT, WIDTH, 3), level, np.uint8))
    complaints = []
    headers = [("Content-Security-Policy", f"{POLICY}; connect-src 'self'")]
    with served(tmp_path, headers) as address:
        page = browser.new_page(viewport={"width": 1000, "height": 800})
        page.on("console", lambda message: complaints.append(message.text))
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.goto(f"{address}/index.html")
        until(page, "window.ready === true")
        yield page
        page.close()
    assert [text for text in complaints if "favicon" not in text and "404" not in text] == []


def until(page, condition):
    deadline = time.monotonic() + 60
    while not page.evaluate(condition):
        assert time.monotonic() < deadline, condition
        page.wait_for_timeout(20)


def levels(page):
    """Of the stage's left and right part."""
    data = np.frombuffer(page.locator("#stage").screenshot(), np.uint8)
    picture = cv2.imdecode(data, cv2.IMREAD_GRAYSCALE)
    rows = picture[picture.shape[0] // 4 : picture.shape[0] // 3]
    return tuple(float(np.median(part)) for part in np.array_split(rows, [rows.shape[1] // 2], 1))


def test_pictures_are_compared_without_any_clock(page):
    page.evaluate("player.load(pair('bright.png', 'dark.png'))")
    until(page, "loaded === 1")
    assert levels(page) == (160, 40)
    for control in ("#seek", "#play", "#time"):
        assert not page.locator(control).is_visible()
    page.keyboard.press("b")
    assert levels(page) == (160, 160)
    page.keyboard.press("Escape")
    page.keyboard.press("c")
    assert not page.locator("#change").is_hidden()
    assert levels(page)[0] == 160


def test_another_pair_keeps_the_view_and_the_newest_wins(page):
    page.evaluate("player.load(pair('bright.png', 'dark.png'))")
    until(page, "loaded === 1")
    page.keyboard.press("+")
    page.locator("#divider").focus()
    page.keyboard.press("Home")
    page.evaluate(
        "player.load(pair('dark.png', 'bright.png')); player.load(pair('dark.png', 'other.png'))"
    )
    until(page, "loaded === 2")
    page.wait_for_timeout(200)
    assert page.evaluate("loaded") == 2
    assert levels(page) == (220, 220)
    assert page.locator("#zoom").inner_text() == "150%"
    assert page.locator("#divider").get_attribute("aria-valuenow") == "0"


def test_a_picture_that_is_no_picture_is_said(page):
    page.evaluate("player.load(pair('bright.png', 'main.js'))")
    page.locator("#message").wait_for(state="visible")
    assert "main.js" in page.locator("#message").inner_text()
