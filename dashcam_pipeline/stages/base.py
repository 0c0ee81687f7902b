"""The contract of a stage.

You must write ``process``; you may write ``open``, ``survey``, ``reset``, ``flush`` and ``close``,
and for a stage that remembers earlier frames ``state`` and ``restore``. A stage is one file plus
one entry point in the group ``dashcam_pipeline.stages``, in this package or in any other::

    class Dim(Stage):
        name = "dim"
        summary = "Halves the luma."

        class Options(StageOptions):
            amount: float = Field(0.5, ge=0, le=1, description="How much luma to take away.")

        def process(self, batch: FrameBatch) -> FrameBatch: ...

A stage can't lose, add or reorder frames: the chain checks it.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from pydantic import Field, model_validator

from dashcam_pipeline.stages.settings import Settings
from dashcam_pipeline.translation import _

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    import numpy.typing as npt

    from dashcam_pipeline.frames import Color, Frame, FrameBatch, PixelLayout
    from dashcam_pipeline.inference.manifest import ModelEntry
    from dashcam_pipeline.inference.session import Network

Quality = Literal["fast", "balanced", "best"]


class Box(Settings):
    """A rectangle of the picture as it is stored, in luma pixels from the top left corner."""

    x: int = Field(ge=0, description="Left edge.")
    y: int = Field(ge=0, description="Upper edge.")
    width: int = Field(ge=1, description="Columns.")
    height: int = Field(ge=1, description="Rows.")

    @model_validator(mode="before")
    @classmethod
    def _from_text(cls, value: object) -> object:
        """Read ``x,y,w,h``, or four numbers."""
        if isinstance(value, str):
            value = value.split(",")
        if isinstance(value, list | tuple):
            names = ("x", "y", "width", "height")
            if len(value) != len(names):
                raise ValueError(_("a box is four numbers: x,y,w,h"))
            return dict(zip(names, value, strict=True))
        return value

    def __str__(self) -> str:
        return f"{self.x},{self.y},{self.width},{self.height}"


class StageOptions(Settings):
    """Base of a stage's options: frozen, unknown keys refused, bounds by ``Field(ge=, le=)``.

    Strengths (0 to 1) that ``--strength`` scales are named in ``Stage.strengths``.
    """


@dataclass(frozen=True, slots=True)
class StreamInfo:
    """What a stage is told when a stream opens.

    Args:
        width, height: of the frames as they are stored (before any rotation tag).
        layout, color: of all frames until the next ``open``.
        protected: boxes that come out as they went in, with the rim over which a change fades in:
            what a stage draws in them is not seen.
    """

    width: int
    height: int
    layout: PixelLayout
    color: Color
    protected: tuple[Box, ...] = ()


@dataclass(frozen=True, slots=True)
class StageContext:
    """What the runner gives every stage when it is made.

    Args:
        device: ``cpu``, ``cuda`` or ``cuda:N`` (``auto`` has been decided by the runner).
        quality: the level asked for.
        threads: how many threads the stage may keep busy.
        strength: factor on all of the stage's own strengths, 0 to 1; the look `strong` gives more.
        deterministic: True where results must not depend on timing or thread races.
        networks: opens a model in place of ``Network`` itself: whoever tries many settings on one
            recording keeps networks, and what they answered.
    """

    device: str = "cpu"
    quality: Quality = "balanced"
    threads: int = 1
    strength: float = 1.0
    deterministic: bool = False
    networks: Callable[[ModelEntry, str, int], Network] | None = None

    def network(self, entry: ModelEntry) -> Network:
        """Open a model on the context's device.

        Raises:
            ModelError: the weights are missing, changed or not usable.
            DeviceError: the device's provider can't be loaded.
        """
        if self.networks is not None:
            return self.networks(entry, self.device, self.threads)
        # Imported here: options are read without arrays.
        from dashcam_pipeline.inference.session import Network  # noqa: PLC0415

        return Network(entry, device=self.device, threads=self.threads)


@dataclass(frozen=True, slots=True)
class Requirements:
    """What a stage needs of its runner.

    Args:
        batch_size: frames a call that serve it best; the runner may give fewer.
        lookahead: frames a stage may hold back before it returns the first one.
    """

    batch_size: int = 1
    lookahead: int = 0


@dataclass(slots=True)
class StageReport:
    """What a stage has to say when its stream ends; becomes part of the run report.

    Args:
        seconds: wall time by part of the stage (``shrink``, ``network``, ``render``, ...).
        facts: small JSON-able facts (model name and sha256, frames changed, ...).
    """

    seconds: dict[str, float] = field(default_factory=dict)
    facts: dict[str, Any] = field(default_factory=dict)

    def count(self, part: str, seconds: float) -> None:
        """Add wall time to a part of the stage."""
        self.seconds[part] = self.seconds.get(part, 0.0) + seconds


class Stage(ABC):
    """One step of the chain.

    Args:
        options: an instance of the class's own ``Options``.
        context: device, quality, threads, strength.
    """

    name: ClassVar[str]
    """How the command line and the configuration call it (kebab-case)."""

    summary: ClassVar[str]
    """One sentence for ``dashcam stages``."""

    strengths: ClassVar[tuple[str, ...]] = ()
    """Options that ``--strength`` scales."""

    models: ClassVar[tuple[str, ...]] = ()
    """Names in the model manifest that it may use."""

    synthetic: ClassVar[bool] = False
    """True if the result shows what the camera never saw: the output is tagged so."""

    class Options(StageOptions):
        """No options of its own."""

    def __init__(self, options: StageOptions, context: StageContext) -> None:
        self.options = options
        self.context = context
        self.report = StageReport()

    @property
    def requirements(self) -> Requirements:
        """What it needs of the runner; one frame at a time, no look-ahead, unless overridden."""
        return Requirements()

    def open(self, info: StreamInfo) -> None:  # noqa: B027
        """A stream begins, or its geometry changes; called before the first ``process``."""

    def survey(self, frames: Sequence[Frame]) -> None:  # noqa: B027
        """Look at a few frames spread over the recording, before the first one is processed.

        Called after ``open`` where there is a recording to look at, not for arrays; a stage must do
        without. Frames are as recorded: stages before this one have not seen them.
        """

    @abstractmethod
    def process(self, batch: FrameBatch) -> FrameBatch:
        """Change frames.

        Args:
            batch: frames in order, straight after those of the last call.

        Returns:
            frames in order, starting where the last call's result ended; as many as given,
            or fewer by up to ``requirements.lookahead`` that are held back.
        """

    def flush(self) -> FrameBatch | None:
        """Give back all frames still held: before a cut, where a run may pause, or at the end."""
        return None

    def reset(self) -> None:  # noqa: B027
        """Forget the past: a scene cut follows. ``flush`` has been called."""

    def state(self) -> Mapping[str, npt.NDArray[Any]]:
        """What it remembers of earlier frames, as arrays by name; nothing unless overridden.

        They may have any shape and any dtype but object (NumPy's ``allow_pickle=False``).
        Asked for where a run may later go on in another process; ``flush`` has been called. With
        what this returns, ``restore`` must make another instance go on to the last bit.
        """
        return {}

    def restore(self, state: Mapping[str, npt.NDArray[Any]]) -> None:  # noqa: B027
        """Remember what another instance gave as its ``state``; called after ``open``."""

    def close(self) -> None:  # noqa: B027
        """Free what it holds; called once, also after a failure."""

    @classmethod
    def describe_options(cls) -> Mapping[str, Any]:
        """JSON schema of the options, as ``dashcam stages --json`` prints it."""
        return cls.Options.model_json_schema()
