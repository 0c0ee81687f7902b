"""What measuring weights of any kind takes.

::

    frames -> motion        where each pixel was before
    picture -> signals      lit lamps of a colour
    results -> tables, sheets
"""
