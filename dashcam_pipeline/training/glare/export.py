"""All that an export of a glare run leaves: weights, their twins in fewer bits, entries, a card."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

from dashcam_pipeline.inference.manifest import read_manifest
from dashcam_pipeline.training.common.card import glare_facts, write_card
from dashcam_pipeline.training.common.export import export_run, load_average
from dashcam_pipeline.training.common.precision import CALIBRATION, MEASURED, export_reduced
from dashcam_pipeline.training.data.sources import load_data
from dashcam_pipeline.training.synthesis.glare import KernelBank
from dashcam_pipeline.training.synthesis.mixture import MixedSynthesizer

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from dashcam_pipeline.training.synthesis.glare import Sample

SEED = 1_000_003
"""Of the samples that ranges are found on and losses measured on; no training draws it."""

LENSES = 24
"""Kernels for those samples."""


@dataclass(frozen=True, slots=True)
class Exported:
    """What an export wrote.

    Args:
        path: of the float32 weights.
        difference: their largest difference from torch, in code values of 1.
        losses: dB that each reduced precision loses on synthesised nights.
    """

    path: Path
    difference: float
    losses: dict[str, float] = field(default_factory=dict)


def calibration_samples(data: Sequence[str]) -> list[Sample]:
    """Synthesised nights at the size of whole frames.

    Args:
        data: sources as KIND:PATH[@LIST].
    """
    synthesizer = MixedSynthesizer(load_data(data), KernelBank(seed=SEED, count=LENSES))
    return [
        synthesizer.sample((SEED, number), (288, 512)) for number in range(CALIBRATION + MEASURED)
    ]


def export_glare(
    checkpoint: Path,
    folder: Path,
    name: str,
    *,
    licence: str,
    trained_on: Sequence[str],
    prune: bool = False,
    precisions: Sequence[Literal["fp16", "int8"]] = (),
    calibration: Sequence[str] = (),
) -> Exported:
    """Export a run's averaged network, and write its card.

    Args:
        checkpoint: ``last.ckpt`` of a run.
        folder: of weights.
        name: what options will call it.
        licence: of the weights.
        trained_on: every set of pictures with its terms.
        prune: leave out the heads of deep supervision.
        precisions: twins to write beside the float32 weights, for networks with layers.
        calibration: sources of the nights that twins are calibrated and measured on.

    Raises:
        InputMissingError: no such checkpoint, or a source is missing.
        ModelError: it is of another kind, or the export differs from torch.
    """
    path, difference = export_run(
        checkpoint, folder, name, licence=licence, trained_on=trained_on, prune=prune
    )
    entry = read_manifest(folder).get(name)
    losses: dict[str, float] = {}
    if precisions:
        samples = calibration_samples(calibration)
        for precision in precisions:
            _, losses[precision] = export_reduced(entry, precision, samples)
    _, config, run = load_average(checkpoint)
    facts = glare_facts(entry, config, run, checkpoint.parent, losses)
    write_card(folder / entry.card, facts)
    return Exported(path, difference, losses)
