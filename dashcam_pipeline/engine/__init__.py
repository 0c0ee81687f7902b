"""What runs a recording: reader, chain and writer in three threads."""
