"""What is sent: JSON, whatever files are called; errors as sentences; lines and events."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any, Final

from starlette.responses import Response, StreamingResponse

from dashcam_pipeline.app.roots import OutsideError, Roots
from dashcam_pipeline.engine.recalled import recalled
from dashcam_pipeline.errors import DashcamError
from dashcam_pipeline.translation import ENGLISH, Catalogue, Message, _, catalogue, in_language

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from starlette.requests import Request

LANGUAGES: Final = frozenset(("en", "ko"))

_SETTING: Final = re.compile(r"`(\w+)(?:=[^`]*)?`")
_SWITCHES: Final = {"overwrite": _("“Replace results that are there already”")}
"""Settings that a message may name, as the page calls them."""


class Plain(Response):
    """JSON in ASCII: a name that is no UTF-8 goes there and back as it is."""

    media_type = "application/json"

    def render(self, content: Any) -> bytes:  # noqa: ANN401 - JSON-able
        """As bytes."""
        return json.dumps(content, separators=(",", ":")).encode("ascii")


def language_of(request: Request) -> str:
    """The language that the page speaks."""
    said = request.headers.get("x-language") or request.query_params.get("lang", "en")
    return said if said in LANGUAGES else "en"


def texts_of(language: str) -> Catalogue:
    """What translates into a language."""
    return ENGLISH if language == "en" else catalogue(language)


def said(text: str, language: str) -> str:
    """A text in a language, with the page's own words for settings."""
    texts = texts_of(language)

    def switch(match: re.Match[str]) -> str:
        name = _SWITCHES.get(match[1])
        return match[0] if name is None else in_language(name, texts)

    # What lay in a file is plain English, and is recalled.
    known = in_language(text, texts) if isinstance(text, Message) else recalled(text, language)
    return _SETTING.sub(switch, known)


def fault(error: DashcamError, language: str, roots: Roots) -> dict[str, str]:
    """An error for the page: a sentence, and what to do next, which may need a whole path."""
    message = roots.short(said(error.args[0], language))
    return {"message": message, "advice": said(error.advice, language)}


async def failed(request: Request, error: Exception) -> Response:
    """The reply to a request that could not be met."""
    if not isinstance(error, DashcamError):
        raise error
    status = 404 if isinstance(error, OutsideError) else 422
    roots: Roots = request.app.state.app.roots
    return Plain({"error": fault(error, language_of(request), roots)}, status)


def lines(parts: AsyncIterator[dict[str, Any]], language: str, roots: Roots) -> StreamingResponse:
    """A line of JSON for each part, as it comes; an error is the last line."""

    async def written() -> AsyncIterator[bytes]:
        try:
            async for part in parts:
                yield json.dumps(part).encode() + b"\n"
        except DashcamError as error:
            yield json.dumps({"error": fault(error, language, roots)}).encode() + b"\n"

    return StreamingResponse(written(), media_type="application/x-ndjson")


def event(kind: str, data: Any) -> bytes:  # noqa: ANN401 - JSON-able
    """A server-sent event."""
    return f"event: {kind}\ndata: {json.dumps(data)}\n\n".encode()
