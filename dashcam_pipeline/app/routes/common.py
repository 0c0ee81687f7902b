"""What several routes need."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

from dashcam_pipeline.errors import UsageError
from dashcam_pipeline.translation import _

if TYPE_CHECKING:
    from starlette.requests import Request

    from dashcam_pipeline.app.core import App

_MOST_BYTES: Final = 4 << 20
"""Of a request's JSON: ten thousand recordings that were chosen."""


def app_of(request: Request) -> App:
    """What the server is made of."""
    app: App = request.app.state.app
    return app


async def asked(request: Request) -> dict[str, Any]:
    """The JSON object that was sent.

    Raises:
        UsageError: it is none, or too large.
    """
    body = b""
    async for chunk in request.stream():
        body += chunk
        if len(body) > _MOST_BYTES:
            raise malformed()
    try:
        data = json.loads(body)
    except (ValueError, RecursionError):
        raise malformed() from None
    if not isinstance(data, dict):
        raise malformed()
    return data


def text(data: dict[str, Any], key: str) -> str:
    """A field that is a text.

    Raises:
        UsageError: it isn't there, or is something else.
    """
    value = data.get(key)
    if not isinstance(value, str):
        raise malformed()
    return value


def texts(data: dict[str, Any], key: str) -> list[str]:
    """A field that is a list of texts; as ``text``."""
    value = data.get(key)
    if not isinstance(value, list) or not all(isinstance(one, str) for one in value):
        raise malformed()
    return value


def number(data: dict[str, Any], key: str) -> float:
    """A field that is a number from 0 on; as ``text``."""
    value = data.get(key)
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value < 1e12:  # noqa: PLR2004 - no NaN, nothing endless
        raise malformed()
    return float(value)


def mapping(data: dict[str, Any], key: str) -> dict[str, Any]:
    """A field that is an object; as ``text``."""
    value = data.get(key)
    if not isinstance(value, dict):
        raise malformed()
    return value


def malformed() -> UsageError:
    """The error of a request that our page never makes."""
    return UsageError(_("The page asked for something that can't be."), advice=_("Reload it."))
