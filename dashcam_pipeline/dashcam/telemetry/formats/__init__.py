"""Layouts that no camera maker owns.

::

    file -> isobmff: boxes of MP4 and MOV  -> pieces
            mpegts: private packets        -> pieces
    text -> nmea: sentences                -> positions
"""
