"""Help that reads like a manual: options by section, in the language that is spoken."""

from __future__ import annotations

import inspect
from typing import TYPE_CHECKING, Any, Final

import click

from dashcam_pipeline.cli.language import looked_up, shown
from dashcam_pipeline.engine.readable import columns
from dashcam_pipeline.translation import _

if TYPE_CHECKING:
    from collections.abc import Iterable

GROUPS: Final = ("Stages", "Input", "Output", "Machine")
"""Sections of the help, in order; those of the fields, and then a command's own options."""

OWN_GROUP: Final = "This command"

_HEADINGS: Final = (
    _("Stages"),
    _("Input"),
    _("Output"),
    _("Machine"),
    _("This command"),
    _("Which recordings"),
    _("Cutting out"),
)
"""Headings in other languages."""

BELOW: Final = 6
"""Columns that an explanation is moved in where it stands below what it explains."""

_NARROW: Final = 60
"""Columns below which options and their explanations don't fit side by side."""

AS_IT_IS: Final = "\b\n"
"""Click's mark of a paragraph that keeps its lines."""

_FILLER: Final = "\ue000"
"""A letter of nobody's (a private one of Unicode)."""


class ManualOption(click.Option):
    """An option with a section of the help.

    Args:
        group: heading that it is listed under.
        notes: bounds and default, shown in brackets behind the help.
    """

    def __init__(
        self,
        *args: Any,  # noqa: ANN401 - as click's
        group: str = OWN_GROUP,
        notes: str = "",
        **kwargs: Any,  # noqa: ANN401 - as click's
    ) -> None:
        super().__init__(*args, **kwargs)
        self.group, self.notes = group, notes

    def get_help_record(self, ctx: click.Context) -> tuple[str, str] | None:
        """The option and what it means, with the notes."""
        record = super().get_help_record(ctx)
        if record is None or not self.notes:
            return record
        return record[0], f"{record[1]}  [{shown(self.notes)}]"


class ManualFormatter(click.HelpFormatter):
    """Wraps lines where the terminal ends, also those in Hangul, which takes two columns."""

    def write_text(self, text: str) -> None:
        """Write a paragraph."""
        super().write_text(_widened(text))

    def write_dl(
        self, rows: Iterable[tuple[str, str]], col_max: int = 30, col_spacing: int = 2
    ) -> None:
        """Write terms and what they mean; below them where the terminal is narrow."""
        if self.width < _NARROW:
            col_max = BELOW
        super().write_dl([(_widened(a), _widened(b)) for a, b in rows], col_max, col_spacing)

    def write(self, string: str) -> None:
        """Write anything."""
        super().write(string.replace(_FILLER, ""))


class ManualContext(click.Context):
    """Where help is formatted so."""

    formatter_class = ManualFormatter


class ManualCommand(click.Command):
    """A command whose options are listed by section, in the language that is spoken."""

    context_class = ManualContext

    def format_help_text(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002 - click's signature
        """Write what the command does."""
        formatter.write_paragraph()
        with formatter.indentation():
            formatter.write_text(looked_up(inspect.cleandoc(self.help or "")))

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the options, section by section."""
        sections: dict[str, list[tuple[str, str]]] = {OWN_GROUP: []}
        for parameter in self.get_params(ctx):
            record = help_record(parameter, ctx)
            if record is not None:
                group = getattr(parameter, "group", OWN_GROUP)
                sections.setdefault(group, []).append(record)
        # A command's own headings come before those that all commands share.
        common = {group: sections.pop(group, []) for group in GROUPS}
        if not any(common.values()) and len(sections) == 1:
            sections = {"Options": sections[OWN_GROUP]}
        for heading, records in (sections | common).items():
            if records:
                with formatter.section(looked_up(heading)):
                    formatter.write_dl(records)

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002 - click's signature
        """Write examples, and what else there is to say."""
        if self.epilog:
            formatter.write_paragraph()
            with formatter.indentation():
                text = inspect.cleandoc(self.epilog)
                bare = text.removeprefix(AS_IT_IS)
                formatter.write_text(text.removesuffix(bare) + looked_up(bare))


def help_record(parameter: click.Parameter, ctx: click.Context) -> tuple[str, str] | None:
    """An option and what it means, in the language that is spoken; None for an argument."""
    record = parameter.get_help_record(ctx)
    if record is None or not isinstance(parameter, click.Option):
        return None
    meaning = parameter.help or ""
    said = looked_up(meaning)
    if "`" in said:
        from dashcam_pipeline.cli.flags import as_flags  # noqa: PLC0415 - loads pydantic

        said = as_flags(said)
    return record[0], said + record[1].removeprefix(meaning)


def _widened(text: str) -> str:
    """A text in which each letter of two columns is two letters, for what counts letters."""
    return "".join(char + _FILLER * (columns(char) - 1) for char in text)
