"""The stages ``night-to-day`` and ``day-to-night``: another time of day, drawn on the frame."""
