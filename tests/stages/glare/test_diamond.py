"""The project's first worked example: a diamond of light, five wide and seven high, in the dark.

Through the stage with the shipped weights, at several scales: seen through a lens that scatters
light the diamond looks larger than it is; it comes out smaller, and no dimmer at its centre.
Without any glare around it, it is a lamp like any other, and stays.
"""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest

from dashcam_pipeline.frames import Frame, FrameBatch
from dashcam_pipeline.stages.base import StageContext, StreamInfo
from dashcam_pipeline.stages.glare.stage import GlareStage

DIAMOND = np.array(
    [
        [0, 0, 1, 0, 0],
        [0, 1, 1, 1, 0],
        [1, 1, 1, 1, 1],
        [1, 1, 1, 1, 1],
        [1, 1, 1, 1, 1],
        [0, 1, 1, 1, 0],
        [0, 0, 1, 0, 0],
    ],
    np.float64,
)

HEIGHT, WIDTH = 360, 640
CENTRE = (HEIGHT // 2, WIDTH // 2)

DARK = 20
"""Luma code of the frame."""

SCATTER = 0.3
"""Linear light just beside the diamond, where 1 is white."""

SEEN = 60
"""Luma code from which a pixel belongs to what looks lit."""


def make_frame(scale, lens=None):
    """The diamond, ``scale`` pixels a cell; ``lens`` is the width of its glow in pixels."""
    cells = np.kron(DIAMOND, np.ones((scale, scale)))
    top, left = CENTRE[0] - cells.shape[0] // 2, CENTRE[1] - cells.shape[1] // 2
    source = np.zeros((HEIGHT, WIDTH))
    source[top : top + cells.shape[0], left : left + cells.shape[1]] = cells
    light = ((DARK - 16) / 219) ** 2 + source
    if lens is not None:
        y, x = np.mgrid[-HEIGHT // 2 : HEIGHT // 2, -WIDTH // 2 : WIDTH // 2]
        kernel = (1 + (x**2 + y**2) / lens**2) ** -1.5  # Moffat's profile, its wings as glass has
        spectra = [np.fft.rfft2(part) for part in (source, np.fft.ifftshift(kernel))]
        glow = np.maximum(np.fft.irfft2(spectra[0] * spectra[1], s=source.shape), 0)
        light += glow * (SCATTER / glow[CENTRE[0], left + cells.shape[1]])
    luma = np.rint(np.sqrt(np.clip(light, 0, 1)) * 219 + 16).astype(np.uint8)
    grey = np.full((HEIGHT // 2, WIDTH // 2), 128, np.uint8)
    return Frame((luma, grey, grey.copy()), 0, Fraction(1, 30), 0), source > 0


@pytest.fixture(scope="module", params=["auto", "dirty"])
def stage(request):
    options = GlareStage.Options(glass=request.param)
    made = GlareStage(options, StageContext(quality="balanced", threads=1))
    frame, _ = make_frame(1)
    made.open(StreamInfo(frame.width, frame.height, frame.layout, frame.color))
    return made


def clean(stage, frame):
    """Luma before and after, as integers."""
    stage.reset()
    (cleaned,) = stage.process(FrameBatch((frame,)))
    return (f.planes[0].astype(int) for f in (frame, cleaned))


@pytest.mark.parametrize("lens", ["the same at every scale", "as wide as the diamond"])
@pytest.mark.parametrize("scale", [1, 2, 4, 8, 16])
def test_a_glaring_diamond_gets_smaller_and_its_centre_no_dimmer(stage, scale, lens):
    width = 20 if lens.startswith("the same") else 3 * scale
    frame, source = make_frame(scale, width)
    before, after = clean(stage, frame)
    assert after[CENTRE] >= before[CENTRE]
    assert (after > SEEN).sum() < 0.95 * (before > SEEN).sum(), "it looks smaller"
    assert (after[source] >= before[source] - 1).mean() > 0.9, "the diamond itself stays"
    assert (after <= before + 1).all(), "light is only ever taken away"


@pytest.mark.parametrize("scale", [1, 2, 4, 8, 16])
def test_a_diamond_without_glare_stays(stage, scale):
    frame, source = make_frame(scale)
    before, after = clean(stage, frame)
    assert after[CENTRE] == before[CENTRE]
    assert np.array_equal(after > SEEN, source)
