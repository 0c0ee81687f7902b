"""Every command, flag, file and target that a document names is there."""

from __future__ import annotations

import inspect
import re

import click
import pytest
from documents import DOCUMENTS, ROOT, command_lines, fenced, spans, words

from dashcam_pipeline.cli.app import COMMANDS, app, exit_codes
from dashcam_pipeline.config import StageSpec
from dashcam_pipeline.errors import DashcamError
from dashcam_pipeline.stages.glare.stage import EVERY, QUICK
from dashcam_pipeline.stages.registry import BUILT_IN, stage_class

USER_COMMANDS = {
    "clean", "batch", "watch", "join", "preview", "report", "app", "drive", "events", "probe",
    "telemetry", "verify",
}  # fmt: skip

FOREIGN = {"--disable-usage-stats", "--no-deps", "--force", "--user", "--gpus"}
"""Flags of Ray, pip, pipx, uv and Docker that stand alone in a sentence."""

_FLAG = re.compile(r"(?<![\w-])--?[a-z][\w-]*")
_SCRIPT = re.compile(r"((?:benchmarks|samples|tests)/[\w/]+\.py)")


def commands(command=app, name="dashcam"):
    """All commands with the words that call them."""
    yield name, command
    if isinstance(command, click.Group):
        context = click.Context(command)
        for inner in command.list_commands(context):
            yield from commands(command.get_command(context, inner), f"{name} {inner}")


ALL = dict(commands())


def flags_of(command):
    """Its options by flag."""
    known = {
        flag: option for option in command.params for flag in (*option.opts, *option.secondary_opts)
    }
    return known | dict.fromkeys(("-h", "--help"))


FLAGS = {flag for command in ALL.values() for flag in flags_of(command)}


def faults_of(line):
    """What is wrong with a documented command line."""
    first, *rest = words(line) or [""]
    if first != "dashcam":
        return []
    name = "dashcam"
    while rest and isinstance(ALL[name], click.Group) and not rest[0].startswith("-"):
        name = f"{name} {rest.pop(0)}"
        if name not in ALL:
            return [f"no command {name}"]
    known = flags_of(ALL[name])
    found = []
    for i, word in enumerate(rest):
        if "[" in word:  # a form: [--gpx|--csv]
            given = _FLAG.findall(word)
        else:
            given = [word.split("=")[0]] if word.startswith("-") else []
        found += [f"{name} has no {flag}" for flag in given if flag not in known]
        option = known.get(word)
        if option is not None and i + 1 < len(rest):
            found += wrong_value(option, rest[i + 1])
    return found


def wrong_value(option, value):
    """Why an option can't have a value; names of a set may stand side by side (``a|b``)."""
    if isinstance(option.type, click.Choice):
        named = [v for v in value.split("|") if v != v.upper()]  # NAME stands for any
        return [f"{option.opts[0]} {v}" for v in named if v not in option.type.choices]
    return wrong_stage(value) if "--stage" in option.opts else []


def wrong_stage(text):
    """Why a stage can't be written so."""
    name, _, options = text.partition(":")
    if name.upper() == name or options.endswith("="):  # NAME:OPTION=VALUE, or a name alone
        return []
    key, _, values = options.partition("=")
    found = []
    for value in values.split("|") if values else [""]:
        written = f"{name}:{key}={value}" if value else text
        spec = StageSpec.model_validate(written)
        try:
            stage_class(spec.name).Options(**spec.options)
        except DashcamError as error:
            found.append(f"{text}: {error}")
    return found


def wrong_scripts(line):
    """Scripts and flags of theirs that aren't there."""
    match = _SCRIPT.search(line)
    if match is None or not line.startswith("python "):
        return []
    path = ROOT / match[1]
    if not path.is_file():
        return [f"no {match[1]}"]
    source = path.read_text(encoding="utf-8")
    flags = _FLAG.findall(line.partition("#")[0].partition(match[1])[2])
    return [f"{match[1]} has no {f}" for f in flags if f'"{f}"' not in source]


def wrong_targets(line):
    """Targets of make that aren't there."""
    makefiles = [ROOT / "Makefile", *ROOT.glob("make/*.mk")]
    rules = "\n".join(path.read_text(encoding="utf-8") for path in makefiles)
    match = re.fullmatch(r"make ([a-z][\w-]*)\b.*", line)
    known = match is None or re.search(rf"^{match[1]}:", rules, re.MULTILINE)
    return [] if known else [f"no target {match[1]}"]


def wrong_spans(text):
    """Flags and stages named within sentences that don't exist."""
    found = []
    for span in spans(text):
        if span.startswith("-"):
            flags = [f for f in _FLAG.findall(span) if f.startswith("--")]
            found += [f"no command has {f}" for f in flags if f not in FLAGS | FOREIGN]
        elif span.partition(":")[0] in BUILT_IN and "=" in span:
            found += wrong_stage(span)
        else:
            found += faults_of(span) + wrong_targets(span) + wrong_scripts(span)
    return found


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_documents_name_commands_flags_and_stages_that_exist(document):
    text = document.read_text(encoding="utf-8")
    lines = [line for block in fenced(text) for line in command_lines(block)]
    found = [
        f for line in lines for f in faults_of(line) + wrong_scripts(line) + wrong_targets(line)
    ]
    assert found + wrong_spans(text) == []


@pytest.mark.parametrize("name", ALL)
def test_help_shows_commands_that_exist(name):
    help_text = f"{inspect.cleandoc(ALL[name].help or '')}\n{ALL[name].epilog or ''}"
    lines = [line.strip() for line in help_text.splitlines() if line.startswith("  ")]
    assert [f for line in lines for f in faults_of(line)] + wrong_spans(help_text) == []


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("```\ndashcam polish night.mp4\n```", "no command dashcam polish"),
        ("```\n$ dashcam clean a.mp4 \\\n    --zebra 3  # why not\n```", "clean has no --zebra"),
        ("```\ndashcam evaluate glare --gpx\n```", "evaluate glare has no --gpx"),
        ("```\ndashcam clean a.mp4 --quality god\n```", "--quality god"),
        ("```\ndashcam clean a.mp4 --stage glare:zebra=1\n```", "zebra is not known"),
        ("```\npython benchmarks/speed.py --zebra\n```", "speed.py has no --zebra"),
        ("```\npython benchmarks/zebra.py\n```", "no benchmarks/zebra.py"),
        ("```\nmake zebra\n```", "no target zebra"),
        ("as `--zebra` says", "no command has --zebra"),
        ("`dashcam telemetry F [--gpx|--zebra]`", "telemetry has no --zebra"),
        ("`glare:glass=clean|zebra`", "zebra"),
    ],
)
def test_the_test_sees_what_is_not_there(text, says):
    lines = [line for block in fenced(text) for line in command_lines(block)]
    found = [
        f for line in lines for f in faults_of(line) + wrong_scripts(line) + wrong_targets(line)
    ]
    assert says in "; ".join(found + wrong_spans(text))


def test_the_usage_of_the_readme_lists_every_command_for_users():
    usage = next(b for b in fenced((ROOT / "README.md").read_text("utf-8")) if "pip install ." in b)
    named = {words(line)[1] for line in command_lines(usage) if line.startswith("dashcam ")}
    assert named - {"--help"} == USER_COMMANDS
    assert set(COMMANDS) >= USER_COMMANDS


def test_the_readme_has_every_exit_code():
    text = (ROOT / "README.md").read_text("utf-8")
    table = text.partition("| exit code | |")[2].partition("\n\n")[0]
    rows = re.findall(r"^\| ([\d, ]+) \|", table, re.MULTILINE)
    assert [int(code) for row in rows for code in row.split(",")] == [
        int(code) for code, _ in exit_codes()
    ]


def test_the_readme_says_what_each_level_runs():
    text = " ".join((ROOT / "README.md").read_text("utf-8").split())
    assert EVERY == {"fast": 6, "balanced": 5, "best": 2}
    assert "on a CPU every sixth, fifth or second frame" in text
    assert QUICK == ("fast", "balanced")
    assert "`fast` and `balanced` run the int8 twin of the weights there" in text


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_links_lead_to_files(document):
    links = re.findall(r"\]\(([^)#\s]+)[^)]*\)", document.read_text(encoding="utf-8"))
    missing = [
        link
        for link in links
        if not link.startswith("http") and not (document.parent / link).resolve().exists()
    ]
    assert missing == []
