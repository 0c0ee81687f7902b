"""Places that hold telemetry."""
