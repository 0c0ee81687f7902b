"""The report page in a real browser: Debian's Chromium, or the one that CHROMIUM names.

``SCREENSHOTS=folder`` keeps pictures of every page to look at.
"""

from __future__ import annotations

import os
import shutil
import time
from pathlib import Path

import cv2
import numpy as np
import pages
import pytest

from dashcam_pipeline.stages.registry import BUILT_IN

pytestmark = pytest.mark.browser
sync_api = pytest.importorskip("playwright.sync_api", reason="`make test-browser` installs it")
axe = pytest.importorskip("axe_playwright_python.sync_playwright")

CHROMIUM = os.environ.get("CHROMIUM") or shutil.which("chromium") or "/usr/bin/chromium"
FLAGS = [
    "--no-sandbox",  # tests may run as root
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
    "--autoplay-policy=no-user-gesture-required",
    # nothing outside can be reached, whatever the browser itself would like to ask
    "--host-resolver-rules=MAP * ~NOTFOUND",
]
WIDTHS = {"phone": (390, 844), "tablet": (820, 1180), "desk": (1280, 900), "wide": (1920, 1080)}
FRAMES = 60
PATIENCE = 60.0
"""Seconds until what must come true is taken never to; a busy machine is slow."""


@pytest.fixture(scope="session")
def browser():
    if not Path(CHROMIUM).exists():
        pytest.skip("no Chromium: `make test-browser` installs it")
    with sync_api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def made(tmp_path_factory):
    folder = tmp_path_factory.mktemp("pages")
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(BUILT_IN, "dim", "toys:Dim")
        for name in ("one", "many"):
            (folder / name).mkdir()
        return {
            "one": pages.make_page(folder / "one", frames=FRAMES),
            "many": pages.make_batch(folder / "many"),
        }


@pytest.fixture
def visit(browser, made):
    """Open a page; at the end nothing may have been complained about or asked of outside."""
    contexts, complaints = [], []

    def heard(message):
        if message.type in {"error", "warning"}:
            complaints.append(message.text)

    def asked(request):
        if not request.url.startswith(("file:", "data:", "blob:")):
            complaints.append(f"asked for {request.url}")

    def open_page(which, hash_="", *, size="desk", scheme="light", locale="en-US"):
        width, height = WIDTHS.get(size, size)
        context = browser.new_context(
            viewport={"width": width, "height": height}, color_scheme=scheme, locale=locale
        )
        contexts.append(context)
        page = context.new_page()
        page.on("console", heard)
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("request", asked)
        page.goto(made[which].as_uri() + hash_)
        if which == "one" or hash_:
            wait_until(
                page, "[...document.querySelectorAll('video[src]')].every(v => v.readyState >= 2)"
            )
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert complaints == []


def wait_until(page, condition):
    """Playwright's own wait needs ``eval``, which the page's policy forbids."""
    deadline = time.monotonic() + PATIENCE
    while not page.evaluate(condition):
        assert time.monotonic() < deadline, f"never came true: {condition}"
        page.wait_for_timeout(20)


def times(page):
    return page.evaluate("['before', 'after'].map(id => document.getElementById(id).currentTime)")


def frame(page):
    return page.locator("#frame").inner_text()


def settle(page):
    wait_until(page, "[before, after].every(v => !v.seeking)")


def divider(page):
    return int(page.locator("#divider").get_attribute("aria-valuenow"))


def brightness(page):
    """Mean of the stage's left and right part, without labels and grip."""
    data = np.frombuffer(page.locator("#stage").screenshot(), np.uint8)
    picture = cv2.imdecode(data, cv2.IMREAD_GRAYSCALE)
    height, width = picture.shape
    rows = picture[height // 5 : height // 3]
    return rows[:, width // 10 : width // 3].mean(), rows[:, 2 * width // 3 : -width // 10].mean()


def test_the_divider_is_dragged_and_shows_before_left_and_after_right(visit):
    page = visit("one")
    box = page.locator("#stage").bounding_box()
    y = box["y"] + box["height"] / 2
    page.mouse.move(box["x"] + box["width"] / 2, y)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] * 0.98, y, steps=6)
    page.mouse.up()
    assert abs(divider(page) - 98) <= 1
    all_before = brightness(page)
    page.mouse.move(box["x"] + box["width"] * 0.98, y)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] * 0.02, y, steps=6)
    page.mouse.up()
    assert abs(divider(page) - 2) <= 1
    all_after = brightness(page)
    page.mouse.click(box["x"] + box["width"] / 2, y)
    halves = brightness(page)
    assert all(b > 1.2 * a for b, a in zip(all_before, all_after, strict=True))
    assert halves[0] == pytest.approx(all_before[0], rel=0.1)
    assert halves[1] == pytest.approx(all_after[1], rel=0.1)


def test_the_divider_obeys_the_keyboard(visit):
    page = visit("one")
    page.locator("#divider").focus()
    for key, value in [("ArrowLeft", 48), ("Shift+ArrowRight", 58), ("Home", 0), ("End", 100)]:
        page.keyboard.press(key)
        assert divider(page) == value
    assert "100" in page.locator("#divider").get_attribute("aria-valuetext")


def test_both_videos_play_together_and_stop_on_the_same_frame(visit):
    page = visit("one")
    page.locator("#play").click()
    wait_until(page, "before.currentTime > 0.5 && after.currentTime > 0.5")
    assert page.locator("#play").get_attribute("aria-label") == "Pause"
    first, second = times(page)
    assert abs(first - second) < 0.25
    page.locator("#play").click()
    settle(page)
    first, second = times(page)
    assert abs(first - second) < 1e-3
    assert page.locator("#play").get_attribute("aria-label") == "Play"


def test_the_end_is_reached_and_with_loop_it_begins_again(visit):
    page = visit("one")
    page.locator("#speed").select_option("4")
    page.locator("#play").click()
    wait_until(page, "before.ended && before.paused")
    page.locator("#loop").click()
    page.locator("#play").click()
    page.evaluate(
        "window.restarts = 0; before.addEventListener('seeked', () => { restarts += 1; })"
    )
    wait_until(page, "restarts >= 1 && !before.paused")
    assert page.locator("#loop").get_attribute("aria-pressed") == "true"


def test_single_frames_are_stepped_to_in_both_videos(visit):
    page = visit("one")
    assert frame(page) == f"frame 1 of {FRAMES}"
    for expected in (2, 3, 4):
        page.locator("#forward").click()
        settle(page)
        assert frame(page) == f"frame {expected} of {FRAMES}"
        middle = (expected - 0.5) / 30
        assert times(page) == pytest.approx([middle, middle], abs=1e-3)
    page.locator("#back").click()
    settle(page)
    assert frame(page) == f"frame 3 of {FRAMES}"


def test_keys_work_inside_the_player_and_nowhere_else(visit):
    page = visit("one")
    page.locator("#stage").click(position={"x": 200, "y": 150})
    page.keyboard.press(".")
    settle(page)
    assert frame(page).startswith("frame 2 ")
    page.keyboard.press("Space")
    wait_until(page, "!before.paused")
    page.keyboard.press("Space")
    wait_until(page, "before.paused")
    for key, control in [("l", "#loop"), ("s", "#view"), ("m", "#sound")]:
        state = page.locator(control).get_attribute("aria-pressed")
        page.keyboard.press(key)
        assert page.locator(control).get_attribute("aria-pressed") != state
    page.keyboard.press("]")
    assert page.locator("#speed").input_value() == "2"
    page.locator("#language").focus()
    before = times(page)
    page.keyboard.press(".")
    assert times(page) == before


def test_side_by_side_shows_both_whole(visit):
    page = visit("one")
    page.locator("#view").click()
    left, right = (page.locator(f"#{video}").bounding_box() for video in ("before", "after"))
    assert left["x"] + left["width"] <= right["x"] + 1
    first, second = brightness(page)
    assert first > second


def test_full_screen(visit):
    page = visit("one")
    page.locator("#full").click()
    wait_until(page, "document.fullscreenElement?.id === 'player'")
    page.locator("#full").click()
    wait_until(page, "!document.fullscreenElement")


def test_a_moment_a_curve_and_the_slider_lead_to_their_place(visit):
    page = visit("one")
    shot = page.locator(".shot").last
    shot.click()
    settle(page)
    assert times(page)[0] == pytest.approx(float(shot.get_attribute("data-seconds")), abs=0.02)
    chart = page.locator("[data-chart=removed] > svg")
    box = chart.bounding_box()
    chart.click(position={"x": box["width"] * 0.55, "y": box["height"] / 2})
    settle(page)
    assert 0.8 < times(page)[1] < 1.3
    page.locator("#seek").focus()
    page.keyboard.press("Home")
    settle(page)
    assert frame(page).startswith("frame 1 ")


def test_charts_are_spoken_and_have_their_numbers(visit):
    page = visit("one")
    for kind in ("removed", "brightness", "route"):
        svg = page.locator(f"[data-chart={kind}] > svg")
        assert len(svg.get_attribute("aria-label")) > 10
    page.locator("[data-chart=removed] summary").click()
    assert page.locator("[data-chart=removed] table tbody tr").count() == 12
    assert page.locator("[data-chart=route] .dot").get_attribute("cx")


def test_korean_and_english(visit):
    page = visit("one", locale="ko-KR")
    assert page.locator("html").get_attribute("lang") == "ko"
    assert page.get_by_text("빛이 가장 많이 제거된 순간").is_visible()
    assert page.locator("#play").get_attribute("aria-label") == "재생"
    page.locator("#language").click()
    assert page.locator("html").get_attribute("lang") == "en"
    assert page.get_by_text("Where most light was taken away").is_visible()
    assert page.locator("#play").get_attribute("aria-label") == "Play"
    assert "darker" not in page.locator("[data-chart=removed] svg").get_attribute("aria-label")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_system_chooses_the_theme_and_the_button_the_other(visit, scheme):
    page = visit("one", scheme=scheme)

    def light():
        color = page.evaluate("getComputedStyle(document.body).backgroundColor")
        return sum(int(part) for part in color[4:-1].split(",")) > 384

    assert light() == (scheme == "light")
    page.locator("#theme").click()
    assert light() == (scheme == "dark")


def names(page):
    return page.locator("#clips tbody tr:not([hidden]) td.name").evaluate_all(
        "cells => cells.map(c => c.dataset.value)"
    )


def test_a_batch_is_sorted_by_any_column(visit):
    page = visit("many")
    everything = names(page)
    assert len(everything) == 5
    header = page.locator("#clips th.removed")
    values = []
    for direction in ("ascending", "descending"):
        header.locator("button").click()
        assert header.get_attribute("aria-sort") == direction
        values.append(
            page.locator("#clips tbody td.removed").evaluate_all(
                "c => c.map(x => +x.dataset.value)"
            )
        )
    assert values[0] == sorted(values[0])
    assert values[1] == values[0][::-1]
    page.locator("#clips th.name button").focus()
    page.keyboard.press("Enter")
    assert names(page) == sorted(everything, key=str.lower)
    assert header.get_attribute("aria-sort") == "none"


def test_a_batch_is_filtered_by_name_and_status(visit):
    page = visit("many")
    page.locator("#search").fill("주행")
    assert names(page) == ["야간_주행.mp4"]
    assert page.locator("#count").inner_text() == "1 of 5 clips"
    page.locator("#search").fill("nothing like it")
    assert page.locator("#no-match").is_visible()
    page.locator("#search").fill("")
    page.locator("#status-filter").select_option("failed")
    assert names(page) == ["broken.mp4"]
    assert page.get_by_text("<b>its index is missing</b>").first.is_visible()


def test_a_clip_of_a_batch_is_opened_and_left_again(visit):
    page = visit("many")
    page.locator("#clips a").nth(1).click()
    wait_until(page, "before.readyState >= 2 && after.readyState >= 2")
    title = page.locator("#clip-title")
    assert title.inner_text() == "NO20240102-210000-000001R.mp4"
    assert page.evaluate("document.activeElement.id") == "clip-title"
    assert not page.locator("#batch").is_visible()
    page.locator("#next").click()
    wait_until(page, "document.getElementById('clip-title').textContent === '야간_주행.mp4'")
    page.get_by_text("All clips").click()
    page.locator("#batch").wait_for(state="visible")  # the browser tells of a new address later
    wait_until(page, "document.activeElement.getAttribute('href') === '#clip-2'")


def test_a_failed_clip_has_no_player_but_its_reason(visit):
    page = visit("many", "#clip-4")
    assert not page.locator("#player").is_visible()
    assert page.locator("#about-4").get_by_text("its index is missing").is_visible()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", ["phone", "desk"])
@pytest.mark.parametrize("where", [("one", ""), ("many", ""), ("many", "#clip-2")])
def test_axe_finds_nothing(visit, where, size, scheme):
    page = visit(*where, size=size, scheme=scheme, locale="ko-KR" if size == "phone" else "en-US")
    found = axe.Axe().run(page).response["violations"]
    assert [(v["id"], [n["target"] for n in v["nodes"]][:5]) for v in found] == []


@pytest.mark.parametrize("size", [(320, 640), *WIDTHS])
@pytest.mark.parametrize("where", [("one", ""), ("many", ""), ("many", "#clip-1")])
def test_nothing_is_wider_than_the_screen(visit, where, size):
    page = visit(*where, size=size, scheme="dark" if size == "wide" else "light")
    width, screen = page.evaluate("[document.documentElement.scrollWidth, innerWidth]")
    assert width <= screen
    if folder := os.environ.get("SCREENSHOTS"):
        name = f"{where[0]}{where[1].replace('#', '-')}-{page.viewport_size['width']}.png"
        page.screenshot(path=Path(folder) / name, full_page=True)


def test_a_video_that_is_gone_is_said(browser, made, tmp_path):
    page_file = shutil.copy(made["one"], tmp_path / "page.html")
    page = browser.new_page()
    page.goto(Path(page_file).as_uri())
    page.locator("#message").wait_for(state="visible")
    assert "night" in page.locator("#message").inner_text()
    page.close()
