"""What a glare training depends on, and nothing else."""

from __future__ import annotations

from pathlib import Path  # noqa: TC003 - pydantic reads it at run time

from pydantic import BaseModel, ConfigDict, Field


class GlareTrainingConfig(BaseModel):
    """All that a run depends on; written into the run's folder and its checkpoints."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    data: tuple[str, ...] = Field(description="Sources as KIND:PATH[@LIST].", min_length=1)
    model: str = Field("unetpp", description="unetpp or unet.")
    encoder: str = Field("tu-tf_efficientnet_lite0", description="Encoder of smp or timm (tu-...).")
    hours: float = Field(1.0, gt=0, description="Time budget over all resumed parts.")
    seed: int = Field(0, ge=0)
    batch: int = Field(8, ge=1, description="Crops a step (whole frames: three eighths of it).")
    crop: tuple[int, int] = Field((192, 256), description="Height and width of crops.")
    whole_frames: float = Field(0.3, ge=0, le=1, description="Share of steps on whole frames.")
    rate: float = Field(1.5e-3, gt=0, description="Peak learning rate.")
    epoch_steps: int = Field(250, ge=1, description="Steps between two looks at the result.")
    kernels: int = Field(160, ge=1, description="Lenses in the kernel bank.")
    glare_free: float = Field(0.15, ge=0, le=1, description="Share of samples without glare.")
    precision: str = Field("bf16-mixed", description="As Lightning names it.")
    pairs: Path | None = Field(None, description="Real pairs (flare/, clear/) to watch.")
    pairs_list: Path | None = Field(None, description="Names of the pairs to watch.")
    look: Path | None = Field(None, description="Folder of real nights without truth, to look at.")
    threads: int = Field(0, ge=0, description="CPU threads; 0 leaves it to torch.")
