"""Take the glare out of dashcam recordings, and keep everything else.

::

    from dashcam_pipeline import CleanConfig, Pipeline, clean

    report = clean("night.mp4", "out.mp4")
    print(report.summary())

Names are imported when they are first used, so that importing the package costs nothing.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from dashcam_pipeline._version import __version__

if TYPE_CHECKING:
    from dashcam_pipeline.batch.driver import run_batch
    from dashcam_pipeline.batch.session import BatchOptions
    from dashcam_pipeline.batch.watch import watch
    from dashcam_pipeline.compare.page.build import write_page
    from dashcam_pipeline.compare.preview import preview
    from dashcam_pipeline.config import CleanConfig, load_config
    from dashcam_pipeline.dashcam.telemetry import read_telemetry
    from dashcam_pipeline.engine.control import Control
    from dashcam_pipeline.engine.report import RunReport
    from dashcam_pipeline.errors import DashcamError
    from dashcam_pipeline.pipeline import Pipeline, clean
    from dashcam_pipeline.provenance import verify

__all__ = [
    "BatchOptions",
    "CleanConfig",
    "Control",
    "DashcamError",
    "Pipeline",
    "RunReport",
    "__version__",
    "clean",
    "load_config",
    "preview",
    "read_telemetry",
    "run_batch",
    "verify",
    "watch",
    "write_page",
]

_HOMES = {
    "BatchOptions": "batch.session",
    "CleanConfig": "config",
    "Control": "engine.control",
    "DashcamError": "errors",
    "Pipeline": "pipeline",
    "RunReport": "engine.report",
    "clean": "pipeline",
    "load_config": "config",
    "preview": "compare.preview",
    "read_telemetry": "dashcam.telemetry",
    "run_batch": "batch.driver",
    "verify": "provenance",
    "watch": "batch.watch",
    "write_page": "compare.page.build",
}


def __getattr__(name: str) -> Any:  # noqa: ANN401 - any public name
    """Import a public name (PEP 562)."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(f"{__name__}.{_HOMES[name]}"), name)


def __dir__() -> list[str]:
    return sorted(__all__)
