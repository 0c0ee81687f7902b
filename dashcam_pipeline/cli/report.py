"""``dashcam report``: a page to look at."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from dashcam_pipeline.cli.language import shown, warn
from dashcam_pipeline.cli.manual import ManualCommand, ManualOption
from dashcam_pipeline.cli.progress import steps
from dashcam_pipeline.translation import _

if TYPE_CHECKING:
    from dashcam_pipeline.compare.page.options import Proxies
    from dashcam_pipeline.compare.page.render import PageLanguage

EPILOG: Final = """\b
Examples:
  dashcam report night_clean.mp4 --original night.mp4
  dashcam report CLEAN/ --original SDCARD/ -o report.html
  dashcam report night_clean.mp4 --proxies always --open

The original of a clip is found under --original, by its name beside the result, or where the
result's record says: there only if it is, to the last bit, what the result was made of. The page
works offline and asks nothing of any network.
"""


@click.command(cls=ManualCommand, epilog=EPILOG)
@click.argument("target", type=click.Path(path_type=Path), metavar="CLIP_OR_FOLDER")
@click.option(
    "-o",
    "--output",
    cls=ManualOption,
    type=click.Path(path_type=Path),
    metavar="FILE.html",
    help="Where the page goes; without it, report.html in the folder, or NAME_report.html beside "
    "the clip. Its pictures go into NAME_files beside it.",
)
@click.option(
    "--original",
    cls=ManualOption,
    type=click.Path(path_type=Path),
    metavar="PATH",
    help="The recording, or the folder of recordings, that it was made of.",
)
@click.option(
    "--language",
    cls=ManualOption,
    type=click.Choice(["auto", "en", "ko"]),
    default="auto",
    help="That the page opens in; a button switches. auto is the browser's.  [default: auto]",
)
@click.option(
    "--proxies",
    cls=ManualOption,
    type=click.Choice(["auto", "always", "never"]),
    default="auto",
    help="Smaller H.264 copies for the page: where browsers can't play a recording (HEVC, AVI, "
    "TS, ...), of every recording (the page can then be moved with its folder), or never.  "
    "[default: auto]",
)
@click.option(
    "--overwrite",
    cls=ManualOption,
    is_flag=True,
    help="Replace any file; a page of this tool is always written anew.",
)
@click.option(
    "--threads",
    cls=ManualOption,
    type=click.IntRange(0, 256),
    default=0,
    metavar="N",
    help="Processor threads to use; 0 means all.  [default: 0]",
)
@click.option(
    "--open", "open_result", cls=ManualOption, is_flag=True, help="Open the page when it is done."
)
@click.option("-q", "--quiet", cls=ManualOption, is_flag=True, help="Say nothing but errors.")
def report(  # noqa: PLR0917 - click passes them by name
    target: Path,
    output: Path | None,
    original: Path | None,
    language: PageLanguage,
    proxies: Proxies,
    overwrite: bool,
    threads: int,
    open_result: bool,
    quiet: bool,
) -> None:
    """Write a page about a cleaned clip, or a folder of them: before and after, side by side.

    A draggable divider over both videos, the moments with the most glare, curves, and what was
    kept, changed or lost.
    """
    # Imported here: `--help` needs no numpy.
    from dashcam_pipeline.cli.flags import as_flags  # noqa: PLC0415
    from dashcam_pipeline.compare.page.build import check_cleaned, write_page  # noqa: PLC0415
    from dashcam_pipeline.compare.page.options import PageOptions  # noqa: PLC0415

    logging.getLogger("dashcam_pipeline").setLevel(logging.ERROR if quiet else logging.WARNING)
    options = PageOptions(
        language=language,
        proxies=proxies,
        overwrite=overwrite,
        threads=threads,
        wording=as_flags,
    )
    check_cleaned(target, original)
    with steps(_("report"), enabled=not quiet) as show:
        result = write_page(target, output, original=original, options=options, progress=show)
    if not quiet:
        for note in result.notes:
            warn(note, note=True)
        click.echo(shown(result.summary()))
    if open_result:
        click.launch(str(result.path))
