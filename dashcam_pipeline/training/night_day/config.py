"""What a night-to-day training depends on, and nothing else."""

from __future__ import annotations

from pathlib import Path  # noqa: TC003 - pydantic reads it at run time
from typing import Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

GeneratorKind = Literal["grid", "unet", "resnet9"]
MULTIPLE = 32


class NightDayConfig(BaseModel):
    """All that a run depends on; written into the run's folder and its checkpoints."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    a: tuple[str, ...] = Field((), description="Nights: PATH[@RULE], see data.py.")
    b: tuple[str, ...] = Field((), description="Days: PATH[@RULE].")
    pairs: tuple[str, ...] = Field((), description="Aligned scenes: simulated:PATH.")
    bdd100k: Path | None = Field(None, description="A BDD100K copy; adds to both domains.")
    rain: Literal["without", "with", "only"] = Field(
        "without", description="Rain among BDD100K's pictures."
    )
    start: Path | None = Field(
        None, description="Folder with exported weights of both directions to start from."
    )
    generator: GeneratorKind = Field("grid", description="Kind of both generators.")
    size: tuple[int, int] = Field((160, 256), description="Height and width of training windows.")
    epochs: int = Field(300, ge=1, description="The learning rate falls over the second half.")
    hours: float | None = Field(None, gt=0, description="Time budget over all resumed parts.")
    batch: int = Field(2, ge=1, description="Pictures of each domain a step.")
    epoch_steps: int = Field(
        0, ge=0, description="Steps an epoch; 0: as many as show each picture of one domain."
    )
    warm_up: float = Field(
        0.1, ge=0, lt=1, description="Share of the training on aligned examples alone."
    )
    darken: bool = Field(default=True, description="Make aligned examples of the days, too.")
    rate: float = Field(2e-4, gt=0, description="Learning rate, as the paper's.")
    seed: int = Field(0, ge=0)
    precision: Literal["bf16", "32"] = Field("bf16", description="Of the networks' arithmetic.")
    threads: int = Field(0, ge=0, description="CPU threads; 0 leaves it to torch.")

    @model_validator(mode="after")
    def _check(self) -> Self:
        if any(side % MULTIPLE or side <= 0 for side in self.size):
            raise ValueError(f"both sides must be multiples of {MULTIPLE}, not {self.size = }")
        if self.bdd100k is None and not (self.a and self.b):
            raise ValueError("both domains need pictures: give a and b, or bdd100k")
        return self

    @property
    def is_classic(self) -> bool:
        """Whether the run follows the paper to the letter."""
        return self.generator == "resnet9"
