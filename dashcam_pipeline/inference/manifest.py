"""What is known of every set of weights, as data.

``models/manifest.toml`` holds one ``[[model]]`` table a file. Nothing in the code asks a model's
name: sizes, licence and origin are read here, and a file whose sha256 differs is refused.
"""

from __future__ import annotations

import tomllib
from functools import cache
from pathlib import Path
from typing import Final, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from dashcam_pipeline.errors import ModelError
from dashcam_pipeline.inference.digest import sha256_of_pieces
from dashcam_pipeline.translation import _, system_reason

FILE_NAME: Final = "manifest.toml"

GLARE: Final = "glare-open"
"""The weights against glare that are used where none are named."""

Head = Literal["layers", "image"]
"""What a glare network answers: layers of light and a mask of the lamps, or a clean picture."""

Precision = Literal["fp32", "fp16", "int8"]
"""fp16 is for GPUs, int8 for CPUs; pictures and maps are float32 with all of them."""


Between = tuple[float, float]


class GlassScale(BaseModel):
    """Between which readings of a network's veil glass turns from clean to dirty.

    Networks differ in how much of a lit street they take for haze. What is measured:
    ``stages.glare.glass.measure_haze``; the values here are for weights that say none.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    haze: Between = Field(
        (0.3, 0.66),
        description="Share of haze in the light of the darkest places. Simulated dirty windscreens "
        "have 0.66 to 0.85, real ones 0.2 to 0.8, phone pictures in the median 0.1, days up to "
        "0.19.",
    )
    lift: Between = Field(
        (11.0, 20.0),
        description="Lift of the blacks in 8-bit codes; a dark night on clean glass has 1, phone "
        "pictures mostly up to 16, dirty windscreens from 20 on.",
    )
    lit_haze: Between = Field(
        (0.12, 0.2),
        description="As haze, where even the darkest places are lit, as in a tunnel: a small share "
        "of their light is haze, but it is much. Days have as much, and a sky.",
    )
    lit_lift: Between = Field((15.0, 22.0), description="As lift, where they are.")
    sure_lift: Between = Field(
        (25.0, 45.0),
        description="As lift, from which it is haze however little of the light it is: real dirty "
        "windscreens have 32 to 118, pictures without one up to 41.",
    )


class ModelEntry(BaseModel):
    """One set of weights.

    The network behind it takes float32 (N, 3, H, W) code values in [0, 1], R G B, sides multiples
    of ``multiple``, and returns float32 (N, ``maps``, H, W).
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str = Field(description="What options call it.")
    stage: str = Field(description="The stage it serves.")
    file: str = Field(description="ONNX file beside the manifest.", pattern=r"^[^/\\]+$")
    sha256: str = Field(description="Of the file, hexadecimal.", pattern=r"^[0-9a-f]{64}$")
    licence: str = Field(description="Of the weights.")
    parameters: int = Field(gt=0)
    work_area: int = Field(gt=0, description="Pixels it was made for, at any aspect.")
    multiple: int = Field(gt=0, description="Both sides must be multiples of it.")
    maps: int = Field(gt=0, description="Channels of its answer.")
    precision: Precision = Field("fp32", description="What its inner numbers are.")
    head: Head = Field("layers", description="What its answer is.")
    size: tuple[int, int] | None = Field(
        None, description="The one height and width it takes; without it, any multiples."
    )
    quick: str | None = Field(
        None,
        description="Model of the same manifest that takes its place on a CPU where time matters.",
    )
    glass: GlassScale | None = Field(
        None, description="How its veil tells dirty glass; without it, as usual."
    )
    trained_on: tuple[str, ...] = Field(description="Every set of pictures, with its terms.")
    card: str = Field(description="The model card beside the manifest.")
    folder: Path = Field(description="Where the manifest lies; not in the file.")

    @property
    def path(self) -> Path:
        """The ONNX file."""
        return self.folder / self.file

    def read(self) -> bytes:
        """The file's bytes, checked.

        Raises:
            ModelError: it is missing or its sha256 is another.
        """
        try:
            data = self.path.read_bytes()
        except OSError as error:
            raise ModelError(
                _(
                    "The weights {path} can't be read: {reason}.",
                    path=self.path,
                    reason=system_reason(error),
                ),
                advice=_("Install the package again; it holds its weights."),
            ) from error
        found = sha256_of_pieces([data])
        if found != self.sha256:
            raise ModelError(
                _(
                    "The weights {path} are not those of the manifest: sha256 {found}..., "
                    "expected {sha256}...",
                    path=self.path,
                    found=found[:12],
                    sha256=self.sha256[:12],
                ),
                advice=_("They were changed or damaged. Install the package again."),
            )
        return data

    def quick_twin(self) -> ModelEntry:
        """The model that takes its place where time matters; itself if there is none.

        Raises:
            ModelError: the manifest names one that it doesn't hold.
        """
        return self if self.quick is None else read_manifest(self.folder).get(self.quick)


class Manifest(BaseModel):
    """All models of one folder."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    models: tuple[ModelEntry, ...]

    def get(self, name: str) -> ModelEntry:
        """The model of that name.

        Raises:
            ModelError: there is none.
        """
        for entry in self.models:
            if entry.name == name:
                return entry
        known = ", ".join(entry.name for entry in self.models) or "none"
        raise ModelError(
            _("There is no model {name}.", name=repr(name)),
            advice=_("Installed models: {known}.", known=known),
        )


def models_folder() -> Path:
    """The folder of the package's own weights, in a wheel and in an editable install alike.

    Raises:
        ModelError: neither place has a manifest.
    """
    package = Path(__file__).resolve().parent.parent
    for folder in (package / "models", package.parent / "models"):
        if (folder / FILE_NAME).is_file():
            return folder
    raise ModelError(
        _(
            "No {file} beside {package}: the weights are not installed.",
            file=FILE_NAME,
            package=package,
        ),
        advice=_("Install the package again from a wheel or a full checkout."),
    )


@cache
def read_manifest(folder: Path) -> Manifest:
    """Read the manifest of a folder.

    Raises:
        ModelError: it can't be read or breaks its schema.
    """
    path = folder / FILE_NAME
    try:
        with path.open("rb") as file:
            tables = tomllib.load(file).get("model", [])
        return Manifest(models=tuple(ModelEntry(**table, folder=folder) for table in tables))
    except (OSError, tomllib.TOMLDecodeError, ValidationError, TypeError) as error:
        raise ModelError(
            _("The model manifest {path} can't be used: {error}", path=path, error=error)
        ) from error


def load_manifest() -> Manifest:
    """The manifest of the package's own weights."""
    return read_manifest(models_folder())


def find_model(reference: str) -> ModelEntry:
    """A model by its name, or by the path of an ONNX file with its manifest beside it.

    Raises:
        ModelError: there is no such model.
    """
    if not reference.endswith(".onnx"):
        return load_manifest().get(reference)
    path = Path(reference)
    for entry in read_manifest(path.parent.resolve()).models:
        if entry.file == path.name:
            return entry
    raise ModelError(
        _("{manifest} does not name {name}.", manifest=path.parent / FILE_NAME, name=path.name),
        advice=_("`dashcam export` writes weights and manifest together."),
    )
