"""Settings as the command line calls them, in what the library says.

The library names settings as Python has them, in backticks, since most who read its errors there
never saw a flag; what is said on a terminal goes through ``as_flags``::

    Take `device="cpu"`, or auto.       ->  Take --device cpu, or auto.
    Pass `overwrite=True` to replace it ->  Pass --overwrite to replace it
    a smaller `height=`                 ->  a smaller --height
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

from dashcam_pipeline.config import CleanConfig

if TYPE_CHECKING:
    from pydantic.fields import FieldInfo

_SETTING: Final = re.compile(r"`([a-z]\w*)(?:=([^`]*))?`")
_EMPTY: Final = {"False", "[]", "()"}
"""Values whose flag is ``--no-NAME``."""


def option_extra(field: FieldInfo) -> dict[str, Any]:
    """What a field says of its option: ``group``, ``option`` and ``metavar``."""
    extra = field.json_schema_extra
    if not isinstance(extra, dict):
        raise TypeError("every field of CleanConfig names its section of the help")
    return dict(extra)


def option_name(name: str, field: FieldInfo) -> str:
    """How the command line calls a field: ``--encoder-option`` for ``encoder_options``."""
    return f"--{option_extra(field).get('option') or name.replace('_', '-')}"


OPTION_NAMES: Final = {
    name: option_name(name, field) for name, field in CleanConfig.model_fields.items()
}


def as_flags(text: str) -> str:
    """The same text with flags in place of settings.

    Args:
        text: with settings as `` `name=value` ``, or `` `name` `` for a field of ``CleanConfig``.
            Other words in backticks, such as commands, stay as they are.
    """

    def flag(match: re.Match[str]) -> str:
        name, value = match.groups()
        if value is None and name not in OPTION_NAMES:
            return match[0]
        option = OPTION_NAMES.get(name, f"--{name.replace('_', '-')}")
        if value in _EMPTY:
            return option.replace("--", "--no-", 1)
        if not value or value == "True":
            return option
        return f"{option} {value.strip('[]()')}".replace('"', "")

    return _SETTING.sub(flag, text)
