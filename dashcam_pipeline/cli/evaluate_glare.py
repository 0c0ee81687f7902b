"""``dashcam evaluate glare``: measure glare weights (extra ``train``)."""

from __future__ import annotations

import json
import sys
from contextlib import ExitStack
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from dashcam_pipeline.cli.extras import need_training
from dashcam_pipeline.errors import UsageError
from dashcam_pipeline.inference.manifest import GLARE
from dashcam_pipeline.media.output_checks import need_empty, need_new

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from dashcam_pipeline.pipeline import Pipeline
    from dashcam_pipeline.stages.base import Quality
    from dashcam_pipeline.training.evaluation.glare.bars import Section

T = TypeVar("T")

_FOLDER = click.Path(path_type=Path)


@dataclass(frozen=True, slots=True)
class Material:
    """What to measure on; see the options of the command."""

    pairs: Path | None
    lists: tuple[Path, ...]
    folders: tuple[Path, ...]
    clips: tuple[Path, ...]
    frames: int | None
    truth: tuple[Path, ...]
    glare_free: tuple[Path, ...]
    held_out: bool
    kinds: tuple[str, ...]
    data: tuple[str, ...]
    count: int
    seed: int

    def check(self) -> None:
        """Refuse what makes no sense.

        Raises:
            UsageError: nothing to measure on, or options that belong to what isn't given.
        """
        if self.lists and self.pairs is None:
            raise UsageError("--list names some of the --pairs, which are not given.")
        if self.held_out and not self.data:
            raise UsageError(
                "--held-out needs backgrounds.", advice="Give --data simulated:samples/pack."
            )
        if (self.kinds or self.data) and not self.held_out:
            raise UsageError("--kinds and --data belong to --held-out, which is not given.")
        given = (self.pairs, self.truth, self.folders, self.clips, self.glare_free, self.held_out)
        if not any(given):
            raise UsageError("Give --pairs, --folder, --clip, --truth, --glare-free or --held-out.")


@click.command("glare")
@click.option(
    "--model",
    "models",
    multiple=True,
    default=(GLARE,),
    show_default=True,
    help="Of `dashcam models`, or an ONNX file with its manifest. May be given often.",
)
@click.option(
    "--pairs",
    type=_FOLDER,
    help="Real pairs: a folder with flare/ and clear/, or input/, target/ (or gt/) and mask/.",
)
@click.option(
    "--list",
    "lists",
    multiple=True,
    type=_FOLDER,
    help="Names of the pairs to take, one a line, with their scene if known. May be given often.",
)
@click.option(
    "--folder",
    "folders",
    multiple=True,
    type=_FOLDER,
    help="Real nights without truth: haze, blacks, lamps, signals. May be given often.",
)
@click.option(
    "--clip",
    "clips",
    multiple=True,
    type=_FOLDER,
    help="A recording, or a folder of pictures taken as its frames: flicker. May be given often.",
)
@click.option("--frames", type=click.IntRange(min=2), help="At most so many frames of each clip.")
@click.option(
    "--truth",
    multiple=True,
    type=_FOLDER,
    help="A clip of `dashcam simulate` with its truth, or a folder of them (samples/windscreens): "
    "scores in time too. May be given often.",
)
@click.option(
    "--glare-free",
    multiple=True,
    type=_FOLDER,
    help="Pictures by day: they and their darkened selves must stay. May be given often.",
)
@click.option("--held-out", is_flag=True, help="Synthetic glare of kinds unseen in training.")
@click.option(
    "--kinds",
    multiple=True,
    help="A kind for --held-out; all unseen ones if none. May be given often.",
)
@click.option(
    "--data",
    multiple=True,
    metavar="KIND:PATH[@LIST]",
    help="Backgrounds of --held-out, as for `dashcam train glare`. May be given often.",
)
@click.option(
    "--count",
    type=click.IntRange(min=1),
    default=24,
    show_default=True,
    help="Pairs of each kind of --held-out.",
)
@click.option("--seed", default=0, show_default=True, help="Of what is made at random.")
@click.option("--streaks", type=float, help="Strength of structured glare; else the stage's own.")
@click.option("--veil", type=float, help="Strength of the veil; else the stage's own.")
@click.option(
    "--quality",
    type=click.Choice(["fast", "balanced", "best"]),
    default="balanced",
    show_default=True,
    help="Level of the stage.",
)
@click.option(
    "--pictures", type=_FOLDER, help="Write before and after, and labelled contact sheets, here."
)
@click.option(
    "--results",
    type=click.Path(path_type=Path),
    metavar="FILE.json",
    help="Write the tables' numbers there, too.",
)
@click.option("--overwrite", is_flag=True, help="Replace files that are there.")
@click.option("--json", "as_json", is_flag=True, help="Print every number, for programs.")
def glare(
    models: tuple[str, ...],
    *,
    streaks: float | None,
    veil: float | None,
    quality: Quality,
    pictures: Path | None,
    results: Path | None,
    overwrite: bool,
    as_json: bool,
    **material: Any,  # noqa: ANN401 - the fields of Material, whose types click has checked
) -> None:
    """Measure glare models through the stage itself, at full resolution.

    Doing nothing is the first row wherever there is something to compare with. What the numbers
    mean: docs/evaluation.md.
    """
    need_training()
    what = Material(**material)
    what.check()
    if pictures is not None:
        need_empty(pictures, overwrite=overwrite)
    if results is not None:
        need_new([results], overwrite=overwrite)
    strengths = {"streaks": streaks, "veil": veil}
    options = {key: value for key, value in strengths.items() if value is not None}
    from dashcam_pipeline.training.evaluation.common.tables import plain, save  # noqa: PLC0415
    from dashcam_pipeline.training.evaluation.glare.bars import bars_table  # noqa: PLC0415 - torch

    found: dict[str, Any] = {"models": list(models), "quality": quality, "options": options}
    with ExitStack() as stack:
        for key, name, section in _sections(what, models, options, quality, pictures, stack):
            verdict = {"bars": [bar.to_dict() for bar in section.bars()]}
            found.setdefault(key, {})[name] = plain(section.to_dict() | verdict)
            if not as_json:
                click.echo(f"## {key.replace('_', ' ').capitalize()}: {name}\n")
                click.echo(f"{section.markdown()}\n")
                if bars := section.bars():
                    click.echo(f"{bars_table(bars)}\n")
    if results is not None:
        save(found, results, overwrite=overwrite)
    if as_json:
        click.echo(json.dumps(found, indent=2, ensure_ascii=False))


def _sections(  # noqa: PLR0917 - one caller, in this order
    what: Material,
    models: tuple[str, ...],
    options: dict[str, float],
    quality: Quality,
    pictures: Path | None,
    stack: ExitStack,
) -> Iterator[tuple[str, str, Section]]:
    """Measure one thing after another: (key, name of the material, result)."""
    from dashcam_pipeline.training.evaluation.glare.stage import (  # noqa: PLC0415 - torch
        cleaner,
        clip_cleaner,
    )

    if what.pairs or what.folders or what.glare_free or what.held_out:
        still = {m: stack.enter_context(cleaner(m, options, quality)) for m in models}
        yield from _still_sections(what, still, pictures)
    if what.clips or what.truth:
        moving = {m: stack.enter_context(clip_cleaner(m, options, quality)) for m in models}
        yield from _moving_sections(what, moving)


def _still_sections(
    what: Material, pipelines: dict[str, Pipeline], pictures: Path | None
) -> Iterator[tuple[str, str, Section]]:
    from dashcam_pipeline.training.data.pictures import PictureSource  # noqa: PLC0415 - torch
    from dashcam_pipeline.training.evaluation.glare import (  # noqa: PLC0415
        glare_free,
        held_out,
        nights,
        pairs,
    )
    from dashcam_pipeline.training.evaluation.glare.pair_folder import PairFolder  # noqa: PLC0415
    from dashcam_pipeline.training.evaluation.glare.perceptual import (  # noqa: PLC0415
        PerceptualDistance,
    )

    if what.pairs is not None:
        folder = PairFolder.open(what.pairs, what.lists)
        name = ", ".join([str(what.pairs), *(path.name for path in what.lists)])
        yield (
            "pairs",
            name,
            pairs.measure_pairs(
                _bar(folder), pipelines, distance=PerceptualDistance(), pictures=pictures
            ),
        )
    for path in what.folders:
        files = PictureSource.parse(f"night:{path}").files()
        yield "nights", str(path), nights.measure_nights(_bar(files), pipelines, pictures=pictures)
    for path in what.glare_free:
        files = PictureSource.parse(f"day:{path}").files()
        yield (
            "glare_free",
            str(path),
            glare_free.measure_glare_free(
                _bar(files), pipelines, seed=what.seed, pictures=pictures
            ),
        )
    if what.held_out:
        kinds = held_out.check_kinds(what.kinds)
        sources = [PictureSource.parse(text) for text in what.data]
        made = held_out.draw_pairs(kinds, sources, count=what.count, seed=what.seed)
        yield (
            "held_out",
            ", ".join(kinds),
            held_out.measure_held_out(
                _bar(made, total=len(kinds) * what.count), pipelines, pictures=pictures
            ),
        )


def _moving_sections(
    what: Material, pipelines: dict[str, Pipeline]
) -> Iterator[tuple[str, str, Section]]:
    from dashcam_pipeline.training.evaluation.glare import flicker, truth  # noqa: PLC0415 - torch

    if what.truth:
        clips = truth.find_clips(what.truth)
        found = {clip.name: truth.evaluate_clip(clip, pipelines) for clip in _bar(clips)}
        yield "truth", ", ".join(map(str, what.truth)), truth.TruthReport(found)
    if what.clips:
        measured = [
            flicker.measure_flicker(
                str(path), _bar(islice(flicker.read_clip(path), what.frames)), pipelines
            )
            for path in what.clips
        ]
        names = ", ".join(path.name for path in what.clips)
        yield "flicker", names, flicker.FlickerReport(tuple(measured))


def _bar(items: Iterable[T], total: int | None = None) -> Iterable[T]:
    """Show progress where somebody sees it."""
    from tqdm import tqdm  # noqa: PLC0415 - `--help` needs no progress bars

    bar: Iterable[T] = tqdm(items, total=total, leave=False, disable=not sys.stderr.isatty())
    return bar
