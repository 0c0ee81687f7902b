"""The stages ``night-to-day`` and ``day-to-night``: another time of day, drawn on the frame.

::

    Frame -> small picture -> network -> answer -> guided: fitted, rendered on the frame -> Frame
       '--> lit: where lamps shine, which stay as they are -----'   mark: says what it is

``stage`` puts these together.
"""
