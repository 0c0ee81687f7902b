"""An evaluation as Markdown for people, and as plain data for JSON."""

from __future__ import annotations

import math
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from dashcam_pipeline.training.evaluation.night_day.verdict import judge

if TYPE_CHECKING:
    from dashcam_pipeline.training.evaluation.night_day.evaluate import Evaluation, Row
    from dashcam_pipeline.training.evaluation.night_day.kernel_distance import Distance

_MET = {True: "met", False: "NOT met", None: "not measured"}


def markdown(evaluation: Evaluation) -> str:
    """Tables of pictures and clips, and the verdict on every model."""
    parts = [_pictures(evaluation)]
    if evaluation.rows[0].clips:
        parts.append(_clips(evaluation))
    if bars := judge(evaluation):
        lines = ["| model | bar | found | verdict |", "|---|---|---|---|"]
        lines += [f"| {b.row} | {b.asked} | {b.found} | {_MET[b.met]} |" for b in bars]
        parts.append("\n".join(lines))
    return "\n\n".join(parts)


def plain(evaluation: Evaluation) -> dict[str, Any]:
    """Everything, each picture and signal too; NaN is None."""
    data = {
        "rows": [
            {
                **asdict(row),
                "structure": row.mean("structure"),
                "moved": row.mean("moved"),
                "lost": row.mean("lost"),
                "signals": _turns(row, "red", "green"),
            }
            for row in evaluation.rows
        ],
        "itself": asdict(evaluation.itself),
        "bars": [asdict(bar) for bar in judge(evaluation)],
    }
    cleaned: dict[str, Any] = _without_nan(data)
    return cleaned


def _without_nan(value: Any) -> Any:  # noqa: ANN401 - JSON-able data of any shape
    if isinstance(value, dict):
        return {key: _without_nan(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_without_nan(item) for item in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value


def _distance(d: Distance) -> str:
    return f"{d.value:.2f} [{d.low:.2f}, {d.high:.2f}]"


def _turns(row: Row, *colours: str) -> dict[str, float]:
    """How many signals there are, how many fade, and how many degrees the others turn at most."""
    signals = row.signals(*colours)
    kept = [s.degrees for s in signals if not s.faded]
    return {
        "count": len(signals),
        "fade": len(signals) - len(kept),
        "degrees": max(kept, default=math.nan),
    }


def _hue(row: Row, *colours: str) -> str:
    signals = row.signals(*colours)
    if not signals:
        return "none"
    turns = _turns(row, *colours)
    worst = "-" if math.isnan(turns["degrees"]) else f"{turns['degrees']:.0f}"
    return f"{worst} ({turns['fade']} of {turns['count']} fade)"


def _pictures(evaluation: Evaluation) -> str:
    columns = [
        "kd-lite0 [95%]",
        "structure-lite0",
        "edges moved, px",
        "lost",
        "hue change, red and green",
        "amber",
    ]
    lines = [f"| row | {' | '.join(columns)} |", f"|---{'|---:' * len(columns)}|"]
    lines += [
        f"| {row.name} | {_distance(row.distance)} | {row.mean('structure'):.2f} "
        f"| {row.mean('moved'):.2f} | {row.mean('lost'):.1%} | {_hue(row, 'red', 'green')} "
        f"| {_hue(row, 'amber')} |"
        for row in evaluation.rows
    ]
    lines.append(f"| the day set against itself | {_distance(evaluation.itself)} | | | | | |")
    return "\n".join(lines)


def _clips(evaluation: Evaluation) -> str:
    lines = [
        "| clip | row | warping error, codes | by the gain in contrast | of the source's |",
        "|---|---|---:|---:|---:|",
    ]
    lines += [
        f"| {clip} | {row.name} | {f.warping:.2f} | {f.normalised:.2f} | {f.ratio:.2f} |"
        for clip in evaluation.rows[0].clips
        for row in evaluation.rows
        for f in (row.clips[clip],)
    ]
    return "\n".join(lines)
