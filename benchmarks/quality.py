"""What each level of ``glare`` gives: the quality that belongs to the speeds of ``speed.py``.

    python benchmarks/quality.py [--levels fast balanced best] [--frames 60]
        [--truth samples/windscreens] [--clip NIGHT.mp4]... [--pairs DIR [--list NAMES]]
        [--results benchmarks/results/quality.json]

Prints Markdown (``--results`` also writes the clips with truth for the README): on the windscreen
judge, PSNR by region and flicker against exact truth; on recordings without truth, the warping
error; on pairs of pictures, PSNR by region. A clip is where answers are carried from frame to
frame; a picture is seen by the network at every level. Needs the extra ``train``, as ``dashcam
evaluate`` does, which measures other things too.
"""

from __future__ import annotations

import argparse
import json
from itertools import islice
from pathlib import Path

from study_tables import plain, rounded

from dashcam_pipeline.inference.manifest import GLARE
from dashcam_pipeline.training.evaluation.glare.flicker import (
    FlickerReport,
    measure_flicker,
    read_clip,
)
from dashcam_pipeline.training.evaluation.glare.pair_folder import PairFolder
from dashcam_pipeline.training.evaluation.glare.pairs import measure_pairs, pairs_table
from dashcam_pipeline.training.evaluation.glare.stage import cleaner, clip_cleaner
from dashcam_pipeline.training.evaluation.glare.truth import (
    TruthReport,
    evaluate_clip,
    find_clips,
)

LEVELS = ("fast", "balanced", "best")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--levels", nargs="+", choices=LEVELS, default=LEVELS)
    parser.add_argument("--frames", type=int, default=60, help="of each --clip")
    parser.add_argument("--truth", type=Path, nargs="+", default=[Path("samples/windscreens")])
    parser.add_argument("--clip", type=Path, action="append", default=[], dest="clips")
    parser.add_argument("--pairs", type=Path)
    parser.add_argument("--list", type=Path, dest="names")
    parser.add_argument("--results", type=Path, help="write the clips with truth there")
    options = parser.parse_args()
    moving = {level: clip_cleaner(GLARE, {}, level) for level in options.levels}
    clips = {clip.name: evaluate_clip(clip, moving) for clip in find_clips(options.truth)}
    print("Behind windscreens, against exact truth\n")
    print(TruthReport(clips).markdown())
    if options.results is not None:
        found = rounded(plain({"truth": TruthReport(clips).to_dict()["clips"]}))
        options.results.write_text(json.dumps(found, indent=1) + "\n", "utf-8")
    measured = [
        measure_flicker(clip.name, islice(read_clip(clip), options.frames), moving)
        for clip in options.clips
    ]
    if measured:
        print(f"\nThe first {options.frames} frames of each recording\n")
        print(FlickerReport(tuple(measured)).markdown())
    if options.pairs is not None:
        still = {level: cleaner(GLARE, {}, level) for level in options.levels}
        print(f"\n{options.pairs}\n")
        names = () if options.names is None else (options.names,)
        pairs = PairFolder.open(options.pairs, names)
        print(pairs_table(measure_pairs(pairs, still).rows()))


if __name__ == "__main__":
    main()
