"""Drives with a place and a time: clips that no file stands behind, and cards with telemetry."""

from __future__ import annotations

import struct
from datetime import UTC, datetime, timedelta
from pathlib import Path

from drives import BEGIN, split, whole_drive

from dashcam_pipeline.drives.model import Clip


def clip(camera="front", *, begin=0.0, length=60.0, mode="normal", width=1920, number=0, **more):
    """A clip that begins so many seconds after 1970."""
    name = more.pop("name", f"{number}-{camera}-{begin}.mp4")
    return Clip(
        path=Path(name),
        name=name,
        camera=camera,
        mode=mode,
        start=datetime.fromtimestamp(begin, UTC).replace(tzinfo=None),
        instant=begin,
        duration=length,
        width=width,
        height=1080,
        **more,
    )


def sentence(when, latitude, knots, milliseconds):
    """A line of a BlackVue's ``.gps``."""
    minutes = f"{int(latitude):02}{latitude % 1 * 60:07.4f}"
    return (
        f"[{milliseconds}]$GPRMC,{when:%H%M%S}.00,A,{minutes},N,12700.0000,E,{knots:.1f},000.0,"
        f"{when:%d%m%y},,,A*00\r\n"
    ).encode()


def give_telemetry(clip_path, utc, speeds, *, metres=0.0, strokes=()):
    """Write a BlackVue's two files beside a clip.

    Args:
        clip_path: ``..._NF.mp4``.
        utc: when it began.
        speeds: metres a second, one a second, the last one at its end; the car goes north.
        metres: that it has gone by then.
        strokes: (from, to, g) of the G-sensor, ten readings a second.
    """
    stem = clip_path.name[:-5]
    begin, lines, readings = 1_700_000_000_000, [], []
    for second, speed in enumerate(speeds):
        latitude = 37.5 + metres / 111_195
        when = utc + timedelta(seconds=second)
        lines.append(sentence(when, latitude, speed / 0.514444, begin + second * 1000))
        metres += speed
        for tenth in range(10 * (second < len(speeds) - 1)):
            time = second + tenth / 10
            g = sum(v for a, b, v in strokes if a <= time < b)
            counts = (round(g * 128), 128, 0)
            readings.append(struct.pack(">I3h", round(time * 1000), *counts))
    clip_path.with_name(f"{stem}.gps").write_bytes(b"".join(lines))
    clip_path.with_name(f"{stem}.3gf").write_bytes(b"".join(readings) + b"\xff" * 10)


def make_card(root, *, seconds=6, clip_seconds=2, suffix=".mp4", brake=(2.5, 3.1)):
    """A BlackVue's card of one drive in Seoul, that brakes hard once; its clips of the front.

    Args:
        root: made if it isn't there.
        seconds, clip_seconds, suffix: as of ``drives.split``.
        brake: from when to when, in seconds of the drive; the speed falls from 20 m/s to 10.
    """
    folder = root / "Record"
    folder.mkdir(parents=True)
    whole = whole_drive(root / f"whole{suffix}", seconds)
    made = split(whole, folder, clip_seconds=clip_seconds)
    whole.unlink()
    clips, metres = [], 0.0
    for number, path in enumerate(made):
        local = BEGIN + timedelta(seconds=number * clip_seconds)
        clips.append(path.rename(folder / f"{local:%Y%m%d_%H%M%S}_NF{suffix}"))
        at = number * clip_seconds
        speeds = [20.0 if at + n <= brake[0] else 10.0 for n in range(clip_seconds + 1)]
        utc = (local - timedelta(hours=9)).replace(tzinfo=UTC)
        strokes = [(brake[0] - at, brake[1] - at, 0.6)]
        give_telemetry(clips[-1], utc, speeds, metres=metres, strokes=strokes)
        metres += sum(speeds[:-1])
    return clips
