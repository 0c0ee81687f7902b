"""Files appear whole or not at all, through no link, and for one writer at a time."""

from __future__ import annotations

import errno
import fcntl
import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from striker import Striker

import dashcam_pipeline
from dashcam_pipeline.errors import OutputError, OutputExistsError
from dashcam_pipeline.media import claim as module
from dashcam_pipeline.media.atomic import atomic, write_whole
from dashcam_pipeline.media.claim import GIVEN, Claim
from dashcam_pipeline.media.interrupts import deferred_interrupts

PACKAGE = Path(dashcam_pipeline.__file__).parent.parent
posix = pytest.mark.skipif(os.name != "posix", reason="locks, links and signals as POSIX has them")


def files(folder):
    return {p.name: p.read_bytes() for p in folder.iterdir() if p.is_file()}


def write_set(target, *, overwrite=False, endings=("", ".gpx", ".json"), drop=()):
    """An output and its companions, each with its own name in it."""
    with Claim(target, overwrite=overwrite) as claim:
        for ending in endings[1:]:
            claim.include(ending)
        for ending in drop:
            claim.drop(target.with_name(target.name + ending))
        for ending in endings:
            claim.part(ending).write(f"new{ending}".encode())
        claim.commit()


def test_nothing_has_its_name_before_everything_is_whole(tmp_path):
    with Claim(tmp_path / "a.mp4", overwrite=False) as claim:
        claim.part().write(b"picture")
        claim.part(".gpx").write(b"way")
        assert not {"a.mp4", "a.mp4.gpx"} & set(files(tmp_path))
        claim.commit()
        assert files(tmp_path)["a.mp4.gpx"] == b"way"
    assert files(tmp_path) == {"a.mp4": b"picture", "a.mp4.gpx": b"way"}


def test_what_is_not_committed_is_gone(tmp_path):
    with Claim(tmp_path / "a.mp4", overwrite=False) as claim:
        claim.part().write(b"picture")
    assert files(tmp_path) == {}


def test_a_second_writer_is_refused_and_the_first_one_goes_on(tmp_path):
    target = tmp_path / "a.mp4"
    with Claim(target, overwrite=False) as first:
        first.part().write(b"first")
        with pytest.raises(OutputError, match="is being written by another run") as caught:
            Claim(target, overwrite=True)
        assert "Wait for it to end" in caught.value.advice
        with Claim(tmp_path / "b.mp4", overwrite=False):
            pass  # another target is free
        first.commit()
    assert files(tmp_path) == {"a.mp4": b"first"}
    with Claim(target, overwrite=True):
        pass


@posix
@pytest.mark.parametrize("name", ["a.mp4.part", "a.mp4"])
def test_no_link_is_followed(tmp_path, name):
    victim = tmp_path / "victim"
    victim.write_bytes(b"precious")
    (tmp_path / name).symlink_to(victim)
    write_whole(tmp_path / "a.mp4", b"mine", overwrite=True)
    assert victim.read_bytes() == b"precious"
    assert (tmp_path / "a.mp4").read_bytes() == b"mine"
    assert not (tmp_path / "a.mp4").is_symlink()


@posix
def test_a_link_in_the_place_of_a_part_or_a_lock_is_not_followed(tmp_path, monkeypatch):
    """Whoever guesses the names of the next run gains nothing."""
    victim = tmp_path / "victim"
    victim.write_bytes(b"precious")
    with Claim(tmp_path / "a.mp4", overwrite=False) as claim:
        part = claim.part().path
        lock = next(tmp_path.glob("*.lock"))
    monkeypatch.setattr(module.secrets, "token_hex", lambda _: part.name.split(".")[-2])
    lock.symlink_to(victim)
    with pytest.raises(OutputError):
        write_whole(tmp_path / "a.mp4", b"mine", overwrite=True)
    lock.unlink()
    part.symlink_to(victim)
    write_whole(tmp_path / "a.mp4", b"mine", overwrite=True)  # the link is a dead run's part
    assert victim.read_bytes() == b"precious"
    assert not part.is_symlink()


def test_a_file_that_came_meanwhile_stays(tmp_path):
    target = tmp_path / "a.mp4"
    with Claim(target, overwrite=False) as claim:
        claim.part().write(b"new")
        claim.part(".gpx").write(b"new")
        (tmp_path / "a.mp4.gpx").write_bytes(b"theirs")
        with pytest.raises(OutputExistsError, match="exists already"):
            claim.commit()
    assert files(tmp_path) == {"a.mp4.gpx": b"theirs"}


@pytest.mark.parametrize("links", [True, False])
def test_a_former_set_is_replaced_and_what_has_no_successor_goes(tmp_path, monkeypatch, links):
    if not links:  # as on a card's FAT
        monkeypatch.setattr(os, "link", no_links)
    target = tmp_path / "a.mp4"
    (tmp_path / "mine.gpx").write_bytes(b"mine")
    write_set(target, endings=("", ".gpx", ".zip", ".json"))
    write_set(target, overwrite=True, endings=("", ".json"), drop=(".gpx", ".zip", ".json"))
    assert files(tmp_path) == {
        "a.mp4": b"new",
        "a.mp4.json": b"new.json",
        "mine.gpx": b"mine",
    }


def no_links(*_args, **_kwargs):
    raise PermissionError(errno.EPERM, os.strerror(errno.EPERM))


@pytest.mark.parametrize("links", [True, False])
@pytest.mark.parametrize("at", range(8))
def test_a_failure_in_the_middle_of_naming_leaves_all_as_it_was(tmp_path, monkeypatch, at, links):
    """Every call that changes a name fails once."""
    if not links:
        monkeypatch.setattr(os, "link", no_links)
    target = tmp_path / "a.mp4"
    for ending in ("", ".gpx", ".zip", ".json"):
        (tmp_path / f"a.mp4{ending}").write_bytes(f"old{ending}".encode())
    old = files(tmp_path)
    count = 0

    def failing(call):
        def wrapped(*args, **kwargs):
            nonlocal count
            count += 1
            if count == at + 1:
                raise OSError(errno.EIO, os.strerror(errno.EIO))
            return call(*args, **kwargs)

        return wrapped

    with Claim(target, overwrite=True) as claim:
        claim.drop(tmp_path / "a.mp4.zip")
        for ending in ("", ".gpx", ".json"):
            claim.part(ending).write(b"new")
        for name in ("replace", "rename", "link") if links else ("replace", "rename"):
            monkeypatch.setattr(os, name, failing(getattr(os, name)))
        if at < 7:
            with pytest.raises(OSError, match="Input/output"):
                claim.commit()
            assert {k: v for k, v in files(tmp_path).items() if k in old} == old
        else:
            claim.commit()
            old = {"a.mp4": b"new", "a.mp4.gpx": b"new", "a.mp4.json": b"new"}
    assert files(tmp_path) == old


def run_python(code, *args):
    return subprocess.Popen(
        [sys.executable, "-B", "-c", code, *map(str, args)],
        env={**os.environ, "PYTHONPATH": str(PACKAGE)},
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip


HOLD = """
import fcntl, os, sys, time
from pathlib import Path
if sys.argv[2] == "soft":
    def flock(*_):
        raise OSError(int(sys.argv[3]), "no locks here")
    fcntl.flock = flock
from dashcam_pipeline.media.claim import Claim
claim = Claim(Path(sys.argv[1]), overwrite=True)
claim.part().write(b"half")
claim.part(".gpx").write(b"half")
print("ready", flush=True)
time.sleep(60)
"""


@posix
@pytest.mark.parametrize(
    ("kind", "number"),
    [("native", 0), *(("soft", n) for n in (errno.ENOSYS, errno.ENOLCK, errno.EOPNOTSUPP))],
)
def test_what_a_killed_run_left_is_removed_by_the_next(tmp_path, monkeypatch, kind, number):
    """With locks of the kernel, and where a file system has none."""
    if kind == "soft":

        def flock(*_):
            raise OSError(number, "no locks here")

        monkeypatch.setattr(fcntl, "flock", flock)
    target = tmp_path / "a.mp4"
    target.write_bytes(b"old")
    process = run_python(HOLD, target, kind, number)
    try:
        assert process.stdout.readline() == "ready\n"
        with pytest.raises(OutputError, match="another run"):
            Claim(target, overwrite=True)
        before = set(files(tmp_path))
    finally:
        process.kill()
        process.communicate()
    assert len([name for name in before if name.endswith(".part")]) == 2
    write_whole(target, b"new", overwrite=True)
    assert files(tmp_path) == {"a.mp4": b"new"}


def test_parts_of_other_targets_are_left_alone(tmp_path):
    with Claim(tmp_path / "a.mp4", overwrite=False) as claim:
        part = claim.part().path
        write_whole(tmp_path / "a", b"", overwrite=False)
        write_whole(tmp_path / "a.mp", b"", overwrite=False)
        (tmp_path / "a.mp4.part").write_bytes(b"the user's")
        assert part.exists()
        claim.commit()
    assert (tmp_path / "a.mp4.part").read_bytes() == b"the user's"


def test_a_former_file_that_lost_its_name_to_a_killed_run_gets_it_back(tmp_path, monkeypatch):
    """Where there are no hard links, it has another name for a moment."""
    target = tmp_path / "a.mp4"
    target.write_bytes(b"old")
    monkeypatch.setattr(os, "link", no_links)

    def killed(*_args):
        os._exit(9)

    child = os.fork()
    if not child:  # pragma: no cover - ends itself
        monkeypatch.setattr(Path, "replace", killed)
        write_whole(target, b"new", overwrite=True)
        os._exit(0)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 9
    assert not target.exists()
    with Claim(target, overwrite=True):
        pass
    assert files(tmp_path) == {"a.mp4": b"old"}


@pytest.mark.parametrize("stem", ["a" * 251, "밤" * 83, "a" * 200])
def test_names_that_just_fit_are_written(tmp_path, stem):
    write_whole(tmp_path / f"{stem}.mp4", b"x", overwrite=False)
    assert files(tmp_path) == {f"{stem}.mp4": b"x"}


@pytest.mark.parametrize("stem", ["a" * 252, "밤" * 84])
def test_a_name_that_does_not_fit_is_refused_and_a_shorter_one_offered(tmp_path, stem):
    with pytest.raises(OutputError, match="more than fit here") as caught:
        Claim(tmp_path / f"{stem}.mp4", overwrite=False)
    offered = Path(re.search(r"such as (.*)\.$", caught.value.advice).group(1))
    assert offered.suffix == ".mp4"
    assert offered.stem == stem[: len(offered.stem)]
    write_set(offered)
    assert files(tmp_path).keys() == {offered.name, f"{offered.name}.gpx", f"{offered.name}.json"}


def test_a_companions_name_is_tried_before_anything_is_written(tmp_path):
    with Claim(tmp_path / f"{'a' * 240}.mp4", overwrite=False) as claim:
        claim.include(".gpx")
        with pytest.raises(OutputError, match="its name has 260 bytes"):
            claim.include(".provenance.json")
    assert files(tmp_path) == {}


@pytest.mark.parametrize(("length", "fits"), [(139, True), (140, False)])
def test_file_systems_that_take_143_bytes(tmp_path, monkeypatch, length, fits):
    """As an encrypted folder does."""
    opened = os.open

    def short(path, *args, **kwargs):
        if len(os.fsencode(Path(path).name)) > 143:
            raise OSError(errno.ENAMETOOLONG, os.strerror(errno.ENAMETOOLONG))
        return opened(path, *args, **kwargs)

    monkeypatch.setattr(os, "open", short)
    target = tmp_path / f"{'a' * length}.mp4"
    if fits:
        write_whole(target, b"x", overwrite=False)
        assert files(tmp_path) == {target.name: b"x"}
    else:
        with pytest.raises(OutputError, match="more than fit here"):
            write_whole(target, b"x", overwrite=False)


def test_a_writer_that_waited_for_another_one_does_no_work_in_vain(tmp_path, monkeypatch):
    """What the other one has just named is seen at the beginning, not when all is written."""
    target = tmp_path / "a.mp4"
    acquire = module.TargetLock.acquire

    def other_run_ends_first(lock, wait=0.0):
        target.write_bytes(b"of another run")
        acquire(lock, wait)

    monkeypatch.setattr(module.TargetLock, "acquire", other_run_ends_first)
    with pytest.raises(OutputExistsError):
        Claim(target, overwrite=False)
    assert files(tmp_path) == {"a.mp4": b"of another run"}


def test_a_folder_with_the_name_of_a_former_file_is_left_alone(tmp_path):
    target = tmp_path / "a.mp4"
    with Claim(target, overwrite=True) as claim:
        prefix = claim.part().path.name.split(".part")[0][:-8]
    odd = tmp_path / f"{prefix}00000000.old.part"
    odd.mkdir()
    write_whole(target, b"new", overwrite=True)
    assert target.read_bytes() == b"new"
    assert odd.is_dir()


def test_a_folder_is_never_replaced(tmp_path):
    (tmp_path / "a.mp4.gpx").mkdir()
    with Claim(tmp_path / "a.mp4", overwrite=True) as claim:
        with pytest.raises(OutputError, match="is a folder"):
            claim.include(".gpx")
        with pytest.raises(OutputError, match="is a folder"):
            Claim(tmp_path / "a.mp4.gpx", overwrite=True)


def test_an_error_in_the_block_leaves_the_old_file(tmp_path):
    target = tmp_path / "a.csv"
    target.write_bytes(b"old")

    def fail():
        with atomic(target, overwrite=True) as part:
            part.write(b"half")
            raise OSError(errno.EIO, "gone")

    with pytest.raises(OutputError, match="can't be written"):
        fail()
    assert files(tmp_path) == {"a.csv": b"old"}


@posix
@pytest.mark.parametrize("overwrite", [False, True])
def test_an_interrupt_at_any_call_leaves_all_or_nothing(tmp_path, monkeypatch, overwrite):
    """SIGINT at the n-th system call of a set's writing, for every n."""
    new = {"a.mp4": b"new", "a.mp4.gpx": b"new.gpx", "a.mp4.json": b"new.json"}
    old = {"a.mp4": b"old", "a.mp4.zip": b"old zip", "a.mp4.json": b"old json"} if overwrite else {}
    striker = Striker(monkeypatch)
    target = tmp_path / "a.mp4"

    def write():
        write_set(target, overwrite=overwrite, drop=(".zip", ".json"))

    striker.during(write)
    calls, seen = striker.count, set()
    assert calls > 10
    for at in [*range(1, calls + 30), *range(-calls - 30, 0)]:
        for name in files(tmp_path):
            (tmp_path / name).unlink()
        for name, data in old.items():
            (tmp_path / name).write_bytes(data)
        given = GIVEN.count
        if striker.during(write, at):
            assert abs(at) > striker.count
        seen.add(GIVEN.count > given)
        assert files(tmp_path) == (new if GIVEN.count > given else old), at
    assert seen == {True, False}


@posix
def test_a_held_back_interrupt_strikes_at_the_end():
    done = []

    def strike():
        with deferred_interrupts():
            signal.raise_signal(signal.SIGINT)
            with deferred_interrupts():
                signal.raise_signal(signal.SIGINT)
            done.append(1)

    with pytest.raises(KeyboardInterrupt):
        strike()
    assert done == [1]
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
