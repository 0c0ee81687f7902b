"""Prints what the package needs, with the ONNX Runtime that was asked for.

::

    python make/requirements.py cpu > requirements.txt

``pyproject.toml`` asks for the one that serves CPUs and GPUs, which is ten times as large. Where no
GPU ever is (a container, a single file) the one for CPUs does; both are the same module.
"""

from __future__ import annotations

import re
import sys
import tomllib
from pathlib import Path

PROJECT = Path(__file__).parent.parent / "pyproject.toml"
KINDS = {"cpu": "onnxruntime", "gpu": "onnxruntime-gpu"}


def requirements(kind: str) -> list[str]:
    """The package's dependencies, each once, for this machine's Python.

    Args:
        kind: one of ``KINDS``.
    """
    listed = tomllib.loads(PROJECT.read_text(encoding="utf-8"))["project"]["dependencies"]
    runtimes = re.compile(rf"({'|'.join(sorted(KINDS.values(), reverse=True))})\b(?!-)([^;]*)")
    found = [(one, runtimes.match(one)) for one in listed]
    wanted = {f"{KINDS[kind]}{match[2].strip()}" for _, match in found if match}
    return sorted([*(one for one, match in found if not match), *wanted])


if __name__ == "__main__":
    print(*requirements(sys.argv[1]), sep="\n")
