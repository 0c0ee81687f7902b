"""Command-line options made from the configuration's fields.

::

    @click.command(cls=ManualCommand)
    @config_options("Stages", "Machine")
    def preview(config: CleanConfig) -> None: ...

Names, defaults, bounds and help texts are those of ``CleanConfig``: nothing is said twice. Only
what is given explicitly is handed on, so that it can win over a ``pipeline.toml``, and that over a
preset.
"""

from __future__ import annotations

import functools
import typing
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, ParamSpec, TypeVar

import click
from click.shell_completion import CompletionItem

from dashcam_pipeline.cli.flags import OPTION_NAMES, option_extra, option_name
from dashcam_pipeline.cli.language import shown, warn
from dashcam_pipeline.cli.manual import GROUPS, ManualOption
from dashcam_pipeline.config import CleanConfig, load_config, overruled
from dashcam_pipeline.presets.toml_file import read_toml
from dashcam_pipeline.stages.explain import allowed, choices, plain_type
from dashcam_pipeline.translation import _, joined

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

    from pydantic.fields import FieldInfo

    from dashcam_pipeline.translation import Message

P = ParamSpec("P")
R = TypeVar("R")


def progress_option(command: Callable[..., R]) -> Callable[..., R]:
    """Give a command ``--progress``, and its function a ``progress``."""
    return click.option(
        "--progress",
        cls=ManualOption,
        type=click.Choice(["text", "json"]),
        default="text",
        show_default=True,
        help="How far it is, on stderr: for people, or a line of JSON for each event, for another "
        "program (docs/batch.md describes them).",
    )(command)


def config_options(
    *groups: str, leave_out: Collection[str] = ()
) -> Callable[[Callable[..., R]], Callable[..., R]]:
    """Give a command the configuration's options, and its function a ``config``.

    Args:
        groups: sections of the fields to take; all of them if none is named.
        leave_out: fields that the command has no use for.
    """
    wanted = set(groups or GROUPS)
    fields = {
        name: field
        for name, field in CleanConfig.model_fields.items()
        if option_extra(field)["group"] in wanted and name not in leave_out
    }

    def decorate(function: Callable[..., R]) -> Callable[..., R]:
        @functools.wraps(function)
        def run(*args: Any, **kwargs: Any) -> R:  # noqa: ANN401 - click passes what was declared
            given = {name: kwargs.pop(name) for name in fields}
            config = _config(
                given,
                kwargs.pop("config_file"),
                no_stages=kwargs.pop("no_stages", False),
                no_protect=kwargs.pop("no_protect", False),
                quiet=kwargs.get("quiet", False),
            )
            return function(*args, config=config, **kwargs)

        command: Callable[..., R] = run
        for name, field in reversed(fields.items()):
            command = _field_option(name, field)(command)
        command = click.option(
            "--no-stages",
            cls=ManualOption,
            group="Stages",
            is_flag=True,
            help="The empty chain: decode and encode only.",
        )(command)
        command = click.option(
            "--no-protect",
            cls=ManualOption,
            group="Stages",
            is_flag=True,
            help="Protect nothing, burned-in text neither.",
        )(command)
        return click.option(
            "--config",
            "config_file",
            cls=ManualOption,
            group="Stages",
            type=click.Path(path_type=Path),
            metavar="FILE",
            help="A pipeline.toml with any of these settings; options given here win over it.",
        )(command)

    return decorate


def _config(
    given: dict[str, Any], file: Path | None, *, no_stages: bool, no_protect: bool, quiet: bool
) -> CleanConfig:
    """The configuration of what was said explicitly."""
    # click gives None or an empty tuple for what wasn't said.
    explicit = {name: value for name, value in given.items() if value not in (None, ())}
    if no_stages:
        if "stages" in explicit:
            raise click.UsageError(shown(_("--no-stages and --stage exclude each other.")))
        explicit["stages"] = ()
    if no_protect:
        if "protect" in explicit:
            raise click.UsageError(shown(_("--no-protect and --protect exclude each other.")))
        explicit["protect"] = ()
    config = load_config(file, overrides=explicit, names=OPTION_NAMES)
    preset = explicit.get("preset") or (read_toml(file).get("preset") if file else None)
    if preset and not quiet:
        _say_what_wins(config, preset)
    return config


def _say_what_wins(config: CleanConfig, preset: str) -> None:
    """Name the settings that a preset doesn't decide, since they were made explicitly."""
    names = ", ".join(OPTION_NAMES[name] for name in overruled(config, preset))
    if names:
        fields = {"names": names, "preset": config.preset}
        warn(_("{names}: as you say, not as the preset {preset} has it.", **fields), note=True)


def _field_option(name: str, field: FieldInfo) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """One field as an option; values are checked by the model, not by click."""
    extra = option_extra(field)
    declaration = option_name(name, field)
    kind: Any = plain_type(field.annotation)
    settings: dict[str, Any] = {
        "cls": ManualOption,
        "group": extra["group"],
        "default": None,
        "help": field.description,
        "notes": _notes(field),
    }
    if kind is bool:
        declaration += f"/--no-{declaration.removeprefix('--')}"
    elif choices(field):
        settings["type"] = click.Choice(choices(field))
    else:
        settings["metavar"] = extra["metavar"] or _metavar(kind)
        settings["multiple"] = typing.get_origin(kind) in {tuple, dict}
        settings["type"] = str
    if name in _COMPLETED:
        settings["shell_complete"] = _COMPLETED[name]
    return click.option(declaration, name, **settings)


def _notes(field: FieldInfo) -> Message:
    """Bounds and default."""
    notes = []
    kind = plain_type(field.annotation)
    if kind is not bool and not choices(field) and allowed(field):
        notes.append(allowed(field))
    default = _default_text(field.get_default(call_default_factory=True, validated_data={}))
    if default:
        notes.append(_("default: {default}", default=default))
    return joined("; ", notes)


def _default_text(default: object) -> str:
    if isinstance(default, bool):
        return _("yes") if default else _("no")
    if isinstance(default, tuple):
        return " ".join(str(part) for part in default)
    if default is None or default == {}:
        return ""
    return f"{default:g}" if isinstance(default, float) else str(default)


def _metavar(kind: object) -> str:
    return {float: "NUMBER", int: "N"}.get(kind, "TEXT")  # type: ignore[call-overload, no-any-return]


def _complete_stage(
    _context: click.Context, _parameter: click.Parameter, incomplete: str
) -> list[CompletionItem]:
    """Installed stages that begin so, for the shell."""
    from dashcam_pipeline.stages.registry import available_stages  # noqa: PLC0415 - reads metadata

    return [CompletionItem(name) for name in available_stages() if name.startswith(incomplete)]


def _complete_preset(
    _context: click.Context, _parameter: click.Parameter, incomplete: str
) -> list[CompletionItem]:
    """Presets that begin so, for the shell."""
    from dashcam_pipeline.presets.find import BUILT_IN, own_files  # noqa: PLC0415 - reads a folder

    names = [*BUILT_IN, *(path.stem for path in own_files())]
    return [CompletionItem(name) for name in names if name.startswith(incomplete)]


_COMPLETED: Final = {"stages": _complete_stage, "preset": _complete_preset}
"""Fields whose values a shell can be told."""
