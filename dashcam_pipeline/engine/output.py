"""The end of a run: how the file is encoded and tagged, and that it is whole or not at all."""

from __future__ import annotations

import re
from concurrent.futures import ThreadPoolExecutor, wait
from pathlib import Path
from typing import TYPE_CHECKING, Final

from dashcam_pipeline._version import __version__
from dashcam_pipeline.engine.readable import duration
from dashcam_pipeline.errors import InputError, NotVideoError
from dashcam_pipeline.frames import Frame
from dashcam_pipeline.media.carried import PicturePacket
from dashcam_pipeline.media.encoders import EncoderSettings
from dashcam_pipeline.translation import _

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from dashcam_pipeline.config import CleanConfig, StageSpec
    from dashcam_pipeline.media.carried import CarriedPacket
    from dashcam_pipeline.media.source import SourceInfo
    from dashcam_pipeline.media.write_report import WriteReport
    from dashcam_pipeline.media.writer import Writer

SOFTWARE: Final = f"dashcam_pipeline {__version__}"

MARK: Final = re.compile(r"dashcam_pipeline \d[^\s:]*: ")
"""How what ``processing_tags`` writes into the metadata is known again."""

_SYNTHETIC: Final = "(synthetic picture)"


def encoder_settings(config: CleanConfig, threads: int | None = None) -> EncoderSettings:
    """What a run asks of the encoder.

    Args:
        config: of the run.
        threads: that the encoder may use; None is as many as the run.
    """
    return EncoderSettings(
        codec=config.codec,
        crf=config.crf,
        preset=config.encoder_preset,
        options=config.encoder_options,
        threads=config.thread_count if threads is None else threads,
        deterministic=config.deterministic,
        hardware=config.hwaccel != "none",
    )


def processing_tags(
    metadata: Mapping[str, str], config: CleanConfig, *, synthetic: bool = False
) -> dict[str, str]:
    """Container metadata that says what was done; a comment of the source stays in front of it.

    Args:
        metadata: of the source.
        config: of the run.
        synthetic: True if a stage shows what the camera never saw.
    """
    chain = " > ".join(_named(spec) for spec in config.stages) or "no stages"
    return marked(metadata, f"{chain}{f' {_SYNTHETIC}' if synthetic else ''}")


def marked(metadata: Mapping[str, str], what: str) -> dict[str, str]:
    """Container metadata that says what was done, as of ``processing_tags``.

    Args:
        metadata: of the source.
        what: in short.
    """
    mark = f"{SOFTWARE}: {what}"
    for key, before in metadata.items():  # under the source's own spelling: MKV has COMMENT
        if key.lower() == "comment" and before.strip():
            return {key: f"{before.rstrip()}; {mark}"}
    return {"comment": mark}


def is_marked(metadata: Mapping[str, str]) -> bool:
    """Whether a recording's metadata says that it was made here."""
    return any(MARK.search(value) for value in metadata.values())


def is_synthetic(metadata: Mapping[str, str]) -> bool:
    """Whether it says that the picture shows what the camera never saw."""
    return is_marked(metadata) and any(_SYNTHETIC in value for value in metadata.values())


def _named(spec: StageSpec) -> str:
    """A stage and its options, of files only their names: folders are the user's own business."""
    options = {
        key: Path(value).name if isinstance(value, str) else value
        for key, value in spec.options.items()
    }
    return str(spec.model_copy(update={"options": options}))


def open_writer(make: Callable[[], Writer]) -> Writer:
    """Make a writer where Ctrl-C can't strike.

    A writer's header goes through PyAV's Python callbacks, which swallow what is raised in them: an
    interrupt there would be lost, and the bytes with it. Interrupts are raised in the main thread
    alone, so the writer is made in another one.

    Args:
        make: makes the writer.

    Raises:
        Exception: what ``make`` raises.
        KeyboardInterrupt: it came meanwhile; the writer was aborted.
    """
    pool = ThreadPoolExecutor(1, thread_name_prefix="dashcam-open")
    future = pool.submit(make)
    try:
        return future.result()
    except BaseException:
        wait([future])
        if future.exception() is None:
            future.result().abort()
        raise
    finally:
        pool.shutdown(wait=False)


class Output:
    """The writer as the last thread sees it: ``abort`` works at any time.

    Args:
        writer: of the output.
        empty: what is raised at the end if not one frame came, as ``no_pictures`` has it.
        seal: called with the unfinished file's path before that, as of ``Writer.finish``.
    """

    def __init__(
        self,
        writer: Writer,
        empty: InputError,
        seal: Callable[[Path], object] | None = None,
    ) -> None:
        self._writer = writer
        self._seal = seal
        self._error_if_empty = empty
        self._empty = True

    def write(self, item: Frame | CarriedPacket) -> None:
        """Take the next item."""
        self._writer.write(item)
        self._empty = self._empty and not isinstance(item, Frame | PicturePacket)

    def finish(self) -> WriteReport:
        """Make the output whole.

        Raises:
            InputError: not one frame came.
        """
        if self._empty:
            raise self._error_if_empty
        return self._writer.finish(self._seal)

    def abort(self) -> None:
        """Leave nothing behind; what is whole has no name yet, and is the run's to remove."""
        self._writer.abort()


def no_pictures(info: SourceInfo, start: float | None) -> InputError:
    """The error for a recording, or a part of it, of which nothing can be shown.

    Args:
        info: the recording.
        start: where the part begins, in seconds.
    """
    if start and info.duration_s:
        return InputError(
            _(
                "{path} has no picture at {start:g} s or later: the recording lasts {duration}.",
                path=info.path,
                start=start,
                duration=duration(info.duration_s),
            ),
            advice=_("Begin earlier."),
        )
    return NotVideoError(
        _("{path}: there is not one picture to write.", path=info.path),
        advice=_("Check that it plays in a media player."),
    )
