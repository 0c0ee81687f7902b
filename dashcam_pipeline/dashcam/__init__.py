"""What is particular about dashcams.

::

    a file's name -> names                camera, time, event
    a folder      -> sidecars             what belongs to which recording
    pictures      -> overlay              burned-in text: boxes that no stage may change
    the file      -> telemetry            positions and G-sensor data, found, put back, exported
"""
