"""Which presets there are: those of the package, and those that a user keeps in a folder.

::

    find_preset("evidence").values        # {"look": "gentle", "crf": 12, ...}
    find_preset("shop/mine.toml").name    # "mine"

A name that the package has belongs to it: what calls itself ``evidence`` always is that.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from platformdirs import user_config_path

from dashcam_pipeline.errors import ConfigError, UsageError
from dashcam_pipeline.presets.toml_file import read_toml
from dashcam_pipeline.stages.explain import did_you_mean
from dashcam_pipeline.translation import _, joined

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

SUFFIX: Final = ".toml"

BUILT_IN: Final = {
    "share": _("Plays everywhere, and is not larger than its source."),
    "evidence": _(
        "Near-lossless, gentle and the same every time; nothing that no camera saw. "
        "A provenance record lies beside every output in any case."
    ),
    "small": _("Half the size of its source at most; HEVC, which older players don't have."),
}
"""Name and meaning of the package's own; the files lie beside this one."""

_SUMMARY: Final = "summary"
"""Key of a sentence that says what a user's own preset is for."""

_PATH: Final = re.compile(r"[/\\]|\.toml$", re.IGNORECASE)
"""What tells the path of a file from a name."""


@dataclass(frozen=True, slots=True)
class Preset:
    """Settings with a name.

    Args:
        name: that it is called by.
        path: of the file.
        summary: what it is for; empty where its file doesn't say.
        values: by field of ``CleanConfig``, not yet checked.
        built_in: True if the package has it.
    """

    name: str
    path: Path
    summary: str
    values: Mapping[str, Any]
    built_in: bool = False


def own_folder() -> Path:
    """Where a user's own presets lie, ``NAME.toml`` each; it need not be there."""
    return user_config_path("dashcam", appauthor=False) / "presets"


def find_preset(wanted: str) -> Preset:
    """A preset by its name, or by the path of its file.

    Args:
        wanted: a name, or a path: what holds a slash or ends in ``.toml``.

    Raises:
        UsageError: there is none of that name.
        InputMissingError: there is no such file.
        ConfigError: the file is no preset.
    """
    if _PATH.search(wanted):
        return _read(Path(wanted).expanduser())
    if wanted in BUILT_IN:
        return _built_in(wanted)
    own = {path.stem: path for path in own_files()}
    if wanted in own:
        return _read(own[wanted])
    names = [*BUILT_IN, *own]
    none = _("There is no preset {name}.", name=repr(wanted))
    raise UsageError(
        joined(" ", filter(None, (none, did_you_mean(wanted, names)))),
        advice=_(
            "Presets: {names}; or the path of a TOML file. "
            "The encoder's speed is `encoder_preset`.",
            names=", ".join(names),
        ),
    )


def own_files() -> list[Path]:
    """Files of a user's own presets, those that have a name of the package left out."""
    return [path for path in _own() if path.stem not in BUILT_IN]


def shadowed_files() -> list[Path]:
    """Files that are never used, since the package has a preset of their name."""
    return [path for path in _own() if path.stem in BUILT_IN]


def built_in() -> Iterable[Preset]:
    """The package's own."""
    return map(_built_in, BUILT_IN)


def _own() -> list[Path]:
    try:
        return sorted(path for path in own_folder().iterdir() if path.suffix.lower() == SUFFIX)
    except OSError:  # most people have no such folder
        return []


def _built_in(name: str) -> Preset:
    path = Path(__file__).with_name(f"{name}{SUFFIX}")
    return Preset(name, path, BUILT_IN[name], read_toml(path), built_in=True)


def _read(path: Path) -> Preset:
    values = read_toml(path)
    if "preset" in values:
        raise ConfigError(
            _("{path}: a preset can't rest on another one.", path=path),
            advice=_("Copy what it sets into this file, without the key preset."),
        )
    summary = values.pop(_SUMMARY, "")
    return Preset(path.stem, path, str(summary), values)
