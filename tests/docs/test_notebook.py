"""The notebook in docs/ runs, and says and shows what stands in it."""

from __future__ import annotations

import base64

import cv2
import numpy as np
import pytest
from documents import ROOT

nbformat = pytest.importorskip("nbformat", reason="needs the extra dev")
nbclient = pytest.importorskip("nbclient", reason="needs the extra dev")

NOTEBOOK = ROOT / "docs" / "python.ipynb"
LARGEST = 150_000
"""Bytes of a notebook that is kept with the source."""


def outputs(notebook):
    """What code cells said, as text; pictures as their size."""
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    return [[said(output) for output in cell.outputs] for cell in code]


def said(output):
    if output.output_type == "stream":
        return output.name, output.text
    if "image/jpeg" in output.data:
        data = np.frombuffer(base64.b64decode(output.data["image/jpeg"]), np.uint8)
        return "picture", cv2.imdecode(data, cv2.IMREAD_COLOR).shape
    return "value", output.data["text/plain"]


def test_the_notebook_runs_and_gives_what_stands_in_it():
    notebook = nbformat.read(NOTEBOOK, as_version=4)
    stored = outputs(notebook)
    assert sum(kind == "picture" for cell in stored for kind, _ in cell) >= 2
    assert NOTEBOOK.stat().st_size < LARGEST
    folder = {"metadata": {"path": str(NOTEBOOK.parent)}}
    nbclient.NotebookClient(notebook, timeout=300, resources=folder).execute()
    assert outputs(notebook) == stored, "run `make notebook`"
