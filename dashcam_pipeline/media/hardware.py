"""Decoders and encoders of graphics hardware.

Only asked for by name or by ``auto``: a hardware decoder gives the same pictures as FFmpeg's own
from a whole recording but conceals damage in its own way, and a hardware encoder makes larger files
that differ from machine to machine.
"""

from __future__ import annotations

from fractions import Fraction
from functools import cache
from typing import TYPE_CHECKING, Final

import av
import av.error
from av.codec.hwaccel import HWAccel, hwdevices_available
from av.video.codeccontext import VideoCodecContext

from dashcam_pipeline.errors import DeviceError, InputError
from dashcam_pipeline.media.opening import open_source
from dashcam_pipeline.translation import _

if TYPE_CHECKING:
    from pathlib import Path

    from av.container import InputContainer

NONE: Final = "none"
AUTO: Final = "auto"

TRIAL: Final = (256, 256)
"""Width and height on which an encoder is tried: some refuse smaller ones."""


def open_decoding(path: Path, index: int, asked: str) -> tuple[InputContainer, str]:
    """Open a recording whose track is decoded by hardware, where that works.

    A picture that the hardware can't decode (a rare profile, say) is decoded without it.

    Args:
        path: a file that can be opened without hardware.
        index: of the track.
        asked: ``none``, ``auto`` (any kind of hardware), or FFmpeg's name of a kind.

    Returns:
        the container, and the kind of hardware, ``none`` if there is none.

    Raises:
        DeviceError: hardware was asked for by name and can't decode this track.
    """
    kinds = {NONE: [], AUTO: hwdevices_available()}.get(asked, [asked])
    for kind in kinds:
        try:
            container = open_source(path, HWAccel(kind))
        except InputError:
            continue  # FFmpeg's word for a driver that is missing
        context = container.streams[index].codec_context
        if isinstance(context, VideoCodecContext) and context.is_hwaccel:
            return container, kind
        container.close()
    if asked not in {NONE, AUTO}:
        raise DeviceError(
            _(
                "No {asked} device can decode {path}: there is none, or its driver is "
                "missing, or it doesn't know the codec.",
                asked=asked,
                path=path,
            ),
            advice=_(
                "Leave `hwaccel` out, or take auto. Built in: {kinds}.",
                kinds=", ".join(kinds_built_in()),
            ),
        )
    return open_source(path), NONE


def kinds_built_in() -> list[str]:
    """Kinds of hardware that the installed FFmpeg has code for, whether or not they are here."""
    return sorted(hwdevices_available())


@cache
def can_encode(name: str, pixel_format: str) -> bool:
    """True if an encoder opens here.

    Args:
        name: FFmpeg's encoder, such as ``h264_nvenc``.
        pixel_format: that it is to be fed with.
    """
    if name not in av.codec.codec.codecs_available:
        return False
    context = av.CodecContext.create(name, "w")
    if not isinstance(context, VideoCodecContext):
        return False
    context.width, context.height = TRIAL
    context.pix_fmt = pixel_format
    context.framerate = Fraction(30)
    try:
        context.open()
    except (av.error.FFmpegError, ValueError):
        return False
    return True
