"""The command line: one module a command; click and tqdm live only here."""

from dashcam_pipeline.cli.app import main

__all__ = ["main"]
