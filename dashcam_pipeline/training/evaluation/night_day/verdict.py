"""The bars that a night-to-day model must clear, and whether it does."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from dashcam_pipeline.training.evaluation.night_day.translators import NOTHING, TONE_CURVE

if TYPE_CHECKING:
    from dashcam_pipeline.training.evaluation.night_day.evaluate import Evaluation, Row

NEARER: Final = 0.80
"""``kd-lite0`` by the tone curve's, at most."""

STRUCTURE: Final = 1.20
"""``structure-lite0`` by the tone curve's, at most."""

HUE: Final = 15.0
"""Degrees that a lit red or green signal may change its hue."""

FLICKER: Final = 1.15
"""Normalised warping error by the source's, at most."""


@dataclass(frozen=True, slots=True)
class Bar:
    """One bar: what was asked, what was found; ``met`` is None where nothing could be measured."""

    row: str
    asked: str
    found: str
    met: bool | None


def judge(evaluation: Evaluation) -> list[Bar]:
    """Hold every model of an evaluation against the bars."""
    rows = {row.name: row for row in evaluation.rows}
    tone = rows[TONE_CURVE]
    return [
        bar
        for name, row in rows.items()
        if name not in {NOTHING, TONE_CURVE}
        for bar in _bars(row, tone)
    ]


def _bars(row: Row, tone: Row) -> list[Bar]:
    d, ratio = row.distance, row.to_tone_curve
    structure = row.mean("structure") / tone.mean("structure")
    bars = [
        Bar(
            row.name,
            f"kd-lite0 at most {NEARER} of the tone curve's, its interval below it",
            f"{d.value / tone.distance.value:.2f}; {d.value:.2f} [{d.low:.2f}, {d.high:.2f}] "
            f"against {tone.distance.value:.2f}; by common draws [{ratio.low:.2f}, "
            f"{ratio.high:.2f}]",
            d.value <= NEARER * tone.distance.value and d.high < tone.distance.value,
        ),
        Bar(
            row.name,
            f"structure-lite0 at most {STRUCTURE} of the tone curve's",
            f"{structure:.2f}",
            structure <= STRUCTURE,
        ),
    ]
    signals = row.signals("red", "green")
    bad = [s for s in signals if s.degrees > HUE]
    bars.append(
        Bar(
            row.name,
            f"no lit red or green signal changes hue by more than {HUE:.0f} degrees",
            f"{len(bad)} of {len(signals)} do, {sum(s.faded for s in bad)} of them fade; "
            f"the most {max(s.degrees for s in signals):.0f} degrees"
            if signals
            else "no signal in these pictures",
            not bad if signals else None,
        )
    )
    bars += [
        Bar(
            row.name,
            f"normalised warping error at most {FLICKER} of the source's on {clip}",
            f"{flicker.ratio:.2f}",
            flicker.ratio <= FLICKER,
        )
        for clip, flicker in row.clips.items()
    ]
    if not row.clips:
        bars.append(
            Bar(
                row.name,
                f"normalised warping error at most {FLICKER} of the source's",
                "no clip was given",
                met=None,
            )
        )
    return bars
