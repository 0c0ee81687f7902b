"""Feeds targets with mutated bytes for as long as it is told; findings go into the corpus.

::

    python tests/hostile/fuzz.py --seconds 3600
    python tests/hostile/fuzz.py gpmf nmea --seconds 60

Each target runs in a process of its own, so that a crash of the interpreter is a finding as well.
"""

from __future__ import annotations

import argparse
import hashlib
import multiprocessing
import random
import resource
import shutil
import signal
import sys
import tempfile
import time
from pathlib import Path

HERE = Path(__file__).parent
sys.path[:0] = [str(HERE), str(HERE.parent)]

from mutate import mutate  # noqa: E402 - needs the path above
from targets import MEGABYTES, SECONDS, TARGETS, attempt  # noqa: E402 - likewise

CORPUS = HERE / "corpus"
POOL = 200
"""Inputs kept to go on from."""


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("targets", nargs="*", metavar="TARGET", help=", ".join(TARGETS))
    parser.add_argument("--seconds", type=float, default=60, help="for all targets together")
    parser.add_argument("--seed", type=int, default=0)
    args = parser.parse_args()
    names = args.targets or list(TARGETS)
    context = multiprocessing.get_context("spawn")
    failed = 0
    folder = Path(tempfile.mkdtemp())
    for name in names:
        last = folder / name
        job = (name, args.seconds / len(names), args.seed, last)
        child = context.Process(target=fuzz, args=job)
        child.start()
        child.join()
        if child.exitcode:
            failed += 1
            if last.exists():
                keep(name, last.read_bytes())
            print(f"{name}: FOUND, exit code {child.exitcode}", flush=True)  # noqa: T201 - a program
    shutil.rmtree(folder)
    return 1 if failed else 0


def fuzz(name: str, seconds: float, seed: int, last: Path) -> None:
    target, chance = TARGETS[name], random.Random(f"{seed} {name}")  # noqa: S311 - no secret
    pool = [*target.seeds(), *(p.read_bytes() for p in sorted(CORPUS.glob(f"{name}-*")))]
    signal.signal(signal.SIGALRM, lambda *_: sys.exit("took too long"))
    for seeded in pool:
        attempt(target, seeded)
    begin = time.monotonic()
    before = peak()
    count = 0
    while time.monotonic() - begin < seconds:
        data = mutate(chance.choice(pool), chance, target.words)
        last.write_bytes(data)
        signal.alarm(SECONDS)
        attempt(target, data)
        signal.alarm(0)
        if peak() - before > MEGABYTES:
            sys.exit(f"{name}: memory grew by {peak() - before:.0f} MB")
        count += 1
        if chance.randrange(50) == 0:
            if len(pool) >= POOL:
                pool.pop(chance.randrange(len(pool)))
            pool.append(data)
    print(  # noqa: T201 - a program
        f"{name}: {count} inputs in {seconds:.0f} s, memory +{peak() - before:.0f} MB, no finding",
        flush=True,
    )


def peak() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1000


def keep(name: str, data: bytes) -> None:
    (CORPUS / f"{name}-{hashlib.sha256(data).hexdigest()[:12]}").write_bytes(data)


if __name__ == "__main__":
    sys.exit(main())
