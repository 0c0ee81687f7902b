"""Which stages there are, and how they are made.

The project's own stages are named in ``BUILT_IN``; any other package adds its own by an entry
point::

    [project.entry-points."dashcam_pipeline.stages"]
    dim = "dashcam_dim:Dim"

A stage's module is imported only when the stage is used or listed, and a plug-in that can't be
loaded is named in a warning and left out: it never stops a run that doesn't use it.
"""

from __future__ import annotations

import importlib
import logging
from dataclasses import dataclass
from importlib.metadata import entry_points
from typing import TYPE_CHECKING, Any, Final

from dashcam_pipeline._version import __version__
from dashcam_pipeline.errors import StageError, UsageError
from dashcam_pipeline.stages.base import Stage
from dashcam_pipeline.stages.explain import did_you_mean
from dashcam_pipeline.translation import _

if TYPE_CHECKING:
    from collections.abc import Mapping

    from dashcam_pipeline.stages.base import StageContext, StageOptions

logger = logging.getLogger(__name__)

GROUP: Final = "dashcam_pipeline.stages"
"""The entry point group of other packages' stages."""

PACKAGE: Final = "dashcam-pipeline"

BUILT_IN: Final[dict[str, str]] = {
    "glare": "dashcam_pipeline.stages.glare.stage:GlareStage",
    "night-to-day": "dashcam_pipeline.stages.daylight.stage:NightToDayStage",
    "day-to-night": "dashcam_pipeline.stages.daylight.stage:DayToNightStage",
}
"""Name -> ``module:Class``. A new stage of this package is one file and one line here."""


@dataclass(frozen=True, slots=True)
class StageEntry:
    """A stage that is installed, not yet imported.

    Args:
        name: how it is called.
        target: ``module:Class``.
        package: the distribution it comes from.
        version: of that distribution.
    """

    name: str
    target: str
    package: str
    version: str

    def load(self) -> type[Stage]:
        """Import the class.

        Raises:
            StageError: it can't be imported, or is no stage of this name.
        """
        module, _colon, attribute = self.target.partition(":")
        try:
            loaded = getattr(importlib.import_module(module), attribute)
        except Exception as error:  # a foreign module may raise anything
            raise StageError(
                _(
                    "The stage {name} of package {package} can't be loaded: {kind}: {error}",
                    name=repr(self.name),
                    package=repr(self.package),
                    kind=type(error).__name__,
                    error=error,
                ),
                advice=_("Update or uninstall {package}.", package=self.package),
            ) from error
        if not (isinstance(loaded, type) and issubclass(loaded, Stage)):
            raise StageError(
                _(
                    "{target} of package {package} is no stage: it must be a class derived "
                    "from dashcam_pipeline.stages.base.Stage.",
                    target=self.target,
                    package=repr(self.package),
                )
            )
        if loaded.name != self.name:
            raise StageError(
                _(
                    "Package {package} announces the stage {name}, but its class calls "
                    "itself {own}.",
                    package=repr(self.package),
                    name=repr(self.name),
                    own=repr(loaded.name),
                )
            )
        return loaded


def available_stages() -> dict[str, StageEntry]:
    """All installed stages by name, without importing any of them."""
    found = {
        name: StageEntry(name, target, PACKAGE, __version__) for name, target in BUILT_IN.items()
    }
    for point in entry_points(group=GROUP):
        package = point.dist.name if point.dist else "unknown"
        version = point.dist.version if point.dist else ""
        entry = StageEntry(point.name, point.value, package, version)
        known = found.get(point.name)
        if known is None:
            found[point.name] = entry
        elif known != entry and known.target != entry.target:
            logger.warning(
                "Package %r announces a stage %r, a name that %r has already; it is left out.",
                package,
                point.name,
                known.package,
            )
    return found


def stage_class(name: str) -> type[Stage]:
    """The class of a stage, imported now.

    Args:
        name: as ``available_stages`` lists it.

    Raises:
        UsageError: no stage is called so.
        StageError: it can't be loaded.
    """
    if name in BUILT_IN:  # no need to read every installed package's metadata
        return StageEntry(name, BUILT_IN[name], PACKAGE, __version__).load()
    known = available_stages()
    if name not in known:
        raise UsageError(
            _("There is no stage called {name}. {hint}", name=repr(name), hint=hint)
            if (hint := did_you_mean(name, known))
            else _("There is no stage called {name}.", name=repr(name)),
            advice=_("Installed: {known}.", known=", ".join(sorted(known))),
        )
    return known[name].load()


def load_stages() -> dict[str, tuple[StageEntry, type[Stage]]]:
    """Every stage that can be loaded; what can't is named in a logged warning."""
    loaded = {}
    for name, entry in sorted(available_stages().items()):
        try:
            loaded[name] = (entry, entry.load())
        except StageError as error:
            logger.warning("%s", str(error).replace("\n", " "))
    return loaded


def create_stage(name: str, options: Mapping[str, Any], context: StageContext) -> Stage:
    """Make a stage.

    Args:
        name: as ``available_stages`` lists it.
        options: those that differ from the defaults; text is converted (``"0.5"`` -> 0.5).
        context: device, quality, threads, strength.

    Raises:
        UsageError: an unknown stage, or a wrong option, naming key, value and range.
        StageError: the stage can't be loaded, or fails while it is made.
    """
    return stage_class(name)(check_options(name, options), context)


def check_options(name: str, options: Mapping[str, Any]) -> StageOptions:
    """The options of a stage.

    Args:
        name: as ``available_stages`` lists it.
        options: those that differ from the defaults; text is converted (``"0.5"`` -> 0.5).

    Raises:
        UsageError: an unknown stage, or a wrong option, naming key, value and range.
        StageError: the stage can't be loaded.
    """
    return stage_class(name).Options.checked(
        dict(options),
        source=_("stage {name}", name=name),
        advice=_("`dashcam stages` lists the options of {name}.", name=name),
    )
