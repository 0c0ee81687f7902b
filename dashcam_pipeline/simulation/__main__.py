"""``python -m dashcam_pipeline.simulation``: render a pack of scenes, or squeeze one."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from dashcam_pipeline.simulation.pack import load_raw, write_pack


def main(arguments: list[str] | None = None) -> int:
    """Run a command; the exit code."""
    parser = argparse.ArgumentParser(prog="python -m dashcam_pipeline.simulation")
    commands = parser.add_subparsers(dest="command", required=True)
    pack = commands.add_parser("pack", help="render raw scenes; takes up where it was stopped")
    pack.add_argument("--out", type=Path, required=True, help="folder of the raw scenes")
    pack.add_argument("--count", type=int, default=400)
    pack.add_argument("--first-seed", type=int, default=1000)
    pack.add_argument("--size", default="448x252", help="WIDTHxHEIGHT")
    pack.add_argument("--samples", type=int, default=6, help="light paths per pixel by night")
    pack.add_argument("--threads", type=int, default=1)
    squeeze = commands.add_parser("squeeze", help="write raw scenes as a small pack")
    squeeze.add_argument("--raw", type=Path, required=True)
    squeeze.add_argument("--out", type=Path, required=True)
    squeeze.add_argument("--crf", type=int, default=12)
    options = parser.parse_args(arguments)
    if options.command == "squeeze":
        files = sorted(options.raw.glob("*.npz"))
        count = write_pack((load_raw(f) for f in files), options.out, crf=options.crf)
        sys.stdout.write(f"{count} scenes in {options.out}\n")
        return 0
    # Only now: the renderer is an extra, and squeezing does without.
    from dashcam_pipeline.simulation.pack_render import render_pack  # noqa: PLC0415

    width, height = (int(v) for v in options.size.split("x"))
    for file in render_pack(
        options.out,
        count=options.count,
        first_seed=options.first_seed,
        size=(width, height),
        samples=options.samples,
        threads=options.threads,
    ):
        sys.stdout.write(f"{file.name}\n")
        sys.stdout.flush()
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
