"""``dashcam probe``: what a recording is, and whether it is whole."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from dashcam_pipeline.cli.flags import as_flags
from dashcam_pipeline.cli.hints import explained
from dashcam_pipeline.cli.language import shown
from dashcam_pipeline.cli.manual import ManualCommand
from dashcam_pipeline.engine.readable import table
from dashcam_pipeline.errors import InputError
from dashcam_pipeline.translation import _, _n, joined

if TYPE_CHECKING:
    from dashcam_pipeline.frames import PixelLayout
    from dashcam_pipeline.media.probe import Examination, Health, Timing
    from dashcam_pipeline.media.source import SourceInfo, VideoTrack
    from dashcam_pipeline.stages.glare.glass import Glass

UNREADABLE: Final = "unreadable"
"""Health of a file that is missing or can't be opened at all."""

HEALTH: Final[dict[Health, str]] = {
    "ok": _("ok"),
    "truncated": _("truncated"),
    "damaged": _("damaged"),
    "index broken": _("index broken"),
    "not video": _("not video"),
}
"""What a recording's health is called."""

_SUBSAMPLING: Final = {(1, 1): "4:2:0", (1, 0): "4:2:2", (0, 0): "4:4:4"}


EPILOG: Final = f"""\
The exit code is {InputError.exit_code} if any file can't be cleaned at all (missing, not video,
index broken), else 0.
"""


@click.command(cls=ManualCommand, epilog=EPILOG)
@click.argument(
    "files",
    nargs=-1,
    required=True,
    type=click.Path(path_type=Path, readable=False),
    metavar="FILE...",
)
@click.option("--json", "as_json", is_flag=True, help="A list with one object a file.")
@click.option(
    "--decode",
    is_flag=True,
    help="Decode all pictures and sound too; finds damage inside them, slowly.",
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
                click.echo(f"dashcam: {explained(error)}", err=True)
            continue
        usable = usable and found.info is not None
        seen = _glass(found.info) if glass and found.info is not None else None
        facts.append(found.to_dict() | ({"glass": seen.facts()} if seen is not None else {}))
        if not as_json:
            click.echo(as_flags(shown(_text(found, seen))))
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
            (_("container"), _container(info)),
            (_("video"), _video(video)),
            (_("colour"), _color(video)),
        ]
        if found.timing is not None:
            rows.append((_("timing"), _timing(found.timing)))
        if glass is not None:
            rows.append((_("glass"), _glass_line(glass)))
        rows += [(_("track"), _track(track.to_dict(), track.label)) for track in info.others]
    health = HEALTH[found.health]
    rows += [(_("health"), joined(": ", (health, reason))) for reason in found.reasons]
    if found.advice:
        rows.append((_("advice"), found.advice))
    head = joined(": ", (str(found.path), health))
    return joined("\n", (head, table(rows, indent="  "))) if rows else head


def _glass_line(glass: Glass) -> str:
    if not glass.frames:
        return _("no picture could be looked at")
    return _n(
        "{glass}; haze is {haze:.0%} of the light in the darkest places, "
        "{lift:.0f} codes ({n} picture)",
        "{glass}; haze is {haze:.0%} of the light in the darkest places, "
        "{lift:.0f} codes ({n} pictures)",
        glass.frames,
        glass=glass.words,
        haze=glass.haze,
        lift=glass.lift,
    )


def _container(info: SourceInfo) -> str:
    parts: list[str] = [info.container, _("{n:,} bytes", n=info.size_bytes)]
    if info.duration_s is not None:
        parts.append(_("{at:.3f} s", at=info.duration_s))
    if info.creation_time is not None:
        parts.append(_("created {time}", time=info.creation_time.isoformat()))
    if info.chapters:
        parts.append(_n("{n} chapter", "{n} chapters", len(info.chapters)))
    return joined(", ", parts)


def _video(video: VideoTrack) -> str:
    parts: list[str] = [f"#{video.index} {video.codec}", f"{video.width}x{video.height}"]
    sampling = _subsampling(video.layout)
    parts.append(_("{bits} bits {sampling}", bits=video.layout.bits, sampling=sampling))
    if video.bit_rate:
        parts.append(f"{video.bit_rate / 1e6:.2f} Mbit/s")
    if video.rotation:
        parts.append(_("rotated by {angle} degrees", angle=video.rotation))
    if video.sample_aspect_ratio:
        ratio = video.sample_aspect_ratio
        parts.append(_("pixels {w}:{h}", w=ratio.numerator, h=ratio.denominator))
    return joined(", ", parts)


def _subsampling(layout: PixelLayout) -> str:
    return _SUBSAMPLING[layout.log2_chroma]


def _color(video: VideoTrack) -> str:
    decision = video.color_decision
    scale = _("full range") if video.color.full_range else _("limited range")
    parts = ((video.color.matrix, decision.matrix_assumed), (scale, decision.range_assumed))
    return joined(
        ", ",
        (
            _("{value} (assumed, not tagged)", value=value) if assumed else value
            for value, assumed in parts
        ),
    )


def _timing(timing: Timing) -> str:
    parts: list[str] = [
        _n("{n} frame", "{n} frames", timing.frames),
        _("constant") if timing.constant else _("variable"),
    ]
    if timing.fps:
        parts.append(_("{fps:.3f} fps", fps=timing.fps))
    middle = timing.median_s * 1000
    parts.append(
        _("every {step:.2f} ms", step=middle)
        if timing.constant
        else _(
            "{step:.2f} ms apart ({least:.2f} to {most:.2f})",
            step=middle,
            least=timing.min_s * 1000,
            most=timing.max_s * 1000,
        )
    )
    return joined(", ", parts)


def _track(facts: dict[str, Any], label: str) -> str:
    parts: list[str] = [label]
    language = facts["metadata"].get("language", "und")
    if language != "und":
        parts.append(language)
    if facts["duration_s"] is not None:
        parts.append(_("{at:.3f} s", at=facts["duration_s"]))
    if facts["start_s"]:
        parts.append(_("starts at {at:.3f} s", at=facts["start_s"]))
    return joined(", ", parts)
