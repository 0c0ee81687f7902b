"""Layouts that no camera maker owns: boxes of MP4, packets of transport streams, NMEA sentences."""
