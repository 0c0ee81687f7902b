"""Makes the fonts that the report page brings for Hangul; needs fonttools and brotli.

::

    npm pack pretendard@1.3.9 && tar xzf pretendard-1.3.9.tgz
    python tests/tools/hangul.py package/dist

Two of them: ``texts.woff2`` with what the Korean catalogues need, ``names.woff2`` with the rest of
the 2,350 syllables of KS X 1001, for names of files. They carry no name: the licence of Pretendard
(``OFL.txt``) reserves that for the font as it is.
"""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

from fontTools import subset

PACKAGE = Path(__file__).parents[2] / "dashcam_pipeline"
TARGET = PACKAGE / "compare" / "page" / "assets" / "hangul"
CATALOGUES = (
    PACKAGE / "compare" / "page" / "assets" / "texts.toml",
    PACKAGE / "locale" / "ko" / "LC_MESSAGES" / "dashcam.po",
)
SYLLABLES = range(0xAC00, 0xD7A4)
JAMO = range(0x3131, 0x3164)
KS_X_1001 = 2
"""Bytes of a character of that set in EUC-KR."""


def main(dist: Path) -> None:
    """Make both.

    Args:
        dist: folder of the unpacked package.
    """
    text = "".join(path.read_text(encoding="utf-8") for path in CATALOGUES)
    needed = {ord(char) for char in text} & {*SYLLABLES, *JAMO}
    common = {code for code in SYLLABLES if len(chr(code).encode("euc_kr")) == KS_X_1001}
    make(dist, needed, "texts.woff2")
    make(dist, (common | set(JAMO)) - needed, "names.woff2")
    (TARGET / "texts.txt").write_text("".join(map(chr, sorted(needed))) + "\n", encoding="utf-8")
    shutil.copyfile(dist / "LICENSE.txt", TARGET / "OFL.txt")


def make(dist: Path, codes: set[int], name: str) -> None:
    """Write a font of some characters."""
    options = subset.Options()
    options.flavor = "woff2"
    options.layout_features, options.name_IDs = [], []
    options.hinting = False
    source = dist / "public" / "static" / "alternative" / "Pretendard-Regular.ttf"
    font = subset.load_font(source, options)
    cutter = subset.Subsetter(options)
    cutter.populate(unicodes=sorted(codes))
    cutter.subset(font)
    subset.save_font(font, TARGET / name, options)
    print(f"{name}: {len(codes)} characters, {(TARGET / name).stat().st_size} bytes")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
