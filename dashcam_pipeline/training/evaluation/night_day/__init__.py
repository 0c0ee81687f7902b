"""How good a translation between night and day is, without any pair to compare with.

::

    pictures, clips -> translators (tone_curve): the rows
                          v
                       kernel_distance, structure (features), edges, signals, flicker
                          v
                       evaluate -> verdict: the bars -> tables, sheet
"""
