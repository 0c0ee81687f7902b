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

from dashcam_pipeline.training.common.depthwise import keep_depthwise_in_float32
from dashcam_pipeline.training.common.processor import chosen_precision
from dashcam_pipeline.training.glare.image_loss import image_loss, shrink
from dashcam_pipeline.training.glare.losses import GlareTargets, Weights, glare_loss
from dashcam_pipeline.training.glare.nets import make_net

if TYPE_CHECKING:
    from collections.abc import Iterator

    from dashcam_pipeline.training.glare.config import GlareTrainingConfig
    from dashcam_pipeline.training.synthesis.glare import GlareSynthesizer, Sample

CROPS = 2
"""Crops taken of one synthesised frame: half the synthesis for nearly the same variety."""

WHOLE = (288, 512)
"""Height and width of whole frames."""

WARM_UP = 200
"""Steps until the full learning rate."""


DECAY = 0.999
"""What the average keeps of itself at each step, once it has met many."""


def moving_average(averaged: Any, current: Any, count: Any) -> None:  # noqa: ANN401 - tensors, as torch passes them
    """Move averages towards current values: by much at first, or they would hold what was drawn.

    The decay grows as min(``DECAY``, (1 + count) / (10 + count)), as that of TensorFlow's
    ExponentialMovingAverage with ``num_updates``.
    """
    decay = min(DECAY, (1 + int(count)) / (10 + int(count)))
    get_ema_multi_avg_fn(decay)(averaged, current, count)  # type: ignore[no-untyped-call] # torch has no stub for it


def cooled(progress: float, share: float) -> float:
    """Factor of the learning rate: 1, and in the last part of a run 1 - sqrt(how far into it).

    A constant rate with a short cool-down ends as well as a cosine over the whole budget, and
    needs no budget to be known before (Haegele et al., 2024, arXiv 2405.18392): a run that is
    stopped early is averaged as it is, or gone on with by another budget.

    Args:
        progress: share of the budget that is spent, 0 to 1.
        share: of the budget, at its end, that cools down.
    """
    into = (progress - (1 - share)) / share if share else 0.0
    return 1 - math.sqrt(min(max(into, 0.0), 1.0))


class StepNumbers(torch.utils.data.IterableDataset[int]):
    """Step numbers: a sample's seed holds its step, so a resumed run never repeats itself."""

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
        self.net = make_net(config)
        self.average = AveragedModel(self.net, multi_avg_fn=moving_average, use_buffers=True)
        self.average.requires_grad_(requires_grad=False)  # several devices wait for all gradients
        if chosen_precision(config.precision).startswith("bf16"):
            keep_depthwise_in_float32(self.net)
        self._weights = Weights(vain=config.vain, pyramid=config.pyramid, ssim=config.ssim)
        self.spent = 0.0
        """Seconds trained in earlier runs and this one."""
        self._last = time.monotonic()
        self.interrupted = False
        """Set it to end the training after the step it is in, resumable."""
        self.pause_at: float | None = None
        """Time of ``time.monotonic`` from which the training interrupts itself."""

    @property
    def progress(self) -> float:
        """Share of the budget that is spent, 0 to 1."""
        if self.config.epochs is not None:
            return min(self.global_step / (self.config.epochs * self.config.epoch_steps), 1.0)
        return min(self.spent / (self.config.hours * 3600), 1.0)

    @property
    def source(self) -> GlareSynthesizer:
        """What draws the samples.

        Raises:
            RuntimeError: there is none.
        """
        if self.synthesizer is None:
            raise RuntimeError("this module was made without a synthesizer")
        return self.synthesizer

    def _samples(self, step: int) -> list[Sample]:
        """What one step trains on.

        A sample's seed is (run seed, step, place); with several devices it is (run seed, step,
        rank, place). All devices agree on whether a step takes whole frames, since the slowest
        one sets the pace.
        """
        config = self.config
        key: tuple[int, ...] = (config.seed, step)
        rng = np.random.default_rng(key)
        whole = rng.random() < config.whole_frames or self.net.size is not None
        if self._devices > 1:
            key = (*key, self.global_rank)
            rng = np.random.default_rng((*key, 2**32))  # no sample has so high a place
        count = max(config.batch * 3 // 8, 1) if whole else config.batch
        samples: list[Sample] = []
        for place in range(count if whole else -(-count // CROPS)):
            seed, at = (*key, place), rng
            if config.fixed:
                number = int(rng.integers(config.fixed))
                seed = (config.seed, number)
                at = rng if config.augment else np.random.default_rng((*seed, 1))
            # Fixed samples keep their frame, however they are cut.
            sample = self.source.sample(seed, WHOLE if whole or config.fixed else None)
            cuts = 0 if whole else min(CROPS, count - len(samples))
            samples += self._crops(at, sample, cuts) or [sample]
        return samples

    def _crops(self, rng: np.random.Generator, sample: Sample, count: int) -> list[Sample]:
        """Crops of a frame; the first is the one of ``picked`` that has most glare."""
        crops: list[Sample] = []
        for place in range(count):
            tries = 1 if place else self.config.picked
            cut = [sample.crop(rng, *self.config.crop) for _ in range(tries)]
            crops.append(max(cut, key=lambda c: c.affected) if tries > 1 else cut[0])
        return crops

    def pictures(self, count: int) -> Tensor:
        """Whole frames that no step trains on, (count, 3, H, W)."""
        seeds = ((self.config.seed, 2**32, place) for place in range(count))
        return torch.stack([self.source.sample(seed, WHOLE).picture for seed in seeds])

    def batch(self, step: int) -> GlareTargets:
        """Synthesise the batch of one step, on the module's device, at the network's size."""
        samples = self._samples(step)
        fields = ("picture", "glare", "structured", "veil", "lamps")
        targets = GlareTargets(
            *(torch.stack([getattr(s, f) for s in samples]).to(self.device) for f in fields)
        )
        return targets if self.net.size is None else shrink(targets, self.net.size)

    @property
    def _devices(self) -> int:
        """Devices that share the training."""
        return int(self.trainer.world_size) if self._trainer is not None else 1

    def _count_time(self) -> None:
        """Go on counting; with several devices the first one's clock and Ctrl-C count for all."""
        now = time.monotonic()
        self.spent += min(now - self._last, 60.0)
        self._last = now
        if self.pause_at is not None and now >= self.pause_at:
            self.interrupted = True
        if self._devices > 1:
            shared = (self.spent, self.interrupted)
            self.spent, self.interrupted = self.trainer.strategy.broadcast(shared)

    def training_step(self, _batch: Tensor, _index: int) -> Tensor:
        """One step: draw, predict, compare."""
        self._count_time()
        self._set_rate()
        if self.config.still_norms or self.progress >= 1 - self.config.cool_down:
            for layer in self.net.modules():
                if isinstance(layer, nn.BatchNorm2d):
                    layer.eval()
        targets = self.batch(self.global_step)
        picture = targets.picture.contiguous(memory_format=torch.channels_last)
        answers = [answer.float() for answer in self.net.answers(picture)]
        with torch.autocast(self.device.type, enabled=False):
            each = [self._compare(answer, targets) for answer in answers]
            terms = {key: torch.stack([t[key] for t in each]).mean() for key in each[0]}
            loss = torch.stack(list(terms.values())).sum()
        values = {f"train/{k}": v.detach() for k, v in terms.items()} | {
            "train/loss": loss.detach()
        }
        self.log_dict(values, on_step=False, on_epoch=True, batch_size=len(targets.picture))
        if self.progress >= 1.0 or self.interrupted:
            self.trainer.should_stop = True
        return loss

    def on_train_batch_end(self, *_: object) -> None:
        """Move the average on; stop where the epochs are done."""
        self.average.update_parameters(self.net)
        if self.progress >= 1.0:
            self.trainer.should_stop = True

    def _compare(self, answer: Tensor, targets: GlareTargets) -> dict[str, Tensor]:
        if self.net.head == "image":
            return image_loss(answer, targets)
        return glare_loss(answer, targets, self._weights)

    def _set_rate(self) -> None:
        warm = min((self.global_step + 1) / WARM_UP, 1.0)
        rate = self.config.rate * warm * cooled(self.progress, self.config.cool_down)
        for group in self.trainer.optimizers[0].param_groups:
            group["lr"] = rate * group["scale"]

    def configure_optimizers(self) -> torch.optim.Optimizer:
        """AdamW; the pretrained encoder moves more slowly than the fresh decoder."""
        *encoder, fresh = self.net.parameter_groups
        groups = [{"params": group, "scale": 0.5} for group in encoder]
        groups.append({"params": fresh, "scale": 1.0})
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
