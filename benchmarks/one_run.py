"""One run of a benchmark, in a process of its own: takes a JSON object, prints one.

The result has ``frames``, and of the run alone ``wall`` and ``cpu`` (seconds; of all threads),
``peak`` (bytes of memory) and ``first`` (seconds until the first frame was written, counted from
the parent's ``began``; ``first_cpu`` is the processor time until then). Both count the imports.
"""

from __future__ import annotations

import json
import resource
import sys
import time
from itertools import islice, pairwise
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

    from dashcam_pipeline.frames import Frame

LEVELS = ("fast", "balanced", "best")


def plain(job: dict[str, Any], note: Any) -> int:  # noqa: ANN401 - a function
    """Decode and encode, nothing else."""
    import av  # noqa: PLC0415 - each row pays for its own imports

    count = 0
    with av.open(job["clip"]) as source, av.open(job["output"], "w") as target:
        video = source.streams.video[0]
        video.thread_type = "AUTO"
        options = {"preset": job["preset"], "crf": str(job["crf"])}
        stream = target.add_stream("libx264", rate=video.average_rate, options=options)
        stream.width, stream.height, stream.pix_fmt = video.width, video.height, video.pix_fmt
        stream.time_base = video.time_base
        stream.codec_context.thread_type = "AUTO"
        for frame in source.decode(video):
            frame.pict_type = 0
            target.mux(stream.encode(frame))
            count += 1
            note()
        target.mux(stream.encode(None))
    return count


def ours(job: dict[str, Any], note: Any) -> int:  # noqa: ANN401 - a function
    """Clean as a user would."""
    from dashcam_pipeline import clean  # noqa: PLC0415 - as in ``plain``

    words = job["row"].split()
    stages = {"no": (), "glare": ("glare",)}[words[0]]
    if words[-1] == "night-to-day":
        stages = ("glare", "night-to-day")
    config = {
        "stages": stages,
        "quality": words[-1] if words[-1] in LEVELS else "balanced",
        "codec": "libx264",
        "encoder_preset": job["preset"],
        "crf": job["crf"],
        "device": "cpu",
        "overwrite": True,
    }

    def progress(now: Any) -> None:  # noqa: ANN401 - Progress
        if now.frames:
            note()

    return clean(job["clip"], job["output"], config=config, progress=progress).frames.written


def naive(job: dict[str, Any], note: Any) -> int:  # noqa: ANN401 - a function
    """Every frame to RGB, through the network at full size, and back."""
    import av  # noqa: PLC0415 - as in ``plain``
    import numpy as np  # noqa: PLC0415

    from dashcam_pipeline.inference.manifest import GLARE, find_model  # noqa: PLC0415
    from dashcam_pipeline.inference.session import Network  # noqa: PLC0415

    network = Network(find_model(GLARE), threads=1)
    with av.open(job["clip"]) as source, av.open(job["output"], "w") as target:
        video = source.streams.video[0]
        options = {"preset": job["preset"], "crf": str(job["crf"])}
        stream = target.add_stream("libx264", rate=video.average_rate, options=options)
        stream.width, stream.height, stream.pix_fmt = video.width, video.height, "yuv420p"
        bottom, right = -video.height % 32, -video.width % 32
        count = 0
        for frame in islice(source.decode(video), job["frames"]):
            picture = frame.to_ndarray(format="rgb24").astype(np.float32) / 255
            padded = np.pad(picture, ((0, bottom), (0, right), (0, 0)), mode="reflect")
            maps = network.run(padded.transpose(2, 0, 1)[None])[0]
            layer = np.square(maps[:3]) + np.square(maps[3:6])
            light = layer.transpose(1, 2, 0)[: video.height, : video.width]
            cleaned = np.sqrt(np.maximum(np.square(picture) - light, 0))
            array = np.rint(cleaned * 255).astype(np.uint8)
            target.mux(stream.encode(av.VideoFrame.from_ndarray(array, format="rgb24")))
            count += 1
            note()
        target.mux(stream.encode(None))
    return count


def parts(job: dict[str, Any]) -> dict[str, list[float]]:
    """Milliseconds of processor time of each part, frame by frame, one after the other.

    All of it on one thread, so that the time between two readings is the part's own. The first
    frames, which pay for what all share, don't count.
    """
    from dashcam_pipeline.frames import Frame, FrameBatch  # noqa: PLC0415 - as in ``plain``
    from dashcam_pipeline.media.encoders import EncoderSettings  # noqa: PLC0415
    from dashcam_pipeline.media.reader import Reader  # noqa: PLC0415
    from dashcam_pipeline.media.writer import Writer  # noqa: PLC0415
    from dashcam_pipeline.stages.base import StageContext, StreamInfo  # noqa: PLC0415
    from dashcam_pipeline.stages.glare import stage as glare  # noqa: PLC0415

    # The stage's own clock counts processor time instead of the wall's.
    glare.time = SimpleNamespace(perf_counter=time.process_time)
    context = StageContext(quality=job["row"].split()[-1], threads=1)
    stage = glare.GlareStage(glare.GlareStage.Options(), context)
    settings = EncoderSettings(codec="libx264", preset=job["preset"], crf=job["crf"], threads=1)
    Path(job["output"]).unlink(missing_ok=True)
    with Reader(Path(job["clip"]), threads=1) as reader:
        video = reader.info.video
        stage.open(StreamInfo(video.width, video.height, video.layout, video.color))
        marks: list[dict[str, float]] = []
        decode = encode = 0.0
        with Writer(Path(job["output"]), reader.info, settings) as writer:
            items: Iterator[Frame] = (item for item in reader if isinstance(item, Frame))
            for _ in range(job["frames"]):
                begin = time.process_time()
                frame = next(items)
                decode += time.process_time() - begin
                for cleaned in stage.process(FrameBatch((frame,))):
                    begin = time.process_time()
                    writer.write(cleaned)
                    encode += time.process_time() - begin
                marks.append({"decode": decode, **stage.report.seconds, "encode": encode})
    # Frames that wait come out together: what a group of them takes is shared out among it.
    size = glare.EVERY[context.quality]
    marks = marks[4 * size :: size]
    return {
        part: [1000 * (b[part] - a[part]) / size for a, b in pairwise(marks)]
        for part in ("decode", "shrink", "carry", "network", "rule", "render", "encode")
    }


def main() -> None:
    job = json.loads(sys.argv[1])
    if job["row"].startswith("parts"):
        print(json.dumps({"parts": parts(job)}))
        return
    first: list[float] = []

    def note() -> None:
        if not first:
            first.extend((time.time() - job["began"], time.process_time()))

    kinds = {"plain": plain, "naive": naive}
    wall, cpu = time.perf_counter(), time.process_time()
    frames = kinds.get(job["row"].split()[0], ours)(job, note)
    result = {
        "frames": frames,
        "wall": time.perf_counter() - wall,
        "cpu": time.process_time() - cpu,
        "first": first[0],
        "first_cpu": first[1],
        "peak": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        * (1 if sys.platform == "darwin" else 1024),
    }
    print(json.dumps(result))


if __name__ == "__main__":
    main()
