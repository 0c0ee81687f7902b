"""``dashcam synth``: made-up glare on pictures, as the training sees it (extra ``train``)."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final

import click

from dashcam_pipeline.cli.extras import need_training
from dashcam_pipeline.errors import UsageError

SIDES: Final = range(64, 2049)
"""Width and height, pixels."""

STEP: Final = 8
"""Sides are multiples of it: compression works on blocks of this size."""

LENSES: Final = 40
"""Most lenses that are drawn; making one takes about a third of a second."""

PACK: Final = Path("samples") / "pack"
"""Where a checkout has its simulated scenes."""


@click.group()
def synth() -> None:
    """Make pictures with glare, and the same without."""


@synth.command("glare")
@click.option("--out", type=click.Path(path_type=Path), required=True, help="New or empty folder.")
@click.option(
    "--count", type=click.IntRange(1, 9999), default=24, show_default=True, help="Pairs to make."
)
@click.option("--seed", type=click.IntRange(min=0), default=0, show_default=True, help="Of all.")
@click.option(
    "--data",
    multiple=True,
    metavar="KIND:PATH[@LIST]",
    help=(
        "Backgrounds (night:, day:, hdr:, simulated:), pairs (pairs:, dacon:) or flares "
        "(flare7k:) and a folder. May be given often.  [default: the scenes of samples/pack]"
    ),
)
@click.option(
    "--size", default="512x288", show_default=True, metavar="WxH", help="Multiples of 8, pixels."
)
@click.option(
    "--kind",
    "kinds",
    multiple=True,
    metavar="KIND",
    help=(
        "Show just this kind of glare, such as streaks; docs/training.md lists them. May be given "
        "often.  [default: a mixture, as in training]"
    ),
)
@click.option("-q", "--quiet", is_flag=True, help="Say nothing but errors.")
def glare(  # noqa: PLR0917 - click passes them by name
    out: Path,
    count: int,
    seed: int,
    data: tuple[str, ...],
    size: str,
    kinds: tuple[str, ...],
    quiet: bool,
) -> None:
    """Make pairs to look at: with glare, without, and the glare alone.

    Writes input/, target/, layer/, lamps/ and a contact sheet. The folder can be trained on with
    --data pairs:DIR. The same seed gives the same pictures. docs/training.md describes the kinds.

    \b
      dashcam synth glare --out pairs --count 24 --seed 1
      dashcam synth glare --out moons --kind moon --kind veil --data night:MY/NIGHTS
    """  # noqa: D301 - click's own paragraph mark
    width, height = _size(size)
    sources = data or (f"simulated:{_pack()}",)
    need_training()
    from tqdm import tqdm  # noqa: PLC0415 - `--help` needs no bar

    from dashcam_pipeline.media.output_checks import need_empty  # noqa: PLC0415
    from dashcam_pipeline.training.data.sources import load_data  # noqa: PLC0415
    from dashcam_pipeline.training.synthesis.glare import KernelBank  # noqa: PLC0415
    from dashcam_pipeline.training.synthesis.kinds import ALL, Chances, select  # noqa: PLC0415
    from dashcam_pipeline.training.synthesis.lens import KINDS as TRAINED  # noqa: PLC0415
    from dashcam_pipeline.training.synthesis.mixture import MixedSynthesizer  # noqa: PLC0415
    from dashcam_pipeline.training.synthesis.pairs_folder import write_album  # noqa: PLC0415 - torch

    for kind in kinds:
        if kind not in ALL:
            raise UsageError(
                f"There is no kind of glare named {kind!r}.", advice=f"There are {', '.join(ALL)}."
            )
    need_empty(out)  # before the minutes that pictures and lenses may take
    kernel, chances = select(kinds) if kinds else (TRAINED, Chances())
    pictures = load_data(sources, most=count)
    lenses = min(count, LENSES) if kernel else 0
    bank = KernelBank(seed=seed, count=lenses, size=2 * max(width, height), kinds=kernel)
    source = MixedSynthesizer(pictures, bank, glare_free=0.0, chances=chances)
    steps = write_album(source, out, count, seed, (height, width))
    for _ in tqdm(steps, "making pairs", count, unit=" pairs", disable=quiet or None, leave=False):
        pass
    if not quiet:
        click.echo(f"{count} pairs in {out}; look at {out / 'sheet.jpg'}")


def _pack() -> Path:
    """The simulated scenes of a checkout: the one worked in, or the one the package lies in.

    Raises:
        UsageError: there are none.
    """
    for root in (Path(), Path(__file__).parents[2]):
        if (root / PACK / "scenes.json").is_file():
            return root / PACK
    raise UsageError(
        "There are no pictures to put glare on.",
        advice=(
            f"Give --data KIND:PATH, such as night:FOLDER, or work in a checkout, which has {PACK}."
        ),
    )


def _size(text: str) -> tuple[int, int]:
    match = re.fullmatch(r"(\d+)x(\d+)", text)
    sides = tuple(int(v) for v in match.groups()) if match else ()
    if len(sides) != 2 or any(v not in SIDES or v % STEP for v in sides):  # noqa: PLR2004 - two sides
        raise UsageError(
            f"--size must be WIDTHxHEIGHT, multiples of {STEP} from {SIDES[0]} to {SIDES[-1]}: "
            f"{text!r}",
            advice="For example 512x288.",
        )
    return sides[0], sides[1]
