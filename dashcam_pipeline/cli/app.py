"""``dashcam``: the commands, and what happens to their errors.

An error is one or two sentences on stderr and an exit code of ``dashcam_pipeline.errors``, never a
traceback: for that, set ``DASHCAM_DEBUG=1``.
"""

from __future__ import annotations

import errno
import importlib
import logging
import os
import shlex
import shutil
import signal
import sys
import threading
import traceback
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from dashcam_pipeline import errors
from dashcam_pipeline._version import __version__
from dashcam_pipeline.cli.hints import batch_command, explained
from dashcam_pipeline.cli.language import looked_up, of_click, shown
from dashcam_pipeline.cli.manual import BELOW, ManualCommand
from dashcam_pipeline.media.given import GIVEN
from dashcam_pipeline.translation import Message, _

if TYPE_CHECKING:
    from collections.abc import Sequence
    from types import FrameType

INTERRUPTED: Final = 130
"""Exit code of Ctrl-C and of SIGTERM (128 + SIGINT), as shells have it."""

DEBUG: Final = "DASHCAM_DEBUG"

COMMANDS: Final = {
    "clean": "dashcam_pipeline.cli.clean:clean",
    "batch": "dashcam_pipeline.cli.batch:batch",
    "join": "dashcam_pipeline.cli.join:join",
    "watch": "dashcam_pipeline.cli.watch:watch",
    "app": "dashcam_pipeline.cli.serve:app",
    "preview": "dashcam_pipeline.cli.preview:preview",
    "report": "dashcam_pipeline.cli.report:report",
    "drive": "dashcam_pipeline.cli.drive:drive",
    "events": "dashcam_pipeline.cli.events:events",
    "telemetry": "dashcam_pipeline.cli.telemetry:telemetry",
    "probe": "dashcam_pipeline.cli.probe:probe",
    "verify": "dashcam_pipeline.cli.verify:verify",
    "presets": "dashcam_pipeline.cli.presets:presets",
    "stages": "dashcam_pipeline.cli.stages:stages",
    "models": "dashcam_pipeline.cli.models:models",
    "train": "dashcam_pipeline.cli.train:train",
    "synth": "dashcam_pipeline.cli.synth:synth",
    "evaluate": "dashcam_pipeline.cli.evaluate:evaluate",
    "export": "dashcam_pipeline.cli.export:export",
    "simulate": "dashcam_pipeline.cli.simulate:simulate",
}
"""Command -> ``module:function``; imported when it is run."""

SUMMARIES: Final = {
    "clean": "Clean one recording: decode, run the chain, encode, and carry everything else along.",
    "batch": "Clean a folder of recordings, or a whole card, into another folder.",
    "join": "Join the clips of a drive to one recording: lossless, or through the chain.",
    "watch": "Clean recordings as they come into a folder, or with a card that is put in.",
    "preview": "Show before and after in one video, in sync, with the original timing and sound.",
    "report": "Write a page about a cleaned clip, or a folder of them: "
    "before and after, side by side.",
    "app": "Open a page in the browser: choose recordings, see before and after, clean them.",
    "drive": "List the drives of a folder or card: when, how long, how far, which cameras.",
    "events": "List what happened: event and parking files, hard braking, jumps of speed.",
    "telemetry": "Show or export the telemetry of a recording: positions, speed, G-sensor.",
    "probe": "Say what recordings are: container, tracks, colour, true frame timing, health.",
    "verify": "Hash an output of `dashcam clean` again, and compare it with its provenance record.",
    "presets": "List the presets: what each is for, and what it sets.",
    "stages": "List the installed stages: what they do, their options, bounds and defaults.",
    "models": "List the installed weights: work size, sha256, licence, what they were trained on.",
    "train": "Train the weights of a stage on your own pictures.",
    "synth": "Make pictures with glare, and the same without.",
    "evaluate": "Measure the weights of a stage beside doing nothing.",
    "export": "Write a run's averaged network as ONNX, its entry in the manifest, "
    "and its model card.",
    "simulate": "Render a drive through a made-up street, and film it as a dashcam does.",
}
"""The first sentence of each command, so that listing them imports none; a test compares."""

HELP_GROUPS: Final = {
    _("Clean"): ("clean", "batch", "watch", "join", "app"),
    _("Look"): ("preview", "report", "telemetry"),
    _("Drives"): ("drive", "events"),
    _("Check"): ("probe", "verify", "presets", "stages", "models"),
    _("Make weights"): ("train", "synth", "evaluate", "export", "simulate"),
}
"""Sections of ``dashcam --help``."""

EXAMPLES: Final = (
    ("dashcam clean night.mp4", _("Writes night_clean.mp4 beside it.")),
    ("dashcam clean *.mp4 -o CLEAN/", _("Several recordings, into a folder.")),
    ("dashcam batch SDCARD/ CLEAN/", _("A whole card; goes on after a power cut.")),
    ("dashcam probe night.mp4", _("What the recording is, and whether it is whole.")),
    ("dashcam clean --help", _("Every option.")),
)

_CLICKS_LEAST: Final = 52
"""Columns below which click wraps its help for a wider terminal than there is."""


class LazyGroup(ManualCommand, click.Group):
    """Imports a command's module when the command is asked for."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        """All commands, in the order people need them."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002 - click's signature
        """Import one command."""
        if cmd_name not in COMMANDS:
            return None
        module, _, attribute = COMMANDS[cmd_name].partition(":")
        command: click.Command = getattr(importlib.import_module(module), attribute)
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find the command; for what is none, say which one was probably meant."""
        known = args[0] in COMMANDS or args[0].startswith("-")
        if not known and not ctx.resilient_parsing:
            raise click.UsageError(shown(unknown_command(args)), ctx)
        return super().resolve_command(ctx, args)

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the options, and then the commands."""
        super().format_options(ctx, formatter)
        self.format_commands(ctx, formatter)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002 - click's signature
        """Write the commands by what they are for, each with its whole first sentence."""
        for heading, names in HELP_GROUPS.items():
            rows = [(name, looked_up(SUMMARIES[name])) for name in names]
            with formatter.section(shown(heading)):
                formatter.write_dl(rows)

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002 - click's signature
        """Examples, exit codes and shell completion."""
        with formatter.section(shown(_("Examples"))):
            formatter.write_dl([(a, shown(b)) for a, b in EXAMPLES], col_max=BELOW)
        with formatter.section(shown(_("Exit codes"))):
            formatter.write_dl([(code, shown(text)) for code, text in exit_codes()])
        with formatter.section(shown(_("Shell completion"))):
            formatter.write_text(
                shown(
                    _(
                        'Add  eval "$(_DASHCAM_COMPLETE=bash_source dashcam)"  to ~/.bashrc '
                        "(zsh_source and fish_source for those shells)."
                    )
                )
            )


def first_sentence(command: click.Command) -> str:
    """Of what a command does, whole; in English."""
    return command.get_short_help_str(limit=300)


def unknown_command(args: Sequence[str]) -> str:
    """What to say where no command is called as the first of these words."""
    # Imported here: only a mistake needs them.
    from dashcam_pipeline.media.containers import is_recording  # noqa: PLC0415
    from dashcam_pipeline.stages.explain import near  # noqa: PLC0415

    word = args[0]
    path = Path(word)
    if path.is_dir():
        return _(
            "No command {word}; that is a folder. Did you mean `{command}`?",
            word=repr(word),
            command=batch_command(path),
        )
    if is_recording(path) or path.is_file():
        meant = f"dashcam clean {shlex.join(args)}"
        return _(
            "No command {word}; that is the name of a file. Did you mean `{command}`?",
            word=repr(word),
            command=meant,
        )
    guess = near(word, COMMANDS)
    if guess:
        return _(
            "No command {word}. Did you mean `dashcam {command}`?",
            word=repr(word),
            command=guess[0],
        )
    return _("No command {word}; `dashcam --help` lists the commands.", word=repr(word))


def exit_codes() -> list[tuple[str, str]]:
    """Exit codes and what they say, from the tree of errors: the one table of them."""
    rows = {
        0: _("Done; the output is whole."),
        errors.DashcamError.exit_code: _("Something unexpected."),
    }
    for kind in errors.DashcamError.__subclasses__():
        sentence = (kind.__doc__ or "").strip().splitlines()[0].replace("``", "")
        rows.setdefault(kind.exit_code, _(sentence))
    rows[INTERRUPTED] = _("Ctrl-C; what was written whole before, if anything, is said.")
    return [(str(code), text) for code, text in sorted(rows.items())]


@click.group(
    cls=LazyGroup,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
@click.version_option(__version__, "-V", "--version", prog_name="dashcam")
def app() -> None:
    """Take the glare out of dashcam recordings, and keep everything else.

    Same length, same timing, same sound, same subtitles and metadata: what comes out is still a
    dashcam recording, with more to see in it. The source is never changed.
    """


def main(args: Sequence[str] | None = None) -> int:
    """Run the command line.

    Args:
        args: without the program's name; those of the process if None.

    Returns:
        the exit code.
    """
    handler = logging.StreamHandler()
    handler.setFormatter(_Sentence())
    logger = logging.getLogger("dashcam_pipeline")
    logger.addHandler(handler)
    level = logger.level  # commands quieten it; a caller in this process must not notice
    in_main_thread = threading.current_thread() is threading.main_thread()
    before = signal.signal(signal.SIGTERM, _terminate) if in_main_thread else None
    try:
        with of_click():
            code = _run(args)
    finally:
        logger.removeHandler(handler)
        logger.setLevel(level)
        if in_main_thread:
            signal.signal(signal.SIGTERM, before)
    if any(t.daemon and t.name.startswith("dashcam-") for t in threading.enumerate()):
        # A native call still holds a thread; waiting for it is what the user doesn't want.
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)
    return code


def _run(args: Sequence[str] | None) -> int:
    """Run, and turn what is raised into a sentence and an exit code."""
    given = GIVEN.count
    try:
        result: Any = app.main(
            args, prog_name="dashcam", standalone_mode=False, terminal_width=_narrow()
        )
    except (click.Abort, KeyboardInterrupt):
        _say(_interrupted(GIVEN.count - given))
        return INTERRUPTED
    except click.ClickException as error:
        error.show()
        return error.exit_code
    except errors.DashcamError as error:
        _debug()
        _say(explained(error))
        if isinstance(error, errors.UsageError) and not error.advice:
            words = sys.argv[1:] if args is None else args
            command = next((word for word in words if word in COMMANDS), "clean")
            _echo(_("`dashcam {command} --help` explains every option.", command=command))
        return error.exit_code
    except BrokenPipeError:
        # Whoever read our output has gone; say nothing to nobody, also not at shutdown.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return errors.DashcamError.exit_code
    except Exception as error:  # noqa: BLE001 - the last resort: a sentence instead of a traceback
        return _unforeseen(error)
    return result if isinstance(result, int) else 0


def _unforeseen(error: Exception) -> int:
    """Say what nothing else has an answer to; the exit code."""
    _debug()
    if isinstance(error, OSError) and error.errno == errno.ENAMETOOLONG:
        # No file can have that name: it was typed. Every question whether it is there raises this.
        _say(_("{name}: this name is longer than one can be here.", name=error.filename))
        return errors.UsageError.exit_code
    _say(_("unexpected {kind}: {error}", kind=type(error).__name__, error=error))
    _echo(_("This is a fault of dashcam; {variable}=1 shows where.", variable=DEBUG))
    return errors.DashcamError.exit_code


def _interrupted(count: int) -> Message:
    """What Ctrl-C leaves behind, when so many files have got their names."""
    if not count:
        return _("interrupted; nothing was written.")
    names = ", ".join(str(path) for path in GIVEN.last)
    before = count - len(GIVEN.last)
    if not before:
        return _("interrupted; written before that, and whole: {names}.", names=names)
    return _(
        "interrupted; written before that, and whole: {names}, and {before} before.",
        names=names,
        before=before,
    )


def _narrow() -> int | None:
    """Columns of a terminal on which click's own least width would not fit; else None."""
    columns = shutil.get_terminal_size().columns
    return columns - 2 if columns < _CLICKS_LEAST else None


def _say(text: str) -> None:
    click.echo(f"dashcam: {shown(text)}", err=True)


def _echo(text: str) -> None:
    click.echo(shown(text), err=True)


def _debug() -> None:
    if os.environ.get(DEBUG):
        traceback.print_exc()


def _terminate(_signal: int, _frame: FrameType | None) -> None:
    """SIGTERM ends a run as Ctrl-C does: no half output stays behind."""
    raise KeyboardInterrupt


class _Sentence(logging.Formatter):
    """``dashcam: warning: ...``, the traceback only when debugging."""

    def format(self, record: logging.LogRecord) -> str:
        from dashcam_pipeline.cli.flags import as_flags  # noqa: PLC0415 - loads pydantic

        said = shown(record.msg) if isinstance(record.msg, Message) else str(record.msg)
        text = said % record.args if record.args else said
        return f"dashcam: {said_level(record.levelname.lower())}: {as_flags(text)}"


def said_level(name: str) -> str:
    """A level of the log, as it is called where it is shown."""
    return shown(_("warning")) if name == "warning" else name
