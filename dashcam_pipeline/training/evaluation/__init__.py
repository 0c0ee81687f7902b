"""How good weights are.

::

    pictures, pairs, clips -> the stage itself -> glare, night_day: measures -> tables, sheets, bars
                                                  common: what both take
"""
