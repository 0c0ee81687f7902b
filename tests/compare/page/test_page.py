from __future__ import annotations

import base64
import hashlib
import json
import os
import re
import shutil
import sys
from html.parser import HTMLParser
from urllib.parse import unquote

import pages
import pytest
from factory import Picture, Sound, make_clip

from dashcam_pipeline.compare.page.build import write_page
from dashcam_pipeline.compare.page.model import packed_times
from dashcam_pipeline.compare.page.options import PageOptions
from dashcam_pipeline.compare.page.render import SCRIPTS, joined_modules, load_texts
from dashcam_pipeline.compare.preview import preview
from dashcam_pipeline.config import CleanConfig
from dashcam_pipeline.errors import (
    InputMissingError,
    OutputError,
    OutputExistsError,
    UsageError,
)
from dashcam_pipeline.pipeline import clean
from dashcam_pipeline.stages.registry import BUILT_IN

ONE = PageOptions(threads=1)


@pytest.fixture(autouse=True)
def toy_stages(monkeypatch):
    monkeypatch.setitem(BUILT_IN, "dim", "toys:Dim")


class Page(HTMLParser):
    """What a page links and holds."""

    def __init__(self, path):
        super().__init__()
        self.links, self.ids, self.rows = [], [], []
        self.data, self._in_data = "", False
        self.text = path.read_text(encoding="utf-8")
        self.feed(self.text)
        self.facts = json.loads(self.data)
        self.folder = path.parent

    def handle_starttag(self, _tag, attrs):
        found = dict(attrs)
        self.links += [found[key] for key in ("src", "href", "poster") if found.get(key)]
        if "id" in found:
            self.ids.append(found["id"])
        self._in_data = found.get("id") == "data"

    def handle_data(self, data):
        if self._in_data:
            self.data += data

    def handle_endtag(self, _tag):
        self._in_data = False

    def states(self):
        """Keys of the table's rows with their states."""
        rows = re.findall(
            r'<tr><th scope="row"><span data-t="row\.(\w+)".*?data-t="state\.(\w+)"',
            self.text,
            re.DOTALL,
        )
        return dict(rows)


@pytest.fixture
def pair(tmp_path):
    return pages.make_pair(tmp_path)


def test_everything_it_links_is_there_and_nothing_lies_elsewhere(tmp_path):
    page = Page(pages.make_page(tmp_path, frames=24))
    clip = page.facts["clips"][0]
    linked = [*page.links, clip["before"]["src"], clip["after"]["src"]]
    files = [link for link in linked if not link.startswith(("#", "data:"))]
    assert len(files) >= 5
    for link in files:
        assert "//" not in link
        assert (page.folder / unquote(link)).is_file(), link
    assert len(set(page.ids)) == len(page.ids)


def test_the_page_forbids_itself_the_network(tmp_path, pair):
    page = tmp_path / "p.html"
    write_page(pair[1], page, options=ONE)
    policy = re.search(
        r'Content-Security-Policy" content="([^"]+)"', page.read_text(encoding="utf-8")
    )[1]
    assert "default-src 'none'" in policy
    assert "http" not in policy
    assert not re.search(r"https?://(?!www\.w3\.org/2000/svg)", page.read_text(encoding="utf-8"))


def test_what_was_kept_is_judged_from_the_files(tmp_path, pair):
    page = tmp_path / "p.html"
    write_page(pair[1], page, options=ONE)
    states = Page(page).states()
    assert states["frames"] == states["times"] == states["size"] == states["color"] == "kept"
    assert states["audio"] == states["sound_start"] == "kept"
    assert "lost" not in states.values()


def test_a_lost_track_and_lost_frames_are_named(tmp_path):
    source = make_clip(tmp_path / "a.mp4", Picture(frames=20), sounds=[Sound()])
    worse = make_clip(tmp_path / "b.mp4", Picture(frames=17))
    page = tmp_path / "p.html"
    result = write_page(worse, page, original=source, options=ONE)
    states = Page(page).states()
    assert states["frames"] == states["audio"] == "lost"
    assert result.clips == 1
    assert "different times" in page.read_text(encoding="utf-8")


def test_curves_moments_and_frame_times(tmp_path, pair):
    page = tmp_path / "p.html"
    write_page(pair[1], page, options=ONE)
    clip = Page(page).facts["clips"][0]
    curve = clip["curve"]
    assert len(curve["t"]) == len(curve["removed"]) == 24
    assert min(curve["removed"]) > 2
    assert max(curve["added"]) < 0.1
    assert all(b > a for b, a in zip(curve["before"], curve["after"], strict=True))
    assert clip["times"]["count"] == 24
    assert clip["duration"] == pytest.approx(24 / 30, abs=1e-3)
    shots = list((tmp_path / "p_files").glob("clip-0-*-before.jpg"))
    assert 1 <= len(shots) <= 8


def test_the_run_that_made_it_is_described(tmp_path, pair):
    page = tmp_path / "p.html"
    write_page(pair[1], page, options=ONE)
    text = page.read_text(encoding="utf-8")
    assert "H.264 (x264)" in text
    assert "amount 0.4" in text


def test_the_route_is_shown_and_its_positions_counted(tmp_path):
    page = Page(pages.make_page(tmp_path, frames=24))
    assert len(page.facts["clips"][0]["track"]) == 20
    assert page.states()["telemetry"] == "kept"


@pytest.mark.parametrize(
    ("name", "codec", "sound"),
    [("a.avi", "mjpeg", "pcm_s16le"), ("a.ts", "libx264", "aac"), ("a.mkv", "libx265", "aac")],
)
def test_what_a_browser_cannot_play_gets_a_proxy_with_the_same_times(tmp_path, name, codec, sound):
    kind = "yuvj420p" if codec == "mjpeg" else "yuv420p"
    picture = Picture(frames=20, codec=codec, pixel_format=kind)
    source = make_clip(tmp_path / name, picture, sounds=[Sound(codec=sound, seconds=0.6)])
    report = clean(source, tmp_path / "clean.mkv", config=CleanConfig(stages=()))
    page = tmp_path / "p.html"
    write_page(report.output.path, page, original=source, options=ONE)
    clip = Page(page).facts["clips"][0]
    for key in ("before", "after"):
        assert clip[key]["proxy"]
        assert clip[key]["base"] == 0
        video = tmp_path / unquote(clip[key]["src"])
        with pytest.importorskip("av").open(str(video)) as container:
            stream = container.streams.video[0]
            assert stream.codec_context.name == "h264"
            times = [float(f.pts * f.time_base) for f in container.decode(stream)]
            assert container.streams.audio[0].codec_context.name == "aac"
        assert len(times) == 20
        assert times[0] == 0
        assert times[-1] == pytest.approx(19 / 30, abs=0.002)
    made = {p.name: p.stat().st_mtime_ns for p in (tmp_path / "p_files").glob("*.mp4")}
    write_page(report.output.path, page, original=source, options=ONE)
    assert made == {p.name: p.stat().st_mtime_ns for p in (tmp_path / "p_files").glob("*.mp4")}


def test_always_makes_a_folder_that_can_be_moved(tmp_path, pair):
    home = tmp_path / "page"
    home.mkdir()
    options = PageOptions(threads=1, proxies="always")
    write_page(pair[1], home / "p.html", options=options)
    shutil.move(home, tmp_path / "elsewhere")
    page = Page(tmp_path / "elsewhere" / "p.html")
    for key in ("before", "after"):
        assert (page.folder / page.facts["clips"][0][key]["src"]).is_file()


def test_what_was_made_of_a_part_is_shown_by_its_own_clock(tmp_path):
    source = make_clip(tmp_path / "a.mp4", Picture(frames=60, gop=10))
    config = CleanConfig(stages=(), start=1.0, end=1.5)
    report = clean(source, tmp_path / "c.mp4", config=config)
    page = tmp_path / "p.html"
    write_page(report.output.path, page, original=source, options=ONE)
    clip = Page(page).facts["clips"][0]
    assert clip["before"]["base"] == pytest.approx(1.0)
    assert clip["after"]["base"] == 0
    assert 0 <= clip["curve"]["t"][0] < 0.1
    assert max(clip["curve"]["removed"]) < 2
    assert Page(page).states()["frames"] == "kept"


def test_an_unknown_original_is_said(tmp_path):
    alone = make_clip(tmp_path / "alone.mp4")
    result = write_page(alone, options=ONE)
    assert "`original=FILE`" in result.notes[0]
    clip = Page(result.path).facts["clips"][0]
    assert clip["before"]["src"] == ""
    assert clip["after"]["src"]


@pytest.fixture(scope="module")
def batch_page(tmp_path_factory):
    """A page about a batch; read only."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(BUILT_IN, "dim", "toys:Dim")
        return pages.make_batch(tmp_path_factory.mktemp("batch"))


def test_a_batch_lists_every_fate_and_escapes_names(batch_page):
    page = Page(batch_page)
    assert len(page.facts["clips"]) == 6
    assert re.findall(r'<tr role="row" data-status="(\w+)"', page.text) == [
        "done",
        "done",
        "damaged",
        "skipped",
        "failed",
        "failed",
    ]
    assert "<b>its index" not in page.text
    assert "&lt;b&gt;its index" in page.text
    assert "야간_주행.mp4" in page.text


def test_a_failed_clip_has_advice_in_both_languages_and_no_path_of_this_machine(batch_page):
    page = Page(batch_page)
    assert "cut.mp4 is an MP4 or MOV whose index (moov) is missing" in page.text
    assert str(batch_page.parent) not in page.text
    korean = re.search(r'data-ko="(cut\.mp4[^"]*)"', page.text)[1]
    english = re.search(r'data-en="(cut\.mp4[^"]*)"', page.text)[1]
    assert "untrunc" in korean or len(english) > 120  # the advice comes after the reason
    assert re.search("[가-힣]", korean)
    assert 'data-ko="낮에 촬영됨"' in page.text


def test_settings_are_called_as_the_readers_know_them(tmp_path):
    out = tmp_path / "out"
    out.mkdir()
    clips = [{"path": "a.mp4", "status": "failed", "reason": "no.", "advice": "`overwrite=True`!"}]
    (out / "report.json").write_text(json.dumps({"clips": clips}), encoding="utf-8")
    options = PageOptions(threads=1, wording=lambda text: text.replace("`overwrite=True`", "--yes"))
    write_page(out, tmp_path / "p.html", options=options)
    assert "no. --yes!" in (tmp_path / "p.html").read_text(encoding="utf-8")


def test_no_word_of_those_who_made_it(tmp_path):
    source, cleaned = pages.make_pair(tmp_path)
    report = cleaned.with_suffix(".json")
    told = json.loads(report.read_text(encoding="utf-8"))
    told["stages"] = [
        {
            "name": "glare",
            "options": {"exposure": "keep", "veil": 0.8},
            "facts": {
                "model": "glare-open",
                "sha256": "0" * 64,
                "transfer": "square law (L = v^2)",
                "frames_changed": 24,
                "frames_seen": 12,
                "work_size": "512x288",
                "glass": {"words": "dirty, streaks at 43 degrees", "dirt": 0.9},
            },
        },
        {"name": "night-to-day", "facts": {"marked": True, "frames_changed": 24}},
    ]
    report.write_text(json.dumps(told), encoding="utf-8")
    write_page(cleaned, tmp_path / "p.html", original=source, options=ONE)
    text = (tmp_path / "p.html").read_text(encoding="utf-8")
    for word in ("square law", "frames_seen", "marked True", "0000000", "512x288", "{&#39;"):
        assert word not in text
    assert "glass dirty, streaks at 43 degrees" in text
    assert "유리 상태: 더러움, 빛줄기 각도 43도" in text
    assert "as bright as it was, haze 80%" in text
    assert "Glare taken away" in text
    assert "빛 번짐 제거" in text


def test_the_original_lies_beside_the_result(tmp_path, pair):
    write_page(pair[1], tmp_path / "p.html", options=ONE)
    links = Page(tmp_path / "p.html").links
    assert links.index("night.mp4") + 1 == links.index("night_clean.mp4")


def test_what_became_brighter_is_told_as_brightness(tmp_path, pair):
    write_page(pair[0], tmp_path / "p.html", original=pair[1], options=ONE)
    page = Page(tmp_path / "p.html")
    clip = page.facts["clips"][0]
    assert clip["brighter"]
    assert clip["change"]["both"]
    assert min(clip["curve"]["added"]) > 2
    assert clip["band"]["v"] == clip["curve"]["added"]
    assert 'data-t="moments.title_brighter"' in page.text
    amounts = re.findall(r'class="amount">([^<]+)<', page.text)
    assert amounts
    assert all(re.fullmatch(r"\+\d+\.\d%", amount) for amount in amounts)


def test_where_hardly_anything_changed_that_is_said(tmp_path):
    clip = make_clip(tmp_path / "a.mp4", Picture(frames=6))
    twin = shutil.copy(clip, tmp_path / "a_clean.mp4")
    write_page(twin, tmp_path / "p.html", options=ONE)
    page = Page(tmp_path / "p.html")
    assert 'data-t="moments.hint_same"' in page.text
    assert 'class="amount"' not in page.text


def test_the_policy_lets_the_page_s_own_script_run_and_no_other(tmp_path, pair):
    write_page(pair[1], tmp_path / "p.html", options=ONE)
    text = (tmp_path / "p.html").read_text(encoding="utf-8")
    script = re.search(r'<script type="module">(.*?)</script>', text, re.DOTALL)[1]
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    assert f"script-src 'sha256-{digest}';" in text
    assert not re.search(r"\son\w+=", text.split("<script", maxsplit=1)[0])


def test_modules_joined_share_no_name():
    script = joined_modules(SCRIPTS)
    assert "import " not in re.sub(
        r"^\s*(//|\*|/\*).*|^  import .*", "", script, flags=re.MULTILINE
    )
    names = re.findall(r"^(?:async )?(?:const|let|function|class) (\w+|\$)", script, re.MULTILINE)
    assert len(names) > 40
    assert len(set(names)) == len(names)


def test_a_folder_mirrors_the_originals(tmp_path):
    inputs, outputs = tmp_path / "in", tmp_path / "out"
    for name in ("a.mp4", "deep/b.mp4"):
        source = inputs / name
        source.parent.mkdir(parents=True, exist_ok=True)
        make_clip(source, Picture(frames=6))
        (outputs / name).parent.mkdir(parents=True, exist_ok=True)
        clean(source, outputs / name, config=CleanConfig(stages=()))
    result = write_page(outputs, original=inputs, options=ONE)
    assert result.path == outputs / "report.html"
    assert [c["title"] for c in Page(result.path).facts["clips"]] == ["a.mp4", "deep/b.mp4"]


def test_a_folder_without_originals_says_what_to_do(tmp_path):
    make_clip(tmp_path / "a.mp4", Picture(frames=3))
    with pytest.raises(UsageError, match="`original=FOLDER`"):
        write_page(tmp_path, options=ONE)


@pytest.mark.skipif(sys.platform != "linux", reason="names are bytes on Linux alone")
def test_a_name_that_is_no_utf_8(tmp_path):
    source = make_clip(tmp_path / "a.mp4", Picture(frames=4)).rename(
        tmp_path / os.fsdecode(b"\xe9<b>.mp4")
    )
    cleaned = tmp_path / os.fsdecode(b"\xe9<b>_clean.mp4")
    shutil.copy(source, cleaned)
    write_page(cleaned, tmp_path / "p.html", options=ONE)
    page = Page(tmp_path / "p.html")
    assert page.facts["clips"][0]["before"]["src"] == "%E9%3Cb%3E.mp4"
    assert "<b>" not in page.text
    out = tmp_path / "o.mp4"
    preview(source, cleaned, output=out, config=CleanConfig(stages=()))
    assert out.exists()


def test_nothing_there(tmp_path):
    with pytest.raises(InputMissingError):
        write_page(tmp_path / "no.mp4")


def test_a_page_of_ours_is_written_anew_but_nothing_else_is(tmp_path, pair):
    page = tmp_path / "p.html"
    write_page(pair[1], page, options=ONE)
    write_page(pair[1], page, options=ONE)
    page.write_text("<p>mine</p>", encoding="utf-8")
    with pytest.raises(OutputExistsError):
        write_page(pair[1], page, options=ONE)
    assert page.read_text(encoding="utf-8") == "<p>mine</p>"
    with pytest.raises(OutputError, match="HTML"):
        write_page(pair[1], tmp_path / "p.txt", options=ONE)


def test_the_recordings_are_not_touched(tmp_path, pair):
    before = [(p.read_bytes(), p.stat().st_mtime_ns) for p in pair]
    write_page(pair[1], options=ONE)
    assert before == [(p.read_bytes(), p.stat().st_mtime_ns) for p in pair]


def test_both_languages_have_every_text_with_the_same_blanks():
    texts = load_texts()
    assert texts["en"].keys() == texts["ko"].keys()
    for key, text in texts["en"].items():
        assert text
        assert set(re.findall(r"\{\w+\}", text)) == set(re.findall(r"\{\w+\}", texts["ko"][key])), (
            key
        )


def test_every_text_that_the_page_asks_for_exists(batch_page):
    text = batch_page.read_text(encoding="utf-8")
    keys = set(re.findall(r'data-t(?:-label)?="([\w.]+)"', text))
    assert keys <= load_texts()["en"].keys()


@pytest.mark.parametrize(
    ("times", "packed"),
    [
        ([], {"list": []}),
        ([0.5], {"list": [5000]}),
        ([0, 0.1, 0.2], {"start": 0, "step": 0.1, "count": 3}),
        ([0, 0.1, 0.3], {"list": [0, 1000, 3000]}),
    ],
)
def test_frame_times_are_small(times, packed):
    assert packed_times(times) == packed
