"""Clips and pages for the tests of the report, also in a browser."""

from __future__ import annotations

import json
from pathlib import Path

from factory import Picture, Sound, make_clip

from dashcam_pipeline.compare.page.build import write_page
from dashcam_pipeline.compare.page.options import PageOptions
from dashcam_pipeline.config import CleanConfig
from dashcam_pipeline.errors import InputError
from dashcam_pipeline.media.probe import probe
from dashcam_pipeline.pipeline import clean

PLAIN = CleanConfig(stages=())


def make_pair(
    folder: Path, name: str = "night.mp4", frames: int = 24, **kwargs
) -> tuple[Path, Path]:
    """A recording, and a darker twin with the same sound, as if it had been cleaned."""
    source = make_clip(
        folder / name, Picture(frames=frames, gop=6, **kwargs), sounds=[Sound(seconds=frames / 30)]
    )
    report = clean(source, config=CleanConfig(stages=("dim:amount=0.4",), protect=()))
    cleaned = Path(report.output.path)
    report.write_json(cleaned.with_suffix(".json"))
    return source, cleaned


def make_page(folder: Path, *, frames: int = 60) -> Path:
    """A page about one clip, with a route."""
    source, cleaned = make_pair(folder, frames=frames)
    for path in (source, cleaned):
        lines = [
            f"$GPRMC,1122{i:02}.000,A,48{7 + i % 9:02}.0380,N,011{31 + i:02}.0000,E,"
            "022.4,084.4,230324,,,A"
            for i in range(20)
        ]
        sums = [f"{line}*{_checksum(line):02X}\r\n" for line in lines]
        path.with_suffix(".nmea").write_text("".join(sums), encoding="ascii")
    page = folder / "page.html"
    write_page(cleaned, page, options=PageOptions(threads=1))
    return page


def make_batch(folder: Path) -> Path:
    """A page about a batch: three clips of different change, one skipped, two failed."""
    inputs, outputs = folder / "in", folder / "out"
    clips = []
    inputs.mkdir()
    outputs.mkdir()
    for index, name in enumerate(
        ["20240101_120000_NF.mp4", "NO20240102-210000-000001R.mp4", "야간_주행.mp4"]
    ):
        source = make_clip(inputs / name, Picture(frames=12 + 6 * index, seed=index))
        amount = (0.6, 0.1, 0.3)[index]
        config = CleanConfig(stages=(f"dim:amount={amount}",), protect=())
        clean(source, outputs / name, config=config)
        clips.append(
            {"path": name, "status": "done", "output": name, "frames": 12, "seconds": 1 + index}
        )
    clips[2]["status"] = "damaged"
    clips[2]["reason"] = "3 frames are missing"
    clips.append({"path": "day.mp4", "status": "bright", "reason": "", "output": ""})
    clips.append(
        {"path": "broken.mp4", "status": "failed", "reason": "<b>its index is missing</b>"}
    )
    clips.append({"path": "cut.mp4", "status": "failed", **_why_not(inputs / "cut.mp4")})
    report = {"input": str(inputs), "output": str(outputs), "clips": clips}
    (outputs / "report.json").write_text(json.dumps(report), encoding="utf-8")
    page = folder / "batch.html"
    write_page(outputs, page, options=PageOptions(threads=1))
    return page


def make_part(folder: Path) -> Path:
    """A page about what was made of the middle of a recording."""
    source = make_clip(folder / "long.mp4", Picture(frames=90, gop=10), sounds=[Sound(seconds=3)])
    report = clean(source, config=CleanConfig(stages=(), start=1.0, end=2.0))
    page = folder / "part.html"
    write_page(report.output.path, page, options=PageOptions(threads=1))
    return page


def _why_not(clip: Path) -> dict[str, str]:
    """What a batch says of a recording whose index was never written."""
    whole = make_clip(clip.with_name("whole.mp4")).read_bytes()
    clip.write_bytes(whole[: whole.index(b"moov") - 4])
    clip.with_name("whole.mp4").unlink()
    try:
        probe(clip)
    except InputError as error:
        return {"reason": str(error.args[0]), "advice": str(error.advice)}
    raise AssertionError("it can be read")


def _checksum(line: str) -> int:
    total = 0
    for byte in line[1:].encode("ascii"):
        total ^= byte
    return total
