"""One step after another: optimisers, averages, and all state in one dict."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np
import torch
from torch import Tensor, nn
from torch.optim.swa_utils import AveragedModel

from dashcam_pipeline.errors import InputMissingError, ModelError
from dashcam_pipeline.training.common.onnx_weights import load_onnx_parameters
from dashcam_pipeline.training.night_day import objectives
from dashcam_pipeline.training.night_day.batches import Batches, Side
from dashcam_pipeline.training.night_day.discriminators import ImageBuffer, least_squares
from dashcam_pipeline.training.night_day.generators import Lite0, make_generator
from dashcam_pipeline.training.night_day.objectives import LIFT, Judge, Nets

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from dashcam_pipeline.training.night_day.config import NightDayConfig
    from dashcam_pipeline.training.night_day.data import Domain
    from dashcam_pipeline.training.night_day.pairs import PairMaker

AVERAGE = 0.995
"""Decay of the averaged generators, which are what is exported."""

STEEP = 5.0
"""Gradients of the light run are clipped to this norm."""

PARTS = (
    *("g", "f", "judge_a", "judge_b"),
    *("average_g", "average_f", "optimizer", "judge_optimizer"),
)
"""What a checkpoint holds the state of, beside the image buffers."""

_Net = TypeVar("_Net", bound=nn.Module)


class NightDayTrainer:
    """Both generators, both discriminators, their optimisers.

    The paper's run (``resnet9``) takes its losses alone. The light run begins with aligned
    examples; later every second step is for G alone, which costs less than half and is the
    direction that people want.

    Args:
        config: of the run.
        a, b: the domains.
        pairs: aligned examples, or None.
        families: number of families of pictures.
        device: to train on.
        pretrained: ImageNet weights where the networks can take them.
    """

    def __init__(
        self,
        config: NightDayConfig,
        a: Domain,
        b: Domain,
        pairs: PairMaker | None,
        *,
        families: int = 1,
        device: str = "cpu",
        pretrained: bool = True,
    ) -> None:
        self.config, self.a, self.b = config, a, b
        self.device = torch.device(device)
        self.batches = Batches(config, a, b, None if config.is_classic else pairs, self.device)
        self.step = 0
        torch.manual_seed(config.seed)
        kind = config.generator
        self.g, self.f = (
            self._place(make_generator(kind, lift=lift, pretrained=pretrained))
            for lift in (LIFT, 1.0)
        )
        features: Lite0 | None = None
        if not config.is_classic:
            features = self._place(Lite0(pretrained=pretrained, frozen=True)).eval()
        self.judge_a, self.judge_b = (
            self._place(Judge(features, families, lift)) for lift in (LIFT, 1.0)
        )
        self.nets = Nets(self.g, self.f, self.judge_a, self.judge_b, features)
        self.average_g, self.average_f = (
            AveragedModel(net, avg_fn=_average) for net in (self.g, self.f)
        )
        self.buffer_a, self.buffer_b = ImageBuffer(), ImageBuffer()
        self.optimizer = self._adam((self.g, self.f))
        self.judge_optimizer = self._adam((self.judge_a, self.judge_b))

    def _place(self, net: _Net) -> _Net:
        net.to(self.device, memory_format=torch.channels_last)  # type: ignore[call-overload] # torch's stub lacks the pair
        return net

    def _adam(self, nets: tuple[nn.Module, nn.Module]) -> torch.optim.Adam:
        """Adam as in the paper (beta1 0.5); pretrained weights move at a quarter of the rate."""
        slow: list[Tensor] = []
        fast: list[Tensor] = []
        for net in nets:
            for name, parameter in net.named_parameters():
                if parameter.requires_grad:
                    (slow if "encoder" in name else fast).append(parameter)
        scale = 1.0 if self.config.is_classic else 2.0
        groups: list[dict[str, Any]] = [{"params": fast, "scale": scale}]
        if slow:
            groups.append({"params": slow, "scale": 0.25 * scale})
        return torch.optim.Adam(groups, lr=self.config.rate, betas=(0.5, 0.999))

    def start_from(self, folder: Path) -> None:
        """Give both generators the weights of an earlier training.

        Args:
            folder: with ``night-to-day.onnx`` and ``day-to-night.onnx``, as ``export`` writes them.

        Raises:
            InputMissingError: one of them is not there.
            ModelError: one doesn't fit the kind of generator that was asked for.
        """
        for name, net, average in (
            ("night-to-day", self.g, self.average_g),
            ("day-to-night", self.f, self.average_f),
        ):
            path = folder / f"{name}.onnx"
            if not path.is_file():
                raise InputMissingError(f"{path} is not a file")
            if load_onnx_parameters(net, path) < len(list(net.parameters())):
                raise ModelError(f"{path} does not fit a generator of kind {self.config.generator}")
            average.module.load_state_dict(net.state_dict())

    def advance(self, progress: float) -> dict[str, float]:
        """Take one step.

        Args:
            progress: share of the training that is done, 0 to 1.

        Returns:
            loss terms by name.
        """
        warm = (
            bool(self.batches.pairs)
            and progress < self.config.warm_up
            and self.config.start is None  # such weights are warm
        )
        # Aligned examples alone are a plain regression, which bears a higher rate.
        rate = self.config.rate * decay(progress) * (2.0 if warm else 1.0)
        for optimizer in (self.optimizer, self.judge_optimizer):
            for group in optimizer.param_groups:
                group["lr"] = rate * group["scale"]
        for net in (self.g, self.f, self.judge_a, self.judge_b):
            net.train()
        terms = self._warm_step() if warm else self._step(progress)
        for average, net in ((self.average_g, self.g), (self.average_f, self.f)):
            average.update_parameters(net)
        self.step += 1
        return {name: float(value.detach()) for name, value in terms.items()}

    def _autocast(self) -> torch.autocast:
        return torch.autocast(
            self.device.type, torch.bfloat16, enabled=self.config.precision == "bf16"
        )

    def _random(self, salt: int) -> torch.Generator:
        seed = np.random.SeedSequence((self.config.seed, self.step, salt)).generate_state(1)[0]
        return torch.Generator().manual_seed(int(seed))

    def _apply(self, terms: dict[str, Tensor]) -> None:
        self.optimizer.zero_grad(set_to_none=True)
        _backward(terms)
        if not self.config.is_classic:
            learning = [p for group in self.optimizer.param_groups for p in group["params"]]
            nn.utils.clip_grad_norm_(learning, STEEP)
        self.optimizer.step()

    def _warm_step(self) -> dict[str, Tensor]:
        pair = self.batches.aligned(self.step, 2 * self.config.batch)
        if pair is None:
            raise RuntimeError("a warm-up needs aligned examples")
        with self._autocast():
            terms = objectives.warm(self.nets, pair)
        self._apply(terms)
        return terms

    def _step(self, progress: float) -> dict[str, Tensor]:
        half = not self.config.is_classic and self.step % 2 == 1
        a = self.batches.nights(self.step, varied=half)
        b = self.batches.days(self.step, like=a if half else None)
        self._judges_learn(learn=False)
        outcome = self._outcome(a, b, progress, half=half)
        self._apply(outcome.terms)
        self._judges_learn(learn=True)
        with self._autocast():
            made = Side(outcome.day, a.family)
            judged = {"judge_b": self._judge_term(self.judge_b, b, made, self.buffer_b, 10)}
            if outcome.night is not None:
                made = Side(outcome.night, b.family)
                judged["judge_a"] = self._judge_term(self.judge_a, a, made, self.buffer_a, 20)
        self.judge_optimizer.zero_grad(set_to_none=True)
        _backward(judged)
        self.judge_optimizer.step()
        return outcome.terms | judged

    def _outcome(self, a: Side, b: Side, progress: float, *, half: bool) -> objectives.Outcome:
        """The generators' answers and losses."""
        random = self._random(4)
        if self.config.is_classic:
            with self._autocast():
                return objectives.classic(self.nets, a, b, random)
        pair = self.batches.aligned(self.step, self.config.batch)
        first, last = objectives.PAIRS, objectives.PAIRS_LATE
        weight = first + (last - first) * min(progress / (self.config.warm_up + 0.15), 1.0)
        with self._autocast():
            if half:
                return objectives.to_day(self.nets, a, pair, weight=weight, random=random)
            outcome = objectives.both(self.nets, a, b, pair, weight=weight, random=random)
            if self.step % objectives.IDENTITY_EVERY == 0:
                outcome.terms.update(objectives.identity(self.nets, a, b))
            return outcome

    def _judges_learn(self, *, learn: bool) -> None:
        self.judge_a.requires_grad_(learn)
        self.judge_b.requires_grad_(learn)

    def _judge_term(
        self, judge: Judge, real: Side, made: Side, buffer: ImageBuffer, salt: int
    ) -> Tensor:
        """Half the sum of both errors, as the paper divides it."""
        shown = Side(*buffer.swap(made.picture, made.family, self._random(salt)))
        random = self._random(salt + 1)
        return 0.5 * (
            least_squares(judge(real, random), 1.0) + least_squares(judge(shown, random), 0.0)
        )

    def _parts(self) -> Iterator[tuple[str, Any]]:
        for name in PARTS:
            yield name, getattr(self, name)

    def state(self) -> dict[str, Any]:
        """Everything a resumed run needs, as ``torch.save`` takes it."""
        state: dict[str, Any] = {name: part.state_dict() for name, part in self._parts()}
        for name in ("buffer_a", "buffer_b"):
            buffer = getattr(self, name)
            state[name] = {"pictures": buffer.pictures, "families": buffer.families}
        return state | {"step": self.step}

    def restore(self, state: dict[str, Any]) -> None:
        """Go on from ``state``."""
        for name, part in self._parts():
            part.load_state_dict(state[name])
        for name in ("buffer_a", "buffer_b"):
            buffer = getattr(self, name)
            buffer.pictures = list(state[name]["pictures"])
            buffer.families = list(state[name]["families"])
        self.step = int(state["step"])


def _backward(terms: dict[str, Tensor]) -> None:
    torch.stack(list(terms.values())).sum().backward()  # type: ignore[no-untyped-call] # torch's own


def _average(mean: Tensor, new: Tensor, count: Tensor | int) -> Tensor:
    """Exponential moving average that forgets its beginnings fast."""
    keep = min(AVERAGE, (1 + float(count)) / (10 + float(count)))
    return mean + (new - mean) * (1 - keep)


def decay(progress: float) -> float:
    """The paper's learning rate: constant for the first half, then linearly to nothing."""
    return min(1.0, 2 * (1 - progress)) if progress < 1 else 0.0
