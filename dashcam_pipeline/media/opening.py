"""Opening a recording, and saying clearly why one can't be opened.

Only containers that hold recordings are accepted, and only from a file: playlists and scripts
that point elsewhere, pictures and text are turned away before anything of them is decoded.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import av
import av.error

from dashcam_pipeline.errors import (
    IndexMissingError,
    InputError,
    InputMissingError,
    NotVideoError,
    PictureError,
)
from dashcam_pipeline.media import extent, riff, sample_tables
from dashcam_pipeline.media.containers import CONTAINERS
from dashcam_pipeline.translation import _, system_reason

if TYPE_CHECKING:
    from pathlib import Path

    from av.codec.hwaccel import HWAccel
    from av.container import InputContainer

_OTHERS: Final = "mpeg,flv,asf,mxf,nut,ogg,ivf,dv,h264,hevc,mpegvideo,m4v,mjpeg,mjpeg_2000,obu"
"""Demuxers of recordings that aren't looked for by name but may be opened."""

ACCEPTED: Final = ",".join([*dict.fromkeys(c.demuxer for c in CONTAINERS), _OTHERS])
"""FFmpeg's demuxers that may be used."""

MAX_STREAMS: Final = 100
"""Tracks of one file; a camera writes fewer than ten, a hostile file as many as fit."""

MAX_PIXELS: Final = 8192 * 8192
"""Of one picture. FFmpeg's own limit is four times that: 400 MB for every picture it holds."""

_OPTIONS: Final = {
    "format_whitelist": ACCEPTED,
    "max_streams": str(MAX_STREAMS + 1),  # some demuxers silently leave out the rest
    "protocol_whitelist": "file",
    # find tracks that a transport stream doesn't announce, as Novatek's positions
    "scan_all_pmts": "1",
}

_DECODER_OPTIONS: Final = {"max_pixels": str(MAX_PIXELS)}

_NO_RECORDING: Final = (
    av.error.InvalidDataError,
    av.error.EOFError,
    av.error.UndefinedError,
    av.error.ArgumentError,  # a demuxer that isn't accepted
    av.error.PatchWelcomeError,  # headers so damaged that they ask for what nobody wrote yet
)

_PICTURES: Final = {
    b"\xff\xd8\xff": "JPEG",
    b"\x89PNG\r\n\x1a\n": "PNG",
    b"GIF8": "GIF",
    b"BM": "BMP",
    b"II*\0": "TIFF",
    b"MM\0*": "TIFF",
}
"""First bytes of pictures, as their formats have them."""

REBUILD_ADVICE: Final = _(
    "The camera lost power before it wrote the index. Don't record on that card again; such a "
    "clip can mostly be rebuilt by an untrunc-like tool from it and a healthy clip of the same "
    "camera in the same settings."
)


def open_source(path: Path, hwaccel: HWAccel | None = None) -> InputContainer:
    """Open a recording for reading; it is never written to.

    Args:
        path: a file.
        hwaccel: hardware that its video tracks are to be decoded with.

    Raises:
        InputMissingError: no such file, a folder, or no permission.
        IndexMissingError: an MP4 or MOV without its index.
        NotVideoError: empty, or no container of recordings.
        PictureError: a still picture.
        InputError: reading failed for another reason.
    """
    check_readable(path)
    _check_claims(path)
    try:
        container = av.open(
            # an absolute path can't be taken for an address ("a:b.mp4"), and Path is FFmpeg's name
            str(path.absolute()),
            mode="r",
            container_options=_OPTIONS,
            options=_DECODER_OPTIONS,
            metadata_errors="replace",
            hwaccel=hwaccel,
        )
    except _NO_RECORDING as error:
        if extent.lacks_index(path):
            raise IndexMissingError(
                _(
                    "{path} is an MP4 or MOV whose index (moov) is missing: nothing in it "
                    "can be located.",
                    path=path,
                ),
                advice=REBUILD_ADVICE,
            ) from error
        kind = _kind_of_picture(path)
        if kind:
            raise PictureError(
                _("{path} is a picture ({kind}), not a recording.", path=path, kind=kind),
                advice=_("Name the recording that it was taken of."),
            ) from error
        raise NotVideoError(
            _("{path} is not a video recording, or is damaged from its first bytes on.", path=path),
            advice=_("Check that it plays, and that it wasn't cut short when it was copied."),
        ) from error
    except av.error.PermissionError as error:
        raise _no_permission(path) from error
    except av.error.MemoryError as error:
        raise _too_many(path) from error
    except av.error.FFmpegError as error:
        raise InputError(
            _("{path} can't be read: {reason}.", path=path, reason=system_reason(error)),
            advice=_("Copy it from the card to a disk and try again."),
        ) from error
    if len(container.streams) > MAX_STREAMS:
        container.close()
        raise _too_many(path)
    for stream in container.streams.video:
        if stream.codec_context is not None:  # None where FFmpeg has no decoder
            stream.codec_context.options = dict(_DECODER_OPTIONS)
    return container


def _check_claims(path: Path) -> None:
    """Refuse what FFmpeg would make room for because a file says so.

    Raises:
        NotVideoError: it claims more than it can hold.
    """
    if count := sample_tables.too_many(path):
        raise NotVideoError(
            _("{path} lists {count} samples, more than it has room for.", path=path, count=count),
            advice=_("No camera writes such a file; be careful with where it comes from."),
        )
    if riff.texts_beyond_end(path):
        raise NotVideoError(
            _(
                "{path} holds a text that reaches beyond its end: its first bytes are damaged.",
                path=path,
            ),
            advice=_("Copy it from the card once more; be careful with where it comes from."),
        )


def check_readable(path: Path) -> None:
    """Raise a clear error unless a path is a file that can be read and holds something.

    Args:
        path: a file.

    Raises:
        InputMissingError: no such file, a folder, or no permission.
        NotVideoError: it is empty, or no ordinary file.
        InputError: it can't be read for another reason.
    """
    try:
        if path.is_dir():
            raise InputMissingError(
                _("{path} is a folder, not a recording.", path=path),
                advice=_("Name a file in it."),
            )
        size = path.stat().st_size
        if not path.is_file():  # opening a pipe would wait for ever
            raise NotVideoError(
                _("{path} is not a file but a pipe or a device.", path=path),
                advice=_("Copy the recording into a file first."),
            )
        with path.open("rb"):
            pass
    except FileNotFoundError as error:
        raise InputMissingError(
            _("{path} does not exist.", path=path),
            advice=_("Check the name, and whether the card is mounted."),
        ) from error
    except PermissionError as error:
        raise _no_permission(path) from error
    except OSError as error:
        raise InputError(
            _("{path} can't be read: {reason}.", path=path, reason=system_reason(error)),
            advice=_("Copy it from the card to a disk and try again."),
        ) from error
    if size == 0 and path.is_file():
        raise NotVideoError(
            _("{path} is empty (0 bytes).", path=path),
            advice=_("The camera opened it but never wrote to it; there is nothing to recover."),
        )


def _kind_of_picture(path: Path) -> str:
    """The kind of a still picture, by its first bytes; empty for any other file."""
    with path.open("rb") as file:
        head = file.read(12)
    if head[:4] == b"RIFF" and head[8:] == b"WEBP":
        return "WebP"
    return next((kind for begin, kind in _PICTURES.items() if head.startswith(begin)), "")


def _no_permission(path: Path) -> InputMissingError:
    return InputMissingError(
        _("{path} may not be read: permission denied.", path=path),
        advice=_("Give yourself permission to read it (chmod u+r), or copy it."),
    )


def _too_many(path: Path) -> NotVideoError:
    return NotVideoError(
        _(
            "{path} holds more than {most} tracks, or asks for more memory than there is.",
            path=path,
            most=MAX_STREAMS,
        ),
        advice=_("No camera writes such a file; be careful with where it comes from."),
    )
