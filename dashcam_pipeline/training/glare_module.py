"""The glare network under Lightning: synthesis, loss, averaging, schedule."""

from __future__ import annotations

import math
import time
from typing import TYPE_CHECKING, Any

import lightning as L  # noqa: N812 - its own documentation's name
import numpy as np
import torch
from torch import Tensor, nn
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn

from dashcam_pipeline.training.losses import GlareTargets, glare_loss
from dashcam_pipeline.training.nets import GlareNet

if TYPE_CHECKING:
    from collections.abc import Iterator

    from dashcam_pipeline.training.glare_config import GlareTrainingConfig
    from dashcam_pipeline.training.synthesis.glare import GlareSynthesizer, Sample

FREEZE_AT = 0.75
"""From this share of the training on, batch norm uses its running statistics, as it will later."""

CROPS = 2
"""Crops taken of one synthesised frame: half the synthesis for nearly the same variety."""

WARM_UP = 200
"""Steps until the full learning rate."""


class StepNumbers(torch.utils.data.IterableDataset[int]):
    """Step numbers: a sample's seed is (run seed, step, place), so a resumed run never repeats."""

    def __init__(self, steps: int) -> None:
        self.steps = steps

    def __iter__(self) -> Iterator[int]:
        """One number a step; the trainer's global step is what counts."""
        return iter(range(self.steps))

    def __len__(self) -> int:
        """Steps in an epoch."""
        return self.steps


class GlareModule(L.LightningModule):
    """Trains a ``GlareNet`` on synthesised samples.

    Args:
        config: all that the run depends on.
        synthesizer: draws the samples; None where only the network is wanted.
    """

    def __init__(self, config: GlareTrainingConfig, synthesizer: GlareSynthesizer | None) -> None:
        super().__init__()
        self.config = config
        self.synthesizer = synthesizer
        self.net = GlareNet(config.model, config.encoder)
        mean = get_ema_multi_avg_fn(0.998)  # type: ignore[no-untyped-call] # torch has no stub for it
        self.average = AveragedModel(self.net, multi_avg_fn=mean, use_buffers=True)
        self.spent = 0.0
        """Seconds trained in earlier runs and this one."""
        self._last = time.monotonic()

    @property
    def progress(self) -> float:
        """Share of the time budget that is spent, 0 to 1."""
        return min(self.spent / (self.config.hours * 3600), 1.0)

    def batch(self, step: int) -> GlareTargets:
        """Synthesise the batch of one step, on the module's device."""
        if self.synthesizer is None:
            raise RuntimeError("this module was made without a synthesizer")
        rng = np.random.default_rng((self.config.seed, step))
        whole = rng.random() < self.config.whole_frames
        count = max(self.config.batch * 3 // 8, 1) if whole else self.config.batch
        samples: list[Sample] = []
        shape = (288, 512) if whole else None
        for place in range(count if whole else -(-count // CROPS)):
            sample = self.synthesizer.sample((self.config.seed, step, place), shape)
            cuts = 0 if whole else min(CROPS, count - len(samples))
            samples += [sample.crop(rng, *self.config.crop) for _ in range(cuts)] or [sample]
        fields = ("picture", "glare", "structured", "veil", "lamps")
        return GlareTargets(
            *(torch.stack([getattr(s, f) for s in samples]).to(self.device) for f in fields)
        )

    def training_step(self, _batch: Tensor, _index: int) -> Tensor:
        """One step: draw, predict, compare."""
        now = time.monotonic()
        self.spent += min(now - self._last, 60.0)
        self._last = now
        self._set_rate()
        if self.progress >= FREEZE_AT:
            for layer in self.net.modules():
                if isinstance(layer, nn.BatchNorm2d):
                    layer.eval()
        targets = self.batch(self.global_step)
        maps = self.net(targets.picture.contiguous(memory_format=torch.channels_last)).float()
        with torch.autocast(self.device.type, enabled=False):
            terms = glare_loss(maps, targets)
            loss = torch.stack(list(terms.values())).sum()
        values = {f"train/{k}": v.detach() for k, v in terms.items()} | {
            "train/loss": loss.detach()
        }
        self.log_dict(values, on_step=False, on_epoch=True, batch_size=len(targets.picture))
        if self.progress >= 1.0:
            self.trainer.should_stop = True
        return loss

    def on_train_batch_end(self, *_: object) -> None:
        """Move the average on."""
        self.average.update_parameters(self.net)

    def _set_rate(self) -> None:
        warm = min((self.global_step + 1) / WARM_UP, 1.0)
        rate = (
            self.config.rate * warm * (0.02 + 0.98 * 0.5 * (1 + math.cos(math.pi * self.progress)))
        )
        for group in self.trainer.optimizers[0].param_groups:
            group["lr"] = rate * group["scale"]

    def configure_optimizers(self) -> torch.optim.Optimizer:
        """AdamW; the pretrained encoder moves more slowly than the fresh decoder."""
        encoder = list(self.net.net.encoder.parameters())
        known = {id(p) for p in encoder}
        fresh = [p for p in self.net.parameters() if id(p) not in known]
        groups = [{"params": encoder, "scale": 0.5}, {"params": fresh, "scale": 1.0}]
        return torch.optim.AdamW(groups, lr=self.config.rate, weight_decay=1e-4)

    def train_dataloader(self) -> torch.utils.data.DataLoader[int]:
        """Step numbers; samples are drawn on the training device."""
        return torch.utils.data.DataLoader(StepNumbers(self.config.epoch_steps), batch_size=None)

    def on_save_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        """Keep the time spent and the config beside the weights."""
        checkpoint["spent"] = self.spent
        checkpoint["glare_config"] = self.config.model_dump(mode="json")

    def on_load_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        """Go on counting time where the last run ended."""
        self.spent = float(checkpoint["spent"])
