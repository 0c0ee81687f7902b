"""``dashcam evaluate night-day``: measure a translation between night and day (extra ``train``)."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from dashcam_pipeline.cli.extras import need_training
from dashcam_pipeline.media.output_checks import need_empty, need_new

if TYPE_CHECKING:
    from dashcam_pipeline.stages.base import Quality


@click.command("night-day")
@click.option(
    "--a",
    "nights",
    required=True,
    type=click.Path(path_type=Path),
    help="Folder of pictures to translate.",
)
@click.option(
    "--b",
    "days",
    required=True,
    type=click.Path(path_type=Path),
    help="Folder of pictures that they should look like.",
)
@click.option(
    "--model",
    "models",
    multiple=True,
    help="Of `dashcam models`, or an ONNX file with its manifest. May be given often; without "
    "any, only the rows to beat are measured.",
)
@click.option(
    "--last",
    type=click.IntRange(min=1),
    help="Take only so many of each folder, the last by name: those held out of a training.",
)
@click.option(
    "--clip",
    "clips",
    multiple=True,
    type=click.Path(path_type=Path),
    help="A recording, or a folder of consecutive pictures: flicker. May be given often.",
)
@click.option(
    "--frames",
    type=click.IntRange(min=2),
    default=150,
    show_default=True,
    help="How many of each clip at most.",
)
@click.option(
    "--quality",
    type=click.Choice(["fast", "balanced", "best"]),
    default="balanced",
    show_default=True,
    help="Level of the stage.",
)
@click.option("--pictures", type=click.Path(path_type=Path), help="Write before and after here.")
@click.option(
    "--results",
    type=click.Path(path_type=Path),
    metavar="FILE.json",
    help="Write the tables' numbers there, too.",
)
@click.option("--overwrite", is_flag=True, help="Replace files that are there.")
@click.option("--json", "as_json", is_flag=True, help="Print every number, for programs.")
def night_day(  # noqa: PLR0917 - click passes them by name
    nights: Path,
    days: Path,
    models: tuple[str, ...],
    last: int | None,
    clips: tuple[Path, ...],
    frames: int,
    quality: Quality,
    pictures: Path | None,
    results: Path | None,
    overwrite: bool,
    as_json: bool,
) -> None:
    """Measure translations of night to day, or back, through the stage itself.

    Beside doing nothing and a plain tone curve; against a day set that is nobody's twin. What the
    numbers mean: docs/night-day-evaluation.md.
    """
    need_training()
    if pictures is not None:
        need_empty(pictures, overwrite=overwrite)
    if results is not None:
        need_new([results], overwrite=overwrite)
    from tqdm import tqdm  # noqa: PLC0415 - `--help` needs no progress bars

    from dashcam_pipeline.training.evaluation.common.tables import save  # noqa: PLC0415
    from dashcam_pipeline.training.evaluation.night_day import (  # noqa: PLC0415 - torch
        evaluate,
        tables,
        translators,
    )
    from dashcam_pipeline.training.evaluation.night_day.pictures import (  # noqa: PLC0415
        held_out,
        read_rgb,
    )
    from dashcam_pipeline.training.evaluation.night_day.sheet import Gallery  # noqa: PLC0415
    from dashcam_pipeline.training.evaluation.night_day.tone_curve import Look  # noqa: PLC0415

    sources, targets = held_out(nights, last), held_out(days, last)
    look = Look.of(map(read_rgb, targets))
    rows: list[translators.Translator] = [translators.Nothing(), translators.Curve(look)]
    rows += [translators.StageModel.of(model, quality) for model in models]
    quiet = not sys.stderr.isatty()
    found = evaluate.evaluate_pictures(
        tqdm(sources, unit="picture", disable=quiet),
        targets,
        rows,
        Gallery(pictures) if pictures else None,
    )
    for clip in tqdm(clips, unit="clip", disable=quiet):
        evaluate.add_clip(found, clip, frames, rows)
    if results is not None:
        save(tables.plain(found), results, overwrite=overwrite)
    click.echo(json.dumps(tables.plain(found), indent=2) if as_json else tables.markdown(found))
