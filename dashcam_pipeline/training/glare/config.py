"""What a glare training depends on, and nothing else; on the command line or in a TOML file."""

from __future__ import annotations

import tomllib
from pathlib import Path  # noqa: TC003 - pydantic reads it at run time
from typing import TYPE_CHECKING, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from dashcam_pipeline.errors import ConfigError, InputMissingError, UsageError
from dashcam_pipeline.stages.explain import explain
from dashcam_pipeline.training.common.processor import Asked  # noqa: TC001 - pydantic too

if TYPE_CHECKING:
    from collections.abc import Mapping


class GlareTrainingConfig(BaseModel):
    """All that a run depends on; written into the run's folder and its checkpoints."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    data: tuple[str, ...] = Field(description="Sources as KIND:PATH[@LIST].", min_length=1)
    model: Literal["unetpp", "unet", "autoencoder"] = Field("unetpp", description="Network.")
    encoder: str = Field("tu-tf_efficientnet_lite0", description="Encoder of smp or timm (tu-...).")
    head: Literal["layers", "image"] = Field(
        "layers", description="Layers of light, or a clean picture (always the autoencoder's)."
    )
    supervision: Literal["last", "mean"] = Field(
        "last", description="Answer of UNet++: of X0,4, or the mean of X0,1 to X0,4, all trained."
    )
    start: Path | None = Field(
        None, description="A run's checkpoint or exported weights to start from, where they fit."
    )
    hours: float = Field(1.0, gt=0, description="Time budget over all resumed parts.")
    epochs: int | None = Field(
        None, ge=1, description="Length in epochs over all resumed parts, instead of hours."
    )
    seed: int = Field(0, ge=0)
    batch: int = Field(8, ge=1, description="Crops a step (whole frames: three eighths of it).")
    crop: tuple[int, int] = Field((192, 256), description="Height and width of crops.")
    whole_frames: float = Field(0.3, ge=0, le=1, description="Share of steps on whole frames.")
    rate: float = Field(1.5e-3, gt=0, description="Peak learning rate.")
    epoch_steps: int = Field(250, ge=1, description="Steps between two looks at the result.")
    kernels: int = Field(160, ge=1, description="Lenses in the kernel bank.")
    glare_free: float = Field(0.15, ge=0, le=1, description="Share of samples without glare.")
    cool_down: float = Field(
        0.2, ge=0, lt=1, description="Share of the budget, at its end, in which the rate falls."
    )
    still_norms: bool = Field(
        default=False, description="Batch norms stay as the weights that it starts from have them."
    )
    picked: int = Field(
        1, ge=1, description="Of so many random crops of a frame the one with most glare is taken."
    )
    save_minutes: float = Field(
        5, gt=0, description="Between two checkpoints, beside each epoch's."
    )
    vain: float = Field(2.0, ge=0, description="Weight of light taken where no glare is.")
    pyramid: float = Field(0.3, ge=0, description="Weight of the Laplacian pyramid.")
    ssim: float = Field(0.03, ge=0, description="Weight of structural similarity.")
    fixed: int = Field(
        0, ge=0, description="So many samples again and again, for studies; 0: ever new ones."
    )
    augment: bool = Field(
        default=True, description="Other crops of a fixed sample each time, mirrored by chance."
    )
    precision: Asked = Field(
        "auto", description="As Lightning names it; auto takes what the processor is fast in."
    )
    devices: str = Field(
        "1",
        pattern=r"^(auto|-1|\d+(,\d+)*,?)$",
        description="As Lightning names them: how many, which (0,1), or auto.",
    )
    pairs: Path | None = Field(None, description="Real pairs (flare/, clear/) to watch.")
    pairs_list: Path | None = Field(None, description="Names of the pairs to watch.")
    look: Path | None = Field(None, description="Folder of real nights without truth, to look at.")
    threads: int = Field(0, ge=0, description="CPU threads; 0 leaves it to torch.")

    @model_validator(mode="before")
    @classmethod
    def _only_head(cls, values: Any) -> Any:  # noqa: ANN401 - whatever is to be validated
        """The autoencoder has one head; it need not be asked for."""
        if isinstance(values, dict) and values.get("model") == "autoencoder":
            return {"head": "image", **values}
        return values

    @model_validator(mode="after")
    def _is_possible(self) -> GlareTrainingConfig:
        """Say what no network here can do."""
        if self.model == "autoencoder" and self.head != "image":
            raise ValueError("the autoencoder paints a picture; its only head is image")
        if self.supervision == "mean" and self.model != "unetpp":
            raise ValueError(f"only unetpp has X0,1 to X0,4 to average, and {self.model} does not")
        return self


def read_settings(file: Path) -> dict[str, Any]:
    """Settings of a TOML file, whose keys are the fields of ``GlareTrainingConfig``, unchecked.

    Raises:
        InputMissingError: the file can't be read.
        ConfigError: it isn't TOML.
    """
    try:
        return tomllib.loads(file.read_text("utf-8"))
    except OSError as error:
        raise InputMissingError(f"{file} can't be read: {error.strerror}.") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError(f"{file}: not valid TOML: {error}.") from error


def make_training_config(
    values: Mapping[str, Any],
    stored: Mapping[str, Any] | None = None,
    *,
    source: str = "",
    names: Mapping[str, str] | None = None,
) -> GlareTrainingConfig:
    """Defaults, then settings from a file, then what was said explicitly.

    Args:
        values: by field name; they win.
        stored: by field name, of a file.
        source: the file's name, for messages.
        names: how the source of ``values`` calls a field, for messages.

    Raises:
        ConfigError: a setting of the file is wrong.
        UsageError: another setting is wrong.
    """
    try:
        return GlareTrainingConfig.model_validate({**(stored or {}), **values})
    except ValidationError as error:
        wrong = {str(detail["loc"][0]) for detail in error.errors() if detail["loc"]}
        kind, source = (UsageError, "") if wrong <= set(values) else (ConfigError, source)
        raise kind(explain(error, GlareTrainingConfig, source=source, names=names)) from None
