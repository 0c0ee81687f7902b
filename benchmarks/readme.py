"""Fills the README's tables, in both languages, with what was measured.

    python benchmarks/readme.py        # or: make readme

Between ``<!-- NAME -->`` and ``<!-- /NAME -->`` stands what the function ``NAME`` makes of a file
in ``benchmarks/results``; README.ko.md has it in the words of ``readme_ko.toml``. Each file is
written by what measures it:

    dashcam evaluate glare --truth samples/windscreens --results benchmarks/results/windscreens.json
    dashcam evaluate glare --pairs PAIRS --results benchmarks/results/pairs.json
    dashcam evaluate glare --folder NIGHTS --results benchmarks/results/nights.json
    dashcam evaluate glare --glare-free DAYS --results benchmarks/results/glare-free.json
    dashcam evaluate glare --clip CLIP --results benchmarks/results/flicker.json
    dashcam evaluate night-day ... --results benchmarks/results/night-day-TOWN.json
    python benchmarks/glare_study.py --out runs/study ...   (its study.json, as glare-study.json)
    python benchmarks/speed.py --results benchmarks/results/speed.json
    python benchmarks/quality.py --truth samples/city --results benchmarks/results/quality.json

``dashcam evaluate`` needs ``--overwrite`` where the file is there, as it is here. A size that
``speed.py`` measures replaces that size alone.
"""

from __future__ import annotations

import json
import re
import textwrap
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from study_tables import NOTHING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

HERE = Path(__file__).resolve().parent
README = HERE.parent / "README.md"
KOREAN = HERE.parent / "README.ko.md"

LABELS = {
    "glare-open": "glare-open (the default)",
    "glare": "glare (research only)",
    "tone curve": "tone curve and white balance",
}
AIMS = {"no stages": 1.02, "glare fast": 1.4, "glare balanced": 1.9, "glare best": 2.8}
"""Of the ratio to the plain transcode, at 1080p."""
SPEED_ROWS = {
    "plain transcode": "plain transcode",
    "no stages": "no stages",
    "glare fast": "`glare`, fast",
    "glare balanced": "`glare`, balanced",
    "glare best": "`glare`, best",
    "glare + night-to-day": "`glare` + `night-to-day`",
    "naive": "naive: every frame to RGB, whole, through the network (3 frames, a call of its own)",
}
OURS = ("no stages", "glare fast", "glare balanced")
ORDER = (NOTHING, "glare-open", "glare")
DEFAULT = "glare-open"
TOWNS = ("RoadScene", "MSRS")
CLIPS = ("city", "rainy-city", "country-moon")


@dataclass(frozen=True)
class Words:
    """How a README says what is measured.

    Args:
        texts: translations by English text; None for English itself.
        width: columns of a line.
    """

    texts: dict[str, str] | None = None
    width: int = 106

    def __call__(self, text: str, **fields: object) -> str:
        """A text with its fields; a number alone is the same in every language.

        Raises:
            KeyError: it has no translation.
        """
        is_text = re.search(r"[A-Za-z]", text)
        said = self.texts[text] if self.texts is not None and is_text else text
        return said.format(**fields) if fields else said

    def table(self, heads: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
        """A Markdown table; all columns but the first one hold numbers."""
        heads = [self(head) for head in heads]
        rule = ["---"] + ["---:"] * (len(heads) - 1)
        lines = [f"| {' | '.join(heads)} |", f"|{'|'.join(rule)}|"]
        # An empty cell is one blank wide, as by hand.
        return "\n".join(lines + [f"| {' | '.join(row)} |".replace("|  |", "| |") for row in rows])

    def prose(self, text: str, **fields: object) -> str:
        """A paragraph in lines."""
        said = self(text, **fields)
        return textwrap.fill(said, self.width, break_long_words=False, break_on_hyphens=False)


ENGLISH = Words()


def korean() -> Words:
    """The words of README.ko.md; Hangul is two columns wide."""
    texts = tomllib.loads((HERE / "readme_ko.toml").read_text("utf-8"))["texts"]
    return Words(texts, width=62)


def result(name: str) -> Any:  # noqa: ANN401 - JSON
    """What was written of one measurement."""
    return json.loads((HERE / "results" / f"{name}.json").read_text("utf-8"))


def windscreens(say: Words = ENGLISH) -> str:
    """Drives behind windscreens, with exact truth: means of the clips, and the controls."""
    (found,) = result("windscreens")["truth"].values()
    controls = [rows for name, rows in found["clips"].items() if name.endswith("-clean")]
    rows = []
    for index, row in enumerate(found["means"]):
        clean = sum(c[index]["whole"] - c[0]["whole"] for c in controls) / len(controls)
        rows.append(
            (
                say(LABELS.get(row["name"], row["name"])),
                *(f"{row[key]:.2f}" for key in ("whole", "glare", "rest")),
                f"{row['flicker'] / found['means'][0]['flicker']:.2f}",
                f"{row['lines']:.0%}",
                f"{clean:+.2f}" if index else "",
            )
        )
    return say.table(
        (
            *("row", "whole, dB", "glare region, dB", "rest, dB", "flicker, times"),
            *("lane marks and posts keep", "whole behind clean glass, dB"),
        ),
        rows,
    )


def pairs(say: Words = ENGLISH) -> str:
    """Real pairs: PSNR by region."""
    (found,) = result("pairs")["pairs"].values()
    rows = {row["name"]: row for row in found["rows"]}
    return say.table(
        ("row", "glare region, dB", "rest, dB", "whole, dB", "made worse"),
        (
            (
                say(LABELS.get(name, name)),
                *(f"{rows[name][key]:.2f}" for key in ("glare", "rest", "whole")),
                f"{rows[name]['worse']:.0%}",
            )
            for name in ORDER
        ),
    )


def nights(say: Words = ENGLISH) -> str:
    """Real nights without truth."""
    (found,) = result("nights")["nights"].values()
    rows = {name: found[name]["means"] for name in ORDER if name in found}
    return say.table(
        (
            *("weights", "pictures", "haze in the ring", "far from lamps"),
            *("newly black", "lamps still lit"),
        ),
        (
            (
                name,
                f"{m['pictures']}",
                f"{m['ring']:+.1%}",
                f"{m['far']:+.1%}",
                f"{m['crushed']:.2%}",
                f"{m['lit']:.1%}",
            )
            for name, m in rows.items()
        ),
    )


def glare_words(say: Words = ENGLISH) -> str:
    """What the default weights leave as it was, or make worse."""
    (real,) = result("pairs")["pairs"].values()
    worse = next(row["worse"] for row in real["rows"] if row["name"] == DEFAULT) * real["count"]
    (days,) = result("glare-free")["glare_free"].values()
    kept = days[DEFAULT]["means"]["as it is"]
    (flicker,) = result("flicker")["flicker"].values()
    rows = [row for clip in flicker["clips"] for row in clip["rows"]]
    rises = [row["ratio"] - 1 for row in rows if row["name"] == DEFAULT]
    low, high = f"{min(rises):+.0%}", f"{max(rises):+.0%}"
    return say.prose(
        "Of the real pairs {worse:.0f} of {count} lose more than 0.1 dB as a whole. "
        "Pictures without glare come out as they went in, but for a few "
        "({kept:.1f} dB over {pictures} days). On clips with next to no glare "
        "flicker changes by {change}.",
        worse=worse,
        count=real["count"],
        kept=kept["pooled"],
        pictures=kept["pictures"],
        change=high if low == high else say("{low} to {high}", low=low, high=high),
    )


def night_day(say: Words = ENGLISH) -> str:
    """Night to day: how far from days, and what moves, in two towns."""
    found = [
        {row["name"]: row for row in result(f"night-day-{town.lower()}")["rows"]} for town in TOWNS
    ]
    rows = []
    for name in found[0]:
        cells = [say(LABELS.get(name, name))]
        for town in found:
            d, structure = town[name]["distance"], town[name]["structure"]
            cells += [
                f"{d['value']:.0f} [{d['low']:.0f}, {d['high']:.0f}]",
                f"{structure:.2f}",
            ]
        signals = [town[name]["signals"] for town in found]
        count, fade = (sum(s[key] for s in signals) for key in ("count", "fade"))
        turn = f"{max(s['degrees'] for s in signals):.0f}"
        fades = say("{turn}, and {fade} of {count} fade", turn=turn, fade=fade, count=count)
        rows.append([*cells, fades if fade else turn])
    heads = [f"{town}, kd-lite0" for town in TOWNS]
    return say.table(
        (
            *("row", heads[0], "structure", heads[1], "structure"),
            "red and green signals turn by, degrees",
        ),
        rows,
    )


def night_day_words(say: Words = ENGLISH) -> str:
    """Flicker of night to day."""
    rows = {row["name"]: row for row in result("night-day-roadscene")["rows"]}
    clips = rows["night-to-day"]["clips"].items()
    times = say(" and ").join(
        say("{ratio:.2f} ({clip})", ratio=found["ratio"], clip=say(clip)) for clip, found in clips
    )
    return say.prose("Flicker is that of the source times {times}.", times=times)


def study(say: Words = ENGLISH) -> str:
    """Networks, heads and data after the same time of training."""
    rows = result("glare-study")["rows"]

    def cells(name: str, sets: dict[str, Any], row: str, steps: str) -> list[str]:
        real = (f"{sets['pairs'][row][key]:.2f}" for key in ("glare", "rest", "whole"))
        clips = (f"{sets[clip][row]['whole']:.2f}" for clip in CLIPS)
        return [say(name), steps, *real, *clips]

    first = next(iter(rows.values()))["sets"]
    heads = ("row", "steps", "real pairs: glare region", "rest", "whole")
    return say.table(
        (*heads, *(f"{clip}, whole" for clip in CLIPS)),
        (
            cells(NOTHING, first, NOTHING, ""),
            *(
                cells(name, found["sets"], "row", f"{found['asked']['steps']:,}")
                for name, found in rows.items()
            ),
        ),
    )


def speed(say: Words = ENGLISH) -> str:
    """1080p: frames a second, beside the plain transcode; the ratio with AVX2 alone, too."""
    found = result("speed")
    rows, plainer = found["1920x1080"]["rows"], found["1920x1080 avx2"]["rows"]

    def ratio(row: str, found: dict[str, Any]) -> str:
        if row not in found:
            return ""
        x = found[row]["x_plain"]
        return "1" if row == "plain transcode" else f"{x:.2f}" if x < 10 else f"{x:.0f}"  # noqa: PLR2004 - three digits

    heads = ("frames a second", "x plain", "x plain, AVX2 alone", "aim", "core-ms a frame")
    return say.table(
        ("row", *heads, "peak MB"),
        (
            (
                say(label),
                f"{rows[row]['fps']:.1f}",
                ratio(row, rows),
                ratio(row, plainer),
                f"{AIMS[row]:g}" if row in AIMS else "",
                f"{rows[row]['core_ms']:.0f}",
                f"{rows[row]['peak_mb']:.0f}",
            )
            for row, label in SPEED_ROWS.items()
            if row in rows
        ),
    )


def speed_setting(say: Words = ENGLISH) -> str:
    """On what, and how, the table was measured."""
    found = result("speed")["1920x1080"]
    count = found["rounds"]
    rounds = say("{rounds} rounds", rounds=count) if count > 1 else say("one round")
    options = f"--sizes 1920x1080 --frames {found['frames']} --rounds {found['rounds']}"
    return say.prose(
        "Here, on {machine}: {frames:,} frames of 1080p H.264, x264 "
        "`{preset}` at crf {crf}, start-up included, {rounds}, against the "
        "plain transcode through PyAV (`python benchmarks/speed.py {options}`). *AVX2 alone*: the "
        "same with what the processor has above AVX2 hidden from all of it (`python "
        "benchmarks/speed.py --avx2`). Six frames of a recording were seen before its first one "
        "then, now it is four, and noise of colour stayed in skies. Of 4K, below: {other}, at a "
        "time when streaks were not yet followed.",
        machine=say(found["machine"]),
        other=say(result("speed")["3840x2160"]["machine"]),
        frames=found["frames"],
        preset=found["preset"],
        crf=found["crf"],
        rounds=rounds,
        options=options,
    )


def speed_words(say: Words = ENGLISH) -> str:
    """Other sizes, the first frame, the parts, and what each level gives."""
    found = result("speed")
    hd, uhd, small = (found[size] for size in ("1920x1080", "3840x2160", "640x360"))
    plain, fast, balanced = (uhd["rows"][row]["x_plain"] for row in OURS)
    nothing, *ours = (small["rows"][row] for row in OURS)
    parts = ", ".join(f"{part} {spent:.1f}" for part, spent in hd["parts"]["fast"].items())
    (clip,) = result("quality")["truth"].values()
    whole = {row["name"]: f"{row['whole']:.2f}" for row in clip}
    return say.prose(
        "At 4K ({uhd_frames:,} frames) no stages, fast and balanced take {plain:.2f}, "
        "{fast:.2f} and {balanced:.2f} times the transcode, and at most {peak:,.0f} MB. "
        "At 640x360 ({small_frames:,} frames), where transcoding costs nearly nothing, "
        "{small_plain:.2f}, {small_fast:.1f} and {small_balanced:.1f} times: "
        "{fast_fps:.0f} and {balanced_fps:.0f} frames a second. The first frame of a "
        "1080p recording is written {first:.2f} s after the start. Frame by frame, on one "
        "thread, the parts of `fast` take (medians) {parts} core-ms. On `samples/city`, whose "
        "whole is {nothing_db} dB if nothing is done, fast, balanced and best reach "
        "{fast_db}, {balanced_db} and {best_db} (`benchmarks/quality.py`).",
        uhd_frames=uhd["frames"],
        plain=plain,
        fast=fast,
        balanced=balanced,
        peak=uhd["peak_mb"],
        small_frames=small["frames"],
        small_plain=nothing["x_plain"],
        small_fast=ours[0]["x_plain"],
        small_balanced=ours[1]["x_plain"],
        fast_fps=ours[0]["fps"],
        balanced_fps=ours[1]["fps"],
        first=hd["first_seconds"],
        parts=parts,
        nothing_db=whole[NOTHING],
        **{f"{row}_db": whole[row] for row in ("fast", "balanced", "best")},
    )


BLOCKS: tuple[Callable[[Words], str], ...] = (
    *(night_day, night_day_words),
    *(windscreens, pairs, nights, glare_words, study),
    *(speed_setting, speed, speed_words),
)


def fill(text: str, say: Words = ENGLISH) -> str:
    """A README with what the files say between its markers.

    Args:
        text: of it.
        say: its words.

    Raises:
        SystemExit: a marker is missing.
    """
    for block in BLOCKS:
        name = block.__name__.replace("_", "-")
        pattern = re.compile(rf"(<!-- {name} -->\n).*?(\n<!-- /{name} -->)", re.DOTALL)
        parts = pattern.split(text)
        if len(parts) != 4:  # noqa: PLR2004 - before, two markers, after
            raise SystemExit(f"there must be one <!-- {name} --> and <!-- /{name} -->.")
        text = block(say).join(["".join(parts[:2]), "".join(parts[2:])])
    return text


if __name__ == "__main__":
    for path, words in ((README, ENGLISH), (KOREAN, korean())):
        path.write_text(fill(path.read_text("utf-8"), words), "utf-8")
