"""``dashcam probe``: what a recording is, and whether it is whole."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from dashcam_pipeline.cli.flags import as_flags
from dashcam_pipeline.errors import InputError

if TYPE_CHECKING:
    from dashcam_pipeline.frames import PixelLayout
    from dashcam_pipeline.media.probe import Examination, Timing
    from dashcam_pipeline.media.source import SourceInfo, VideoTrack
    from dashcam_pipeline.stages.glare.glass import Glass

UNREADABLE: Final = "unreadable"
"""Health of a file that is missing or can't be opened at all."""

_SUBSAMPLING: Final = {(1, 1): "4:2:0", (1, 0): "4:2:2", (0, 0): "4:4:4"}


EPILOG: Final = f"""\
The exit code is {InputError.exit_code} if any file can't be cleaned at all (missing, not video,
index broken), else 0.
"""


@click.command(epilog=EPILOG)
@click.argument(
    "files",
    nargs=-1,
    required=True,
    type=click.Path(path_type=Path, readable=False),
    metavar="FILE...",
)
@click.option("--json", "as_json", is_flag=True, help="A list with one object a file.")
@click.option(
    "--decode", is_flag=True, help="Decode every picture too; finds damage inside them, slowly."
)
@click.option(
    "--glass", is_flag=True, help="Say how dirty the windscreen was; looks at a few pictures."
)
@click.pass_context
def probe(
    context: click.Context, files: tuple[Path, ...], as_json: bool, decode: bool, glass: bool
) -> None:
    """Say what recordings are: container, tracks, colour, true frame timing, health.

    Timing is taken from every frame's own time, never from an average. Health is ok, truncated,
    damaged, index broken or not video.
    """
    from dashcam_pipeline.media.probe import examine  # noqa: PLC0415 - `--help` needs no codecs

    facts: list[dict[str, Any]] = []
    usable = True
    for path in files:
        try:
            found = examine(path, decode=decode)
        except InputError as error:
            usable = False
            facts.append(
                {
                    "path": str(path),
                    "health": UNREADABLE,
                    "reasons": [error.args[0]],
                    "advice": error.advice,
                }
            )
            if not as_json:
                click.echo(f"dashcam: {as_flags(str(error))}", err=True)
            continue
        usable = usable and found.info is not None
        seen = _glass(found.info) if glass and found.info is not None else None
        facts.append(found.to_dict() | ({"glass": seen.facts()} if seen is not None else {}))
        if not as_json:
            click.echo(_text(found, seen))
    if as_json:
        click.echo(json.dumps(facts, indent=2, ensure_ascii=False))
    context.exit(0 if usable else InputError.exit_code)


def _glass(info: SourceInfo) -> Glass:
    """How dirty the windscreen was."""
    from dashcam_pipeline.pipeline import look_at_glass  # noqa: PLC0415 - loads a network

    return look_at_glass(info)


def _text(found: Examination, glass: Glass | None) -> str:
    rows: list[tuple[str, str]] = []
    if found.info is not None:
        info, video = found.info, found.info.video
        rows += [
            ("container", _container(info)),
            ("video", _video(video)),
            ("colour", _color(video)),
        ]
        if found.timing is not None:
            rows.append(("timing", _timing(found.timing)))
        if glass is not None:
            rows.append(("glass", _glass_line(glass)))
        rows += [("track", _track(track.to_dict(), track.label)) for track in info.others]
    rows += [("health", f"{found.health}: {reason}") for reason in found.reasons]
    if found.advice:
        rows.append(("advice", as_flags(found.advice)))
    lines = [f"{found.path}: {found.health}"]
    return "\n".join(lines + [f"  {key:<9}  {value}" for key, value in rows])


def _glass_line(glass: Glass) -> str:
    if not glass.frames:
        return "no picture could be looked at"
    return (
        f"{glass.words}; haze is {glass.haze:.0%} of the light in the darkest places, "
        f"{glass.lift:.0f} codes ({glass.frames} pictures)"
    )


def _container(info: SourceInfo) -> str:
    parts = [info.container, f"{info.size_bytes:,} bytes"]
    if info.duration_s is not None:
        parts.append(f"{info.duration_s:.3f} s")
    if info.creation_time is not None:
        parts.append(f"created {info.creation_time.isoformat()}")
    if info.chapters:
        parts.append(f"{len(info.chapters)} chapters")
    return ", ".join(parts)


def _video(video: VideoTrack) -> str:
    parts = [f"#{video.index} {video.codec}", f"{video.width}x{video.height}"]
    parts.append(f"{video.layout.bits} bits {_subsampling(video.layout)}")
    if video.bit_rate:
        parts.append(f"{video.bit_rate / 1e6:.2f} Mbit/s")
    if video.rotation:
        parts.append(f"rotated by {video.rotation} degrees")
    if video.sample_aspect_ratio:
        ratio = video.sample_aspect_ratio
        parts.append(f"pixels {ratio.numerator}:{ratio.denominator}")
    return ", ".join(parts)


def _subsampling(layout: PixelLayout) -> str:
    return _SUBSAMPLING[layout.log2_chroma]


def _color(video: VideoTrack) -> str:
    decision = video.color_decision
    parts = []
    for value, assumed in (
        (video.color.matrix, decision.matrix_assumed),
        ("full range" if video.color.full_range else "limited range", decision.range_assumed),
    ):
        parts.append(f"{value} (assumed, not tagged)" if assumed else value)
    return ", ".join(parts)


def _timing(timing: Timing) -> str:
    fps = f", {timing.fps:.3f} fps" if timing.fps else ""
    if timing.constant:
        spread = f"every {timing.median_s * 1000:.2f} ms"
    else:
        spread = (
            f"{timing.median_s * 1000:.2f} ms apart "
            f"({timing.min_s * 1000:.2f} to {timing.max_s * 1000:.2f})"
        )
    kind = "constant" if timing.constant else "variable"
    return f"{timing.frames} frames, {kind}{fps}, {spread}"


def _track(facts: dict[str, Any], label: str) -> str:
    parts = [label]
    language = facts["metadata"].get("language", "und")
    if language != "und":
        parts.append(language)
    if facts["duration_s"] is not None:
        parts.append(f"{facts['duration_s']:.3f} s")
    if facts["start_s"]:
        parts.append(f"starts at {facts['start_s']:.3f} s")
    return ", ".join(parts)
