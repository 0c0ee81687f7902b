"""What is taken: from a network's answer to a layer that holds at full resolution.

The structured layer S and the veil V are light that the network found at its work size. Taken as
they are they leave dark lines: V holds thin streaks too, which then go twice, and a streak of S is
wider than the streak itself. So

* of V what is wide is taken, and filled in behind dirty glass where it can't be seen (``haze``);
  what is thin in it counts to S as far as S has it as well;
* S counts as far as it is connected with a source (``connected``), or lane marks would go: what is
  wide in it and what is thin each for itself, since a lane mark lies in the haze of some lamp;
  behind dirty glass what is thin rises to what leads straight away from a lamp, and on the road,
  where nothing else is sure, counts along that alone (``spokes``);
* what is wide in S, the bloom of lamps, is taken as haze is, behind clean glass not so;
* what is thin in S becomes a share s of what rises above the light around, A: the smoothed opening
  of what is left without the haze, and the haze again; so that at full resolution a streak goes at
  its own width and colour: T = s (x^2 - A); where S is of another colour than what rises there, s
  is that of the colour which S claims least;
* what clips is of no colour and of no known light: where the network claims most of it, it
  turns into what lies around, but for the lamps themselves (``lamps``);
* how strongly all that is done follows the glass (``glass``): behind dirty glass the veil goes
  whole and A is looked for far around; behind clean glass the veil stays, as what is left of it is
  mostly the scene's own, but for a part of the glow of lamps, which rises above the veil of half
  of the picture; what is faint beside its surroundings stays as well, some of what rises above A
  too, and by day and in lit tunnels most of it.
"""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from typing import TYPE_CHECKING, Any

import cv2
import numpy as np

from dashcam_pipeline.inference import light
from dashcam_pipeline.stages.glare.connected import (
    connected_share,
    far_from,
    sources_of,
    streak_share,
)
from dashcam_pipeline.stages.glare.glass import by_day, evenly_lit
from dashcam_pipeline.stages.glare.haze import filled_haze
from dashcam_pipeline.stages.glare.lamps import lamp_map, where_clipped, with_rims
from dashcam_pipeline.stages.glare.layer import GlareLayer
from dashcam_pipeline.stages.glare.road import above_road
from dashcam_pipeline.stages.glare.spokes import spokes
from dashcam_pipeline.stages.ramp import ramp
from dashcam_pipeline.stages.shrink import halved

if TYPE_CHECKING:
    import numpy.typing as npt

    Light = npt.NDArray[np.floating[Any]]
    Map = npt.NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class Taking:
    """How much is taken behind one kind of glass.

    Args:
        window: side of the window that finds the light around, in shorter frame sides.
        veil: share of the veil.
        glow: share of what rises in the veil above its median over the picture.
        bloom: share of what is wide in the structured layer that is taken as it is, as haze is; the
            rest of it counts as far as it rises above the light around.
        weber: share of the light around that glare must exceed to count: what is fainter beside
            its surroundings is hardly seen (Weber's law), and days come out as they went in.
        grain: share of the light around that is the picture's own texture: of glare that rises
            less than that little is taken, or the grain of a smooth haze would go with it, and
            what lane marks rise by beside a lamp.
        dead: code value that a layer must exceed: a network's zero is never quite zero.
        thin: what the claim for thin streaks counts, but beside lamps: of those of phones the
            network finds half.
        most: share of what rises above the light around that goes at most: some texture stays
            where a streak was.
        most_bloom: the same where it is wide: a lamp without any glow stands in flat fog.
        day: share of all that which is taken by day, when lamps hardly shine, and in lit tunnels.
    """

    window: float
    veil: float
    glow: float
    bloom: float
    weber: float
    grain: float
    dead: float
    thin: float = 1.0
    most: float = 1.0
    most_bloom: float = 1.0
    day: float = 1.0

    def towards(self, other: Taking, share: float) -> Taking:
        """What lies between this one (share 0) and another (share 1)."""
        return Taking(
            *(
                (1 - share) * getattr(self, f.name) + share * getattr(other, f.name)
                for f in fields(self)
            )
        )


CLEAN = Taking(
    window=0.14,
    veil=0.0,
    glow=0.5,
    bloom=0.0,
    weber=0.03,
    grain=0.03,
    dead=0.06,
    thin=2.6,
    most=0.9,
    most_bloom=0.65,
    day=0.25,
)
"""Behind clean glass; chosen on real pairs of phone pictures and on pictures by day. Half of a
lamp's glow: of more of it, what pairs gain there is less than what they lose elsewhere."""

DIRTY = Taking(window=0.25, veil=1.1, glow=0.0, bloom=1.0, weber=0.0, grain=0.25, dead=0.02)
"""Behind a dirty windscreen; chosen on simulated drives with their truth, and by looking. Of a wide
veil the network finds too little rather than too much."""

THIN = 0.05
"""Width, in shorter frame sides, below which something in a layer is no haze but a streak."""

WIDE_BLUR = 0.15
"""How far what is wide is smoothed, in widths of ``THIN``."""

SAME_COLOR = 1.1
"""How far a share may exceed that of the colour which is claimed least: layers are noisy."""

FAINT = 2e-3
"""Linear light below which a colour says little."""

BLOWN = (0.45, 0.8)
"""Share of the light of a place that clips which is claimed as glare, between which none and all of
it goes: how much light there was is anyone's guess, and half of it would be grey fog."""

SPREADS = (0.7, 1.0)
"""How dirty glass must be to have spread lamps, from none of what clips to all of it: narrow, since
half of it is a grey disc."""

CROSSED = 0.3
"""How dirty glass is from which lane marks that a streak crosses are fully spared: half dirty, a
network claims as much of them as behind dirty glass."""

BEAM = 0.06
"""Diameter round a source, in frame heights, in which a claim counts once: a lamp that moves fast
is drawn out as a streak is."""

ROOT = 0.03
"""The same in which spokes add nothing to a claim: beside lamps their roots run into each other."""

SPOKES = 2.0
"""What the light of spokes counts: what lies under them counts to what rises as well."""

LIKELY = 4.0
"""Times what is claimed nearby that spokes may raise a claim to: a network that sees nothing of a
streak at all is right about posts and wires."""

NEARBY = 2.0
"""How far off that is, in samples."""

NOTHING = 1e-4
"""Linear light that may be claimed on the road where no spoke is."""

RIM = 8
"""Samples along the border of the work size where a network sees too little of the frame around and
finds too little veil: there its share is at least that further in, or a frame would show."""


def glare_layer(
    picture: Light, maps: Light, *, dirt: float, streaks: float, veil: float
) -> GlareLayer:
    """The light to take away.

    Args:
        picture: (3, h, w) code values in [0, 1], what the network saw.
        maps: (7, h, w) as the network gives them: structured R G B, veil R G B (code values whose
            square is light), lamp mask.
        dirt: of the glass, 0 to 1.
        streaks: strength of the structured layer, 0 and up; above 1 it finds no more.
        veil: strength of the veil, 0 and up; above 1 more is taken than the network found.

    Returns:
        a layer that takes nothing inside lamps and below the dead zone.
    """
    how = CLEAN.towards(DIRTY, dirt)
    linear = light.to_linear(picture).astype(np.float32, copy=False)
    found = np.square(maps[:6])
    _lift_rim(found[0:3], linear)
    _lift_rim(found[3:6], linear)
    clipped = where_clipped(picture)
    spread = float(np.interp(dirt, SPREADS, (0.0, 1.0)))
    lamps = lamp_map(picture, maps[6], clipped, spread)
    outside = 1 - lamps
    bloom, wide = _wide(found[0:3]), _wide(found[3:6])
    thin = found[0:3] - bloom
    all_bloom, all_thin = bloom.sum(axis=0), thin.sum(axis=0)
    again = np.minimum(dirt * (found[3:6] - wide).sum(axis=0), all_thin)
    sources = sources_of(picture, maps[6])
    passing = _passing(all_bloom, all_thin, sources, dirt)
    taken_of_veil: float | Light = how.veil
    day = max(by_day(picture), evenly_lit(picture)) if how.day < 1 else 0.0
    if how.glow:
        taken_of_veil += how.glow * (1 - day) * _risen(wide.sum(axis=0))
    if dirt > 0:
        wide = filled_haze(wide, linear, dirt)
    haze = min(streaks, 1.0) * how.bloom * passing[0] * bloom + veil * taken_of_veil * wide
    haze = np.minimum(outside * haze, linear)
    claimed_bloom = (1 - how.bloom) * passing[0] * all_bloom
    claimed_thin = passing[1] * (all_thin + again)
    if how.thin > 1:
        claimed_thin *= 1 + (how.thin - 1) * far_from(sources, BEAM, all_thin.shape)
    if dirt > 0:
        claimed_thin = _with_spokes(claimed_thin, all_thin, picture, sources, dirt)
    claimed = claimed_bloom + claimed_thin
    around = haze + surroundings(linear - haze, how.window)
    excess = np.maximum(linear - around, 0)
    share = np.minimum(claimed / (excess + how.grain * around).sum(axis=0).clip(1e-6), 1)
    # What is claimed in one colour is not in excess in another: a red sign in a green lamp's bloom.
    risen = found[0:3] - how.bloom * bloom
    share = np.minimum(
        share, SAME_COLOR * _least_ratio(risen, excess) * claimed / (risen.sum(axis=0) + 1e-6)
    )
    if how.most_bloom < 1:
        most = how.most + (how.most_bloom - how.most) * claimed_bloom / (claimed + 1e-6)
        share = np.minimum(share, most)
    share *= min(streaks, 1.0) * outside * (1 - (1 - how.day) * day)
    floor = (share + how.weber) * around - haze + how.dead**2
    blown: Light | None = None
    if spread > 0:
        # What clips is of no colour, so that all of its colours go alike, and to what lies around.
        said = ramp(found.sum(axis=0) / (linear.sum(axis=0) + 1e-6), *BLOWN)
        blown = spread * min(streaks, 1.0) * outside * said
        where = spread * with_rims(clipped)
        share += where * (blown - share)
        floor += where * (blown * (around - haze) + how.dead**2 - floor)
    layer = GlareLayer(share.astype(np.float32), floor.astype(np.float32), blown=blown, lamps=lamps)
    return _where_seen(layer, linear, how.dead**2)


def _where_seen(layer: GlareLayer, linear: Light, nothing: float) -> GlareLayer:
    """A layer that takes only where it takes something of the picture (3, h, w), linear light.

    Texture finer than that may not make glare where it shows none; the floor is ``nothing`` there.
    """
    taken = np.asarray(layer.of(linear).any(axis=0), np.uint8)
    near = cv2.dilate(taken, np.ones((3, 3), np.uint8))
    return replace(
        layer,
        share=layer.share * near,
        floor=np.where(near, layer.floor, np.float32(nothing)),
        blown=None if layer.blown is None else np.asarray(layer.blown * near, np.float32),
    )


def _passing(bloom: Light, thin: Light, sources: Map, dirt: float) -> tuple[Light, Light]:
    """What share of both parts of S (h, w), wide and thin, passes through a source; 0 to 1."""
    shares = connected_share(bloom, sources), connected_share(thin, sources)
    if dirt > 0:  # behind clean glass little is claimed of lane marks, and thin streaks would lose
        shares[1][:] *= 1 + np.float32(min(dirt / CROSSED, 1.0)) * (streak_share(thin, sources) - 1)
    return shares


def _with_spokes(claimed: Light, thin: Light, picture: Light, sources: Map, dirt: float) -> Light:
    """What is claimed of thin streaks, as the spokes of lamps have it.

    Above the road a claim rises to what spokes hold; on the road, where lane marks are as thin, it
    counts as far as there are spokes.

    Args:
        claimed: (h, w) linear light, summed over the colours.
        thin: (h, w), the same as a network finds it.
        picture: (3, h, w) code values in [0, 1].
        sources: as ``sources_of`` has them.
        dirt: of the glass, 0 to 1.

    Returns:
        (h, w).
    """
    height, width = claimed.shape
    small = np.stack([halved(channel) for channel in picture])
    linear = light.to_linear(small).astype(np.float32, copy=False)
    rising = (linear - _wide(linear, halvings=0)).sum(axis=0)
    held = cv2.resize(spokes(rising, small.max(axis=0)), (width, height))
    above = above_road(height)
    likely = LIKELY * cv2.GaussianBlur(thin, (0, 0), NEARBY)
    far = far_from(sources, ROOT, claimed.shape)
    raised = np.maximum(claimed, above * far * np.minimum(SPOKES * held, likely))
    counts = raised + (1 - above) * (np.minimum(raised, held + NOTHING) - raised)
    return np.asarray(claimed + np.float32(dirt) * (counts - claimed))


def surroundings(linear: Light, window: float) -> Light:
    """The light around structured glare: the smoothed morphological opening.

    Structured glare only ever adds light, so it is found in what rises above this, in its own
    colour. Found at a quarter of the size, where a round window costs less than a box does at half:
    a box would show round lamps.

    Args:
        linear: (3, h, w) linear light.
        window: diameter of the opening, in shorter sides of the picture.

    Returns:
        (3, h, w) float32.
    """
    return _smoothed_opening(linear, window, halvings=2, blur=1 / 8)


def _smoothed_opening(layer: Light, window: float, *, halvings: int, blur: float) -> Light:
    """The smoothed morphological opening of a layer by a round window.

    Args:
        layer: (3, h, w).
        window: its diameter, in shorter sides of the picture.
        halvings: of the size at which it is found.
        blur: how far it is smoothed, in diameters.

    Returns:
        (3, h, w) float32.
    """
    height, width = layer.shape[1:]
    side = max(round(window * min(height, width) / 2**halvings) // 2 * 2 + 1, 3)
    ball = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (side, side))
    channels = []
    for channel in layer:
        small = channel
        for _ in range(halvings):
            small = halved(small)
        opened = cv2.GaussianBlur(
            cv2.morphologyEx(small, cv2.MORPH_OPEN, ball), (0, 0), blur * side
        )
        channels.append(cv2.resize(opened, (width, height)))
    return np.stack(channels).astype(np.float32, copy=False)


def _wide(layer: Light, *, halvings: int = 1) -> Light:
    """What is wide of a layer (3, h, w): its smoothed opening; nowhere above it."""
    return np.minimum(_smoothed_opening(layer, THIN, halvings=halvings, blur=WIDE_BLUR), layer)


def _least_ratio(claimed: Light, excess: Light) -> Light:
    """The least ratio of two lights (3, h, w) over the colours; (h, w)."""
    ratios = (claimed + np.float32(FAINT)) / (excess + np.float32(FAINT))
    return np.asarray(ratios.min(axis=0))


def _risen(layer: Light) -> Light:
    """What share of a layer (h, w) rises above its median: 0 for all that is even."""
    return np.asarray(np.maximum(1 - np.median(layer) / (layer + 1e-6), 0), np.float32)


def _lift_rim(layer: Light, linear: Light) -> None:
    """Lift the rim of a layer (3, h, w), in place, to the share of the light further in."""
    if min(layer.shape[1:]) <= 2 * RIM:
        return
    ends = slice(None, RIM + 1), slice(None, -RIM - 2, -1)
    for end in ends:  # views with the border first, so that one rule serves all four sides
        _lift_strip(layer[:, end], linear[:, end])
        _lift_strip(layer[:, :, end].swapaxes(1, 2), linear[:, :, end].swapaxes(1, 2))


_FADE = np.minimum(2 * (1 - np.arange(RIM, dtype=np.float32) / RIM), 1)[:, None]


def _lift_strip(layer: Light, linear: Light) -> None:
    """Lift the first ``RIM`` rows of (3, RIM + 1, n), in place, to the last one's share."""
    share = np.minimum(layer[:, -1:] / (linear[:, -1:] + 1e-6), 1)
    layer[:, :-1] += _FADE * np.maximum(share * linear[:, :-1] - layer[:, :-1], 0)
