"""The report page in a real browser: Debian's Chromium, or the one that CHROMIUM names.

``SCREENSHOTS=folder`` keeps pictures of every page to look at.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import time
from pathlib import Path

import cv2
import numpy as np
import pages
import pytest

from dashcam_pipeline.stages.registry import BUILT_IN

pytestmark = pytest.mark.browser
axe = pytest.importorskip("axe_playwright_python.sync_playwright")

WIDTHS = {
    "phone": (390, 844),
    "tablet": (768, 1024),
    "laptop": (1366, 768),
    "desk": (1440, 900),
    "wide": (1920, 1080),
}
FRAMES = 60
PATIENCE = 60.0
"""Seconds until what must come true is taken never to; a busy machine is slow."""


@pytest.fixture(scope="session")
def made(tmp_path_factory):
    folder = tmp_path_factory.mktemp("pages")
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(BUILT_IN, "dim", "toys:Dim")
        for name in ("one", "many", "part"):
            (folder / name).mkdir()
        return {
            "one": pages.make_page(folder / "one", frames=FRAMES),
            "many": pages.make_batch(folder / "many"),
            "part": pages.make_part(folder / "part"),
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
        if which != "many" or hash_:
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


def test_keys_work_on_a_fresh_page(visit):
    page = visit("one")
    page.keyboard.press(".")
    settle(page)
    assert frame(page).startswith("frame 2 ")
    page.keyboard.press("ArrowRight")
    settle(page)
    assert times(page)[0] == pytest.approx(1.05, abs=0.02)
    page.keyboard.press("ArrowLeft")
    settle(page)
    assert times(page)[0] < 0.1
    page.keyboard.press("Space")
    wait_until(page, "!before.paused")
    page.keyboard.press("Space")
    wait_until(page, "before.paused")
    for key, control in [("l", "#loop"), ("s", "#view"), ("m", "#sound"), ("c", "#map")]:
        state = page.locator(control).get_attribute("aria-pressed")
        page.keyboard.press(key)
        assert page.locator(control).get_attribute("aria-pressed") != state
    page.keyboard.press("]")
    assert page.locator("#speed").input_value() == "2"


def test_keys_keep_their_own_meaning_where_they_have_one(visit):
    page = visit("one")
    page.locator("#theme").focus()
    page.keyboard.press("Space")
    assert page.evaluate("before.paused")
    assert page.locator("html").get_attribute("data-theme") == "dark"
    page.keyboard.press("ArrowRight")
    assert times(page)[0] == 0
    page.locator("#speed").focus()
    page.keyboard.press(".")
    assert frame(page).startswith("frame 1 ")
    page = visit("many")
    page.locator("#search").fill("")
    page.keyboard.type("bcs.")
    assert page.locator("#search").input_value() == "bcs."


def test_keys_outside_of_the_player_can_be_switched_off(visit):
    page = visit("one")
    page.locator(".keys summary").click()
    page.locator("#everywhere").uncheck()
    page.locator("#language").focus()
    page.keyboard.press(".")
    assert frame(page).startswith("frame 1 ")
    page.locator("#stage").click(position={"x": 200, "y": 150})
    page.keyboard.press(".")
    settle(page)
    assert frame(page).startswith("frame 2 ")


def box(page, selector):
    return page.locator(selector).bounding_box()


def test_the_player_fits_a_small_laptop_and_has_no_bars(visit):
    page = visit("one", size="laptop")
    assert box(page, "#player")["y"] + box(page, "#player")["height"] <= 768
    stage, video = box(page, "#stage"), box(page, "#before")
    assert video == pytest.approx(stage, abs=1)
    shape = page.evaluate("before.videoWidth / before.videoHeight")
    assert stage["width"] / stage["height"] == pytest.approx(shape, rel=0.01)
    assert stage["width"] == pytest.approx(box(page, "#player")["width"], abs=1)


@pytest.mark.parametrize("size", WIDTHS)
def test_the_thumb_sits_on_its_track_and_the_band_above_it_lines_up(visit, size):
    page = visit("one", size=size)
    slider, band = box(page, "#seek"), box(page, "#spark")
    assert band["x"] == pytest.approx(slider["x"] + 9, abs=0.6)  # half a thumb
    assert band["width"] == pytest.approx(slider["width"] - 18, abs=0.6)
    middle = slider["y"] + slider["height"] / 2
    assert band["y"] + band["height"] == pytest.approx(middle, abs=3)
    points = page.locator("#spark path").get_attribute("d").split("L")
    first, last = (float(points[at].split()[1]) for at in (1, -2))
    assert first < 90
    assert last < 90  # 100 is nothing
    page.keyboard.press("ArrowRight")
    settle(page)
    data = np.frombuffer(page.locator(".track").screenshot(), np.uint8)
    picture = cv2.imdecode(data, cv2.IMREAD_COLOR).astype(int)
    row = round(middle - box(page, ".track")["y"])
    orange = (picture[..., 2] > 200) & (picture[..., 0] < 120)
    thumb = np.flatnonzero(orange.sum(0) > 12)
    assert orange[:, round(thumb.mean())].nonzero()[0].mean() == pytest.approx(row, abs=1)


@pytest.mark.parametrize(("key", "edge"), [("Home", 0), ("End", 1)])
def test_the_divider_s_handle_is_whole_at_both_ends(visit, key, edge):
    page = visit("one")
    page.locator("#divider").focus()
    page.keyboard.press(key)
    assert divider(page) == 100 * edge
    stage, grip = box(page, "#stage"), box(page, ".grip")
    assert grip["x"] >= stage["x"]
    assert grip["x"] + grip["width"] <= stage["x"] + stage["width"]
    line = box(page, ".edge")
    assert stage["x"] - 0.1 <= line["x"]
    assert line["x"] + line["width"] <= stage["x"] + stage["width"] + 0.1


def test_both_pictures_are_enlarged_and_moved_in_step(visit):
    page = visit("one")

    def films():
        return page.evaluate(
            "[...document.querySelectorAll('.film')].map(f => getComputedStyle(f).transform)"
        )

    page.keyboard.press("+")
    page.keyboard.press("+")
    first, second = films()
    assert first == second
    assert first.startswith("matrix(2.25, 0, 0, 2.25,")
    page.keyboard.press("Shift+ArrowLeft")
    moved = films()
    assert moved[0] == moved[1] != first
    stage = box(page, "#stage")
    share = divider(page)
    page.mouse.move(stage["x"] + 100, stage["y"] + 100)
    page.mouse.down()
    page.mouse.move(stage["x"] + 160, stage["y"] + 130, steps=4)
    page.mouse.up()
    assert films()[0] == films()[1] != moved[0]
    assert divider(page) == share
    page.keyboard.press("0")
    assert page.locator("#zoom").inner_text() == "100%"
    page.keyboard.down("Control")
    page.mouse.wheel(0, -240)
    page.keyboard.up("Control")
    wait_until(page, "document.getElementById('zoom').textContent === '200%'")
    page.locator("#view").click()
    left, right = films()
    assert left == right


def test_one_after_the_other(visit):
    page = visit("one")
    both = brightness(page)
    page.keyboard.press("b")
    before = brightness(page)
    page.keyboard.press("b")
    after = brightness(page)
    assert before == pytest.approx((both[0], before[1]), rel=0.05)
    assert all(b > 1.2 * a for b, a in zip(before, after, strict=True))
    page.locator("#stage").click(position={"x": 200, "y": 200})
    assert brightness(page) == pytest.approx(before, rel=0.05)
    page.keyboard.press("Escape")
    assert page.locator("#stage").get_attribute("data-view") == "divider"
    assert brightness(page) == pytest.approx(both, rel=0.05)


def test_the_change_map_colours_what_changed_on_the_second_picture(visit):
    page = visit("one")

    def colour():
        data = np.frombuffer(page.locator("#stage").screenshot(), np.uint8)
        picture = cv2.imdecode(data, cv2.IMREAD_COLOR).astype(int)
        spread = picture.max(2) - picture.min(2)
        rows, half = spread[len(spread) // 5 : len(spread) // 2], spread.shape[1] // 2
        return rows[:, 60 : half - 40].mean(), rows[:, half + 40 : -60].mean()

    plain = colour()
    page.keyboard.press("c")
    mapped = colour()
    assert mapped[0] == pytest.approx(plain[0], abs=1)
    assert mapped[1] > plain[1] + 20
    assert "darker" in page.locator("#scale").inner_text()
    page.keyboard.press("c")
    assert colour() == pytest.approx(plain, abs=1)


def test_both_pictures_become_brighter(visit):
    page = visit("one")
    before = brightness(page)
    page.locator("#bright").fill("3")
    assert all(b > 1.3 * a for a, b in zip(before, brightness(page), strict=True))


def test_a_page_from_disk_shows_the_still_that_it_may_not_copy(visit):
    page = visit("one")
    page.locator("#still").click()
    canvas = page.locator("#copy canvas")
    canvas.wait_for()
    assert canvas.evaluate("c => [c.width, c.height]") == page.evaluate(
        "[before.videoWidth, before.videoHeight]"
    )
    page.keyboard.press("Escape")
    assert not page.locator("#copy").is_visible()


def test_a_page_from_a_server_copies_the_still(browser, made, served):
    with served(made["one"].parent) as address:
        context = browser.new_context()
        context.grant_permissions(["clipboard-read", "clipboard-write"], origin=address)
        page = context.new_page()
        page.goto(f"{address}/{made['one'].name}")
        wait_until(page, "[before, after].every(v => v.readyState >= 2)")
        page.keyboard.press("s")
        page.keyboard.press("p")
        wait_until(page, "document.getElementById('said').textContent === 'Picture copied'")
        size = page.evaluate(
            """async () => {
                const [item] = await navigator.clipboard.read();
                const picture = await createImageBitmap(await item.getType("image/png"));
                return [picture.width, picture.height];
            }"""
        )
        assert size == page.evaluate("[2 * before.videoWidth, before.videoHeight]")
        context.close()


def test_of_a_part_both_sides_begin_and_end_alike(visit):
    page = visit("part")
    assert times(page) == pytest.approx([1, 0], abs=0.001)
    page.locator("#player").focus()
    page.keyboard.press("End")
    settle(page)
    assert times(page) == pytest.approx([2 - 1 / 60, 1 - 1 / 60], abs=0.002)
    page.keyboard.press("Home")
    settle(page)
    page.locator("#speed").select_option("4")
    page.evaluate(
        "window.latest = 0; before.addEventListener('timeupdate', () => "
        "{ latest = Math.max(latest, before.currentTime); })"
    )
    page.keyboard.press("Space")
    wait_until(page, "before.paused && before.currentTime > 1.9 && !before.seeking")
    settle(page)
    assert times(page) == pytest.approx([2 - 1 / 60, 1 - 1 / 60], abs=0.002)
    assert page.evaluate("latest") < 2.9  # the recording goes on to 3
    assert frame(page) == "frame 30 of 30"


def test_text_in_charts_has_one_size(visit):
    heights = set()
    for size in WIDTHS:
        page = visit("one", size=size)
        text = page.locator("[data-chart=change] > svg text").first
        heights.add(round(text.bounding_box()["height"], 1))
        svg = box(page, "[data-chart=change] > svg")
        assert svg["width"] <= box(page, "[data-chart=change]")["width"]
    assert len(heights) == 1


HANGUL = """
    const inked = (letters, family) => {
        const canvas = document.createElement("canvas");
        const context = canvas.getContext("2d");
        context.font = `48px ${family}`;
        context.fillText(letters, 20, 60);
        return canvas.toDataURL();
    };
"""


@pytest.fixture
def fontless():
    """Skips where the system itself has a font for Hangul, or can't say."""
    command = shutil.which("fc-list")
    if (
        command is None
        or subprocess.run([command, ":lang=ko"], capture_output=True, check=False).stdout
    ):
        pytest.skip("this system has a font for Hangul")


def test_hangul_is_drawn_by_a_font_that_the_page_brings(visit):
    page = visit("one", locale="ko-KR")
    page.evaluate(
        "document.fonts.load('48px \"Dashcam Hangul\"', '가').then(() => { window.here = 1; })"
    )
    wait_until(page, "window.here === 1")
    drawn = page.evaluate(
        f"(() => {{ {HANGUL} return [...'재생화'].map(c => inked(c, '\"Dashcam Hangul\"')); }})()"
    )
    assert len(set(drawn)) == 3
    assert "Dashcam Hangul" in page.evaluate("getComputedStyle(document.body).fontFamily")


@pytest.mark.parametrize("locale", ["ko-KR", "en-US"])
@pytest.mark.parametrize("where", [("one", ""), ("many", ""), ("many", "#clip-2")])
def test_no_hangul_is_left_in_boxes(visit, fontless, where, locale):
    """Each run is as wide as the font makes it, also one that was drawn before the font came."""
    page = visit(*where, locale=locale)
    wait_until(page, "[...document.fonts].every(f => f.status === 'loaded')")
    page.wait_for_timeout(200)
    widths = page.evaluate(
        """[...document.querySelectorAll("body *")]
            .filter((e) => e.childNodes.length === 1 && e.firstChild.nodeType === 3)
            .filter((e) => /^[가-힣]+$/.test(e.textContent) && e.getClientRects().length === 1)
            .map((e) => {
                const range = document.createRange();
                range.selectNodeContents(e);
                const style = getComputedStyle(e);
                const context = document.createElement("canvas").getContext("2d");
                context.font = `${style.fontWeight} ${style.fontSize} "Dashcam Hangul"`;
                const due = context.measureText(e.textContent).width
                    + (parseFloat(style.letterSpacing) || 0) * e.textContent.length;
                return [e.textContent, range.getBoundingClientRect().width, due];
            })"""
    )
    if locale == "ko-KR":
        assert len(widths) > 3
    for text, width, due in widths:
        assert width == pytest.approx(due, rel=0.03, abs=1), text


def test_hangul_is_not_left_in_boxes_when_the_page_is_loaded_again(visit, fontless):
    page = visit("one")
    for _time in range(4):
        page.reload()
        wait_until(page, "document.documentElement.dataset.fonts !== undefined")


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
    chart = page.locator("[data-chart=change] > svg")
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
    for kind in ("change", "brightness", "route"):
        svg = page.locator(f"[data-chart={kind}] > svg")
        assert len(svg.get_attribute("aria-label")) > 10
    page.locator("[data-chart=change] summary").click()
    assert page.locator("[data-chart=change] table tbody tr").count() == 12
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
    assert "Light" in page.locator("[data-chart=change] svg").get_attribute("aria-label")


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
    assert len(everything) == 6
    header = page.locator("#clips th.change")
    values = []
    for direction in ("ascending", "descending"):
        header.locator("button").click()
        assert header.get_attribute("aria-sort") == direction
        values.append(
            page.locator("#clips tbody td.change").evaluate_all("c => c.map(x => +x.dataset.value)")
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
    assert page.locator("#count").inner_text() == "1 of 6 clips"
    page.locator("#search").fill("nothing like it")
    assert page.locator("#no-match").is_visible()
    page.locator("#search").fill("")
    page.locator("#status-filter").select_option("failed")
    assert names(page) == ["broken.mp4", "cut.mp4"]
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
