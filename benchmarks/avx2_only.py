"""Let processes run as on a processor with AVX2 and nothing above it: what most people own.

x86-64 Linux with a C compiler, where the processor can let CPUID fault (``avx2_only.c``).
"""

from __future__ import annotations

import os
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

SOURCE = Path(__file__).with_suffix(".c")

TUNABLES = "glibc.cpu.hwcaps=-AVX512F,-AVX512VL,-AVX512BW"
"""The C library chooses its functions before anything else is loaded."""


def avx2_environment(folder: Path) -> Mapping[str, str]:
    """The environment for a process that is to see AVX2 at most.

    Args:
        folder: gets the library that hides the rest.

    Raises:
        subprocess.CalledProcessError: it can't be compiled here.
    """
    library = folder / "avx2_only.so"
    compiler = [os.environ.get("CC", "cc"), "-O2", "-shared", "-fPIC"]
    subprocess.run([*compiler, "-o", str(library), str(SOURCE)], check=True)
    return {**os.environ, "LD_PRELOAD": str(library), "GLIBC_TUNABLES": TUNABLES}
