"""What a result depends on, beside its source: settings, weights, code and encoder version."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import av

from dashcam_pipeline._version import __version__
from dashcam_pipeline.engine.build_chain import check_allowed
from dashcam_pipeline.inference.digest import short_name
from dashcam_pipeline.inference.manifest import find_model
from dashcam_pipeline.stages.registry import available_stages, check_options, stage_class

if TYPE_CHECKING:
    from dashcam_pipeline.config import CleanConfig, StageSpec

NO_MATTER: Final = frozenset(("overwrite", "threads", "device", "strict", "preset"))
"""Settings that change how a result comes about, and not what it is meant to be; a preset's name
doesn't, what it sets does."""


@dataclass(frozen=True, slots=True)
class Recipe:
    """What a result depends on.

    Args:
        parts: JSON-able; ``settings`` are what the user asked for.
    """

    parts: dict[str, Any]

    @property
    def digest(self) -> str:
        """A short name for it: the first 16 hexadecimal digits of a SHA-256."""
        return _digest(self.parts)

    @property
    def settings(self) -> str:
        """Likewise, for what the user asked for, without weights and versions."""
        return _digest(self.parts["settings"])


def make_recipe(config: CleanConfig) -> Recipe:
    """The recipe of a configuration; checks its stages on the way.

    Raises:
        UsageError: an unknown stage, a wrong option of one, or one that isn't allowed.
        StageError: a stage can't be loaded.
        ModelError: weights are not installed.
    """
    check_allowed(config)
    return Recipe(
        {
            "dashcam_pipeline": __version__,
            "settings": config.model_dump(mode="json", exclude=set(NO_MATTER)),
            "stages": [_stage(spec) for spec in config.stages],
            "av": av.__version__,
            "libavcodec": list(av.library_versions["libavcodec"]),
        }
    )


def _digest(parts: Any) -> str:  # noqa: ANN401 - JSON
    return short_name(json.dumps(parts, sort_keys=True, ensure_ascii=True).encode())


def _stage(spec: StageSpec) -> dict[str, Any]:
    options = check_options(spec.name, spec.options)
    entry = available_stages().get(spec.name)
    # A stage that lets the user choose calls the option so; otherwise its class names its models.
    chosen = getattr(options, "model", None)
    models = [chosen] if isinstance(chosen, str) else stage_class(spec.name).models
    return {
        "name": spec.name,
        "options": options.model_dump(mode="json"),
        "version": entry.version if entry else __version__,
        "weights": {name: find_model(name).sha256 for name in models},
    }
