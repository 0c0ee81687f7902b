"""Files of settings: TOML, with one ``[[stage]]`` table for each stage."""

from __future__ import annotations

import tomllib
from typing import TYPE_CHECKING, Any

from dashcam_pipeline.errors import ConfigError, InputMissingError
from dashcam_pipeline.translation import _, system_reason

if TYPE_CHECKING:
    from pathlib import Path


def read_toml(path: Path) -> dict[str, Any]:
    """The settings of a ``pipeline.toml`` or a preset, not yet checked.

    Args:
        path: the file.

    Raises:
        InputMissingError: it can't be read.
        ConfigError: it is no TOML.
    """
    try:
        data = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise InputMissingError(
            _(
                "{path}: the configuration can't be read ({reason}).",
                path=path,
                reason=system_reason(error),
            ),
            advice=_("Give the path of an existing TOML file."),
        ) from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError(
            _("{path}: not valid TOML: {error}.", path=path, error=error),
            advice=_('Text needs quotes, as in codec = "h264"; a stage begins with [[stage]].'),
        ) from error
    if "stage" in data:
        if "stages" in data:
            raise ConfigError(
                _("{path}: stage and stages say the same; keep the [[stage]] tables.", path=path)
            )
        data["stages"] = data.pop("stage")
    stages = data.get("stages", [])
    if not isinstance(stages, list):
        name = stages.get("name", "glare") if isinstance(stages, dict) else str(stages)
        raise ConfigError(
            _(
                "{path}: a stage is a table of its own, whose key is [[stage]] in double brackets.",
                path=path,
            ),
            advice=_('Write it so:\n[[stage]]\nname = "{name}"', name=name),
        )
    return data
