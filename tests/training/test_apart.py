"""What glare is judged with stays out of what glare is trained with."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

import dashcam_pipeline.training

ROOT = Path(dashcam_pipeline.training.__file__).parent
PARTS = ("common", "data", "glare", "synthesis")
MODULES = sorted(path for part in PARTS for path in (ROOT / part).glob("*.py"))


@pytest.mark.parametrize("path", MODULES, ids=lambda path: f"{path.parent.name}/{path.name}")
def test_no_optics_of_the_simulator_are_trained_on(path):
    names = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.ImportFrom) and node.module:
            names |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
    simulated = {n for n in names if n.startswith("dashcam_pipeline.simulation.")}
    assert {n.split(".")[2] for n in simulated} <= {"pack"}, "scenes may be, films may not"
