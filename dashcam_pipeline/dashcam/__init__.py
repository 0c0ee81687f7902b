"""What is particular about dashcams: their file names, sidecars and telemetry."""
