"""What can be said of a result: a report page about it, and whether it is what was written."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from dashcam_pipeline.compare.page.build import write_page
from dashcam_pipeline.compare.page.options import PageOptions
from dashcam_pipeline.provenance import verify
from dashcam_pipeline.translation import _

if TYPE_CHECKING:
    from collections.abc import Mapping

_SAID: Final = {
    "same": _("as recorded"),
    "changed": _("CHANGED"),
    "other": _("another version is installed now"),
    "missing": _("not here, not checked"),
}


def report(given: Mapping[str, Any]) -> dict[str, Any]:
    """Write the report page of a result: ``path``, ``original``, ``page``, ``language``.

    A page that is newer than the result is left as it is.

    Raises:
        DashcamError: as ``write_page``.
    """
    result, page = Path(given["path"]), Path(given["page"])
    original = None if given["original"] is None else Path(given["original"])
    if not page.exists() or page.stat().st_mtime_ns < result.stat().st_ctime_ns:
        options = PageOptions(language=given["language"])
        write_page(result, page, original=original, options=options)
    return {"page": str(page)}


def check(given: Mapping[str, Any]) -> dict[str, Any]:
    """Verify a result: ``path``, ``original`` -> whether it passed, and a row for each file.

    Raises:
        InputError: there is no record of it.
    """
    original = given["original"]
    found = verify(Path(given["path"]), source=None if original is None else Path(original))
    rows = [
        {
            "name": one.name,
            "role": one.role,
            "failed": one.failed,
            "said": _("MISSING") if one.state == "missing" and one.failed else _SAID[one.state],
        }
        for one in found.checks
    ]
    return {"passed": found.passed, "rows": rows}
