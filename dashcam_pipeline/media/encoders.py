"""Which encoder writes a recording, and how.

``auto`` keeps what the source has: H.264 for 8 bits, HEVC for more, in the same chroma
subsampling. Nothing is reduced silently: an encoder that can't take the source's samples is an
error that names those which can.

The default constant quality is meant to be invisible on a dashcam's picture (which an encoder in
the camera has already compressed once) at a speed that keeps up with the rest: ``veryfast`` is
where x264 still costs less than the glare network, and its loss is made up for by a CRF of 20.
"""

from __future__ import annotations

import os
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Final

import av
import av.codec.codec
import av.error

from dashcam_pipeline.errors import EncoderError
from dashcam_pipeline.media import planes
from dashcam_pipeline.media.hardware import can_encode
from dashcam_pipeline.media.rate import FULL_AT_START
from dashcam_pipeline.translation import _

if TYPE_CHECKING:
    from collections.abc import Mapping

    from dashcam_pipeline.media.rate import RateLimit
    from dashcam_pipeline.media.source import VideoTrack


@dataclass(frozen=True, slots=True)
class EncoderSettings:
    """What the user asks of the encoder.

    Args:
        codec: ``h264``, ``hevc``, ``av1``, an encoder's name such as ``libx264``, ``auto``, or
            ``lossless`` (x264 or x265 by bit depth).
        crf: constant quality, lower is better; the encoder's own scale; None for our default.
        preset: the encoder's own name of its speed; None for our default.
        options: further options by the encoder's own names; they win over all else.
        threads: that the encoder may use; 0 lets it decide.
        deterministic: True where the same pictures must give the same packets to the last bit.
        hardware: take a family's hardware encoder where it works and isn't ``deterministic``.
        rate: that it must keep to; quality is given up where it can't have both.
    """

    codec: str = "auto"
    crf: int | None = None
    preset: str | None = None
    options: Mapping[str, str] = field(default_factory=dict)
    threads: int = 0
    deterministic: bool = False
    hardware: bool = False
    rate: RateLimit | None = None


@dataclass(frozen=True, slots=True)
class _Known:
    """What we know of an encoder: its defaults and what it calls things."""

    family: str
    crf_option: str | None = None
    crf: int | None = None
    preset: str | None = None
    lossless: Mapping[str, str] | None = None
    extra: Mapping[str, str] = field(default_factory=dict)
    presets: tuple[str, ...] = ()
    even: bool = False  # needs sides that are whole numbers of chroma samples
    reproducible: Mapping[str, str] = field(default_factory=dict)
    interlaced: bool = False
    bottom_first: Mapping[str, str] = field(default_factory=dict)
    limited: Mapping[str, str] | None = None  # with {rate}, {buffer} and {start}; None: it can't be


_X26X_PRESETS: Final = (
    "ultrafast",
    "superfast",
    "veryfast",
    "faster",
    "fast",
    "medium",
    "slow",
    "slower",
    "veryslow",
    "placebo",
)

_BUCKET: Final = {"maxrate": "{rate}", "bufsize": "{buffer}"}

_NVENC: Final = {**_BUCKET, "rc": "vbr", "b": "0", "rc_init_occupancy": "{start}"}
"""Constant quality under a bound, as FFmpeg documents it for NVENC; never run on the hardware."""

_OWN_RATES: Final = frozenset(
    (
        *("b", "minrate", "maxrate", "bufsize", "rc", "rc_init_occupancy", "cbr", "nal-hrd", "qp"),
        *("bitrate", "vbv-maxrate", "vbv-bufsize", "vbv-init", "strict-cbr", "lossless"),
    )
)
"""Encoders' options, and parameters in them, that would undo a rate."""

_KNOWN: Final[dict[str, _Known]] = {
    "libx264": _Known(
        "h264",
        "crf",
        20,
        "veryfast",
        {"qp": "0"},
        presets=_X26X_PRESETS,
        even=True,
        # some of its AVX-512 code isn't: one run in six differed, none of 24 with this
        reproducible={"x264-params": "cpu-independent=1"},
        interlaced=True,
        # it takes the order of fields from pictures only once it has begun with the other one
        bottom_first={"x264-params": "bff=1"},
        limited={**_BUCKET, "rc_init_occupancy": "{start}"},
    ),
    "libx265": _Known(
        "hevc",
        "crf",
        22,
        "veryfast",
        {"x265-params": "lossless=1"},
        {"x265-params": "log-level=error"},
        _X26X_PRESETS,
        even=True,
        limited={**_BUCKET, "x265-params": f"vbv-init={FULL_AT_START}"},
    ),
    # keeps to no rate exactly: with a bound it went beyond it by 10 to 80%
    "libsvtav1": _Known("av1", "crf", 30, "8", presets=tuple(str(n) for n in range(14))),
    "h264_nvenc": _Known("h264", "cq", 22, "p4", {"tune": "lossless"}, even=True, limited=_NVENC),
    "hevc_nvenc": _Known("hevc", "cq", 24, "p4", {"tune": "lossless"}, even=True, limited=_NVENC),
    "av1_nvenc": _Known("av1", "cq", 30, "p4", limited=_NVENC),
    # without this FFmpeg aims at 200 kbit/s; a scale of 2 (times its unit of 118) is near lossless
    "mjpeg": _Known("mjpeg", extra={"flags": "+qscale", "global_quality": str(2 * 118)}),
    "mpeg2video": _Known("mpeg2video", interlaced=True),
    "ffv1": _Known("ffv1", lossless={}, extra={"level": "3", "slicecrc": "1"}),
}
_FIRST_CHOICE: Final = {"h264": "libx264", "hevc": "libx265", "av1": "libsvtav1"}
"""The software encoder of each family: the same result on every machine."""

_HARDWARE: Final = {"h264": "h264_nvenc", "hevc": "hevc_nvenc", "av1": "av1_nvenc"}
"""The hardware encoder of each family, those whose constant quality is known here."""

_ALIASES: Final = {"h265": "hevc", "x264": "libx264", "x265": "libx265", "avc": "h264"}


@dataclass(frozen=True, slots=True)
class Encoder:
    """An encoder, decided.

    Args:
        name: FFmpeg's encoder.
        pixel_format: that it is fed with.
        options: all of them.
        threads: that it may use; 0 lets it decide.
        tag: the codec tag an MP4 needs for it to play everywhere, or empty.
        interlaced: True if it codes interlaced pictures as such.
    """

    name: str
    pixel_format: str
    options: Mapping[str, str]
    threads: int = 0
    tag: str = ""
    interlaced: bool = False

    @property
    def label(self) -> str:
        """Its name and its library's version, as FFmpeg writes them."""
        version = ".".join(str(n) for n in av.library_versions["libavcodec"])
        return f"Lavc{version} {self.name}"

    @property
    def codec(self) -> str:
        """The codec it writes, such as ``h264``."""
        return av.Codec(self.name, "w").canonical_name


def lossless(codec: str = "auto") -> EncoderSettings:
    """Settings that lose nothing at all; files become large.

    Args:
        codec: ``auto`` (x264 or x265 by bit depth), ``h264``, ``hevc``, ``ffv1`` or an encoder
            that has a lossless mode.

    Raises:
        EncoderError: that encoder has none.
    """
    if codec == "auto":
        return EncoderSettings("lossless")
    name = _encoder_name(codec, bits=8)
    known = _KNOWN.get(name)
    if known is None or known.lossless is None:
        able = ", ".join(sorted(n for n, k in _KNOWN.items() if k.lossless is not None))
        raise EncoderError(
            _("{codec} has no lossless mode here.", codec=codec),
            advice=_("Lossless: {able}.", able=able),
        )
    return EncoderSettings(name, options=known.lossless)


def resolve(settings: EncoderSettings, video: VideoTrack) -> Encoder:
    """Decide the encoder, its pixel format and its options for a source.

    Args:
        settings: what was asked for.
        video: the source's track.

    Raises:
        EncoderError: no such encoder here, or it can't take the source's samples.
    """
    if settings.codec == "lossless":
        settings = lossless(_lossless_choice(video))
    # HEVC and AV1 have no tools for interlaced pictures
    interlaced = video.first_field is not None
    name = _encoder_name(settings.codec, bits=8 if interlaced else video.layout.bits)
    if settings.hardware and not settings.deterministic and not interlaced:
        name = _on_hardware(name, settings, video)
    if name == "libsvtav1":  # it writes to stderr by itself; 1 leaves its errors
        os.environ.setdefault("SVT_LOG", "1")
    known = _KNOWN.get(name, _Known(name))
    options = {**known.extra, **_quality(name, known, settings)}
    if settings.rate is not None:
        _add(options, _limit(name, known, settings.rate, settings.options))
    if settings.deterministic:
        _add(options, known.reproducible)
    if video.first_field == "bottom":
        _add(options, known.bottom_first)
    _add(options, settings.options)
    return Encoder(
        name=name,
        pixel_format=_pixel_format(name, video),
        options=options,
        threads=settings.threads,
        tag="hvc1" if known.family == "hevc" else "",
        interlaced=known.interlaced,
    )


def _quality(name: str, known: _Known, settings: EncoderSettings) -> dict[str, str]:
    """Options for what was asked of quality and speed.

    Raises:
        EncoderError: the encoder has no such quality or preset.
    """
    options = {}
    quality_given = any(key in settings.options for key in ("qp", "crf", "cq", "b", "tune"))
    crf = settings.crf if settings.crf is not None else known.crf
    if settings.crf is not None and known.crf_option is None:
        raise EncoderError(
            _("{name} has no constant quality (crf = {crf}).", name=name, crf=settings.crf),
            advice=_("Leave `crf` out, or pass the encoder's own option."),
        )
    if crf is not None and known.crf_option and (settings.crf is not None or not quality_given):
        options[known.crf_option] = str(crf)
    preset = settings.preset or known.preset
    if preset:
        if known.presets and preset not in known.presets:
            raise EncoderError(
                _("{name} has no preset {preset}.", name=name, preset=repr(preset)),
                advice=_("Presets: {presets}.", presets=", ".join(known.presets)),
            )
        options["preset"] = preset
    return options


def _add(options: dict[str, str], more: Mapping[str, str]) -> None:
    """Add options; "key=value:key=value" strings are added to, all others replaced."""
    for key, value in more.items():
        options[key] = f"{options[key]}:{value}" if key in options and "-params" in key else value


def _limit(name: str, known: _Known, rate: RateLimit, asked: Mapping[str, str]) -> dict[str, str]:
    """Options that make an encoder keep to a rate.

    Raises:
        EncoderError: it can't, or other options were asked for that say otherwise.
    """
    if known.limited is None:
        able = [n for n, k in _KNOWN.items() if k.limited is not None and _is_there(n)]
        raise EncoderError(
            _("{name} can't be held to a size in one pass.", name=name),
            advice=_("Leave `max_size` out, or take one of: {able}.", able=", ".join(able)),
        )
    inner = (
        v.partition("=")[0] for k, text in asked.items() if "-params" in k for v in text.split(":")
    )
    if other := sorted(_OWN_RATES & {*asked, *inner}):
        raise EncoderError(
            _("`max_size` and the encoder's option {key} exclude each other.", key=other[0]),
            advice=_("Leave one of them out."),
        )
    numbers = {
        "rate": rate.bits_per_second,
        "buffer": rate.buffer_bits,
        "start": int(rate.buffer_bits * FULL_AT_START),
    }
    return {key: value.format(**numbers) for key, value in known.limited.items()}


def _lossless_choice(video: VideoTrack) -> str:
    eight_bits = video.layout.bits == 8  # noqa: PLR2004
    return "libx264" if eight_bits or video.first_field else "libx265"


def refused(encoder: Encoder) -> EncoderError:
    """The error for an encoder that can't be opened."""
    hardware = ("_nvenc", "_qsv", "_amf", "_vaapi", "_videotoolbox", "_mf", "_v4l2m2m", "_vulkan")
    if encoder.name.endswith(hardware):
        advice = _("It needs its hardware and driver; libx264, libx265 and libsvtav1 need none.")
    else:
        advice = _("Check the values of `crf`, `encoder_preset` and `encoder_options`.")
    settings = ", ".join(f"{k}={v}" for k, v in encoder.options.items()) or _("its defaults")
    return EncoderError(
        _("{name} can't be opened with {settings}.", name=encoder.name, settings=settings),
        advice=advice,
    )


def option_names(name: str) -> list[str]:
    """What an encoder's own options are called."""
    options = av.CodecContext.create(name, "w").supported_options
    return sorted(option.name for option in options.private)


def _encoder_name(codec: str, *, bits: int) -> str:
    wanted = codec.lower()
    wanted = _ALIASES.get(wanted, wanted)
    if wanted == "auto":
        wanted = "h264" if bits == 8 else "hevc"  # noqa: PLR2004
    name = _FIRST_CHOICE.get(wanted, wanted)
    try:
        found = av.Codec(name, "w")
    except av.codec.codec.UnknownCodecError as error:
        raise EncoderError(
            _("there is no encoder {codec} in the installed FFmpeg.", codec=repr(codec)),
            advice=_(
                "Known here: h264, hevc, av1, {names}.",
                names=", ".join(n for n in _KNOWN if _is_there(n)),
            ),
        ) from error
    if found.type != "video":
        raise EncoderError(
            _(
                "{codec} is an encoder for {type}, not for video.",
                codec=repr(codec),
                type=found.type,
            ),
            advice=_("Take h264, hevc, av1, or an encoder's name such as libx264."),
        )
    return name


def _on_hardware(name: str, settings: EncoderSettings, video: VideoTrack) -> str:
    """The hardware's encoder of the same family, unless ``name`` was asked for or it won't do."""
    own = _HARDWARE.get(_KNOWN.get(name, _Known("")).family)
    asked = _ALIASES.get(settings.codec.lower(), settings.codec.lower())
    if own is None or asked == name or settings.preset or settings.options:
        return name  # presets and options are those of the encoder that was meant
    try:
        form = _pixel_format(own, video)
    except EncoderError:
        return name
    return own if can_encode(own, form) else name


def _is_there(name: str) -> bool:
    return name in av.codec.codec.codecs_available


def _pixel_format(name: str, video: VideoTrack) -> str:
    """The encoder's format that holds the source's samples as they are."""
    known = [f.name for f in av.Codec(name, "w").video_formats or ()]
    layout = video.layout
    if _KNOWN.get(name, _Known("")).even and _is_odd(video):
        # half a chroma sample can't be cropped away in H.264 and HEVC; with as many chroma
        # samples as luma ones every size can be written, and none is lost
        layout = replace(layout, log2_chroma=(0, 0))
    plain = planes.format_of(layout)
    wanted = [plain, *planes.semi_planar(layout)]
    if video.color.full_range and layout.bits == 8:  # noqa: PLR2004
        wanted.insert(0, plain.replace("yuv", "yuvj", 1))
    if video.pixel_format.planar and layout == video.layout:
        wanted.insert(0, video.pixel_format.name)
    for candidate in wanted:
        if not known or candidate in known:
            return candidate
    able = [n for n in _KNOWN if _is_there(n) and _takes(n, plain)]
    raise EncoderError(
        _(
            "{name} can't take this recording's {plain} samples ({bits} bits).",
            name=name,
            plain=plain,
            bits=video.layout.bits,
        ),
        advice=_("Encoders here that can: {able}.", able=", ".join(able) or _("none")),
    )


def _is_odd(video: VideoTrack) -> bool:
    """True if a side isn't a whole number of chroma samples."""
    x, y = video.layout.log2_chroma
    return bool(video.width % (1 << x) or video.height % (1 << y))


def _takes(name: str, pixel_format: str) -> bool:
    return pixel_format in {f.name for f in av.Codec(name, "w").video_formats or ()}
