"""What an OCR reads in the burned-in lines before and after; skipped where none is installed.

rapidocr_onnxruntime ships its models in its wheel. Install it without its dependencies, so that it
doesn't bring a second ONNX Runtime along: see CONTRIBUTING or docs/overlay.md.
"""

from __future__ import annotations

import os
from fractions import Fraction
from pathlib import Path

import av
import burned
import cv2
import numpy as np
import pytest

from dashcam_pipeline import clean
from dashcam_pipeline.media.reader import Reader
from dashcam_pipeline.stages.registry import BUILT_IN

ocr = pytest.importorskip("rapidocr_onnxruntime", reason="no OCR is installed")
REAL = Path(os.environ.get("DASHCAM_TEST_DATA", Path(__file__).parents[3] / "shared/data"))
HARSH = {"stages": ["dim:amount=0.85"], "crf": 20}


@pytest.fixture(autouse=True)
def toy_stages(monkeypatch):
    monkeypatch.setitem(BUILT_IN, "dim", "toys:Dim")


@pytest.fixture(scope="module")
def reader():
    return ocr.RapidOCR(intra_op_num_threads=1)


def read(reader, luma, box):
    """The text in a box, without spaces."""
    x, y, width, height = (int(part) for part in box.split(","))
    line = cv2.cvtColor(luma[y : y + height, x : x + width], cv2.COLOR_GRAY2RGB)
    line = cv2.copyMakeBorder(line, 20, 20, 20, 20, cv2.BORDER_REPLICATE)
    found, _ = reader(line)
    return "".join(text for _, text, _ in found or []).replace(" ", "")


def lumas(path, every):
    with Reader(path, threads=1) as source:
        return [item.planes[0] for item in source if item.index % every == 0]


def test_text_reads_the_same_after_a_harsh_stage(reader, tmp_path):
    source = burned.write_street(tmp_path / "a.mkv", (1280, 720), frames=12)
    report = clean(source, tmp_path / "b.mkv", config=HARSH)
    for before, after in zip(lumas(source, 5), lumas(tmp_path / "b.mkv", 5), strict=True):
        for box in report.protected:
            text = read(reader, before, box)
            assert len(text) > 8
            assert read(reader, after, box) == text


@pytest.mark.skipif(not (REAL / "dashcam-dusk").is_dir(), reason="the real drive isn't here")
def test_a_real_drive_at_dusk_reads_the_same(reader, tmp_path):
    source = tmp_path / "dusk.mkv"
    files = sorted((REAL / "dashcam-dusk").glob("*.jpg"))[:20]
    with av.open(str(source), "w") as out:
        stream = out.add_stream("mjpeg", rate=Fraction(5))
        stream.width, stream.height, stream.pix_fmt = 1920, 1080, "yuvj420p"
        for number, file in enumerate(files):
            packet = av.Packet(file.read_bytes())
            packet.stream, packet.time_base = stream, Fraction(1, 1000)
            packet.pts = packet.dts = number * 200
            packet.is_keyframe = True
            out.mux(packet)
    report = clean(source, tmp_path / "b.mkv", config=HARSH)
    assert len(report.protected) == 1
    same = []
    for before, after in zip(lumas(source, 5), lumas(tmp_path / "b.mkv", 5), strict=True):
        text = read(reader, before, report.protected[0])
        assert "REDTIGER" in text
        same.append(read(reader, after, report.protected[0]) == text)
    # the encoder's loss alone may change a letter
    assert np.mean(same) >= 0.75
