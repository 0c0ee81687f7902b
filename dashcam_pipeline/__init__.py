"""Take the glare out of dashcam recordings, and keep everything else."""

from dashcam_pipeline._version import __version__

__all__ = ["__version__"]
