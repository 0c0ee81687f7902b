"""Reads a Dockerfile, and does what it says in a folder: its steps, tried without Docker.

What an image gives (a Python) is this machine's; every absolute path that the Dockerfile names lies
below the folder instead.
"""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import subprocess
from dataclasses import dataclass, field
from pathlib import Path

KEPT = re.compile(r"PIP_.*|.*_PROXY|.*_proxy|SSL_.*|REQUESTS_CA_BUNDLE|LANG")
"""Variables of this machine that say how it reaches what is downloaded."""


@dataclass(frozen=True)
class Instruction:
    word: str
    rest: str

    @property
    def listed(self) -> list[str] | None:
        """The exec form; None for another one."""
        return json.loads(self.rest) if self.rest.startswith("[") else None


def instructions(text: str) -> list[Instruction]:
    """In order, comments left out, lines joined."""
    lines = [line for line in text.splitlines() if line.strip() and not line.startswith("#")]
    whole = re.sub(r"\\\n", " ", "\n".join(lines))
    parted = [line.split(None, 1) for line in whole.splitlines()]
    return [Instruction(word.upper(), rest.strip()) for word, rest in parted]


def sent(root: Path, ignore: str) -> list[str]:
    """What of a folder the build is given: a ``.dockerignore`` that names what isn't ignored."""
    lines = [line.strip() for line in ignore.splitlines() if line.strip() and line[0] != "#"]
    assert lines[0] == "*", "it begins by ignoring all"
    return [line[1:] for line in lines if line.startswith("!") and (root / line[1:]).exists()]


@dataclass
class Image:
    """Does the steps of all stages in one folder.

    Args:
        root: what stands for ``/``.
        context: what the build is given.
        python: of the base image.
    """

    root: Path
    context: Path
    python: Path
    here: str = "/"
    variables: dict[str, str] = field(default_factory=dict)
    entry: list[str] = field(default_factory=list)
    command: list[str] = field(default_factory=list)
    stages: int = 0

    def inside(self, path: str) -> Path:
        whole = path if path.startswith("/") else f"{self.here.rstrip('/')}/{path}"
        return self.root / whole.lstrip("/")

    def moved(self, text: str) -> str:
        """A text whose absolute paths lie in the folder."""
        return re.sub(r"(?<![\w.$/}])/(?=(?:src|opt|videos|tmp)\b)", f"{self.root}/", text)

    @property
    def environment(self) -> dict[str, str]:
        base = {name: value for name, value in os.environ.items() if KEPT.fullmatch(name)}
        home = self.root / "root"
        home.mkdir(exist_ok=True, parents=True)
        path = f"{self.root}/bin:/usr/bin:/bin"
        return base | {"PATH": path, "HOME": str(home)} | self.variables

    def do(self, step: Instruction) -> None:
        getattr(self, f"_{step.word.lower()}")(step)

    def run(self, words: list[str]) -> subprocess.CompletedProcess:
        """Start what the image starts, with these words in place of its own."""
        return subprocess.run(
            [*self.entry, *words], cwd=self.inside("."), env=self.environment,
            capture_output=True, text=True, check=False,
        )  # fmt: skip

    def _arg(self, step: Instruction) -> None:
        assert re.fullmatch(r"[A-Z]+=[\w.]+", step.rest)

    def _from(self, step: Instruction) -> None:
        assert step.rest.startswith("python:")
        self.stages, self.here, self.variables = self.stages + 1, "/", {}
        place = self.root / "bin" / "python"
        place.parent.mkdir(exist_ok=True, parents=True)
        if not place.exists():
            place.symlink_to(self.python)

    def _workdir(self, step: Instruction) -> None:
        self.here = step.rest
        self.inside(".").mkdir(parents=True, exist_ok=True)

    def _copy(self, step: Instruction) -> None:
        *words, target = shlex.split(step.rest)
        if words[0].startswith("--from="):
            assert words[1:] == [target], "all stages share one folder here"
            assert self.inside(target).exists()
            return
        for name in words:
            source, place = self.context / name, self.inside(target)
            if source.is_dir():
                shutil.copytree(source, place, ignore=shutil.ignore_patterns("__pycache__"))
            else:
                place = place / source.name if target.endswith("/") else place
                place.parent.mkdir(parents=True, exist_ok=True)
                shutil.copy(source, place)

    def _env(self, step: Instruction) -> None:
        for word in shlex.split(step.rest):
            name, _, value = word.partition("=")
            value = self.moved(value).replace("$PATH", self.environment["PATH"])
            self.variables[name] = value
            if name == "HOME":
                Path(value).mkdir(parents=True, exist_ok=True)

    def _run(self, step: Instruction) -> None:
        done = subprocess.run(
            ["sh", "-euc", self.moved(step.rest)], cwd=self.inside("."), env=self.environment,
            capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert done.returncode == 0, f"{step.rest}\n{done.stdout}\n{done.stderr}"

    def _user(self, step: Instruction) -> None:
        assert re.fullmatch(r"[1-9]\d*:[1-9]\d*", step.rest), "nobody's name, and not root"

    def _entrypoint(self, step: Instruction) -> None:
        self.entry = step.listed or []

    def _cmd(self, step: Instruction) -> None:
        self.command = step.listed or []
