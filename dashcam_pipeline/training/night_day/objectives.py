"""What the generators are to be good at, term by term, for the paper's run and for the light one.

G translates nights (A) to days (B), F days to nights; judge B judges days, judge A nights.

The light run's cycles are *back-translations* (Sennrich et al. 2016, there of sentences): what the
other generator made is taken as a given picture, so F learns to find the real night behind G's
day, and G the real day behind F's night. With a gradient through both, the way to a short cycle is
to change nothing, and to hide the rest in the picture; what must be kept of a scene is asked for
by the other terms instead.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn

from dashcam_pipeline.training.night_day import losses
from dashcam_pipeline.training.night_day.batches import Side
from dashcam_pipeline.training.night_day.discriminators import (
    FeatureDiscriminator,
    PatchDiscriminator,
    augment,
    least_squares,
)
from dashcam_pipeline.training.night_day.generators import Lite0, lifted

if TYPE_CHECKING:
    from dashcam_pipeline.training.night_day.batches import Aligned

LIFT = 0.5
"""Power that brightens nights for networks made for daylight pictures."""

CYCLE, IDENTITY = 10.0, 5.0
"""The paper's weights (lambda, and lambda / 2)."""

PAIRS, PAIRS_LATE = 10.0, 4.0
"""Weight of aligned examples: alone at first, then beside the rest."""

ADVERSARIAL = 3.0
"""Weight of the judges in the light run, where more terms stand against them."""

STRUCTURE = 3.0
"""Weight of self-similarity. More would keep the sky as black as the trees before it."""

EDGES = 5.0
"""Weight of lost edges: without it lit trees dissolve into a day's white sky."""

IDENTITY_EVERY = 4
"""Steps from one identity loss to the next in the light run."""

NOISE = 0.02
"""Added to made nights: real ones have it."""


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

    def forward(self, side: Side, generator: torch.Generator) -> list[Tensor]:
        """Score maps; what feature heads see is augmented, as few pictures are learnt by heart."""
        features = self._features[0]
        if features is None:
            return list(self.net(side.picture))
        seen = augment(lifted(side.picture, self.lift), generator)
        return list(self.net(seen, features(seen), side.family))


@dataclass(frozen=True, slots=True)
class Nets:
    """Everything that is called in a step."""

    g: nn.Module
    f: nn.Module
    judge_a: nn.Module
    judge_b: nn.Module
    features: Lite0 | None


@dataclass(frozen=True, slots=True)
class Outcome:
    """Loss terms, and what was made; ``night`` is None where only G was asked."""

    terms: dict[str, Tensor]
    day: Tensor
    night: Tensor | None


def classic(nets: Nets, a: Side, b: Side, random: torch.Generator) -> Outcome:
    """Adversarial, cycle and identity losses, as Zhu et al. 2017 have them."""
    day, night = nets.g(a.picture), nets.f(b.picture)
    terms = {
        "adversarial_b": least_squares(nets.judge_b(Side(day, a.family), random), 1.0),
        "adversarial_a": least_squares(nets.judge_a(Side(night, b.family), random), 1.0),
        "cycle_a": CYCLE * (nets.f(day) - a.picture).abs().mean(),
        "cycle_b": CYCLE * (nets.g(night) - b.picture).abs().mean(),
        "identity_b": IDENTITY * (nets.g(b.picture) - b.picture).abs().mean(),
        "identity_a": IDENTITY * (nets.f(a.picture) - a.picture).abs().mean(),
    }
    return Outcome(terms, day, night)


def warm(nets: Nets, pair: Aligned) -> dict[str, Tensor]:
    """Aligned examples alone, both ways."""
    terms = aligned(nets, pair, nets.g(pair.night), PAIRS)
    return terms | {"pair_night": _pair_night(nets, pair, PAIRS)}


def _pair_night(nets: Nets, pair: Aligned, weight: float) -> Tensor:
    """Made nights against those we made: a draw of many, but all of them have a dark sky."""
    return 0.5 * weight * _night_l1(nets.f(pair.day), pair.night)


def aligned(nets: Nets, pair: Aligned, made: Tensor, weight: float) -> dict[str, Tensor]:
    """A made day against the true one, in colour and in features."""
    features = _features(nets)
    with torch.no_grad():
        wanted = features(pair.day)
    return {
        "pair": weight * losses.multiscale_l1(made.float(), pair.day),
        "pair_features": 0.2 * weight * losses.feature_l1(features(made), wanted),
    }


def to_day(
    nets: Nets, a: Side, pair: Aligned | None, *, weight: float, random: torch.Generator
) -> Outcome:
    """Half a step of the light run: G alone, without a cycle.

    Args:
        nets: the networks.
        a: nights.
        pair: aligned examples, if there are any.
        weight: theirs.
        random: of the augmentation.
    """
    n = len(a.picture)
    days = nets.g(torch.cat([a.picture, pair.night]) if pair else a.picture)
    terms = _day_terms(nets, a, days[:n], random)
    if pair:
        terms |= aligned(nets, pair, days[n:], weight)
    return Outcome(terms, days[:n], None)


def both(
    nets: Nets, a: Side, b: Side, pair: Aligned | None, *, weight: float, random: torch.Generator
) -> Outcome:
    """A whole step of the light run: ``to_day``, and F, and both cycles; ``b`` are days."""
    half = to_day(nets, a, pair, weight=weight, random=random)
    day, night = half.day, nets.f(b.picture)
    noise = torch.randn(night.shape, generator=random).to(night.device) * NOISE
    shown = (night.detach() + noise).contiguous(memory_format=torch.channels_last)
    features = _features(nets)
    with torch.no_grad():
        seen = features(b.picture)
    terms = {
        "adversarial_a": ADVERSARIAL
        * least_squares(nets.judge_a(Side(night, b.family), random), 1.0),
        "cycle_a": 0.5 * CYCLE * _night_l1(nets.f(day.detach()), a.picture),
        "cycle_b": 0.5 * CYCLE * losses.multiscale_l1(nets.g(shown).float(), b.picture),
        "structure_a": STRUCTURE * losses.structure(seen, features(lifted(night, LIFT))),
    }
    if pair:
        terms["pair_night"] = _pair_night(nets, pair, weight)
    return Outcome(half.terms | terms, day, night)


def identity(nets: Nets, a: Side, b: Side) -> dict[str, Tensor]:
    """What is a day already stays as it is, and so does a night."""
    return {
        "identity_b": IDENTITY * (nets.g(b.picture) - b.picture).abs().mean(),
        "identity_a": IDENTITY * (nets.f(a.picture) - a.picture).abs().mean(),
    }


def _day_terms(nets: Nets, a: Side, day: Tensor, random: torch.Generator) -> dict[str, Tensor]:
    features, bright = _features(nets), lifted(a.picture, LIFT)
    with torch.no_grad():
        seen = features(bright)
    return {
        "adversarial_b": ADVERSARIAL
        * least_squares(nets.judge_b(Side(day, a.family), random), 1.0),
        "structure_b": STRUCTURE * losses.structure(seen, features(day)),
        "edges": EDGES * losses.lost_edges(bright, day.float()),
        "signals": 2 * losses.signal_hue(a.picture, day.float()),
        "lamps": 2 * losses.put_out(a.picture, day.float()),
    }


def _night_l1(ours: Tensor, wanted: Tensor) -> Tensor:
    """Nights are compared as one sees them: lifted."""
    return losses.multiscale_l1(lifted(ours.float(), LIFT), lifted(wanted, LIFT))


def _features(nets: Nets) -> Lite0:
    if nets.features is None:
        raise RuntimeError("the light run needs features")
    return nets.features
