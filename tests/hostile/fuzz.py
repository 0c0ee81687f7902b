"""Feeds targets with damaged inputs for as long as it is told; findings go into the corpus.

::

    python tests/hostile/fuzz.py --seconds 3600
    python tests/hostile/fuzz.py gpmf nmea clean-mp4 --seconds 60

Targets and how their inputs are damaged are in ``targets.py`` and ``structures.py``. Each target
runs in a process of its own, so that a crash of the interpreter, a native call that hangs and
memory that grows are findings as well; it goes on after any of them. One input of each kind of
finding is kept.
"""

from __future__ import annotations

import argparse
import faulthandler
import hashlib
import multiprocessing
import random
import resource
import secrets
import shutil
import sys
import tempfile
import time
import traceback
from pathlib import Path

HERE = Path(__file__).parent
sys.path[:0] = [str(HERE), str(HERE.parent), str(HERE.parents[1])]

from targets import MEGABYTES, SECONDS, TARGETS, attempt  # noqa: E402 - needs the path above

CORPUS = HERE / "corpus"
POOL = 200
"""Inputs kept to go on from."""

AT_MOST = 6 << 30
"""Bytes of address space; what asks for more ends itself and not the machine."""


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("targets", nargs="*", metavar="TARGET", help=", ".join(TARGETS))
    parser.add_argument("--seconds", type=float, default=60, help="for all targets together")
    parser.add_argument("--seed", type=int, default=secrets.randbelow(1 << 32))
    parser.add_argument("--keep", type=Path, default=CORPUS, help="where findings go")
    args = parser.parse_args()
    names = args.targets or list(TARGETS)
    print(f"seed {args.seed}", flush=True)  # noqa: T201 - a program
    found = [one for name in names for one in watch(name, args.seconds / len(names), args)]
    print(f"{len(found)} kinds of findings", flush=True)  # noqa: T201 - a program
    return 1 if found else 0


def watch(name: str, seconds: float, args: argparse.Namespace) -> list[str]:
    """Run a target's process, again whenever it ends too early.

    Returns:
        its findings, one of each kind.
    """
    context = multiprocessing.get_context("spawn")
    folder = Path(tempfile.mkdtemp())
    end = time.monotonic() + seconds
    seed = args.seed
    while (left := end - time.monotonic()) > 0:
        child = context.Process(target=fuzz, args=(name, left, seed, folder))
        child.start()
        child.join()
        seed += 1000
        if child.exitcode:
            words = (folder / "stack").read_text(errors="replace")
            place = [line for line in words.splitlines() if "dashcam_pipeline" in line][:1]
            note(folder, f"exit code {child.exitcode} at {place}", words)
    kinds = {path.read_text() for path in folder.glob("*.kind")}
    for path in folder.glob("*.kind"):
        data = path.with_suffix(".input").read_bytes()
        args.keep.mkdir(exist_ok=True)
        kept = args.keep / f"{name}-{hashlib.sha256(data).hexdigest()[:12]}"
        kept.write_bytes(data)
        print(f"{name}: FOUND {path.read_text()}, {kept}", flush=True)  # noqa: T201 - a program
        print(path.with_suffix(".words").read_text(), flush=True)  # noqa: T201 - a program
    shutil.rmtree(folder)
    return sorted(kinds)


def fuzz(name: str, seconds: float, seed: int, folder: Path) -> None:
    """In the target's process."""
    target, chance = TARGETS[name], random.Random(f"{seed} {name}")  # noqa: S311 - no secret
    pool = [*target.seeds(), *(p.read_bytes() for p in sorted(CORPUS.glob(f"{name}-*")))]
    for seeded in pool:
        attempt(target, seeded)
    resource.setrlimit(resource.RLIMIT_AS, (AT_MOST, AT_MOST))
    begin, before, count, answered = time.monotonic(), peak(), 0, 0
    with (folder / "stack").open("w+") as stack:
        while time.monotonic() - begin < seconds:
            data = target.damaged(chance.choice(pool), chance)
            (folder / "last").write_bytes(data)
            stack.truncate(0)
            faulthandler.enable(stack)
            faulthandler.dump_traceback_later(SECONDS, exit=True, file=stack)
            try:
                answered += not attempt(target, data)
            except Exception as error:  # noqa: BLE001 - what is looked for
                note(folder, kind_of(error), traceback.format_exc())
            faulthandler.cancel_dump_traceback_later()
            if peak() - before > MEGABYTES:
                stack.write(f"memory grew by {peak() - before:.0f} MB\n")
                stack.flush()
                sys.exit(3)
            count += 1
            if chance.randrange(50) == 0:
                if len(pool) >= POOL:
                    pool.pop(chance.randrange(len(pool)))
                pool.append(data)
    print(  # noqa: T201 - a program
        f"{name}: {count} inputs in {seconds:.0f} s, {answered} refused, "
        f"memory +{peak() - before:.0f} MB",
        flush=True,
    )


def kind_of(error: Exception) -> str:
    """An exception by its type and the innermost of our lines that it came through."""
    frames = traceback.extract_tb(error.__traceback__)
    ours = [f for f in frames if "dashcam_pipeline" in f.filename] or frames
    text = str(error)[:60] if isinstance(error, AssertionError) else ""
    return f"{type(error).__name__} at {Path(ours[-1].filename).name}:{ours[-1].lineno} {text}"


def note(folder: Path, kind: str, words: str) -> None:
    """Keep a finding of a new kind."""
    stem = folder / hashlib.sha256(kind.encode()).hexdigest()[:12]
    if not stem.with_suffix(".kind").exists():
        shutil.copy(folder / "last", stem.with_suffix(".input"))
        stem.with_suffix(".words").write_text(words, errors="replace")
        stem.with_suffix(".kind").write_text(kind)


def peak() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1000


if __name__ == "__main__":
    sys.exit(main())
