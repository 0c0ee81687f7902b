"""Many recordings: discovery, journal, segments that a power cut can't hurt, and runners."""
