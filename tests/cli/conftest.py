"""The command line, run in this process."""

from __future__ import annotations

import pytest

from dashcam_pipeline.cli import main


@pytest.fixture
def dashcam(capsys):
    """Run the command line here; exit code, stdout and stderr."""

    def run(*args):
        code = main([str(arg) for arg in args])
        captured = capsys.readouterr()
        assert "Traceback" not in captured.err
        return code, captured.out, captured.err

    return run
