"""The output appears whole or not at all, and never in the source's place."""

from __future__ import annotations

import errno
import os
import re
import subprocess
import sys
from pathlib import Path

import av
import av.error
import judge
import pytest
from factory import Sound, make_clip
from pump import pump

from dashcam_pipeline.errors import DiskFullError, OutputError, OutputExistsError
from dashcam_pipeline.frames import Frame
from dashcam_pipeline.media.atomic import atomic_file
from dashcam_pipeline.media.encoders import EncoderSettings, lossless
from dashcam_pipeline.media.output_checks import check_output
from dashcam_pipeline.media.part_file import PartFile
from dashcam_pipeline.media.reader import Reader
from dashcam_pipeline.media.writer import Writer, WriteReport


@pytest.fixture
def source(tmp_path):
    return make_clip(tmp_path / "in.mp4", frames=20, sounds=[Sound()])


def names(folder: Path) -> list[str]:
    """What lies in a folder."""
    return sorted(p.name for p in folder.iterdir())


@pytest.mark.skipif(os.name == "nt", reason="no such names there")
@pytest.mark.parametrize("name", ["file:o.mp4", "2024-01-01T12:30:05.mp4"])
def test_a_relative_name_with_a_colon_is_no_protocol(source, tmp_path, monkeypatch, name):
    monkeypatch.chdir(tmp_path)
    _, report = pump(source, Path(name))
    assert report.frames == 20
    assert (tmp_path / name).exists()


def test_a_part_file_grows_until_the_output_is_whole(source, tmp_path):
    target = tmp_path / "out.mp4"
    with Reader(source) as reader, Writer(target, reader.info, lossless()) as writer:
        for item in reader:
            writer.write(item)
            assert re.fullmatch(
                r"in\.mp4 out\.mp4(\.[0-9a-f]{8}){2}\.part out\.mp4\.[0-9a-f]{8}\.lock",
                " ".join(names(tmp_path)),
            )
        report = writer.finish()
    assert names(tmp_path) == ["in.mp4", "out.mp4"]
    assert report.nbytes == target.stat().st_size
    assert report.path == target
    assert report.frames == 20


@pytest.mark.parametrize("leave", ["abort", "exception", "close"])
def test_nothing_is_left_of_a_job_given_up(source, tmp_path, leave):
    class GivenUpError(Exception):
        pass

    reader = Reader(source)
    writer = Writer(tmp_path / "out.mp4", reader.info, EncoderSettings())
    try:
        with writer:
            for number, item in enumerate(reader):
                writer.write(item)
                if number == 10:
                    break
            if leave == "exception":
                raise GivenUpError  # noqa: TRY301 - the job fails here
            if leave == "abort":
                writer.abort()
    except GivenUpError:
        pass
    writer.abort()
    reader.close()
    assert names(tmp_path) == ["in.mp4"]


def test_an_existing_file_is_replaced_only_when_the_new_one_is_whole(source, tmp_path):
    target = tmp_path / "out.mp4"
    target.write_bytes(b"the old one")
    with Reader(source) as reader:
        with Writer(target, reader.info, EncoderSettings()) as writer:
            writer.write(next(item for item in reader if isinstance(item, Frame)))
        assert target.read_bytes() == b"the old one"
    pump(source, target)
    assert len(judge.frames(target)) == 20


def full_after(limit: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let writing fail as a full disk does."""
    write = PartFile.write
    written = 0

    def limited(self: PartFile, data: bytes) -> int:
        nonlocal written
        written += len(data)
        if written > limit:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return write(self, data)

    monkeypatch.setattr(PartFile, "write", limited)


@pytest.mark.parametrize("suffix", [".mp4", ".mkv", ".ts"])
@pytest.mark.parametrize("limit", [0, 1000, 300_000])
def test_a_full_disk_is_named_and_leaves_nothing(source, tmp_path, monkeypatch, suffix, limit):
    full_after(limit, monkeypatch)
    with pytest.raises(DiskFullError, match="no space left") as caught:
        pump(source, tmp_path / f"out{suffix}")
    assert "another disk" in caught.value.advice
    assert names(tmp_path) == ["in.mp4"]


@pytest.mark.skipif(sys.platform == "win32", reason="file size limits are POSIX")
def test_a_limit_on_file_sizes_is_no_full_disk(source, tmp_path):
    script = (
        "import resource, sys; from pathlib import Path; from pump import pump\n"
        "from dashcam_pipeline.errors import FileTooLargeError\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (50_000, resource.RLIM_INFINITY))\n"
        "try:\n    pump(Path(sys.argv[1]), Path(sys.argv[2]))\n"
        "except FileTooLargeError as error:\n    print(error)\n"
    )
    here = Path(__file__).resolve()
    done = subprocess.run(
        [sys.executable, "-c", script, str(source), str(tmp_path / "out.mp4")],
        env=os.environ
        | {"PYTHONPATH": os.pathsep.join(map(str, (here.parents[1], here.parents[2])))},
        capture_output=True,
        text=True,
        check=True,
    )
    assert "grew larger than a file may be there" in done.stdout
    assert done.stderr == ""
    assert names(tmp_path) == ["in.mp4"]


def test_a_folder_that_is_not_there_can_be_made_but_not_by_a_writer(source, tmp_path):
    target = tmp_path / "none" / "out.mp4"
    check_output(source, target)
    assert not target.parent.exists()
    with pytest.raises(OutputError, match="does not exist"):
        pump(source, target)


def test_a_file_in_the_place_of_a_folder(source, tmp_path):
    (tmp_path / "file").write_bytes(b"mine")
    with pytest.raises(OutputError, match="is a file, and results go into a folder"):
        check_output(source, tmp_path / "file" / "new" / "out.mp4")


@pytest.mark.parametrize("number", [errno.EACCES, errno.EROFS])
def test_a_place_that_cannot_be_written(source, tmp_path, monkeypatch, number):
    def refuse(*_: object, **__: object) -> None:
        raise OSError(number, os.strerror(number))

    target = tmp_path / "out.mp4"
    with Reader(source) as reader:
        info = reader.info
    monkeypatch.setattr(os, "open", refuse)
    with pytest.raises(OutputError, match="can't be written") as caught:
        atomic_file(target, overwrite=False)
    assert "folder of your own" in caught.value.advice
    assert info.video.width == 320


@pytest.mark.unprivileged
def test_a_folder_without_permission(source, tmp_path):
    folder = tmp_path / "locked"
    folder.mkdir(mode=0o555)
    with pytest.raises(OutputError, match="Permission denied"):
        pump(source, folder / "out.mp4")


def test_an_extension_that_is_not_written(source, tmp_path):
    with pytest.raises(OutputError, match=r"extension '\.xyz'") as caught:
        pump(source, tmp_path / "out.xyz")
    assert ".mkv" in caught.value.advice


@pytest.mark.parametrize("how", ["same", "dotted", "symlink", "hard link"])
def test_the_source_is_never_an_output(source, tmp_path, monkeypatch, how):
    monkeypatch.chdir(tmp_path)
    target = tmp_path / "link.mp4"
    if how == "same":
        target = source
    elif how == "dotted":
        target = Path("../") / tmp_path.name / "in.mp4"
    elif how == "symlink":
        target.symlink_to(source)
    else:
        target.hardlink_to(source)
    with pytest.raises(OutputExistsError, match="never written to"):
        check_output(source, target, overwrite=True)


def test_an_existing_output_needs_leave(source, tmp_path):
    target = tmp_path / "out.mp4"
    check_output(source, target)
    target.touch()
    with pytest.raises(OutputExistsError, match="exists already") as caught:
        check_output(source, target)
    assert "`overwrite=True`" in caught.value.advice
    check_output(source, target, overwrite=True)
    with pytest.raises(OutputError, match="is a folder"):
        check_output(source, tmp_path, overwrite=True)


def test_tags_are_added_to_the_sources_metadata(source, tmp_path):
    target = tmp_path / "out.mp4"
    with (
        Reader(source) as reader,
        Writer(target, reader.info, EncoderSettings(), tags={"processed": "yes"}) as writer,
    ):
        for item in reader:
            writer.write(item)
        writer.finish()
    with Reader(target) as reader:
        assert reader.info.metadata["processed"] == "yes"


class Refusing:
    """A muxer's container that refuses one packet of a track."""

    def __init__(self, container: av.container.OutputContainer, track: int) -> None:
        self._container, self._track = container, track

    def mux_one(self, packet: av.Packet) -> None:
        if packet.stream_index == self._track:
            self._track = -1
            raise av.error.InvalidDataError(1, "refused")
        self._container.mux_one(packet)

    def close(self) -> None:
        self._container.close()


def write_with_a_refusal(source: Path, target: Path, track: int) -> WriteReport:
    with Reader(source) as reader, Writer(target, reader.info, lossless()) as writer:
        writer._container = Refusing(writer._container, track)
        for item in reader:
            writer.write(item)
        return writer.finish()


def test_a_refused_packet_of_another_track_is_counted(source, tmp_path):
    target = tmp_path / "out.mp4"
    report = write_with_a_refusal(source, target, 1)
    assert report.packets_refused == 1
    assert len(judge.frames(target)) == 20
    assert len(judge.packets(target, 1)) == len(judge.packets(source, 1)) - 1


def test_a_lost_picture_is_never_passed_over(source, tmp_path):
    with pytest.raises(OutputError, match="19 of 20 pictures"):
        write_with_a_refusal(source, tmp_path / "out.mp4", 0)
    assert names(tmp_path) == ["in.mp4"]
