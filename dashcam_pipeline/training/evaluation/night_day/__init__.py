"""How good a translation between night and day is, without any pair to compare with.

``held_out`` picks the pictures, ``evaluate`` measures rows on them and on clips, ``judge`` holds
the numbers against the bars, ``report`` writes them down.
"""
