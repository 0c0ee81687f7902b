"""Changes numbers, comparisons and answers one at a time, and lists the changes no test notices.

::

    python tests/tools/mutants.py dashcam_pipeline/stages dashcam_pipeline/media
    python tests/tools/mutants.py dashcam_pipeline/media --also tests/media --out survivors.md

Run it in the root of a checkout. The tests of a module are those that import it and those named
after it, else those of its folder; ``--also`` adds some that are asked last. A change that survives
is either a number that nobody decided or one that a test of behaviour should hold.

The tree is copied, so the checkout stays as it is, and commands that tests start see the change
too. Each change is tried in a process forked from one that has imported the large libraries, as
starting anew takes longer than most tests. POSIX only.
"""

from __future__ import annotations

import argparse
import ast
import contextlib
import importlib.util
import itertools
import os
import re
import shutil
import signal
import sys
import tempfile
import time
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

WARM = ("pytest", "hypothesis", "numpy", "cv2", "av", "onnxruntime", "pydantic", "click")
HEAVY = ("torch", "lightning", "onnx")
"""Imported once where the tests at hand name one of them."""

OTHER = {
    "<=": "<", "<": "<=", ">=": ">", ">": ">=", "==": "!=", "!=": "==",
    "is not": "is", "is": "is not", "not in": "in", "in": "not in",
}  # fmt: skip
OPERATOR = re.compile(r"<=|>=|==|!=|<|>|is\s+not|not\s+in|is|in")
INDIFFERENT = {"init", "strict", "slots", "frozen", "stacklevel", "maxsize", "exist_ok", "parents"}
"""Arguments by name that no result depends on."""

STARTING = 20
"""Seconds that a child gets on top of a multiple of what the tests take unchanged."""


@dataclass(frozen=True)
class Change:
    """Bytes ``begin`` to ``end`` of a file become ``new``."""

    begin: int
    end: int
    line: int
    old: str
    new: str

    def apply(self, source: bytes) -> bytes:
        return source[: self.begin] + self.new.encode() + source[self.end :]

    def __str__(self) -> str:
        return f"{self.line}: `{self.old}` -> `{self.new}`"


class Finder(ast.NodeVisitor):
    """Collects the changes of one module."""

    def __init__(self, source: bytes) -> None:
        self.source = source
        self.starts = [0]
        for line in source.splitlines(keepends=True):
            self.starts.append(self.starts[-1] + len(line))
        self.changes: list[Change] = []
        self.decided = False  # within a constant of the module or the class
        self.visit(ast.parse(source))

    def span(self, node: ast.expr) -> tuple[int, int]:
        ends = (node.lineno, node.col_offset), (node.end_lineno or 0, node.end_col_offset or 0)
        return tuple(self.starts[line - 1] + column for line, column in ends)

    def add(self, begin: int, end: int, line: int, new: str) -> None:
        self.changes.append(Change(begin, end, line, self.source[begin:end].decode(), new))

    def replace(self, node: ast.expr, *news: str) -> None:
        for new in news:
            self.add(*self.span(node), node.lineno, new)

    def visit_If(self, node: ast.If) -> None:
        if not (isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING"):
            self.generic_visit(node)

    def visit_Raise(self, node: ast.Raise) -> None:
        """What messages say is no number of ours."""

    def visit_ClassDef(self, node: ast.ClassDef) -> None:
        for child in node.body:
            self.visit(child)

    def visit_FunctionDef(self, node: ast.FunctionDef) -> None:
        for default in [*node.args.defaults, *filter(None, node.args.kw_defaults)]:
            self.visit(default)
        if isinstance(node.returns, ast.Name) and node.returns.id == "bool":
            for inner in ast.walk(node):
                if isinstance(inner, ast.Return) and not isinstance(inner.value, ast.Constant):
                    self.replace(inner.value, "False", "True")
        for child in node.body:
            self.visit(child)

    def visit_Assign(self, node: ast.Assign) -> None:
        self.visit_value(node.value, node.targets)

    def visit_AnnAssign(self, node: ast.AnnAssign) -> None:
        if node.value is not None:
            self.visit_value(node.value, [node.target])

    def visit_value(self, value: ast.expr, targets: list[ast.expr]) -> None:
        before = self.decided
        names = [target.id for target in targets if isinstance(target, ast.Name)]
        self.decided = any(name.isupper() for name in names)
        if self.decided and isinstance(value, ast.Tuple) and len(value.elts) > 1:
            first = value.elts[0]
            self.replace(value, f"({self.source[slice(*self.span(first))].decode()},)")
        self.visit(value)
        self.decided = before

    def visit_keyword(self, node: ast.keyword) -> None:
        if node.arg not in INDIFFERENT:
            self.visit(node.value)

    def visit_Constant(self, node: ast.Constant) -> None:
        value = node.value
        if isinstance(value, bool):
            self.replace(node, str(not value))
        elif isinstance(value, int | float):
            if self.decided and value:
                smaller = value // 4 if isinstance(value, int) else value / 4
                self.replace(node, repr(value * 4), repr(smaller))
            else:
                self.replace(node, repr(value + 1 if isinstance(value, int) else value * 2 or 1.0))

    def visit_JoinedStr(self, node: ast.JoinedStr) -> None:
        """Positions within are not told before Python 3.12, and texts are no numbers."""

    def visit_Compare(self, node: ast.Compare) -> None:
        parts = [node.left, *node.comparators]
        for left, right in itertools.pairwise(parts):
            begin, end = self.span(left)[1], self.span(right)[0]
            found = OPERATOR.search(self.source[begin:end].decode())
            if found:
                new = OTHER[" ".join(found.group().split())]
                self.add(begin + found.start(), begin + found.end(), left.end_lineno or 0, new)
        self.generic_visit(node)


def tests_of(module: Path, folder: Path) -> list[str]:
    """Test files that import a module, or are named after it in the folder like its own."""
    dotted = ".".join(module.with_suffix("").parts)
    package, _, name = dotted.rpartition(".")
    imported = re.compile(
        rf"{re.escape(dotted)}\b|from {re.escape(package)} import [^\n]*\b{name}\b"
    )
    own = folder.joinpath(*module.parts[1:-1], f"test_{name}.py")
    files = [path for path in sorted(folder.rglob("test_*.py")) if path != own]
    named = [str(path) for path in files if imported.search(path.read_text())]
    if not named and not own.is_file():  # those of its folder: it is used by what they test
        named = [str(path) for path in sorted(own.parent.glob("test_*.py"))]
    return [str(own)] * own.is_file() + named


def copy_tree(target: Path) -> None:
    """What is read is linked; what is changed or written beside is copied."""
    for path in Path().iterdir():
        if path.name in {"tests", "benchmarks"} or (path / "__init__.py").is_file():
            shutil.copytree(path, target / path.name, ignore=shutil.ignore_patterns("__pycache__"))
        elif not path.name.startswith("."):
            (target / path.name).symlink_to(path.resolve())


def run_tests(root: Path, tests: list[str], limit: float) -> str:
    """Fork, run pytest in the copy, and say how it ended: passed, failed or late."""
    child = os.fork()
    if child == 0:
        os.setsid()
        with Path(root, "log.txt").open("wb") as log:
            os.dup2(log.fileno(), 1)
            os.dup2(log.fileno(), 2)
        os.chdir(root)
        sys.path[:0] = [str(root), str(root / "tests")]
        os.environ["PYTHONPATH"] = os.pathsep.join(sys.path[:2])
        import pytest  # noqa: PLC0415 - already there, inherited

        code = pytest.main(["-x", "-q", "-p", "no:cacheprovider", "--no-header", *tests])
        os._exit(int(code))
    end = time.monotonic() + limit
    while time.monotonic() < end:
        done, status = os.waitpid(child, os.WNOHANG)
        if done:
            code = os.waitstatus_to_exitcode(status)
            kill_group(child)  # commands that a failed test left behind
            return "passed" if code == 0 else "failed"
        time.sleep(0.02)
    kill_group(child)
    os.waitpid(child, 0)
    return "late"


def kill_group(leader: int) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.killpg(leader, signal.SIGKILL)


def warm_up(tests: list[str]) -> None:
    text = "".join(Path(test).read_text() for test in tests if Path(test).is_file())
    heavy = [name for name in HEAVY if re.search(rf"\b{name}\b|\.training\.", text)]
    for name in [*WARM, *heavy]:
        if name not in sys.modules and importlib.util.find_spec(name):
            importlib.import_module(name)


def examine(module: Path, root: Path, also: list[str], most: int | None) -> tuple[Counter, list]:
    """Try every change of a module; how many ended how, and those that survived."""
    tests = list(dict.fromkeys([*tests_of(module, Path("tests")), *also]))
    source = module.read_bytes()
    changes = Finder(source).changes
    if most is not None and len(changes) > most:
        changes = changes[:: -(-len(changes) // most)]
    if not tests or not changes:
        return Counter(untested=len(changes)), [] if tests else changes
    warm_up(tests)
    begin = time.monotonic()
    if run_tests(root, tests, 600) != "passed":
        sys.exit(f"{module}: its tests fail unchanged: {root / 'log.txt'}")
    limit = STARTING + 3 * (time.monotonic() - begin)
    copy, ends, survivors = root / module, Counter(), []
    for change in changes:
        copy.write_bytes(change.apply(source))
        # Bytecode counts as fresh while size and second of the source are the same.
        Path(importlib.util.cache_from_source(str(copy))).unlink(missing_ok=True)
        end = run_tests(root, tests, limit)
        ends[end] += 1
        if end == "passed":
            survivors.append(change)
            print(f"  {module}:{change}", flush=True)
    copy.write_bytes(source)
    Path(importlib.util.cache_from_source(str(copy))).unlink(missing_ok=True)
    return ends, survivors


def main() -> None:
    parser = argparse.ArgumentParser(description="Lists changes that no test notices.")
    parser.add_argument("paths", nargs="+", type=Path, help="modules, or folders of modules")
    parser.add_argument("--also", nargs="*", default=[], help="tests to ask for every module")
    parser.add_argument("--most", type=int, help="try at most so many changes of a module")
    parser.add_argument("--out", type=Path, help="append what survived to this file")
    asked = parser.parse_args()
    modules = [
        module
        for path in asked.paths
        for module in (sorted(path.rglob("*.py")) if path.is_dir() else [path])
        if module.name != "__init__.py"
    ]
    with tempfile.TemporaryDirectory() as folder:
        copy_tree(Path(folder))
        for module in modules:
            ends, survivors = examine(module, Path(folder), asked.also, asked.most)
            counts = ", ".join(f"{count} {end}" for end, count in sorted(ends.items()))
            title = f"{module}: {counts or 'nothing to change'}"
            print(title, flush=True)
            if asked.out:
                with asked.out.open("a") as out:
                    out.write(f"\n## {title}\n" + "".join(f"- {c}\n" for c in survivors))


if __name__ == "__main__":
    main()
