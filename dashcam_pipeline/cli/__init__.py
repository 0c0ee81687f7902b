"""The command line: one module a command; click and tqdm live only here.

::

    argv -> app -> the command's module -> options -> CleanConfig -> pipeline, batch or compare
                                                                        v
            exit code <- the summary, or a DashcamError and its advice <- progress
"""

from dashcam_pipeline.cli.app import main

__all__ = ["main"]
