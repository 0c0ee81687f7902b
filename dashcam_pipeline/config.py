"""Every option of a run: its name, default, bounds and meaning, once.

The command line is generated from these models, ``pipeline.toml`` is read into them, and the
Python API takes them::

    CleanConfig(strength=0.8, stages=("glare:veil=0",))
    load_config(Path("pipeline.toml"), overrides={"strength": "0.5"})

A ``pipeline.toml`` holds the same keys, and one table for each stage, in order::

    strength = 0.8
    protect = ["bottom:4%"]

    [[stage]]
    name = "glare"
    veil = 0.5

``preset = "share"`` (or ``--preset share``) puts named settings underneath. What the command line
says explicitly wins over the file, the file over the preset, and the preset over the defaults.
"""

from __future__ import annotations

import datetime as dt
import os
import re
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final, Literal, Self, TypeAlias

from pydantic import (
    BeforeValidator,
    Discriminator,
    Field,
    ModelWrapValidatorHandler,
    Tag,
    model_validator,
)

from dashcam_pipeline.errors import ConfigError, UsageError
from dashcam_pipeline.media.max_size import MaxSize  # noqa: TC001 - pydantic reads it
from dashcam_pipeline.presets.toml_file import read_toml
from dashcam_pipeline.stages.base import Box, Quality
from dashcam_pipeline.stages.settings import Settings
from dashcam_pipeline.stages.share import Share, is_share
from dashcam_pipeline.translation import _

if TYPE_CHECKING:
    from collections.abc import Mapping

_TIME: Final = re.compile(r"(-?)(?:(?:(\d+):)?(\d{1,2}):)?(\d+(?:\.\d*)?|\.\d+)")
_SEXAGESIMAL: Final = 60


def parse_time(value: object) -> object:
    """Seconds from ``90``, ``"90.5"``, ``"1:30"``, ``"HH:MM:SS.mmm"`` or a TOML local time.

    Args:
        value: what was given; anything but text and a time of day is handed on as it is.

    Raises:
        ValueError: text that is no time.
    """
    if isinstance(value, dt.time):
        return value.hour * 3600 + value.minute * 60 + value.second + value.microsecond / 1e6
    if not isinstance(value, str):
        return value
    match = _TIME.fullmatch(value.strip())
    if match is None:
        raise ValueError(_("a time is seconds (90.5) or HH:MM:SS.mmm (00:01:30.500)"))
    sign, *parts = match.groups()
    hours, minutes, seconds = (float(part or 0) for part in parts)
    if (parts[1] and seconds >= _SEXAGESIMAL) or (parts[0] and minutes >= _SEXAGESIMAL):
        raise ValueError(_("minutes and seconds go up to 59 in HH:MM:SS"))
    total = (hours * 60 + minutes) * 60 + seconds
    return -total if sign else total  # whether it may be negative, its field says


Time = Annotated[float, BeforeValidator(parse_time)]
"""Seconds; text may be HH:MM:SS.mmm."""


_STAGE: Final = _("a stage's option is written key=value, not {text}")
_ENCODER: Final = _("an encoder option is written key=value, not {text}")


def _pair(text: str, fault: str) -> tuple[str, str]:
    """``key=value`` apart.

    Args:
        text: as it was written.
        fault: what to say of another form, with ``{text}`` for it.
    """
    key, equals, value = text.partition("=")
    if not equals or not key.strip():
        raise ValueError(_(fault, text=repr(text)))
    return key.strip(), value.strip()


Look = Literal["gentle", "standard", "strong"]

LOOKS: dict[Look, float] = {"gentle": 0.6, "standard": 1.0, "strong": 1.3}
"""Factor on the strengths of stages that belongs to a look."""


class StageSpec(Settings):
    """Which stage, and the options that differ from its defaults.

    The options are checked by the stage's own model when the stage is made.
    """

    name: str = Field(min_length=1, description="Name of an installed stage.")
    options: dict[str, Any] = Field(default_factory=dict, description="Options of the stage.")

    @model_validator(mode="before")
    @classmethod
    def _from_text_or_table(cls, value: object) -> object:
        """Read ``glare:streaks=1,veil=0.5``, or a TOML table ``{name=..., streaks=1}``."""
        if isinstance(value, str):
            name, _colon, rest = value.partition(":")
            parts = [part for part in rest.split(",") if part.strip()]
            options = dict(_pair(part, _STAGE) for part in parts)
            return {"name": name.strip(), "options": options}
        if isinstance(value, dict) and "options" not in value:
            return {
                **({"name": value["name"]} if "name" in value else {}),
                "options": {key: option for key, option in value.items() if key != "name"},
            }
        return value

    def __str__(self) -> str:
        options = ",".join(f"{key}={value}" for key, value in self.options.items())
        return f"{self.name}:{options}" if options else self.name


def _kind_of_box(value: object) -> str:
    return _SHARE if is_share(value) else _PIXELS


_PIXELS: Final = "(pixels)"
_SHARE: Final = "(share)"

Protected: TypeAlias = Annotated[
    Annotated[Box, Tag(_PIXELS)] | Annotated[Share, Tag(_SHARE)], Discriminator(_kind_of_box)
]
"""A part of the picture: in pixels, or relative to its size."""


def _pairs(value: object) -> object:
    """A mapping from a list of ``key=value``."""
    if isinstance(value, str):
        value = [value]
    if isinstance(value, list | tuple):
        return dict(_pair(str(part), _ENCODER) for part in value)
    if isinstance(value, dict):
        return {key: str(option) for key, option in value.items()}
    return value


def _option(default: Any, help_group: str, description: str, **bounds: Any) -> Any:  # noqa: ANN401 - as pydantic's own Field
    """A field with its place in ``--help`` and, where they differ, its option's name, metavar."""
    extra = {
        "group": help_group,
        "option": bounds.pop("option", None),
        "metavar": bounds.pop("metavar", None),
    }
    if callable(default):
        return Field(
            default_factory=default, description=description, json_schema_extra=extra, **bounds
        )
    return Field(default, description=description, json_schema_extra=extra, **bounds)


class CleanConfig(Settings):
    """How a recording is cleaned."""

    preset: str | None = _option(
        None,
        "Stages",
        "Settings for an aim: share, evidence, small, one of your own, or a TOML file with keys of "
        "a pipeline.toml. `dashcam presets` lists them; what is said here or in a pipeline.toml "
        "wins.",
        min_length=1,
        metavar="NAME|FILE",
    )
    stages: tuple[StageSpec, ...] = _option(
        (StageSpec(name="glare"),),
        "Stages",
        "A step of the chain, with options of its own; repeat it for a longer chain. "
        "Explicit stages replace the default chain. `dashcam stages` lists them.",
        option="stage",
        metavar="NAME[:KEY=VALUE,...]",
    )
    look: Look = _option(
        "standard", "Stages", "How far stages go: a named factor on their strengths."
    )
    strength: float = _option(
        1.0, "Stages", "Factor on all of a stage's own strengths; 0 changes nothing.", ge=0, le=1
    )
    quality: Quality = _option(
        "balanced", "Stages", "Larger models and work sizes see more and take longer."
    )
    synthetic: bool = _option(
        True,  # noqa: FBT003 - a field's default
        "Stages",
        "Allow stages that show what the camera never saw. Without, asking for one is an error.",
    )
    protect: tuple[Protected, ...] | None = _option(
        None,
        "Stages",
        "A box that comes out as it went in, in pixels or per cent (0,96%,100%,4%) of the stored "
        "picture, or a strip along an edge (bottom:4%); repeatable. "
        "Rounded outward to the chroma grid. Without any, burned-in lines of text (date, speed, "
        "plate) are found and protected; `protect=[]` switches that off.",
        metavar="X,Y,W,H|EDGE:H",
    )
    device: str = _option(
        "auto",
        "Machine",
        "Where networks run: auto, cpu, cuda or cuda:N.",
        pattern=r"^(auto|cpu|cuda(:\d+)?)$",
        metavar="auto|cpu|cuda[:N]",
    )
    hwaccel: str = _option(
        "none",
        "Machine",
        "Graphics hardware to decode with, and to encode with where the codec is not an encoder's "
        "name: auto takes what is there. Files become larger.",
        pattern=r"^[a-z0-9]+$",
        metavar="none|auto|cuda|...",
    )
    threads: int = _option(0, "Machine", "Processor threads to use; 0 means all.", ge=0, le=256)
    deterministic: bool = _option(
        False,  # noqa: FBT003 - a field's default
        "Machine",
        "The same input gives the same output to the last bit, at some cost in speed.",
    )
    codec: str = _option(
        "auto",
        "Output",
        "h264, hevc, av1 or an encoder's name such as libx264; "
        "auto is h264 for 8 bits, hevc for more.",
        min_length=1,
        metavar="NAME",
    )
    crf: int | None = _option(
        None,
        "Output",
        "Constant rate factor: lower is better and larger. Without it: the encoder's good default.",
        ge=0,
        le=63,
        metavar="N",
    )
    max_size: MaxSize | None = _option(
        None,
        "Output",
        "Not larger than this: 25MB, 700KiB, or relative to the source (1x, 0.5x; of a part, its "
        "share). Quality is as without it as long as there is room, and given up where there is "
        "none. In a batch it goes for each output.",
        metavar="SIZE",
    )
    encoder_preset: str | None = _option(
        None, "Output", "The encoder's speed preset, such as veryfast.", min_length=1
    )
    encoder_options: Annotated[dict[str, str], BeforeValidator(_pairs)] = _option(
        dict,
        "Output",
        "An option of the encoder itself; repeatable.",
        option="encoder-option",
        metavar="KEY=VALUE",
    )
    audio: bool = _option(
        True,  # noqa: FBT003 - a field's default
        "Output",
        "Keep the sound. It is copied as it is, never re-encoded.",
    )
    overwrite: bool = _option(
        False,  # noqa: FBT003 - a field's default
        "Output",
        "Replace an output that is there already. The source itself is never replaced.",
    )
    start: Time | None = _option(
        None, "Input", "Begin here: seconds or HH:MM:SS.mmm.", ge=0, metavar="TIME"
    )
    end: Time | None = _option(
        None, "Input", "End here: seconds or HH:MM:SS.mmm.", gt=0, metavar="TIME"
    )
    track: int | None = _option(
        None,
        "Input",
        "Which video track to clean, by its number in `dashcam probe`; the others are copied.",
        ge=0,
        metavar="INDEX",
    )
    strict: bool = _option(
        False,  # noqa: FBT003 - a field's default
        "Input",
        "Fail, and write nothing, if any part of the source is lost to damage, or a time repaired.",
    )

    @property
    def thread_count(self) -> int:
        """Processor threads to use, 1 or more."""
        return self.threads or available_threads()

    @model_validator(mode="wrap")
    @classmethod
    def _on_preset(cls, value: Any, handler: ModelWrapValidatorHandler[Self]) -> Self:  # noqa: ANN401 - whatever is to be checked
        """Put a preset's settings under those that were made explicitly.

        ``model_fields_set`` holds the latter alone.
        """
        wanted = value.get("preset") if isinstance(value, dict) else None
        # Of a whole configuration (a batch's job, say) nothing is left to fill in: the file may not
        # be on this machine.
        if not isinstance(wanted, str) or not wanted or cls.model_fields.keys() <= value.keys():
            return handler(value)
        from dashcam_pipeline.presets.find import find_preset  # noqa: PLC0415 - start-up

        found = find_preset(wanted)
        # On its own first, so that a mistake is said to be in that file even if it is overridden.
        make_config(found.values, source=str(found.path))
        added = found.values.keys() - value.keys()
        config = handler({**found.values, **value, "preset": found.name})
        config.model_fields_set.difference_update(added)
        return config

    @model_validator(mode="after")
    def _check_span(self) -> Self:
        """A span must hold something."""
        if self.start is not None and self.end is not None and self.end <= self.start:
            raise ValueError(
                _(
                    "end ({end:g} s) must come after start ({start:g} s)",
                    end=self.end,
                    start=self.start,
                )
            )
        return self


def available_threads() -> int:
    """Processors that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def make_config(
    values: Mapping[str, Any], *, source: str = "", names: Mapping[str, str] | None = None
) -> CleanConfig:
    """Check settings.

    Args:
        values: by field name; text is read as on the command line.
        source: where they come from, for messages (a file's name).
        names: how the source calls a field (``{"strength": "--strength"}``), for messages.

    Raises:
        ConfigError: from a file: a wrong key or value, naming it and what is allowed.
        UsageError: the same from elsewhere.
    """
    fault = ConfigError if source else UsageError
    return CleanConfig.checked(values, source=source, names=names, fault=fault)


def load_config(
    path: str | Path | None = None,
    *,
    preset: str | None = None,
    overrides: Mapping[str, Any] | None = None,
    names: Mapping[str, str] | None = None,
) -> CleanConfig:
    """Defaults, then the preset, then the file, then what was said explicitly.

    Args:
        path: a ``pipeline.toml``, or None.
        preset: its name, or the path of its file; wins over one that the file names.
        overrides: by field name; wins over the file.
        names: how the overrides' source calls a field, for messages.

    Raises:
        InputMissingError: a file can't be read.
        UsageError: a wrong key or value (ConfigError where it stands in a file), or no such preset.
    """
    values: dict[str, Any] = {}
    if path is not None:
        values = read_toml(Path(path))
        # On its own first, so that a mistake is said to be in the file even if it is overridden.
        make_config(values, source=str(path))
    if preset is not None:
        values["preset"] = preset
    return make_config({**values, **(overrides or {})}, names=names)


def overruled(config: CleanConfig, preset: str) -> list[str]:
    """Settings of a preset in whose place others were made explicitly, by field.

    Args:
        config: made with the preset.
        preset: its name, or the path of its file.
    """
    default, alone = CleanConfig(), CleanConfig(preset=preset)

    def others(name: str) -> tuple[Any, Any]:
        return getattr(default, name), getattr(config, name)

    said = [name for name in CleanConfig.model_fields if name in config.model_fields_set]
    return [name for name in said if name != "preset" and getattr(alone, name) not in others(name)]
