"""Arrows point one way: cli -> batch, compare -> pipeline -> media, stages -> inference."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import dashcam_pipeline

ROOT = Path(dashcam_pipeline.__file__).parent
NAME = "dashcam_pipeline"

LAYERS = [
    {"cli", "__main__"},
    {"batch", "compare"},
    {"pipeline", "provenance"},
    {"engine"},
    {"dashcam"},
    {"media", "stages", "config"},
    {"inference"},
    {"frames", "errors", "_version"},
]
"""Top-level parts, from those that people use down; a part imports its own layer or a lower one."""

OFFLINE = {"training", "simulation"}
"""Never imported by what runs on a user's recording; they may import anything."""

EXTRAS = {"train", "synth", "evaluate", "export", "simulate"}
"""Commands of the extras: they alone, ``NAME.py`` or ``NAME_PART.py``, import their packages."""

HEAVY = {"torch", "segmentation_models_pytorch", "lightning", "timm", "bpy", "ray"}

ALLOWED = {"batch/cluster.py": {"ray"}}
"""Where an extra's package is at home."""

SAME_LAYER = {("stages", "media"), ("media", "stages")}
"""Neighbours that must not know each other."""


def modules():
    return sorted(path.relative_to(ROOT) for path in ROOT.rglob("*.py"))


def part_of(path: Path) -> str:
    return path.parts[0].removesuffix(".py")


def imports(path: Path, *, typing_too: bool = False) -> set[str]:
    """Modules that a file imports, also inside functions; not those for type checkers alone."""
    found = set()
    pending: list[ast.AST] = [ast.parse((ROOT / path).read_text(encoding="utf-8"))]
    while pending:
        node = pending.pop()
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.dump(node.test) and not typing_too:
            pending += node.orelse
            continue
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative import"
            found.add(node.module or "")
            if node.module == NAME:
                found |= {f"{NAME}.{alias.name}" for alias in node.names}
        pending += ast.iter_child_nodes(node)
    return found


def level(part: str) -> int:
    for depth, layer in enumerate(LAYERS):
        if part in layer:
            return depth
    raise AssertionError(f"{part} has no layer; name it in this test")


@pytest.mark.parametrize(
    "path", [p for p in modules() if part_of(p) not in OFFLINE | {"__init__"}], ids=str
)
def test_arrows_point_one_way(path):
    part = part_of(path)
    for name in imports(path, typing_too=True):
        if not name.startswith(f"{NAME}."):
            continue
        other = name.split(".")[1]
        if not ((ROOT / other).is_dir() or (ROOT / f"{other}.py").exists()):
            continue  # a name of the package's __init__
        if other in OFFLINE:
            assert part == "cli", f"{path} imports {name}"
            assert path.stem.split("_")[0] in EXTRAS, f"{path} imports {name}"
            continue
        assert level(other) >= level(part), f"{path} imports {name}, which lies above it"
        assert (part, other) not in SAME_LAYER, f"{path} imports its neighbour {name}"


@pytest.mark.parametrize("path", modules(), ids=str)
def test_libraries_stay_where_they_belong(path):
    roots = {name.split(".")[0] for name in imports(path)}
    if part_of(path) not in OFFLINE | {"cli"}:
        assert not roots & {"click", "tqdm"}
    if part_of(path) not in OFFLINE:
        assert not roots & HEAVY - ALLOWED.get(path.as_posix(), set())


def loaded_after(code: str) -> set[str]:
    """Modules of a fresh interpreter after some code."""
    result = subprocess.run(
        [sys.executable, "-c", f"{code}\nimport sys\nprint(*sys.modules)"],
        env={"PYTHONPATH": str(ROOT.parent), "PATH": ""},
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    return set(result.stdout.split())


def test_the_python_api_needs_no_command_line_and_no_training():
    loaded = loaded_after(
        "from dashcam_pipeline import CleanConfig, DashcamError, Pipeline, RunReport, clean\n"
        "Pipeline(CleanConfig(stages=())).close()"
    )
    assert not loaded & ({"click", "tqdm"} | HEAVY)


def test_importing_the_package_loads_nothing():
    loaded = loaded_after("import dashcam_pipeline; dashcam_pipeline.__version__")
    assert not loaded & {"numpy", "av", "cv2", "pydantic", "onnxruntime", "click"}


def test_help_needs_no_codecs_no_networks_and_no_arrays():
    code = "from dashcam_pipeline.cli import main; main(['--help']); main(['clean', '--help'])"
    loaded = loaded_after(
        f"import io, contextlib\nwith contextlib.redirect_stdout(io.StringIO()): {code}"
    )
    assert "dashcam_pipeline.cli.clean" in loaded
    assert not loaded & {"numpy", "av", "cv2", "onnxruntime", "tqdm"}


def test_public_names_exist():
    for name in dashcam_pipeline.__all__:
        assert getattr(dashcam_pipeline, name) is not None
    with pytest.raises(AttributeError, match="no attribute 'zebra'"):
        dashcam_pipeline.zebra  # noqa: B018 - asking is the test
    assert set(dir(dashcam_pipeline)) == set(dashcam_pipeline.__all__)
