"""``dashcam app``: the same without a terminal, on a page in the browser."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Final

import click

from dashcam_pipeline.cli.extras import need_app
from dashcam_pipeline.cli.language import shown
from dashcam_pipeline.cli.manual import ManualCommand, ManualOption
from dashcam_pipeline.translation import _

EPILOG: Final = """\b
Examples:
  dashcam app
  dashcam app /media/SDCARD ~/Videos
  dashcam app samples --no-open

Only what lies in the folders that are named can be seen on the page, and results are written there,
or into FOLDER_clean beside one. The server listens on this machine alone, and its address carries a
secret; it asks nothing of any network. What is in the queue goes on when it is started again.
"""


@click.command(cls=ManualCommand, epilog=EPILOG)
@click.argument("roots", type=click.Path(path_type=Path), nargs=-1, metavar="[FOLDERS]...")
@click.option(
    "--port",
    cls=ManualOption,
    type=click.IntRange(1, 65535),
    metavar="N",
    help="Where to listen on 127.0.0.1; without it, the same one each time if it is free.",
)
@click.option(
    "--no-open",
    cls=ManualOption,
    is_flag=True,
    help="Open no browser; the address is printed in any case.",
)
def app(roots: tuple[Path, ...], port: int | None, no_open: bool) -> None:
    """Open a page in the browser: choose recordings, see before and after, clean them.

    Without FOLDERS, your home folder can be looked at. If a page runs already, it is opened.
    """
    need_app()
    # Imported here: `--help` needs no server.
    from dashcam_pipeline.app.desktop import open_page  # noqa: PLC0415
    from dashcam_pipeline.app.server import serve  # noqa: PLC0415

    logging.getLogger("dashcam_pipeline").setLevel(logging.WARNING)

    def show(address: str) -> None:
        if not no_open and not open_page(address):
            click.echo(shown(_("No browser was found; open the address by hand.")), err=True)

    def ready(address: str) -> None:
        click.echo(shown(_("The page is at {address}", address=address)))
        click.echo(shown(_("Ctrl-C ends it; what is in the queue goes on next time.")))
        show(address)

    def found(address: str, hidden: list[Path]) -> None:
        click.echo(shown(_("The page runs already, at {address}", address=address)))
        if roots and hidden:
            said = _(
                "It may not look at {folders}. To see them, end it with Ctrl-C where it was "
                "started, and start it again.",
                folders=", ".join(map(str, hidden)),
            )
            click.echo(shown(said), err=True)
        show(address)

    try:
        serve(roots or (Path.home(),), port=port, ready=ready, found=found, shown=shown)
    except KeyboardInterrupt:
        click.echo(shown(_("The page has ended.")))
