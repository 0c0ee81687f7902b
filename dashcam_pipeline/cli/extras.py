"""What a command says when the extra it needs is missing."""

from __future__ import annotations

import importlib.util

from dashcam_pipeline.errors import UsageError
from dashcam_pipeline.translation import _


def need_training() -> None:
    """Say how to install the extra ``train`` where it is missing.

    Raises:
        UsageError: torch is not installed.
    """
    if importlib.util.find_spec("lightning") is None:
        raise UsageError(
            "Training needs torch and its company, which are not installed.",
            advice="pip install 'dashcam-pipeline[train]'",
        )


def need_app() -> None:
    """Say how to install the extra ``app`` where it is missing.

    Raises:
        UsageError: starlette or uvicorn is not installed.
    """
    if any(importlib.util.find_spec(name) is None for name in ("starlette", "uvicorn")):
        raise UsageError(
            _("The page needs Starlette and uvicorn, which are not installed."),
            advice="pip install 'dashcam-pipeline[app]'",
        )
