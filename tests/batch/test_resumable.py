from __future__ import annotations

import hashlib
import json
import os
import signal
import subprocess
import sys
from contextlib import suppress
from fractions import Fraction
from pathlib import Path

import judge
import numpy as np
import pytest
from factory import Picture, Sound, Text, cut_short, flip_time, joined, make_clip

from dashcam_pipeline import clean
from dashcam_pipeline.batch.resumable import clean_resumable
from dashcam_pipeline.batch.segmented import SegmentSink
from dashcam_pipeline.config import CleanConfig
from dashcam_pipeline.errors import DamagedError, InputError, InputMissingError
from dashcam_pipeline.media.segments import read_segment

# x264's AVX-512 code isn't reproducible where a row has no multiple of four macroblocks (160 wide).
SMALL = (128, 72)
LOSSLESS = {"codec": "libx264", "encoder_options": {"qp": "0"}}


def variable_times(count):
    """Distances of 1 to 4 usual ones, by chance."""
    rng = np.random.default_rng(7)
    times = [0]
    for _ in range(count - 1):
        times.append(times[-1] + int(rng.choice([512, 512, 512, 700, 1024, 2048])))
    return times


@pytest.fixture(scope="module")
def clip(tmp_path_factory):
    """Variable frame rate, B-frames, sound that starts late, subtitles, data."""
    return make_clip(
        tmp_path_factory.mktemp("clips") / "20240101_120000_NF.mp4",
        Picture(size=SMALL, pts=variable_times(60)),
        sounds=[Sound(seconds=2.0, start=Fraction(1, 5))],
        texts=[Text()],
        metadata={"title": "drive"},
    )


def run(clip, folder, **settings):
    config = CleanConfig(**{"stages": (), "threads": 1, **settings})
    seconds = 0.5
    target = folder / clip.name
    report = clean_resumable(
        clip, target, config=config, work=folder / "work", recipe="r", segment_seconds=seconds
    )
    return target, report


def digest(path):
    """Everything that must be the same: pictures, times, and all other tracks' packets."""
    pictures = hashlib.sha256()
    for frame in judge.frames(path):
        pictures.update(str((frame.pts, frame.time_base)).encode())
        for plane in judge.samples(frame):
            pictures.update(plane.tobytes())
    others = [
        judge.packets(path, index)
        for kind in ("audio", "subtitle", "data")
        for index in judge.indices(path, kind)
    ]
    return pictures.hexdigest(), others


def test_segments_join_without_loss(clip, tmp_path):
    target, report = run(clip, tmp_path, **LOSSLESS)
    assert judge.same_pictures(judge.frames(clip), judge.frames(target))
    assert judge.ticks(clip) == judge.ticks(target)
    for kind in ("audio", "subtitle"):
        (before,), (after,) = judge.indices(clip, kind), judge.indices(target, kind)
        assert [p.payload for p in judge.packets(clip, before)] == [
            p.payload for p in judge.packets(target, after)
        ]
        assert judge.first_time(clip, before) == judge.first_time(target, after)
    assert report.frames.written == report.frames.read == 60
    assert len(list((tmp_path / "work").glob("*.seg"))) > 3


def test_every_segment_opens_with_a_key_frame_and_the_same_headers(clip, tmp_path):
    run(clip, tmp_path)
    segments = [read_segment(p) for p in sorted((tmp_path / "work").glob("*.seg"))]
    assert len({s.header["extradata"] for s in segments}) == 1
    assert all(next(s.packets()).is_keyframe for s in segments)


def test_decoding_times_never_run_backwards(clip, tmp_path):
    target, _ = run(clip, tmp_path)
    dts = [p.dts for p in judge.packets(target, 0)]
    assert dts == sorted(set(dts))


@pytest.mark.parametrize("suffix", [".mkv", ".mov", ".ts"])
def test_every_container_is_joined(suffix, tmp_path):
    clip = make_clip(
        tmp_path / f"in{suffix}",
        Picture(
            frames=40,
            size=SMALL,
            time_base=Fraction(1, 90000) if suffix == ".ts" else Fraction(1, 15360),
            pts=[90000 + 3000 * i for i in range(40)] if suffix == ".ts" else None,
        ),
        sounds=[Sound()],
    )
    (tmp_path / "out").mkdir()
    target, _ = run(clip, tmp_path / "out", **LOSSLESS)
    assert judge.same_pictures(judge.frames(clip), judge.frames(target))
    assert judge.seconds(clip) == judge.seconds(target)
    assert len(judge.packets(clip, judge.indices(clip, "audio")[0])) == len(
        judge.packets(target, judge.indices(target, "audio")[0])
    )


def test_a_last_segment_of_one_frame(tmp_path):
    clip = make_clip(tmp_path / "a.mp4", Picture(size=SMALL, frames=16))
    (tmp_path / "out").mkdir()
    target, _ = run(clip, tmp_path / "out", **LOSSLESS)  # 0.5 s are 15 frames
    assert judge.same_pictures(judge.frames(clip), judge.frames(target))
    assert judge.ticks(clip) == judge.ticks(target)


def test_more_than_eight_bits(tmp_path):
    clip = make_clip(
        tmp_path / "a.mkv",
        Picture(size=SMALL, frames=20, codec="libx265", pixel_format="yuv420p10le",
                options={"x265-params": "log-level=none"}),
    )  # fmt: skip
    (tmp_path / "out").mkdir()
    target, _ = run(
        clip, tmp_path / "out", encoder_options={"x265-params": "lossless=1:log-level=none"}
    )
    assert judge.same_pictures(judge.frames(clip), judge.frames(target))


def test_several_sounds_and_attachments_travel(tmp_path):
    clip = make_clip(
        tmp_path / "a.mkv",
        Picture(size=SMALL),
        sounds=[Sound(), Sound(pitch=220)],
        texts=[Text(codec="srt")],
        attachments=[("a.txt", "text/plain", b"note")],
    )
    (tmp_path / "out").mkdir()
    target, report = run(clip, tmp_path / "out")
    assert len(judge.indices(target, "audio")) == 2
    assert len(report.carried) == 4


def test_a_span_in_segments(clip, tmp_path):
    target, report = run(clip, tmp_path, start=0.5, end=2.0)
    found = [s for s in judge.seconds(clip) if Fraction(1, 2) <= s < 2]
    assert len(judge.seconds(target)) == len(found) == report.frames.written


class Stop(Exception):  # noqa: N818 - it is no error
    """Ends a run from its progress callback."""


def test_a_run_goes_on_where_it_was_stopped(clip, tmp_path):
    def stop(progress):
        if progress.frames > 30:
            raise Stop

    config = CleanConfig(stages=(), threads=1)
    target, work = tmp_path / clip.name, tmp_path / "work"
    settings = {"config": config, "work": work, "recipe": "r", "segment_seconds": 0.2}
    with suppress(Stop):  # it may be done before the callback is asked again
        clean_resumable(clip, target, **settings, progress=stop)
    whole = {p: p.stat().st_mtime_ns for p in work.glob("*.seg")}
    assert not list(work.glob("*.part"))
    target.unlink(missing_ok=True)
    clean_resumable(clip, target, **settings)
    assert whole
    assert all(p.stat().st_mtime_ns == t for p, t in whole.items())
    assert judge.ticks(target) == judge.ticks(clip)


@pytest.mark.parametrize("damage", ["cut", "foreign", "gap", "half"])
def test_segments_that_can_not_be_used_are_made_again(clip, tmp_path, damage):
    target, _ = run(clip, tmp_path)
    before = digest(target)
    segments = sorted((tmp_path / "work").glob("*.seg"))
    if damage == "cut":
        segments[2].write_bytes(segments[2].read_bytes()[:-5])
    elif damage == "foreign":
        segments[2].write_bytes(segments[3].read_bytes())
    elif damage == "gap":
        segments[1].unlink()
    else:
        segments[3].rename(segments[3].with_name(segments[3].name + ".part"))
    target.unlink()
    run(clip, tmp_path)
    assert digest(target) == before


def test_other_settings_begin_anew(clip, tmp_path):
    run(clip, tmp_path, **LOSSLESS)
    target, _ = run(clip, tmp_path, crf=40, overwrite=True)
    assert not judge.same_pictures(judge.frames(clip), judge.frames(target))


def test_strict_refuses_damage(tmp_path):
    whole = make_clip(tmp_path / "whole.mkv", Picture(size=SMALL, frames=60))
    clip = cut_short(whole, tmp_path / "a.mkv", 0.5)
    (tmp_path / "out").mkdir()
    with pytest.raises(DamagedError):
        run(clip, tmp_path / "out", strict=True)
    assert not (tmp_path / "out" / "a.mkv").exists()
    _, report = run(clip, tmp_path / "out")
    assert report.frames.damaged
    assert report.warnings


@pytest.mark.parametrize("moment", ["last segment", "join"])
@pytest.mark.parametrize("change", ["gone", "written to"])
def test_a_source_that_does_not_stay_gives_no_output(tmp_path, monkeypatch, moment, change):
    """What is whole of it stays, and a run with the source as it was gives the same as ever."""
    clip = make_clip(tmp_path / "a.mp4", Picture(size=(64, 48), frames=60))
    expected = judge.ticks(clip)
    times = clip.stat()

    def strike():
        if change == "gone":
            clip.rename(tmp_path / "away.mp4")
        else:
            os.utime(clip, ns=(1, times.st_mtime_ns + 1))

    name = {"last segment": "finish", "join": "_end"}[moment]
    method = getattr(SegmentSink, name)

    def struck(self):
        if moment == "last segment":
            strike()
            return method(self)
        method(self)
        if self._number == 3:  # the last one
            strike()
        return None

    monkeypatch.setattr(SegmentSink, name, struck)
    kind, says = {
        "gone": (InputMissingError, "went away|does not exist"),
        "written to": (InputError, "was written to"),
    }[change]
    with pytest.raises(kind, match=says):
        run(clip, tmp_path / "out")
    assert not list((tmp_path / "out").rglob("*.mp4"))
    monkeypatch.undo()
    if change == "gone":
        (tmp_path / "away.mp4").rename(clip)
    os.utime(clip, ns=(times.st_atime_ns, times.st_mtime_ns))
    assert judge.ticks(run(clip, tmp_path / "out")[0]) == expected


def test_a_span_without_pictures_is_said(clip, tmp_path):
    with pytest.raises(InputError, match="no picture at 1000 s or later: the recording lasts"):
        run(clip, tmp_path, start=1000)


def killed_run(clip, folder, die_at=0):
    """Run in a process of its own; returns its exit code and how many writes it made."""
    script = Path(__file__).parent / "killable.py"
    done = subprocess.run(
        [sys.executable, script, clip, folder / clip.name, folder / "work", "0.3", str(die_at)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode in {0, -signal.SIGKILL}, done.stderr
    return done.returncode, int(done.stdout or 0)


@pytest.fixture(scope="module")
def through(clip, tmp_path_factory):
    """An uninterrupted run: what it made, and in how many writes."""
    folder = tmp_path_factory.mktemp("through")
    code, writes = killed_run(clip, folder)
    assert code == 0
    return digest(folder / clip.name), writes


def resume_after_kill(clip, through, folder, seed, kills):
    expected, writes = through
    rng = np.random.default_rng(seed)
    for _ in range(kills):
        code, _ = killed_run(clip, folder, die_at=int(rng.integers(1, writes + 1)))
        if code == 0:  # what was left took fewer writes
            break
        assert not (folder / clip.name).exists()
    (folder / clip.name).unlink(missing_ok=True)
    assert killed_run(clip, folder)[0] == 0
    assert digest(folder / clip.name) == expected
    assert not list(folder.rglob("*.part"))


@pytest.mark.skipif(sys.platform == "win32", reason="no SIGKILL")
@pytest.mark.parametrize("seed", range(3))
def test_kill_9_loses_nothing(clip, through, tmp_path, seed):
    resume_after_kill(clip, through, tmp_path, seed, kills=1)


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="no SIGKILL")
@pytest.mark.parametrize("seed", range(100, 120))
def test_kill_9_at_any_point_and_again(clip, through, tmp_path, seed):
    resume_after_kill(clip, through, tmp_path, seed, kills=3)


def test_the_record_counts_every_frame_after_a_stop(clip, tmp_path):
    def stop(progress):
        if progress.frames > 20:
            raise Stop

    config = CleanConfig(stages=(), threads=1)
    target, work = tmp_path / clip.name, tmp_path / "work"
    settings = {"config": config, "work": work, "recipe": "r", "segment_seconds": 0.2}
    with suppress(Stop):
        clean_resumable(clip, target, **settings, progress=stop)
    for path in tmp_path.glob(f"{clip.name}*"):
        path.unlink()
    clean_resumable(clip, target, **settings)
    record = json.loads((tmp_path / f"{clip.name}.provenance.json").read_text())
    assert sum(second["frames"] for second in record["change_per_second"]) == 60


@pytest.mark.parametrize("fault", ["set again", "wild", "runs over"])
def test_clocks_are_mended_as_in_one_go(tmp_path, fault):
    start = (1 << 33) - 30_000 if fault == "runs over" else 126_000
    tick = Fraction(1, 90_000)
    times = [start + 3000 * i for i in range(45)]
    parts = [
        make_clip(
            tmp_path / f"{name}.ts",
            Picture(size=SMALL, pts=times, time_base=tick),
            sounds=[Sound(seconds=seconds, start=start * tick)],
        )
        for name, seconds in (("a", 2.5), ("b", 1.5))
    ]
    source = parts[0]
    if fault == "set again":
        source = joined(tmp_path / "in.ts", *parts)
    elif fault == "wild":
        source = flip_time(parts[0], tmp_path / "in.ts", pid=256, number=20, bit=30)
    config = CleanConfig(stages=(), threads=1)
    whole = clean(source, tmp_path / "whole.mp4", config=config)

    report = clean_resumable(
        source,
        tmp_path / "out.mp4",
        config=config,
        work=tmp_path / "work",
        recipe="r",
        segment_seconds=0.5,
    )

    for index in (0, 1):
        assert [p.pts for p in judge.packets(tmp_path / "out.mp4", index)] == [
            p.pts for p in judge.packets(tmp_path / "whole.mp4", index)
        ]
    assert judge.ticks(tmp_path / "out.mp4") == judge.ticks(tmp_path / "whole.mp4")
    assert report.warnings == whole.warnings
    assert report.moved_s == whole.moved_s
