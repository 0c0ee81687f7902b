"""``dashcam presets``: named settings, and what each sets."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import click

from dashcam_pipeline.cli.language import shown, warn
from dashcam_pipeline.cli.manual import ManualCommand
from dashcam_pipeline.config import make_config
from dashcam_pipeline.engine.readable import one_line, table
from dashcam_pipeline.errors import ConfigError, InputMissingError
from dashcam_pipeline.translation import _, joined

if TYPE_CHECKING:
    from collections.abc import Iterator

    from dashcam_pipeline.presets.find import Preset


@click.command(cls=ManualCommand)
@click.option("--json", "as_json", is_flag=True, help="The same as JSON.")
def presets(as_json: bool) -> None:
    """List the presets: what each is for, and what it sets.

    A preset is used with `--preset NAME`, or as `preset = "NAME"` in a pipeline.toml. What the
    command line says wins over a pipeline.toml, that over the preset, and that over the defaults.
    Your own are files of the same keys as a pipeline.toml, with a summary if you like, in the
    folder that is named below the list; or give the path of such a file.
    """
    from dashcam_pipeline.presets.find import built_in, own_folder  # noqa: PLC0415 - start-up

    found = [*built_in(), *_own()]
    if as_json:
        click.echo(json.dumps([_facts(preset) for preset in found], indent=2, ensure_ascii=False))
        return
    for preset in found:
        click.echo(shown(_text(preset)))
    click.echo(shown(_("Your own: {folder}", folder=own_folder() / "NAME.toml")))


def _own() -> Iterator[Preset]:
    """The user's; what is wrong with one is said, and the others are listed."""
    from dashcam_pipeline.presets.find import (  # noqa: PLC0415 - start-up
        find_preset,
        own_files,
        shadowed_files,
    )

    for path in shadowed_files():
        warn(
            _(
                "{path} is never used: the preset {name} is built in. Give the file another name.",
                path=path,
                name=path.stem,
            )
        )
    for path in own_files():
        try:
            preset = find_preset(str(path))
            make_config(preset.values, source=str(path))
        except (ConfigError, InputMissingError) as error:
            warn(error.args[0])
        else:
            yield preset


def _facts(preset: Preset) -> dict[str, Any]:
    return {
        "name": preset.name,
        "summary": preset.summary,
        "built_in": preset.built_in,
        "path": str(preset.path),
        "settings": dict(preset.values),
    }


def _text(preset: Preset) -> str:
    head = joined("  ", filter(None, (preset.name, preset.summary)))
    rows = [(name, _value(value)) for name, value in preset.values.items()]
    return joined("\n", filter(None, (head, table(rows, indent="    ") if rows else "")))


def _value(value: object) -> str:
    """As a TOML file has it, nearly: JSON writes texts, numbers, lists and yes or no alike."""
    return one_line(json.dumps(value, ensure_ascii=False, default=str))
