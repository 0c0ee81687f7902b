"""Arrows point one way, and nobody comes back to where an import began.

cli -> app, excerpts -> join -> drives -> batch, compare -> pipeline -> engine -> media, stages
    -> inference
"""

from __future__ import annotations

import ast
import subprocess
import sys
from functools import cache
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

import dashcam_pipeline

ROOT = Path(dashcam_pipeline.__file__).parent
NAME = "dashcam_pipeline"

LAYERS = [
    {"cli", "__main__"},
    {"app", "excerpts"},
    {"join"},
    {"drives"},
    {"batch", "compare"},
    {"pipeline"},
    {"provenance"},
    {"engine"},
    {"config", "dashcam"},
    {"presets"},
    {"media", "stages"},
    {"inference"},
    {"frames"},
    {"errors", "translation", "_version"},
]
"""Top-level parts, from those that people use down; a part imports its own layer or a lower one."""

OFFLINE = {"training", "simulation"}
"""Never imported by what runs on a user's recording; they may import anything."""

EXTRAS = {"train", "synth", "evaluate", "export", "simulate"}
"""Commands of the extras: they alone, ``NAME.py`` or ``NAME_PART.py``, import their packages."""

HEAVY = {"torch", "segmentation_models_pytorch", "lightning", "timm", "bpy", "ray"}

ALLOWED = {"batch/cluster.py": {"ray"}}
"""Where an extra's package is at home."""

SERVERS = {"starlette", "uvicorn"}
"""Of the extra ``app``; at home in its folder."""

NEIGHBOURS = {"batch": "compare", "config": "dashcam", "media": "stages"}
"""Parts of one layer that must not know each other, either way."""

TOP = {
    "__init__", "__main__", "_version", "config", "errors", "frames", "pipeline", "translation",
}  # fmt: skip
"""Modules that lie beside the folders: the public door, and what everything is made of."""

FORBIDDEN = {
    "accounting", "album", "assembly", "beside", "boxes", "counts", "crew", "found", "half",
    "lanes", "records", "texts", "utils", "written",
}  # fmt: skip
"""Names that don't say what a file holds."""


def modules():
    return sorted(path.relative_to(ROOT) for path in ROOT.rglob("*.py"))


def part_of(path: Path) -> str:
    return path.parts[0].removesuffix(".py")


def dotted(path: Path) -> str:
    return ".".join(path.with_suffix("").parts).removesuffix("__init__").rstrip(".")


@cache
def is_module(name: str) -> bool:
    """Whether a dotted name is a file or a folder of the package."""
    place = ROOT.parent.joinpath(*name.split("."))
    return name.startswith(NAME) and (place.is_dir() or place.with_suffix(".py").is_file())


@cache
def tree_of(path: Path) -> ast.Module:
    """A file's syntax; none changes while it is tested."""
    return ast.parse((ROOT / path).read_text(encoding="utf-8"))


@cache
def imports(path: Path, *, typing_too: bool = False) -> set[str]:
    """Modules that a file imports, also inside functions; not those for type checkers alone."""
    found = set()
    pending: list[ast.AST] = [tree_of(path)]
    while pending:
        node = pending.pop()
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.dump(node.test) and not typing_too:
            pending += node.orelse
            continue
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative import"
            for alias in node.names:
                inner = f"{node.module}.{alias.name}"
                found.add(inner if is_module(inner) else node.module or "")
        pending += ast.iter_child_nodes(node)
    return found


def own_imports() -> dict[str, set[str]]:
    """Every module of the package (the door is ""), and those it imports, typing included."""
    names = {dotted(path) for path in modules()}
    return {
        dotted(path): {
            name
            for full in imports(path, typing_too=True)
            if (name := full.removeprefix(NAME).lstrip(".")) in names and name != dotted(path)
        }
        for path in modules()
    }


def level(part: str) -> int:
    for depth, layer in enumerate(LAYERS):
        if part in layer:
            return depth
    raise AssertionError(f"{part} has no layer; name it in this test")


def wrong_arrow(module: str, other: str) -> bool:
    """Whether a module may not import another one."""
    part, target = module.split(".", maxsplit=1)[0], other.split(".", maxsplit=1)[0]
    if target in OFFLINE:
        command = module.rpartition(".")[2].split("_")[0]
        return part != "cli" or command not in EXTRAS
    return level(target) < level(part) or target in {
        NEIGHBOURS.get(part), *(a for a, b in NEIGHBOURS.items() if b == part)
    }  # fmt: skip


def circles(graph: dict[str, set[str]]) -> list[set[str]]:
    """Modules that import one another in a ring, a ring at a time."""
    graph = {name: set(others) for name, others in graph.items()}
    rings = []
    while True:
        try:
            TopologicalSorter(graph).prepare()
        except CycleError as error:
            ring = error.args[1]
            rings.append(set(ring))
            # The sorter walks from the imported to the importing module.
            graph[ring[1]].discard(ring[0])
        else:
            return rings


def test_arrows_point_one_way():
    graph = own_imports()
    wrong = [
        f"{module} imports {other}"
        for module, others in graph.items()
        for other in others
        if module and module.split(".")[0] not in OFFLINE and other and wrong_arrow(module, other)
    ]
    assert not wrong


def test_the_test_of_arrows_sees_one_that_points_up_or_aside():
    assert wrong_arrow("media.reader", "engine.run")
    assert wrong_arrow("stages.base", "media.reader")
    assert wrong_arrow("media.reader", "stages.base")
    assert wrong_arrow("pipeline", "training.glare.train")
    assert wrong_arrow("cli.clean", "training.glare.train")
    assert not wrong_arrow("cli.train_glare", "training.glare.train")
    assert not wrong_arrow("engine.run", "media.reader")


def test_no_module_is_imported_by_what_it_imports():
    assert circles(own_imports()) == []


def test_the_test_of_circles_sees_long_ones_and_all_of_them():
    graph = {"a": {"b"}, "b": {"c"}, "c": {"a", "d"}, "d": {"e"}, "e": {"d"}, "f": {"a"}}
    assert sorted(map(sorted, circles(graph))) == [["a", "b", "c"], ["d", "e"]]
    assert circles({"a": {"b", "c"}, "b": {"c"}, "c": set()}) == []


def test_libraries_stay_where_they_belong():
    for path in modules():
        roots = {name.split(".")[0] for name in imports(path)}
        if part_of(path) not in OFFLINE | {"cli"}:
            assert not roots & {"click", "tqdm"}, path
        if part_of(path) not in OFFLINE:
            assert not roots & SERVERS or part_of(path) == "app", path
            assert not roots & HEAVY - ALLOWED.get(path.as_posix(), set()), path


def test_one_module_hashes():
    assert [p.as_posix() for p in modules() if "hashlib" in imports(p)] == ["inference/digest.py"]


WRITES = {"write_text", "write_bytes", "imwrite", "NamedTemporaryFile", "mkstemp"}
"""Calls that write to a path, beside ``open`` with a mode that does."""

WRITERS = {
    "media/part_file.py": "the one that may",
    "media/renaming.py": "opens folders, to sync them",
    "media/mp4_index.py": "into a part",
    "media/names.py": "tries names, and leaves nothing",
    "app/looking/clip.py": "into a part",
    "batch/sidecars.py": "reads, and follows no link",
    "cli/app.py": "nowhere: os.devnull",
    "cli/manual.py": "nowhere: help, on the terminal",
    "dashcam/telemetry/carriers/mp4_boxes.py": "into a part",
    "simulation/pack.py": "into a part",
    "simulation/silence.py": "nowhere: os.devnull",
    "simulation/views.py": "into a part",
    "training/glare/watch.py": "lines added to a table",
    "training/synthesis/pairs_folder.py": "lines added to a new table",
}


def writes(path: Path) -> bool:
    """Whether a file calls what writes to a path."""
    for node in ast.walk(tree_of(path)):
        if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)):
            continue
        named = ast.unparse(node.func)
        modes = [a.value for a in node.args[:1] if isinstance(a, ast.Constant)]
        opens = named.endswith(".open") and not named.startswith(("av.", "Run.", "Image."))
        to_write = any(isinstance(m, str) and set(m) & set("wax+") for m in modes)
        if node.func.attr in WRITES and "formatter" not in named:
            return True
        if named in {"os.replace", "os.rename", "os.open"} or (opens and to_write):
            return True
    return False


def test_one_module_writes_files():
    found = {path.as_posix() for path in modules() if writes(path)}
    assert found <= set(WRITERS)
    assert {"media/part_file.py", "simulation/views.py"} <= found


def test_only_the_door_and_the_public_nouns_lie_beside_the_folders():
    assert {path.stem for path in modules() if len(path.parts) == 1} == TOP


def test_names_say_what_a_file_holds():
    assert [path for path in modules() if path.stem in FORBIDDEN] == []


def test_every_folder_draws_what_flows_through_it():
    for folder in {path.parent for path in modules() if len(path.parts) > 1}:
        drawing = ast.get_docstring(tree_of(folder / "__init__.py"))
        assert "->" in (drawing or ""), folder


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
