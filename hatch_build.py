"""Compiles ``fused.c`` as the package is installed, where there is a compiler.

A wheel with the library is for one kind of machine; one without it is for all of them. By hand, as
after a change of the C file, beside the source that Python runs::

    python hatch_build.py

``CC`` names the compiler; ``DASHCAM_PURE=1`` makes the wheel that is for all machines.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

FOLDER = Path(__file__).parent / "dashcam_pipeline" / "stages" / "glare"
SOURCE = FOLDER / "fused.c"
ENDINGS = {"linux": ".so", "darwin": ".dylib"}
"""By platform; on others the package does without."""

OPTIONS = (
    "-std=gnu99",
    "-O3",
    "-fPIC",
    "-shared",
    "-fvisibility=hidden",
    # One way of rounding on all machines; and what nobody asks of a sample, so that loops of them
    # become vectors: errno after a square root, and traps.
    "-ffp-contract=off",
    "-fno-math-errno",
    "-fno-trapping-math",
)


class CustomBuildHook(BuildHookInterface[Any]):
    """Puts the library into the wheel."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:  # noqa: ARG002 - hatch's
        """Compile, and name the machine in the wheel's tag."""
        library = compile_library()
        if library is None:
            return
        platform = sysconfig.get_platform().replace("-", "_").replace(".", "_")
        build_data["pure_python"] = False
        build_data["tag"] = f"py3-none-{platform}"
        build_data["artifacts"].append(f"/{library.relative_to(Path(self.root)).as_posix()}")


def compile_library() -> Path | None:
    """Compile the library beside its source.

    Returns:
        where it is; None, and none lies there, without a compiler, or where it fails.
    """
    ending = ENDINGS.get(sys.platform)
    compiler = shutil.which(os.environ.get("CC", "cc"))
    if ending is None:
        return None
    library = SOURCE.with_name(f"lib{SOURCE.stem}{ending}")
    library.unlink(missing_ok=True)
    if compiler is None or os.environ.get("DASHCAM_PURE"):
        return None
    # Under another name first: a process that has the old one open keeps it.
    part = library.with_name(library.name + ".part")
    command = [compiler, *OPTIONS, str(SOURCE), "-o", str(part), "-lm"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603 - ours
    if done.returncode:
        part.unlink(missing_ok=True)
        sys.stderr.write(f"{SOURCE.name} does not compile; going without.\n{done.stderr}")
        return None
    part.replace(library)
    return library


if __name__ == "__main__":
    sys.stdout.write(f"{compile_library() or 'nothing'} was made\n")
