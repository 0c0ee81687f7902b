"""The scale of a change map, as a small strip with numbers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
import numpy.typing as npt

from dashcam_pipeline.compare import labels
from dashcam_pipeline.compare.change import legend_bar
from dashcam_pipeline.compare.fonts import text_width

if TYPE_CHECKING:
    from dashcam_pipeline.compare.canvas import Size
    from dashcam_pipeline.compare.change import Scale
    from dashcam_pipeline.compare.options import Language

CAPTIONS: Final[dict[Language, tuple[str, str]]] = {
    "en": ("darker by, of 255", "brighter or darker by, of 255"),
    "ko": ("어두워진 정도 (255 기준)", "밝아지거나 어두워진 정도 (255 기준)"),
}
"""What the scale counts: where the picture only got darker, and where both happened."""

_BACKGROUND: Final = 22
_SHARE: Final = 0.34
"""Width of the strip, as a share of the picture's."""


def legend(scale: Scale, view: Size, language: Language) -> npt.NDArray[np.uint8]:
    """Draw it.

    Args:
        scale: of the map.
        view: size of the picture that it explains.
        language: of the caption.

    Returns:
        uint8 R'G'B', shape (h, w, 3), even sides, no larger than the picture.
    """
    size = labels.small_size(view.height)
    pad = max(4, size // 2)
    caption = CAPTIONS[language][scale.both]
    numbers = [f"+{scale.limit}", "0", f"-{scale.limit}"] if scale.both else ["0", f"{scale.limit}"]
    wanted = max(text_width(caption, size), round(view.width * _SHARE))
    width = min(wanted, view.width - 2 * pad - 2)
    caption = labels.shorten(caption, size, width)
    line, bar = round(size * 1.3), max(6, round(size * 0.7))
    height = pad + line + bar + line + pad // 2
    picture = np.full((height + height % 2, width + 2 * pad, 3), _BACKGROUND, np.uint8)
    picture = picture[:, : picture.shape[1] & ~1]
    labels.write(picture, caption, (pad, pad + round(size * 0.95)), size)
    top = pad + line
    strip = legend_bar(scale, picture.shape[1] - 2 * pad, bar)
    picture[top : top + bar, pad : pad + strip.shape[1]] = strip
    for place, text in zip(np.linspace(0, 1, len(numbers)), numbers, strict=True):
        wide = text_width(text, size)
        x = pad + round(float(place) * (strip.shape[1] - wide))
        labels.write(picture, text, (x, top + bar + round(size * 1.05)), size)
    return picture[: view.height & ~1]
