"""One step after another: generators, discriminators, averages, and all state in one dict.

G translates nights (A) to days (B), F days to nights; D_B judges days, D_A nights. Losses:

- least-squares adversarial losses, cycle F(G(a)) = a and G(F(b)) = b, identity G(b) = b and
  F(a) = a, as Zhu et al. 2017;
- for the light generators: aligned examples (``pairs``), self-similarity of features, edges that
  must not vanish, signals that must keep their hue, smooth coefficients.

Everything drawn depends on (seed, step) alone, so a resumed run goes on as if never stopped.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np
import torch
from torch import Tensor, nn
from torch.optim.swa_utils import AveragedModel

from dashcam_pipeline.training.night_day import losses
from dashcam_pipeline.training.night_day.data import Domain, to_tensor, windows
from dashcam_pipeline.training.night_day.discriminators import (
    FeatureDiscriminator,
    ImageBuffer,
    PatchDiscriminator,
    augment,
    least_squares,
)
from dashcam_pipeline.training.night_day.generators import (
    Lite0,
    lifted,
    make_generator,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from dashcam_pipeline.training.night_day.config import NightDayConfig
    from dashcam_pipeline.training.night_day.pairs import PairMaker

PARTS = (
    *("g", "f", "judge_a", "judge_b"),
    *("average_g", "average_f", "optimizer", "judge_optimizer"),
)
"""What a checkpoint holds the state of, beside the image buffers."""

_Net = TypeVar("_Net", bound=nn.Module)

LIFT = 0.5
"""Power that brightens nights for networks made for daylight pictures."""

CYCLE, IDENTITY = 10.0, 5.0
"""The paper's weights (lambda, and lambda / 2)."""

PAIRS, PAIRS_LATE = 10.0, 4.0
"""Weight of aligned examples: alone at first, then beside the rest."""

IDENTITY_EVERY = 4
"""Steps from one identity loss to the next, for the light generators."""

AVERAGE = 0.998
"""Decay of the averaged generators, which are what is exported."""


@dataclass(frozen=True, slots=True)
class Side:
    """A batch of one domain: (N, 3, H, W) in [0, 1], and (N,) families."""

    picture: Tensor
    family: Tensor


@dataclass(frozen=True, slots=True)
class Aligned:
    """A batch of aligned examples; the first ``simulated`` ones are true both ways."""

    night: Tensor
    day: Tensor
    simulated: int


class Judge(nn.Module):
    """A domain's discriminator behind one call, with the features it may need.

    Args:
        features: the frozen network, shared; None for the paper's discriminator.
        families: of pictures.
        lift: power on what it sees.
    """

    def __init__(self, features: Lite0 | None, families: int, lift: float) -> None:
        super().__init__()
        self.lift = lift
        self._features = [features]  # in a list: it is shared, and no part of this module's state
        self.net: nn.Module = (
            PatchDiscriminator()
            if features is None
            else FeatureDiscriminator(features.channels, families)
        )

    def forward(self, side: Side, generator: torch.Generator | None) -> list[Tensor]:
        """Score maps; augmented if a generator is given and the features are few pictures' own."""
        features = self._features[0]
        if features is None:
            return list(self.net(side.picture))
        seen = lifted(side.picture, self.lift)
        if generator is not None:
            seen = augment(seen, generator)
        return list(self.net(seen, features(seen), side.family))


class NightDayTrainer:
    """Both generators, both discriminators, their optimisers.

    Args:
        config: of the run.
        a, b: the domains.
        pairs: aligned examples, or None.
        families: number of families of pictures.
        device: to train on.
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
        self.pairs = None if config.is_classic else pairs
        self.device = torch.device(device)
        self.step = 0
        torch.manual_seed(config.seed)
        kind = config.generator
        self.g, self.f = (
            self._place(make_generator(kind, lift=lift, pretrained=pretrained))
            for lift in (LIFT, 1.0)
        )
        self.features: Lite0 | None = None
        if not config.is_classic:
            self.features = self._place(Lite0(pretrained=pretrained, frozen=True)).eval()
        self.judge_a, self.judge_b = (
            self._place(Judge(self.features, families, lift)) for lift in (LIFT, 1.0)
        )
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

    # Data

    def batch(self, domain: Domain, step: int, salt: int) -> Side:
        """Windows of the pictures whose turn it is, of days of the nights' families."""
        rng = np.random.default_rng((self.config.seed, step, salt))
        n = self.config.batch
        if domain is self.b and not self.config.is_classic and step % 2:
            nights = [self.a.index(self.config.seed, step * n + i) for i in range(n)]
            chosen = [self.b.of_family(rng, self.a.families[i]) for i in nights]
        else:
            chosen = [domain.index(self.config.seed + salt, step * n + i) for i in range(n)]
        cut = [windows(rng, [domain.pictures[i]], *self.config.size)[0] for i in chosen]
        families = torch.tensor([domain.families[i] for i in chosen])
        return Side(to_tensor(cut).to(self.device), families.to(self.device))

    def aligned(self, step: int, count: int) -> Aligned:
        """Aligned examples of one step, simulated ones first."""
        if self.pairs is None:
            raise RuntimeError("this run has no aligned examples")
        drawn = [
            self.pairs.sample(
                np.random.default_rng((self.config.seed, step, 2, i)), *self.config.size
            )
            for i in range(count)
        ]
        drawn.sort(key=lambda pair: not pair.simulated)
        night, day = (
            to_tensor(side).to(self.device)
            for side in zip(*((p.night, p.day) for p in drawn), strict=True)
        )
        return Aligned(night, day, sum(pair.simulated for pair in drawn))

    # Steps

    def advance(self, progress: float) -> dict[str, float]:
        """Take one step.

        Args:
            progress: share of the training that is done, 0 to 1.

        Returns:
            loss terms by name.
        """
        for optimizer in (self.optimizer, self.judge_optimizer):
            for group in optimizer.param_groups:
                group["lr"] = (
                    self.config.rate * group["scale"] * decay(progress) * self._haste(progress)
                )
        for net in (self.g, self.f, self.judge_a, self.judge_b):
            net.train()
        if self.pairs and progress < self.config.warm_up:
            terms = self._warm_step()
        else:
            terms = self._step(progress)
        for average, net in ((self.average_g, self.g), (self.average_f, self.f)):
            average.update_parameters(net)
        self.step += 1
        return {name: float(value.detach()) for name, value in terms.items()}

    def _haste(self, progress: float) -> float:
        """Aligned examples alone are a plain regression, which bears a higher rate."""
        return 2.0 if self.pairs and progress < self.config.warm_up else 1.0

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
        nets = [p for group in self.optimizer.param_groups for p in group["params"]]
        if not self.config.is_classic:
            nn.utils.clip_grad_norm_(nets, 5.0)
        self.optimizer.step()

    def _warm_step(self) -> dict[str, Tensor]:
        pair = self.aligned(self.step, 2 * self.config.batch)
        with self._autocast():
            terms = self._pair_terms(pair, self.g(pair.night), PAIRS)
            if pair.simulated:
                n = pair.simulated
                terms["pair_night"] = 5 * losses.multiscale_l1(
                    lifted(self.f(pair.day[:n]).float(), LIFT), lifted(pair.night[:n], LIFT)
                )
        self._apply(terms)
        return terms

    def _pair_terms(self, pair: Aligned, made: Tensor, weight: float) -> dict[str, Tensor]:
        if self.features is None:
            raise RuntimeError("aligned examples need features")
        with torch.no_grad():
            wanted = self.features(pair.day)
        ours = self.features(made)
        return {
            "pair": weight * losses.multiscale_l1(made.float(), pair.day),
            "pair_features": 0.2 * weight * losses.feature_l1(ours, wanted),
        }

    def _step(self, progress: float) -> dict[str, Tensor]:
        a, b = self.batch(self.a, self.step, 0), self.batch(self.b, self.step, 1)
        pair = self.aligned(self.step, self.config.batch) if self.pairs else None
        self.judge_a.requires_grad_(requires_grad=False)
        self.judge_b.requires_grad_(requires_grad=False)
        with self._autocast():
            terms, made_b, made_a = (
                self._classic_terms(a, b)
                if self.config.is_classic
                else self._light_terms(a, b, pair, progress)
            )
        self._apply(terms)
        self.judge_a.requires_grad_(requires_grad=True)
        self.judge_b.requires_grad_(requires_grad=True)
        with self._autocast():
            judged = {
                f"judge_{name}": self._judge_term(
                    judge, real, Side(made, other.family), buffer, salt
                )
                for name, judge, real, made, other, buffer, salt in (
                    ("b", self.judge_b, b, made_b, a, self.buffer_b, 10),
                    ("a", self.judge_a, a, made_a, b, self.buffer_a, 20),
                )
            }
        self.judge_optimizer.zero_grad(set_to_none=True)
        _backward(judged)
        self.judge_optimizer.step()
        return terms | judged

    def _judge_term(
        self, judge: Judge, real: Side, made: Side, buffer: ImageBuffer, salt: int
    ) -> Tensor:
        """Half the sum of both errors, as the paper divides it."""
        shown = Side(*buffer.swap(made.picture, made.family, self._random(salt)))
        generator = self._random(salt + 1)
        return 0.5 * (
            least_squares(judge(real, generator), 1.0) + least_squares(judge(shown, generator), 0.0)
        )

    def _classic_terms(self, a: Side, b: Side) -> tuple[dict[str, Tensor], Tensor, Tensor]:
        day, night = self.g(a.picture), self.f(b.picture)
        terms = {
            "adversarial_b": least_squares(self.judge_b(Side(day, a.family), None), 1.0),
            "adversarial_a": least_squares(self.judge_a(Side(night, b.family), None), 1.0),
            "cycle_a": CYCLE * (self.f(day) - a.picture).abs().mean(),
            "cycle_b": CYCLE * (self.g(night) - b.picture).abs().mean(),
            "identity_b": IDENTITY * (self.g(b.picture) - b.picture).abs().mean(),
            "identity_a": IDENTITY * (self.f(a.picture) - a.picture).abs().mean(),
        }
        return terms, day, night

    def _light_terms(
        self, a: Side, b: Side, pair: Aligned | None, progress: float
    ) -> tuple[dict[str, Tensor], Tensor, Tensor]:
        n = len(a.picture)
        if self.features is None:
            raise RuntimeError("light generators need features")
        same = self.step % IDENTITY_EVERY == 0
        to_day = [a.picture, *([pair.night] if pair else []), *([b.picture] if same else [])]
        to_night = [b.picture, *([a.picture] if same else [])]
        days = self.g(torch.cat(to_day))
        nights = self.f(torch.cat(to_night))
        day, night = days[:n], nights[:n]
        # A little noise keeps the cycle from hiding the answer in the picture.
        noise = torch.randn(night.shape, generator=self._random(3)).to(self.device) * 0.02
        shown_night = (night + noise).contiguous(memory_format=torch.channels_last)
        back_a, back_b = self.f(day), self.g(shown_night)

        generator = self._random(4)
        late = self.config.warm_up + 0.15
        weight = PAIRS + (PAIRS_LATE - PAIRS) * min(progress / late, 1.0)
        with torch.no_grad():
            seen_a, seen_b = self.features(lifted(a.picture, LIFT)), self.features(b.picture)
        seen_day, seen_night = self.features(day), self.features(lifted(night, LIFT))
        terms = {
            "adversarial_b": 2 * least_squares(self.judge_b(Side(day, a.family), generator), 1.0),
            "adversarial_a": 2 * least_squares(self.judge_a(Side(night, b.family), generator), 1.0),
            "cycle_a": 0.4
            * CYCLE
            * losses.multiscale_l1(lifted(back_a.float(), LIFT), lifted(a.picture, LIFT)),
            "cycle_b": 0.6 * CYCLE * losses.multiscale_l1(back_b.float(), b.picture),
            "structure_b": 4 * losses.structure(seen_a, seen_day),
            "structure_a": 4 * losses.structure(seen_b, seen_night),
            "edges": losses.lost_edges(lifted(a.picture, LIFT), day.float()),
            "signals": 2 * losses.signal_hue(a.picture, day.float()),
        }
        if pair:
            terms |= self._pair_terms(pair, days[n : 2 * n], weight)
        if same:
            terms["identity_b"] = IDENTITY * (days[-n:] - b.picture).abs().mean()
            terms["identity_a"] = IDENTITY * (nights[-n:] - a.picture).abs().mean()
        return terms, day, night

    # State

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
